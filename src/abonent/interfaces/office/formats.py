"""Figures and dates as the reader's language writes them."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from abonent.kernel import money, quantities
from abonent.kernel.decimals import format_scaled

NOTHING = "–"


def language() -> str:
    """Return the two letters of the language now spoken."""
    return (get_language() or "en")[:2]


def minor(amount_minor: int) -> str:
    return money.format_minor(amount_minor, language=language()).replace("-", "−")


def signed(amount_minor: int) -> str:
    """+1 234,50 or −1 234,50: for a difference."""
    return f"+{minor(amount_minor)}" if amount_minor > 0 else minor(amount_minor)


def kwh(usage_wh: int) -> str:
    return quantities.format_wh(usage_wh, language=language()).replace("-", "−")


def price(price_e5: int) -> str:
    return quantities.format_price(price_e5, language=language())


def area(area_dm2: int) -> str:
    return quantities.format_area(area_dm2, language=language())


def count(number: int) -> str:
    return format_scaled(number, places=0, least=0, language=language())


def day(value: date) -> str:
    """04.10.2026; in English 4 Oct 2026, because 04/10 is read in two ways."""
    return format_date(value, "j M Y" if language() == "en" else "d.m.Y")


def moment(value: datetime) -> str:
    local = timezone.localtime(value)
    return f"{day(local)} {local:%H:%M}"


def month(value: date) -> str:
    """Октябрь 2026."""
    return format_date(value, "F Y")


def month_within(value: date) -> str:
    """октябрь 2026: inside a sentence, where only English keeps the capital."""
    text = month(value)
    return text if language() == "en" else text[:1].lower() + text[1:]


def month_short(value: date) -> str:
    """10.26: for the axis of a chart."""
    return f"{value:%m.%y}"


def span(seconds: float) -> str:
    """Write how long something takes or has left: "40 s", "3 min 20 s", "1 h 05 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return _("%(seconds)d s") % {"seconds": whole}
    if whole < 3600:
        return _("%(minutes)d min %(seconds)02d s") % {"minutes": whole // 60, "seconds": whole % 60}
    return _("%(hours)d h %(minutes)02d min") % {"hours": whole // 3600, "minutes": whole % 3600 // 60}


def shown(value: Any, kind: str) -> str:
    """Write a value of a list's column kind; nothing is a dash."""
    if value is None or value == "":
        return NOTHING
    writers = {
        "minor": minor,
        "signed": signed,
        "kwh": kwh,
        "price": price,
        "area": area,
        "count": count,
        "day": day,
        "moment": moment,
        "month": month,
        "month_within": month_within,
    }
    return writers[kind](value) if kind in writers else str(value)
