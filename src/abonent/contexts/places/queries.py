"""What is asked about buildings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, FilteredRelation, Func, IntegerField, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, Lower, Replace

from abonent.contexts.places.addresses import split_address
from abonent.contexts.places.models import Building, BuildingKind, BuildingTerms, Premise, Stove, Street


@dataclass(frozen=True, kw_only=True)
class BuildingPassport:
    """What is known of a building itself; `terms` are those of a day, None where it has none."""

    building_id: int
    address: str
    branch: str
    district: str
    kind: str
    is_apartments: bool
    floors: int
    entrances: int
    stove: str
    built_in: int | None
    opened_on: date | None
    closed_on: date | None
    premises: int
    terms: BuildingTerms | None


def number_order(field: str = "number") -> Coalesce:
    """Return an expression that sorts house numbers as people do: 2, 10, 10а."""
    digits = Func(F(field), Value(r"^\d+"), function="substring", output_field=TextField())
    return Coalesce(Cast(digits, IntegerField()), 0)


def address_of(*, street_kind: str, street: str, building: str, premise: str = "") -> str:
    """Write an address as the models do."""
    text = f"{street_kind} {street}, д. {building}"
    return f"{text}, кв. {premise}" if premise else text


def row_address(row: dict[str, Any]) -> str:
    """Write the address of a row of a list of accounts, premises or devices."""
    return address_of(
        street_kind=row["street_kind"],
        street=row["street_name"],
        building=row["building_number"],
        premise=row["premise_number"] or "",
    )


def buildings(*, on: date) -> QuerySet[Building, dict[str, Any]]:
    """Rows of the list of buildings, on the terms of a day; `number_order` sorts them inside a street."""
    return Building.objects.annotate(
        current=FilteredRelation("terms", condition=Q(terms__during__contains=on)),
        premises_area_dm2=F("current__premises_area_dm2"),
        common_area_dm2=F("current__common_area_dm2"),
        common_needs=F("current__common_needs"),
        number_order=number_order(),
        street_name=F("street__name"),
        street_kind=F("street__kind"),
        branch_name=F("branch__name"),
    ).values(
        "id",
        "number",
        "number_order",
        "street_name",
        "street_kind",
        "branch_name",
        "kind",
        "floors",
        "premises_area_dm2",
        "common_area_dm2",
        "common_needs",
    )


def buildings_on_streets(*, words: Iterable[str], number: str, limit: int) -> list[dict[str, Any]]:
    """Find buildings by the words of a street's name and the beginning of a house number."""
    streets = Street.objects.annotate(typed=Replace(Lower("name"), Value("ё"), Value("е")))
    for word in words:
        streets = streets.filter(Q(typed__startswith=word) | Q(typed__contains=f" {word}"))
    found = Building.objects.annotate(
        number_order=number_order(), street_name=F("street__name"), street_kind=F("street__kind")
    ).filter(street__in=streets.values("id"))
    if number:
        found = found.filter(number__istartswith=number)
    found = found.order_by("street_name", "number_order", "number")
    return list(found.values("id", "number", "street_name", "street_kind")[:limit])


def terms_of_building(*, building_id: int, on: date) -> BuildingTerms | None:
    """Return the terms of a building on a day; None for one that has none."""
    return BuildingTerms.objects.filter(building_id=building_id, during__contains=on).first()


def building_passport(*, building_id: int, on: date) -> BuildingPassport | None:
    """Return a building's passport as of a day, or None when there is no such building."""
    building = (
        Building.objects.select_related("street__district", "branch")
        .annotate(premises_count=Count("premises"))
        .filter(id=building_id)
        .first()
    )
    if building is None:
        return None
    return BuildingPassport(
        building_id=building.pk,
        address=building.address,
        branch=building.branch.name,
        district=building.street.district.name,
        kind=str(BuildingKind(building.kind).label),
        is_apartments=building.kind == BuildingKind.APARTMENT,
        floors=building.floors,
        entrances=building.entrances,
        stove=str(Stove(building.stove).label),
        built_in=building.built_in,
        opened_on=building.opened_on,
        closed_on=building.closed_on,
        premises=building.premises_count,
        terms=terms_of_building(building_id=building_id, on=on),
    )


def premise_ids(*, building_ids: Iterable[int], number: str) -> list[int]:
    """Find premises of some buildings by their number."""
    return list(
        Premise.objects.filter(building_id__in=building_ids, number__iexact=number).values_list(
            "id", flat=True
        )
    )


def buildings_by_address(*, text: str, limit: int) -> list[tuple[int, str]]:
    """Find buildings by a typed street and house: id and address; an exact match stands alone."""
    words, numbers = split_address(text)
    if not words:
        return []
    house = numbers[0] if numbers else ""
    rows = buildings_on_streets(words=words, number=house, limit=limit)
    found = [
        (
            row["id"],
            address_of(street_kind=row["street_kind"], street=row["street_name"], building=row["number"]),
            row["number"].lower() == house,
        )
        for row in rows
    ]
    found = [one for one in found if one[1] == text] or [one for one in found if one[2]] or found
    return [(building_id, address) for building_id, address, _is_house in found]
