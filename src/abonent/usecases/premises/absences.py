"""Temporary absence: applied for, approved or refused, withdrawn (ПП РФ 354 п. 86–97)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange as DatabaseRange

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import Absence, AbsenceState, EventKind, PremiseTerms, UpliftCause
from abonent.contexts.metering.models import Installation, PointRole
from abonent.contexts.places.models import Premise
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import DateRange
from abonent.packs.ru.terms_of_living import AbsenceLimits, absence_limits
from abonent.usecases.premises._common import By, PlaceRefused, hold, log, recalculate_premise


@dataclass(frozen=True)
class Objection:
    """Why an absence cannot be approved: `code` with what it is about."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


def full_days(*, left_on: date, returned_on: date) -> DateRange | None:
    """Return the days that count: those of departure and arrival do not (п. 91). None when there is none."""
    first = left_on + timedelta(days=1)
    return DateRange(first, returned_on) if first < returned_on else None


def apply(
    *, premise: Premise, people: int, left_on: date, returned_on: date, applied_on: date, by: By
) -> Absence:
    """Register an application; what speaks against it is told by `objections`. Raises PlaceRefused.

    The same application sent twice is one.
    """
    if returned_on <= left_on:
        raise PlaceRefused("returned_before_leaving", "returned_on")
    with transaction.atomic():
        Premise.objects.select_for_update().get(pk=premise.pk)
        known = Absence.objects.filter(
            premise=premise,
            people=people,
            left_on=left_on,
            returned_on=returned_on,
            document=by.document,
            state__in=(AbsenceState.APPLIED, AbsenceState.APPROVED),
        ).first()
        if known is not None:
            return known
        absence = Absence.objects.create(
            premise=premise,
            building_id=premise.building_id,
            people=people,
            left_on=left_on,
            returned_on=returned_on,
            applied_on=applied_on,
            document=by.document,
            created_at=by.at,
            author_id=by.actor_id,
        )
        _log(absence, by, on=applied_on)
    return absence


def objections(absence: Absence, *, parameters: ParameterSet) -> list[Objection]:
    """Return everything that speaks against approving an absence; nothing when it can be approved."""
    return list(_objections(absence, absence_limits(on=absence.left_on, parameters=parameters)))


def _objections(absence: Absence, limits: AbsenceLimits) -> Iterator[Objection]:
    days = full_days(left_on=absence.left_on, returned_on=absence.returned_on)
    if days is None or days.days <= limits.more_than_days:
        yield Objection("too_short", {"days": days.days if days else 0, "limit": limits.more_than_days})
        return
    last_day = absence.returned_on + timedelta(days=limits.apply_within_days)
    if absence.applied_on > last_day:
        yield Objection("too_late", {"last_day": last_day, "limit": limits.apply_within_days})
    longest = _months_later(days.start, limits.repeat_after_months)
    if absence.returned_on > longest:
        yield Objection(
            "too_long", {"last_day": longest - timedelta(days=1), "limit": limits.repeat_after_months}
        )
    if not absence.document:
        yield Objection("no_document")
    database_days = DatabaseRange(days.start, days.end)
    meters = Installation.objects.filter(
        building_id=absence.building_id,
        premise_id=absence.premise_id,
        role=PointRole.INDIVIDUAL,
        during__overlap=database_days,
    )
    if serial := meters.values_list("meter__serial", flat=True).first():
        yield Objection("metered", {"serial": serial})
    terms = list(
        PremiseTerms.objects.filter(
            building_id=absence.building_id, premise_id=absence.premise_id, during__overlap=database_days
        )
    )
    if any(row.uplift_cause == UpliftCause.NO_METER for row in terms):
        yield Objection("meter_possible")
    residents = min((row.residents for row in terms), default=0)
    away = _most_away(absence, days)
    if away > residents:
        yield Objection("more_than_live_here", {"people": away, "residents": residents})


def _most_away(absence: Absence, days: DateRange) -> int:
    """Return how many are away on the day most are, with the absences approved before."""
    others = Absence.objects.filter(premise_id=absence.premise_id, state=AbsenceState.APPROVED)
    beside = [
        (part, other.people)
        for other in others.exclude(pk=absence.pk)
        if (theirs := full_days(left_on=other.left_on, returned_on=other.returned_on))
        and (part := theirs.intersection(days))
    ]
    most = max(
        (sum(people for part, people in beside if one.start in part) for one, _people in beside), default=0
    )
    return absence.people + most


def approve(*, absence: Absence, on: date, parameters: ParameterSet, by: By) -> int:
    """Approve an application; return the months that wait for recalculation.

    Raises PlaceRefused with the first objection, or when it was decided already.
    """
    with transaction.atomic():
        hold(absence.premise)  # two absences approved side by side would not see each other
        absence = _waiting(absence)
        if found := objections(absence, parameters=parameters):
            raise PlaceRefused(found[0].code, **found[0].facts)
        _decide(absence, AbsenceState.APPROVED, "", on, by)
        return _recalculate(absence, by)


def refuse(*, absence: Absence, reason: str, on: date, by: By) -> None:
    """Refuse an application, saying why. Raises PlaceRefused when it was decided already."""
    with transaction.atomic():
        _decide(_waiting(absence), AbsenceState.REFUSED, reason, on, by)


def withdraw(*, absence: Absence, reason: str, on: date, by: By) -> int:
    """Take an application back, approved or not; return the months that wait for recalculation."""
    with transaction.atomic():
        absence = Absence.objects.select_for_update().get(pk=absence.pk)
        if absence.state not in (AbsenceState.APPLIED, AbsenceState.APPROVED):
            raise PlaceRefused("decided_already")
        was_approved = absence.state == AbsenceState.APPROVED
        _decide(absence, AbsenceState.WITHDRAWN, reason, on, by)
        return _recalculate(absence, by) if was_approved else 0


def _waiting(absence: Absence) -> Absence:
    absence = Absence.objects.select_for_update().get(pk=absence.pk)
    if absence.state != AbsenceState.APPLIED:
        raise PlaceRefused("decided_already")
    return absence


def _decide(absence: Absence, state: AbsenceState, reason: str, on: date, by: By) -> None:
    absence.state, absence.reason = state, reason
    absence.decided_on, absence.decided_by_id = on, by.actor_id
    absence.save(update_fields=["state", "reason", "decided_on", "decided_by_id"])
    _log(absence, by, on=on)


def _recalculate(absence: Absence, by: By) -> int:
    days = full_days(left_on=absence.left_on, returned_on=absence.returned_on)
    return recalculate_premise(absence.premise, days, cause=RecalculationCause.ABSENCE, by=by)


def _log(absence: Absence, by: By, *, on: date) -> None:
    log(
        EventKind.ABSENCE,
        by,
        on=on,
        building_id=absence.building_id,
        premise_id=absence.premise_id,
        absence=absence.pk,
        state=int(absence.state),
        people=absence.people,
        left_on=absence.left_on.isoformat(),
        returned_on=absence.returned_on.isoformat(),
        reason=absence.reason,
    )


def _months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or the first day after it where that month is too short."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(year, month0 + 1, day.day)
    except ValueError:
        return date(year, month0 + 2, 1)
