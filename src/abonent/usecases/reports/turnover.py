"""The turnover sheet of a month (оборотно-сальдовая ведомость): what was owed, what came and went, what is owed.

Sums are the ledger's turnovers. Debts and advances stand apart, account by account: one's advance pays nobody else's
debt. By service the payments are told by what they cover; what covers nothing yet is a row of its own, the advance.
"""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.contracts.models import Service
from abonent.usecases.reports import _money, _places, _sections, openings
from abonent.usecases.reports.model import (
    PLACES,
    Answer,
    Ask,
    Asked,
    Card,
    Choice,
    Column,
    Drill,
    Report,
    Table,
)

_BY = _places.by(
    _places.BY_DISTRICT,
    _places.BY_BRANCH,
    _places.BY_BUILDING,
    _money.BY_ACCOUNT,
    ("service", _("services")),
    ("month", _("months of a year")),
)
_WHICH = Choice(
    name="which",
    title=_("Accounts"),
    answers=(
        ("all", _("all")),
        ("debt", _("with a debt at the end")),
        ("advance", _("with an advance at the end")),
    ),
)
_CONDITIONS = {"all": "true", "debt": "closing > 0", "advance": "closing < 0"}
_MONTHS = 12
ADVANCE = 0  # stands for the service of money that covers nothing yet

_FLOWS = {
    "charged_minor": "charged",
    "recalculated_minor": "recalculated",
    "penalty_minor": "penalty",
    "paid_minor": "paid",
    "written_off_minor": "written_off",
}
_SIGN = {"paid_minor": "-", "written_off_minor": "-"}
_FIGURES = {
    "opening_debt_minor": "greatest(opening, 0)",
    "opening_advance_minor": "greatest(-opening, 0)",
    **{name: f"{_SIGN.get(name, '')}{flow}" for name, flow in _FLOWS.items()},
    "closing_debt_minor": "greatest(closing, 0)",
    "closing_advance_minor": "greatest(-closing, 0)",
}


def _answer(cursor: Any, asked: Asked) -> Answer:
    by = _BY.answer(asked)
    values = _money.slots(cursor, asked)
    if by == "month":
        table = _by_month(asked)
    elif by == "service":
        table = _by_service(asked)
    else:
        level = _money.LEVELS[by]
        columns = [*_money.counted(level), *_columns(by)]
        table = Table(
            name="turnover",
            columns=columns,
            sql=_money.by_level(level, _of_month(cursor, asked), _FIGURES, asked),
            order=level.order,
            unique=tuple(level.keys),
            named=_money.naming(level),
        )
    return Answer(
        tables=(replace(table, values=values, empty=_("Nothing was booked here up to this month.")),)
    )


def _accounts(asked: Asked, *, within: str, before: str) -> str:
    """Return SQL of what each account owed, what came and went in the month, and what it owes; none of nothing.

    `within` is what the month's turnovers are read from, `before` gives each account's balance at its beginning.
    """
    flows = ", ".join(f"sum({column})::bigint AS {flow}" for column, flow in _FLOWS.items())
    shown = ", ".join(f"coalesce(month.{flow}, 0) AS {flow}" for flow in _FLOWS.values())
    return f"""
        SELECT * FROM (
            SELECT account_id, {shown}, coalesce(month.opening, 0) + coalesce(before.minor, 0) AS opening,
                   coalesce(month.moved, 0) + coalesce(before.minor, 0) AS closing
            FROM (
                SELECT account_id, sum(opening_minor)::bigint AS opening, {flows}, sum(balance_minor)::bigint AS moved
                FROM ledger_turnover WHERE {within} {_money.only_some(asked)} GROUP BY account_id
            ) month
            FULL JOIN ({before}) before USING (account_id)
        ) turnover
        WHERE (opening <> 0 OR closing <> 0 OR {" OR ".join(f"{flow} <> 0" for flow in _FLOWS.values())})
          AND {_CONDITIONS[_WHICH.answer(asked)]}"""


def _added_up(asked: Asked, which: str) -> str:
    """Return SQL of the balances that turnovers come to."""
    return f"""SELECT account_id, sum(balance_minor)::bigint AS minor FROM ledger_turnover
        WHERE {which} {_money.only_some(asked)} GROUP BY account_id"""


def _of_month(cursor: Any, asked: Asked) -> str:
    """The same of the month asked for, with the opening balances added up beforehand where they are right."""
    assert asked.period is not None
    kept = openings.source(cursor, asked.period.first_day)
    if kept:
        before = f"SELECT account_id, balance_minor AS minor FROM {kept} WHERE true {_money.only_some(asked)}"
    else:
        before = _added_up(asked, "slot = ANY(%(slots_all)s) AND NOT slot = ANY(%(slots)s)")
    return _accounts(asked, within="slot = ANY(%(slots)s)", before=before)


def _by_month(asked: Asked) -> Table:
    sums = ", ".join(f"coalesce(sum({sql}), 0)::bigint AS {name}" for name, sql in _FIGURES.items())
    booked = "slot = ANY(%(slots_all)s) AND booked_period"
    accounts_of = _accounts(
        asked, within=f"{booked} = month::date", before=_added_up(asked, f"{booked} < month::date")
    )
    sql = f"""
        SELECT month::date AS month, to_char(month, 'YYYY-MM') AS month_text, sums.*
        FROM generate_series(%(period)s::date - interval '{_MONTHS - 1} months', %(period)s, interval '1 month') month
        CROSS JOIN LATERAL (
            SELECT count(*) AS accounts, {sums}
            FROM ({accounts_of}) sums
            JOIN contracts_account account ON account.id = sums.account_id
            JOIN {_money.buildings(asked)} ON building.id = account.building_id
        ) sums
        WHERE sums.accounts > 0"""
    opens = Drill(sets={"by": "district"}, takes={"period": "month_text"})
    accounts = Column(name="accounts", title=_("Accounts"), kind="count", minor_on_phone=True)
    # balances of several months are not added up; what came and went is
    columns = [
        replace(column, total=column.name in _FLOWS, opens=None if column.opens is None else opens)
        for column in _columns("month")
    ]
    first = Column(name="month", title=_("Month"), kind="month", opens=opens)
    return Table(
        name="turnover", columns=[first, accounts, *columns], sql=sql, order=("month",), unique=("month",)
    )


