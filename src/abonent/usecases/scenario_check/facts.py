"""Dated facts of a scenario's places and tariffs, as they come to be known."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import (
    Absence,
    AbsenceState,
    PremiseTerms,
    Price,
    TariffGroup,
    UnauthorisedUse,
)
from abonent.contexts.parties.models import Supplier
from abonent.contexts.places.models import Building, BuildingTerms, Premise
from abonent.kernel.periods import Month
from abonent.usecases import recalculation
from abonent.usecases.scenario_check import model
from abonent.usecases.scenario_check.news import BEFORE_ALL, FACTS, News

_CAUSES = {
    "residents": RecalculationCause.RESIDENTS,
    "owners": RecalculationCause.RESIDENTS,
    "tariff": RecalculationCause.TARIFF_GROUP,
    "uplift_cause": RecalculationCause.VIOLATION,
}


def _in_turn(changes: tuple[model.Change, ...]) -> Iterator[tuple[Month | None, list[model.Change]]]:
    """Yield what is known at once, then what each month brings."""
    months = sorted({change.known_in for change in changes if change.known_in})
    for known in (None, *months):
        yield known, [change for change in changes if change.known_in == known]


def premise_terms(row: Premise, premise: model.Premise, groups: dict[str, TariffGroup]) -> Iterator[News]:
    def write(known: Month, at: datetime) -> None:
        PremiseTerms.objects.filter(premise=row).delete()
        for terms in premise.terms(known):
            group = groups[terms.tariff] if terms.tariff else next(iter(groups.values()))
            PremiseTerms.objects.create(
                premise=row,
                building=row.building,
                during=DateRange(terms.during.start, terms.during.end),
                tariff_group=group,
                area_dm2=terms.area_dm2,
                rooms=terms.rooms,
                residents=terms.residents,
                owners=terms.owners,
                uplift_cause=terms.uplift_cause,
                room_meters_agreed=terms.room_meters_agreed,
                agreed_wh_per_month=terms.agreed_wh_per_month,
            )

    for known, changes in _in_turn(premise.changes):
        if known is None:
            yield News(BEFORE_ALL, FACTS, partial(write, BEFORE_ALL))
            continue
        named = [name for change in changes for name in change.facts]
        yield News(
            known,
            FACTS,
            partial(write, known),
            building_id=row.building_id,
            premise_id=row.pk,
            first=Month.of(changes[0].begins_on),
            cause=next((_CAUSES[name] for name in named if name in _CAUSES), RecalculationCause.AREA),
        )


def building_terms(row: Building, building: model.Building) -> Iterator[News]:
    def write(known: Month, at: datetime) -> None:
        BuildingTerms.objects.filter(building=row).delete()
        for terms in building.terms(known):
            BuildingTerms.objects.create(
                building=row,
                during=DateRange(terms.during.start, terms.during.end),
                premises_area_dm2=terms.premises_area_dm2,
                common_area_dm2=terms.common_area_dm2,
                common_norm_category=terms.common_norm_category,
                common_needs=terms.common_needs,
                common_basis=terms.common_basis,
                excess_to_consumers=terms.excess_to_consumers,
            )

    for known, changes in _in_turn(building.changes):
        if known is None:
            yield News(BEFORE_ALL, FACTS, partial(write, BEFORE_ALL))
        else:
            yield News(
                known,
                FACTS,
                partial(write, known),
                building_id=row.pk,
                first=Month.of(changes[0].begins_on),
                cause=RecalculationCause.COMMON_NEEDS,
            )


def absences(row: Premise, away: tuple[model.Absence, ...]) -> Iterator[News]:
    def write(absence: model.Absence, at: datetime) -> None:
        Absence.objects.create(
            premise=row,
            building=row.building,
            people=absence.people,
            left_on=absence.left_on,
            returned_on=absence.returned_on,
            applied_on=absence.returned_on,
            document="scenario",
            state=AbsenceState.APPROVED,
            created_at=at,
        )

    for absence in away:
        yield News(
            absence.known_in or BEFORE_ALL,
            FACTS,
            partial(write, absence),
            building_id=row.building_id,
            premise_id=row.pk,
            first=Month.of(absence.left_on),
            last=Month.of(absence.returned_on),
            cause=RecalculationCause.ABSENCE,
        )


def equipment(row: Premise, connected: tuple[model.Equipment, ...]) -> Iterator[News]:
    def write(one: model.Equipment, at: datetime) -> None:
        UnauthorisedUse.objects.create(
            premise=row,
            building=row.building,
            power_w=one.power_w,
            during=DateRange(one.during.start, one.during.end),
        )

    for one in connected:
        yield News(
            one.known_in or BEFORE_ALL,
            FACTS,
            partial(write, one),
            building_id=row.building_id,
            premise_id=row.pk,
            first=Month.of(one.during.start),
            last=Month.of(one.during.end) if one.during.end else None,
            cause=RecalculationCause.VIOLATION,
        )


def prices(supplier: Supplier, group: TariffGroup, tariff: model.Tariff) -> Iterator[News]:
    """A price that is entered late takes the place of what was in force on its days."""

    def write(span: model.PriceSpan, at: datetime) -> None:
        same = Price.objects.filter(supplier=supplier, tariff_group=group, zone=span.zone, band=span.band)
        during = DateRange(span.during.start, span.during.end)
        for old in same.filter(during__overlap=during) if span.known_in else ():
            old.delete()
            begins, ends = old.during.lower, old.during.upper
            if begins < span.during.start:
                _price(span, old.price_e5, DateRange(begins, span.during.start))
            if span.during.end and (ends is None or ends > span.during.end):
                _price(span, old.price_e5, DateRange(span.during.end, ends))
        _price(span, span.price_e5, during)

    def _price(span: model.PriceSpan, price_e5: int, during: DateRange) -> None:
        Price.objects.create(
            supplier=supplier,
            tariff_group=group,
            zone=span.zone,
            band=span.band,
            price_e5=price_e5,
            during=during,
            act="scenario",
        )

    def note(span: model.PriceSpan, at: datetime) -> None:
        recalculation.note_tariff_group(
            supplier_id=supplier.pk,
            tariff_group_id=group.pk,
            first=Month.of(span.during.start),
            note="scenario",
            actor_id=None,
            at=at,
        )

    for span in tariff.prices:
        late = partial(note, span) if span.known_in else None
        yield News(span.known_in or BEFORE_ALL, FACTS, partial(write, span), note=late)
