"""Bills from the office: a page, a new version, many in one file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from pypdfium2 import PdfDocument
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.charging.models import Bill, BillPrint, PrintState
from abonent.interfaces.tasks import printing
from abonent.usecases import billing_run, print_job

from .conftest import AT

ACCOUNT = "/accounts/0770000024/"
ISSUE = f"{ACCOUNT}bills/issue/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def prints_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(print_job, "file_of", lambda print_id: tmp_path / "prints" / f"{print_id}.pdf")
    return tmp_path


def work_off() -> None:
    """Do what the queue holds, as the worker does, in this process."""
    for job in ProcrastinateJob.objects.filter(status="todo", task_name="printing.print_bills").order_by(
        "id"
    ):
        printing.print_bills(**job.args)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in PdfDocument(pdf))


def test_a_bill_is_issued_and_opened(office: Client, billed: tuple[Town, int]) -> None:
    refused = office.get(f"{ACCOUNT}bills/2026-10.pdf")
    assert refused.status_code == 409
    assert "No bills are issued here for 10.2026" in refused.content.decode()
    told = office.post(ISSUE, {"month": "2026-10"}, follow=True).content.decode()
    assert "The bill is issued" in told
    assert f"{ACCOUNT}bills/2026-10.pdf" in told
    page = office.get(f"{ACCOUNT}bills/2026-10.pdf")
    assert page["Content-Type"] == "application/pdf"
    assert "Content-Security-Policy" not in page, "browsers draw a PDF in a page with styles of its own"
    assert "0770000024" in text_of(page.content)


def test_issued_again_it_stays_or_becomes_a_new_version(office: Client, billed: tuple[Town, int]) -> None:
    office.post(ISSUE, {"month": "2026-10"})
    again = office.post(ISSUE, {"month": "2026-10"}, follow=True).content.decode()
    assert "The bill says the same as before" in again
    billing_run.cancel(run_id=billed[1], actor_id=None, at=AT, reason="a wrong price")
    outdated = office.get(f"{ACCOUNT}bills/2026-10.pdf")
    assert outdated.status_code == 409
    assert "Issue it again" in outdated.content.decode()


@pytest.mark.django_db
def test_nothing_charged_nothing_issued(office: Client, town: Town) -> None:
    told = office.post(ISSUE, {"month": "2026-10"}, follow=True).content.decode()
    assert "Nothing is charged here for 10.2026" in told
    assert not Bill.objects.exists()


def test_a_building_into_one_file(office: Client, billed: tuple[Town, int], prints_folder: Path) -> None:
    chosen = {"period": "2026-10", "whom": "building", "building": "ул. Ленина, д. 12"}
    address = office.post("/prints/new/", chosen)["Location"]
    waiting = office.get(address).content.decode()
    assert "every 1s" in waiting
    assert "No worker is running" in waiting
    assert office.get(f"{address}bills.pdf").status_code == 404
    work_off()
    done = office.get(f"{address}progress/").content.decode()
    assert "every 1s" not in done
    row = BillPrint.objects.get()
    assert (row.state, row.bills, row.pages) == (PrintState.PRINTED, 4, 4)
    assert row.total_minor == sum(Bill.objects.values_list("total_minor", flat=True))
    pdf = b"".join(office.get(f"{address}bills.pdf").streaming_content)
    text = text_of(pdf)
    flats = [text.index(number, 2_000) for number in ("0770000016", "0770000024", "0770000032", "0770000040")]
    assert flats == sorted(flats)
    assert "№ 1" in office.get("/prints/").content.decode() or row.pk != 1


def test_a_refusal_stays_with_the_print_in_the_language_of_who_asked(
    sign_in: Callable[..., Client], transactional_db: None, town: Town, prints_folder: Path
) -> None:
    office = sign_in(language="ru")
    address = office.post("/prints/new/", {"period": "2026-10", "whom": "all"})["Location"]
    work_off()
    assert BillPrint.objects.get().state == PrintState.FAILED
    assert "Сначала сделайте расчёт" in office.get(address).content.decode()


@pytest.mark.django_db
def test_an_auditor_prints_nothing_new(sign_in: Callable[..., Client], town: Town) -> None:
    client = sign_in(Role.AUDITOR)
    assert "/prints/new/" not in client.get("/prints/").content.decode()
    assert client.post("/prints/new/", {"period": "2026-10", "whom": "all"}).status_code == 403
    assert not BillPrint.objects.exists()
