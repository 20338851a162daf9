"""From energy of premises to lines of accounts: stretches of days, bands, prices, owners."""

import itertools
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.ru_month.arithmetic import Span, common, days, nearest, share_out, share_owned
from tests.oracle.ru_month.town import RANGES, SOCIAL_NORM, Building, Law, Premise, Price, Terms


@dataclass(frozen=True)
class Stretch:
    """Days of a premise on which the same people pay under one set of terms. `payers`: account and share."""

    premise: int
    payers: tuple[tuple[int, Fraction], ...]
    terms: Terms
    span: Span


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


def banded(building: Building, law: Law, used: list[Energy]) -> list[Priced]:
    """Price what a premise used itself; a group with bands pays for each band its own price.

    A premise has the thresholds of its days; every line takes part in every band as the whole does.
    """
    found: list[Priced] = []
    by_group: dict[tuple[int, int], list[Energy]] = defaultdict(list)
    for energy in used:
        by_group[energy.stretch.premise, energy.stretch.terms.group].append(energy)
    for (_, group), lines in by_group.items():
        total_wh = sum(line.quantity_wh for line in lines)
        lived = {line.stretch for line in lines}
        bands = _bands(building, law, group, total_wh, lived)
        for line in lines:
            for band, wh in enumerate(share_out(line.quantity_wh, bands), start=1):
                part = Energy(line.stretch, line.rule, line.zone, line.span, wh)
                if wh or bands == [1]:
                    found += priced(building, part, band)
    return found


def _bands(building: Building, law: Law, group: int, total_wh: int, lived: set[Stretch]) -> list[int]:
    kind = building.groups[group]
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
        return [1]
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
