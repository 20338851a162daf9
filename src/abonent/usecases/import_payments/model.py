"""What goes in and out of files of payments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

MOST_PROBLEMS = 1_000
"""Problems that are told one by one; the rest is a number."""


class FileRefused(ValueError):
    """A file is not taken in, and nothing of it was stored. `code` says why; `problems` name rows and fields.

    Codes beside those of the readers: known (file_id), rows, totals, unknown_format, gone, busy, wrong_agent, empty,
    changed (rows of the file that were refunded or transferred).
    """

    def __init__(self, code: str, problems: Sequence["Problem"] = (), **facts: Any) -> None:
        super().__init__(f"{code}: {facts}" if facts else code)
        self.code, self.problems, self.facts = code, list(problems), facts


class FileBusy(Exception):
    """Another process is posting or reversing this very file now."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with a row, or (row 0) with the file: the field, what stood there, the code of why."""

    row_no: int
    field: str
    value: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`phase`: "reading", "recognising", "posting", "done"."""

    phase: str
    rows_done: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Control totals: what the rows add up to. Minor units."""

    rows: int = 0
    amount_minor: int = 0
    transferred_minor: int = 0
    commission_minor: int = 0


@dataclass(kw_only=True)
class Look:
    """A file before it is stored. `rows`: ROWS with `outcome`. `known_as`: the file that has these very bytes.

    `refusal`: why it cannot be stored as it is, with its `problems`.
    """

    name: str
    format: str
    number: str
    dated_on: date | None
    totals: Totals
    rows: pl.DataFrame
    lines: pl.DataFrame
    known_as: int | None = None
    refusal: FileRefused | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by outcome: posted, unidentified, known, doubled, told, arrived, outgoing, waiting."""
        counted = self.rows.group_by("outcome").len().sort("outcome")
        return dict(counted.iter_rows())

    @property
    def line_counts(self) -> dict[int, int]:
        """Documents of a statement by the state they would have."""
        return dict(self.lines.group_by("state").len().sort("state").iter_rows())

    def first_rows(self, most: int, *, outcomes: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return rows of these outcomes, or of all, in the order of the file."""
        rows = self.rows.filter(pl.col("outcome").is_in(outcomes)) if outcomes else self.rows
        return rows.head(most).to_dicts()

    @property
    def recognised_percent(self) -> int:
        """Of the rows that would be stored as payments, how many find their account."""
        counts = self.counts
        found = counts.get("posted", 0)
        of = found + counts.get("unidentified", 0)
        return 100 * found // of if of else 100


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What came of a file. `known_rows`: other files had brought them; `told_rows`: notices of what has not arrived.

    `amount_minor`: of the payments it brought. `was_stored`: these bytes were taken in before, nothing was done now."""

    file_id: int
    rows: int
    posted_rows: int
    unidentified_rows: int
    known_rows: int
    told_rows: int
    amount_minor: int
    was_stored: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A file for the sender."""

    name: str
    media_type: str
    content: bytes
