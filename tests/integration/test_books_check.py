"""The auditor: silent over right books, and naming the very row when one is made wrong behind the product's back."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection
from typer.testing import CliRunner

from abonent.interfaces.cli import books as command
from abonent.interfaces.cli import runtime
from abonent.kernel.periods import Month
from abonent.usecases import books_check
from abonent.usecases.books_check import Result

HERE = Path(__file__).parent
BOOKS = "\n".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("books*.sql")))
SABOTAGE: list[dict[str, str]] = [
    case
    for path in sorted(HERE.glob("books_sabotage*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]
GUARDS = {
    "charging_chargeline": "line_is_immutable",
    "ledger_entry": "entry_is_immutable",
    "payments_allocation": "allocation_is_immutable",
    "metering_reading": "reading_is_history",
}

pytestmark = pytest.mark.django_db


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def books(db: None) -> None:
    """October 2026 of four buildings, written by hand."""
    execute(BOOKS)
    execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with pending triggers cannot be altered


def audit(**options: Any) -> dict[str, Result]:
    return {result.check.name: result for result in books_check.check_books(**options)}


def add_a_kopeck_to_every_turnover() -> None:
    execute("UPDATE ledger_turnover SET charged_minor = charged_minor + 1")


def test_right_books_agree(books: None) -> None:
    assert {name: result.rows for name, result in audit().items() if result.disagreements} == {}


def test_empty_books_agree(db: None) -> None:
    assert not any(result.disagreements for result in audit().values())


@pytest.mark.parametrize("case", SABOTAGE, ids=[case["wrong"] for case in SABOTAGE])
def test_wrong_books_are_named(books: None, case: dict[str, str]) -> None:
    for table, guard in GUARDS.items():
        execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
    execute(case["do"])
    if "DISABLE TRIGGER" not in case["do"]:
        for table, guard in GUARDS.items():
            execute(f"ALTER TABLE {table} ENABLE TRIGGER {guard}")
    result = audit()[case["check"]]
    assert (case["place"], case["found"]) in [(row.place, row.found) for row in result.rows]
    assert result.disagreements == len(result.rows)


def test_every_check_is_sabotaged() -> None:
    assert {case["check"] for case in SABOTAGE} == {check.name for check in books_check.all_checks()}


def test_the_limit_bounds_what_is_named_not_what_is_counted(books: None) -> None:
    add_a_kopeck_to_every_turnover()
    result = audit(limit=3)["turnover.entries"]
    assert len(result.rows) == 3
    assert result.disagreements == result.looked_at > 3


def test_a_month_alone_is_looked_at(books: None) -> None:
    add_a_kopeck_to_every_turnover()
    september = audit(booked_period=Month(2026, 9))
    assert september["turnover.entries"].disagreements == september["turnover.entries"].looked_at == 7
    assert september["line.amount"].looked_at == 0
    assert audit(booked_period=Month(2026, 8))["turnover.entries"].looked_at == 0


def test_a_correction_booked_later_takes_its_month_along(books: None) -> None:
    """Lines of October reversed in November's books do not look charged twice to whoever audits November alone."""
    execute("""
        UPDATE charging_run SET slot = 202611, booked_period = '2026-11-01' WHERE id = 2;
        CREATE TABLE IF NOT EXISTS charging_chargeline_202611 PARTITION OF charging_chargeline FOR VALUES IN (202611);
        CREATE TABLE IF NOT EXISTS ledger_entry_202611 PARTITION OF ledger_entry FOR VALUES IN (202611);
        CREATE TABLE IF NOT EXISTS ledger_turnover_202611 PARTITION OF ledger_turnover FOR VALUES IN (202611);
        UPDATE ledger_batch SET slot = 202611, booked_period = '2026-11-01' WHERE id = 3;
        ALTER TABLE charging_chargeline DISABLE TRIGGER line_is_immutable;
        ALTER TABLE ledger_entry DISABLE TRIGGER entry_is_immutable;
        UPDATE charging_chargeline SET slot = 202611 WHERE batch_id = 3;
        UPDATE ledger_entry SET slot = 202611 WHERE batch_id = 3;
        ALTER TABLE charging_chargeline ENABLE TRIGGER line_is_immutable;
        ALTER TABLE ledger_entry ENABLE TRIGGER entry_is_immutable;
        UPDATE ledger_turnover SET slot = 202611, booked_period = '2026-11-01' WHERE slot = 202610 AND account_id = 6;
    """)
    found = audit(booked_period=Month(2026, 11))
    assert {name: result.rows for name, result in found.items() if result.disagreements} == {}
    assert found["line.amount"].looked_at == 2


def test_a_bill_is_held_against_the_books_as_they_were(books: None) -> None:
    """A payment booked after the bill of its month was issued makes neither that bill nor the next one a lie."""
    execute("""
        INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries,
            amount_minor, reason, created_at)
        VALUES (11, 202610, 'import:late', 0, '2026-10-01', '2026-10-31', 2, 0, 1, -500, '', '2026-11-05');
        INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
        VALUES (202610, 11, 1, 1, 1, 5, '2026-10-01', '2026-10-31', -500);
        UPDATE ledger_turnover SET paid_minor = paid_minor - 500 WHERE slot = 202610 AND account_id = 1;
        INSERT INTO charging_bill (id, account_id, period, version, number, opening_minor, charged_minor,
            recalculated_minor, paid_minor, total_minor, due_on, issued_on, final)
        VALUES (4, 1, '2026-11-01', 1, '2611-1', 73840, 0, 0, 0, 73840, '2026-12-15', '2026-12-01', false);
    """)
    assert {name: result.rows for name, result in audit().items() if result.disagreements} == {}
    execute("UPDATE charging_bill SET paid_minor = 10001, total_minor = 74339 WHERE number = '2610-1'")
    assert [row.name for row in audit()["bill.books"].rows] == ["2610-1"]


def test_an_account_is_named_by_its_number(books: None) -> None:
    execute("UPDATE ledger_turnover SET charged_minor = charged_minor + 1 WHERE account_id = 3")
    assert {row.account for row in audit()["turnover.entries"].rows} == {"000000003"}


@pytest.fixture
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "ready", lambda: None)


@pytest.mark.usefixtures("books", "_no_server")
class TestCommand:
    def test_right_books_exit_with_zero(self) -> None:
        ran = CliRunner().invoke(command.app, ["check", "--language", "en"])
        assert ran.exit_code == 0
        assert "The books agree." in ran.stdout

    def test_wrong_books_exit_with_one_and_name_the_row(self) -> None:
        execute(
            "UPDATE ledger_turnover SET charged_minor = charged_minor + 1 WHERE account_id = 3 AND slot > 1000000000"
        )
        ran = CliRunner().invoke(command.app, ["check", "--json", "--period", "2026-10"])
        assert ran.exit_code == 1
        found = json.loads(ran.stdout)
        assert (found["period"], found["agree"]) == ("2026-10", False)
        (check,) = [check for check in found["checks"] if check["disagreements"]]
        (row,) = check["rows"]
        assert check["name"] == "turnover.entries"
        assert (row["account"], row["slot"], row["expected"], row["found"]) == (
            "000000003", 1000000001, "0, 114968, 0, 0, 0, 0, 114968", "0, 114969, 0, 0, 0, 0, 114969",
        )  # fmt: skip

    @pytest.mark.parametrize("arguments", [["--period", "October"], ["--language", "fr"], ["--limit", "0"]])
    def test_what_is_not_understood_is_refused(self, arguments: list[str]) -> None:
        assert CliRunner().invoke(command.app, ["check", *arguments]).exit_code == 2
