"""Why a reading was held, or a file not read, and what to do about it: for screens, files and the terminal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

DOUBTS = frozenset(
    {
        "too_old",
        "outside_window",
        "rollover",
        "control_below",
        "spike",
        "zero",
        "other_value_same_day",
        "zones_incomplete",
        "total_differs",
        "other_zone_held",
    }
)
"""Reasons a person may overrule. All others reject a reading; a fall may still be confirmed as a roll-over."""


@dataclass(frozen=True)
class Reason:
    """`title` is what is written into the sender's file; `advice` is for the person who decides."""

    title: str
    advice: str
    is_doubt: bool


_REASONS: Mapping[str, tuple[Any, Any]] = {
    "no_meter": (
        gettext_lazy("Neither a meter number nor an account"),
        gettext_lazy("Ask the sender for the meter's number or the account."),
    ),
    "unknown_account": (
        gettext_lazy("There is no such account"),
        gettext_lazy("Check the number of the account."),
    ),
    "account_closed": (
        gettext_lazy("The account was not open on this day"),
        gettext_lazy("Check the day; the premise may have another account now."),
    ),
    "unknown_meter": (
        gettext_lazy("There is no meter with this number"),
        gettext_lazy("Check the number; if the meter was replaced, enter the act first."),
    ),
    "no_meter_here": (
        gettext_lazy("The account has no meter"),
        gettext_lazy("Register the meter of the premise by an act."),
    ),
    "ambiguous_meter": (
        gettext_lazy("Several meters fit; it takes the number of the meter and the account"),
        gettext_lazy("Ask the sender for both numbers."),
    ),
    "mismatch": (
        gettext_lazy("This meter belongs to another account"),
        gettext_lazy("Check both numbers: one of them is somebody else's."),
    ),
    "zone_missing": (
        gettext_lazy("The meter has zones; say which one the reading is of"),
        gettext_lazy("Ask the sender for the zone."),
    ),
    "no_such_zone": (
        gettext_lazy("The meter has no such zone"),
        gettext_lazy("Check how many zones the meter has."),
    ),
    "unknown_zone": (
        gettext_lazy("The zone is not understood"),
        gettext_lazy("Write T1, T2, T3, or day, night, peak, semi-peak."),
    ),
    "too_many_cells": (
        gettext_lazy("The row has more cells than the header"),
        gettext_lazy("A comma inside a figure, in a file separated by commas, makes two cells of it."),
    ),
    "date_missing": (gettext_lazy("No day of reading"), gettext_lazy("Ask the sender for the day.")),
    "not_a_date": (gettext_lazy("The day is not a date"), gettext_lazy("Write it as 20.10.2026.")),
    "value_missing": (gettext_lazy("No reading"), gettext_lazy("Ask the sender for the reading.")),
    "not_a_number": (
        gettext_lazy("The reading is not a number"),
        gettext_lazy("Write digits with a comma or a dot."),
    ),
    "negative": (gettext_lazy("The reading is below zero"), gettext_lazy("Check the reading.")),
    "too_precise": (
        gettext_lazy("More than three decimal places"),
        gettext_lazy("A reading is of whole watt-hours at the finest."),
    ),
    "above_capacity": (
        gettext_lazy("More digits than the meter has"),
        gettext_lazy("Check the comma and the number of digits of the meter."),
    ),
    "in_future": (gettext_lazy("The day has not come yet"), gettext_lazy("Check the day.")),
    "too_old": (gettext_lazy("The day is years ago"), gettext_lazy("Check the year.")),
    "before_installation": (
        gettext_lazy("The meter was not installed yet on this day"),
        gettext_lazy("Check the day and the act of installation."),
    ),
    "after_removal": (
        gettext_lazy("The meter was removed before this day"),
        gettext_lazy("Check the day; the reading may be of the meter that came after."),
    ),
    "outside_window": (
        gettext_lazy("Outside the days on which readings are taken"),
        gettext_lazy("Accept it if it may count; it will count in the month of its day."),
    ),
    "below_previous": (
        gettext_lazy("Below the previous reading"),
        gettext_lazy("Correct it, or confirm that the meter rolled over."),
    ),
    "rollover": (
        gettext_lazy("Below the previous reading: the meter may have rolled over"),
        gettext_lazy("Accept it if the meter went past its last digit."),
    ),
    "control_below": (
        gettext_lazy("The control reading is below the previous one"),
        gettext_lazy("Accept it: the excess is settled in the month of the check."),
    ),
    "above_next": (
        gettext_lazy("Above a later reading"),
        gettext_lazy("One of the two is wrong: find out which."),
    ),
    "spike": (
        gettext_lazy("Far more than is usual for this meter"),
        gettext_lazy("Check with the consumer; accept it if it is true."),
    ),
    "zero": (
        gettext_lazy("Nothing used where something always was"),
        gettext_lazy("Check whether anybody lives there and whether the meter works."),
    ),
    "duplicate_differs": (
        gettext_lazy("Two different readings of one day in the file"),
        gettext_lazy("Accept the right one and refuse the other."),
    ),
    "outranked": (
        gettext_lazy("There is a control reading of this day, and it says otherwise"),
        gettext_lazy("The control reading stands. Annul it first if it is wrong."),
    ),
    "other_value_same_day": (
        gettext_lazy("There is another reading of this day already"),
        gettext_lazy("Accepting this one annuls the other."),
    ),
    "zones_incomplete": (
        gettext_lazy("Not all zones of the meter"),
        gettext_lazy("Ask for the others, or accept what there is."),
    ),
    "total_differs": (
        gettext_lazy("The zones do not add up to the total"),
        gettext_lazy("One of the figures is wrong: ask the sender."),
    ),
    "other_zone_held": (
        gettext_lazy("Another zone of the meter is held"),
        gettext_lazy("It is accepted along with the other zone."),
    ),
}
CODES = frozenset(_REASONS)


