"""From energy of premises to lines of accounts: stretches of days, bands, prices, owners."""

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.oracle.ru_month.arithmetic import Span, common, days, nearest, share_out, share_owned
from tests.oracle.ru_month.town import NORM, RANGES, SOCIAL_NORM, Building, Law, Premise, Price, Terms


@dataclass(frozen=True)
class Stretch:
    """Days of a premise on which the same people pay under one set of terms. `payers`: account and share."""

    premise: int
    payers: tuple[tuple[int, Fraction], ...]
    terms: Terms
    span: Span

    @property
    def household(self) -> int:
        """Whose days count together: owners of one time go by the first of them."""
        return self.payers[0][0]


@dataclass(frozen=True)
class Energy:
    """Energy of a stretch that has no price yet."""

    stretch: Stretch
    rule: int
    zone: int
    span: Span
    quantity_wh: int


@dataclass(frozen=True)
class Priced:
    """A line of a premise, before its owners share it."""

    stretch: Stretch
    rule: int
    zone: int
    span: Span
    quantity_wh: int
    price: Price

    @property
    def amount_minor(self) -> int:
        return nearest(Fraction(self.quantity_wh, 1000) * Fraction(self.price.price_e5, 100_000) * 100)


@dataclass(frozen=True)
class Line:
    account: int
    rule: int
    zone: int
    span: Span
    quantity_wh: int
    price_e5: int
    price_id: int
    amount_minor: int


def stretches(month: Span, premise: Premise) -> list[Stretch]:
    """Cut the month wherever a payer or a term changes."""
    served = [(payer, span) for payer in premise.payers if (span := common(payer.span, month))]
    cuts = {day for _, span in served for day in span}
    cuts |= {day for terms in premise.terms if (span := common(terms.span, month)) for day in span}
    ordered = sorted(cuts)
    found = []
    for span in itertools.pairwise(ordered):
        paying = sorted(
            ((payer.account, payer.share) for payer, served_on in served if common(served_on, span)),
        )
        terms = next((terms for terms in premise.terms if common(terms.span, span)), None)
        if paying and terms:
            found.append(Stretch(premise.id, tuple(paying), terms, span))
    return found


def by_days(parts: list[tuple[Stretch, Span]], quantity_wh: int) -> list[tuple[Stretch, Span, int]]:
    quantities = share_out(quantity_wh, [days(span) for _, span in parts])
    return [(stretch, span, wh) for (stretch, span), wh in zip(parts, quantities, strict=True)]


def priced(building: Building, energy: Energy, band: int = 1) -> list[Priced]:
    """Give energy its price; where that changes inside the days, share it out by days."""
    parts = []
    for price in building.prices:
        part = common(price.span, energy.span)
        if (price.group, price.zone, price.band) == (energy.stretch.terms.group, energy.zone, band) and part:
            parts.append((part, price))
    parts.sort(key=lambda part: part[0])
    quantities = share_out(energy.quantity_wh, [days(part) for part, _ in parts])
    return [
        Priced(energy.stretch, energy.rule, energy.zone, part, quantity, price)
        for (part, price), quantity in zip(parts, quantities, strict=True)
    ]


def banded(
    building: Building, law: Law, used: list[Energy], raised: list[Energy]
) -> tuple[list[Priced], list[Priced]]:
    """Price what a premise used itself, and what is added to its cost; each band has a price of its own.

    Whoever pays for a premise has the thresholds of the days; every line takes part in every band as the whole does.
    """
    bands = {}
    for whose in {_banding(energy) for energy in used}:
        lines = [energy for energy in used if _banding(energy) == whose]
        bands[whose] = _bands(building, law, lines)

    own = [line for whose, volumes in bands.items() for line in _filled(used, whose, volumes)]
    parts = {(energy.stretch, energy.span): quantities for energy, quantities in own if energy.rule == NORM}
    over = [(energy, share_out(energy.quantity_wh, parts[energy.stretch, energy.span])) for energy in raised]
    return _priced(building, own), _priced(building, over)


def _filled(used: list[Energy], whose: tuple[int, int], volumes: list[int]) -> list[tuple[Energy, list[int]]]:
    """Share band after band out over the lines, in the ratio of what is left of them; the last has the rest."""
    own = [energy for energy in used if _banding(energy) == whose]
    if not volumes:
        return [(energy, [energy.quantity_wh]) for energy in own]
    left = [energy.quantity_wh for energy in own]
    parts: list[list[int]] = [[] for _ in own]
    for volume in volumes:
        for place, wh in enumerate(share_out(volume, left)):
            parts[place].append(wh)
        left = [energy.quantity_wh - sum(part) for energy, part in zip(own, parts, strict=True)]
    return list(zip(own, parts, strict=True))


def _priced(building: Building, lines: list[tuple[Energy, list[int]]]) -> list[Priced]:
    return [
        line
        for energy, quantities in lines
        for band, wh in enumerate(quantities, start=1)
        if wh
        for line in priced(building, replace(energy, quantity_wh=wh), band)
    ]


def _banding(energy: Energy) -> tuple[int, int]:
    return energy.stretch.household, energy.stretch.terms.group


def _bands(building: Building, law: Law, used: list[Energy]) -> list[int]:
    """Return how much falls into each band; [] where there are none."""
    total_wh = sum(line.quantity_wh for line in used)
    lived = {line.stretch for line in used}
    kind = building.groups[used[0].stretch.terms.group]
    month_days = days(building.month)
    limits: list[int] = []
    if kind.banding == RANGES:
        stood = sum(days(stretch.span) for stretch in lived)
        limits = [nearest(Fraction(limit * stood, month_days)) for limit in law.ranges[kind.band_category]]
    elif kind.banding == SOCIAL_NORM:
        limits = [
            nearest(
                sum(
                    (
                        Fraction(law.social_norm_wh(stretch.terms.people) * days(stretch.span), month_days)
                        for stretch in lived
                    ),
                    Fraction(0),
                )
            )
        ]
    if not limits or total_wh <= 0:
        return []
    steps = [0, *limits]
    return [
        max(0, min(total_wh, upper) - lower) for lower, upper in zip(steps, [*limits, total_wh], strict=True)
    ]


def owned(line: Priced) -> list[Line]:
    """Share a premise's line among its owners, energy and money each."""
    shares = [share for _, share in line.stretch.payers]
    assert sum(shares) == 1, line.stretch
    return [
        Line(account, line.rule, line.zone, line.span, quantity, line.price.price_e5, line.price.id, amount)
        for (account, _), quantity, amount in zip(
            line.stretch.payers,
            share_owned(line.quantity_wh, shares),
            share_owned(line.amount_minor, shares),
            strict=True,
        )
    ]
