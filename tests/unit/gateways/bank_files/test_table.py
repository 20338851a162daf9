"""Tables read by a layout: registries of any agent, statements of banks, text, workbooks and dBase."""

import struct
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bank_files import DAYS, SUMS, TODAY, roubles, workbook

from abonent.gateways.bank_files import PRESETS, Malformed, Registry, Statement, check_layout, read

HEADED: dict[str, Any] = {
    "columns": {
        "paid_on": "Дата",
        "external_id": "Номер операции",
        "account_text": "Лицевой счёт",
        "payer": "ФИО",
        "amount": "Сумма",
        "commission": "Комиссия",
        "period": "Период",
    },
    "control": {"begins": "ИТОГО", "rows": 2, "amount": 5, "commission": 6},
}
TEXT = (
    "Реестр платежей;;;;;;\n"
    "Дата;Номер операции;Лицевой счет;Ф.И.О.;Cумма;Комиссия;Период\n"  # the C of Cумма is Latin
    "20.11.2026;A1;ЛС-001001;Иванов И.И.;1 000,00;10,00;10.2026\n"
    "20.11.2026;A2;ЛС-001002;Петров П.П.;500,5;;1026\n"
    "ИТОГО;2;;;1500,50;10,00;\n"
)
LAYOUT = {**HEADED, "columns": {**HEADED["columns"], "payer": "Ф.И.О."}, "account_prefix": "ЛС-"}


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Any]:
    def of(
        content: str | bytes,
        layout: dict[str, Any] | None = None,
        *,
        encoding: str = "cp1251",
        **options: Any,
    ) -> Any:
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return read(
            path,
            name="file",
            today=TODAY,
            layout=LAYOUT if layout is None else layout,
            currency="",
            **options,
        )

    return of


@pytest.fixture
def refusal(table: Callable[..., Any]) -> Callable[..., Malformed]:
    def of(*arguments: Any, **options: Any) -> Malformed:
        with pytest.raises(Malformed) as caught:
            table(*arguments, **options)
        return caught.value

    return of


def dbf(fields: list[tuple[str, str, int, int]], rows: list[list[str]]) -> bytes:
    width = 1 + sum(size for _name, _kind, size, _places in fields)
    head = struct.pack("<BBBBIHH", 3, 126, 10, 20, len(rows), 33 + 32 * len(fields), width)
    made = head.ljust(29, b"\0") + bytes([0x65]) + b"\0\0"
    for name, kind, size, places in fields:
        made += name.encode().ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([size, places]) + bytes(14)
    made += b"\r"
    for cells in rows:
        made += b" "
        for cell, (_name, kind, size, _places) in zip(cells, fields, strict=True):
            made += (cell.rjust(size) if kind == "N" else cell.ljust(size)).encode("cp866")
    return made + b"\x1a"


