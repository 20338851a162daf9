"""Visits to a meter: checks with control readings, refused access, tampering, unauthorised connections."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import PremiseTerms, UnauthorisedUse, UpliftCause
from abonent.contexts.metering.models import Act, ActKind, Installation, Meter, ReadingSource, SealState
from abonent.engine.parameters import ParameterSet
from abonent.usecases.device_acts import faces, record, seals, violations
from abonent.usecases.device_acts.given import ActRefused, Done, Drawn, Face, SealGiven


def check(
    *,
    drawn: Drawn,
    meter_id: int,
    shown: Sequence[Face] = (),
    is_sound: bool,
    broken: Sequence[int] = (),
    seals_set: Sequence[SealGiven] = (),
    confirmed_fall: bool = False,
) -> Done:
    """Check a meter: a control reading of weight, each seal intact or broken (ПП РФ 354 п. 61, 82–84).

    A sound check ends the days of an earlier violation; only an unsound one may go without readings.
    Raises ActRefused.
    """
    with transaction.atomic():
        record.hold(drawn)
        meter, places = record.standing(drawn, meter_id)
        record.refuse_second(drawn, ActKind.CHECK, meter)
        if is_sound or shown:
            seen = faces.look(
                drawn,
                faces.by_zone(places, shown),
                source=ReadingSource.INSPECTOR,
                confirmed_fall=confirmed_fall,
            )
        else:
            seen = []
        found_broken = seals.chosen(meter, broken, drawn)
        seals.refuse_new(seals_set)
        whole = [seal for seal in seals.intact(meter) if seal not in found_broken]
        facts = {
            "meter": record.meter_facts(meter),
            "registers": [one.as_facts() for one in seen],
            "is_sound": is_sound,
            "seals": {
                "set": seals.facts_of(seals_set),
                "broken": seals.facts_of(found_broken),
                "intact": seals.facts_of(whole),
            },
            "done": faces.store(drawn, seen, source=ReadingSource.INSPECTOR),
        }
        act = record.write(drawn, ActKind.CHECK, facts=facts, meter=meter)
        seals.end(found_broken, SealState.BROKEN, act)
        seals.put(meter, seals_set, act)
        waiting = 0
        if seen:
            waiting = violations.note_months(drawn, RecalculationCause.READING, f"act {act.number}: check")
        return _done(drawn, act, waiting)


def refuse_access(*, drawn: Drawn, meter_id: int | None = None) -> Done:
    """Write down that nobody was let in to the meter; the second time the norm with a coefficient follows (п. 60(3)).

    Raises ActRefused.
    """
    with transaction.atomic():
        record.hold(drawn)
        _require_terms(drawn)
        meter, _places = _meter_of_premise(drawn, meter_id)
        record.refuse_second(drawn, ActKind.ACCESS_REFUSED, meter)
        refusal_no = 1 + violations.refusals_before(drawn)
        facts = {"meter": record.meter_facts(meter), "refusal_no": refusal_no}
        act = record.write(drawn, ActKind.ACCESS_REFUSED, facts=facts, meter=meter)
        return _done(drawn, act)


def tampering(
    *,
    drawn: Drawn,
    meter_id: int,
    parameters: ParameterSet,
    removed_on: date | None = None,
    broken: Sequence[int] = (),
) -> Done:
    """Charge by ten norms from the last check, as far back as the law lets, until it is put right (п. 81(11)).

    `removed_on`: put right at once; else a later act ends it. Raises ActRefused.
    """
    with transaction.atomic():
        record.hold(drawn)
        _require_terms(drawn)
        meter, _places = _meter_of_premise(drawn, meter_id)
        record.refuse_second(drawn, ActKind.TAMPERING, meter)
        _judge_days(drawn, None, removed_on)
        found_broken = seals.chosen(meter, broken, drawn)
        facts = {
            "meter": record.meter_facts(meter),
            "seals": {"broken": seals.facts_of(found_broken)},
            **_begin(drawn, UpliftCause.TAMPERING, meter.pk, None, parameters),
            "removed_on": record.day_text(removed_on),
        }
        act = record.write(drawn, ActKind.TAMPERING, facts=facts, meter=meter)
        seals.end(found_broken, SealState.BROKEN, act)
        return _done(drawn, act)


def unauthorised(
    *,
    drawn: Drawn,
    parameters: ParameterSet,
    power_w: int | None,
    equipment: str = "",
    connected_on: date | None = None,
    removed_on: date | None = None,
) -> Done:
    """Charge a connection past the meter: its power around the clock, or ten norms where that is unknown (п. 62).

    Raises ActRefused.
    """
    with transaction.atomic():
        record.hold(drawn)
        _require_terms(drawn)
        record.refuse_second(drawn, ActKind.UNAUTHORISED, None)
        _judge_days(drawn, connected_on, removed_on)
        if power_w is not None and power_w <= 0:
            raise ActRefused("power_not_positive", "power")
        begun = _begin(drawn, UpliftCause.UNAUTHORISED, None, connected_on, parameters)
        if power_w is not None:
            _refuse_overlap(drawn, date.fromisoformat(str(begun["begins_on"])), removed_on)
        facts = {
            **begun,
            "power_w": power_w,
            "equipment": equipment,
            "connected_on": record.day_text(connected_on),
            "removed_on": record.day_text(removed_on),
        }
        act = record.write(drawn, ActKind.UNAUTHORISED, facts=facts)
        return _done(drawn, act)


def _done(drawn: Drawn, act: Act, waiting: int = 0) -> Done:
    waiting += violations.follow(drawn)
    return Done(act_id=act.pk, number=act.number, months_waiting=waiting)


def _require_terms(drawn: Drawn) -> None:
    """Refuse a violation where there is nobody's norm to charge by."""
    if drawn.premise_id is None:
        raise ActRefused("needs_premise")
    terms = PremiseTerms.objects.filter(record.here(drawn), during__contains=drawn.drawn_on)
    if not terms.exists():
        raise ActRefused("no_terms", "drawn_on", day=drawn.drawn_on)


