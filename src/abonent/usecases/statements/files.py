"""A statement or an act as a file: a page to be signed, and a spreadsheet of the same tables."""

import io
from datetime import date
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from abonent.contexts.parties.models import Supplier
from abonent.gateways import typesetting
from abonent.packs.ru.documents.statement import StatementPaper, StatementSheet, StatementTable
from abonent.usecases.letterhead import letterhead
from abonent.usecases.reports import figures
from abonent.usecases.statements.written import Table, Written


def pdf(
    written: Written, *, supplier: Supplier, language: str, signatures: list[str], made_on: date
) -> bytes:
    """Return the paper; `signatures` says whose lines stand at its end. Raises TypesettingError."""

    def words(value: Any, kind: str) -> str:
        return "" if value is None or value == "" else figures.shown(value, kind, language=language)

    paper = StatementPaper(
        supplier=letterhead(supplier),
        title=written.title,
        subtitle=written.subtitle,
        facts=[
            (title, words(value, kind) + (" ₽" if kind == "minor" else ""))
            for title, value, kind in written.facts
        ],
        tables=[_on_paper(table, words) for table in written.tables],
        statements=written.statements,
        signatures=signatures,
        made=_("Made on %(day)s.") % {"day": figures.shown(made_on, "day", language=language)},
        place_of_stamp=_("stamp"),
        signature=_("signature"),
        name=_("full name"),
        page_of=_("page {page} of {pages}"),
        bank=_("Bank details"),
    )
    sheet = StatementSheet(title=written.title, language=language)
    return typesetting.render(paper, sheet=sheet, created_on=made_on, author=supplier.short_name)


def _on_paper(table: Table, words: Any) -> StatementTable:
    def row(cells: Any) -> list[str]:
        return [words(value, column.kind) for value, column in zip(cells, table.columns, strict=True)]

    return StatementTable(
        title=table.title,
        columns=[(column.title, column.wide, column.is_figure) for column in table.columns],
        rows=[row(cells) for cells in table.rows],
        # words stand in a total where its column holds a day
        total=[value if isinstance(value, str) else words(value, column.kind)
               for value, column in zip(table.total, table.columns, strict=True)] if table.total else [],
        empty=table.empty,
    )  # fmt: skip


def xlsx(written: Written, *, supplier: Supplier) -> bytes:
    """Return the same tables as a spreadsheet, figures as figures."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    title, bold = book.add_format({"bold": True, "font_size": 14}), book.add_format({"bold": True})
    heading = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#eef2f5", "border": 1})
    formats = {
        (kind, strong): book.add_format(
            {"num_format": excel, "bold": strong, **({"top": 1} if strong else {})}
        )
        for strong in (False, True)
        for kind, excel in {"text": "@", "minor": "#,##0.00", **figures.DATES}.items()
    }

    def cell(line: int, number: int, value: Any, kind: str, *, strong: bool = False) -> None:
        if value is None or value == "":
            return
        if kind == "minor" and isinstance(value, int):
            sheet.write_number(line, number, value / 100, formats["minor", strong])
        elif kind in figures.DATES and isinstance(value, date):
            sheet.write_datetime(line, number, value, formats[kind, strong])
        else:
            # never write(): a name that begins with "=" must stay a name
            sheet.write_string(line, number, str(value), formats["text", strong])

    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 44)
    sheet.set_column(2, 8, 16)
    sheet.write_string(0, 0, supplier.name)
    sheet.write_string(1, 0, written.title, title)
    sheet.write_string(2, 0, written.subtitle)
    line = 3
    for name, value, kind in written.facts:
        sheet.write_string(line, 0, name)
        cell(line, 1, value, kind, strong=True)
        line += 1
    for table in written.tables:
        line += 1
        sheet.write_string(line, 0, table.title, bold)
        for number, column in enumerate(table.columns):
            sheet.write_string(line + 1, number, column.title, heading)
        line += 2
        for row in table.rows:
            for number, (value, column) in enumerate(zip(row, table.columns, strict=True)):
                cell(line, number, value, column.kind)
            line += 1
        if not table.rows:
            sheet.write_string(line, 0, table.empty)
            line += 1
        for number, (value, column) in enumerate(zip(table.total, table.columns, strict=bool(table.total))):
            cell(line, number, value, column.kind, strong=True)
        line += bool(table.total)
    for stated in written.statements:
        line += 1
        sheet.write_string(line, 0, stated)
    book.close()
    return target.getvalue()
