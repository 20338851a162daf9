"""What a report is: what it is asked, the tables it answers with, and who it is for.

A table is one query and the columns to show. Its totals, subtotals, order and pages are made around the query, so
that the screen, a spreadsheet and a page of paper say the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise

from abonent.contexts.access.models import Role
from abonent.kernel.periods import Month

Text = str | Promise
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a report is asked: a month, what of the supplier, and the choices of its own."""

    supplier_id: int
    today: date
    period: Month | None = None
    branch_id: int | None = None
    district_id: int | None = None
    building_id: int | None = None
    agent_id: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """What queries name: supplier, today, branch, district, building, agent; of the month `period`, `end`."""
        named: dict[str, Any] = {
            "supplier": self.supplier_id,
            "today": self.today,
            "branch": self.branch_id,
            "district": self.district_id,
            "building": self.building_id,
            "agent": self.agent_id,
        }
        if self.period:
            named |= {"period": self.period.first_day, "end": self.period.next().first_day}
            named["last_day"] = self.period.last_day
        return named

    def as_json(self) -> dict[str, Any]:
        return {
            "supplier_id": self.supplier_id,
            "today": self.today.isoformat(),
            "period": str(self.period) if self.period else None,
            "branch_id": self.branch_id,
            "district_id": self.district_id,
            "building_id": self.building_id,
            "agent_id": self.agent_id,
            "choices": dict(self.choices),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Asked":
        changed = {"today": date.fromisoformat(kept["today"])}
        month = {"period": Month.parse(kept["period"])} if kept["period"] else {}
        return cls(**{**kept, **changed, **month})


class Ask(StrEnum):
    """What every report may ask for."""

    PERIOD = "period"
    BRANCH = "branch"
    DISTRICT = "district"
    BUILDING = "building"
    AGENT = "agent"


PLACES = (Ask.BRANCH, Ask.DISTRICT, Ask.BUILDING)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A question of the report's own with its answers; the first is the default."""

    name: str
    title: Text
    answers: Sequence[tuple[str, Text]]

    def answer(self, asked: Asked) -> str:
        """Return what was chosen; the default for what is not understood."""
        chosen = asked.choices.get(self.name, "")
        return chosen if chosen in dict(self.answers) else self.answers[0][0]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A cell opens the card of an account or a building, named by a value of the row; `dated`: as of the month."""

    of: str
    key: str
    dated: bool = False


@dataclass(frozen=True, kw_only=True)
class Drill:
    """A cell opens a report of less: `sets` are answers, `takes` name values of the row; `report` if another one."""

    report: str = ""
    sets: Mapping[str, str] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: the query's name for it, its heading, and how it is written (see `figures`).

    `band` stands over neighbours that share it. `total`: True adds the column up, a text is SQL over the rows.
    `order` are the query's columns it is sorted by, itself if none; `late` ones are filled in by `Table.complete`
    and cannot be sorted by. `words` turns a code into what people read.
    """

    name: str
    title: Text
    kind: str = "text"
    band: Text = ""
    total: bool | str = False
    order: tuple[str, ...] = ()
    late: bool = False
    words: Callable[[Any], Text] | None = None
    opens: Card | Drill | None = None
    minor_on_phone: bool = False

    @property
    def sorted_by(self) -> tuple[str, ...]:
        return () if self.late else self.order or (self.name,)

    @property
    def total_sql(self) -> str | None:
        return f"sum({self.name})::bigint" if self.total is True else self.total or None

    @property
    def is_figure(self) -> bool:
        return self.kind in {"count", "kwh", "minor", "area", "percent", "ratio"}

    def value(self, row: Row) -> Any:
        """Return what the row holds here, in words where it is a code."""
        value = row.get(self.name)
        return str(self.words(value)) if self.words and value is not None else value


Complete = Callable[[Any, list[Row], Asked], None]
Naming = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of a report: `sql` gives the columns by name and names its values `%(period)s`.

    `order` is the order it has unless another is asked for; with `unique` at its end it is total. Rows are kept
    together by `grouped_by`, with a subtotal under each group; the group's column comes first in every order.
    `complete` adds to some rows at once what is too dear to be asked for all of them. So does `named`, in SQL: it is
    given a query and returns one with the late columns added, for a page as for a whole file.
    """

    name: str
    columns: Sequence[Column]
    sql: str
    order: Sequence[str]
    title: Text = ""
    unique: Sequence[str] = ()
    grouped_by: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    complete: Complete | None = None
    named: Naming | None = None
    empty: Text = ""

    @property
    def is_plain(self) -> bool:
        """Whether its cells are what the query gives: whole numbers, days and texts, without subtotals or codes."""
        is_known = all(column.kind != "moment" and column.words is None for column in self.columns)
        return is_known and self.complete is None and not self.grouped_by

    @property
    def totalled(self) -> list[Column]:
        return [column for column in self.columns if column.total]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A figure or a word above the tables."""

    title: Text
    value: Any
    kind: str = "text"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a report shows for what it was asked."""

    tables: Sequence[Table]
    facts: Sequence[Fact] = ()


class NotReady(Exception):
    """There is nothing to show yet; the text says what has to be done first."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report as the registry knows it. `answer` is given an open cursor and may raise NotReady."""

    code: str
    title: Text
    about: Text
    section: Text
    roles: frozenset[Role]
    asks: Sequence[Ask]
    answer: Callable[[Any, Asked], Answer]
    required: Sequence[Ask] = ()
    choices: Sequence[Choice] = ()