def _meter_of_premise(drawn: Drawn, meter_id: int | None) -> tuple[Meter, list[Installation]]:
    """The meter named, or the only one that stands in the premise."""
    if meter_id is not None:
        return record.standing(drawn, meter_id)
    ids = set(
        Installation.objects.filter(record.here(drawn), during__contains=drawn.drawn_on).values_list(
            "meter_id", flat=True
        )
    )
    if not ids:
        raise ActRefused("not_standing", "meter", day=drawn.drawn_on)
    return record.standing(drawn, min(ids))


def _judge_days(drawn: Drawn, connected_on: date | None, removed_on: date | None) -> None:
    if connected_on is not None and connected_on > drawn.drawn_on:
        raise ActRefused("connected_later", "connected_on")
    if removed_on is not None and removed_on < drawn.drawn_on:
        raise ActRefused("removed_before_found", "removed_on")
    if removed_on is not None and removed_on > drawn.today:
        raise ActRefused("in_future", "removed_on")


def _begin(
    drawn: Drawn,
    cause: UpliftCause,
    meter_id: int | None,
    known_from: date | None,
    parameters: ParameterSet,
) -> dict[str, Any]:
    """From what day it is charged and by what act that was counted; never before the present account began."""
    seen = violations.last_check(drawn, meter_id)
    first = violations.begins_on(
        cause=cause,
        found_on=drawn.drawn_on,
        known_from=known_from,
        last_check=seen.drawn_on if seen else None,
        parameters=parameters,
    )
    since = violations.account_since(drawn)
    if since is not None:
        first = max(first, since)
    return {
        "begins_on": first.isoformat(),
        "counted_from": seen.pk if seen and seen.drawn_on == first and known_from is None else None,
    }


def _refuse_overlap(drawn: Drawn, first: date, removed_on: date | None) -> None:
    uses = UnauthorisedUse.objects.filter(record.here(drawn), annulled_at=None)
    for use in uses:
        ends_before = removed_on is not None and removed_on <= use.during.lower
        begins_after = use.during.upper is not None and use.during.upper <= first
        if not (ends_before or begins_after):
            act = Act.objects.filter(pk=use.act_id or 0).first()
            raise ActRefused(
                "connected_already", "connected_on", number=act.number if act else "", day=use.during.lower
            )
