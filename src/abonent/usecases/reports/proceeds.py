"""What came in during a month by source and day, and what it was allocated to by its end (справка о поступлениях)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.usecases.reports import _money, _places, _sections
from abonent.usecases.reports._money import money
from abonent.usecases.reports.model import Answer, Ask, Asked, Column, Drill, Report, Table

_BY = _places.by(("agent", _("sources")), ("day", _("days")), ("both", _("days and sources")))
_KEYS = {
    "agent": {"agent_id": "payment.agent_id"},
    "day": {"day": "payment.booked_on"},
    "both": {"day": "payment.booked_on", "agent_id": "payment.agent_id"},
}
_PARTS = {
    "due_minor": "debt = 1 AND period = %(before)s",
    "earlier_minor": "debt = 1 AND period < %(before)s",
    "later_minor": "debt = 1 AND period > %(before)s",
    "penalty_minor": "debt = 2",
    "court_minor": "debt = 3",
}


def _answer(_cursor: Any, asked: Asked) -> Answer:
    by = _BY.answer(asked)
    keys = _KEYS[by]
    agent = "AND payment.agent_id = %(agent)s" if asked.agent_id is not None else ""
    parts = ", ".join(
        f"coalesce(sum(amount_minor) FILTER (WHERE {what}), 0)::bigint AS {name}"
        for name, what in _PARTS.items()
    )
    figures = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in _PARTS)
    sums = f"""
        SELECT {", ".join(f"{sql} AS {key}" for key, sql in keys.items())}, count(*) AS payments,
               sum(payment.amount_minor)::bigint AS received_minor,
               coalesce(sum(payment.amount_minor) FILTER (WHERE state = 1), 0)::bigint AS unidentified_minor,
               coalesce(sum(taken.minor), 0)::bigint AS taken_minor, {figures},
               (coalesce(sum(payment.amount_minor) FILTER (WHERE state IN (2, 3)), 0)
                 - coalesce(sum(taken.minor), 0) - coalesce(sum(covered.minor), 0))::bigint AS advance_minor
        FROM payments_payment payment
        LEFT JOIN (
            SELECT payment_id, sum(amount_minor) AS minor FROM payments_paymentchange
            WHERE kind IN (1, 2, 3) AND booked_on < %(end)s GROUP BY payment_id
        ) taken ON taken.payment_id = payment.id
        LEFT JOIN (
            SELECT payment_id, sum(amount_minor) AS minor, {parts} FROM payments_allocation
            WHERE slot = %(month_slot)s AND payment_id > 0 GROUP BY payment_id
        ) covered ON covered.payment_id = payment.id
        WHERE payment.supplier_id = %(supplier)s AND state IN (1, 2, 3) {agent}
          AND payment.booked_on >= %(period)s AND payment.booked_on < %(end)s
          AND NOT EXISTS (SELECT FROM payments_paymentchange origin
                          WHERE origin.to_payment_id = payment.id AND origin.kind = 3)
        GROUP BY {", ".join(keys.values())}"""
    named = f"SELECT agent.name AS agent, sums.* FROM ({sums}) sums {_money.OF_AGENT}"
    with_day = f"SELECT *, extract(day FROM day)::int AS day_no FROM ({sums if by == 'day' else named}) sums"
    opens = Drill(report="payments", takes={"day": "day_no"})
    day = Column(name="day", title=_("Day"), kind="day", opens=opens)
    source = Column(
        name="agent",
        title=_("Source"),
        opens=None if by == "both" else Drill(sets={"by": "day"}, takes={"agent": "agent_id"}),
    )
    first = {"agent": [source], "day": [day], "both": [day, source]}[by]
    table = Table(
        name="proceeds",
        columns=(*first, *_COLUMNS),
        sql=named if by == "agent" else with_day,
        order=[column.name for column in first],
        unique=tuple(keys),
        values={
            "before": asked.period and asked.period.previous().first_day,
            "month_slot": int(asked.period) if asked.period else 0,
        },
        empty=_("No money came in during this month."),
    )
    return Answer(tables=(table,))


_WHAT = _("Allocated by the end of the month")
_COLUMNS = (
    Column(name="payments", title=_("Payments"), kind="count", total=True, minor_on_phone=True),
    money("received_minor", _("Came in, ₽")),
    money("taken_minor", _("Taken back, ₽"), minor_on_phone=True),
    money("due_minor", _("to the month due, ₽"), band=_WHAT, minor_on_phone=True),
    money("earlier_minor", _("to earlier months, ₽"), band=_WHAT, minor_on_phone=True),
    money("later_minor", _("to later months, ₽"), band=_WHAT, minor_on_phone=True),
    money("penalty_minor", _("to penalties, ₽"), band=_WHAT, minor_on_phone=True),
    money("court_minor", _("to court costs, ₽"), band=_WHAT, minor_on_phone=True),
    money("advance_minor", _("Rest: advance, ₽")),
    money("unidentified_minor", _("Rest: unidentified, ₽")),
)

REPORT = Report(
    code="proceeds",
    title=_("Money that came in"),
    about=_(
        "What came in during a month by source and day, and what it was allocated to by the month's end."
    ),
    section=_sections.MONEY,
    roles=_money.ROLES,
    asks=(Ask.PERIOD, Ask.AGENT),
    required=(Ask.PERIOD,),
    choices=(_BY,),
    answer=_answer,
)
