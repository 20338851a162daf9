"""What is said about orders and shifts of a cash desk, with the colour it is shown in."""

from typing import Any

from django.utils.translation import gettext as _

from abonent.interfaces.office.words import Word


def register_state(row: dict[str, Any]) -> Word | None:
    """Whether the fiscal receipt of a row of cash orders is printed; None where there is none to print."""
    if not row["receipt"]:
        return None
    if row["fiscal"]:
        return Word(_("receipt %(number)s") % {"number": row["fiscal"]["1042"]}, "green")
    return Word(_("not printed"), "red")


def shift_state(row: dict[str, Any]) -> Word:
    """Whether a shift is open, and whether its count fitted."""
    if row["closed_at"] is None:
        return Word(_("is open"), "blue")
    if row["difference_minor"]:
        return Word(_("closed, with a difference"), "orange")
    return Word(_("is closed"), "green")
