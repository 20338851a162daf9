"""Common needs of a building (ПП РФ 354 п. 40–48, app. 2 formulas 10, 12, 15; ПП РФ 124 п. 21(1); ПП РФ 491 п. 29)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.oracle.ru_month import usage
from tests.oracle.ru_month.arithmetic import common, days, nearest, share_out
from tests.oracle.ru_month.lines import Energy, Priced, Stretch, priced, stretches
from tests.oracle.ru_month.premises import standing
from tests.oracle.ru_month.town import (
    AVERAGE,
    BY_AVERAGE,
    BY_EXECUTOR,
    BY_READINGS,
    COMMON_METERED,
    COMMON_NORM,
    COMMON_PROPERTY,
    CONSUMERS,
    EXCESS,
    EXECUTOR,
    EXECUTOR_NORM,
    HOUSING,
    HOUSING_AVERAGE,
    HOUSING_METERED,
    HOUSING_NORM,
    NEGATIVE,
    SINGLE,
    TRUE_UP,
    Building,
    Law,
    PastYear,
)

BY_METER, WITHOUT_METER, METER_BY_AVERAGE = 1, 2, 3


@dataclass
class Volumes:
    """What the premises of a building took together, Wh, and by zone of the day where a meter says so."""

    nonliving_wh: int = 0
    norm_wh: int = 0
    metered_wh: int = 0
    heating_wh: int = 0
    by_zone: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    all_zoned: bool = True

    @property
    def together_wh(self) -> int:
        return self.nonliving_wh + self.norm_wh + self.metered_wh + self.heating_wh


@dataclass
class Supply:
    """What the building's own meter counted by zone, and how that is known."""

    method: int
    by_zone: dict[int, int]

    @property
    def wh(self) -> int:
        return sum(self.by_zone.values())


@dataclass
class Outcome:
    lines: list[Priced] = field(default_factory=list)
    balance: dict[str, int] | None = None
    parked: bool = False


def supply(building: Building, law: Law, booked_until: date) -> Supply:
    """Read the building meter; silent for too long, it is as if there were none (п. 59(1))."""
    found: dict[int, int] = defaultdict(int)
    method = BY_METER
    for register in building.meter:
        for piece in usage.pieces(register, law, building.month, booked_until, law.building_average_most):
            if piece.quantity_wh is None:
                return Supply(WITHOUT_METER, {})
            found[register.zone] += piece.quantity_wh
            method = METER_BY_AVERAGE if piece.rule == AVERAGE else method
    return Supply(method, found) if found else Supply(WITHOUT_METER, {})


def share_common_needs(
    building: Building, law: Law, volumes: Volumes, individual: list[Priced], booked_until: date
) -> Outcome:
    made = Outcome()
    supplied = supply(building, law, booked_until)
    cap_wh = nearest(
        Fraction(law.common_norms[building.common_norm_category] * building.common_area_dm2, 100)
    )
    metered = supplied.method != WITHOUT_METER
    rest_wh = supplied.wh - volumes.together_wh if metered else cap_wh
    negative_wh = max(0, -rest_wh)
    if metered and negative_wh * 100 > supplied.wh * law.negative_percent:
        made.parked = True
        return made
    balance = {
        "method": supplied.method,
        "supplied_wh": supplied.wh,
        "nonliving_wh": volumes.nonliving_wh,
        "norm_wh": volumes.norm_wh,
        "metered_wh": volumes.metered_wh,
        "heating_wh": volumes.heating_wh,
        "common_wh": rest_wh,
        "cap_wh": cap_wh,
        "area_dm2": building.premises_area_dm2,
    }
    made.balance = balance
    if building.common_needs == BY_EXECUTOR:
        _executor(building, metered, rest_wh, volumes, supplied, made)
        return made
    everywhere = _sharing(building)
    by_readings = building.common_needs == CONSUMERS or building.basis == BY_READINGS
    year = None if by_readings else building.past_year
    if building.basis == BY_AVERAGE and year:
        average_wh = max(0, nearest(Fraction(year.common_wh, year.months)))
        distributed_wh = average_wh if building.excess_to_consumers else min(average_wh, cap_wh)
        rule = HOUSING_AVERAGE
    elif not by_readings:
        rule, distributed_wh = HOUSING_NORM, cap_wh
    else:
        capped_wh = rest_wh if building.excess_to_consumers else min(rest_wh, cap_wh)
        distributed_wh = max(0, capped_wh)
        if building.common_needs == HOUSING:
            rule = HOUSING_METERED if metered else HOUSING_NORM
        else:
            rule = COMMON_METERED if metered else COMMON_NORM
    shared_wh = _by_area(building, rule, distributed_wh, everywhere, volumes, supplied, made)
    returned_wh = 0
    if building.common_needs == CONSUMERS:
        returned_wh = _returns(negative_wh, individual, building, made)
    if year and building.true_up:
        true_up_wh = _true_up_wh(building, year)
        balance["true_up_wh"] = true_up_wh
        _by_area(building, TRUE_UP, true_up_wh, everywhere, volumes, supplied, made)
    excess_wh = max(0, rest_wh) - distributed_wh if by_readings else 0
    _to_executor(building, EXCESS, excess_wh, _left_by_zone(volumes, supplied), made)
    balance |= {
        "distributed_wh": distributed_wh,
        "unassigned_wh": distributed_wh - shared_wh,
        "executor_wh": excess_wh,
        "negative_wh": negative_wh,
        "unreturned_wh": negative_wh - returned_wh,
    }
    return made


