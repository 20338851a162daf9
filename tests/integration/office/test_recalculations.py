"""Recalculations in the office: what waits, a run over it, the account card, sums decided by hand."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.charging.models import (
    BillingPeriod,
    ChargeLine,
    ManualRecalculation,
    ManualState,
    Recalculation,
    RecalculationCause,
    Run,
    RunKind,
    RunState,
)
from abonent.contexts.contracts.models import PremiseTerms
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, packs, recalculation

from .conftest import AT

HTMX = {"HX-Request": "true"}
FLAT_3 = "/accounts/0770000032/"
OCTOBER = Month(2026, 10)


@pytest.fixture
def waiting(billed: tuple[Town, int]) -> Town:
    """Two people fewer live in flat 3, and October is billed: it waits."""
    town, _run_id = billed
    account = town.accounts["3"]
    PremiseTerms.objects.filter(premise=account.premise_id).update(residents=1)
    recalculation.note(
        building_id=account.building_id,
        premise_id=account.premise_id,
        first=OCTOBER,
        cause=RecalculationCause.RESIDENTS,
        note="справка № 7",
        actor_id=None,
        at=AT,
    )
    return town


def text(client: Client, address: str, **options: object) -> str:
    answer = client.get(address, **options)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


def work_off() -> None:
    """Rate what the queue holds, as the worker does, in this process."""
    for job in ProcrastinateJob.objects.filter(status="todo", task_name="billing.rate"):
        billing_run.rate(job.args["run_id"], parameters=packs.pack_parameters(), clock=lambda: AT)
        ProcrastinateJob.objects.filter(pk=job.pk).delete()


def test_what_waits_is_counted_and_listed(office: Client, waiting: Town) -> None:
    page = text(office, "/recalculations/")
    assert "residents" in page
    assert "1 premise" in page
    assert "справка № 7" in page
    assert "ул. Ленина, д. 12, кв. 3" in page
    assert "справка" not in text(office, "/recalculations/?cause=7")
    assert "справка" not in text(office, "/recalculations/?state=settled")
    assert "справка" in text(office, "/recalculations/?month=2026-10&street=лен&house=12")


def test_the_card_says_so_and_shows_both_sets_of_lines(office: Client, waiting: Town) -> None:
    assert "1 month waits to be rated again: residents" in text(office, FLAT_3)
    panel = text(office, FLAT_3 + "recalculation/", headers=HTMX)
    assert "906.66" in panel  # 138 kWh × 6,57
    assert "630.72" in panel  # 96 kWh × 6,57
    assert "-275.94" in panel.replace("−", "-")
    assert panel.count('class="changed"') == 2


def test_posted_now_the_card_tells_the_run(office: Client, waiting: Town) -> None:
    answer = office.post(FLAT_3 + "recalculation/settle/", headers=HTMX)
    assert answer.headers["HX-Redirect"] == FLAT_3
    page = text(office, FLAT_3)
    run = Run.objects.get(kind=RunKind.CORRECTION)
    assert f"run № {run.pk}" in page
    assert "waits to be rated again" not in page
    assert "Nothing of this account waits" in text(office, FLAT_3 + "recalculation/", headers=HTMX)


def test_an_operator_sees_and_does_not_post(sign_in: Callable[..., Client], waiting: Town) -> None:
    client = sign_in(Role.OPERATOR)
    assert "Post now" not in text(client, FLAT_3 + "recalculation/", headers=HTMX)
    assert client.post(FLAT_3 + "recalculation/settle/").status_code == 403


def test_a_month_held_by_a_run_is_told(office: Client, waiting: Town) -> None:
    run_id = billing_run.create(
        scope=billing_run.Scope(waiting.supplier.pk),
        period=OCTOBER,
        at=AT,
        pack_version="",
        parameter_hash="",
    )
    assert "1 month waits" in text(office, FLAT_3)
    office.post(FLAT_3 + "recalculation/settle/", headers=HTMX)
    assert f"Some months wait for run № {run_id}" in text(office, FLAT_3)


def test_a_run_over_what_waits(office: Client, waiting: Town) -> None:
    form = {"what": "waiting", "whom": "all", "period": "2026-10"}
    asked = office.post("/recalculations/new/", form).content.decode()
    assert "Rate this again?" in asked
    assert "1 premise" in asked.replace("\xa0", " ")
    answer = office.post("/recalculations/new/", {**form, "confirmed": "1"}, headers=HTMX)
    run = Run.objects.get(kind=RunKind.RECALCULATION)
    assert answer.headers["HX-Redirect"] == f"/runs/{run.pk}/"
    assert "This is known when the run is rated" in text(office, f"/runs/{run.pk}/changes/")
    work_off()
    assert "what waited" in text(office, f"/runs/{run.pk}/")
    changes = text(office, f"/runs/{run.pk}/changes/")
    for figure in ("0770000032", "906.66", "630.72"):
        assert figure in changes
    account = waiting.accounts["3"]
    lines = text(office, f"/runs/{run.pk}/changes/{account.pk}/", headers=HTMX)
    assert lines.count('class="changed"') == 2
    billing_run.approve(run_id=run.pk, actor_id=None, at=AT)
    posted = text(office, f"/runs/{run.pk}/changes/")
    assert "906.66" in posted
    assert "630.72" in posted
    assert not Recalculation.objects.filter(settled_at=None).exists()


def test_everything_of_a_tariff_group(office: Client, billed: tuple[Town, int]) -> None:
    town, _run_id = billed
    form = {
        "what": "group",
        "tariff_group": str(town.group.pk),
        "first": "2026-10",
        "whom": "all",
        "period": "2026-10",
        "reason": "Приказ № 8",
    }
    assert "Приказ № 8" in office.post("/recalculations/new/", form).content.decode()
    office.post("/recalculations/new/", {**form, "confirmed": "1"}, headers=HTMX)
    run = Run.objects.get(kind=RunKind.RECALCULATION)
    assert (run.reason, run.accounts_total) == ("Приказ № 8", 5)
    work_off()
    assert Run.objects.get(pk=run.pk).state == RunState.RATED


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"what": "group"}, "Choose a tariff group"),
        ({"what": "all", "first": "2026-10", "reason": "x"}, "Choose a building or an account"),
        ({"what": "all"}, "Say from which month on"),
        ({"first": "2026-10", "last": "2026-09"}, "before the first one"),
        ({"what": "group", "tariff_group": "1", "first": "2026-10"}, "Say why"),
        ({"confirmed": "1"}, "Nothing waits here"),
    ],
)
@pytest.mark.django_db
def test_a_run_that_cannot_be_made(office: Client, town: Town, values: dict[str, str], words: str) -> None:
    if "tariff_group" in values:
        values = {**values, "tariff_group": str(town.group.pk)}
    elif values.get("what") == "group":
        values = {**values, "first": "2026-10", "reason": "x"}
    form = {"what": "waiting", "whom": "all", "period": "2026-10", **values}
    answer = office.post("/recalculations/new/", form)
    assert answer.status_code == 422
    assert words in answer.content.decode()


MANUAL = {
    "period": "2026-10",
    "service": "1",
    "amount_minor": "-123,45",
    "quantity_wh": "0",
    "reason": "решение суда",
    "document": "№ 2-17/2026",
}


def test_a_sum_decided_by_hand(sign_in: Callable[..., Client], billed: tuple[Town, int]) -> None:
    operator, accountant = sign_in(Role.OPERATOR), sign_in(Role.ACCOUNTANT)
    answer = operator.post(FLAT_3 + "recalculation/manual/", MANUAL, headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/recalculations/manual/?account=0770000032"
    manual = ManualRecalculation.objects.get()
    assert manual.amount_minor == -12_345
    assert "решение суда" in text(operator, "/recalculations/manual/")
    assert operator.get(f"/recalculations/manual/{manual.pk}/").status_code == 403
    assert "№ 2-17/2026" in text(accountant, f"/recalculations/manual/{manual.pk}/", headers=HTMX)
    accountant.post(f"/recalculations/manual/{manual.pk}/", {"decision": "approve"}, headers=HTMX)
    manual.refresh_from_db()
    assert manual.state == ManualState.POSTED
    assert ChargeLine.objects.get(rule=18).amount_minor == -12_345
    again = accountant.post(f"/recalculations/manual/{manual.pk}/", {"decision": "approve"}, headers=HTMX)
    assert again.status_code == 422
    answer = accountant.post(
        f"/recalculations/manual/{manual.pk}/", {"decision": "reverse", "reason": "отменено"}, headers=HTMX
    )
    assert answer.status_code == 200
    assert ManualRecalculation.objects.get().state == ManualState.REVERSED


def test_nobody_decides_on_his_own_proposal(sign_in: Callable[..., Client], billed: tuple[Town, int]) -> None:
    accountant = sign_in(Role.ACCOUNTANT)
    sign_in(Role.MANAGER)
    accountant.post(FLAT_3 + "recalculation/manual/", MANUAL, headers=HTMX)
    manual = ManualRecalculation.objects.get()
    refused = accountant.post(f"/recalculations/manual/{manual.pk}/", {"decision": "approve"}, headers=HTMX)
    assert refused.status_code == 422
    assert "somebody else has to decide" in refused.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("amount_minor", "много", "Write an amount"),
        ("amount_minor", "0", "must not be zero"),
        ("document", "", "required"),
        ("period", "2030-01", "Select a valid choice"),
    ],
)
def test_a_proposal_that_is_refused(office: Client, town: Town, field: str, value: str, words: str) -> None:
    BillingPeriod.objects.filter(month=date(2026, 9, 1)).update(state=1)
    answer = office.post(FLAT_3 + "recalculation/manual/", {**MANUAL, field: value}, headers=HTMX)
    assert answer.status_code == 422
    assert words in answer.content.decode()
