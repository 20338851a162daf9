"""What goes in and out of readings in bulk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

FIELDS = (
    "account",
    "serial",
    "taken_on",
    "kind",
    "zone",
    "value",
    "value_t1",
    "value_t2",
    "value_t3",
    "total",
)
"""What a column can be: a map holds "taken_on", "account", "serial" or both, and "value" or those by zone (T1, T2, T3).

"kind" tells a control reading from a current one; "total" is the sum over the zones."""

ANSWER_LANGUAGES = ("ru", "uk", "en")


class BadFile(ValueError):
    """A file cannot be read. `code` is the kind of failure (`usecases.reading_reasons` tells it in words).

    `facts` name the file and, as far as they are known, the row (as the sender counts), the field and the cause.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"{code}: {facts}" if facts else code)
        self.code, self.facts = code, facts


class FileBusy(Exception):
    """Another process is storing this very file now."""


class DecisionRefused(ValueError):
    """A decision cannot be made or taken back; `code` says why."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True, kw_only=True)
class Look:
    """The beginning of a file. `columns`: field → place from 1 as it would be stored; `by_guess`: not by a saved map.

    `missing`: what a map needs and has not: "meter" (neither serial nor account), "value", "taken_on".
    """

    kind: str
    encoding: str
    delimiter: str
    sheet: str
    header_row: int
    headers: list[str]
    rows: list[list[str]]
    columns: Mapping[str, int]
    by_guess: bool
    missing: tuple[str, ...]
    language: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`phase`: "reading", "matching", "judging", "storing", "done"."""

    phase: str
    rows_done: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What came of a file. Rows are the file's; readings are one for each register, so there may be more of them.

    `known`: readings that say what was known already. `replaced`: readings that gave way to a control reading.
    `by_reason`: held readings by the code of each of their reasons. `was_stored`: nothing was done now.
    """

    file_id: int
    rows: int
    accepted: int
    doubtful: int
    rejected: int
    known: int
    replaced: int = 0
    months_to_recalculate: int = 0
    was_stored: bool = False
    by_reason: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """`refused`: held row → codes of the reasons why it stays as it was. `along`: zones accepted with theirs."""

    reading_ids: tuple[int, ...] = ()
    decided: tuple[int, ...] = ()
    along: tuple[int, ...] = ()
    refused: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    months_to_recalculate: int = 0


@dataclass(frozen=True, kw_only=True)
class ListRegister:
    """A register as a row of a building's list; readings and usage in Wh on its face."""

    installation_id: int
    premise_id: int | None
    premise: str
    account: str
    serial: str
    zone: int
    digits: int
    ratio: int
    previous_on: date | None
    previous_wh: int | None
    average_wh: int | None
    today_wh: int | None
    today_source: int | None


@dataclass(frozen=True, kw_only=True)
class RowJudged:
    """A reading judged: "accepted", "doubtful", "rejected" or "known", and the codes of why."""

    installation_id: int
    status: str
    reasons: tuple[str, ...]
    previous_on: date | None
    previous_wh: int | None
    average_wh: int | None
    usage_wh: int | None


@dataclass(frozen=True, kw_only=True)
class ListEntered:
    """What came of a list; `rows` in the order of the values given. `stored`: how many readings are new."""

    rows: list[RowJudged]
    stored: int
    known: int
    replaced: int
    months_to_recalculate: int


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A file for the sender."""

    name: str
    media_type: str
    content: bytes
