"""What is asked about meters and readings."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet

from abonent.contexts.metering.models import (
    Installation,
    Meter,
    Reading,
    ReadingSource,
    ReadingStatus,
    Zone,
)


@dataclass(frozen=True, kw_only=True)
class ReadingTaken:
    """A reading as shown on screens."""

    taken_on: date
    value_wh: int
    source: str


@dataclass(frozen=True, kw_only=True)
class RegisterInPlace:
    """A register of a meter while it stands in its place, with its last accepted readings, newest first."""

    installation_id: int
    zone: int
    zone_name: str
    digits: int
    ratio: int
    begins_on: date
    ends_on: date | None
    readings: list[ReadingTaken]

    @property
    def last(self) -> ReadingTaken | None:
        return self.readings[0] if self.readings else None

    @property
    def usage_wh(self) -> int | None:
        """Energy between the last two readings, when the register did not roll over."""
        if len(self.readings) < 2 or self.readings[0].value_wh < self.readings[1].value_wh:
            return None
        return (self.readings[0].value_wh - self.readings[1].value_wh) * self.ratio


@dataclass(frozen=True, kw_only=True)
class MeterInPlace:
    """A meter with the registers that stand, or stood, in one place."""

    meter_id: int
    serial: str
    model: str
    phases: int
    verified_on: date | None
    verification_due_on: date | None
    is_in_place: bool
    verification_is_overdue: bool
    registers: list[RegisterInPlace] = field(default_factory=list)


def meters_of_premise(*, premise_id: int, on: date) -> list[MeterInPlace]:
    """Return the meters of a premise, those in place first."""
    return _meters(Installation.objects.filter(premise_id=premise_id), on=on)


def meters_of_building(*, building_id: int, on: date) -> list[MeterInPlace]:
    """Return the meters that count a whole building."""
    return _meters(Installation.objects.filter(building_id=building_id, premise=None), on=on)


def _meters(installations: QuerySet[Installation], *, on: date) -> list[MeterInPlace]:
    # an act annulled leaves a register without a day in its place
    ever = installations.filter(during__isempty=False)
    every = list(ever.select_related("meter__model").order_by("meter_id", "zone"))
    # a meter that counts on with another ratio or in other zones is shown as it is now
    newest: dict[int, date] = {}
    for one in every:
        newest[one.meter_id] = max(one.during.lower, newest.get(one.meter_id, one.during.lower))
    found = [one for one in every if one.during.lower == newest[one.meter_id]]
    last = _last_readings([one.pk for one in found])
    meters: dict[int, MeterInPlace] = {}
    for one in found:
        meter = one.meter
        card = meters.setdefault(
            meter.pk,
            MeterInPlace(
                meter_id=meter.pk,
                serial=meter.serial,
                model=meter.model.name,
                phases=meter.model.phases,
                verified_on=meter.verified_on,
                verification_due_on=meter.verification_due_on,
                is_in_place=_in_place(one, on),
                verification_is_overdue=bool(meter.verification_due_on and meter.verification_due_on < on),
            ),
        )
        card.registers.append(
            RegisterInPlace(
                installation_id=one.pk,
                zone=one.zone,
                zone_name=str(Zone(one.zone).label),
                digits=one.digits,
                ratio=one.ratio,
                begins_on=one.during.lower,
                ends_on=one.during.upper,
                readings=last.get(one.pk, []),
            )
        )
    return sorted(
        meters.values(), key=lambda card: (not card.is_in_place, -card.registers[0].begins_on.toordinal())
    )


def _in_place(installation: Installation, on: date) -> bool:
    during = installation.during
    return during.lower <= on and (during.upper is None or on < during.upper)


def _last_readings(installation_ids: list[int]) -> dict[int, list[ReadingTaken]]:
    """Two newest accepted readings of each register; one indexed look for each."""
    last = {}
    for installation_id in installation_ids:
        rows = Reading.objects.filter(installation_id=installation_id, status=ReadingStatus.ACCEPTED)
        last[installation_id] = [
            ReadingTaken(
                taken_on=row["taken_on"],
                value_wh=row["value_wh"],
                source=str(ReadingSource(row["source"]).label),
            )
            for row in rows.order_by("-taken_on").values("taken_on", "value_wh", "source")[:2]
        ]
    return last


def readings_of_premise(*, premise_id: int) -> QuerySet[Reading, dict[str, Any]]:
    """Rows of the history of readings of a premise's registers, of every status."""
    installations = Installation.objects.filter(premise_id=premise_id)
    return (
        Reading.objects.filter(installation_id__in=list(installations.values_list("id", flat=True)))
        .annotate(
            zone=F("installation__zone"),
            serial=F("installation__meter__serial"),
            meter_id=F("installation__meter_id"),
        )
        .values(
            "id",
            "taken_on",
            "installation_id",
            "value_wh",
            "source",
            "status",
            "entered_at",
            "author_id",
            "run_id",
            "file_id",
            "meter_id",
            "reason",
            "zone",
            "serial",
        )
    )


def actual_readings(*, installation_ids: list[int], taken_on: date) -> list[Reading]:
    """Return what registers are known to have shown on a day, estimates left out."""
    rows = Reading.objects.filter(
        installation_id__in=installation_ids, taken_on=taken_on, status=ReadingStatus.ACCEPTED
    )
    return list(rows.exclude(source=ReadingSource.ESTIMATE))


@dataclass(frozen=True, kw_only=True)
class MeterFound:
    serial: str
    premise_id: int | None
    building_id: int


def meters_by_serial(*, prefix: str, on: date, limit: int) -> list[MeterFound]:
    """Find meters now in place by the beginning of their serial number."""
    # unordered: the index that finds a beginning does not sort, and another would be walked from end to end
    meters = list(
        Meter.objects.filter(serial=prefix) or Meter.objects.filter(serial__startswith=prefix)[:limit]
    )
    places = Installation.objects.filter(Q(during__contains=on), meter__in=meters).select_related("meter")
    found = {
        one.meter_id: MeterFound(
            serial=one.meter.serial, premise_id=one.premise_id, building_id=one.building_id
        )
        for one in places
    }
    return [found[meter.pk] for meter in meters if meter.pk in found]


def serials_of(installation_ids: list[int]) -> dict[int, str]:
    """Return the meters' serial numbers by installation."""
    rows = Installation.objects.filter(id__in=installation_ids)
    return dict(rows.values_list("id", "meter__serial"))


def serials_of_premise(*, premise_id: int, on: date) -> list[str]:
    """Return the serial numbers of the meters that stand in a premise on a day."""
    rows = Installation.objects.filter(premise_id=premise_id, during__contains=on)
    return sorted(set(rows.values_list("meter__serial", flat=True)))
