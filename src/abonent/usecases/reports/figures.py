"""Figures of reports: what a unit is worth, and how it is written for people, spreadsheets and programs."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateformat import format as format_date

from abonent.kernel.decimals import format_scaled

NOTHING = "–"

# places after the comma of the whole number stored, the least of them written, a spreadsheet's format
FIGURES: dict[str, tuple[int, int, str]] = {
    "count": (0, 0, "#,##0"),
    "kwh": (3, 0, "#,##0.000"),
    "minor": (2, 2, "#,##0.00"),
    "area": (2, 1, "#,##0.0#"),
    "percent": (2, 1, "0.0#"),
    "ratio": (6, 6, "0.000000"),
}
DATES = {"day": "dd.mm.yyyy", "moment": "dd.mm.yyyy hh:mm", "month": "mm.yyyy"}


def shown(value: Any, kind: str, *, language: str) -> str:
    """Write a value for people; nothing is a dash."""
    if value is None or value == "":
        return NOTHING
    if kind in FIGURES:
        places, least, _excel = FIGURES[kind]
        return format_scaled(value, places=places, least=least, language=language).replace("-", "−")
    if kind == "month":
        return format_date(value, "F Y")
    if kind in DATES:
        return _day(value, language)
    # the number of a house stays with its "д." when an address is folded
    return str(value).replace(", д. ", ", д.\N{NO-BREAK SPACE}")


def plain(value: Any, kind: str, *, language: str) -> str:
    """Write a value for a file of text: no grouping, the decimal mark of the language, ISO dates."""
    if value is None:
        return ""
    if kind in FIGURES:
        places, least, _excel = FIGURES[kind]
        text = format_scaled(value, places=places, least=least)
        return text.replace(".", ",") if language in ("ru", "uk") else text
    if kind == "moment":
        return timezone.localtime(value).isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _day(value: date, language: str) -> str:
    pattern = "j M Y" if language == "en" else "d.m.Y"
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        return f"{format_date(local, pattern)} {local:%H:%M}"
    return format_date(value, pattern)
