"""Meters of a scenario in the database: what hangs from the beginning, and what is entered month by month."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from functools import partial

from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.metering.models import (
    Installation,
    Meter,
    MeteringPoint,
    MeterModel,
    PointRole,
    Reading,
    ReadingSource,
    ReadingStatus,
    Register,
    SupplyPoint,
)
from abonent.contexts.places.models import Building, Premise
from abonent.kernel import periods
from abonent.kernel.periods import Month
from abonent.usecases.scenario_check import model
from abonent.usecases.scenario_check.news import METERS, READINGS, REMOVALS, News


def hang(
    meters: tuple[model.Meter, ...], building: Building, premise: Premise | None, names: dict[int, str]
) -> Iterator[News]:
    """Hang meters; those that follow one another hang on one metering point, those at the same time on several."""
    points: list[tuple[MeteringPoint, periods.DateRange]] = []
    for meter in meters:
        point = next((point for point, during in points if not during.overlaps(meter.during)), None)
        if point is None:
            supply = SupplyPoint.objects.create(building=building, premise=premise)
            role = PointRole.BUILDING if premise is None else PointRole.INDIVIDUAL
            point = MeteringPoint.objects.create(
                supply_point=supply, building=building, premise=premise, role=role
            )
        points = [(old, during) for old, during in points if old != point] + [(point, meter.during)]
        yield from _Hanging(meter, point, names).news()


class _Hanging:
    """A meter in its place: its installations, once it hangs there."""

    def __init__(self, meter: model.Meter, point: MeteringPoint, names: dict[int, str]) -> None:
        self.meter, self.point, self.names = meter, point, names
        self.installations: dict[int, Installation] = {}

    def news(self) -> Iterator[News]:
        late = self.meter.came_known_in
        if late is None:
            self.install()
        else:
            yield self._news(
                late, METERS, lambda at: self.install(), Month.of(self.meter.during.start), device=True
            )
        if self.meter.went_known_in and self.meter.during.end:
            went_in = Month.of(self.meter.during.end)
            yield self._news(
                self.meter.went_known_in, REMOVALS, lambda at: self.remove(), went_in, device=True
            )
        for reading in self.meter.readings:
            taken_in = Month.of(reading.on)
            due = max(reading.known_in or taken_in, late or taken_in)
            yield self._news(due, READINGS, partial(self.read, reading), taken_in if due > taken_in else None)
            if reading.annulled_in:
                yield self._news(reading.annulled_in, REMOVALS, partial(self.annul, reading), taken_in)

    def install(self) -> None:
        meter = self.meter
        meter_model, _ = MeterModel.objects.get_or_create(
            name=f"{len(meter.zones)} zones, {meter.digits} digits",
            defaults={"zones": len(meter.zones), "digits": meter.digits},
        )
        device = Meter.objects.create(model=meter_model, serial=meter.number)
        ends = None if meter.went_known_in else meter.during.end
        for zone in meter.zones:
            made = Installation.objects.create(
                register=Register.objects.create(meter=device, zone=zone, digits=meter.digits),
                meter=device,
                metering_point=self.point,
                building=self.point.building,
                premise=self.point.premise,
                role=self.point.role,
                zone=zone,
                digits=meter.digits,
                ratio=meter.ratio,
                during=DateRange(meter.during.start, ends),
            )
            self.installations[zone] = made
            self.names[made.pk] = f"{meter.number} {model.ZONE_NAMES[zone]}"

    def remove(self) -> None:
        for installation in self.installations.values():
            installation.during = DateRange(self.meter.during.start, self.meter.during.end)
            installation.save()

    def read(self, reading: model.MeterReading, at: datetime) -> None:
        for zone, installation in self.installations.items():
            standing = Reading.objects.filter(
                installation=installation, taken_on=reading.on, status=ReadingStatus.ACCEPTED
            )
            # what was assumed for that day gives way to what was read
            standing.filter(source=ReadingSource.ESTIMATE).update(status=ReadingStatus.ANNULLED, judged_at=at)
            Reading.objects.create(
                installation=installation,
                building=self.point.building,
                taken_on=reading.on,
                value_wh=reading.values_wh[zone],
                source=reading.source,
                entered_at=max(at, datetime.combine(reading.on, time(12), UTC)),
            )

    def annul(self, reading: model.MeterReading, at: datetime) -> None:
        Reading.objects.filter(
            installation__in=self.installations.values(),
            taken_on=reading.on,
            status=ReadingStatus.ACCEPTED,
        ).update(status=ReadingStatus.ANNULLED, judged_at=at)

    def _news(
        self,
        due: Month,
        order: int,
        enter: Callable[[datetime], None],
        first: Month | None,
        *,
        device: bool = False,
    ) -> News:
        return News(
            due,
            order,
            enter,
            building_id=self.point.building_id,
            premise_id=self.point.premise_id,
            first=first,
            cause=RecalculationCause.DEVICE if device else RecalculationCause.READING,
        )
