"""Buildings opened and closed, their passports, and the dated terms their common needs are shared by."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import Account, EventKind
from abonent.contexts.places.models import Building, BuildingKind, BuildingTerms, District, Street
from abonent.kernel.periods import DateRange
from abonent.usecases.premises._common import By, PlaceRefused, log, recalculate_building
from abonent.usecases.premises.dated import Span, Table, Values, changed

TERMS = Table(
    BuildingTerms,
    (
        "premises_area_dm2",
        "common_area_dm2",
        "common_norm_category",
        "common_needs",
        "common_basis",
        "excess_to_consumers",
        "decision",
    ),
)
_AREAS = {"premises_area_dm2", "common_area_dm2"}


def open_building(
    *,
    district: District,
    street_kind: str,
    street: str,
    number: str,
    kind: BuildingKind,
    opened_on: date,
    passport: Values,
    terms: Values | None,
    by: By,
) -> Building:
    """Begin to serve a building, on a street that is made where it is not known yet; `terms` of apartment buildings.

    Raises PlaceRefused.
    """
    with transaction.atomic():
        on_street, _made = Street.objects.get_or_create(district=district, kind=street_kind, name=street)
        try:
            with transaction.atomic():
                building = Building.objects.create(
                    branch=district.branch,
                    street=on_street,
                    number=number,
                    kind=kind,
                    opened_on=opened_on,
                    **passport,
                )
        except IntegrityError as error:
            raise PlaceRefused("building_known", "number") from error
        if kind == BuildingKind.APARTMENT and terms is not None:
            TERMS.store({"building_id": building.pk}, [Span(DateRange(opened_on), terms)])
        log(EventKind.BUILDING_OPENED, by, on=opened_on, building_id=building.pk)
    return building


def change_passport(*, building: Building, passport: Values, on: date, by: By) -> None:
    """Write down floors, entrances, stoves, the year; what was stays in the building's events."""
    differing = {name: value for name, value in passport.items() if getattr(building, name) != value}
    if not differing:
        return
    with transaction.atomic():
        was = {name: getattr(building, name) for name in differing}
        Building.objects.filter(pk=building.pk).update(**differing)
        log(EventKind.BUILDING_CHANGED, by, on=on, building_id=building.pk, was=was, now=differing)


def change_terms(*, building: Building, on: date, values: Values, by: By) -> int:
    """Let areas or the way of common needs be different from a day on; return the months that wait for recalculation.

    A month goes by the terms of its first day. Raises PlaceRefused.
    """
    owner = {"building_id": building.pk}
    with transaction.atomic():
        was = TERMS.read(owner)
        if building.kind != BuildingKind.APARTMENT:
            raise PlaceRefused("not_apartments")
        try:
            now = changed(was, on=on, values=values) if was else [Span(DateRange(on), _complete(values))]
        except LookupError as error:
            raise PlaceRefused("no_terms", "on", on=on) from error
        touched = TERMS.store(owner, now)
        if touched is None:
            return 0
        before = _on(was, on)
        differing = {name: value for name, value in values.items() if before.get(name) != value}
        log(
            EventKind.BUILDING_CHANGED,
            by,
            on=on,
            building_id=building.pk,
            was={name: before.get(name) for name in differing},
            now=differing,
        )
        cause = RecalculationCause.AREA if _AREAS & set(differing) else RecalculationCause.COMMON_NEEDS
        return recalculate_building(building, touched, cause=cause, by=by)


def close_building(*, building: Building, closed_on: date, by: By) -> None:
    """Serve a building no longer from a day on. Raises PlaceRefused while an account there is open."""
    with transaction.atomic():
        if building.closed_on is not None:
            raise PlaceRefused("building_closed", closed_on=building.closed_on)
        if building.opened_on and closed_on <= building.opened_on:
            raise PlaceRefused("before_opening", "last_day", opened_on=building.opened_on)
        still_open = Account.objects.filter(
            Q(during__upper_inf=True) | Q(during__endswith__gt=closed_on), building=building
        )
        if count := still_open.count():
            raise PlaceRefused("accounts_open", "last_day", count=count)
        Building.objects.filter(pk=building.pk).update(closed_on=closed_on)
        log(EventKind.BUILDING_CLOSED, by, on=closed_on, building_id=building.pk)


def _complete(values: Values) -> dict[str, Any]:
    fields = {field.name: field.get_default() for field in BuildingTerms._meta.concrete_fields}
    return {name: values.get(name, fields[name]) for name in TERMS.facts}


def _on(spans: list[Span], day: date) -> Values:
    return next((span.values for span in spans if day in span.during), {})
