"""Rounding, sharing out and spans of days, in fractions."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

Span = tuple[date, date]
DAY = timedelta(days=1)


def nearest(exact: Fraction) -> int:
    """Round to the nearest whole number, halves away from zero."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Share out in proportion; what is left over goes to the largest remainders, the earlier first."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(abs(total) * weight, whole) for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda place: (shares[place] - exact[place], place))
    for place in by_remainder[: abs(total) - sum(shares)]:
        shares[place] += 1
    return shares if total >= 0 else [-share for share in shares]


def share_owned(total: int, shares: Sequence[Fraction]) -> list[int]:
    """Share out among owners, cut down; all that is left over goes to the largest share, the first of equals."""
    parts = [int(total * share) for share in shares]
    parts[max(range(len(shares)), key=lambda place: (shares[place], -place))] += total - sum(parts)
    return parts


def common(one: Span, other: Span) -> Span | None:
    span = max(one[0], other[0]), min(one[1], other[1])
    return span if span[0] < span[1] else None


def without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """Return what is left of a span when others are taken out of it."""
    left, begins = [], span[0]
    for other in sorted(taken):
        if met := common((begins, span[1]), other):
            if begins < met[0]:
                left.append((begins, met[0]))
            begins = met[1]
    return [*left, (begins, span[1])] if begins < span[1] else left


def days(span: Span) -> int:
    return (span[1] - span[0]).days


def months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def month_of(year: int, month: int) -> Span:
    first = date(year, month, 1)
    return first, next_month(first)


def next_month(day: date) -> date:
    """Return the first day of the month after a day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def spread(total: int, span: Span, part: Span) -> int:
    """Return what falls on some days of a span, day for day; parts that follow one another add up to the whole."""
    through = nearest(Fraction(total * days((span[0], part[1])), days(span)))
    return through - nearest(Fraction(total * days((span[0], part[0])), days(span)))
