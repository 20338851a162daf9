"""The report of a cash desk's day, as a register's report of closing is read: turnover, drawer, count, what differs."""

import io
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter
from django.utils import timezone

from abonent.contexts.access.queries import user_names
from abonent.contexts.payments.cash import Totals, orders, totals_of
from abonent.contexts.payments.models import CashOrderKind, CashShift
from abonent.gateways import typesetting
from abonent.kernel.money import format_minor
from abonent.packs.ru.documents.paper import Paper, PaperSheet, PaperTable
from abonent.usecases.cash_desk.papers import order_number
from abonent.usecases.letterhead import letterhead

_KINDS = {
    CashOrderKind.RECEIPT: "приход",
    CashOrderKind.REFUND: "возврат",
    CashOrderKind.COLLECTION: "инкассация",
    CashOrderKind.DEPOSIT: "внесение размена",
}
_COLUMNS = ("Ордер", "Время", "Вид", "Плательщик", "Лицевой счёт", "Наличными", "Картой", "Чек")


@dataclass(frozen=True, kw_only=True)
class DayReport:
    """A shift as its report shows it; of a shift that is open, as it stands."""

    shift: CashShift
    totals: Totals
    cashier: str
    closed_by: str
    orders: list[tuple[str, ...]]
    amounts: list[tuple[int, int]]


def day_report(*, shift_id: int) -> DayReport:
    """Return the report of a shift. Raises CashShift.DoesNotExist."""
    shift = CashShift.objects.select_related("desk__branch__supplier").get(pk=shift_id)
    rows = list(orders().filter(shift=shift_id).order_by("id"))
    names = user_names([shift.cashier_id, shift.closed_by_id])
    return DayReport(
        shift=shift,
        totals=totals_of(shift),
        cashier=names.get(shift.cashier_id, ""),
        closed_by=names.get(shift.closed_by_id or 0, ""),
        orders=[
            (
                order_number(number=row["number"], kind=row["kind"]),
                f"{timezone.localtime(row['made_at']):%H:%M}",
                _KINDS[CashOrderKind(row["kind"])],
                row["payer"],
                row["account_number"],
                str(row["fiscal"].get("1042", "")) if row["receipt"] else "–",
            )
            for row in rows
        ],
        amounts=[
            (sign * row["cash_minor"], sign * row["card_minor"])
            for row in rows
            for sign in [-1 if row["kind"] in (CashOrderKind.REFUND, CashOrderKind.COLLECTION) else 1]
        ],
    )


def as_pdf(report: DayReport, /) -> bytes:
    """Return the report as PDF."""
    shift, totals = report.shift, report.totals
    supplier = shift.desk.branch.supplier
    closing = shift.fiscal.get("closed", {})
    tables = [
        PaperTable(
            title="Обороты смены, руб.", columns=("", "Наличными", "Картой", "Всего"), rows=_turnover(totals)
        ),
        PaperTable(title="Касса, руб.", columns=("", "Сумма"), rows=_drawer(report)),
        PaperTable(
            title="Купюры и монеты",
            columns=("Достоинство, руб.", "Штук", "Сумма, руб."),
            rows=[
                (_money(int(worth)), str(number), _money(int(worth) * number))
                for worth, number in sorted(shift.counted.items(), key=lambda one: -int(one[0]))
            ],
        ),
        PaperTable(
            title="Ордера",
            columns=("Ордер", "Плательщик", "Лицевой счёт", "Наличными", "Картой", "Чек"),
            rows=[
                (_order_words(row), _short_name(row[3]), row[4], _money(cash), _money(card), row[5])
                for row, (cash, card) in zip(report.orders, report.amounts, strict=True)
            ],
        ),
    ]
    paper = Paper(
        supplier=letterhead(supplier),
        title=f"Отчёт кассы за смену № {shift.number}",
        subtitle=f"{shift.desk.name}, {shift.day:%d.%m.%Y}",
        facts=[
            ("Подразделение", shift.desk.branch.name),
            ("Кассир", report.cashier),
            ("Смена открыта", _moment(shift.opened_at)),
            ("Смена закрыта", _moment(shift.closed_at) if shift.closed_at else "ещё открыта"),
            ("Закрыл", report.closed_by),
            ("Регистрационный номер ККТ", str(shift.desk.register.get("registration", ""))),
            ("Отчёт ККТ о закрытии", _register_words(closing)),
            ("Не напечатано чеков", str(totals.not_printed or "")),
            ("Пояснение", shift.note),
        ],
        tables=tables,
        signatures=[("Кассир", report.cashier), ("Принял", "")],
    )
    made_on = timezone.localdate(shift.closed_at) if shift.closed_at else shift.day
    return typesetting.render(paper, sheet=PaperSheet(), created_on=made_on, author=supplier.short_name)


