"""How many meters there are: by what they count for, their zones and phases, and what is wrong with them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.contexts.metering.models import PointRole, ReadingSource, ReadingStatus
from abonent.contexts.places.models import PremiseKind
from abonent.usecases.reports import _places, _sections
from abonent.usecases.reports.model import PLACES, Answer, Ask, Asked, Column, Report, Table

_SILENT_MONTHS = 3
_BY = _places.by(_places.BY_DISTRICT, _places.BY_BRANCH, _places.BY_BUILDING)
_COUNTED = {
    "building_meters": f"meter.role = {int(PointRole.BUILDING)}",
    "living": f"premise.kind = {int(PremiseKind.LIVING)}",
    "rooms": f"premise.kind IN ({int(PremiseKind.SECTION)}, {int(PremiseKind.ROOM)})",
    "nonliving": f"premise.kind IN ({int(PremiseKind.NONLIVING)}, {int(PremiseKind.COMMON)})",
    "heating": f"premise.kind = {int(PremiseKind.HEATING)}",
    "one_zone": "meter.zones = 1",
    "two_zones": "meter.zones = 2",
    "three_zones": "meter.zones >= 3",
    "one_phase": "model.phases = 1",
    "three_phases": "model.phases = 3",
    "expired": "device.verification_due_on < %(end)s",
    "silent": "NOT meter.heard",
}


def _answer(_cursor: Any, asked: Asked) -> Answer:
    assert asked.period is not None
    level = _LEVELS[_BY.answer(asked)]
    counts = ", ".join(f"count(*) FILTER (WHERE {which}) AS {name}" for name, which in _COUNTED.items())
    sums = f"""
        SELECT {level.select}, count(*) AS meters, {counts}
        FROM (
            SELECT place.meter_id, place.building_id, place.premise_id, place.role, count(*) AS zones,
                   bool_or(heard.installation_id IS NOT NULL) AS heard
            FROM metering_installation place
            LEFT JOIN (
                SELECT DISTINCT installation_id FROM metering_reading
                WHERE taken_on >= %(heard_since)s AND taken_on < %(end)s
                  AND status = {int(ReadingStatus.ACCEPTED)} AND source <> {int(ReadingSource.ESTIMATE)}
            ) heard ON heard.installation_id = place.id
            WHERE place.during @> %(last_day)s::date
            GROUP BY place.meter_id, place.building_id, place.premise_id, place.role
        ) meter
        JOIN metering_meter device ON device.id = meter.meter_id
        JOIN metering_metermodel model ON model.id = device.model_id
        JOIN places_building building ON building.id = meter.building_id
        {_places.JOIN_STREET}
        LEFT JOIN places_premise premise ON premise.id = meter.premise_id
        WHERE {_places.meant(asked)}
        GROUP BY {level.group}"""
    table = Table(
        name="meter_counts",
        columns=(*level.columns, *_COLUMNS),
        sql=level.named(sums),
        order=level.order,
        unique=tuple(level.keys),
        values={"heard_since": asked.period.shift(1 - _SILENT_MONTHS).first_day},
    )
    return Answer(tables=(table,))


_LEVELS = _places.levels(deepest="")
_FOR, _ZONES, _PHASES, _WRONG = _("Counting for"), _("By zones"), _("By phases"), _("To see to")


def _count(name: str, title: Any, band: Any = "", *, minor: bool = True) -> Column:
    return Column(name=name, title=title, band=band, kind="count", total=True, minor_on_phone=minor)


_COLUMNS = (
    _count("meters", _("Meters"), minor=False),
    _count("building_meters", _("whole buildings"), _FOR),
    _count("living", _("flats and houses"), _FOR),
    _count("rooms", _("rooms and sections"), _FOR),
    _count("nonliving", _("non-living premises"), _FOR),
    _count("heating", _("heating equipment"), _FOR),
    _count("one_zone", _("one"), _ZONES),
    _count("two_zones", _("two"), _ZONES),
    _count("three_zones", _("three"), _ZONES),
    _count("one_phase", _("single-phase"), _PHASES),
    _count("three_phases", _("three-phase"), _PHASES),
    _count("expired", _("verification expired"), _WRONG, minor=False),
    _count("silent", _("no reading for three months"), _WRONG, minor=False),
)

REPORT = Report(
    code="meter_counts",
    title=_("Number of meters"),
    about=_(
        "How many meters stand at the end of the month: by what they count for, zones, phases and state."
    ),
    section=_sections.METERS,
    roles=frozenset(Role),
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_BY,),
    answer=_answer,
)
