"""Payments of a month added up by agent, day or place; what was taken back on a day counts on that day."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.usecases.reports import _money, _places, _sections
from abonent.usecases.reports.model import PLACES, Answer, Ask, Asked, Column, Drill, Report, Table

_BY = _places.by(
    ("agent", _("agents")), ("day", _("days")), _places.BY_BRANCH, _places.BY_DISTRICT, _places.BY_BUILDING
)
_FLOWS = ("payments", "received_minor", "commission_minor", "reversed_minor", "refunded_minor", "moved_minor")


def _answer(_cursor: Any, asked: Asked) -> Answer:
    by = _BY.answer(asked)
    agent = "AND payment.agent_id = %(agent)s" if asked.agent_id is not None else ""
    # a payment that came by transfer is no new money
    moves = f"""
        SELECT payment.agent_id, payment.account_id, payment.booked_on AS day, 1 AS payments,
               CASE WHEN origin.id IS NULL THEN payment.amount_minor ELSE 0 END AS received_minor,
               payment.commission_minor, 0 AS reversed_minor, 0 AS refunded_minor,
               CASE WHEN origin.id IS NULL THEN 0 ELSE payment.amount_minor END AS moved_minor
        FROM payments_payment payment
        LEFT JOIN payments_paymentchange origin ON origin.to_payment_id = payment.id AND origin.kind = 3
        WHERE payment.supplier_id = %(supplier)s AND payment.state IN (2, 3)
          AND payment.booked_on >= %(period)s AND payment.booked_on < %(end)s {agent}
        UNION ALL
        SELECT payment.agent_id, payment.account_id, change.booked_on, 0, 0, 0,
               CASE WHEN change.kind = 1 THEN change.amount_minor ELSE 0 END,
               CASE WHEN change.kind = 2 THEN change.amount_minor ELSE 0 END,
               CASE WHEN change.kind = 3 THEN -change.amount_minor ELSE 0 END
        FROM payments_paymentchange change
        JOIN payments_payment payment ON payment.id = change.payment_id
        WHERE payment.supplier_id = %(supplier)s AND change.kind IN (1, 2, 3)
          AND payment.state IN (2, 3) AND change.booked_on >= %(period)s AND change.booked_on < %(end)s {agent}"""
    figures = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in _FLOWS)
    keys = {
        "agent": {"agent_id": "move.agent_id"},
        "day": {"day": "move.day", "day_no": "extract(day FROM move.day)::int"},
    }.get(by, _money.LEVELS[by].keys if by in _money.LEVELS else {})
    select, group = ", ".join(f"{sql} AS {key}" for key, sql in keys.items()), ", ".join(keys.values())
    sums = f"""
        SELECT {select}, {figures},
               sum(received_minor - reversed_minor - refunded_minor + moved_minor)::bigint AS net_minor
        FROM ({moves}) move
        JOIN contracts_account account ON account.id = move.account_id
        JOIN {_money.buildings(asked)} ON building.id = account.building_id
        GROUP BY {group}"""
    columns, order = _first(by)
    if by == "agent":
        sql = f"SELECT agent.name AS agent, sums.* FROM ({sums}) sums {_money.OF_AGENT}"
    else:
        sql = sums if by == "day" else _money.LEVELS[by].named(sums)
    table = Table(
        name="payments_by",
        columns=(*columns, *_COLUMNS),
        sql=sql,
        order=order,
        unique=tuple(keys),
        empty=_("No payment was booked in this month."),
    )
    return Answer(tables=(table,))


def _first(by: str) -> tuple[list[Column], tuple[str, ...]]:
    """The columns that name a row, each leading to the payments behind it, and their order."""
    if by == "agent":
        opens = Drill(sets={"by": "day"}, takes={"agent": "agent_id"})
        return [Column(name="agent", title=_("Agent"), opens=opens)], ("agent",)
    if by == "day":
        opens = Drill(report="payments", takes={"day": "day_no"})
        return [Column(name="day", title=_("Day"), kind="day", opens=opens)], ("day",)
    level = _money.LEVELS[by]
    takes = {
        "branch": {"branch": "branch_id"},
        "district": {"branch": "branch_id", "district": "district_id"},
        "building": {"building": "building_id"},
    }[by]
    down = {"branch": "district", "district": "building"}.get(by)
    opens = Drill(sets={"by": down}, takes=takes) if down else Drill(report="payments", takes=takes)
    first, *others = level.columns
    return [Column(name=first.name, title=first.title, order=first.order, opens=opens), *others], tuple(
        level.order
    )


_TAKEN = _("Taken back")
_COLUMNS = (
    Column(name="payments", title=_("Payments"), kind="count", total=True, minor_on_phone=True),
    _money.money("received_minor", _("Received, ₽")),
    _money.money("commission_minor", _("Commission of agents, ₽"), minor_on_phone=True),
    _money.money("reversed_minor", _("reversed, ₽"), band=_TAKEN, minor_on_phone=True),
    _money.money("refunded_minor", _("refunded, ₽"), band=_TAKEN, minor_on_phone=True),
    _money.money("moved_minor", _("Moved between accounts, ₽"), minor_on_phone=True),
    _money.money("net_minor", _("Booked in all, ₽")),
)

REPORT = Report(
    code="payments_by",
    title=_("Payments added up"),
    about=_(
        "What was paid in a month by agent, day, branch, district and building; each leads to the payments."
    ),
    section=_sections.MONEY,
    roles=_money.ROLES,
    asks=(Ask.PERIOD, Ask.AGENT, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_BY,),
    answer=_answer,
)
