"""What a scenario says: a small town, the months to bill, and what is expected of them.

Wh, dm², hundred-thousandths of a rouble and kopecks, as everywhere inside; the file speaks of kWh, m² and roubles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

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
LONG_AGO = date(2000, 1, 1)
"""Since when things have been as they are, where the file does not say."""


@dataclass(frozen=True)
class PriceSpan:
    zone: int
    price_e5: int
    during: DateRange


@dataclass(frozen=True)
class Tariff:
    """A tariff group with its prices and the category of its norms."""

    name: str
    norm_category: int
    prices: tuple[PriceSpan, ...]


@dataclass(frozen=True)
class MeterReading:
    """What a meter showed on a day, by zone: Wh on its face."""

    on: date
    source: int
    values_wh: Mapping[int, int]


@dataclass(frozen=True)
class Meter:
    """A meter in its place for `during`, with all its readings, those of installation and removal too."""

    number: str
    digits: int
    ratio: int
    during: DateRange
    zones: tuple[int, ...]
    readings: tuple[MeterReading, ...]


@dataclass(frozen=True)
class Terms:
    during: DateRange
    tariff: str
    area_dm2: int
    rooms: int
    residents: int
    owners: int
    uplift_cause: int


@dataclass(frozen=True)
class Premise:
    number: str
    living: bool
    account: str | None
    billed: DateRange
    terms: tuple[Terms, ...]
    meters: tuple[Meter, ...]


@dataclass(frozen=True)
class Building:
    name: str
    apartments: bool
    premises_area_dm2: int
    common_area_dm2: int
    common_norm_category: int
    common_needs: int
    excess_to_consumers: bool
    meters: tuple[Meter, ...]
    premises: tuple[Premise, ...]


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


@dataclass(frozen=True)
class Expectation:
    """What one account, or one building, must come to in a month."""

    period: Month
    account: str | None = None
    building: str | None = None
    lines: tuple[ExpectedLine, ...] | None = None
    total_minor: int | None = None
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
