"""What a scenario says: a small town, the months to bill, and what is expected of them.

Wh, dm², hundred-thousandths of a rouble and kopecks, as everywhere inside; the file speaks of kWh, m² and roubles.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from abonent.engine.parameters import Parameter
from abonent.kernel.periods import DateRange, Month

SINGLE, DAY, NIGHT, PEAK, SEMI_PEAK, NIGHT_OF_THREE = 1, 21, 22, 31, 32, 33
ZONE_NAMES = {
    SINGLE: "single",
    DAY: "day",
    NIGHT: "night",
    PEAK: "peak",
    SEMI_PEAK: "semi_peak",
    NIGHT_OF_THREE: "night",
}
Facts = Mapping[str, int | str | bool]


@dataclass(frozen=True)
class Change:
    """Facts that hold from a day on; `known_in`: the month in which somebody enters them, None at once."""

    begins_on: date
    facts: Facts
    known_in: Month | None = None


def stretches(changes: tuple[Change, ...], known: Month | None) -> Iterator[tuple[DateRange, dict[str, Any]]]:
    """Yield the days between changes with everything that holds on them, as known in a month; None: in the end."""
    heard_of = [
        change for change in changes if change.known_in is None or known is None or change.known_in <= known
    ]
    facts: dict[str, Any] = {}
    for place, change in enumerate(heard_of):
        facts = {**facts, **change.facts}
        later = heard_of[place + 1 : place + 2]
        yield DateRange(change.begins_on, later[0].begins_on if later else None), facts


@dataclass(frozen=True)
class PriceSpan:
    zone: int
    price_e5: int
    during: DateRange
    band: int = 1
    known_in: Month | None = None


@dataclass(frozen=True)
class Tariff:
    """A tariff group with its prices, the category of its norms and what splits its consumption into bands."""

    name: str
    norm_category: int
    prices: tuple[PriceSpan, ...]
    banding: int = 0
    band_category: int = 1


@dataclass(frozen=True)
class MeterReading:
    """What a meter showed on a day, by zone: Wh on its face; when it was entered, and when annulled."""

    on: date
    source: int
    values_wh: Mapping[int, int]
    known_in: Month | None = None
    annulled_in: Month | None = None


@dataclass(frozen=True)
class Meter:
    """A meter in its place for `during`, with all its readings, those of installation and removal too."""

    number: str
    digits: int
    ratio: int
    during: DateRange
    zones: tuple[int, ...]
    readings: tuple[MeterReading, ...]
    came_known_in: Month | None = None
    went_known_in: Month | None = None


@dataclass(frozen=True)
class Terms:
    during: DateRange
    tariff: str = ""
    area_dm2: int = 0
    rooms: int = 1
    residents: int = 0
    owners: int = 1
    uplift_cause: int = 0
    room_meters_agreed: bool = False
    agreed_wh_per_month: int = 0


@dataclass(frozen=True)
class Holding:
    """An account, the share of the premise it pays for, and the days."""

    name: str
    during: DateRange
    share: Fraction = Fraction(1)


@dataclass(frozen=True)
class Absence:
    people: int
    left_on: date
    returned_on: date
    known_in: Month | None = None


@dataclass(frozen=True)
class Equipment:
    """What was connected past the meter."""

    power_w: int
    during: DateRange
    known_in: Month | None = None


@dataclass(frozen=True)
class Benefit:
    """A holder at an account: what share of the charge is compensated, to how many, within the social norm or not."""

    account: str
    percent: int
    people: int
    within_norm: bool
    during: DateRange
    known_in: Month | None = None


@dataclass(frozen=True)
class Premise:
    """A flat, a shop, or a part of a communal apartment (`parent`: the number of what it is part of)."""

    number: str
    kind: int
    parent: str | None
    accounts: tuple[Holding, ...]
    changes: tuple[Change, ...]
    meters: tuple[Meter, ...]
    absences: tuple[Absence, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    benefits: tuple[Benefit, ...] = ()

    def terms(self, known: Month | None = None) -> tuple[Terms, ...]:
        return tuple(Terms(during=during, **facts) for during, facts in stretches(self.changes, known))


@dataclass(frozen=True)
class BuildingTerms:
    during: DateRange
    premises_area_dm2: int = 0
    common_area_dm2: int = 0
    common_norm_category: int = 1
    common_needs: int = 0
    common_basis: int = 1
    excess_to_consumers: bool = False


@dataclass(frozen=True)
class Building:
    name: str
    apartments: bool
    changes: tuple[Change, ...]
    meters: tuple[Meter, ...]
    premises: tuple[Premise, ...]

    def terms(self, known: Month | None = None) -> tuple[BuildingTerms, ...]:
        return tuple(
            BuildingTerms(during=during, **facts) for during, facts in stretches(self.changes, known)
        )


@dataclass(frozen=True)
class ExpectedLine:
    """The fields a line must have; None leaves one free."""

    service: str | None = None
    method: str | None = None
    zone: str | None = None
    quantity_wh: int | None = None
    price_e5: int | None = None
    amount_minor: int | None = None
    begins_on: date | None = None
    ends_on: date | None = None
    period: Month | None = None


@dataclass(frozen=True)
class Expectation:
    """What one account, or one building, must come to in a month.

    With `booked`, `period` is the month in whose run it was posted, whichever month it belongs to.
    """

    period: Month
    booked: bool = False
    account: str | None = None
    building: str | None = None
    lines: tuple[ExpectedLine, ...] | None = None
    total_minor: int | None = None
    compensation_minor: int | None = None
    exceptions: tuple[str, ...] = ()
    balance: Mapping[str, int | str] | None = None


@dataclass(frozen=True)
class Scenario:
    file: Path
    title: str
    about: str
    source: str
    periods: tuple[Month, ...]
    parameters: tuple[Parameter, ...]
    tariffs: tuple[Tariff, ...]
    buildings: tuple[Building, ...]
    expectations: tuple[Expectation, ...]
