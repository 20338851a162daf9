"""A list as a spreadsheet: the same columns, filter and order as on the screen, figures as figures."""

import csv
import io
import tempfile
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.words import Word

# Excel's own limit, less the heading
MOST_ROWS = 1_048_575

# how many smallest units make the shown one, and how it is written
_FIGURES = {
    "minor": (100, "#,##0.00"),
    "kwh": (1_000, "#,##0.###"),
    "price": (100_000, "0.00###"),
    "area": (100, "0.0#"),
    "count": (1, "#,##0"),
}
_DATES = {"day": "dd.mm.yyyy", "moment": "dd.mm.yyyy hh:mm", "month": "mm.yyyy"}


def spreadsheet(listing: Listing, *, name: str) -> FileResponse:
    """Answer with all rows of the list, every page of it; a file of the given name."""
    scratch = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 – closed by the response
    book = xlsxwriter.Workbook(scratch, {"constant_memory": True, "remove_timezone": True})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    formats = {kind: book.add_format({"num_format": text}) for kind, (_unit, text) in _FIGURES.items()}
    formats |= {kind: book.add_format({"num_format": text}) for kind, text in _DATES.items()}
    sheet.freeze_panes(1, 0)
    columns = [column for column in listing.columns if not column.dialog]
    for number, column in enumerate(columns):
        sheet.set_column(number, number, 14 if column.kind != "text" else 32)
        sheet.write_string(0, number, str(column.title), bold)
    written = 0
    for row in listing.every_row(most=MOST_ROWS):
        written += 1
        for number, column in enumerate(columns):
            _write(sheet, written, number, column, column.value(row), formats)
    sheet.autofilter(0, 0, max(written, 1), len(columns) - 1)
    if written == MOST_ROWS:
        book.add_worksheet(_("Cut short")).write_string(
            0, 0, _("A sheet holds no more rows than these; narrow the filter to get the rest.")
        )
    book.close()
    scratch.seek(0)
    return FileResponse(scratch, as_attachment=True, filename=f"{name}.xlsx")


def _write(sheet: Any, line: int, number: int, column: Column, value: Any, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if column.kind in _FIGURES:
        sheet.write_number(line, number, value / _FIGURES[column.kind][0], formats[column.kind])
    elif column.kind in _DATES:
        local = timezone.localtime(value).replace(tzinfo=None) if column.kind == "moment" else value
        sheet.write_datetime(line, number, local, formats[column.kind])
    else:
        # never write(): a name that begins with "=" must stay a name
        sheet.write_string(line, number, value.text if isinstance(value, Word) else str(value))


def comma_separated(listing: Listing, *, name: str) -> FileResponse:
    """Answer with all rows of the list as text: semicolons, as spreadsheets of the region read them without asking."""
    scratch = tempfile.TemporaryFile(suffix=".csv")  # noqa: SIM115 – closed by the response
    columns = [column for column in listing.columns if not column.dialog]
    text = io.TextIOWrapper(scratch, encoding="utf-8-sig", newline="", write_through=True)
    lines = csv.writer(text, delimiter=";")
    lines.writerow([str(column.title) for column in columns])
    for row in listing.every_row(most=MOST_ROWS):
        lines.writerow([_plain(column, column.value(row)) for column in columns])
    text.detach()
    scratch.seek(0)
    return FileResponse(scratch, as_attachment=True, filename=f"{name}.csv", content_type="text/csv")


def _plain(column: Column, value: Any) -> str:
    if value is None or value == "":
        return ""
    if column.kind in _FIGURES:
        unit, _format = _FIGURES[column.kind]
        figure = Decimal(value) / unit
        return format(figure, ".2f" if column.kind == "minor" else "f").replace(".", ",")
    if column.kind == "moment":
        return f"{timezone.localtime(value):%d.%m.%Y %H:%M}"
    if column.kind in _DATES:
        return f"{value:%m.%Y}" if column.kind == "month" else f"{value:%d.%m.%Y}"
    written = value.text if isinstance(value, Word) else str(value)
    # a text that a spreadsheet would take for a formula stays a text
    return f"'{written}" if written[:1] in "=+-@" else written