def as_xlsx(report: DayReport, /) -> bytes:
    """Return the report as a spreadsheet: the totals, then every order, figures as figures."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    bold = book.add_format({"bold": True})
    money = book.add_format({"num_format": "#,##0.00"})
    sheet = book.add_worksheet("Смена")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 3, 16)
    title = (
        f"Отчёт кассы за смену № {report.shift.number}, {report.shift.desk.name}, {report.shift.day:%d.%m.%Y}"
    )
    sheet.write_string(0, 0, title, bold)
    sheet.write_string(1, 0, f"Кассир: {report.cashier}")
    line = 3
    for number, heading in enumerate(("", "Наличными", "Картой", "Всего")):
        sheet.write_string(line, number, heading, bold)
    for name, cash_minor, card_minor in _turnover_figures(report.totals):
        line += 1
        sheet.write_string(line, 0, name)
        for number, amount_minor in enumerate((cash_minor, card_minor, cash_minor + card_minor), start=1):
            sheet.write_number(line, number, amount_minor / 100, money)
    line += 1
    for name, amount_minor in _drawer_figures(report):
        line += 1
        sheet.write_string(line, 0, name)
        sheet.write_number(line, 1, amount_minor / 100, money)
    if report.shift.note:
        line += 1
        sheet.write_string(line, 0, f"Пояснение: {report.shift.note}")
    listing = book.add_worksheet("Ордера")
    for number, heading in enumerate(_COLUMNS):
        listing.write_string(0, number, heading, bold)
        listing.set_column(number, number, 30 if heading == "Плательщик" else 14)
    for at, (row, amounts) in enumerate(zip(report.orders, report.amounts, strict=True), start=1):
        for number, text in enumerate(row[:5]):
            listing.write_string(at, number, text)
        for number, amount_minor in enumerate(amounts, start=5):
            listing.write_number(at, number, amount_minor / 100, money)
        listing.write_string(at, 7, row[5])
    listing.freeze_panes(1, 0)
    listing.autofilter(0, 0, max(len(report.orders), 1), len(_COLUMNS) - 1)
    book.close()
    return buffer.getvalue()


def _turnover_figures(totals: Totals) -> list[tuple[str, int, int]]:
    return [
        (f"Приход, чеков: {totals.receipts}", totals.cash_minor, totals.card_minor),
        (f"Возврат, чеков: {totals.refunds}", totals.refunded_cash_minor, totals.refunded_card_minor),
        (
            "Итого за смену",
            totals.cash_minor - totals.refunded_cash_minor,
            totals.card_minor - totals.refunded_card_minor,
        ),
    ]


def _turnover(totals: Totals) -> list[tuple[str, ...]]:
    return [
        (name, _money(cash), _money(card), _money(cash + card))
        for name, cash, card in _turnover_figures(totals)
    ]


def _drawer_figures(report: DayReport) -> list[tuple[str, int]]:
    shift, totals = report.shift, report.totals
    rows = [
        ("На начало смены", totals.opening_minor),
        ("Принято наличными", totals.cash_minor),
        ("Возвращено наличными", -totals.refunded_cash_minor),
        ("Внесено размена", totals.deposited_minor),
        ("Инкассировано", -totals.collected_minor),
        ("Должно быть в кассе", totals.expected_minor),
    ]
    if shift.counted_minor is not None:
        rows += [
            ("Пересчитано", shift.counted_minor),
            ("Расхождение", shift.counted_minor - totals.expected_minor),
        ]
    return rows


def _drawer(report: DayReport) -> list[tuple[str, ...]]:
    return [(name, _money(amount_minor)) for name, amount_minor in _drawer_figures(report)]


def _order_words(row: tuple[str, ...]) -> str:
    number, moment, kind = row[:3]
    return f"{number}, {moment}" + ("" if kind == _KINDS[CashOrderKind.RECEIPT] else f", {kind}")


def _short_name(name: str) -> str:
    """Иванов Иван Иванович → Иванов И. И.; names of organisations stay."""
    match name.split():
        case [last, first, middle] if all(part.istitle() for part in (last, first, middle)):
            return f"{last} {first[0]}. {middle[0]}."
        case _:
            return name


def _register_words(closing: dict[str, object]) -> str:
    if not closing:
        return ""
    return f"смена {closing['1038']}, ФД № {closing['1040']}, чеков {closing['1118']}, ФП {closing['1077']}"


def _money(amount_minor: int) -> str:
    return format_minor(amount_minor, language="ru").replace("-", "−")


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d.%m.%Y %H:%M}"
