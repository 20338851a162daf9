"""Debts at the end of a month by how long they are overdue, counted from the day each bill was to be paid.

What is open is what was booked less what covers it. Credits of single months and advances stand apart, so that a row
adds up to the balance of its accounts.
"""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.payments.models import Debt
from abonent.engine.parameters import ParameterMissingError, ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.payment_term import due_on
from abonent.usecases import packs
from abonent.usecases.reports import _money, _places, _sections
from abonent.usecases.reports._money import money
from abonent.usecases.reports.model import PLACES, Answer, Ask, Asked, Choice, Column, Report, Table

_BY = _places.by(_places.BY_DISTRICT, _places.BY_BRANCH, _places.BY_BUILDING, _money.BY_ACCOUNT)
_DEBT = Choice(
    name="debt",
    title=_("Overdue by days"),
    answers=(
        ("principal", Debt.PRINCIPAL.label),
        ("penalty", Debt.PENALTY.label),
        ("court", Debt.COURT_COST.label),
        ("all", _("all debts")),
    ),
)
_CODES = {"principal": Debt.PRINCIPAL, "penalty": Debt.PENALTY, "court": Debt.COURT_COST}

# days overdue from and to, both counted in
BUCKETS = (
    ("not_due_minor", None, 0, _("not due yet")),
    ("to_30_minor", 1, 30, _("1–30")),
    ("to_60_minor", 31, 60, _("31–60")),
    ("to_90_minor", 61, 90, _("61–90")),
    ("to_180_minor", 91, 180, _("91–180")),
    ("to_365_minor", 181, 365, _("181–365")),
    ("to_3_years_minor", 366, 3 * 365, _("1–3 years")),
    ("over_3_years_minor", 3 * 365 + 1, None, _("over 3 years")),
)
_MONTHS_KNOWN = 12 * 20  # what is older is over three years late by any rule


def _answer(cursor: Any, asked: Asked) -> Answer:
    level = _money.LEVELS[_BY.answer(asked)]
    figures = {
        **{name: name for name, *_rest in BUCKETS},
        **{
            name: name
            for name in ("principal_minor", "penalty_minor", "court_minor", "credit_minor", "advance_minor")
        },
        "balance_minor": "balance_minor",
    }
    months = due_days(asked.period) if asked.period else {}
    table = Table(
        name="ageing",
        columns=(*_money.counted(level), *_columns(_DEBT.answer(asked))),
        sql=_money.by_level(level, _accounts(asked), figures, asked),
        order=level.order,
        unique=tuple(level.keys),
        named=_money.naming(level),
        values={**_money.slots(cursor, asked), "months": list(months), "due_days": list(months.values())},
        empty=_("Nobody owes anything and nobody has an advance."),
    )
    return Answer(tables=(table,))


def due_days(until: Month) -> dict[date, date]:
    """Return for each month, the latest last, the day its bill is to be paid by."""
    parameters = packs.pack_parameters()
    return {
        month.first_day: _due_on(month, parameters) for month in map(until.shift, range(-_MONTHS_KNOWN, 2))
    }


def _due_on(month: Month, parameters: ParameterSet) -> date:
    """Return the day of a month's bill; of months the calendar of days off does not know, the tenth as it falls."""
    try:
        return due_on(month, parameters=parameters)
    except ParameterMissingError:
        return month.next().first_day.replace(day=10)


