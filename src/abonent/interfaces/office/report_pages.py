"""A report's tables as a page shows them: cells with their links, subtotals in their places, totals at the foot."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse

from abonent.interfaces.office import formats
from abonent.interfaces.office.report_forms import query_of
from abonent.usecases.reports import Asked, Card, Column, Table, figures, reading
from abonent.usecases.reports.reading import Totals

PAGE_ROWS = 100
# a form of several tables is shown whole
FORM_ROWS = 5_000

Row = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    column: Column
    text: str
    href: str = ""


@dataclass(frozen=True)
class ShownLine:
    """A row, or with `title` a subtotal."""

    cells: list[Cell]
    title: str = ""


@dataclass
class TablePage:
    """Some rows of a table; the first page also knows the totals of all of them."""

    table: Table
    asked: Asked
    rows: list[Row]
    sums: dict[Any, Row]
    sort: str = ""
    offset: int = 0
    limit: int = PAGE_ROWS
    totals: Totals | None = None

    @classmethod
    def read(
        cls, cursor: Any, table: Table, asked: Asked, *, sort: str, offset: int, limit: int
    ) -> "TablePage":
        """Read the first page with the totals, or one further on."""
        if offset:
            rows = reading.page(cursor, table, asked, sort=sort, limit=limit + 1, offset=offset)
            return cls(table, asked, rows, _sums(cursor, table, asked), sort, offset, limit)
        rows, totals = reading.first_page(cursor, table, asked, sort=sort, limit=limit + 1)
        sums = _sums(cursor, table, asked)
        return cls(table, asked, rows, sums, sort, offset, limit, totals)

    @property
    def lines(self) -> Iterator[ShownLine]:
        """The page's rows, with a subtotal where a group ends."""
        group = self.table.grouped_by
        shown = self.rows[: self.limit]
        for number, row in enumerate(shown):
            yield ShownLine([self._cell(column, row) for column in self.table.columns])
            if not group:
                continue
            following = self.rows[number + 1] if number + 1 < len(self.rows) else None
            if following is None or following[group] != row[group]:
                sums = self.sums[row[group]]
                yield ShownLine(self._summed(sums), title=str(row[group] or formats.NOTHING))

    @property
    def more_query(self) -> str:
        """The query of the next rows, or "" on the last page."""
        if len(self.rows) <= self.limit:
            return ""
        return f"{self._query}&offset={self.offset + self.limit}"

    @property
    def foot(self) -> list[Cell]:
        return self._summed(self.totals.of) if self.totals and self.table.totalled else []

    @cached_property
    def bands(self) -> list[dict[str, Any]]:
        """What stands over the headings: text and how many columns; nothing where no column has it."""
        found: list[dict[str, Any]] = []
        for column in self.table.columns:
            if found and found[-1]["text"] == str(column.band):
                found[-1]["columns"] += 1
            else:
                found.append({"text": str(column.band), "columns": 1})
        return found if any(band["text"] for band in found) else []

    @property
    def headings(self) -> list[dict[str, Any]]:
        """The columns with the query that sorts by each, turning round the one that is sorted by now."""
        base = query_of(self.asked)
        chosen = self.sort.lstrip("-")
        found = []
        for column in self.table.columns:
            turned = f"-{column.name}" if self.sort == column.name else column.name
            order = (
                "" if column.name != chosen else "descending" if self.sort.startswith("-") else "ascending"
            )
            query = f"{base}&sort={turned}" if column.sorted_by and self.limit == PAGE_ROWS else ""
            found.append({"column": column, "query": query, "order": order})
        return found

    @property
    def _query(self) -> str:
        return query_of(self.asked) + (f"&sort={self.sort}" if self.sort else "")

    def _cell(self, column: Column, row: Row) -> Cell:
        text = figures.shown(column.value(row), column.kind, language=formats.language())
        return Cell(column, text, self._href(column, row))

    def _summed(self, sums: Row) -> list[Cell]:
        """The cells of a total, the first left to its title."""
        return [
            Cell(
                column,
                figures.shown(sums[column.name], column.kind, language=formats.language())
                if column.total
                else "",
            )
            for column in self.table.columns[1:]
        ]

    def _href(self, column: Column, row: Row) -> str:
        opens = column.opens
        if opens is None:
            return ""
        if isinstance(opens, Card):
            name = row.get(opens.key)
            if not name:
                return ""
            dated = f"?period={self.asked.period}" if opens.dated and self.asked.period else ""
            return reverse(f"office:{opens.of}", args=[name]) + dated
        taken = {parameter: str(row[key]) for parameter, key in opens.takes.items()}
        address = reverse("office:report", args=[opens.report]) if opens.report else ""
        return f"{address}?{query_of(self.asked, **opens.sets, **taken)}"


def _sums(cursor: Any, table: Table, asked: Asked) -> dict[Any, Row]:
    return reading.subtotals(cursor, table, asked) if table.totalled else {}
