"""Why a run parked an account or a building, and what to do about it: in words, for screens, files and the terminal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from abonent.contexts.metering.models import Zone
from abonent.kernel.quantities import format_area, format_wh

Facts = dict[str, Any]


@dataclass(frozen=True)
class Reason:
    """`title` names the kind, `advice` says what to do about any of them."""

    title: str
    advice: str


@dataclass(frozen=True)
class _Kind:
    title: Any
    advice: Any
    tell: Callable[[Facts], str] = lambda facts: ""


def _kwh(facts: Facts, name: str) -> str:
    return format_wh(int(facts.get(name) or 0), language=(get_language() or "en")[:2])


def _area(area_dm2: int) -> str:
    return format_area(area_dm2, language=(get_language() or "en")[:2])


def _meter(facts: Facts) -> str:
    return str(facts.get("serial") or facts.get("installation_id") or "")


def _tell_readings(facts: Facts) -> str:
    return _("meter %(meter)s: from %(before)s to %(after)s in %(days)s days, %(usage)s kWh") % {
        "meter": _meter(facts),
        "before": _kwh(facts, "from_value_wh"),
        "after": _kwh(facts, "to_value_wh"),
        "days": facts.get("days", ""),
        "usage": _kwh(facts, "usage_wh"),
    }


def _tell_last(facts: Facts) -> str:
    return _("meter %(meter)s: last known reading %(before)s") % {
        "meter": _meter(facts),
        "before": _kwh(facts, "from_value_wh"),
    }


def _tell_meter(facts: Facts) -> str:
    return _("meter %(meter)s") % {"meter": _meter(facts)}


def _tell_price(facts: Facts) -> str:
    zone = facts.get("zone")
    return _("zone: %(zone)s") % {"zone": Zone(zone).label if zone in Zone.values else zone}


def _tell_norm(facts: Facts) -> str:
    return _("category %(category)s, rooms %(rooms)s, people %(people)s") % {
        "category": facts.get("norm_category", ""),
        "rooms": facts.get("rooms", ""),
        "people": facts.get("people", ""),
    }


def _tell_usage(facts: Facts) -> str:
    return _("%(usage)s kWh") % {"usage": _kwh(facts, "usage_wh")}


def _tell_building(facts: Facts) -> str:
    return _("building meter %(supplied)s kWh, premises together %(premises)s kWh") % {
        "supplied": _kwh(facts, "supplied_wh"),
        "premises": format_wh(
            sum(int(facts.get(name) or 0) for name in ("nonliving_wh", "norm_wh", "metered_wh")),
            language=(get_language() or "en")[:2],
        ),
    }


def _tell_area(facts: Facts) -> str:
    return _("the passport says %(area)s m²") % {"area": _area(int(facts.get("premises_area_dm2") or 0))}


def _tell_category(facts: Facts) -> str:
    return _("category %(category)s") % {"category": facts.get("common_norm_category", "")}


def _tell_held(facts: Facts) -> str:
    return _("premises that could not be judged: %(held)s") % {"held": facts.get("held", "")}


_KINDS = {
    "missing_reading": _Kind(
        gettext_lazy("No readings to charge by"),
        gettext_lazy("Enter a reading, or fit the terms so that the account is charged by norm."),
        _tell_last,
    ),
    "missing_previous_reading": _Kind(
        gettext_lazy("No previous reading"),
        gettext_lazy("Enter the reading at installation or the last one before this month."),
        _tell_meter,
    ),
    "removed_without_reading": _Kind(
        gettext_lazy("A meter was removed without a last reading"),
        gettext_lazy("Enter the reading on the day of removal."),
        _tell_last,
    ),
    "negative_usage": _Kind(
        gettext_lazy("The reading is below the previous one"),
        gettext_lazy("Check both readings; annul the wrong one and enter the right one."),
        _tell_readings,
    ),
    "usage_above_limit": _Kind(
        gettext_lazy("More energy than is believable"),
        gettext_lazy("Check the reading with the consumer; annul it if it is wrong."),
        _tell_readings,
    ),
    "reading_above_capacity": _Kind(
        gettext_lazy("The reading does not fit the meter's digits"),
        gettext_lazy("Check the reading and the number of digits of the meter."),
        _tell_readings,
    ),
    "nonliving_without_meter": _Kind(
        gettext_lazy("A non-living premise without a meter"),
        gettext_lazy("Register its meter: there is no norm for non-living premises."),
    ),
    "shares_do_not_add_up": _Kind(
        gettext_lazy("The shares of the owners do not add up to the whole premise"),
        gettext_lazy(
            "Mend the shares of its accounts so that they make one whole on every day of the month."
        ),
    ),
    "two_accounts_at_once": _Kind(
        gettext_lazy("Two accounts for one premise on the same days"),
        gettext_lazy("Close one of the accounts, or let them follow each other without a common day."),
    ),
    "usage_without_account": _Kind(
        gettext_lazy("Energy was used and nobody is charged"),
        gettext_lazy("Open an account for the premise, or close the meter's installation."),
        _tell_usage,
    ),
    "no_terms": _Kind(
        gettext_lazy("No tariff group, area or residents for some days"),
        gettext_lazy("Fill the terms of the premise for the whole month."),
    ),
    "no_price": _Kind(
        gettext_lazy("No price for the tariff group and zone"),
        gettext_lazy("Enter the price with the day it comes into force."),
        _tell_price,
    ),
    "no_norm": _Kind(
        gettext_lazy("No norm for such rooms and residents"),
        gettext_lazy("Check rooms and residents, or add the norm to the parameters."),
        _tell_norm,
    ),
    "building_without_area": _Kind(
        gettext_lazy("A building without area"),
        gettext_lazy("Fill the area of premises in the building's passport."),
    ),
    "building_area_too_small": _Kind(
        gettext_lazy("Premises are larger than their building"),
        gettext_lazy("Check the area in the building's passport and those of its premises."),
        _tell_area,
    ),
    "no_common_norm": _Kind(
        gettext_lazy("No norm of common needs"),
        gettext_lazy("Check the building's category, or add the norm to the parameters."),
        _tell_category,
    ),
    "building_incomplete": _Kind(
        gettext_lazy("Common needs wait for other premises of the building"),
        gettext_lazy("Clear the exceptions of its premises first, then rate again."),
        _tell_held,
    ),
    "building_unbalanced": _Kind(
        gettext_lazy("The building does not balance"),
        gettext_lazy("Check the building meter's readings and which premises belong to the building."),
        _tell_building,
    ),
}
CODES = frozenset(_KINDS)


def reason(code: str) -> Reason:
    """Return what a code means; one that is not known stands for itself."""
    kind = _KINDS.get(code)
    return Reason(str(kind.title), str(kind.advice)) if kind else Reason(code, "")


def details(code: str, facts: Facts) -> str:
    """Return the facts of one exception in words. `facts` may carry `serial`, the meter's number."""
    kind = _KINDS.get(code)
    if kind is None:
        return ", ".join(f"{name} {value}" for name, value in facts.items())
    return kind.tell(facts)
