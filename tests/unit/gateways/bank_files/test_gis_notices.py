"""Notices of ГИС ЖКХ as XML and as the workbook of the cabinet."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.bank_files import TODAY, Notice, gis, workbook

from abonent.gateways.bank_files import Malformed, Registry, detect, read

ONE, TWO = Notice("1" * 32, 157_050), Notice("2" * 32, 50, account="1002")
HEADINGS = [
    "№ п/п",
    "Уникальный номер платежа (идентификатор операции)",
    "Дата внесения платы",
    "Сумма платежа, руб.",
    "Единый лицевой счёт",
    "Лицевой счет",
    "Расчетный период",
    "Плательщик",
    "Статус извещения",
]


@pytest.fixture
def registry(tmp_path: Path) -> Callable[..., Registry]:
    def of(content: str | bytes, **options: bool) -> Registry:
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        assert detect(path) == "gis"
        found = read(path, name="notices", today=TODAY, **options)
        assert isinstance(found, Registry)
        return found

    return of


@pytest.fixture
def refusal(registry: Callable[..., Registry]) -> Callable[..., Malformed]:
    def of(content: str | bytes, **options: bool) -> Malformed:
        with pytest.raises(Malformed) as caught:
            registry(content, **options)
        return caught.value

    return of


def rows(*changed: list[object]) -> bytes:
    usual = [
        [
            1,
            "1" * 32,
            date(2026, 11, 20),
            1570.5,
            "70АА000001",
            "0050133547364",
            "10.2026",
            "Иванов",
            "Принято",
        ],
        [2, "2" * 32, date(2026, 11, 19), 0.5, "70АА000002", None, None, "Петров", "Сквитировано"],
    ]
    return workbook([["Извещения"], HEADINGS, list(range(1, 10)), *(list(changed) or usual)])


class TestXml:
    @pytest.mark.parametrize("envelope", [False, True])
    def test_sums_are_kopecks(self, registry, envelope):
        found = registry(gis([ONE, TWO], envelope=envelope))
        first = found.frame.row(0, named=True)
        assert first["amount_minor"] == first["transferred_minor"] == 157_050
        assert (first["external_id"], first["account_text"]) == ("1" * 32, "50133547364")
        assert (first["paid_on"], first["period"]) == (date(2026, 11, 20), date(2026, 10, 1))
        assert (first["payer"], first["purpose"]) == ("Иванов Иван", "За электроэнергию")

    def test_rows_differ_even_in_one_line(self, registry):
        found = registry(gis([ONE, TWO, Notice("3" * 32, 7)]).replace("\n", ""))
        assert found.frame["row_no"].to_list() == [1, 2, 3]
        assert registry(gis([ONE, TWO])).frame["row_no"].n_unique() == 2

    def test_the_unified_account_where_there_is_no_other(self, registry):
        content = gis([ONE]).replace("<ab:AccountNumber>50133547364</ab:AccountNumber>", "")
        assert registry(content).frame["account_text"].to_list() == ["70АА000001"]

    @pytest.mark.parametrize(
        ("old", "new", "code", "field"),
        [
            (">157050<", ">-157050<", "not_positive", "Amount"),
            (">157050<", ">0<", "not_positive", "Amount"),
            (">157050<", ">1570.50<", "not_a_sum", "Amount"),
            (">157050<", f">{'9' * 30}<", "not_a_sum", "Amount"),
            (">157050<", "><", "missing", "Amount"),
            (">2026-11-20<", ">2027-11-20<", "in_future", "OrderDate"),
            (">2026-11-20<", ">2026-02-30<", "not_a_date", "OrderDate"),
            (">2026-11-20<", "><", "missing", "OrderDate"),
            (">" + "1" * 32 + "<", "><", "missing", "OrderID"),
            (">10</b:Month", ">13</b:Month", "not_a_date", "Month"),
        ],
    )
    def test_refused_with_row_and_element(self, refusal, old, new, code, field):
        wrong = refusal(gis([ONE]).replace(old, new))
        assert (wrong.code, wrong.field) == (code, field)
        assert wrong.row > 0

    def test_a_cancellation_is_no_payment(self, refusal):
        cancelled = (
            "<pb:NotificationOfOrderExecutionCancellation><pb:OrderID>1</pb:OrderID>"
            "</pb:NotificationOfOrderExecutionCancellation></p:importNotifications"
        )
        assert refusal(gis([ONE]).replace("</p:importNotifications", cancelled)).code == "cancelled"

    def test_a_notice_doubled(self, refusal, registry):
        assert refusal(gis([ONE, TWO, ONE])).code == "duplicate"
        assert registry(gis([ONE, ONE]), vouched=True).frame.height == 2

    def test_none_at_all_or_cut(self, refusal):
        assert refusal(gis([])).code == "no_documents"
        assert refusal(gis([ONE])[:-200]).code == "damaged"


class TestWorkbook:
    def test_by_headings(self, registry):
        found = registry(rows())
        assert found.frame.select("paid_on", "amount_minor", "account_text", "payer", "period").rows() == [
            (date(2026, 11, 20), 157_050, "0050133547364", "Иванов", date(2026, 10, 1)),
            (date(2026, 11, 19), 50, "70АА000002", "Петров", None),
        ]

    def test_with_other_words(self, registry):
        content = workbook(
            [
                [
                    "Идентификатор распоряжения",
                    "Дата распоряжения",
                    "Сумма распоряжения",
                    "Номер ЛС",
                    "Адрес",
                ],
                ["A1", "20.11.2026", "1 570,50", "1001", "ул. Мира, 1"],
            ]
        )
        assert registry(content).frame.select("amount_minor", "account_text", "address").row(0) == (
            157_050,
            "1001",
            "ул. Мира, 1",
        )

    @pytest.mark.parametrize(
        ("place", "value", "code", "field"),
        [
            (1, None, "missing", "external_id"),
            (2, date(2027, 1, 1), "in_future", "paid_on"),
            (2, "вчера", "not_a_date", "paid_on"),
            (3, -1, "not_positive", "amount"),
            (3, "много", "not_a_sum", "amount"),
            (8, "Аннулировано", "cancelled", "status"),
        ],
    )
    def test_refused_with_row_and_field(self, refusal, place, value, code, field):
        row: list[object] = [1, "1" * 32, date(2026, 11, 20), 15, "70АА1", "1001", "", "Иванов", "Принято"]
        row[place] = value
        wrong = refusal(rows(row))
        assert (wrong.code, wrong.field, wrong.row) == (code, field, 4)
