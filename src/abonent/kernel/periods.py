"""Calendar months and half-open ranges of local dates."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

_MONTH_TEXT = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from `start` up to, and not including, `end`; `end` None is open.

    Prints as PostgreSQL prints a daterange. Raises ValueError when it would hold no day.
    """

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"a range must end after it starts: [{self.start},{self.end})")

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def __iter__(self) -> Iterator[date]:
        day = self.start
        while day in self:
            yield day
            day += timedelta(days=1)

    def __str__(self) -> str:
        return f"[{self.start},{self.end or ''})"

    @property
    def days(self) -> int:
        """The number of days; ValueError when the range is open."""
        if self.end is None:
            raise ValueError(f"the range {self} is open and has no number of days")
        return (self.end - self.start).days

    def intersection(self, other: Self) -> Self | None:
        """Return the days in both ranges, or None when there are none."""
        ends = [end for end in (self.end, other.end) if end is not None]
        start, end = max(self.start, other.start), min(ends, default=None)
        if end is not None and end <= start:
            return None
        return type(self)(start, end)

    def overlaps(self, other: Self) -> bool:
        return self.intersection(other) is not None


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, the billing period (ПП РФ 354, п. 37); ordered, hashable.

    str() gives "2026-10", int() gives 202610. Raises ValueError for a month that is not one.
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        date(self.year, self.month, 1)

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """Read "2026-10"; ValueError says what was read instead."""
        if match := _MONTH_TEXT.fullmatch(text.strip()):
            try:
                return cls(int(match[1]), int(match[2]))
            except ValueError:
                pass
        raise ValueError(f"not a month written as 2026-10: {text!r}")

    @classmethod
    def of(cls, day: date, /) -> Self:
        return cls(day.year, day.month)

    @classmethod
    def from_int(cls, number: int, /) -> Self:
        """Read 202610."""
        return cls(*divmod(number, 100))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    def __int__(self) -> int:
        return self.year * 100 + self.month

    def __contains__(self, day: date) -> bool:
        return (day.year, day.month) == (self.year, self.month)

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        return monthrange(self.year, self.month)[1]

    @property
    def range(self) -> DateRange:
        """The days of the month as a half-open range."""
        return DateRange(self.first_day, self.next().first_day)

    def shift(self, months: int, /) -> Self:
        """Return the month so many months later, or earlier when negative."""
        year, month0 = divmod(self.year * 12 + self.month - 1 + months, 12)
        return type(self)(year, month0 + 1)

    def next(self) -> Self:
        return self.shift(1)

    def previous(self) -> Self:
        return self.shift(-1)

    def until(self, end: Self, /) -> Iterator[Self]:
        """Yield the months from this one up to, and not including, `end`."""
        month = self
        while month < end:
            yield month
            month = month.next()
