"""The calculation of an account's penalties on paper and as a spreadsheet, fit for a court."""

import io
from dataclasses import asdict
from datetime import date

import xlsxwriter

from abonent.contexts.contracts.queries import AccountHead
from abonent.contexts.parties.models import Supplier as SupplierRow
from abonent.gateways import typesetting
from abonent.packs.ru.documents import penalty_papers
from abonent.packs.ru.documents.paper import Paper, PaperSheet
from abonent.packs.ru.documents.penalty_papers import SheetDebt, SheetFacts, SheetStretch
from abonent.usecases.letterhead import letterhead
from abonent.usecases.penalties.calculation import Calculation, Stretch

_WIDTHS = (14, 14, 12, 16, 8, 14, 14, 10, 42, 14)
_HEADINGS = (
    "Месяц", "Оплатить до", "С", "По", "Дней", "Долг, руб.", "Ставка, %", "Доля 1/", "Формула", "Пени, руб.",
)  # fmt: skip


def pdf(calculation: Calculation, *, head: AccountHead, supplier_id: int, made_on: date) -> bytes:
    """Return the calculation as PDF."""
    paper = _paper(calculation, head, supplier_id)
    return typesetting.render(paper, sheet=PaperSheet(), created_on=made_on, author=paper.supplier.short_name)


def xlsx(calculation: Calculation, *, head: AccountHead) -> bytes:
    """Return the calculation as a spreadsheet: a row for each stretch and payment, figures as figures."""
    facts = _facts(calculation, head)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("Пени")
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "# ##0.00"})
    total = book.add_format({"num_format": "# ##0.00", "bold": True, "top": 1})
    day = book.add_format({"num_format": "dd.mm.yyyy", "align": "left"})
    for number, width in enumerate(_WIDTHS):
        sheet.set_column(number, number, width)
    sheet.write_string(
        0, 0, f"Расчёт пеней: лицевой счёт № {facts.account}, {facts.payer}, {facts.address}", bold
    )
    sheet.write_string(1, 0, "На день")
    sheet.write_datetime(1, 1, facts.on, day)
    sheet.write_row(3, 0, _HEADINGS, bold)
    sheet.freeze_panes(4, 0)
    line = 4
    for debt in facts.debts:
        for stretch in debt.stretches:
            for column, when in enumerate((debt.period, debt.due_on, stretch.first_day, stretch.last_day)):
                sheet.write_datetime(line, column, when, day)
            sheet.write_number(line, 4, stretch.days)
            sheet.write_number(line, 5, stretch.base_minor / 100, money)
            sheet.write_number(line, 6, stretch.rate_e2 / 100, money)
            sheet.write_number(line, 7, stretch.divisor)
            sheet.write_string(line, 8, penalty_papers.formula(stretch))
            sheet.write_number(line, 9, stretch.amount_minor / 100, money)
            line += 1
        for paid_on, amount_minor in debt.payments:
            sheet.write_datetime(line, 0, debt.period, day)
            sheet.write_datetime(line, 2, paid_on, day)
            sheet.write_number(line, 5, -amount_minor / 100, money)
            sheet.write_string(line, 8, "оплата")
            line += 1
    sheet.write_string(line, 0, "Итого", bold)
    sheet.write_number(line, 9, calculation.asked_minor / 100, total)
    for number, act in enumerate(facts.acts, start=line + 2):
        sheet.write_string(number, 0, f"Основание: {act}")
    book.close()
    return buffer.getvalue()


def formula_of(stretch: Stretch) -> str:
    """Write a stretch of a calculation as it is multiplied."""
    return penalty_papers.formula(SheetStretch(**asdict(stretch)))


def _paper(calculation: Calculation, head: AccountHead, supplier_id: int) -> Paper:
    supplier = letterhead(SupplierRow.objects.get(pk=supplier_id))
    return penalty_papers.calculation(_facts(calculation, head), supplier=supplier)


def _facts(calculation: Calculation, head: AccountHead) -> SheetFacts:
    return SheetFacts(
        account=head.number,
        payer=head.payer,
        address=head.address,
        on=calculation.on,
        rate_of=int(calculation.rate_of),
        rate_on=calculation.rate_on,
        debts=[
            SheetDebt(
                period=debt.period,
                due_on=debt.due_on,
                debtor=debt.debtor,
                amount_minor=debt.amount_minor,
                left_minor=debt.left_minor,
                penalty_minor=debt.penalty_minor,
                payments=debt.payments,
                stretches=[SheetStretch(**asdict(stretch)) for stretch in debt.stretches],
            )
            for debt in calculation.debts
        ],
        posted_minor=calculation.posted_minor,
        acts=calculation.acts,
    )