class TestRegistries:
    @pytest.mark.parametrize("encoding", ["cp1251", "cp866", "utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("delimiter", [";", "\t", "|"])
    def test_by_headings_however_they_are_spelt(self, table, encoding, delimiter):
        found = table(TEXT.replace(";", delimiter), encoding=encoding)
        assert isinstance(found, Registry)
        assert found.frame.select(
            "row_no", "paid_on", "external_id", "account_text", "payer", "amount_minor", "commission_minor"
        ).rows() == [
            (3, date(2026, 11, 20), "A1", "001001", "Иванов И.И.", 100_000, 1_000),
            (4, date(2026, 11, 20), "A2", "001002", "Петров П.П.", 50_050, 0),
        ]
        assert found.frame["period"].to_list() == [date(2026, 10, 1)] * 2
        assert found.frame["transferred_minor"].to_list() == [99_000, 50_050]

    def test_by_places_without_a_header(self, table):
        layout = {
            "columns": {"paid_on": 1, "paid_at": 2, "account_text": 3, "amount": 4},
            "minor_units": True,
            "skip_lines": 1,
        }
        found = table(
            "registry 17\n2026-11-20|09:32|1001|857532\n",
            layout | {"dates": ["yyyy-mm-dd"], "delimiter": "|"},
        )
        assert found.frame.row(0, named=True)["amount_minor"] == 857_532
        assert found.frame.row(0, named=True)["paid_at"] == datetime(2026, 11, 20, 9, 32)

    def test_of_fixed_width(self, table):
        layout = {
            "widths": [8, 12, 10],
            "columns": {"paid_on": 1, "account_text": 2, "amount": 3},
            "dates": ["ddmmyyyy"],
        }
        found = table("20112026      100101   8575.32\n20112026      100102      0.50\n", layout)
        assert found.frame["amount_minor"].to_list() == [857_532, 50]
        assert found.frame["account_text"].to_list() == ["100101", "100102"]

    def test_of_a_workbook(self, table):
        rows = [
            ["Реестр платежей"],
            ["Дата", "Номер операции", "Лицевой счет", "Ф.И.О.", "Сумма", "Комиссия", "Период"],
            [date(2026, 11, 20), "A1", 1001, "Иванов", 1000.1, 0.1 + 0.2, "10.2026"],
            [date(2026, 11, 20), "A2", "ЛС-0001002", "Петров", 0.29, None, None],
            ["ИТОГО", 2, None, None, 1000.39, 0.3, None],
        ]
        found = table(workbook(rows))
        assert found.frame.select("account_text", "amount_minor", "commission_minor").rows() == [
            ("1001", 100_010, 30),
            ("0001002", 29, 0),
        ]
        assert found.stated.amount_minor == 100_039

    def test_of_dbase(self, table):
        fields = [("DATA", "D", 8, 0), ("LS", "C", 12, 0), ("FIO", "C", 20, 0), ("SUMMA", "N", 12, 2)]
        content = dbf(
            fields, [["20261120", "0001001", "Иванов", "1500.50"], ["20261119", "1002", "Петров", "7.00"]]
        )
        found = table(
            content, {"columns": {"paid_on": "DATA", "account_text": "LS", "payer": "FIO", "amount": "SUMMA"}}
        )
        assert found.frame.select("paid_on", "account_text", "payer", "amount_minor").rows() == [
            (date(2026, 11, 20), "0001001", "Иванов", 150_050),
            (date(2026, 11, 19), "1002", "Петров", 700),
        ]

    def test_quotation_marks_as_in_csv_and_within_a_word(self, table):
        content = TEXT.replace("Иванов И.И.", '"ООО ""Ромашка; и Ко"""').replace("Петров П.П.", 'ИП "Петров"')
        assert table(content).frame["payer"].to_list() == ['ООО "Ромашка; и Ко"', 'ИП "Петров"']

    @pytest.mark.parametrize(
        ("commission", "transferred", "kept"), [("withheld", 99_000, 1_000), ("on_top", 100_000, 1_000)]
    )
    def test_whose_the_commission_is(self, table, commission, transferred, kept):
        found = table(TEXT, {**LAYOUT, "commission": commission})
        assert found.frame.select("transferred_minor", "commission_minor").row(0) == (transferred, kept)

    def test_the_commission_below_zero_and_the_sum_transferred_alone(self, table):
        negative = table(
            TEXT.replace(";10,00;", ";-10,00;").replace("500,5;;", "500,5;0;"),
            {**LAYOUT, "commission_negative": True, "control": {"begins": "ИТОГО", "rows": 2}},
        )
        assert negative.counted.commission_minor == 1_000
        columns = {name: place for name, place in LAYOUT["columns"].items() if name != "commission"}
        alone = table(
            TEXT,
            {
                **LAYOUT,
                "columns": {**columns, "transferred": "Комиссия"},
                "control": {"begins": "ИТОГО", "rows": 2},
            },
        )
        assert alone.frame.row(0, named=True)["commission_minor"] == 99_000

    def test_the_control_line_may_come_first(self, table):
        lines = TEXT.splitlines()
        content = "\n".join([lines[4].replace("ИТОГО", "#"), *lines[1:4]])
        control = {**LAYOUT["control"], "begins": "#", "first": True, "number": 3, "dated_on": 4}
        found = table(content.replace("#;2;;;", "#;2;15/Н;21.11.2026;"), {**LAYOUT, "control": control})
        assert (found.number, found.dated_on) == ("15/Н", date(2026, 11, 21))

    def test_thousands_set_apart_by_the_other_mark(self, table):
        content = TEXT.replace("1 000,00", "1.000,00")
        assert table(content, {**LAYOUT, "decimal": ","}).frame["amount_minor"][0] == 100_000

    def test_rows_of_another_state_are_left_out_in_sight(self, table):
        layout = {"columns": {"paid_on": "Дата", "amount": "Сумма"}, "accept": {"Статус": ["проведён"]}}
        found = table("Дата;Сумма;Статус\n20.11.2026;1,00;проведён\n20.11.2026;2,00;отказ\n", layout)
        assert (found.frame.height, found.skipped) == (1, (3,))

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_what_is_written_is_read(self, table, data):
        cells = st.text(st.sampled_from("АБвгё 019.,-№«»'\""), max_size=20).map(
            lambda text: " ".join(text.split())
        )
        rows = data.draw(st.lists(st.tuples(DAYS, cells, SUMS), min_size=1, max_size=8))
        mark = data.draw(st.sampled_from([",", "."]))
        lines = ["Дата;Плательщик;Сумма"]
        lines += [
            f'{day:%d.%m.%Y};"{name.replace(chr(34), chr(34) * 2)}";{roubles(minor, mark)}'
            for day, name, minor in rows
        ]
        found = table(
            "\n".join(lines), {"columns": {"paid_on": "Дата", "payer": "Плательщик", "amount": "Сумма"}}
        )
        assert found.frame.select("paid_on", "payer", "amount_minor").rows() == rows


class TestRefused:
    @pytest.mark.parametrize(
        ("old", "new", "code", "field", "row"),
        [
            ("ИТОГО;2", "ИТОГО;3", "stated_rows", "rows", 5),
            ("1500,50", "1500,51", "stated_total", "amount", 5),
            ("ИТОГО;2;;;1500,50;10,00", "ИТОГО;2;;;1500,50;11,00", "stated_total", "commission", 5),
            ("ИТОГО;2;;;1500,50;10,00;\n", "", "no_total", "", 4),
            ("ИТОГО;2", "ИТОГО;?", "not_a_number", "rows", 5),
            ("1 000,00", "-1 000,00", "not_positive", "amount", 3),
            ("1 000,00", "1.000", "not_a_sum", "amount", 3),
            ("1 000,00", "10 00,00", "not_a_sum", "amount", 3),
            ("1 000,00", "", "not_a_sum", "amount", 3),
            ("500,5", "500,505", "not_a_sum", "amount", 4),
            ("500,5", "5" * 30, "not_a_sum", "amount", 4),
            (";10,00;10.2026", ";десять;10.2026", "not_a_sum", "commission", 3),
            (";10,00;10.2026", ";-10,00;10.2026", "not_positive", "commission", 3),
            (";10,00;10.2026", ";1001,00;10.2026", "not_positive", "transferred", 3),
            ("20.11.2026;A2", "20.11.2036;A2", "in_future", "paid_on", 4),
            ("20.11.2026;A2", "20.13.2026;A2", "not_a_date", "paid_on", 4),
            ("20.11.2026;A2", "20.11.1026;A2", "too_old", "paid_on", 4),
            (";A2;", ";A1;", "", "", 0),
            (";10.2026\n", ";10.2026;лишнее\n", "fields", "", 3),
            ("Сумма;", "Итог;", "no_header", "", 0),
        ],
    )
    def test_with_row_and_field(self, refusal, table, old, new, code, field, row):
        content = TEXT.replace("Cумма", "Сумма")
        assert old in content
        changed = content.replace(old, new, 1)
        if not code:  # one number for two payments of different accounts is no doubling
            assert table(changed).frame.height == 2
            return
        wrong = refusal(changed)
        assert (wrong.code, wrong.field, wrong.row) == (code, field, row)

    def test_a_file_doubled(self, refusal):
        assert refusal(TEXT * 2).code == "repeated"

    def test_rows_doubled(self, refusal, table):
        layout = {**LAYOUT, "control": {"begins": "ИТОГО", "rows": 2, "required": False}}
        content = TEXT.replace("ИТОГО;2;;;1500,50;10,00;\n", TEXT.splitlines()[2] + "\n")
        assert (refusal(content, layout).code, refusal(content, layout).row) == ("duplicate", 5)
        assert len(table(content, layout, vouched=True).discrepancies) == 1

    def test_rows_after_the_control_line(self, refusal):
        wrong = refusal(TEXT + "20.11.2026;A3;1003;Сидоров;1,00;;\n")
        assert (wrong.code, wrong.row) == ("after_end", 6)

    def test_a_quotation_mark_that_is_never_closed(self, refusal):
        assert refusal(TEXT.replace("Иванов", '"Иванов')).code in {"open_quote", "no_total"}

    def test_a_workbook_cut_short(self, refusal):
        content = workbook([["Дата", "Сумма"], [date(2026, 11, 20), 1]])
        assert refusal(content[: len(content) // 2]).code == "damaged"

    def test_no_layout(self, refusal):
        assert refusal(TEXT, {}).code == "no_layout"


class TestLayouts:
    @pytest.mark.parametrize("name", sorted(PRESETS))
    def test_the_ready_ones_are_sound(self, name):
        check_layout({"preset": name})

    @pytest.mark.parametrize(
        ("layout", "field"),
        [
            ({"preset": "нет такого"}, "preset"),
            ({"colums": {}}, "colums"),
            ({"columns": {}}, "columns"),
            ({"columns": []}, "columns"),
            ({"columns": {"amount": 1}}, "columns.paid_on"),
            ({"columns": {"paid_on": 1}}, "columns.amount"),
            ({"columns": {"paid_on": 1, "amount": 0}}, "columns.amount"),
            ({"columns": {"paid_on": 1, "amount": True}}, "columns.amount"),
            ({"columns": {"paid_on": 1, "amount": 2, "shoe_size": 3}}, "columns.shoe_size"),
            ({"columns": {"paid_on": 1, "amount": [2, 3]}}, "columns.amount"),
            ({**HEADED, "dates": ["dd.mm"]}, "dates"),
            ({**HEADED, "dates": ["%d%m%Y"]}, "dates"),
            ({**HEADED, "dates": []}, "dates"),
            ({**HEADED, "decimal": ";"}, "decimal"),
            ({**HEADED, "encoding": "koi8-r"}, "encoding"),
            ({**HEADED, "delimiter": ";;"}, "delimiter"),
            ({**HEADED, "skip_lines": -1}, "skip_lines"),
            ({**HEADED, "minor_units": 1}, "minor_units"),
            ({**HEADED, "widths": [10, 0]}, "widths"),
            ({**HEADED, "widths": [10, 5]}, "widths"),
            ({**HEADED, "control": {"amount": 2}}, "control"),
            ({**HEADED, "control": {"begins": "="}}, "control.amount"),
            ({**HEADED, "control": {"begins": "=", "amount": "2"}}, "control.amount"),
            ({"kind": "statement", "columns": {"paid_on": 1, "amount": 2}}, "own_account"),
            (
                {"kind": "statement", "own_account": "1", "columns": {"paid_on": 1, "debit": 2}},
                "columns.amount",
            ),
            (
                {"kind": "statement", "own_account_pattern": "(", "columns": {"paid_on": 1, "amount": 2}},
                "own_account_pattern",
            ),
            (
                {
                    "kind": "statement",
                    "own_account_pattern": "(?=(a))",
                    "columns": {"paid_on": 1, "amount": 2},
                },
                "own_account_pattern",
            ),
            ({"preset": []}, "preset"),
            ({"kind": "other", "columns": {"paid_on": 1, "amount": 2}}, "kind"),
            ([1], "layout"),
        ],
    )
    def test_one_that_cannot_be_used_is_refused_before_it_is_kept(self, layout, field):
        with pytest.raises(Malformed) as caught:
            check_layout(layout)
        assert (caught.value.code, caught.value.field) == ("bad_layout", field)

    def test_a_ready_one_with_own_keys(self, table):
        content = "Дата i час операції,Деталі операції,Сума в валюті картки (UAH)\n20.11.2026 10:00:00,Переказ,100\n"
        found = table(content, {"preset": "ua_monobank", "own_account": "UA1"}, encoding="utf-8")
        assert isinstance(found, Statement)
        assert found.documents[0].own_account == "UA1"


class TestStatements:
    LAYOUT: dict[str, Any] = {
        "kind": "statement",
        "own_account": "UA1",
        "columns": {
            "paid_on": "Дата",
            "number": "Номер",
            "debit": "Дебет",
            "credit": "Кредит",
            "currency": "Валюта",
        },
    }
    HEAD = "Дата;Номер;Дебет;Кредит;Валюта\n"

    def test_both_ways(self, table):
        found = table(self.HEAD + "20.11.2026;1;;100,00;UAH\n20.11.2026;2;7,50;;UAH\n", self.LAYOUT)
        assert [(one.incoming, one.amount_minor) for one in found.documents] == [(True, 10_000), (False, 750)]

    @pytest.mark.parametrize(
        ("line", "code", "field"),
        [
            ("20.11.2026;1;5,00;5,00;UAH", "repeated", "debit"),
            ("20.11.2026;1;;;UAH", "not_positive", "credit"),
            ("20.11.2026;1;;-5,00;UAH", "not_positive", "credit"),
            ("20.11.2026;1;-5,00;;UAH", "not_positive", "debit"),
            ("20.11.2026;1;x;;UAH", "not_a_sum", "debit"),
            ("20.11.2027;1;;5;UAH", "in_future", "paid_on"),
            ("20.11.2026;1;;5;гривня", "foreign_currency", "currency"),
        ],
    )
    def test_refused(self, refusal, line, code, field):
        wrong = refusal(self.HEAD + line + "\n", self.LAYOUT)
        assert (wrong.code, wrong.field, wrong.row) == (code, field, 2)

    def test_another_currency_is_named_with_its_row(self, tmp_path):
        path = tmp_path / "file"
        path.write_text(self.HEAD + "20.11.2026;1;;5,00;UAH\n20.11.2026;2;;5,00;GBP\n")
        with pytest.raises(Malformed) as caught:
            read(path, name="x", today=TODAY, layout=self.LAYOUT, currency="UAH")
        assert (caught.value.code, caught.value.row, caught.value.value) == ("foreign_currency", 3, "GBP")

    def test_two_alike_movements_need_a_person(self, refusal, table):
        content = self.HEAD + "20.11.2026;1;;5,00;UAH\n" * 2
        assert refusal(content, self.LAYOUT).code == "duplicate"
        assert len(table(content, self.LAYOUT, vouched=True).documents) == 2
