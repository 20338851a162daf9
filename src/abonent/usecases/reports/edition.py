"""A report on its way to somebody: what was asked, in which language, by whom and when, as files and as head lines."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

import polars as pl
from django.utils import translation
from django.utils.translation import gettext as _

from abonent.contexts.parties.models import Branch, Supplier
from abonent.contexts.payments.models import Agent
from abonent.contexts.places.models import Building, District
from abonent.contexts.places.queries import address_of
from abonent.usecases.reports import figures, reading
from abonent.usecases.reports.model import Answer, Asked, Column, Fact, Report, Table
from abonent.usecases.reports.reading import Line, Part

Progress = Callable[[int, int], None]


class Format(StrEnum):
    """What a report can be made into."""

    XLSX = "xlsx"
    CSV = "csv"
    PDF = "pdf"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class Edition:
    """A report asked for. `sort`: a column's name, "-" before it to turn the order round."""

    report: Report
    asked: Asked
    language: str
    made_by: str
    made_at: datetime
    sort: str = ""

    @property
    def title(self) -> str:
        return str(self.report.title)

    @property
    def file_name(self) -> str:
        month = f"-{self.asked.period}" if self.asked.period else f"-{self.asked.today}"
        return f"{self.report.code}{month if self.report.required else f'-{self.asked.today}'}"

    def heads(self, answer: Answer) -> list[Fact]:
        """Return what stands above the tables: the supplier, what was asked, and the report's own facts."""
        return [
            Fact(title=_("Supplier"), value=Supplier.objects.get(pk=self.asked.supplier_id).name),
            *said(self.report, self.asked),
            *answer.facts,
        ]

    def made(self) -> str:
        """Say who made it and when."""
        moment = figures.shown(self.made_at, "moment", language=self.language)
        return _("Made by %(who)s on %(when)s") % {"who": self.made_by, "when": moment}

    def shown(self, column: Column, line: Line) -> str:
        """Write a cell for people; what has no total is empty in a total."""
        value = column.value(line.row)
        if line.part != Part.ROW and value is None:
            return ""
        return figures.shown(value, column.kind, language=self.language)


def said(report: Report, asked: Asked) -> list[Fact]:
    """Return in words what a report was asked."""
    facts = []
    if asked.period and "period" in report.asks:
        facts.append(Fact(title=_("Period"), value=asked.period.first_day, kind="month"))
    if asked.branch_id is not None:
        facts.append(Fact(title=_("Branch"), value=Branch.objects.get(pk=asked.branch_id).name))
    if asked.district_id is not None:
        facts.append(Fact(title=_("District"), value=District.objects.get(pk=asked.district_id).name))
    if asked.building_id is not None:
        facts.append(Fact(title=_("Building"), value=building_address(asked.building_id)))
    if asked.agent_id is not None:
        facts.append(Fact(title=_("Agent"), value=Agent.objects.get(pk=asked.agent_id).name))
    for choice in report.choices:
        facts.append(Fact(title=choice.title, value=str(dict(choice.answers)[choice.answer(asked)])))
    return facts


def building_address(building_id: int) -> str:
    """Write a building's address. Raises Building.DoesNotExist."""
    names = Building.objects.values("street__kind", "street__name", "number").get(pk=building_id)
    return address_of(
        street_kind=names["street__kind"], street=names["street__name"], building=names["number"]
    )


def write(
    edition: Edition, *, format: Format, path: Path, on_progress: Progress = lambda done, total: None
) -> int:
    """Write the report into a file, in its language; return its rows. Raises NotReady, TooManyRows."""
    from abonent.usecases.reports import pdf, xlsx

    writers = {Format.XLSX: xlsx.write, Format.CSV: _csv, Format.PDF: pdf.write, Format.JSON: _json}
    with translation.override(edition.language), reading.moment() as cursor:
        answer = edition.report.answer(cursor, edition.asked)
        counted = Counted(cursor, edition, answer, on_progress)
        writers[format](edition, answer, counted, path)
    return counted.rows


def counted_rows(cursor: Any, answer: Answer, asked: Asked) -> int:
    """Count the rows of all tables."""
    return sum(reading.totals(cursor, replace(table, columns=()), asked).rows for table in answer.tables)


