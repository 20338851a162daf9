"""Who lives in a premise, and how many are charged for on each day (ПП РФ 354 п. 56, 57)."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange as DatabaseRange
from django.db.models import Q

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import EventKind, Resident, ResidentKind
from abonent.contexts.places.models import Premise
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import DateRange
from abonent.packs.ru.terms_of_living import temporary_stay_days
from abonent.usecases.premises._common import By, PlaceRefused, hold, log, recalculate_premise
from abonent.usecases.premises.dated import Span, joined, overlaid
from abonent.usecases.premises.premises import TERMS


def move_in(
    *, premise: Premise, name: str, kind: ResidentKind, during: DateRange, parameters: ParameterSet, by: By
) -> tuple[Resident, int]:
    """List somebody who lives here; return the row and the months that wait for recalculation.

    People who were counted without being named are listed first, unnamed, so that the count stays right.
    Raises PlaceRefused.
    """
    with transaction.atomic():
        hold(premise)
        _refuse_second(premise, name, during)
        _list_unnamed(premise)
        resident = _create(premise, name, kind, during, by.document)
        months = _changed(
            premise, during.start, parameters, by, name=name, moved="in", until=_text(during.end)
        )
    return resident, months


def move_out(*, resident: Resident, on: date, parameters: ParameterSet, by: By) -> int:
    """End a stay: `on` is the first day somebody lives here no longer. Raises PlaceRefused."""
    during = resident.during
    if on <= during.lower:
        raise PlaceRefused("before_moving_in", "on", moved_in_on=during.lower)
    with transaction.atomic():
        hold(resident.premise)
        resident.during = DatabaseRange(during.lower, on)
        resident.save(update_fields=["during"])
        since = min(on, during.upper) if during.upper else on
        return _changed(resident.premise, since, parameters, by, name=resident.name, moved="out", until=None)


def rename(*, resident: Resident, name: str, document: str) -> None:
    """Name somebody who was counted without a name, or mend a name."""
    Resident.objects.filter(pk=resident.pk).update(name=name, document=document or resident.document)


def strike(*, resident: Resident, parameters: ParameterSet, by: By) -> int:
    """Take away a row that was entered by mistake; return the months that wait for recalculation."""
    with transaction.atomic():
        premise, since, name = resident.premise, resident.during.lower, resident.name
        hold(premise)
        resident.delete()
        return _changed(premise, since, parameters, by, name=name, moved="struck", until=None)


def replace_all(
    *, premise: Premise, on: date, names: Sequence[str], parameters: ParameterSet, by: By
) -> None:
    """From a day on let other people live here: those who did leave, `names` move in (an empty one is unnamed)."""
    with transaction.atomic():
        hold(premise)
        _list_unnamed(premise)
        still_here = Resident.objects.filter(
            Q(during__upper_inf=True) | Q(during__endswith__gt=on), premise=premise
        )
        for resident in still_here:
            if resident.during.lower >= on:
                resident.delete()
                continue
            resident.during = DatabaseRange(resident.during.lower, on)
            resident.save(update_fields=["during"])
        for name in names:
            _create(premise, name, ResidentKind.REGISTERED, DateRange(on), by.document)
        _changed(premise, on, parameters, by, name=", ".join(filter(None, names)), moved="all", until=None)


def _refuse_second(premise: Premise, name: str, during: DateRange) -> None:
    """Refuse a name that lives here on these days already: sent twice, it would be charged for twice."""
    days = DatabaseRange(during.start, during.end)
    same = Resident.objects.filter(premise=premise, name__iexact=name, during__overlap=days)
    if name and (known := same.first()) is not None:
        raise PlaceRefused("lives_here_already", "name", moved_in_on=known.during.lower)


def _create(premise: Premise, name: str, kind: ResidentKind, during: DateRange, document: str) -> Resident:
    return Resident.objects.create(
        premise=premise,
        building_id=premise.building_id,
        name=name,
        kind=kind,
        during=DatabaseRange(during.start, during.end),
        document=document,
    )


def _changed(
    premise: Premise,
    since: date,
    parameters: ParameterSet,
    by: By,
    *,
    name: str,
    moved: str,
    until: str | None,
) -> int:
    """Count again by day, and tell what happened."""
    touched = _count(premise, parameters)
    log(
        EventKind.RESIDENTS,
        by,
        on=since,
        building_id=premise.building_id,
        premise_id=premise.pk,
        name=name,
        moved=moved,
        until=until,
    )
    return recalculate_premise(premise, touched, cause=RecalculationCause.RESIDENTS, by=by)


def _count(premise: Premise, parameters: ParameterSet) -> DateRange | None:
    """Split the terms at the days people came and left, and write how many there are; return the days touched."""
    owner = {"premise_id": premise.pk, "building_id": premise.building_id}
    spans = TERMS.read(owner)
    if not spans:
        raise PlaceRefused("no_terms")
    stays = [
        DateRange(one.during.lower, one.during.upper)
        for one in Resident.objects.filter(premise=premise)
        if counts(one.kind, DateRange(one.during.lower, one.during.upper), parameters=parameters)
    ]
    first = spans[0].during.start
    bounds = {max(stay.start, first) for stay in stays} | {stay.end for stay in stays if stay.end} | {first}
    days = sorted(day for day in bounds if day >= first)
    steps = [
        Span(DateRange(day, until), {"residents": sum(day in stay for stay in stays)})
        for day, until in zip(days, [*days[1:], None], strict=True)
    ]
    return TERMS.store(owner, joined(overlaid(spans, steps)))


def counts(kind: int, during: DateRange, *, parameters: ParameterSet) -> bool:
    """Tell whether somebody is charged for: registered, or staying for more than five days in a row (п. 56)."""
    if kind == ResidentKind.REGISTERED or during.end is None:
        return True
    return during.days > temporary_stay_days(on=during.start, parameters=parameters)


def _list_unnamed(premise: Premise) -> None:
    """Make unnamed rows of the people who were only counted, so that a list begun today leaves the past as it was."""
    if Resident.objects.filter(premise=premise).exists():
        return
    here: list[date] = []  # since when each of those now counted is here; the last to come leaves first

    def leave(until: date | None) -> None:
        _create(premise, "", ResidentKind.REGISTERED, DateRange(here.pop(), until), "")

    before = None
    for span in TERMS.read({"premise_id": premise.pk, "building_id": premise.building_id}):
        if before is not None and before != span.during.start:
            while here:
                leave(before)
        while len(here) > span.values["residents"]:
            leave(span.during.start)
        while len(here) < span.values["residents"]:
            here.append(span.during.start)
        before = span.during.end
    while here:
        leave(before)


def _text(day: date | None) -> str | None:
    return (day - timedelta(days=1)).isoformat() if day else None