def _accounts(asked: Asked) -> str:
    """Return SQL of each account's open debts in their buckets, its credits and its advance; none of nothing."""
    some = _money.only_some(asked)
    chosen = _DEBT.answer(asked)
    which = "true" if chosen == "all" else f"debt = {int(_CODES[chosen])}"
    days = "(%(last_day)s::date - due_on)"
    parts = {
        name: f"minor > 0 AND {which} AND {_between(days, least, most)}"
        for name, least, most, _title in BUCKETS
    }
    parts |= {
        "principal_minor": f"minor > 0 AND debt = {int(Debt.PRINCIPAL)}",
        "penalty_minor": f"minor > 0 AND debt = {int(Debt.PENALTY)}",
        "court_minor": f"minor > 0 AND debt = {int(Debt.COURT_COST)}",
    }
    sums = ", ".join(
        f"coalesce(sum(minor) FILTER (WHERE {what}), 0)::bigint AS {name}" for name, what in parts.items()
    )
    # debt 0 is money: what of it covers nothing is the advance
    return f"""
        SELECT * FROM (
            SELECT account_id, {sums},
                   coalesce(-sum(minor) FILTER (WHERE minor < 0 AND debt > 0), 0)::bigint AS credit_minor,
                   coalesce(-sum(minor) FILTER (WHERE debt = 0), 0)::bigint AS advance_minor,
                   sum(minor)::bigint AS balance_minor
            FROM (
                SELECT account_id, debt, minor, coalesce(months.due_on, '-infinity'::date) AS due_on
                FROM (
                    SELECT account_id, period, service, debt, sum(amount_minor)::bigint AS minor
                    FROM (
                        SELECT account_id, {_unless_money("period", "date '2000-01-01'")} AS period,
                               {_unless_money("service", "0")} AS service, {_unless_money(_money.DEBT, "0")} AS debt,
                               amount_minor
                        FROM ledger_entry WHERE slot = ANY(%(slots_all)s) {some}
                        UNION ALL
                        SELECT account_id, period, service, debt, -amount_minor
                        FROM payments_allocation WHERE slot <= %(month_slot)s {some}
                        UNION ALL
                        SELECT account_id, date '2000-01-01', 0, 0, amount_minor
                        FROM payments_allocation WHERE slot <= %(month_slot)s {some}
                    ) booked
                    GROUP BY account_id, period, service, debt
                ) key
                LEFT JOIN unnest(%(months)s::date[], %(due_days)s::date[]) AS months (period, due_on)
                  ON months.period = key.period
                WHERE minor <> 0
            ) open
            GROUP BY account_id
        ) aged
        WHERE principal_minor <> 0 OR penalty_minor <> 0 OR court_minor <> 0 OR credit_minor <> 0
           OR advance_minor <> 0"""


def _unless_money(column: str, otherwise: str) -> str:
    return f"CASE WHEN kind IN ({_money.MONEY}) THEN {otherwise} ELSE {column} END"


def _between(days: str, least: int | None, most: int | None) -> str:
    """Return the condition on days overdue; a debt of a month without a known day is the oldest."""
    if most is None:
        return f"(due_on = '-infinity' OR {days} >= {least})"
    lower = f"{days} >= {least} AND " if least is not None else ""
    return f"due_on <> '-infinity' AND {lower}{days} <= {most}"


def _columns(chosen: str) -> list[Column]:
    overdue, owed = _("Overdue by days, ₽"), _("Open debts, ₽")
    return [
        *(
            money(name, title, band=overdue, minor_on_phone=name not in ("to_30_minor", "over_3_years_minor"))
            for name, _least, _most, title in BUCKETS
        ),
        money("principal_minor", _("principal"), band=owed),
        money("penalty_minor", _("penalties"), band=owed, minor_on_phone=chosen != "penalty"),
        money("court_minor", _("court costs"), band=owed, minor_on_phone=chosen != "court"),
        money("credit_minor", _("Credits of months, ₽"), minor_on_phone=True),
        money("advance_minor", _("Advance, ₽"), minor_on_phone=True),
        money("balance_minor", _("Balance, ₽")),
    ]


REPORT = Report(
    code="ageing",
    title=_("Debts by age"),
    about=_(
        "Debts at the end of a month by days overdue, principal and penalties apart, from a branch down to the account."
    ),
    section=_sections.MONEY,
    roles=_money.ROLES,
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_BY, _DEBT),
    answer=_answer,
)
