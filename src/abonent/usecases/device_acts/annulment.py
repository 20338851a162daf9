"""Acts annulled with their consequences taken back, where nothing later rests on them."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.search import refresh_premise
from abonent.contexts.metering.models import Act, ActKind, Installation, Reading, ReadingSource, ReadingStatus
from abonent.usecases.device_acts import faces, record, seals, verification, violations
from abonent.usecases.device_acts.given import ActRefused, Done, Drawn
from abonent.usecases.device_acts.meters import first_month


def annul(*, act_id: int, because: str, actor_id: int | None, today: date, at: datetime) -> Done:
    """Annul an act: what it wrote is taken back, what it set aside returns, billed months are noted.

    Raises ActRefused when something rests on the act.
    """
    with transaction.atomic():
        act = (
            Act.objects.select_for_update(of=("self",))
            .select_related("building", "meter")
            .filter(pk=act_id)
            .first()
        )
        if act is None:
            raise ActRefused("no_act")
        drawn = Drawn(
            building_id=act.building_id,
            premise_id=act.premise_id,
            drawn_on=act.drawn_on,
            today=today,
            at=at,
            actor_id=actor_id,
        )
        record.hold(drawn)
        if act.annulled_at is not None:
            raise ActRefused("annulled_already", number=act.number)
        _refuse_counted_from(act)
        waiting = _take_back(act, drawn, f"act {act.number} annulled")
        act.annulled_at, act.annulled_because = drawn.at, because
        act.save(update_fields=["annulled_at", "annulled_because"])
        if act.premise_id is not None:
            refresh_premise(premise_id=act.premise_id, on=drawn.today)
        waiting += violations.follow(drawn)
        return Done(act_id=act.pk, number=act.number, months_waiting=waiting)


def _take_back(act: Act, drawn: Drawn, reason: str) -> int:
    """Undo what the act wrote outside the terms; return the billed months that wait."""
    facts = act.facts
    if act.kind == ActKind.VERIFICATION:
        verification.take_back(act)
        return 0
    if "set_by_mistake" in facts.get("seals", {}) or "ended_by_mistake" in facts.get("seals", {}):
        raise ActRefused("correction")
    _refuse_resting(act)
    seals.take_back(act)
    faces.take_back(facts.get("done", {}), drawn, reason)
    _take_out(facts.get("opened", ()), drawn, reason)
    _put_back(facts.get("closed", ()))
    if not facts.get("done", {}).get("readings"):
        return 0
    cause = RecalculationCause.READING if act.kind == ActKind.CHECK else RecalculationCause.DEVICE
    return violations.note_months(drawn, cause, reason, first=first_month(act))


def _refuse_counted_from(act: Act) -> None:
    """An act of violation that was counted from this one has its first day from it."""
    later = Act.objects.filter(building=act.building, annulled_at=None, facts__counted_from=act.pk).first()
    if later is not None:
        raise ActRefused("rests_on_it", number=later.number, act_id=later.pk)


def _refuse_resting(act: Act) -> None:
    """Refuse where the meter the act put in has been read or dealt with since, or has moved on."""
    opened = act.facts.get("opened", ())
    if not opened:
        return
    fitted = act.new_meter_id or act.meter_id
    own = {id for id, _day in act.facts["done"]["readings"]}
    read = (
        Reading.objects.filter(installation_id__in=opened, status=ReadingStatus.ACCEPTED)
        .exclude(source=ReadingSource.ESTIMATE)
        .exclude(id__in=own)
        .order_by("taken_on")
        .first()
    )
    if read is not None:
        raise ActRefused("read_since", day=read.taken_on)
    later = Act.objects.filter(
        meter_id=fitted or 0, annulled_at=None, pk__gt=act.pk, drawn_on__gte=act.drawn_on
    )
    if (found := later.order_by("drawn_on").first()) is not None:
        raise ActRefused("rests_on_it", number=found.number, act_id=found.pk)
    if Installation.objects.filter(pk__in=opened, during__upper_inf=False).exists():
        raise ActRefused("moved_on")


def _take_out(opened: Any, drawn: Drawn, reason: str) -> None:
    """Registers that never stood there: no day is left of them, their readings stay in the history as annulled."""
    places = Installation.objects.filter(pk__in=opened)
    Reading.objects.filter(
        installation_id__in=list(opened), status=ReadingStatus.ACCEPTED, source=ReadingSource.ESTIMATE
    ).update(status=ReadingStatus.ANNULLED, judged_at=drawn.at, reason=reason)
    places.update(during=DateRange(empty=True))


def _put_back(closed: Any) -> None:
    for place in Installation.objects.filter(pk__in=closed):
        place.during = DateRange(place.during.lower, None)
        try:
            with transaction.atomic():
                place.save(update_fields=["during"])
        except IntegrityError as clash:
            raise ActRefused("place_taken") from clash
