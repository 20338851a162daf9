"""What the reports about meters share: which meters stand where on a day."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.metering.models import PointRole, ReadingSource, ReadingStatus
from abonent.gateways.named_rows import named_rows
from abonent.usecases.reports import _places
from abonent.usecases.reports.model import Asked, Card, Choice, Column, Row

ROLES = {1: _("flat or house"), 2: _("building")}
ROLE = Choice(
    name="role",
    title=_("Meters"),
    answers=(
        ("all", _("all")),
        ("individual", _("of flats and houses")),
        ("building", _("of buildings")),
    ),
)
_ROLE_CODES = {"individual": PointRole.INDIVIDUAL, "building": PointRole.BUILDING}


def in_place(asked: Asked, *, on: str, role: str = "all", also: str = "") -> str:
    """Return SQL of the meters in place on the day the parameter `on` names: a row each, with their address."""
    narrowed = "" if role == "all" else f"AND place.role = {int(_ROLE_CODES[role])}"
    if asked.building_id is not None:
        narrowed += " AND place.building_id = %(building)s"
    return f"""
        SELECT meter.id AS meter_id, place.building_id, place.premise_id, place.role, place.zones, place.digits,
               place.ratio, place.installed_on, place.installations, meter.serial, model.name AS model, model.phases,
               meter.verified_on, meter.verification_due_on, {_places.PLACE_COLUMNS},
               coalesce(premise.number, '') AS premise,
               coalesce(premise.sort_key, 0) AS premise_order
        FROM (
            SELECT place.meter_id, place.building_id, place.premise_id, place.role, count(*) AS zones,
                   max(place.digits) AS digits, max(place.ratio) AS ratio, min(lower(place.during)) AS installed_on,
                   array_agg(place.id ORDER BY place.zone) AS installations
            FROM metering_installation place
            WHERE place.during @> %({on})s::date {narrowed}
            GROUP BY place.meter_id, place.building_id, place.premise_id, place.role
        ) place
        JOIN metering_meter meter ON meter.id = place.meter_id
        JOIN metering_metermodel model ON model.id = meter.model_id
        JOIN places_building building ON building.id = place.building_id
        {_places.JOINS}
        LEFT JOIN places_premise premise ON premise.id = place.premise_id
        WHERE {_places.meant(asked)} {also}"""


ORDER = (*_places.PLACE_ORDER, "premise_order", "premise", "serial")


def place_columns() -> tuple[Column, ...]:
    return (
        _places.address_column(),
        Column(name="premise", title=_("Premise"), order=("premise_order", "premise")),
        Column(name="account", title=_("Account"), late=True, opens=Card(of="account", key="account")),
        Column(name="payer", title=_("Payer"), late=True, minor_on_phone=True),
        _places.district_column(),
        Column(name="model", title=_("Type of meter"), minor_on_phone=True),
        Column(name="serial", title=_("Serial number")),
    )


def add_last_readings(cursor: Any, rows: list[Row], *, before: Any) -> None:
    """Add `read_on`, `readings` (by zone, kWh) and `read_by` of the last accepted reading before a day."""
    found = named_rows(
        cursor,
        """SELECT place.id, reading.taken_on, reading.value_wh, reading.source
           FROM unnest(%(places)s::bigint[]) AS place (id)
           CROSS JOIN LATERAL (
               SELECT taken_on, value_wh, source FROM metering_reading
               WHERE installation_id = place.id AND status = %(accepted)s AND source <> %(estimate)s
                 AND taken_on < %(before)s
               ORDER BY taken_on DESC LIMIT 1
           ) reading""",
        {
            "places": [place for row in rows for place in row["installations"]],
            "accepted": ReadingStatus.ACCEPTED,
            "estimate": ReadingSource.ESTIMATE,
            "before": before,
        },
    )
    last = {one["id"]: one for one in found}
    for row in rows:
        read = [last[place] for place in row["installations"] if place in last]
        row["read_on"] = max((one["taken_on"] for one in read), default=None)
        row["readings_wh"] = [one["value_wh"] for one in read]
        row["read_by"] = read[0]["source"] if read else None
