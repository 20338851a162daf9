"""What a register counted in a month (ПП РФ 354 п. 42, 59, 60, 61, 84).

Between two actual readings energy is spread evenly over the days; where readings end, the average begins.
"""

import itertools
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.oracle.ru_month.arithmetic import (
    DAY,
    Span,
    common,
    days,
    months_between,
    nearest,
    next_month,
    spread,
)
from tests.oracle.ru_month.town import (
    AVERAGE,
    ESTIMATE,
    HANDOVER,
    INSPECTOR,
    INSTALLATION,
    METERED,
    REMOVAL,
    SPREAD,
    Law,
    Register,
)


@dataclass(frozen=True)
class Mark:
    """An actual reading, the first day of what is counted after it, and what the face counted since the mark before."""

    taken_on: date
    source: int
    after: date
    rise_wh: int


@dataclass(frozen=True)
class Piece:
    """Energy of a register on some days of the month, after the ratio. `quantity_wh` None: nobody knows."""

    register: Register
    rule: int
    span: Span
    quantity_wh: int | None


def marks(register: Register, law: Law, booked_until: date) -> list[Mark]:
    """Return the readings that part the days: the last of every month, and those at which something changes hands.

    What comes to be known after `booked_until` (the first day not known) is not known yet.
    """
    found: list[Mark] = []
    actual = [
        (day, face, source)
        for day, (face, source) in sorted(register.readings.items())
        if source != ESTIMATE and day < booked_until
    ]
    rise_wh = 0
    for place, (day, face, source) in enumerate(actual):
        if place:
            rise_wh += _risen_wh(register, actual[place - 1], (day, face, source), law)
        if source in (INSTALLATION, REMOVAL):
            after = day  # that day belongs to the meter that comes
        elif source == HANDOVER:
            after = day + DAY
        else:
            after = next_month(day)
            if place + 1 < len(actual) and next_month(actual[place + 1][0]) <= after:
                continue  # a later reading speaks for the month
        found.append(Mark(day, source, after, rise_wh))
        rise_wh = 0
    return found


def _risen_wh(
    register: Register, earlier: tuple[date, int, int], later: tuple[date, int, int], law: Law
) -> int:
    """Return what the face counted; a fall is a roll-over unless an inspector saw it and it is too much for one."""
    rise = later[1] - earlier[1]
    capacity_wh = 10**register.digits * 1000
    believable_wh = law.rollover_wh_per_day * (later[0] - earlier[0]).days
    if rise < 0 and (later[2] != INSPECTOR or rise + capacity_wh <= believable_wh):
        rise += capacity_wh
    return rise


def pieces(register: Register, law: Law, month: Span, booked_until: date, most: int | None) -> list[Piece]:
    """Return the register's energy of the month; `most`: for how many months in a row an average may stand."""
    known = marks(register, law, booked_until)
    found = []
    for earlier, later in itertools.pairwise(known):
        span = earlier.after, later.after
        if span[0] == span[1]:
            span = (
                span[0],
                span[0] + DAY,
            )  # taken down on the first: that day stands for what came after the month
        total_wh = later.rise_wh * register.ratio
        if total_wh < 0:
            # what an inspector found to be less than was said is of the month of the check (п. 61)
            span = max(span[0], later.taken_on.replace(day=1)), span[1]
            if part := common((earlier.after, span[0]), month):
                found.append(Piece(register, SPREAD, part, 0))
        if part := common(span, month):
            found.append(Piece(register, _rule(span), part, spread(total_wh, span, part)))
    stood = common(register.span, month)
    if stood is None:
        return found
    silent = common((known[-1].after if known else stood[0], stood[1]), stood)
    if silent:
        if known and known[-1].taken_on >= month[0]:
            wh: int | None = (
                0  # installed or handed over in the month: its next reading will bring these days
            )
        else:
            wh = _assumed(register, average_wh(law, known, most, month), silent, month)
        found.append(Piece(register, AVERAGE, silent, wh))
    return found


def _assumed(register: Register, average: Fraction | None, span: Span, month: Span) -> int | None:
    """Return an average month's part of the days, after the ratio."""
    if average is None:
        return None
    return nearest(average * register.ratio * Fraction(days(span), days(month)))


def _rule(span: Span) -> int:
    """Within one month it is a plain difference."""
    return METERED if span[1] <= next_month(span[0]) else SPREAD


def average_wh(law: Law, known: list[Mark], most: int | None, month: Span) -> Fraction | None:
    """Return the face's average of a month: whole watt-hours, rounded; None when there is no telling (п. 59, 60).

    Of readings before the month: from the latest one at least `average_window` months before the last one; else from
    the earliest. What an inspector took back may leave nothing to go by.
    """
    known = [mark for mark in known if mark.taken_on < month[0]]
    if not known:
        return None
    last = known[-1]
    if most is not None and months_between(last.taken_on, month[0]) > most:
        return None
    early = [mark for mark in known if months_between(mark.taken_on, last.taken_on) >= law.average_window]
    base = early[-1] if early else known[0]
    months = months_between(base.taken_on, last.taken_on)
    if months < law.average_least or months == 0:
        return None
    rise_wh = sum(mark.rise_wh for mark in known[known.index(base) + 1 :])
    return Fraction(nearest(Fraction(rise_wh, months))) if rise_wh >= 0 else None


def after_removal(
    registers: list[Register], law: Law, gap: Span, month: Span, booked_until: date
) -> list[tuple[Register, Fraction]]:
    """Return the average, Wh a day, of the meter taken down last before days without one; [] where there is none."""
    gone = [register for register in registers if register.span[1] <= gap[0]]
    latest = max((register.span[1] for register in gone), default=None)
    found = []
    for register in (one for one in gone if one.span[1] == latest):
        average = average_wh(law, marks(register, law, booked_until), law.average_most, month)
        if average is None:
            return []
        found.append((register, average * register.ratio / days(month)))
    return found
