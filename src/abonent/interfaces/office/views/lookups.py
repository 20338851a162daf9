"""What addresses name: an account, a month."""

from django.http import Http404
from django.utils import timezone

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
