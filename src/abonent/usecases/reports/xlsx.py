"""A report as a spreadsheet: figures as figures, headings that stay in sight, rows written as they come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from abonent.gateways.spreadsheets import long_tables
from abonent.usecases.reports import figures
from abonent.usecases.reports.edition import Counted, Edition, label
from abonent.usecases.reports.model import Answer, Column, Fact, Table
from abonent.usecases.reports.reading import Line, Part

_SHEET_ROWS = long_tables.SHEET_ROWS
_WIDTHS = {"text": 30, "kwh": 15, "minor": 16, "day": 12, "moment": 17}


def write(edition: Edition, answer: Answer, counted: Counted, path: Path) -> None:
    """Write the tables one under another; a table that fills a sheet goes on in the next."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
    book.set_properties(
        {"title": edition.title, "author": edition.made_by, "created": edition.made_at.replace(tzinfo=None)}
    )
    made = _Book(book, edition, answer)
    try:
        made.write(counted)
    finally:
        book.close()
    if made.long is not None:
        made.long.fill(counted, path)


@dataclass
class _Long:
    """A table whose rows are put into the workbook once it is made."""

    table: Table
    places: list[long_tables.Place] = field(default_factory=list)

    def fill(self, counted: Counted, path: Path) -> None:
        scales = {
            column.name: 10 ** figures.FIGURES.get(column.kind, (0,))[0] for column in self.table.columns
        }
        empty = path.with_suffix(".empty")
        path.replace(empty)
        try:
            frames = counted.frames(self.table)
            long_tables.fill(empty, path, frames=frames, scales=scales, places=self.places)
        finally:
            empty.unlink()


class _Book:
    def __init__(self, book: Any, edition: Edition, answer: Answer) -> None:
        self._book, self._edition, self._answer = book, edition, answer
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._muted = book.add_format({"font_color": "#5a6570"})
        self._section = book.add_format({"bold": True, "font_size": 12})
        heading = {"bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": "#eef2f5", "border": 1}
        self._heading = book.add_format({**heading, "border_color": "#c3cad1"})
        self._band = book.add_format({**heading, "border_color": "#c3cad1", "align": "center"})
        self._formats = {
            (kind, bold): book.add_format({"num_format": excel, "bold": bold, **({"top": 1} if bold else {})})
            for bold in (False, True)
            for kind, excel in self._number_formats().items()
        }
        self._sheets = 0
        self.long: _Long | None = None
        self._new_sheet()

    @staticmethod
    def _number_formats() -> dict[str, str]:
        formats = {kind: excel for kind, (_places, _least, excel) in figures.FIGURES.items()}
        return {"text": "@", **formats, **figures.DATES}

    def _new_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheets += 1
        self._line = 0
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0)
        widest = max(self._answer.tables, key=lambda table: len(table.columns))
        for number, column in enumerate(widest.columns):
            self._sheet.set_column(number, number, _WIDTHS.get(column.kind, 12))

    def write(self, counted: Counted) -> None:
        self._sheet.write_string(0, 0, self._edition.title, self._title)
        self._line = 1
        for fact in self._edition.heads(self._answer):
            self._fact(fact)
        self._sheet.write_string(self._line, 0, self._edition.made(), self._muted)
        self._line += 2
        for table in self._answer.tables:
            self._table(table, counted)

    def _fact(self, fact: Fact) -> None:
        self._sheet.write_string(self._line, 0, str(fact.title), self._muted)
        self._cell(1, fact.value, fact.kind, bold=False)
        self._line += 1

    def _table(self, table: Table, counted: Counted) -> None:
        if table.title:
            self._sheet.write_string(self._line, 0, str(table.title), self._section)
            self._line += 1
        first = self._headings(table)
        if len(self._answer.tables) == 1 and table.is_plain and counted.rows:
            self._leave_room(table, counted)
            return
        rows = 0
        for line in counted.lines(table):
            if self._line >= _SHEET_ROWS - 1:
                self._new_sheet()
                self._headings(table)
            self._write(table, line)
            rows += 1
        if len(self._answer.tables) == 1 and rows:
            self._sheet.autofilter(first - 1, 0, self._line - 1, len(table.columns) - 1)
        if not rows:
            self._sheet.write_string(self._line, 0, str(table.empty) or _("There are no rows."), self._muted)
            self._line += 1
        self._line += 1

    def _leave_room(self, table: Table, counted: Counted) -> None:
        """Leave the rows out but for one that shows how they are written; write the total under them."""
        self.long, left = _Long(table), counted.rows
        while left:
            if self.long.places:
                self._new_sheet()
                self._headings(table)
            # a line for the total
            rows = min(left, _SHEET_ROWS - self._line - 1)
            self.long.places.append(long_tables.Place(self._sheets, self._line + 1, rows))
            for number, column in enumerate(table.columns):
                self._sheet.write_blank(self._line, number, None, self._formats[column.kind, False])
            self._sheet.autofilter(self._line - 1, 0, self._line + rows - 1, len(table.columns) - 1)
            self._line += rows
            left -= rows
        if (total := counted.totals(table)) is not None:
            self._write(table, total)

    def _headings(self, table: Table) -> int:
        """Write bands and headings, keep them in sight; return the line the rows begin at."""
        if any(column.band for column in table.columns):
            for first, last, band in bands(table.columns):
                if not band:
                    continue
                if first == last:
                    self._sheet.write_string(self._line, first, band, self._band)
                else:
                    self._sheet.merge_range(self._line, first, self._line, last, band, self._band)
            self._line += 1
        self._sheet.set_row(self._line, 44)
        for number, column in enumerate(table.columns):
            self._sheet.write_string(self._line, number, str(column.title), self._heading)
        self._line += 1
        if len(self._answer.tables) == 1:
            self._sheet.freeze_panes(self._line, 1)
            self._sheet.repeat_rows(self._line - 1)
        return self._line

    def _write(self, table: Table, line: Line) -> None:
        bold = line.part != Part.ROW
        for number, column in enumerate(table.columns):
            self._cell(
                number, column.value(line.row) if not (bold and not number) else None, column.kind, bold=bold
            )
        if bold:
            self._sheet.write_string(self._line, 0, label(table, line), self._formats["text", True])
        self._line += 1

    def _cell(self, number: int, value: Any, kind: str, *, bold: bool) -> None:
        style = self._formats[kind, bold]
        if value is None or value == "":
            if bold:
                self._sheet.write_blank(self._line, number, None, style)
        elif kind in figures.FIGURES:
            self._sheet.write_number(self._line, number, value / 10 ** figures.FIGURES[kind][0], style)
        elif kind in figures.DATES:
            local = timezone.localtime(value).replace(tzinfo=None) if kind == "moment" else value
            self._sheet.write_datetime(self._line, number, local, style)
        else:
            # never write(): a name that begins with "=" must stay a name
            self._sheet.write_string(self._line, number, str(value), style)


def bands(columns: Sequence[Column]) -> list[tuple[int, int, str]]:
    """Return the stretches of neighbours under one band: first, last, band."""
    found: list[tuple[int, int, str]] = []
    for number, column in enumerate(columns):
        band = str(column.band)
        if found and band and found[-1][2] == band:
            found[-1] = (found[-1][0], number, band)
        else:
            found.append((number, number, band))
    return found
