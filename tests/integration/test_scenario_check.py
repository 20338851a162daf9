"""Scenarios as an author meets them: differences told, nothing hidden, no trace left."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker
from typer.testing import CliRunner

from abonent.gateways import database_server, scratch_database
from abonent.interfaces.cli.scenario import app
from abonent.usecases import scenario_check

ROOT = Path(__file__).parents[2]
NEGATIVE = ROOT / "tests" / "scenarios" / "a7_common_needs_negative.yaml"

Check = Callable[[Path], dict[str, Any]]


@pytest.fixture(scope="module")
def check(scratch_server: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Check]:
    with django_db_blocker.unblock(), scratch_database.template() as template:
        yield lambda file: scenario_check.check(scenario_check.read(file), template=template).as_dict()


def scratch_databases() -> list[str]:
    with psycopg.connect(database_server.dsn(), autocommit=True) as server:
        found = server.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, 'abonent_scratch_')"
        )
        return sorted(row[0] for row in found)


def changed(folder: Path, *changes: tuple[str, str], expect: bool = True) -> Path:
    text = NEGATIVE.read_text(encoding="utf-8")
    text = text if expect else text[: text.index("expect:")]
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = folder / "changed.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_first_example_of_the_guide_holds(check: Check, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(scenario:.*?)```", guide, re.DOTALL)
    assert example
    (tmp_path / "first.yaml").write_text(example[1], encoding="utf-8")
    told = check(tmp_path / "first.yaml")
    assert (len(told["lines"]), told["differences"]) == (1, [])


def test_every_kind_of_difference_is_told(check: Check, tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ("kwh: 50, amount: 210.00", "kwh: 50, amount: 210.01"),
        ("total: 37905.00", "total: 37905.01\n    exceptions: [no_price]"),
        ("unreturned: 25", "unreturned: 26"),
    )
    assert check(file)["differences"] == [
        "account three-people, 2022-08: no such line: energy.metered 50 kWh = 210.01",
        "account three-people, 2022-08: a line nobody expected: electricity energy.metered single "
        "from 2022-08-01 until 2022-09-01 50 kWh at 4.20 = 210.00",
        "account others, 2022-08: the total is 37905.00, expected 37905.01",
        "account others, 2022-08: exceptions are none, expected no_price",
        "building Building of the example, 2022-08: unreturned is 25, expected 26",
    ]


def test_all_is_told_though_nothing_is_expected(check: Check, tmp_path: Path) -> None:
    told = check(changed(tmp_path, ("single: 1050", "single: 950"), expect=False))
    assert told["differences"] == []
    (line,) = told["lines"]
    assert [line[key] for key in ("account", "method", "zone", "quantity", "unit", "price", "amount")] == [
        "others", "energy.metered", "single", "9950", "kWh", "4.20", "41790.00"
    ]  # fmt: skip
    assert line["because"]["meter"] == "M-2 single"
    parked = {(exception["account"], exception["code"]) for exception in told["exceptions"]}
    assert parked == {("three-people", "negative_usage"), (None, "building_incomplete")}


def test_an_exception_nobody_expected_is_a_difference(check: Check, tmp_path: Path) -> None:
    file = changed(tmp_path, ("single: 1050", "single: 950"), expect=False)
    file.write_text(file.read_text() + "expect: [{account: others, total: 41790.00}]\n", encoding="utf-8")
    told = "\n".join(check(file)["differences"])
    assert "account three-people, 2022-08: an exception nobody expected: negative_usage" in told
    assert (
        "building Building of the example, 2022-08: an exception nobody expected: building_incomplete" in told
    )


def test_a_month_before_the_law_is_told_as_not_billed(check: Check, tmp_path: Path) -> None:
    told = check(changed(tmp_path, ("periods: [2022-08]", "periods: [2010-08]"), expect=False))
    assert told["failure"].startswith("2010-08 was not billed: the parameter ru.electricity.")
    assert told["differences"] == [told["failure"]]


def test_the_command_goes_through_all_files_and_leaves_nothing_behind(
    scratch_server: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> None:
    usual, before = connection.settings_dict["NAME"], scratch_databases()
    bad = changed(tmp_path, ("common_needs: consumers", "common_need: consumers"))
    with django_db_blocker.unblock():
        result = CliRunner().invoke(app, ["check", "--json", str(bad), str(NEGATIVE)])
    assert result.exit_code == 2
    refused, good = json.loads(result.output)
    assert [(problem["path"], problem["field"]) for problem in refused["refused"]] == [
        ("buildings[1]", "common_need")
    ]
    assert (good["file"], good["differences"]) == (str(NEGATIVE), [])
    assert (scratch_databases(), connection.settings_dict["NAME"]) == (before, usual)


@pytest.mark.parametrize(
    ("amount", "exit_code", "words"), [("-210.00", 0, "ok       "), ("-210.01", 1, "DIFFERS  ")]
)
def test_the_exit_code_tells(
    scratch_server: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path: Path,
    amount: str,
    exit_code: int,
    words: str,
) -> None:
    file = changed(tmp_path, ("amount: -210.00", f"amount: {amount}"))
    with django_db_blocker.unblock():
        result = CliRunner().invoke(app, ["check", str(file)])
    assert (result.exit_code, result.output[:9]) == (exit_code, words)


def test_no_scenarios_is_no_success(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["check", str(tmp_path)]).exit_code == 2


def test_what_a_killed_process_left_is_dropped(
    scratch_server: None, django_db_blocker: DjangoDbBlocker
) -> None:
    left = f"abonent_scratch_{2**22 + 1}_dead"  # Linux gives no process such a number
    with psycopg.connect(database_server.dsn(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {left}")
    with django_db_blocker.unblock(), scratch_database.template():
        assert left not in scratch_databases()
