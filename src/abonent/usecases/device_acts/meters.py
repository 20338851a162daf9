"""Meters put in, changed for others and taken down, with their readings and seals, each in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.search import refresh_premise
from abonent.contexts.metering.models import (
    Act,
    ActKind,
    Installation,
    Meter,
    MeteringPoint,
    MeterModel,
    PointRole,
    ReadingSource,
    Register,
    SealState,
    SupplyPoint,
)
from abonent.kernel.periods import Month
from abonent.usecases.device_acts import faces, record, seals, violations
from abonent.usecases.device_acts.given import ZONE_SETS, ActRefused, Done, Drawn, Face, MeterGiven, SealGiven


def admit(
    *, drawn: Drawn, meter: MeterGiven, seals_set: Sequence[SealGiven] = (), is_additional: bool = False
) -> Done:
    """Put a meter into account from the act's day on (ПП РФ 354 п. 81(9)).

    `is_additional`: at a metering point of its own, beside the meters that stand there. Raises ActRefused.
    """
    with transaction.atomic():
        record.hold(drawn)
        model = _judge_new(drawn, meter)
        seals.refuse_new(seals_set)
        device = _device(meter, model)
        _refuse_standing(device, drawn)
        point = _point(drawn, is_additional)
        places = _install(drawn, device, model, meter, point)
        shown = _begin(drawn, places, meter.registers)
        facts = {
            "meter": record.meter_facts(device),
            "new_registers": [one.as_facts() for one in shown],
            "seals": {"set": seals.facts_of(seals_set)},
            "opened": [place.pk for place in places],
            "done": faces.store(drawn, shown, source=ReadingSource.INSTALLATION),
        }
        act = record.write(drawn, ActKind.ADMISSION, facts=facts, meter=device)
        seals.put(device, seals_set, act)
        return _finish(drawn, act, "admission")


def replace(
    *,
    drawn: Drawn,
    meter_id: int,
    last: Sequence[Face],
    meter: MeterGiven,
    seals_set: Sequence[SealGiven] = (),
    confirmed_fall: bool = False,
) -> Done:
    """Put a meter in the place of another on one day: final readings of the one, initial ones of the other.

    The same serial and model again is the same meter counting on with another ratio or in other zones. The seals of
    a meter that is taken down go with it. Raises ActRefused.
    """
    with transaction.atomic():
        record.hold(drawn)
        old, places = record.standing(drawn, meter_id)
        record.refuse_second(drawn, ActKind.REPLACEMENT, old)
        model = _judge_new(drawn, meter)
        seals.refuse_new(seals_set)
        seen = _last_seen(drawn, places, last, confirmed_fall)
        device = _device(meter, model)
        same = device.pk == old.pk
        if not same:
            _refuse_standing(device, drawn)
        _close(places, drawn)
        opened = _install(drawn, device, model, meter, places[0].metering_point)
        shown = _begin(drawn, opened, meter.registers)
        gone = [] if same else seals.intact(old)
        facts = {
            "meter": record.meter_facts(old),
            "new_meter": record.meter_facts(device),
            "registers": [one.as_facts() for one in seen],
            "new_registers": [one.as_facts() for one in shown],
            "seals": {"set": seals.facts_of(seals_set), "removed": seals.facts_of(gone)},
            "closed": [place.pk for place in places],
            "opened": [place.pk for place in opened],
            "done": _both(
                faces.store(drawn, seen, source=ReadingSource.REMOVAL),
                faces.store(drawn, shown, source=ReadingSource.INSTALLATION),
            ),
        }
        act = record.write(drawn, ActKind.REPLACEMENT, facts=facts, meter=old, new_meter=device)
        seals.end(gone, SealState.REMOVED, act)
        seals.put(device, seals_set, act)
        return _finish(drawn, act, "replacement")


def remove(*, drawn: Drawn, meter_id: int, last: Sequence[Face], confirmed_fall: bool = False) -> Done:
    """Take a meter down with its final readings; its seals go with it. Raises ActRefused."""
    with transaction.atomic():
        record.hold(drawn)
        meter, places = record.standing(drawn, meter_id)
        record.refuse_second(drawn, ActKind.REMOVAL, meter)
        seen = _last_seen(drawn, places, last, confirmed_fall)
        _close(places, drawn)
        gone = seals.intact(meter)
        facts = {
            "meter": record.meter_facts(meter),
            "registers": [one.as_facts() for one in seen],
            "seals": {"removed": seals.facts_of(gone)},
            "closed": [place.pk for place in places],
            "done": faces.store(drawn, seen, source=ReadingSource.REMOVAL),
        }
        act = record.write(drawn, ActKind.REMOVAL, facts=facts, meter=meter)
        seals.end(gone, SealState.REMOVED, act)
        return _finish(drawn, act, "removal")


def _judge_new(drawn: Drawn, given: MeterGiven) -> MeterModel:
    """Refuse a meter that cannot be; return its model, made now where it is confirmed to be new."""
    if not given.serial:
        raise ActRefused("no_serial", "serial")
    zones = tuple(sorted(face.zone for face in given.registers))
    if zones not in {tuple(sorted(known)) for known in ZONE_SETS}:
        raise ActRefused("zones_unknown", "zones")
    if given.ratio < 1:
        raise ActRefused("ratio_not_positive", "ratio")
    _judge_verification(drawn.drawn_on, given.verified_on, given.verification_due_on)
    model = MeterModel.objects.filter(name__iexact=given.model).first()
    if model is None:
        if not given.is_new_model:
            raise ActRefused("model_unknown", "model", model=given.model)
        digits = max(face.digits or 6 for face in given.registers)
        model = MeterModel.objects.create(
            name=given.model, zones=len(zones), phases=given.phases, digits=digits
        )
    for face in given.registers:
        faces.refuse_value(face.zone, face.value_wh, face.digits or model.digits, part="new")
    return model


def _judge_verification(day: date, verified_on: date | None, due_on: date | None) -> None:
    if verified_on is not None and verified_on > day:
        raise ActRefused("verified_later", "verified_on")
    if verified_on is not None and due_on is not None and due_on <= verified_on:
        raise ActRefused("due_before_verified", "verification_due_on")


def _device(given: MeterGiven, model: MeterModel) -> Meter:
    """Return the meter, known or new, with the verification the act tells of."""
    device = Meter.objects.filter(serial=given.serial, model=model).select_related("model").first()
    if device is None:
        return Meter.objects.create(
            model=model,
            serial=given.serial,
            verified_on=given.verified_on,
            verification_due_on=given.verification_due_on,
        )
    if given.verified_on and (device.verified_on is None or given.verified_on > device.verified_on):
        device.verified_on, device.verification_due_on = given.verified_on, given.verification_due_on
        device.save(update_fields=["verified_on", "verification_due_on"])
    return device


def _refuse_standing(device: Meter, drawn: Drawn) -> None:
    taken = (
        Installation.objects.filter(meter=device, during__overlap=DateRange(drawn.drawn_on, None))
        .select_related("building__street", "premise")
        .first()
    )
    if taken is not None:
        if (taken.building_id, taken.premise_id) == (drawn.building_id, drawn.premise_id):
            raise ActRefused("stands_here", "serial", serial=device.serial)
        premise = taken.premise
        if premise is not None:
            premise.building = taken.building
        raise ActRefused("stands_elsewhere", "serial", address=(premise or taken.building).address)


def _point(drawn: Drawn, is_additional: bool) -> MeteringPoint:
    """Return the metering point where a meter goes: a free one of the place, else a new one."""
    points = MeteringPoint.objects.filter(record.here(drawn))
    overlapping = Q(installations__during__overlap=DateRange(drawn.drawn_on, None))
    taken = points.filter(overlapping).order_by("pk").first()
    if taken is not None and not is_additional:
        place = taken.installations.filter(during__overlap=DateRange(drawn.drawn_on, None)).first()
        raise ActRefused("point_taken", "serial", serial=place.meter.serial if place else "")
    free = points.exclude(overlapping).order_by("pk").first()
    if free is not None:
        return free
    supply = SupplyPoint.objects.filter(record.here(drawn)).first() or SupplyPoint.objects.create(
        building_id=drawn.building_id, premise_id=drawn.premise_id
    )
    role = PointRole.BUILDING if drawn.premise_id is None else PointRole.INDIVIDUAL
    return MeteringPoint.objects.create(
        supply_point=supply, building_id=drawn.building_id, premise_id=drawn.premise_id, role=role
    )


def _install(
    drawn: Drawn, device: Meter, model: MeterModel, given: MeterGiven, point: MeteringPoint
) -> list[Installation]:
    """Put the registers of a meter in their place from the act's day on."""
    places = []
    for face in sorted(given.registers, key=lambda face: face.zone):
        digits = face.digits or model.digits
        register, _made = Register.objects.get_or_create(meter=device, zone=face.zone, digits=digits)
        places.append(
            Installation(
                register=register,
                meter=device,
                metering_point=point,
                building_id=drawn.building_id,
                premise_id=drawn.premise_id,
                role=point.role,
                zone=face.zone,
                digits=digits,
                ratio=given.ratio,
                during=DateRange(drawn.drawn_on, None),
            )
        )
    try:
        with transaction.atomic():
            return Installation.objects.bulk_create(places)
    except IntegrityError as clash:
        # two acts about one meter in two buildings at once: the database keeps the promise
        raise ActRefused("overlaps", "serial", serial=device.serial) from clash


