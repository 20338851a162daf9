"""A scenario file as a tree whose every question either answers or notes what is wrong, and where."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from abonent.engine.strict_yaml import Document, type_name
from abonent.engine.strict_yaml import Path as Place
from abonent.kernel.decimals import FigureError
from abonent.kernel.periods import DateRange, Month

T = TypeVar("T")
LONG_AGO = date(2000, 1, 1)
"""Since when things have been as they are, where the file does not say."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a scenario file: where (`buildings[1].premises[2]`), which field, and why."""

    file: str
    line: int
    path: str
    field: str
    reason: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.path, f"field {self.field}" if self.field else "") if part)
        return f"{self.file}:{self.line}: {place + ': ' if place else ''}{self.reason}"

    def as_dict(self) -> dict[str, str | int]:
        return {"line": self.line, "path": self.path, "field": self.field, "reason": self.reason}


class ScenarioError(ValueError):
    """A scenario file cannot be understood; `problems` are the reasons, one for each place."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass
class Node:
    """A value of the file, its place, and the list in which problems are noted."""

    file: Path
    document: Document
    value: object
    place: Place = ()
    problems: list[Problem] = field(default_factory=list)
    months: tuple[Month, ...] = ()  # that are billed

    def refuse(self, reason: str, *, key: str = "") -> None:
        place: Place = (*self.place, key) if key else self.place
        last = next((step for step in reversed(place) if isinstance(step, str)), "")
        steps = place[:-1] if place and isinstance(place[-1], str) else place
        path = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        name = last if place and isinstance(place[-1], str) else ""
        self.problems.append(Problem(str(self.file), self.document.line(place), path, name, reason))

    def keys(self, *known: str, required: tuple[str, ...] = ()) -> bool:
        """Tell whether this is a mapping; note unknown keys and required ones that are missing."""
        if not isinstance(self.value, Mapping):
            self.refuse(f"a mapping with {', '.join(known)} is needed, not {self._kind()}")
            return False
        for key in self.value:
            if key not in known:
                self.refuse(f"unknown key; known are {', '.join(known)}", key=key)
        for key in required:
            if self.value.get(key) is None:
                self.refuse("it is missing", key=key)
        return True

    def get(self, key: str) -> "Node | None":
        """Return a child of a mapping, None when it is absent or empty."""
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return None if value is None else self._child(key, value)

    def entries(self) -> Iterator[tuple[str, "Node"]]:
        """Yield the keys and values of a mapping with names of the author's choice."""
        if not isinstance(self.value, Mapping) or not self.value:
            self.refuse(f"a mapping of names is needed, not {self._kind()}")
            return
        for key, value in self.value.items():
            yield str(key), self._child(key, value)

    def items(self) -> Iterator["Node"]:
        if not isinstance(self.value, list):
            self.refuse(f"a list is needed (each item after a dash), not {self._kind()}")
            return
        for place, value in enumerate(self.value):
            yield self._child(place, value)

    def text(self, *, longest: int = 300) -> str:
        """Read a text; a bare number, a flat's for instance, is taken as it is written."""
        if isinstance(self.value, str | int | Decimal) and not isinstance(self.value, bool):
            text = str(self.value).strip()
            if text and len(text) <= longest:
                return text
            self.refuse(f"a text of 1 to {longest} characters is needed")
        else:
            self.refuse(f"a text is needed, not {self._kind()}")
        return ""

    def choice(self, known: Mapping[str, T], /) -> T:
        if isinstance(self.value, str) and self.value in known:
            return known[self.value]
        self.refuse(f"one of {', '.join(known)} is needed, not {self.value}")
        return next(iter(known.values()))

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            self.refuse(f"true or false is needed, not {self.value}")
        return self.value is True

    def whole(self, *, least: int = 0, most: int = 30_000) -> int:
        if isinstance(self.value, int) and not isinstance(self.value, bool) and least <= self.value <= most:
            return self.value
        self.refuse(f"a whole number from {least} to {most} is needed, not {self.value}")
        return least

    def figure(self, parse: Callable[[str], int], *, negative: bool = False) -> int:
        """Read a figure with its unit's own reader; the comma may be the decimal mark."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal | str):
            self.refuse(f"a number is needed, not {self._kind()}")
            return 0
        try:
            figure = parse(str(self.value))
        except FigureError as error:
            self.refuse(str(error))
            return 0
        if figure < 0 and not negative:
            self.refuse(f"it cannot be negative: {self.value}")
        return figure

    def day(self) -> date:
        if isinstance(self.value, date):
            return self.value
        self.refuse(f"a day written as 2026-10-25 is needed, not {self.value}")
        return date(2000, 1, 1)

    def month(self) -> Month:
        try:
            return Month.parse(str(self.value))
        except ValueError:
            self.refuse(f"a month written as 2026-10 is needed, not {self.value}")
            return Month(2000, 1)

    def during(self) -> DateRange:
        """Read the days `from` … `until` of a mapping; `until` is the first that no longer belongs to them."""
        begins, ends = self.get("from"), self.get("until")
        start, end = begins.day() if begins else LONG_AGO, ends.day() if ends else None
        if ends and end is not None and end <= start:
            ends.refuse(f"it ends on {end}, before it begins")
            end = None
        return DateRange(start, end)

    def entered(self, key: str = "entered") -> Month | None:
        """Read the month in which a fact is entered, or annulled, later than it came about; None where not said."""
        if (node := self.get(key)) is None:
            return None
        if (month := node.month()) not in self.months:
            node.refuse(f"{month} is not among the months billed")
        return month

    def _kind(self) -> str:
        return type_name.get(type(self.value), "something else")

    def _child(self, step: str | int, value: object) -> "Node":
        return Node(self.file, self.document, value, (*self.place, step), self.problems, self.months)