def _true_up_wh(building: Building, year: PastYear) -> int:
    """Return what was charged too little (or too much, below zero) in the year by the building meter, п. 44 kept to."""
    by_meter_wh = max(0, year.common_wh)
    return (by_meter_wh if building.excess_to_consumers else min(by_meter_wh, year.cap_wh)) - year.charged_wh


def _executor(
    building: Building, metered: bool, rest_wh: int, volumes: Volumes, supplied: Supply, made: Outcome
) -> None:
    """The executor owes what is left, less what the months before were short of (ПП РФ 124 п. 21(1))."""
    due_wh = rest_wh - building.carried_in_wh if metered else rest_wh
    carried_wh = max(0, -due_wh) if metered else building.carried_in_wh
    assert made.balance is not None
    made.balance |= {
        "carried_in_wh": building.carried_in_wh,
        "carried_wh": carried_wh,
        "executor_wh": max(0, due_wh),
    }
    rule = EXECUTOR if metered else EXECUTOR_NORM
    _to_executor(building, rule, max(0, due_wh), _left_by_zone(volumes, supplied), made)


def _to_executor(building: Building, rule: int, wh: int, left: dict[int, int], made: Outcome) -> None:
    for premise in building.premises:
        if premise.kind == COMMON_PROPERTY:
            lived = stretches(building.month, premise)
            for stretch, part in zip(lived, share_out(wh, [days(one.span) for one in lived]), strict=True):
                made.lines += _in_zones(building, rule, stretch, part, left or {SINGLE: 1})


def _sharing(building: Building) -> list[Stretch]:
    """Return the stretches of all premises that answer for a part of S_об."""
    return [
        stretch
        for premise in building.premises
        if premise.kind != COMMON_PROPERTY
        for stretch in stretches(building.month, premise)
    ]


def _by_area(
    building: Building,
    rule: int,
    total_wh: int,
    everywhere: list[Stretch],
    volumes: Volumes,
    supplied: Supply,
    made: Outcome,
) -> int:
    """Share out by area and days (S_i ÷ S_об); what falls on the rest of S_об is nobody's."""
    weights = [stretch.terms.area_dm2 * days(stretch.span) for stretch in everywhere]
    rest = building.premises_area_dm2 * days(building.month) - sum(weights)
    shares = share_out(total_wh, [rest, *weights])[1:]  # where remainders are equal, nobody pays first
    left = _left_by_zone(volumes, supplied)
    for stretch, share in zip(everywhere, shares, strict=True):
        same = left and _zones(building, stretch) == sorted(left)
        made.lines += _in_zones(building, rule, stretch, share, left if same else {SINGLE: 1})
    return sum(shares)


def _left_by_zone(volumes: Volumes, supplied: Supply) -> dict[int, int]:
    """Return in which ratio common needs fall on the zones of the building's meter.

    Zone by zone where everybody counts in them and no zone is short, else as that meter counted (the law is silent).
    """
    left = {zone: wh - volumes.by_zone[zone] for zone, wh in supplied.by_zone.items()}
    return left if volumes.all_zoned and min(left.values(), default=0) >= 0 else supplied.by_zone


def _in_zones(
    building: Building, rule: int, stretch: Stretch, wh: int, ratio: dict[int, int]
) -> list[Priced]:
    zones = sorted(ratio)
    return [
        line
        for zone, part in zip(zones, share_out(wh, [ratio[zone] for zone in zones]), strict=True)
        for line in priced(building, Energy(stretch, rule, zone, stretch.span, part))
    ]


def _zones(building: Building, stretch: Stretch) -> list[int]:
    """Return the zones a premise is billed by; none where its metering is left out of account all the month."""
    premise = next(premise for premise in building.premises if premise.id == stretch.premise)
    if all(one.terms.metering_disregarded for one in stretches(building.month, premise)):
        return []
    return sorted({register.zone for register in standing(building, premise)} - {SINGLE})


def _returns(negative_wh: int, individual: list[Priced], building: Building, made: Outcome) -> int:
    """Give a negative balance back by residents (п. 47, 56(2)), never more than was used, at the prices of that."""
    person_days: dict[int, int] = defaultdict(int)
    used: dict[int, list[Priced]] = defaultdict(list)
    for premise in building.premises:
        if premise.lived_in:
            for stretch in stretches(building.month, premise):
                person_days[stretch.household] += stretch.terms.people * days(stretch.span)
    for line in individual:
        used[line.stretch.household].append(line)
    whom = sorted(person_days)
    returned_wh = 0
    for household, share in zip(
        whom, share_out(negative_wh, [person_days[one] for one in whom]), strict=True
    ):
        lines = sorted(used[household], key=lambda line: (line.span, line.zone, line.price.id))
        back = min(share, max(0, sum(line.quantity_wh for line in lines)))
        returned_wh += back
        parts = share_out(back, [max(0, line.quantity_wh) for line in lines])
        for line, part in zip(lines, parts, strict=True):
            made.lines.append(Priced(line.stretch, NEGATIVE, line.zone, line.span, -part, line.price))
    return returned_wh


def all_count_in(building: Building, zones: list[int]) -> bool:
    """Tell whether every meter of a premise counts in these zones."""
    return all(
        register.zone in zones
        for premise in building.premises
        for register in premise.registers
        if common(register.span, building.month)
    )
