"""What is asked about devices: which meters stand, their seals, terms of verification, and the acts about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from abonent.contexts.metering.models import (
    Act,
    Installation,
    MeterModel,
    Seal,
    SealState,
    Zone,
)
from abonent.contexts.places.queries import address_of, number_order

# one register of every meter, however many zones it counts
FIRST_ZONES = (Zone.SINGLE, Zone.DAY, Zone.PEAK)
_PLACE = (
    "building_id",
    "premise_id",
    "branch_id",
    "street_kind",
    "street_name",
    "building_number",
    "building_order",
    "premise_number",
    "premise_order",
)


def _placed(rows: QuerySet[Any], *, through: str = "") -> QuerySet[Any]:
    """Add the columns of the address of a building and premise."""
    return rows.annotate(
        **(
            {"building_id": F(f"{through}building_id"), "premise_id": F(f"{through}premise_id")}
            if through
            else {}
        ),
        branch_id=F(f"{through}building__branch_id"),
        street_kind=F(f"{through}building__street__kind"),
        street_name=F(f"{through}building__street__name"),
        building_number=F(f"{through}building__number"),
        building_order=number_order(f"{through}building__number"),
        premise_number=F(f"{through}premise__number"),
        premise_order=F(f"{through}premise__sort_key"),
    )


def standing_meters(*, on: date) -> QuerySet[Installation]:
    """One row for every meter that stands somewhere on a day."""
    return Installation.objects.filter(during__contains=on, zone__in=FIRST_ZONES).select_related(
        "meter__model"
    )


def meter_rows(*, on: date) -> QuerySet[Installation, dict[str, Any]]:
    """Rows of the meters that stand on a day: place, role, terms of verification."""
    return (
        _placed(standing_meters(on=on).select_related(None))
        .annotate(
            serial=F("meter__serial"),
            model=F("meter__model__name"),
            verified_on=F("meter__verified_on"),
            verification_due_on=F("meter__verification_due_on"),
        )
        .values(
            "id",
            "meter_id",
            "serial",
            "model",
            "role",
            "verified_on",
            "verification_due_on",
            "during",
            *_PLACE,
        )
    )


def unsealed_meter_rows(*, on: date) -> QuerySet[Installation, dict[str, Any]]:
    """Rows of the meters that stand on a day without one intact seal."""
    intact = Seal.objects.filter(meter_id=OuterRef("meter_id"), state=SealState.INTACT)
    return meter_rows(on=on).filter(~Exists(intact))


def seal_rows() -> QuerySet[Seal, dict[str, Any]]:
    """Rows of all seals, with the place their act was drawn up in."""
    return (
        _placed(Seal.objects.all(), through="set_by__")
        .annotate(
            serial=F("meter__serial"),
            set_by_number=F("set_by__number"),
            removed_by_number=F("removed_by__number"),
        )
        .values(
            "id",
            "number",
            "place",
            "state",
            "set_on",
            "removed_on",
            "set_by_id",
            "removed_by_id",
            "set_by_number",
            "removed_by_number",
            "meter_id",
            "serial",
            *_PLACE,
        )
    )


def act_rows() -> QuerySet[Act, dict[str, Any]]:
    """Rows of all acts, annulled ones too."""
    return (
        _placed(Act.objects.all())
        .annotate(serial=F("meter__serial"), new_serial=F("new_meter__serial"))
        .values(
            "id",
            "kind",
            "number",
            "drawn_on",
            "serial",
            "new_serial",
            "inspector",
            "annulled_at",
            "created_at",
            "author_id",
            *_PLACE,
        )
    )


def acts_of_place(*, building_id: int, premise_id: int | None) -> QuerySet[Act]:
    """The acts about a premise, or about a building itself, the newest first."""
    return (
        Act.objects.filter(building_id=building_id, premise_id=premise_id)
        .select_related("meter", "new_meter")
        .order_by("-drawn_on", "-pk")
    )


@dataclass(frozen=True, kw_only=True)
class ActRead:
    """An act with the names a page says."""

    act: Act
    address: str


def act_read(*, act_id: int) -> ActRead | None:
    """Return an act with the address of its place, or None."""
    act = (
        Act.objects.select_related("building__street", "premise", "meter", "new_meter")
        .filter(pk=act_id)
        .first()
    )
    return act and ActRead(act=act, address=place_address(act))


def place_address(act: Act) -> str:
    premise = act.premise
    return address_of(
        street_kind=act.building.street.kind,
        street=act.building.street.name,
        building=act.building.number,
        premise=premise.number if premise else "",
    )


def seals_of_meters(*, meter_ids: Iterable[int]) -> dict[int, list[Seal]]:
    """Return the seals of some meters, intact ones first."""
    found: dict[int, list[Seal]] = {}
    rows = Seal.objects.filter(meter_id__in=list(meter_ids)).order_by("state", "-set_on", "pk")
    for seal in rows.select_related("set_by", "removed_by"):
        found.setdefault(seal.meter_id, []).append(seal)
    return found


def model_choices() -> list[dict[str, Any]]:
    """Return the known models of meters, for a list to choose from."""
    return list(MeterModel.objects.order_by("name").values("name", "zones", "phases", "digits"))


def last_inspector(*, author_id: int | None) -> str:
    """Return whom somebody named as the inspector last: the next act is most likely drawn up by the same."""
    acts = Act.objects.filter(author_id=author_id).exclude(inspector="").order_by("-pk")
    return acts.values_list("inspector", flat=True).first() or ""
