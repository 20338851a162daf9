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
    """An actual reading, and the first day of what is counted after it."""

    taken_on: date
    face_wh: int
    source: int
    after: date


@dataclass(frozen=True)
class Piece:
    """Energy of a register on some days of the month, after the ratio. `quantity_wh` None: nobody knows."""

    register: Register
    rule: int
    span: Span
    quantity_wh: int | None


def marks(register: Register, booked_until: date) -> list[Mark]:
    """Return the readings that part the days: the last of every month, and those at which something changes hands.

    What comes to be known after `booked_until` (the first day not known) is not known yet.
    """
    found: list[Mark] = []
    actual = [
        (day, face, source)
        for day, (face, source) in sorted(register.readings.items())
        if source != ESTIMATE and day < booked_until
    ]
    for place, (day, face, source) in enumerate(actual):
        if source in (INSTALLATION, REMOVAL):
            after = day  # that day belongs to the meter that comes
        elif source == HANDOVER:
            after = day + DAY
        else:
            after = next_month(day)
            if place + 1 < len(actual) and _month_closed(actual[place + 1]) <= after:
                continue  # a later reading speaks for the month
        found.append(Mark(day, face, source, after))
    return found


def _month_closed(reading: tuple[date, int, int]) -> date:
    """Return the first day after the month a reading belongs to; a removal on the first belongs to the one before."""
    day, _, source = reading
    return next_month(day - DAY if source == REMOVAL else day)


def rise_wh(register: Register, earlier: Mark, later: Mark, law: Law) -> int:
    """Return what the face counted; a fall is a roll-over unless an inspector saw it and it is too much for one."""
    rise = later.face_wh - earlier.face_wh
    capacity_wh = 10**register.digits * 1000
    believable_wh = law.rollover_wh_per_day * (later.taken_on - earlier.taken_on).days
    if rise < 0 and (later.source != INSPECTOR or rise + capacity_wh <= believable_wh):
        rise += capacity_wh
    return rise


def pieces(register: Register, law: Law, month: Span, booked_until: date, most: int | None) -> list[Piece]:
    """Return the register's energy of the month; `most`: for how many months in a row an average may stand."""
    stood = common(register.span, month)
    if stood is None:
        return []
    known = marks(register, booked_until)
    found = []
    for earlier, later in itertools.pairwise(known):
        span = earlier.after, later.after
        total_wh = rise_wh(register, earlier, later, law) * register.ratio
        if total_wh < 0:
            # what an inspector found to be less than was said is of the month of the check (п. 61)
            span = max(span[0], later.taken_on.replace(day=1)), span[1]
            between = earlier.after, span[0]
            if part := common(between, month):
                found.append(Piece(register, _rule((earlier.after, later.after)), part, 0))
        if part := common(span, month):
            found.append(
                Piece(register, _rule((earlier.after, later.after)), part, spread(total_wh, span, part))
            )
    silent = common((known[-1].after if known else stood[0], stood[1]), stood)
    if silent:
        if known and known[-1].taken_on >= month[0]:
            wh: int | None = (
                0  # installed or handed over in the month: its next reading will bring these days
            )
        else:
            wh = _assumed(register, average_wh(register, law, known, most, month), silent, month)
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


def average_wh(
    register: Register, law: Law, known: list[Mark], most: int | None, month: Span
) -> Fraction | None:
    """Return the face's average of a month: whole watt-hours, rounded; None when there is no telling (п. 59, 60).

    Of readings before the month: from the latest one at least `average_window` months before the last one; else from
    the earliest.
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
    counted = known[known.index(base) :]
    rise = sum(rise_wh(register, one, next_one, law) for one, next_one in itertools.pairwise(counted))
    return Fraction(nearest(Fraction(rise, months)))


def after_removal(
    registers: list[Register], law: Law, gap: Span, month: Span, booked_until: date
) -> list[tuple[Register, Fraction]]:
    """Return the average, Wh a day, of the meter taken down last before days without one; [] where there is none."""
    gone = [register for register in registers if register.span[1] <= gap[0]]
    latest = max((register.span[1] for register in gone), default=None)
    found = []
    for register in (one for one in gone if one.span[1] == latest):
        average = average_wh(register, law, marks(register, booked_until), law.average_most, month)
        if average is None:
            return []
        found.append((register, average * register.ratio / days(month)))
    return found
