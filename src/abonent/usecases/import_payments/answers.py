"""The rows of a file with what became of each, as a workbook: for whoever sent it, before and after it is stored."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO

import xlsxwriter
from django.utils.translation import gettext as _

from abonent.contexts.contracts.models import Account
from abonent.contexts.payments.models import Payment, PaymentFile, PaymentState
from abonent.usecases.import_payments import judging, reading
from abonent.usecases.import_payments.model import Look, Problem
from abonent.usecases.import_payments.words import OUTCOMES, field_name, tell_problem

MOST_ROWS = 1_048_000
_STATES = {
    PaymentState.UNIDENTIFIED: "unidentified",
    PaymentState.POSTED: "posted",
    PaymentState.REVERSED: "reversed",
    PaymentState.RETURNED: "returned",
}
_AT_ONCE = 50_000


def look_file(look: Look) -> BinaryIO:
    """Return a workbook of what would become of each row."""
    return _workbook(_with_numbers(look.rows.head(MOST_ROWS).iter_rows(named=True)))


def problems_file(name: str, problems: Sequence[Problem]) -> BinaryIO:
    """Return a workbook of what is wrong: file, row, field, what stands there, why."""
    scratch, book, sheet, bold = _book()
    titles = (
        (_("File"), 24),
        (_("Row"), 8),
        (_("Field"), 20),
        (_("What stands there"), 32),
        (_("Reason"), 60),
    )
    _head(sheet, titles, bold)
    for line, problem in enumerate(problems, start=1):
        sheet.write_string(line, 0, name)
        sheet.write_number(line, 1, problem.row_no)
        sheet.write_string(line, 2, field_name(problem.field))
        sheet.write_string(line, 3, problem.value)
        sheet.write_string(line, 4, tell_problem(problem))
    return _closed(scratch, book)


def answer_file(*, file_id: int, today: date) -> BinaryIO:
    """Return a workbook of the file's rows and what became of each. Raises FileRefused when its bytes are gone."""
    file = PaymentFile.objects.select_related("agent__supplier").get(pk=file_id)
    taken = reading.read(
        file.sha256, name=file.name, agent=file.agent, today=max(today, file.booked_on), partial=file.partial
    )
    read = judging.recognised(taken, file.agent) if taken.is_notices else taken.rows
    brought: dict[int, tuple[int, str | None]] = {
        row_no: (state, number)
        for row_no, state, number in Payment.objects.filter(file=file)
        .values_list("row_no", "state", "account__number")
        .iterator(chunk_size=_AT_ONCE)
    }

    def rows() -> Iterable[Mapping[str, Any]]:
        for row in read.head(MOST_ROWS).iter_rows(named=True):
            state, number = brought.get(row["row_no"], (0, None))
            outcome = _STATES[PaymentState(state)] if state else row.get("outcome", "known")
            yield row | {"outcome": outcome, "number": number}

    return _workbook(rows())


def _with_numbers(rows: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """Add the numbers of the accounts that were found, some thousands at a time."""
    part: list[Mapping[str, Any]] = []

    def told() -> Iterable[Mapping[str, Any]]:
        ids = {row["account_id"] for row in part if row["account_id"]}
        numbers = dict(Account.objects.filter(pk__in=ids).values_list("id", "number"))
        for row in part:
            yield {**row, "number": numbers.get(row["account_id"])}

    for row in rows:
        part.append(row)
        if len(part) == _AT_ONCE:
            yield from told()
            part.clear()
    yield from told()


def _workbook(rows: Iterable[Mapping[str, Any]]) -> BinaryIO:
    scratch, book, sheet, bold = _book()
    money = book.add_format({"num_format": "#,##0.00"})
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    titles = (
        (_("Row"), 8),
        (_("Paid on"), 12),
        (_("Operation"), 18),
        (_("Account in the file"), 20),
        (_("Payer"), 30),
        (_("Sum"), 14),
        (_("Commission"), 14),
        (_("Purpose"), 40),
        (_("Account"), 16),
        (_("What became of it"), 24),
    )
    _head(sheet, titles, bold)
    for line, row in enumerate(rows, start=1):
        sheet.write_number(line, 0, row["row_no"])
        sheet.write_datetime(line, 1, row["paid_on"], day)
        for place, name in ((2, "external_id"), (3, "account_text"), (4, "payer"), (7, "purpose")):
            sheet.write_string(line, place, row[name])
        sheet.write_number(line, 5, row["amount_minor"] / 100, money)
        sheet.write_number(line, 6, row["commission_minor"] / 100, money)
        sheet.write_string(line, 8, row["number"] or "")
        sheet.write_string(line, 9, str(OUTCOMES.get(row["outcome"], "")))
    return _closed(scratch, book)


def _book() -> tuple[BinaryIO, Any, Any, Any]:
    scratch = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 – closed by whoever sends it
    book = xlsxwriter.Workbook(scratch, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    return scratch, book, sheet, book.add_format({"bold": True, "bottom": 1})


def _head(sheet: Any, titles: Sequence[tuple[str, int]], bold: Any) -> None:
    for place, (title, width) in enumerate(titles):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, title, bold)


def _closed(scratch: BinaryIO, book: Any) -> BinaryIO:
    book.close()
    scratch.seek(0)
    return scratch
