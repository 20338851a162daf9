"""A month of a building by the law's formulas, in plain Python and fractions: a second calculator for the pack `ru`.

Written from ПП РФ 354 (п. 42, 44, 46, 47, 56(2), 59, 60; app. 2 formulas 1, 4, 4(1), 12, 15),
never from the pack's code. Everything that is shared out goes to the largest remainders, the earlier first.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

METERED, AVERAGE, NORM, UPLIFT, COMMON_METERED, COMMON_NORM, NEGATIVE = range(1, 8)
ACTUAL, ESTIMATE, INSTALLATION, REMOVAL = 1, 6, 7, 8
SINGLE = 1
REFUSED = 2

Span = tuple[date, date]


@dataclass(frozen=True)
class Terms:
    span: Span
    group: int
    area_dm2: int
    rooms: int
    residents: int
    owners: int
    cause: int

    @property
    def people(self) -> int:
        """Residents, or owners where nobody is registered (п. 56(2))."""
        return self.residents or self.owners


@dataclass(frozen=True)
class Register:
    """`readings`: day → (face in Wh, source)."""

    id: int
    zone: int
    digits: int
    ratio: int
    span: Span
    readings: dict[date, tuple[int, int]]


@dataclass(frozen=True)
class Flat:
    """`accounts`: who pays on which days; a non-living premise has none."""

    id: int
    accounts: dict[int, Span]
    terms: list[Terms]
    registers: list[Register]
    living: bool = True


@dataclass(frozen=True)
class Price:
    id: int
    group: int
    zone: int
    price_e5: int
    span: Span


@dataclass(frozen=True)
class Law:
    """The figures in force: norms by (category, rooms, people) and the rest, Wh and thousandths."""

    norms: dict[tuple[int, int, int], int]
    common_norms: dict[int, int]
    uplifts: dict[int, int]
    average_window: int
    average_least: int
    rollover_wh_per_day: int
    negative_percent: int

    def norm_wh(self, category: int, rooms: int, people: int) -> int:
        """The table's last row stands for more rooms, and for more people."""
        most_rooms = max(row[1] for row in self.norms if row[0] == category)
        rooms = min(rooms, most_rooms)
        most_people = max(row[2] for row in self.norms if row[:2] == (category, rooms))
        return self.norms[category, rooms, min(people, most_people)]


@dataclass(frozen=True)
class Building:
    month: Span
    flats: list[Flat]
    prices: list[Price]
    categories: dict[int, int]  # tariff group → column of the norms
    meter: list[Register]
    premises_area_dm2: int
    common_area_dm2: int
    common_norm_category: int
    consumers_pay: bool
    excess_to_consumers: bool


@dataclass(frozen=True)
class Line:
    account: int
    rule: int
    zone: int
    span: Span
    quantity_wh: int
    price_e5: int
    price_id: int

    @property
    def amount_minor(self) -> int:
        return nearest(Fraction(self.quantity_wh, 1000) * Fraction(self.price_e5, 100_000) * 100)


@dataclass
class Bill:
    """`estimates`: what silent registers are taken to show at the end of the month."""

    lines: list[Line] = field(default_factory=list)
    estimates: dict[int, int] = field(default_factory=dict)
    balance: dict[str, int] | None = None
    parked: bool = False


