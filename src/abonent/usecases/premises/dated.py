"""Facts that hold from a day to a day: changed from a day on, overlaid, cut; then stored with nothing overlapping.

A change lasts until the day on which the same fact was changed next, so one that is put into the past leaves later
changes alone, and the other facts of later rows as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange as DatabaseRange

from abonent.kernel.periods import DateRange

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Span:
    """What holds during some days."""

    during: DateRange
    values: Values


def changed(spans: Sequence[Span], *, on: date, values: Values) -> list[Span]:
    """Let each value hold from a day until the day the same fact changes next; before the first row, until that row.

    Raises LookupError when nothing holds on that day, and no row follows it.
    """
    if spans and on < spans[0].during.start:
        before = Span(DateRange(on, spans[0].during.start), {**spans[0].values, **values})
        return joined([before, *spans])
    found = list(spans)
    for name, value in values.items():
        found = overlaid(found, [Span(_unchanged_since(found, on, name), {name: value})])
    return joined(found)


def _unchanged_since(spans: Sequence[Span], on: date, name: str) -> DateRange:
    """Return the days from `on` in which a fact stays what it is on that day."""
    later = [span for span in spans if span.during.end is None or on < span.during.end]
    if not later or on not in later[0].during:
        raise LookupError(f"nothing holds on {on}")
    end = later[0].during.end
    for span in later[1:]:
        if span.during.start != end or span.values[name] != later[0].values[name]:
            break
        end = span.during.end
    return DateRange(on, end)


def overlaid(spans: Sequence[Span], steps: Iterable[Span]) -> list[Span]:
    """Put the values of each step over what holds in its days; days on which nothing holds stay so."""
    found = list(spans)
    for step in steps:
        parts: list[Span] = []
        for span in found:
            inside = span.during.intersection(step.during)
            if inside is None:
                parts.append(span)
                continue
            parts += _outside(span, inside)
            parts.append(Span(inside, {**span.values, **step.values}))
        found = sorted(parts, key=lambda span: span.during.start)
    return found


def put(spans: Sequence[Span], during: DateRange, values: Values) -> list[Span]:
    """Let values hold during some days, whatever held before."""
    return joined(sorted([*cut(spans, during), Span(during, values)], key=lambda span: span.during.start))


def cut(spans: Sequence[Span], during: DateRange) -> list[Span]:
    """Let nothing hold during some days."""
    parts: list[Span] = []
    for span in spans:
        inside = span.during.intersection(during)
        parts += [span] if inside is None else _outside(span, inside)
    return parts


def _outside(span: Span, inside: DateRange) -> list[Span]:
    parts = []
    if span.during.start < inside.start:
        parts.append(replace(span, during=DateRange(span.during.start, inside.start)))
    if inside.end is not None and (span.during.end is None or inside.end < span.during.end):
        parts.append(replace(span, during=DateRange(inside.end, span.during.end)))
    return parts


def joined(spans: Iterable[Span]) -> list[Span]:
    """Make one row of neighbours that say the same."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].during.end == span.during.start and found[-1].values == span.values:
            found[-1] = replace(found[-1], during=DateRange(found[-1].during.start, span.during.end))
        else:
            found.append(span)
    return found


def difference(old: Sequence[Span], new: Sequence[Span]) -> DateRange | None:
    """Return the days from the first to the last on which something is different; None when all is as before."""
    bounds = sorted(
        {day for span in (*old, *new) for day in (span.during.start, span.during.end or date.max)}
    )
    differing = [
        (start, end) for start, end in pairwise(bounds) if _values_on(old, start) != _values_on(new, start)
    ]
    if not differing:
        return None
    end = differing[-1][1]
    return DateRange(differing[0][0], None if end == date.max else end)


def _values_on(spans: Sequence[Span], day: date) -> Values | None:
    return next((span.values for span in spans if day in span.during), None)


@dataclass(frozen=True)
class Table:
    """A model with `during`, and the columns that are its facts."""

    model: type[models.Model]
    facts: tuple[str, ...]

    def read(self, owner: Values) -> list[Span]:
        """Return what is stored for an owner, locked until the transaction ends."""
        return [span for _pk, span in self._rows(owner)]

    def store(self, owner: Values, spans: Sequence[Span]) -> DateRange | None:
        """Make the rows of an owner say this; return the days in which something is different."""
        rows = self._rows(owner)
        touched = difference([span for _pk, span in rows], spans)
        if touched is None:
            return None
        manager = self.model._default_manager
        kept = {span.during.start: (pk, span) for pk, span in rows}
        starts = {span.during.start for span in spans}
        manager.filter(pk__in=[pk for pk, span in rows if span.during.start not in starts]).delete()
        # rows that grow must find the days free that others give up
        for span in sorted(spans, key=lambda one: _grows(kept.get(one.during.start), one)):
            during = DatabaseRange(span.during.start, span.during.end)
            if span.during.start not in kept:
                manager.create(**owner, **span.values, during=during)
            elif kept[span.during.start][1] != span:
                pk = kept[span.during.start][0]
                manager.filter(pk=pk).update(**span.values, during=during)
        return touched

    def _rows(self, owner: Values) -> list[tuple[Any, Span]]:
        rows = (
            self.model._default_manager.filter(**owner)
            .select_for_update()
            .values("pk", "during", *self.facts)
        )
        found = [
            (
                row["pk"],
                Span(
                    DateRange(row["during"].lower, row["during"].upper),
                    {name: row[name] for name in self.facts},
                ),
            )
            for row in rows
        ]
        return sorted(found, key=lambda pair: pair[1].during.start)


def _grows(old: tuple[Any, Span] | None, new: Span) -> int:
    """Order of writing: first those that shrink, then new ones and those that grow."""
    if old is None:
        return 1
    return int((new.during.end or date.max) >= (old[1].during.end or date.max))