def reason(code: str) -> Reason:
    """Return what a code means in the language in use; one that is not known stands for itself."""
    title, advice = _REASONS.get(code, (code, ""))
    return Reason(str(title), str(advice), code in DOUBTS)


_FILES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "unknown_kind": lambda facts: _("this kind of file is not known; send csv, xlsx, xls, dbf or xml"),
    "empty": lambda facts: _("there is nothing in it"),
    "too_large": lambda facts: _("%(megabytes)s MB; the most is %(most)s MB") % facts,
    "too_many_rows": lambda facts: _("%(rows)s rows; the most is %(most)s") % facts,
    "damaged": lambda facts: _("it is damaged: %(cause)s") % facts,
    "not_text": lambda facts: _("it is no text; save it as csv"),
    "mixed_encodings": lambda facts: _("row %(other_row)s is in another encoding than this one") % facts,
    "undecodable": lambda facts: _("the encoding is neither UTF-8 nor Windows-1251"),
    "line_too_long": lambda facts: _("a line of more than %(most)s bytes") % facts,
    "open_quote": lambda facts: _("a quotation mark is opened and never closed"),
    "bomb": lambda facts: _("unpacked it would take more than %(most)s MB") % facts,
    "no_sheet": lambda facts: _("no sheet has anything on it"),
    "too_much_memory": lambda facts: _("its sheet is larger than any table of readings"),
    "not_readings": lambda facts: _("there are no readings of electricity meters in it"),
    "gone": lambda facts: _("its bytes are no longer kept; send it again"),
    "not_stored": lambda facts: _("it is not stored yet"),
    "columns_missing": lambda facts: (
        _("columns not found: %(fields)s")
        % {"fields": ", ".join(map(field_name, facts.get("headers") or facts["fields"]))}
    ),
    "failed": lambda facts: _("storing failed; the server's log says why. Try again"),
}

_FIELDS: Mapping[str, Any] = {
    "meter": gettext_lazy("meter number or account"),
    "account": gettext_lazy("account"),
    "serial": gettext_lazy("meter number"),
    "taken_on": gettext_lazy("day of reading"),
    "kind": gettext_lazy("kind of reading"),
    "zone": gettext_lazy("zone"),
    "value": gettext_lazy("reading"),
    "value_t1": gettext_lazy("reading T1"),
    "value_t2": gettext_lazy("reading T2"),
    "value_t3": gettext_lazy("reading T3"),
    "total": gettext_lazy("total of the zones"),
}


def field_name(field: str) -> str:
    """Return what a column is called; one that is not ours stands for itself."""
    return str(_FIELDS.get(field, field))


def tell_file(code: str, facts: Mapping[str, Any]) -> str:
    """Say in one sentence why a file cannot be read: file, row and cause, as far as they are known."""
    cause = _FILES[code](facts) if code in _FILES else code
    row = _("row %(row)s") % facts if "row" in facts else ""
    return ": ".join(part for part in (str(facts.get("file", "")), row, cause) if part)