class Counted:
    """The lines of the tables, counted as they pass."""

    def __init__(self, cursor: Any, edition: Edition, answer: Answer, on_progress: Progress) -> None:
        self._cursor, self._edition, self._on_progress = cursor, edition, on_progress
        self._totals = {table.name: reading.totals(cursor, table, edition.asked) for table in answer.tables}
        self.rows, self.done = sum(totals.rows for totals in self._totals.values()), 0

    def lines(self, table: Table) -> Iterator[Line]:
        total = self._totals[table.name]
        for line in reading.lines(self._cursor, table, self._edition.asked, total, sort=self._edition.sort):
            yield line
            if line.part == Part.ROW:
                self.done += 1
                if self.done % 1_000 == 0 or self.done == self.rows:
                    self._on_progress(self.done, self.rows)

    def frames(self, table: Table) -> Iterator[pl.DataFrame]:
        """The rows of a plain table as columns."""
        for frame in reading.frames(self._cursor, table, self._edition.asked, sort=self._edition.sort):
            yield frame
            self.done += frame.height
            self._on_progress(self.done, self.rows)

    def totals(self, table: Table) -> Line | None:
        """The total of a table, where it has one."""
        if not table.totalled:
            return None
        return Line(Part.TOTAL, self._totals[table.name].of)


def label(table: Table, line: Line) -> str:
    """Return what stands in the first cell of a total."""
    if line.part == Part.SUBTOTAL:
        return _("In all, %(what)s") % {"what": line.row[table.grouped_by]}
    return _("In all")


def band_title(column: Column) -> str:
    """Return the heading with what stands over it."""
    return f"{column.band}: {column.title}" if column.band else str(column.title)


def _csv(edition: Edition, answer: Answer, counted: Counted, path: Path) -> None:
    """Write the rows for programs: no totals; tables of a form one after another, each under its own heading."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        for number, table in enumerate(answer.tables):
            if number:
                writer.writerow([])
            if len(answer.tables) > 1:
                writer.writerow([str(table.title)])
            writer.writerow([band_title(column) for column in table.columns])
            for line in counted.lines(table):
                if line.part == Part.ROW:
                    writer.writerow([_cell(edition, column, line) for column in table.columns])


def _cell(edition: Edition, column: Column, line: Line) -> str:
    text = figures.plain(column.value(line.row), column.kind, language=edition.language)
    # a spreadsheet takes such a text for a formula
    return f"'{text}" if column.kind == "text" and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _json(edition: Edition, answer: Answer, counted: Counted, path: Path) -> None:
    """Write everything with figures as they are stored: watt-hours, minor units, dm², hundredths of a percent."""
    with path.open("w", encoding="utf-8") as file:
        head = {
            "report": edition.report.code,
            "title": edition.title,
            "asked": edition.asked.as_json(),
            "made_at": edition.made_at.isoformat(),
            "facts": [
                {"title": str(fact.title), "value": fact.value, "kind": fact.kind} for fact in answer.facts
            ],
        }
        file.write(json.dumps(head, ensure_ascii=False, default=str)[:-1] + ', "tables": [')
        for number, table in enumerate(answer.tables):
            file.write(", " if number else "")
            _json_table(table, counted.lines(table), file)
        file.write("]}\n")


def _json_table(table: Table, lines: Iterator[Line], file: IO[str]) -> None:
    columns: Sequence[dict[str, str]] = [
        {"name": column.name, "title": band_title(column), "kind": column.kind} for column in table.columns
    ]
    head = {"name": table.name, "title": str(table.title), "columns": columns}
    file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": [')
    totals: dict[str, Any] = {}
    first = True
    for line in lines:
        values = {column.name: line.row.get(column.name) for column in table.columns}
        if line.part == Part.TOTAL:
            totals = {column.name: line.row[column.name] for column in table.totalled}
        elif line.part == Part.ROW:
            file.write(("" if first else ",") + "\n" + json.dumps(values, ensure_ascii=False, default=str))
            first = False
    file.write("\n], " + json.dumps({"totals": totals}, ensure_ascii=False)[1:])
