"""Premises added, the dated terms they are billed by, and their areas held against the building's passport."""

import re
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Max

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import EventKind, PremiseTerms, Resident
from abonent.contexts.places.models import Building, Premise, PremiseKind
from abonent.contexts.places.queries import terms_of_building
from abonent.kernel.periods import DateRange
from abonent.usecases.premises._common import By, PlaceRefused, log, recalculate_premise
from abonent.usecases.premises.dated import Span, Table, Values, changed

TERMS = Table(
    PremiseTerms,
    (
        "tariff_group_id",
        "area_dm2",
        "rooms",
        "residents",
        "owners",
        "uplift_cause",
        "room_meters_agreed",
        "agreed_wh_per_month",
    ),
)
# the lowest that was changed names the cause: one recalculation is enough for all of them
_CAUSES = {
    "tariff_group_id": RecalculationCause.TARIFF_GROUP,
    "residents": RecalculationCause.RESIDENTS,
    "owners": RecalculationCause.RESIDENTS,
    "uplift_cause": RecalculationCause.VIOLATION,
}
_PARTS = {
    PremiseKind.SECTION: {PremiseKind.LIVING},
    PremiseKind.ROOM: {PremiseKind.LIVING, PremiseKind.SECTION},
}


def add_premise(
    *,
    building: Building,
    kind: PremiseKind,
    number: str,
    since: date,
    terms: Values | None,
    by: By,
    parent: Premise | None = None,
) -> Premise:
    """Add a premise, or a part of a communal apartment, with the terms it begins with. Raises PlaceRefused."""
    if building.closed_on is not None:
        raise PlaceRefused("building_closed", closed_on=building.closed_on)
    if kind in _PARTS:
        if parent is None or parent.building_id != building.pk or parent.kind not in _PARTS[kind]:
            raise PlaceRefused("parent_needed", "parent")
    elif parent is not None:
        raise PlaceRefused("no_parent_for_this", "parent")
    with transaction.atomic():
        try:
            with transaction.atomic():
                premise = Premise.objects.create(
                    building=building,
                    kind=kind,
                    number=number,
                    parent=parent,
                    sort_key=_sort_key(building, number, parent),
                )
        except IntegrityError as error:
            raise PlaceRefused("premise_known", "number") from error
        if terms is not None:
            owner = {"premise_id": premise.pk, "building_id": building.pk}
            TERMS.store(owner, [Span(DateRange(since), terms)])
        log(EventKind.PREMISE_ADDED, by, on=since, building_id=building.pk, premise_id=premise.pk)
    return premise


def change_terms(*, premise: Premise, on: date, values: Values, by: By) -> int:
    """Let facts of a premise be different from a day on; return the months that wait for recalculation.

    Raises PlaceRefused: `residents_listed` where people are listed by name, who are counted instead.
    """
    owner = {"premise_id": premise.pk, "building_id": premise.building_id}
    with transaction.atomic():
        was = TERMS.read(owner)
        before = next((span.values for span in was if on in span.during), was[0].values if was else {})
        differing = {name: value for name, value in values.items() if before.get(name) != value}
        if "residents" in differing and Resident.objects.filter(premise=premise).exists():
            raise PlaceRefused("residents_listed", "residents")
        try:
            touched = TERMS.store(owner, changed(was, on=on, values=differing))
        except LookupError as error:
            raise PlaceRefused("no_terms", "on", on=on) from error
        if touched is None:
            return 0
        log(
            EventKind.TERMS,
            by,
            on=on,
            building_id=premise.building_id,
            premise_id=premise.pk,
            was={name: before.get(name) for name in differing},
            now=differing,
        )
        causes = [_CAUSES.get(name, RecalculationCause.AREA) for name in differing]
        return recalculate_premise(premise, touched, cause=min(causes), by=by)


def begin_terms(*, premise: Premise, since: date, values: Values, by: By) -> None:
    """Give terms to a premise that has none. Raises PlaceRefused when it has some."""
    owner = {"premise_id": premise.pk, "building_id": premise.building_id}
    with transaction.atomic():
        if TERMS.read(owner):
            raise PlaceRefused("terms_known")
        TERMS.store(owner, [Span(DateRange(since), values)])
        log(EventKind.TERMS, by, on=since, building_id=premise.building_id, premise_id=premise.pk)


@dataclass(frozen=True, kw_only=True)
class Areas:
    """What the premises of a building add up to, beside its passport; dm². Rooms are part of their apartment."""

    passport_dm2: int
    listed_dm2: int
    premises: int
    without_terms: tuple[str, ...]

    @property
    def excess_dm2(self) -> int:
        """By how much the premises exceed the passport: above zero, common needs cannot be shared out."""
        return self.listed_dm2 - self.passport_dm2


def areas(*, building: Building, on: date) -> Areas:
    """Hold the areas of the premises against the passport of a day."""
    terms = terms_of_building(building_id=building.pk, on=on)
    listed = dict(
        PremiseTerms.objects.filter(building=building, during__contains=on).values_list(
            "premise_id", "area_dm2"
        )
    )
    premises = list(Premise.objects.filter(building=building).order_by("sort_key", "number"))
    counted = {PremiseKind.LIVING, PremiseKind.NONLIVING}
    rooms: dict[int, int] = {}
    for part in premises:
        if part.kind == PremiseKind.ROOM and part.parent_id is not None:
            root = _root(part, premises)
            rooms[root] = rooms.get(root, 0) + listed.get(part.pk, 0)
    whole = [one for one in premises if one.kind in counted]
    return Areas(
        passport_dm2=terms.premises_area_dm2 if terms else 0,
        listed_dm2=sum(listed.get(one.pk, rooms.get(one.pk, 0)) for one in whole),
        premises=len(whole),
        without_terms=tuple(one.number for one in whole if one.pk not in listed and one.pk not in rooms),
    )


def _root(premise: Premise, premises: list[Premise]) -> int:
    parents = {one.pk: one.parent_id for one in premises}
    found = premise.pk
    while (parent := parents.get(found)) is not None:
        found = parent
    return found


def _sort_key(building: Building, number: str, parent: Premise | None) -> int:
    if parent is not None:
        return parent.sort_key
    if digits := re.match(r"\d+", number):
        return int(digits[0])
    last = Premise.objects.filter(building=building).aggregate(last=Max("sort_key"))["last"]
    return (last or 0) + 1
