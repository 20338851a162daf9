"""Lists of the office: sorted, filtered, paged by key, and written to a spreadsheet exactly as seen.

A list is a query of plain dictionaries and the columns to show. Pages go by key, not by offset, so the
thousandth page costs what the first one does and a row that appears meanwhile shifts nothing.
"""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms import Form
from django.http import QueryDict
from django.utils.functional import Promise

from abonent.interfaces.office import formats
from abonent.interfaces.office.words import Word

PAGE_ROWS = 50
COUNTED_UP_TO = 10_000
CHUNK_ROWS = 5_000

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: the row's key, its heading, how it is written, and the fields it is sorted by, if any.

    With `dialog` it is a button of that name which opens the address `text` returns; files leave it out.
    """

    name: str
    title: str | Promise
    kind: str = "text"
    order: tuple[str, ...] = ()
    link: Callable[[Row], str] | None = None
    text: Callable[[Row], Any] | None = None
    minor_on_phone: bool = False
    dialog: str | Promise = ""

    @property
    def is_figure(self) -> bool:
        return self.kind in {"minor", "kwh", "price", "area", "count"}

    @property
    def is_unbroken(self) -> bool:
        return self.kind in {"day", "moment", "month"}

    def value(self, row: Row) -> Any:
        return self.text(row) if self.text else row[self.name]


@dataclass(frozen=True)
class Cell:
    """A value as written, with its link; `word` is a coloured word instead (`words.Word`)."""

    column: Column
    text: str
    href: str | None
    word: Word | None
    dialog: str = ""


@dataclass
class Listing:
    """One list as asked for by the address: `sort`, `after` and what the filter's form reads.

    `rows` is a query of dictionaries; `unique` names the fields that make its order total. `prepare` adds to
    many rows at once what each of them would otherwise have to ask for.
    """

    rows: QuerySet[Any, Row]
    columns: list[Column]
    params: QueryDict
    default_sort: str
    unique: tuple[str, ...] = ("id",)
    filters: Form | None = None
    page_rows: int = PAGE_ROWS
    prepare: Callable[[list[Row]], None] = lambda rows: None
    _by_name: dict[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        self._by_name = {column.name: column for column in self.columns if column.order}
        asked = self.params.get("sort", "")
        self.sort = asked if asked.lstrip("-") in self._by_name else self.default_sort

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")

    @cached_property
    def sort_fields(self) -> tuple[str, ...]:
        chosen = self._by_name[self.sort.lstrip("-")].order
        return (*chosen, *(name for name in self.unique if name not in chosen))

    @cached_property
    def ordered(self) -> QuerySet[Any, Row]:
        """Every row of the filter in the order chosen."""
        sign = "-" if self.is_descending else ""
        return self.rows.order_by(*(sign + name for name in self.sort_fields))

    @cached_property
    def page(self) -> list[Row]:
        rows = self.ordered
        if after := self._read_key(self.params.get("after", "")):
            # a key that was tampered with begins the list anew
            with suppress(ValueError, ValidationError):
                rows = rows.filter(self._beyond(after))
        found = list(rows[: self.page_rows + 1])
        self.prepare(found)
        return found

    def every_row(self, *, most: int) -> Iterator[Row]:
        """Return the rows of all pages in their order, not more than `most`."""
        rows = self.ordered[:most].iterator(chunk_size=CHUNK_ROWS)
        while chunk := list(islice(rows, CHUNK_ROWS)):
            self.prepare(chunk)
            yield from chunk

    @property
    def lines(self) -> Iterator[list[Cell]]:
        """The page's rows as written cells."""
        for row in self.shown:
            yield [_cell(column, row) for column in self.columns]

    @property
    def shown(self) -> list[Row]:
        """The page's rows as they are."""
        return self.page[: self.page_rows]

    @property
    def next_key(self) -> str:
        """Where the next page begins, or "" on the last one."""
        if len(self.page) <= self.page_rows:
            return ""
        last = self.page[self.page_rows - 1]
        key = [_plain(last[name]) for name in self.sort_fields]
        return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()

    @cached_property
    def total(self) -> int:
        """How many rows there are, counted up to a limit that keeps counting cheap."""
        return self.rows.order_by()[: COUNTED_UP_TO + 1].count()

    @property
    def is_more_than_counted(self) -> bool:
        return self.total > COUNTED_UP_TO

    @property
    def counted_up_to(self) -> int:
        return min(self.total, COUNTED_UP_TO)

    def query(self, **changes: str) -> str:
        """Return the address's query with some parts changed; an empty value drops the part."""
        params = self.params.copy()
        params.pop("after", None)
        for name, value in changes.items():
            params.pop(name, None)
            if value:
                params[name] = value
        return params.urlencode()

    @property
    def more_query(self) -> str:
        return self.query(after=self.next_key)

    @property
    def headings(self) -> list[dict[str, Any]]:
        """The columns with the address that sorts by each, turning round the one that is sorted by now."""
        chosen = self.sort.lstrip("-")
        return [
            {
                "column": column,
                "query": self.query(sort=f"-{column.name}" if self.sort == column.name else column.name)
                if column.order
                else "",
                "order": "" if column.name != chosen else "descending" if self.is_descending else "ascending",
            }
            for column in self.columns
        ]

    def _beyond(self, key: list[Any]) -> Q:
        side = "lt" if self.is_descending else "gt"
        beyond, equal = Q(), Q()
        for name, value in zip(self.sort_fields, key, strict=True):
            beyond |= equal & Q(**{f"{name}__{side}": value})
            equal &= Q(**{name: value})
        first = self.sort_fields[0]
        # the index is entered by the first field; the rest is weighed on the way
        return Q(**{f"{first}__{side}e": key[0]}) & beyond

    def _read_key(self, text: str) -> list[Any] | None:
        """Return the key in the address, or None when it is not one of this order."""
        try:
            key = json.loads(base64.urlsafe_b64decode(text.encode()))
        except ValueError:
            return None
        return key if isinstance(key, list) and len(key) == len(self.sort_fields) else None


def _cell(column: Column, row: Row) -> Cell:
    value = column.value(row)
    href = column.link(row) if column.link else None
    if column.dialog:
        return Cell(column, str(column.dialog), None, None, dialog=value)
    if isinstance(value, Word):
        return Cell(column, value.text, None, value)
    return Cell(column, formats.shown(value, column.kind), href, None)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
