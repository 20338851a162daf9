"""`abonent penalties …`: a run from the terminal, an account on any day, refusals as one sentence."""

import json
from datetime import date
from pathlib import Path

import pytest
from tests.money import AT, owe, settle
from tests.street import MONTH, Built, found
from typer.testing import CliRunner

from abonent.contexts.penalties.models import PenaltyRun, PenaltyRunState
from abonent.interfaces.cli import penalties as command
from abonent.interfaces.cli import runtime
from abonent.kernel.periods import Month

NUMBER = "0660000001"


@pytest.fixture
def street(db: None, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.setattr(runtime, "ready", lambda: None)
    monkeypatch.setattr(command.timezone, "localdate", lambda *_: date(2026, 10, 31))
    built = found(months=(MONTH,))
    built.building("10")
    built.flat("10/1")
    owe(built.accounts["10/1"], Month(2026, 3), 500_000)
    settle(built.accounts["10/1"], booked_on=AT.date())
    return built


def ran(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(command.app, list(arguments))
    assert done.exit_code == code, done.output
    return done.stdout


def test_a_run_is_counted_approved_and_reversed(street: Built) -> None:
    counted = json.loads(ran("run", "--period", "2026-10", "--until", "2026-08-01", "--json"))
    assert (counted["state"], counted["amount_minor"], counted["accounts"]) == ("counted", 16_077, 1)
    number = str(counted["id"])
    assert json.loads(ran("count", number, "--json"))["amount_minor"] == 16_077
    assert json.loads(ran("approve", number, "--json"))["state"] == "posted"
    assert f"#{number} " in ran("reverse", number, "--reason", "не тот день")
    assert PenaltyRun.objects.get().state == PenaltyRunState.REVERSED
    again = json.loads(ran("run", "--period", "2026-10", "--until", "2026-08-01", "--approve", "--json"))
    assert again["state"] == "posted"


def test_an_account_on_a_day(street: Built, tmp_path: Path) -> None:
    pdf, xlsx = tmp_path / "a.pdf", tmp_path / "a.xlsx"
    told = ran("show", NUMBER, "--on", "2026-08-01", "--json", "--pdf", str(pdf), "--xlsx", str(xlsx))
    found = json.loads(told)
    assert (found["asked_minor"], found["posted_minor"]) == (16_077, 0)
    assert [one["days"] for one in found["debts"][0]["stretches"]] == [60, 18]
    assert pdf.read_bytes().startswith(b"%PDF")
    assert xlsx.read_bytes().startswith(b"PK")
    assert "1/130" in ran("show", NUMBER, "--on", "2026-08-01", "--rate", "each-day")
    fixed = json.loads(ran("show", NUMBER, "--on", "2026-08-01", "--rate", "2020-08-01", "--json"))
    assert {one["rate_e2"] for one in fixed["debts"][0]["stretches"]} == {425}


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--period", "2026-10", "--until", "2026-11-30"),
        ("run", "--period", "2026-09", "--until", "2026-09-30"),
        ("show", "0000000000"),
    ],
)
def test_a_refusal_is_one_sentence(street: Built, arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(command.app, list(arguments))
    assert done.exit_code == 1
    assert done.stderr.startswith("abonent: ")
    assert not PenaltyRun.objects.exists()


@pytest.mark.parametrize("arguments", [("run", "--period", "October"), ("show", NUMBER, "--on", "today")])
def test_what_is_not_understood_is_refused(street: Built, arguments: tuple[str, ...]) -> None:
    ran(*arguments, code=2)
