"""Screens of penalties: a run from its form to the books and back, excluded days, terms, the calculation on paper."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime

import pypdfium2
import pytest
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.money import owe, pay, settle
from tests.street import MONTH, Built, found

from abonent.contexts.access.models import Role
from abonent.contexts.ledger.models import Entry, EntryKind
from abonent.contexts.penalties.models import DebtorTerms, PenaltyExclusion, PenaltyRun, PenaltyRunState
from abonent.interfaces.tasks import penalties as tasks
from abonent.kernel.periods import Month
from abonent.usecases import packs, penalties

AT = datetime(2026, 10, 31, 9, tzinfo=UTC)
NUMBER = "0660000001"


@pytest.fixture
def street(db: None) -> Built:
    built = found(months=(MONTH,))
    built.building("10")
    for flat in ("1", "2"):
        built.flat(f"10/{flat}")
    owe(built.accounts["10/1"], Month(2026, 3), 500_000)
    pay(built.accounts["10/1"], 100_000, paid_on=date(2026, 7, 1))
    settle(built.accounts["10/1"], booked_on=AT.date())
    return built


def rows_of(content: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def counted(street: Built) -> int:
    run_id = penalties.create(
        supplier_id=street.supplier.pk, booked_period=MONTH, until=date(2026, 8, 1), today=AT.date(),
        actor_id=None, at=AT,
    )  # fmt: skip
    penalties.count_run(run_id, parameters=packs.pack_parameters(), clock=lambda: AT)
    return run_id


def test_a_run_from_its_form_to_the_books_and_back(street: Built, office: Client) -> None:
    sent = office.post("/penalties/new/", {"period": "2026-10", "until": "2026-08-01", "branch": ""})
    run = PenaltyRun.objects.get()
    assert sent["Location"] == f"/penalties/{run.pk}/"
    tasks.count(run_id=run.pk, actor_id=run.created_by_id)
    page = office.get(f"/penalties/{run.pk}/").content.decode()
    assert "ready for approval" in page
    assert "Городское отделение" in page
    assert "household" in page
    office.post(f"/penalties/{run.pk}/approve/")
    tasks.approve(run_id=run.pk, actor_id=run.created_by_id)
    posted = Entry.objects.get(kind=EntryKind.PENALTY)
    assert office.get("/penalties/").content.decode().count("posted") >= 1
    refused = office.post(f"/penalties/{run.pk}/reverse/", {"reason": ""})
    assert refused.status_code == 422
    office.post(f"/penalties/{run.pk}/reverse/", {"reason": "ошибка"})
    tasks.reverse(run_id=run.pk, actor_id=run.created_by_id, reason="ошибка")
    back = Entry.objects.filter(kind=EntryKind.PENALTY).exclude(pk=posted.pk).get()
    assert back.amount_minor == -posted.amount_minor
    assert "ошибка" in office.get(f"/penalties/{run.pk}/").content.decode()


def test_what_a_run_changes_is_shown_to_the_day(street: Built, office: Client) -> None:
    run_id = counted(street)
    accounts = office.get(f"/penalties/{run_id}/accounts/").content.decode()
    assert f"/penalties/{run_id}/accounts/{NUMBER}/" in accounts
    lines = office.get(f"/penalties/{run_id}/accounts/{NUMBER}/").content.decode()
    assert "5\u00a0000.00 × 47 × 1/300 × 9.5\u00a0%" in lines
    assert "4\u00a0000.00 × 13 × 1/300 × 9.5\u00a0%" in lines
    assert office.get(f"/penalties/{run_id}/accounts/0660000019/").status_code == 404
    book = office.get(f"/penalties/{run_id}/accounts/{NUMBER}/?export=xlsx")
    assert len(rows_of(b"".join(book) if book.streaming else book.content)) >= 4


def test_a_refusal_is_shown_where_the_run_is(street: Built, office: Client) -> None:
    run_id = counted(street)
    office.post(f"/penalties/{run_id}/discard/")
    tasks.approve(run_id=run_id, actor_id=PenaltyRun.objects.get().created_by_id or 0)
    assert "moved on meanwhile" in office.get(f"/penalties/{run_id}/").content.decode()


def test_days_to_come_are_refused_in_the_form(street: Built, office: Client) -> None:
    answer = office.post("/penalties/new/", {"period": "2026-10", "until": "2126-08-01", "branch": ""})
    assert answer.status_code == 422
    assert "still to come" in answer.content.decode()
    assert not PenaltyRun.objects.exists()


def test_the_account_is_counted_to_any_day(street: Built, office: Client) -> None:
    page = office.get(f"/accounts/{NUMBER}/penalties/?on=2026-08-01").content.decode()
    assert "5\u00a0000.00 × 47 × 1/300 × 9.5\u00a0%" in page
    earlier = office.get(f"/accounts/{NUMBER}/penalties/?on=2026-05-15").content.decode()
    assert "No penalties up to this day" in earlier
    fixed = office.get(
        f"/accounts/{NUMBER}/penalties/?on=2026-08-01&rate=3&rate_on=2020-08-01"
    ).content.decode()
    assert "4.25\u00a0%" in fixed
    assert office.get(f"/accounts/{NUMBER}/penalties/?on=never&rate=9").status_code == 200
    assert not Entry.objects.filter(kind=EntryKind.PENALTY).exists()


def test_the_calculation_on_paper(street: Built, office: Client) -> None:
    answer = office.get(f"/accounts/{NUMBER}/penalties/calculation.pdf?on=2026-08-01")
    assert answer["Content-Type"] == "application/pdf"
    with pypdfium2.PdfDocument(answer.content) as document:
        text = " ".join(page.get_textpage().get_text_range() for page in document)
    for words in ("5 000,00 × 47 × 1/300 × 9,5 %", "01.07.2026 оплата", "ЖК РФ", "Итого"):
        assert words in " ".join(text.replace("\u00a0", " ").split())
    book = office.get(f"/accounts/{NUMBER}/penalties/calculation.xlsx?on=2026-08-01")
    rows = rows_of(book.content)
    (total,) = [row[9] for row in rows if row[0] == "Итого"]
    assert total == pytest.approx(sum(float(str(row[9])) for row in rows[4:] if row[8] and row[9] != ""))
    assert office.get(f"/accounts/{NUMBER}/penalties/calculation.doc").status_code == 404


def test_an_exclusion_is_entered_and_cancelled(street: Built, office: Client) -> None:
    form = {
        "account": NUMBER,
        "cause": "2",
        "begins_on": "2026-07-01",
        "last_day": "2026-06-01",
        "document": "дело 1",
    }
    assert office.post("/penalties/exclusions/new/", form).status_code == 422
    assert office.post("/penalties/exclusions/new/", {**form, "account": "1"}).status_code == 422
    office.post("/penalties/exclusions/new/", {**form, "last_day": "2026-07-31"})
    row = PenaltyExclusion.objects.get()
    assert (row.during.lower, row.during.upper) == (date(2026, 7, 1), date(2026, 8, 1))
    assert (
        "moratorium or exclusion"
        in office.get(f"/accounts/{NUMBER}/penalties/?on=2026-08-01").content.decode()
    )
    assert "дело 1" in office.get("/penalties/exclusions/").content.decode()
    assert "дело 1" not in office.get("/penalties/exclusions/?state=cancelled").content.decode()
    assert office.post(f"/penalties/exclusions/{row.pk}/cancel/", {"reason": ""}).status_code == 422
    office.post(f"/penalties/exclusions/{row.pk}/cancel/", {"reason": "мировое"})
    row.refresh_from_db()
    assert row.cancel_reason == "мировое"
    again = office.post(f"/penalties/exclusions/{row.pk}/cancel/", {"reason": "ещё раз"})
    assert again.status_code == 422


def test_terms_hold_from_a_day(street: Built, office: Client) -> None:
    address = f"/accounts/{NUMBER}/penalties/terms/"
    form = {
        "debtor": "2",
        "begins_on": "2026-01-01",
        "due_day": "18",
        "moratoria": "on",
        "source": "договор 5",
    }
    office.post(address, form)
    office.post(address, {**form, "debtor": "4", "begins_on": "2026-06-01", "due_day": ""})
    terms = DebtorTerms.objects.order_by("during")
    assert [(one.debtor, one.during.lower, one.during.upper) for one in terms] == [
        (2, date(2026, 1, 1), date(2026, 6, 1)), (4, date(2026, 6, 1), None),
    ]  # fmt: skip
    page = office.get(f"/accounts/{NUMBER}/penalties/?on=2026-08-01").content.decode()
    assert "1/130" in page
    assert "договор 5" in page
    assert office.post(address, {**form, "due_day": "31"}).status_code == 422


def test_who_only_reads_changes_nothing(street: Built, sign_in: Callable[..., Client]) -> None:
    run_id = counted(street)
    auditor = sign_in(Role.AUDITOR)
    assert "Approve" not in auditor.get(f"/penalties/{run_id}/").content.decode()
    assert auditor.post(f"/penalties/{run_id}/approve/").status_code == 403
    assert PenaltyRun.objects.get().state == PenaltyRunState.COUNTED