def nearest(exact: Fraction) -> int:
    """Round to the nearest whole number, halves away from zero."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(abs(total) * weight, whole) for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda place: (shares[place] - exact[place], place))
    for place in by_remainder[: abs(total) - sum(shares)]:
        shares[place] += 1
    return shares if total >= 0 else [-share for share in shares]


def common(one: Span, other: Span) -> Span | None:
    span = max(one[0], other[0]), min(one[1], other[1])
    return span if span[0] < span[1] else None


def days(span: Span) -> int:
    return (span[1] - span[0]).days


def months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month


@dataclass(frozen=True)
class Stretch:
    """Days of one account under one set of terms."""

    account: int
    terms: Terms
    span: Span


def stretches(building: Building, flat: Flat) -> list[Stretch]:
    found = []
    for account, served in flat.accounts.items():
        for terms in flat.terms:
            span = common(served, terms.span)
            span = span and common(span, building.month)
            if span:
                found.append(Stretch(account, terms, span))
    return sorted(found, key=lambda stretch: stretch.span)


def priced(
    building: Building, stretch: Stretch, rule: int, zone: int, span: Span, quantity_wh: int
) -> list[Line]:
    """Give a quantity its price; where that changes inside the days, share it out by days."""
    parts = []
    for price in building.prices:
        part = common(price.span, span)
        if (price.group, price.zone) == (stretch.terms.group, zone) and part:
            parts.append((part, price))
    parts.sort(key=lambda part: part[0])
    quantities = share_out(quantity_wh, [days(part) for part, _ in parts])
    return [
        Line(stretch.account, rule, zone, part, quantity, price.price_e5, price.id)
        for (part, price), quantity in zip(parts, quantities, strict=True)
    ]


def counted(register: Register, month: Span, law: Law) -> tuple[int, int] | None:
    """Return rule and usage (Wh after the ratio) of a register in the month; None when not even an average is known."""
    capacity_wh = 10**register.digits * 1000
    inside = {day for day in register.readings if month[0] <= day < month[1]}
    before = [day for day in register.readings if day < month[0]]
    previous = max(before) if before else register.span[0]
    current = max((day for day in inside if day > previous), default=None)
    if current is not None:
        rise = register.readings[current][0] - register.readings[previous][0]
        believable_wh = law.rollover_wh_per_day * days((previous, current))
        if rise < 0 and (register.readings[previous][1] != ESTIMATE or rise + capacity_wh <= believable_wh):
            rise += capacity_wh  # otherwise too much was assumed, and is given back (п. 61)
        return METERED, rise * register.ratio
    actual = sorted(day for day in before if register.readings[day][1] != ESTIMATE)
    last = actual[-1]
    within = [day for day in actual if months_between(day, last) <= law.average_window]
    months = months_between(within[0], last)
    if months < law.average_least:
        return None
    rise = register.readings[last][0] - register.readings[within[0]][0]
    # in whole watt-hours on the face, so that what is assumed now and what is read later add up
    return AVERAGE, nearest(Fraction(rise + (capacity_wh if rise < 0 else 0), months)) * register.ratio


def advanced(register: Register, usage_wh: int) -> int:
    """Return what a register shows once it has counted so much more, in whole watt-hours on its face."""
    last = max(register.readings)
    return (register.readings[last][0] + usage_wh // register.ratio) % (10**register.digits * 1000)


def without_refused(building: Building) -> Building:
    """Forget the meters of whoever refused admission twice: billed by norm whatever they show (п. 60(3))."""
    flats = [
        replace(flat, registers=[])
        if flat.living and any(stretch.terms.cause == REFUSED for stretch in stretches(building, flat))
        else flat
        for flat in building.flats
    ]
    return replace(building, flats=flats)


def bill(building: Building, law: Law) -> Bill:
    building = without_refused(building)
    made = Bill()
    month_days = days(building.month)
    volumes: dict[str, int] = defaultdict(int)
    used_by_zone: dict[int, int] = defaultdict(int)
    individual: dict[int, list[tuple[Stretch, Line]]] = defaultdict(list)
    everywhere: list[Stretch] = []
    zoned: dict[int, bool] = {}
    for flat in building.flats:
        usages = [(register, counted(register, building.month, law)) for register in flat.registers]
        if not flat.living:
            for register, usage in usages:
                assert usage is not None
                volumes["nonliving_wh"] += usage[1]
                used_by_zone[register.zone] += usage[1]
            continue
        lived = stretches(building, flat)
        everywhere += lived
        known = [(register, usage) for register, usage in usages if usage is not None]
        zoned[flat.id] = any(register.zone != SINGLE for register, _ in known)
        for register, (rule, usage_wh) in known:
            volumes["metered_wh"] += usage_wh
            used_by_zone[register.zone] += usage_wh
            if rule == AVERAGE:
                made.estimates[register.id] = advanced(register, usage_wh)
            stood = [(stretch, common(stretch.span, register.span)) for stretch in lived]
            met = [(stretch, span) for stretch, span in stood if span]
            quantities = share_out(usage_wh, [days(span) for _, span in met])
            for (stretch, span), quantity in zip(met, quantities, strict=True):
                for line in priced(building, stretch, rule, register.zone, span, quantity):
                    individual[stretch.account].append((stretch, line))
        if not known:
            norm_before_wh = volumes["norm_wh"]
            for stretch in lived:
                terms = stretch.terms
                norm_wh = law.norm_wh(building.categories[terms.group], terms.rooms, terms.people)
                exact = Fraction(terms.people * norm_wh * days(stretch.span), month_days)
                volumes["norm_wh"] += nearest(exact)
                for line in priced(building, stretch, NORM, SINGLE, stretch.span, nearest(exact)):
                    individual[stretch.account].append((stretch, line))
                coefficient = Fraction(law.uplifts.get(terms.cause, 1000), 1000)
                raised = nearest(exact * (coefficient - 1))
                made.lines += priced(building, stretch, UPLIFT, SINGLE, stretch.span, raised)
            if flat.registers:
                first = min(flat.registers, key=lambda register: (register.zone, register.id))
                made.estimates[first.id] = advanced(first, volumes["norm_wh"] - norm_before_wh)
    made.lines += [line for lines in individual.values() for _, line in lines]
    if building.consumers_pay:
        _share_common_needs(building, law, made, volumes, used_by_zone, individual, everywhere, zoned)
    return made


def _share_common_needs(
    building: Building,
    law: Law,
    made: Bill,
    volumes: dict[str, int],
    used_by_zone: dict[int, int],
    individual: dict[int, list[tuple[Stretch, Line]]],
    everywhere: list[Stretch],
    zoned: dict[int, bool],
) -> None:
    cap_wh = nearest(
        Fraction(law.common_norms[building.common_norm_category] * building.common_area_dm2, 100)
    )
    supplied = {register.zone: counted(register, building.month, law) for register in building.meter}
    supplied_by_zone = {zone: usage[1] for zone, usage in supplied.items() if usage is not None}
    supplied_wh = sum(supplied_by_zone.values())
    if building.meter:
        rest_wh = supplied_wh - volumes["nonliving_wh"] - volumes["norm_wh"] - volumes["metered_wh"]
        distributed_wh = max(0, rest_wh if building.excess_to_consumers else min(rest_wh, cap_wh))
    else:
        rest_wh = distributed_wh = cap_wh
    negative_wh = max(0, -rest_wh)
    if negative_wh * 100 > supplied_wh * law.negative_percent and building.meter:
        made.parked = True
        return
    shared = _shares(building, distributed_wh, everywhere, made, zoned, supplied_by_zone, used_by_zone)
    returned = _returns(building, negative_wh, individual, everywhere, made)
    made.balance = {
        "method": 1 if building.meter else 2,
        "supplied_wh": supplied_wh,
        "nonliving_wh": volumes["nonliving_wh"],
        "norm_wh": volumes["norm_wh"],
        "metered_wh": volumes["metered_wh"],
        "common_wh": rest_wh,
        "cap_wh": cap_wh,
        "distributed_wh": distributed_wh,
        "unassigned_wh": distributed_wh - shared,
        "executor_wh": max(0, rest_wh) - distributed_wh,
        "negative_wh": negative_wh,
        "unreturned_wh": negative_wh - returned,
        "area_dm2": building.premises_area_dm2,
    }


def _shares(
    building: Building,
    distributed_wh: int,
    everywhere: list[Stretch],
    made: Bill,
    zoned: dict[int, bool],
    supplied_by_zone: dict[int, int],
    used_by_zone: dict[int, int],
) -> int:
    """Share out by area and days (S_i ÷ S_об); what falls on the rest of S_об is nobody's."""
    weights = [stretch.terms.area_dm2 * days(stretch.span) for stretch in everywhere]
    rest = building.premises_area_dm2 * days(building.month) - sum(weights)
    shares = share_out(distributed_wh, [rest, *weights])[1:]  # where remainders are equal, nobody pays first
    rule = COMMON_METERED if building.meter else COMMON_NORM
    zones_of = {
        account: sorted({register.zone for register in flat.registers} - {SINGLE})
        for flat in building.flats
        for account in flat.accounts
    }
    meter_zones = sorted(supplied_by_zone)
    # Zone by zone where every flat counts in the zones of the building's meter and no zone is short, else in the
    # ratio of that meter (the law is silent).
    everyone = all(zoned.values()) and all(
        register.zone in meter_zones for flat in building.flats for register in flat.registers
    )
    left = {zone: supplied_by_zone[zone] - used_by_zone[zone] for zone in meter_zones}
    if not everyone or min(left.values(), default=0) < 0:
        left = supplied_by_zone
    for stretch, share in zip(everywhere, shares, strict=True):
        zones = zones_of[stretch.account]
        if zones and zones == meter_zones:
            parts = share_out(share, [left[zone] for zone in zones])
        else:
            zones, parts = [SINGLE], [share]
        for zone, part in zip(zones, parts, strict=True):
            made.lines += priced(building, stretch, rule, zone, stretch.span, part)
    return sum(shares)


def _returns(
    building: Building,
    negative_wh: int,
    individual: dict[int, list[tuple[Stretch, Line]]],
    everywhere: list[Stretch],
    made: Bill,
) -> int:
    """Give a negative balance back by residents (п. 47, 56(2)), never more than was used, at the prices of that."""
    person_days: dict[int, int] = defaultdict(int)
    for stretch in sorted(everywhere, key=lambda stretch: stretch.account):
        person_days[stretch.account] += stretch.terms.people * days(stretch.span)
    returned = 0
    for account, share in zip(person_days, share_out(negative_wh, list(person_days.values())), strict=True):
        lines = [line for _, line in individual[account]]
        back = min(share, max(0, sum(line.quantity_wh for line in lines)))
        returned += back
        for line, part in zip(
            lines, share_out(back, [max(0, line.quantity_wh) for line in lines]), strict=True
        ):
            made.lines.append(
                Line(account, NEGATIVE, line.zone, line.span, -part, line.price_e5, line.price_id)
            )
    return returned


def month_of(year: int, month: int) -> Span:
    first = date(year, month, 1)
    return first, (first + timedelta(days=31)).replace(day=1)
