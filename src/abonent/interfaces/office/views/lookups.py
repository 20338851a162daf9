"""What addresses and forms name: an account, a month, the month to book in."""

from datetime import date

from django.http import Http404
from django.utils import timezone

from abonent.contexts.charging.queries import period_choices
from abonent.contexts.contracts.queries import AccountHead, account_head
from abonent.kernel.periods import Month


def head_of(number: str) -> AccountHead:
    """Return the account of this number as it is today. Raises Http404."""
    head = account_head(number=number, on=timezone.localdate())
    if head is None:
        raise Http404
    return head


def read_month(text: str) -> Month:
    """Return the month written as 2026-10. Raises Http404."""
    try:
        return Month.parse(text)
    except ValueError as error:
        raise Http404 from error


def book_in(day: date) -> Month:
    """Return the month to book in: the day's own while it is open, else the first open one after it."""
    opened = sorted(Month.of(row.month) for row in period_choices() if row.is_open)
    own = Month.of(day)
    if own in opened or not opened:
        return own
    return next((month for month in opened if month > own), opened[-1])
