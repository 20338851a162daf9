"""What a building is made of, and what the law says about it in figures. Wh, dm², 1e-5 roubles per kWh."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.oracle.ru_month.arithmetic import Span

(
    METERED, AVERAGE, NORM, UPLIFT, COMMON_METERED, COMMON_NORM, NEGATIVE, SPREAD, ABSENT, UNAUTHORISED, COMMUNAL,
    EXECUTOR, EXECUTOR_NORM, HOUSING_METERED, HOUSING_NORM, HOUSING_AVERAGE, TRUE_UP, _MANUAL, AGREED, EXCESS,
) = range(1, 21)  # fmt: skip
ACTUAL, INSPECTOR, ESTIMATE, INSTALLATION, REMOVAL, HANDOVER = 1, 2, 6, 7, 8, 9
SINGLE = 1
LIVING, NONLIVING, COMMON_PROPERTY, HEATING, SECTION, ROOM = range(1, 7)
NO_METER, REFUSED, TAMPERING, UNKNOWN_POWER = 1, 2, 3, 4
RANGES, SOCIAL_NORM = 1, 2
NOBODY, CONSUMERS, BY_EXECUTOR, HOUSING = range(4)
BY_READINGS, BY_NORM, BY_AVERAGE = 1, 2, 3


@dataclass(frozen=True)
class Terms:
    """`cause`: why a norm is increased; from REFUSED on the meter is left out of account on these days."""

    span: Span
    group: int
    area_dm2: int
    rooms: int
    residents: int
    owners: int = 1
    cause: int = 0
    room_meters_agreed: bool = False
    agreed_wh: int = 0

    @property
    def people(self) -> int:
        """Residents, or owners where nobody is registered (п. 56(2))."""
        return self.residents or self.owners

    @property
    def metering_disregarded(self) -> bool:
        return self.cause >= REFUSED


@dataclass(frozen=True)
class Register:
    """`readings`: day → (face in Wh at its end, source)."""

    id: int
    zone: int
    digits: int
    ratio: int
    span: Span
    readings: dict[date, tuple[int, int]]


@dataclass(frozen=True)
class Payer:
    account: int
    span: Span
    share: Fraction = Fraction(1)


@dataclass(frozen=True)
class Absence:
    people: int
    left_on: date
    returned_on: date


@dataclass(frozen=True)
class Equipment:
    """What was connected past the meter: its power, from when to when."""

    power_w: int
    span: Span


@dataclass(frozen=True)
class Premise:
    """`payers`: who pays on which days; a section, or a shop with a contract of its own, has none."""

    id: int
    payers: list[Payer]
    terms: list[Terms]
    registers: list[Register]
    kind: int = LIVING
    parent: int = 0
    absences: list[Absence] = field(default_factory=list)
    equipment: list[Equipment] = field(default_factory=list)

    @property
    def lived_in(self) -> bool:
        return self.kind in (LIVING, ROOM)


@dataclass(frozen=True)
class Price:
    id: int
    group: int
    zone: int
    price_e5: int
    span: Span
    band: int = 1


@dataclass(frozen=True)
class Group:
    """A tariff group: its column of the norms and what splits its consumption into bands."""

    norm_category: int
    banding: int = 0
    band_category: int = 1


@dataclass(frozen=True)
class Law:
    """The figures in force: norms by (category, rooms, people) and the rest, Wh and thousandths."""

    norms: dict[tuple[int, int, int], int]
    common_norms: dict[int, int]
    uplifts: dict[int, int]
    average_window: int
    average_least: int
    average_most: int | None
    building_average_most: int | None
    rollover_wh_per_day: int
    negative_percent: int
    ranges: dict[int, tuple[int, int]]
    social_norms: dict[int, int]
    absent_more_than_days: int

    def norm_wh(self, category: int, rooms: int, people: int) -> int:
        """The table's last row stands for more rooms, and for more people."""
        most_rooms = max(row[1] for row in self.norms if row[0] == category)
        rooms = min(rooms, most_rooms)
        most_people = max(row[2] for row in self.norms if row[:2] == (category, rooms))
        return self.norms[category, rooms, min(people, most_people)]

    def social_norm_wh(self, people: int) -> int:
        """Return the norm of a household; the last row is for more people."""
        return people * self.social_norms[min(people, max(self.social_norms))]


@dataclass(frozen=True)
class PastYear:
    """The year before: what there was to share out by the building meter, the caps, and what was charged for it."""

    months: int
    common_wh: int
    cap_wh: int
    charged_wh: int


@dataclass(frozen=True)
class Building:
    """`carried_in_wh`: the executor's deficit so far; `true_up`: the past year is settled in this month."""

    month: Span
    premises: list[Premise]
    prices: list[Price]
    groups: dict[int, Group]
    meter: list[Register]
    premises_area_dm2: int
    common_area_dm2: int
    common_norm_category: int
    common_needs: int
    excess_to_consumers: bool
    basis: int = BY_READINGS
    carried_in_wh: int = 0
    past_year: PastYear | None = None
    true_up: bool = False
