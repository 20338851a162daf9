"""Advances at the end of a month: money of payers that covers no debt yet, beside what the same account owes."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.usecases.reports import _money, _places, _sections
from abonent.usecases.reports._money import money
from abonent.usecases.reports.model import PLACES, Answer, Ask, Asked, Report, Table

_BY = _places.by(_money.BY_ACCOUNT, _places.BY_BUILDING, _places.BY_DISTRICT, _places.BY_BRANCH)


def _answer(cursor: Any, asked: Asked) -> Answer:
    level = _money.LEVELS[_BY.answer(asked)]
    some = _money.only_some(asked)
    rows = f"""
        SELECT * FROM (
            SELECT account_id, -sum(paid)::bigint AS advance_minor, sum(balance)::bigint AS balance_minor
            FROM (
                SELECT account_id, paid_minor AS paid, balance_minor AS balance FROM ledger_turnover
                WHERE slot = ANY(%(slots_all)s) {some}
                UNION ALL
                SELECT account_id, amount_minor, 0 FROM payments_allocation WHERE slot <= %(month_slot)s {some}
            ) moved
            GROUP BY account_id
        ) advance
        WHERE advance_minor > 0"""
    figures = {
        "advance_minor": "advance_minor",
        "owed_minor": "balance_minor + advance_minor",
        "balance_minor": "balance_minor",
    }
    table = Table(
        name="advances",
        columns=(*_money.counted(level), *_COLUMNS),
        sql=_money.by_level(level, rows, figures, asked),
        order=level.order,
        unique=tuple(level.keys),
        named=_money.naming(level),
        values=_money.slots(cursor, asked),
        empty=_("Nobody has an advance at the end of this month."),
    )
    return Answer(tables=(table,))


_COLUMNS = (
    money("advance_minor", _("Advance, ₽")),
    money("owed_minor", _("Owed beside it, ₽"), minor_on_phone=True),
    money("balance_minor", _("Balance, ₽")),
)

REPORT = Report(
    code="advances",
    title=_("Advances"),
    about=_(
        "Money that covers no debt yet at the end of a month, by account, building, district and branch."
    ),
    section=_sections.MONEY,
    roles=_money.ROLES,
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_BY,),
    answer=_answer,
)
