"""Registries of Сбербанк: read whole, by the million, or refused where the control line disagrees."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bank_files import DAYS, OURS, SUMS, TODAY, Row, sber

from abonent.gateways.bank_files import Malformed, Registry, Totals, read

# The sample every description of the format shows: two payments, 10 806,53 in all, registry 686336.
PUBLISHED = (
    "03-01-2026;09-32-33;1111;1111999V;100000000001;0000001001;ИВАНОВ ИВАН ИВАНОВИЧ;Г МОСКВА, КВ.1;"
    "1225;8575,32;8575,32;0,00;5\r\n"
    "03-01-2026;10-00-00;1111;1111999V;100000000002;0000001002;ПЕТРОВ П.П.;Г МОСКВА, КВ.2;"
    "1225;2231,21;2231,21;0,00;5\r\n"
    "=2;10806,53;10806,53;0,00;686336;06-01-2026\r\n"
)
TWO = [Row(857_532), Row(223_121, operation="100000000002", account="0000001002", commission_minor=2_231)]


@pytest.fixture
def registry(tmp_path: Path) -> Callable[..., Registry]:
    def of(
        content: str | bytes, *, name: str = "registry.txt", vouched: bool = False, encoding: str = "cp1251"
    ) -> Registry:
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        found = read(path, name=name, today=TODAY, vouched=vouched)
        assert isinstance(found, Registry)
        assert found.format == "sber"
        return found

    return of


@pytest.fixture
def refusal(registry: Callable[..., Registry]) -> Callable[..., Malformed]:
    def of(content: str | bytes, **options: object) -> Malformed:
        with pytest.raises(Malformed) as caught:
            registry(content, **options)
        return caught.value

    return of


class TestRead:
    def test_the_published_sample(self, registry):
        found = registry(PUBLISHED, name=f"7700000000_{OURS}_12.txt")
        totals = Totals(rows=2, amount_minor=1_080_653, transferred_minor=1_080_653, commission_minor=0)
        assert found.stated == found.counted == totals
        assert (found.number, found.dated_on, found.own_account) == ("686336", date(2026, 1, 6), OURS)
        assert found.frame.row(0, named=True) == {
            "row_no": 1,
            "paid_on": date(2026, 1, 3),
            "paid_at": datetime(2026, 1, 3, 9, 32, 33),
            "external_id": "100000000001",
            "account_text": "0000001001",
            "payer": "ИВАНОВ ИВАН ИВАНОВИЧ",
            "payer_inn": "",
            "phone": "",
            "address": "Г МОСКВА, КВ.1",
            "period": date(2025, 12, 1),
            "amount_minor": 857_532,
            "transferred_minor": 857_532,
            "commission_minor": 0,
            "purpose": "",
        }

    def test_commission_stays_apart(self, registry):
        found = registry(sber(TWO))
        assert found.counted.commission_minor == 2_231
        assert found.counted.transferred_minor == found.counted.amount_minor - 2_231

    @pytest.mark.parametrize("encoding", ["cp1251", "cp866", "utf-8", "utf-8-sig", "utf-16"])
    def test_every_encoding(self, registry, encoding):
        assert registry(sber(TWO), encoding=encoding).frame["payer"][0] == "ИВАНОВ ИВАН ИВАНОВИЧ"

    def test_a_period_that_is_none_stays_readable(self, registry):
        found = registry(sber([Row(100, period="май")]))
        assert found.frame.select("period", "purpose").row(0) == (None, "май")

    def test_blank_lines_count_as_lines_of_the_file(self, registry):
        assert registry("\r\n" + sber(TWO)).frame["row_no"].to_list() == [2, 3]

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        rows=st.lists(
            st.builds(Row, amount_minor=SUMS, day=DAYS, operation=st.integers(1, 10**12).map(str)),
            min_size=1,
            max_size=9,
            unique_by=lambda row: row.operation,
        )
    )
    def test_what_is_written_is_read(self, registry, rows):
        found = registry(sber(rows))
        assert found.frame.select("amount_minor", "paid_on", "external_id").rows() == [
            (row.amount_minor, row.day, row.operation) for row in rows
        ]

    def test_a_hundred_thousand_rows(self, registry):
        found = registry(sber(Row(100 + n, operation=str(n + 1)) for n in range(100_000)))
        assert found.counted == found.stated
        assert found.frame["row_no"].to_list() == list(range(1, 100_001))
        assert found.frame.schema["amount_minor"] == pl.Int64


class TestRefused:
    @pytest.mark.parametrize(
        ("old", "new", "code", "field", "row"),
        [
            ("=2;10806,53", "=3;10806,53", "stated_rows", "rows", 3),
            ("=2;10806,53", "=2;10806,54", "stated_total", "amount", 3),
            ("=2;10806,53;10806,53", "=2;10806,53;10806,52", "stated_total", "transferred", 3),
            ("0,00;686336", "0,01;686336", "stated_total", "commission", 3),
            ("=2;10806,53;10806,53;0,00;686336;06-01-2026\r\n", "", "no_total", "", 2),
            ("06-01-2026", "06-13-2026", "not_a_date", "dated_on", 3),
            ("06-01-2026", "06-01-2027", "in_future", "dated_on", 3),
            ("=2;", "=два;", "not_a_number", "rows", 3),
            ("=2;10806,53;", "=2;", "fields", "", 3),
            ("8575,32;8575,32", "-8575,32;8575,32", "not_positive", "amount", 1),
            ("8575,32;8575,32", "0,00;8575,32", "not_positive", "amount", 1),
            ("8575,32;8575,32", "много;8575,32", "not_a_sum", "amount", 1),
            ("8575,32;8575,32", "9" * 30 + ";8575,32", "not_a_sum", "amount", 1),
            ("8575,32;8575,32", "8575,32;8000,00", "row_total", "transferred", 1),
            ("2231,21;0,00", "2231,21;-1,00", "not_positive", "commission", 2),
            ("03-01-2026;10", "03-01-2027;10", "in_future", "paid_on", 2),
            ("03-01-2026;10", "33-01-2026;10", "not_a_date", "paid_on", 2),
            ("03-01-2026;10", "03-01-1926;10", "too_old", "paid_on", 2),
            ("10-00-00", "25-00-00", "not_a_time", "paid_at", 2),
            ("Г МОСКВА, КВ.2", "Г МОСКВА; КВ.2", "fields", "", 2),
            ("1225;2231,21", "2231,21", "fields", "", 2),
        ],
    )
    def test_with_row_and_field(self, refusal, old, new, code, field, row):
        assert old in PUBLISHED
        wrong = refusal(PUBLISHED.replace(old, new, 1))
        assert (wrong.code, wrong.field, wrong.row) == (code, field, row)

    def test_every_defect_is_told_at_once(self, refusal):
        wrong = refusal(
            PUBLISHED.replace("8575,32;8575,32", "x;8575,32").replace("2231,21;2231,21", "y;2231,21")
        )
        assert [(one.row, one.value) for one in (wrong, *wrong.more)] == [(1, "x"), (2, "y")]

    def test_a_file_doubled(self, refusal):
        wrong = refusal(PUBLISHED * 2)
        assert (wrong.code, wrong.row) == ("after_end", 4)

    def test_a_row_doubled_and_the_totals_with_it(self, registry, refusal):
        content = sber([*TWO, TWO[1]])
        wrong = refusal(content)
        assert (wrong.code, wrong.row, wrong.field) == ("duplicate", 3, "external_id")
        found = registry(content, vouched=True)
        assert [one.row for one in found.discrepancies] == [3]
        assert found.counted.rows == 3

    def test_a_row_taken_away_cannot_be_vouched_for(self, refusal):
        lines = PUBLISHED.splitlines(keepends=True)
        assert refusal(lines[0] + lines[2], vouched=True).code == "stated_rows"

    def test_reordered_rows_are_the_same_registry(self, registry):
        lines = PUBLISHED.splitlines(keepends=True)
        assert registry(lines[1] + lines[0] + lines[2]).counted == registry(PUBLISHED).counted

    def test_cut_anywhere(self, refusal):
        content = PUBLISHED.encode("cp1251")
        for end in range(1, len(content) - 2, 7):
            # what is left of the first row is no registry of the bank any more
            assert refusal(content[:end]).code in {"no_total", "fields", "no_layout", "not_a_date"}

    def test_two_encodings(self, refusal):
        first, rest = PUBLISHED.split("\r\n", 1)
        assert refusal(first.encode("cp1251") + b"\r\n" + rest.encode()).code == "mixed_encodings"

    def test_zero_bytes(self, refusal):
        wrong = refusal(PUBLISHED.replace("ПЕТРОВ", "ПЕТ\0").encode("cp1251"))
        assert (wrong.code, wrong.row) == ("not_text", 2)
