"""What one premise used by itself: by meters, by average, by norm; violations and absences (п. 42, 59–62, 86–97)."""

from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from tests.oracle.ru_month import usage
from tests.oracle.ru_month.arithmetic import Span, common, days, nearest, without
from tests.oracle.ru_month.lines import Energy, Stretch, by_days, stretches
from tests.oracle.ru_month.town import (
    ABSENT,
    AGREED,
    AVERAGE,
    NORM,
    SINGLE,
    UNAUTHORISED,
    UPLIFT,
    Absence,
    Building,
    Law,
    Premise,
)


class Unknown(Exception):
    """There is no telling what a premise used; it is parked."""


@dataclass
class Used:
    """`own`: the premise's own consumption; `raised`: what is added to it by a coefficient to its cost.

    `beside`: charged at the first price whatever the bands are.

    `uncharged_wh`: energy by zone of premises that nobody is billed for here.
    """

    own: list[Energy] = field(default_factory=list)
    raised: list[Energy] = field(default_factory=list)
    beside: list[Energy] = field(default_factory=list)
    uncharged_wh: dict[int, int] = field(default_factory=dict)

    def add(self, other: "Used") -> None:
        self.own += other.own
        self.raised += other.raised
        self.beside += other.beside
        for zone, wh in other.uncharged_wh.items():
            self.uncharged_wh[zone] = self.uncharged_wh.get(zone, 0) + wh


def standing(building: Building, premise: Premise) -> list[usage.Register]:
    """Return the registers that count for the month; one taken down on its first day still does."""
    first = building.month[0]
    return [one for one in premise.registers if common(one.span, building.month) or one.span[1] == first]


def metered(
    building: Building, law: Law, premise: Premise, booked_until: usage.date
) -> tuple[list[usage.Piece], list[Span]]:
    """Return the known energy of the premise's registers, and the days on which meters stand but say nothing.

    Raises Unknown when one scale is silent while another counts.
    """
    pieces = [
        piece
        for register in standing(building, premise)
        for piece in usage.pieces(register, law, building.month, booked_until, law.average_most)
    ]
    known = [piece for piece in pieces if piece.quantity_wh is not None]
    silent = sorted({piece.span for piece in pieces if piece.quantity_wh is None})
    if any(common(piece.span, span) for piece in known for span in silent):
        raise Unknown(premise.id)
    return known, silent


def shared_by_days(lived: list[Stretch], pieces: list[usage.Piece]) -> list[Energy]:
    """Share registers' energy out over the stretches by days; days of a violation drop theirs."""
    found = []
    for piece in pieces:
        met = [(stretch, span) for stretch in lived if (span := common(stretch.span, piece.span))]
        for stretch, span, wh in by_days(met, piece.quantity_wh or 0):
            if not stretch.terms.metering_disregarded:
                found.append(Energy(stretch, piece.rule, piece.register.zone, span, wh))
    return found


def living(building: Building, law: Law, premise: Premise, booked_until: usage.date) -> Used:
    """Return what a dwelling used: by its meters on their days, by average or norm on the others."""
    used = Used()
    lived = stretches(building.month, premise)
    known, unmetered = metered(building, law, premise, booked_until)
    used.own += shared_by_days(lived, known)
    for gap in without(building.month, [register.span for register in premise.registers]):
        averages = usage.after_removal(premise.registers, law, gap, building.month, booked_until)
        used.own += _by_average(lived, gap, averages)
        unmetered += [] if averages else [gap]
    for stretch in lived:
        spans = [stretch.span] if stretch.terms.metering_disregarded else _met(stretch.span, unmetered)
        for span in spans:
            _by_norm(building, law, stretch, span, used)
        if not _has_had_a_meter(building, premise) and not stretch.terms.cause:
            _absent(building, law, premise.absences, stretch, used)
        for equipment in premise.equipment:
            if span := common(equipment.span, stretch.span):
                wh = equipment.power_w * 24 * days(span)
                used.beside.append(Energy(stretch, UNAUTHORISED, SINGLE, span, wh))
    return used


def _by_average(
    lived: list[Stretch], gap: Span, averages: list[tuple[usage.Register, Fraction]]
) -> list[Energy]:
    return [
        Energy(stretch, AVERAGE, register.zone, span, nearest(wh_per_day * days(span)))
        for register, wh_per_day in averages
        for stretch in lived
        if (span := common(stretch.span, gap)) and not stretch.terms.metering_disregarded
    ]


def _met(span: Span, others: list[Span]) -> list[Span]:
    """Return the days of a span that others have too, days that follow one another as one."""
    found: list[Span] = []
    for part in sorted(part for other in others if (part := common(span, other))):
        if found and found[-1][1] == part[0]:
            found[-1] = found[-1][0], part[1]
        else:
            found.append(part)
    return found


def _has_had_a_meter(building: Building, premise: Premise) -> bool:
    return any(register.span[0] < building.month[1] for register in premise.registers)


def per_person_wh(building: Building, law: Law, stretch: Stretch) -> int:
    terms = stretch.terms
    return law.norm_wh(building.groups[terms.group].norm_category, max(1, terms.rooms), terms.people)


def _by_norm(building: Building, law: Law, stretch: Stretch, span: Span, used: Used) -> None:
    norm_wh = per_person_wh(building, law, stretch)
    exact = Fraction(stretch.terms.people * norm_wh * days(span), days(building.month))
    used.own.append(Energy(stretch, NORM, SINGLE, span, nearest(exact)))
    coefficient = Fraction(law.uplifts.get(stretch.terms.cause, 1000), 1000)
    if coefficient > 1:
        used.raised.append(Energy(stretch, UPLIFT, SINGLE, span, nearest(exact * (coefficient - 1))))


def _absent(building: Building, law: Law, absences: list[Absence], stretch: Stretch, used: Used) -> None:
    """Days of departure and of arrival do not count (п. 91); five full days or fewer give nothing (п. 86)."""
    for absence in absences:
        away = absence.left_on + timedelta(days=1), absence.returned_on
        if days(away) > law.absent_more_than_days and (span := common(away, stretch.span)):
            norm_wh = per_person_wh(building, law, stretch)
            exact = Fraction(absence.people * norm_wh * days(span), days(building.month))
            used.own.append(Energy(stretch, ABSENT, SINGLE, span, -nearest(exact)))


def nonliving(building: Building, law: Law, premise: Premise, booked_until: usage.date) -> Used:
    """Return what a shop used: by its meter, else what was agreed (п. 43). Raises Unknown: it has no norm."""
    used = Used()
    lived = stretches(building.month, premise)
    known, silent = metered(building, law, premise, booked_until)
    if silent:
        raise Unknown(premise.id)
    bare = without(building.month, [register.span for register in premise.registers])
    if not lived:
        for piece in known:
            zone = piece.register.zone
            used.uncharged_wh[zone] = used.uncharged_wh.get(zone, 0) + (piece.quantity_wh or 0)
        for terms in premise.terms:
            for span in _met(terms.span, bare):
                agreed = nearest(Fraction(terms.agreed_wh * days(span), days(building.month)))
                if agreed:
                    used.uncharged_wh[SINGLE] = used.uncharged_wh.get(SINGLE, 0) + agreed
        return used
    used.own += shared_by_days(lived, known)
    for stretch in lived:
        for span in _met(stretch.span, bare):
            agreed = nearest(Fraction(stretch.terms.agreed_wh * days(span), days(building.month)))
            if agreed:
                used.own.append(Energy(stretch, AGREED, SINGLE, span, agreed))
    return used