def _begin(drawn: Drawn, places: Iterable[Installation], registers: Sequence[Face]) -> list[faces.Seen]:
    paired = faces.by_zone(places, registers)
    return faces.look(drawn, paired, source=ReadingSource.INSTALLATION, confirmed_fall=False)


def _last_seen(
    drawn: Drawn, places: list[Installation], last: Sequence[Face], confirmed_fall: bool
) -> list[faces.Seen]:
    if any(place.during.lower == drawn.drawn_on for place in places):
        raise ActRefused("put_in_today", "drawn_on")
    if any(place.during.upper is not None for place in places):
        raise ActRefused("goes_already", "drawn_on", day=places[0].during.upper)
    return faces.look(
        drawn,
        faces.by_zone(places, last),
        source=ReadingSource.REMOVAL,
        confirmed_fall=confirmed_fall,
        is_last=True,
    )


def _close(places: Iterable[Installation], drawn: Drawn) -> None:
    for place in places:
        place.during = DateRange(place.during.lower, drawn.drawn_on)
        place.save(update_fields=["during"])


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {key: one[key] + other[key] for key in one}


def first_month(act: Act) -> Month:
    """The first month an act about a meter changes: one taken down on a first day was read for the month before."""
    return Month.of(act.drawn_on - timedelta(days=1) if act.facts.get("closed") else act.drawn_on)


def _finish(drawn: Drawn, act: Act, what: str) -> Done:
    """Bring along what follows: the search, the months to be rated again, violations that end."""
    if drawn.premise_id is not None:
        refresh_premise(premise_id=drawn.premise_id, on=drawn.today)
    note = f"act {act.number}: {what}"
    waiting = violations.note_months(drawn, RecalculationCause.DEVICE, note, first=first_month(act))
    waiting += violations.follow(drawn)
    return Done(act_id=act.pk, number=act.number, months_waiting=waiting)
