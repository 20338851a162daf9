"""Collection of money in a month: what was due (charged the month before), what came in, and for what it came.

Sums are the ledger's turnovers; for what they came is told by allocations booked in the month. What was paid and covers
nothing is the advance.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.usecases.reports import _money, _places, _sections
from abonent.usecases.reports._money import money, share
from abonent.usecases.reports.model import PLACES, Answer, Ask, Asked, Column, Report, Table

_BY = _places.by(_places.BY_DISTRICT, _places.BY_BRANCH, _places.BY_BUILDING, _money.BY_ACCOUNT)
_PARTS = ("due_minor", "earlier_minor", "later_minor", "penalty_minor")


def _answer(cursor: Any, asked: Asked) -> Answer:
    level = _money.LEVELS[_BY.answer(asked)]
    some = _money.only_some(asked)
    # the allocations of the month, by what they cover; `due` is the month before
    rows = f"""
        SELECT account_id, sum(plan)::bigint AS plan_minor, sum(fact)::bigint AS fact_minor,
               {", ".join(f"sum({part})::bigint AS {part}" for part in _PARTS)}
        FROM (
            SELECT account_id,
                   CASE WHEN booked_period < %(period)s THEN charged_minor + recalculated_minor ELSE 0 END AS plan,
                   CASE WHEN booked_period < %(period)s THEN 0 ELSE -paid_minor END AS fact,
                   0 AS due_minor, 0 AS earlier_minor, 0 AS later_minor, 0 AS penalty_minor
            FROM ledger_turnover
            WHERE slot = ANY(%(slots_all)s) AND booked_period >= %(before)s AND booked_period <= %(period)s {some}
            UNION ALL
            SELECT account_id, 0, 0,
                   CASE WHEN debt = 1 AND period = %(before)s THEN amount_minor ELSE 0 END,
                   CASE WHEN debt = 1 AND period < %(before)s THEN amount_minor ELSE 0 END,
                   CASE WHEN debt = 1 AND period > %(before)s THEN amount_minor ELSE 0 END,
                   CASE WHEN debt = 1 THEN 0 ELSE amount_minor END
            FROM payments_allocation WHERE slot = %(month_slot)s {some}
        ) moved
        GROUP BY account_id"""
    figures = {name: name for name in ("plan_minor", "fact_minor", *_PARTS)}
    figures["advance_minor"] = "fact_minor - " + " - ".join(_PARTS)
    sums = _money.by_level(level, rows, figures, asked)
    table = Table(
        name="collection",
        columns=(*_money.counted(level), *_COLUMNS),
        sql=f"SELECT sums.*, {share('fact_minor', 'plan_minor')} AS share FROM ({sums}) sums",
        order=level.order,
        unique=tuple(level.keys),
        named=_money.naming(level),
        values={**_money.slots(cursor, asked), "before": asked.period and asked.period.previous().first_day},
        empty=_("Nothing was due and nothing was paid in this month."),
    )
    return Answer(tables=(table,))


_WHAT = _("Of it paid for")
_COLUMNS = (
    money("plan_minor", _("Due: charged the month before, ₽")),
    money("fact_minor", _("Paid, ₽")),
    Column(
        name="share",
        title=_("Collected, %"),
        kind="percent",
        total=share("sum(fact_minor)", "sum(plan_minor)"),
    ),
    money("due_minor", _("the month due, ₽"), band=_WHAT, minor_on_phone=True),
    money("earlier_minor", _("earlier months, ₽"), band=_WHAT, minor_on_phone=True),
    money("later_minor", _("later months, ₽"), band=_WHAT, minor_on_phone=True),
    money("penalty_minor", _("penalties and court costs, ₽"), band=_WHAT, minor_on_phone=True),
    money("advance_minor", _("nothing yet: advance, ₽"), band=_WHAT, minor_on_phone=True),
)

REPORT = Report(
    code="collection",
    title=_("Collection of money"),
    about=_(
        "What was due in a month, what was paid and how much of it in percent, by branch, district and building."
    ),
    section=_sections.MONEY,
    roles=_money.ROLES,
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_BY,),
    answer=_answer,
)
