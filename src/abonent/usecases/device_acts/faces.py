"""Readings an act brings: judged, stored, those of lesser weight set aside; and taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from abonent.contexts.metering.models import Installation, Reading, ReadingSource, ReadingStatus
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.kernel.periods import Month
from abonent.usecases.device_acts.given import ActRefused, Drawn, Face

# What was read at an act stands; a handover parts two accounts. The rest gives way to an act of the same day.
_STANDS = {
    ReadingSource.INSTALLATION: {ReadingSource.INSTALLATION, ReadingSource.REMOVAL, ReadingSource.HANDOVER},
    ReadingSource.REMOVAL: {ReadingSource.INSTALLATION, ReadingSource.REMOVAL, ReadingSource.HANDOVER},
    ReadingSource.INSPECTOR: {
        ReadingSource.INSPECTOR,
        ReadingSource.INSTALLATION,
        ReadingSource.REMOVAL,
        ReadingSource.HANDOVER,
    },
}


@dataclass(frozen=True)
class Seen:
    """A register with what it shows at the act and showed before."""

    place: Installation
    value_wh: int
    previous_on: date | None
    previous_wh: int | None
    same_day: tuple[Reading, ...]

    def as_facts(self) -> dict[str, Any]:
        place = self.place
        return {
            "installation_id": place.pk,
            "zone": place.zone,
            "digits": place.digits,
            "ratio": place.ratio,
            "value_wh": self.value_wh,
            "previous_on": self.previous_on.isoformat() if self.previous_on else None,
            "previous_wh": self.previous_wh,
        }


def by_zone(places: Iterable[Installation], faces: Sequence[Face]) -> list[tuple[Installation, int]]:
    """Pair registers with what they show. Raises ActRefused unless there is one value for each."""
    values = {face.zone: face.value_wh for face in faces}
    paired = [(place, values[place.zone]) for place in places if place.zone in values]
    if len(paired) != len(values) or len(values) != len(list(places)):
        raise ActRefused("not_every_register", "readings")
    return paired


def capacity_wh(digits: int) -> int:
    return 10**digits * 1000


def refuse_value(zone: int, value_wh: int, digits: int, *, part: str) -> None:
    """Refuse what a register of so many digits cannot show; `part` names the side of the form, "old" or "new"."""
    if value_wh < 0:
        raise ActRefused("negative", f"{part}_{zone}")
    if value_wh >= capacity_wh(digits):
        raise ActRefused("above_capacity", f"{part}_{zone}", digits=digits)


def look(
    drawn: Drawn,
    paired: Iterable[tuple[Installation, int]],
    *,
    source: ReadingSource,
    confirmed_fall: bool,
    is_last: bool = False,
) -> list[Seen]:
    """Judge what registers show on the act's day. `is_last`: nothing may have been read later. Raises ActRefused."""
    return [_seen(drawn, place, value, source, confirmed_fall, is_last) for place, value in paired]


def _seen(
    drawn: Drawn,
    place: Installation,
    value_wh: int,
    source: ReadingSource,
    confirmed_fall: bool,
    is_last: bool,
) -> Seen:
    day, field = drawn.drawn_on, f"old_{place.zone}"
    refuse_value(place.zone, value_wh, place.digits, part="old")
    readings = list(
        Reading.objects.filter(installation=place, status=ReadingStatus.ACCEPTED)
        .exclude(source=ReadingSource.ESTIMATE)
        .order_by("taken_on")
    )
    same_day = tuple(one for one in readings if one.taken_on == day)
    if any(one.source in _STANDS[source] for one in same_day):
        raise ActRefused("second_for_day", "drawn_on", day=day)
    before = max((one for one in readings if one.taken_on < day), key=lambda one: one.taken_on, default=None)
    after = min((one for one in readings if one.taken_on > day), key=lambda one: one.taken_on, default=None)
    if is_last and after is not None:
        raise ActRefused("read_later", "drawn_on", next_on=after.taken_on)
    if before is not None and value_wh < before.value_wh and not confirmed_fall:
        raise ActRefused("below_previous", field, previous_on=before.taken_on, previous_wh=before.value_wh)
    if after is not None and value_wh > after.value_wh and not confirmed_fall:
        raise ActRefused("above_next", field, next_on=after.taken_on, next_wh=after.value_wh)
    return Seen(
        place,
        value_wh,
        before.taken_on if before else None,
        before.value_wh if before else None,
        same_day,
    )


def store(drawn: Drawn, seen: Sequence[Seen], *, source: ReadingSource) -> dict[str, Any]:
    """Store what was seen; readings of the day that give way and estimates of the days after are set aside.

    Returns what taking it back needs.
    """
    month = Month.of(drawn.drawn_on)
    ensure_reading_partitions(first=month, last=month)
    given_way = [(one.id, one.taken_on) for each in seen for one in each.same_day]
    set_aside(given_way, drawn, "an act outranks it")
    estimates = Reading.objects.filter(
        installation_id__in=[each.place.pk for each in seen],
        taken_on__gte=drawn.drawn_on,
        source=ReadingSource.ESTIMATE,
        status=ReadingStatus.ACCEPTED,
    )
    if source != ReadingSource.REMOVAL:
        estimates = estimates.filter(taken_on__lte=month.last_day)
    estimates.update(status=ReadingStatus.ANNULLED, judged_at=drawn.at, reason="an actual reading came in")
    ids = []
    with connection.cursor() as cursor:
        for each in seen:
            cursor.execute(
                """INSERT INTO metering_reading (installation_id, building_id, taken_on, value_wh, source, status,
                       entered_at, author_id, reason) VALUES (%s, %s, %s, %s, %s, 1, %s, %s, '') RETURNING id""",
                [
                    each.place.pk,
                    each.place.building_id,
                    drawn.drawn_on,
                    each.value_wh,
                    int(source),
                    drawn.at,
                    drawn.actor_id,
                ],
            )
            ids.append(int(cursor.fetchone()[0]))
    return {
        "readings": [[id, drawn.drawn_on.isoformat()] for id in ids],
        "set_aside": [[id, day.isoformat()] for id, day in given_way],
    }


def set_aside(readings: Iterable[tuple[int, date]], drawn: Drawn, reason: str) -> None:
    for id, day in readings:
        Reading.objects.filter(id=id, taken_on=day).update(
            status=ReadingStatus.ANNULLED, judged_at=drawn.at, reason=reason
        )


def take_back(stored: Mapping[str, Any], drawn: Drawn, reason: str) -> None:
    """Annul what `store` stored and bring back what had given way to it."""
    set_aside(((id, date.fromisoformat(day)) for id, day in stored.get("readings", ())), drawn, reason)
    for id, day in stored.get("set_aside", ()):
        reading = Reading.objects.get(id=id, taken_on=date.fromisoformat(day))
        others = Reading.objects.filter(installation_id=reading.installation_id, taken_on=reading.taken_on)
        # another one may have been taken for the day since
        if not others.filter(status=ReadingStatus.ACCEPTED).exists():
            others.filter(id=id).update(status=ReadingStatus.ACCEPTED, judged_at=drawn.at, reason="")
