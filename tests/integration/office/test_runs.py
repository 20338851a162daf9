"""Runs from the office: a new one, its screen, its steps through the queue, its exceptions."""

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from python_calamine import CalamineWorkbook
from tests.town import Town

import abonent.packs.ru as ru_pack
from abonent.contexts.access.models import Role, User
from abonent.contexts.charging.models import BillingPeriod, Run, RunException, RunState
from abonent.contexts.metering.models import Reading
from abonent.gateways import queue
from abonent.interfaces.tasks import billing
from abonent.usecases import billing_run, packs
from abonent.usecases.exception_reasons import CODES

from .conftest import AT, draft_run

HTMX = {"HX-Request": "true"}
NEW = {"period": "2026-10", "whom": "all"}


def state(run_id: int) -> RunState:
    return RunState(Run.objects.get(pk=run_id).state)


def work_off() -> None:
    """Do what the queue holds, as the worker does, in this process."""
    for job in ProcrastinateJob.objects.filter(status="todo", task_name__startswith="billing.").order_by(
        "id"
    ):
        getattr(billing, job.task_name.split(".")[1])(**job.args)
        ProcrastinateJob.objects.filter(pk=job.pk).delete()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"whom": "branch"}, "Choose a branch"),
        (
            {"whom": "building", "building": "лен"},
            "Several buildings fit: ул. Ленина, д. 2а; ул. Ленина, д. 12",
        ),
        ({"whom": "building", "building": "нет такой 5"}, "No building fits"),
        ({"whom": "account", "account": "1"}, "There is no account with this number"),
        ({"period": "2031-01"}, "Select a valid choice"),
        (
            {"period": "2026-09", "confirmed": "1"},
            "09.2026 is closed and takes no new lines. Book the difference in 10.2026",
        ),
    ],
)
def test_a_run_that_cannot_be_made(office: Client, town: Town, values: dict[str, str], words: str) -> None:
    response = office.post("/runs/new/", {**NEW, **values})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Run.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "scope", "accounts"),
    [
        ({}, "all accounts", 5),
        ({"whom": "building", "building": "ленина 12"}, "ул. Ленина, д. 12", 4),
        ({"whom": "account", "account": "0770000024"}, "0770000024, Петров Пётр Ильич", 1),
    ],
)
def test_it_asks_before_it_starts(
    office: Client, town: Town, values: dict[str, str], scope: str, accounts: int
) -> None:
    page = office.post("/runs/new/", {**NEW, **values}).content.decode()
    assert "Bill this?" in page
    assert f"<dd>{scope}</dd>" in page
    assert f"<dd>{accounts}</dd>" in page
    assert not Run.objects.exists()


def test_from_the_form_to_the_books(office: Client, transactional_db: None, town: Town) -> None:
    response = office.post("/runs/new/", {**NEW, "confirmed": "1"})
    run_id = Run.objects.get().pk
    assert response["HX-Redirect"] == f"/runs/{run_id}/"
    waiting = office.get(f"/runs/{run_id}/").content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    assert "No worker is running" in waiting
    work_off()
    assert state(run_id) == RunState.RATED
    page = office.get(f"/runs/{run_id}/progress/").content.decode()
    assert "<html" not in page
    assert "every 1s" not in page
    assert "6\xa0721.46" in page
    assert "The charges are posted" in office.get(f"/runs/{run_id}/approve/", headers=HTMX).content.decode()
    assert state(run_id) == RunState.RATED, "asking does nothing"
    office.post(f"/runs/{run_id}/approve/", headers=HTMX)
    work_off()
    run = Run.objects.get()
    assert (run.state, run.approved_by_id) == (RunState.POSTED, User.objects.get().pk)


def test_progress_is_shown_while_it_rates(office: Client, town: Town) -> None:
    run_id = draft_run(town)
    Run.objects.filter(pk=run_id).update(state=RunState.RATING, accounts_done=2, accounts_total=5)
    part = office.get(f"/runs/{run_id}/progress/").content.decode()
    assert "2 of 5 accounts" in part
    assert 'data-percent="40"' in part
    assert 'hx-trigger="every 1s"' in part


def test_the_rate_and_the_time_left(office: Client, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = draft_run(town)
    Run.objects.filter(pk=run_id).update(state=RunState.RATING, accounts_done=1_000, accounts_total=4_000)
    monkeypatch.setattr(queue, "unfinished", lambda task, **_arguments: queue.Unfinished(1, AT))
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT + timedelta(seconds=10))
    assert "100 accounts a second, 30 s left" in office.get(f"/runs/{run_id}/progress/").content.decode()


def test_two_runs_over_one_building_at_once(office: Client, town: Town) -> None:
    first = draft_run(town)
    response = office.post("/runs/new/", {**NEW, "confirmed": "1"})
    assert response.status_code == 422
    assert f"Run № {first} already works on some of these buildings" in response.content.decode()


def test_discarded_its_buildings_are_free(office: Client, rated: tuple[Town, int]) -> None:
    office.post(f"/runs/{rated[1]}/discard/", headers=HTMX)
    assert state(rated[1]) == RunState.DISCARDED
    assert office.post("/runs/new/", {**NEW, "confirmed": "1"}).status_code == 200
    refused = office.post(f"/runs/{rated[1]}/discard/", headers=HTMX)
    assert refused.status_code == 422
    assert "moved on meanwhile" in refused.content.decode()


