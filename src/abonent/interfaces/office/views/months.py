"""Months in addresses."""

from django.http import Http404

from abonent.kernel.periods import Month


def read_month(text: str) -> Month:
    """Return the month written as 2026-10. Raises Http404."""
    try:
        return Month.parse(text)
    except ValueError as error:
        raise Http404 from error
