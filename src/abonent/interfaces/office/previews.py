"""Months of a premise before and after a recalculation, as the screens show them side by side."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from abonent.contexts.charging.recalculations import account_numbers
from abonent.interfaces.office.words import line_words
from abonent.kernel.periods import Month
from abonent.usecases.exception_reasons import reason
from abonent.usecases.recalculation import LineView, MonthChange, Preview


def shown_preview(
    looked: Preview,
    months: Sequence[MonthChange],
    *,
    account_id: int | None,
    after: str | Promise,
    booked: Month,
) -> dict[str, Any]:
    """Return the context of `recalculations/_months.html`: newest month first, lines that differ marked.

    Lines of other accounts than `account_id` bear their numbers.
    """
    found = {line.account_id for month in months for line in (*month.before, *month.after)}
    numbers = account_numbers(found - {account_id})
    return {
        "months": [_month(month, numbers, after) for month in reversed(months)],
        "difference_minor": looked.difference_minor,
        "books_in": booked.first_day,
    }


def _month(change: MonthChange, numbers: Mapping[int, str], after: str | Promise) -> dict[str, Any]:
    return {
        "month": change.month.first_day,
        "sides": [
            {
                "title": _("Now"),
                "lines": shown_lines(change.before, change.after, numbers),
                "total_minor": change.before_minor,
            },
            {
                "title": after,
                "lines": shown_lines(change.after, change.before, numbers),
                "total_minor": change.after_minor,
            },
        ],
        "difference_minor": change.difference_minor,
        "parked": [
            reason(code) for code in dict.fromkeys(code for _account, code, _facts in change.exceptions)
        ],
    }


def shown_lines(
    lines: Iterable[LineView], others: Sequence[LineView], numbers: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return lines in words; those that are not among `others` are marked as changed."""
    charged = {line.charged for line in others}
    return [
        {
            "title": line_words(rule=line.rule, zone=line.zone),
            "account": numbers.get(line.account_id, ""),
            "quantity_wh": line.quantity_wh,
            "price_e5": line.price_e5,
            "amount_minor": line.amount_minor,
            "is_changed": line.charged not in charged,
        }
        for line in lines
    ]