def test_cancelled_with_a_reason(office: Client, billed: tuple[Town, int]) -> None:
    run_id = billed[1]
    assert office.post(f"/runs/{run_id}/cancel/", headers=HTMX).status_code == 422, "a reason is needed"
    office.post(f"/runs/{run_id}/cancel/", {"reason": "a wrong price"}, headers=HTMX)
    work_off()
    reversal = Run.objects.get(cancels=run_id)
    assert state(run_id) == RunState.CANCELLED
    assert reversal.reason == "a wrong price"
    assert f"/runs/{reversal.pk}/" in office.get(f"/runs/{run_id}/").content.decode()
    assert "a wrong price" in office.get(f"/runs/{reversal.pk}/").content.decode()


def test_an_approval_refused_in_the_queue_is_told_on_the_screen(
    sign_in: Callable[..., Client], rated: tuple[Town, int]
) -> None:
    office = sign_in(language="en")
    office.post(f"/runs/{rated[1]}/approve/", headers=HTMX)
    BillingPeriod.objects.update(state=2)
    work_off()
    assert "10.2026 is closed and takes no new lines" in office.get(f"/runs/{rated[1]}/").content.decode()
    BillingPeriod.objects.filter(month=date(2026, 10, 1)).update(state=1)
    office.post(f"/runs/{rated[1]}/approve/", headers=HTMX)
    work_off()
    assert "takes no new lines" not in office.get(f"/runs/{rated[1]}/").content.decode()


def test_what_failed_says_why(office: Client, town: Town) -> None:
    run_id = draft_run(town)
    Run.objects.filter(pk=run_id).update(state=RunState.FAILED, error="The disk of the database is full")
    page = office.get(f"/runs/{run_id}/").content.decode()
    assert "The disk of the database is full" in page
    assert "Rate again" in page
    assert ">Approve" not in page


def test_exceptions_by_code_with_advice_and_as_a_spreadsheet(
    office: Client, transactional_db: None, town: Town
) -> None:
    place = town.installations["1", 1]
    Reading.objects.filter(installation=place, taken_on=date(2026, 10, 20)).update(status=4)
    Reading.objects.create(
        id=9_001,
        installation=place,
        building=town.building,
        taken_on=date(2026, 10, 20),
        value_wh=1_000,
        source=1,
        entered_at=AT,
    )
    run_id = draft_run(town)
    billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=lambda: AT)
    page = office.get(f"/runs/{run_id}/").content.decode()
    assert "The reading is below the previous one" in page
    assert "annul the wrong one" in page
    rows = office.get(f"/runs/{run_id}/exceptions/?code=negative_usage").content.decode()
    assert "/accounts/0770000016/" in rows
    assert "meter 20100001: from 3\xa0000 to 1 in 30 days" in rows
    sheet = office.get(f"/runs/{run_id}/exceptions/?export=xlsx").getvalue()
    table = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert len(table) == RunException.objects.filter(run_id=run_id).count() + 1
    assert ["The reading is below the previous one", "0770000016"] in [row[:2] for row in table]


def test_every_code_a_rule_parks_has_its_words() -> None:
    sources = "\n".join(path.read_text() for path in Path(ru_pack.__file__).parent.rglob("*.py"))
    parked = set(re.findall(r'premise_problem\([^"]*?,\s*"(\w+)"', sources))
    parked |= set(
        re.findall(r'enumerate\(\(("\w+"(?:, "\w+")*)\), 1\)', sources)
        and re.findall(r'"(\w+)"', "".join(re.findall(r'enumerate\(\(("\w+"(?:, "\w+")*)\), 1\)', sources)))
    )
    parked |= set(re.findall(r'building_id, "(\w+)", "\{\}"\)', sources))
    parked |= set(re.findall(r'code=pl\.lit\("(\w+)"\)', sources))
    parked |= set(re.findall(r'\("((?:building|no)_\w+)", \w+, \(', sources))
    assert len(parked) >= 15
    assert parked <= CODES


@pytest.mark.django_db
def test_the_list_of_runs(office: Client, town: Town) -> None:
    run_id = draft_run(town)
    page = office.get("/runs/").content.decode()
    assert f"№ {run_id}" in page
    assert f"№ {run_id}" in office.get("/runs/?state=1&month=2026-10").content.decode()
    assert f"№ {run_id}" not in office.get("/runs/?state=4").content.decode()
    assert f"№ {run_id}" not in office.get("/runs/?month=2026-09").content.decode()


def test_who_may_not_approve_is_not_offered_it(
    sign_in: Callable[..., Client], rated: tuple[Town, int]
) -> None:
    engineer = sign_in(Role.ENGINEER).get(f"/runs/{rated[1]}/").content.decode()
    assert "Rate again" in engineer
    assert ">Approve" not in engineer
    auditor = sign_in(Role.AUDITOR).get(f"/runs/{rated[1]}/").content.decode()
    assert "Rate again" not in auditor
