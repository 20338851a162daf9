"""What happens now and then: violations with their acts, absences, people who came or left; drawn unit by unit.

All of it is rare: a row at a time costs nothing.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abonent.kernel.periods import Month
from abonent.usecases.demo_supplier.cases import UnitCase
from abonent.usecases.demo_supplier.homes import Homes
from abonent.usecases.demo_supplier.town import Sample

Day = np.datetime64
Piece = tuple[Day, Day | None, str, int]
"""From a day to a day, what of a premise's terms is how."""

_DAY = np.timedelta64(1, "D")
# shares of the flats
_REFUSED, _TAMPERED, _UNAUTHORISED, _MOVED = 0.002, 0.0005, 0.0005, 0.025
_ABSENT_OF_BARE = 0.2
REFUSAL, TAMPERING, CONNECTION = 5, 6, 7  # kinds of acts
_OF_REFUSAL, _OF_TAMPERING, _OF_CONNECTION = 2, 3, 4  # causes of a raised norm
_MONTHS_BACK, _CONNECTED_DAYS = 3, 9
_EQUIPMENT = ("электрокотёл", "тепловая завеса", "насос и освещение гаража", "сварочный аппарат")


@dataclass(frozen=True)
class Visit:
    """An act about the meter or the connection of a unit."""

    unit: int
    kind: int
    drawn_on: Day
    facts: dict[str, Any]


@dataclass(frozen=True)
class Occasions:
    """`pieces` of terms by unit; acts to be drawn up; energy taken past the meter and people away.

    `uses`: place of the visit, power, first day, day of the end; `absences`: unit, days of departure and arrival.
    """

    pieces: dict[int, list[Piece]] = field(default_factory=lambda: defaultdict(list))
    visits: list[Visit] = field(default_factory=list)
    uses: list[tuple[int, int, Day, Day]] = field(default_factory=list)
    absences: list[tuple[int, Day, Day]] = field(default_factory=list)


def happen(sample: Sample, draw: np.random.Generator, homes: Homes) -> Occasions:
    """Draw what happens in the history and the period."""
    found, first = Occasions(), _day(sample.opening.next())
    days = int((_day(sample.period) - first) / _DAY)
    metered = homes.ordinary & homes.metered
    luck = draw.random(len(homes.kind))
    when = first + draw.integers(1, max(2, days), len(homes.kind)) * _DAY

    def units(share: float, after: float, case: UnitCase) -> Iterator[tuple[int, Day]]:
        """Yield units by chance, and those of a case in the period, with a day."""
        for unit in np.flatnonzero(metered & (after <= luck) & (luck < after + share)):
            yield int(unit), when[unit]
        for unit in np.flatnonzero(homes.case == case):
            yield int(unit), _day(sample.period) + 17 * _DAY

    for unit, day in units(_REFUSED, 0, UnitCase.ADMISSION_REFUSED):
        _refuse(found, unit, day)
    for unit, day in units(_TAMPERED, _REFUSED, UnitCase.TAMPERING):
        _tamper(found, unit, day, homes.since[unit])
    half = _UNAUTHORISED / 2
    for unit, day in units(half, _REFUSED + _TAMPERED, UnitCase.UNAUTHORISED):
        _connect(found, unit, day, power_w=int(draw.integers(5, 30)) * 100)
    for unit, day in units(half, _REFUSED + _TAMPERED + half, UnitCase.UNAUTHORISED_UNKNOWN):
        _connect(found, unit, day, power_w=None)
    _move(sample, draw, homes, found, first)
    _leave(sample, draw, homes, found, first)
    return found


def _day(month: Month) -> Day:
    return np.datetime64(month.first_day, "D")


def _refuse(found: Occasions, unit: int, day: Day) -> None:
    """Nobody is let in twice: from the month of the second act the norm is charged (ПП РФ 354 п. 60(3))."""
    for number, drawn_on in enumerate((day - 7 * _DAY, day), 1):
        found.visits.append(Visit(unit, REFUSAL, drawn_on, {"refusal_no": number}))
    found.pieces[unit].append((day.astype("M8[M]").astype("M8[D]"), None, "uplift_cause", _OF_REFUSAL))


def _tamper(found: Occasions, unit: int, day: Day, since: Day) -> None:
    """A meter was tampered with: ten norms for three months back, until it is put right (п. 81(11))."""
    back = day.astype("M8[M]") - _MONTHS_BACK
    begins_on = max(since, back.astype("M8[D]") + min((day - day.astype("M8[M]")).astype(int), 27) * _DAY)
    removed_on = day + 3 * _DAY
    facts: dict[str, Any] = {
        "seals": {"broken": []},
        "begins_on": str(begins_on),
        "counted_from": None,
        "removed_on": str(removed_on),
    }
    found.visits.append(Visit(unit, TAMPERING, day, facts))
    found.pieces[unit].append((begins_on, removed_on, "uplift_cause", _OF_TAMPERING))


def _connect(found: Occasions, unit: int, day: Day, *, power_w: int | None) -> None:
    """Energy is taken past the meter: by its power around the clock, or by ten norms (п. 62)."""
    begins_on, removed_on = day - _CONNECTED_DAYS * _DAY, day
    facts = {
        "begins_on": str(begins_on),
        "counted_from": None,
        "power_w": power_w,
        "equipment": _EQUIPMENT[unit % len(_EQUIPMENT)] if power_w else "",
        "connected_on": str(begins_on),
        "removed_on": str(removed_on),
    }
    found.visits.append(Visit(unit, CONNECTION, day, facts))
    if power_w is None:
        found.pieces[unit].append((begins_on, removed_on, "uplift_cause", _OF_CONNECTION))
    else:
        found.uses.append((len(found.visits) - 1, power_w, begins_on, removed_on))


def _move(sample: Sample, draw: np.random.Generator, homes: Homes, found: Occasions, first: Day) -> None:
    """In some flats somebody moves in or out within the history; in one, in the middle of the period."""
    days = int((_day(sample.period) - first) / _DAY)
    for unit in np.flatnonzero(homes.ordinary & (draw.random(len(homes.kind)) < _MOVED)):
        now = abs(int(homes.residents[unit]) + int(draw.choice([-1, 1])))
        found.pieces[int(unit)].append(
            (first + int(draw.integers(1, max(2, days))) * _DAY, None, "residents", now)
        )
    for unit in np.flatnonzero(homes.case == UnitCase.RESIDENTS_CHANGED):
        found.pieces[int(unit)].append((_day(sample.period) + 14 * _DAY, None, "residents", 3))


def _leave(sample: Sample, draw: np.random.Generator, homes: Homes, found: Occasions, first: Day) -> None:
    """Where no meter can be, some are away for a while, and ask for less (п. 86)."""
    bare = homes.ordinary & ~homes.metered & (homes.uplift == 0) & (homes.residents > 0)
    days = int((_day(sample.period.next()) - first) / _DAY) - 40
    for unit in np.flatnonzero(bare & (draw.random(len(bare)) < _ABSENT_OF_BARE)):
        left_on = first + int(draw.integers(0, max(1, days))) * _DAY
        found.absences.append((int(unit), left_on, left_on + int(draw.integers(8, 40)) * _DAY))
    for unit in np.flatnonzero(homes.case == UnitCase.ABSENT):
        found.absences.append((int(unit), _day(sample.period) + 2 * _DAY, _day(sample.period) + 23 * _DAY))