def _by_service(asked: Asked) -> Table:
    """Debts by service; an account may owe for one and be in credit with another."""
    money = f"kind IN ({_money.MONEY})"
    within = "slot = ANY(%(slots)s)"
    some = _money.only_some(asked)
    moved = {
        "charged": "kind = 2",
        "recalculated": "kind IN (3, 4)",
        "penalty": f"kind IN ({_money.PENALTY}, {_money.COURT})",
        "paid": money,
        "written_off": "kind = 9",
    }
    flows = ", ".join(
        f"CASE WHEN {within} AND {which} THEN amount_minor ELSE 0 END AS {name}"
        for name, which in moved.items()
    )
    others = ", ".join("paid" if name == "paid" else f"0 AS {name}" for name in moved)
    # what covers a debt leaves the advance
    covered = f"""
        SELECT account_id, {{service}} AS service, opening, {others}
        FROM (SELECT account_id, service,
                     {{sign}} CASE WHEN slot < %(month_slot)s THEN amount_minor ELSE 0 END AS opening,
                     {{sign}} CASE WHEN slot = %(month_slot)s THEN amount_minor ELSE 0 END AS paid
              FROM payments_allocation WHERE slot <= %(month_slot)s {some}) allocation"""
    each = f"""
        SELECT account_id, service, {", ".join(f"sum({name})::bigint AS {name}" for name in ("opening", *moved))},
               sum(opening + {" + ".join(moved)})::bigint AS closing
        FROM (
            SELECT account_id, CASE WHEN {money} THEN {ADVANCE} ELSE service END AS service,
                   CASE WHEN NOT ({within}) OR kind = 1 THEN amount_minor ELSE 0 END AS opening, {flows}
            FROM ledger_entry WHERE slot = ANY(%(slots_all)s) {some}
            UNION ALL {covered.format(service="service", sign="-")}
            UNION ALL {covered.format(service=ADVANCE, sign="+")}
        ) moved
        GROUP BY account_id, service"""
    sums = ", ".join(f"coalesce(sum({sql}), 0)::bigint AS {name}" for name, sql in _FIGURES.items())
    sql = f"""
        SELECT sums.service, count(*) FILTER (WHERE opening <> 0 OR closing <> 0
                 OR {" OR ".join(f"{name} <> 0" for name in moved)}) AS accounts, {sums}
        FROM ({each}) sums
        JOIN contracts_account account ON account.id = sums.account_id
        JOIN {_money.buildings(asked)} ON building.id = account.building_id
        WHERE {_CONDITIONS[_WHICH.answer(asked)]}
        GROUP BY sums.service"""
    words = {**dict(Service.choices), ADVANCE: _("advance: money that covers nothing yet")}
    first = Column(name="service", title=_("Service"), words=lambda code: words.get(code, str(code)))
    accounts = Column(name="accounts", title=_("Accounts"), kind="count", minor_on_phone=True)
    plain = [replace(column, opens=None) for column in _columns("service")]
    return Table(
        name="turnover", columns=[first, accounts, *plain], sql=sql, order=("service",), unique=("service",)
    )


def _columns(by: str) -> list[Column]:
    """The figures; what was charged leads to the lines behind it, what was paid to the payments."""
    takes = {
        "branch": {"branch": "branch_id"},
        "district": {"branch": "branch_id", "district": "district_id"},
        "building": {"building": "building_id"},
    }.get(by)
    lines: Drill | Card | None = None
    payments: Drill | Card | None = None
    if takes is not None:
        down = {"branch": "district", "district": "building", "building": "account"}[by]
        lines = Drill(report="charges", sets={"by": down}, takes=takes)
        payments = Drill(report="payments", takes=takes)
    elif by in ("account", "month"):
        lines = payments = Card(of="account_statement", key="account", dated=True)
    opening, closing = _("Opening balance"), _("Owed at the end")
    return [
        _money.money("opening_debt_minor", _("debt, ₽"), band=opening),
        _money.money("opening_advance_minor", _("advance, ₽"), band=opening, minor_on_phone=True),
        _money.money("charged_minor", _("Charged, ₽"), opens=lines),
        _money.money("recalculated_minor", _("Recalculated, ₽"), opens=lines, minor_on_phone=True),
        _money.money("penalty_minor", _("Penalties and court costs, ₽"), minor_on_phone=True),
        _money.money("paid_minor", _("Paid, ₽"), opens=payments),
        _money.money("written_off_minor", _("Written off, ₽"), minor_on_phone=True),
        _money.money("closing_debt_minor", _("debt, ₽"), band=closing),
        _money.money("closing_advance_minor", _("advance, ₽"), band=closing, minor_on_phone=True),
    ]


REPORT = Report(
    code="turnover",
    title=_("Turnover sheet"),
    about=_(
        "What was owed, charged, recalculated, paid and written off in a month, and what is owed at its end; from a "
        "branch down to the account, by service, by month."
    ),
    section=_sections.MONEY,
    roles=_money.ROLES,
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_BY, _WHICH),
    answer=_answer,
)
