"""Files of payments in the office: looked at, taken in, their card; documents of the bank; agents."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from python_calamine import CalamineWorkbook
from tests import payment_files as samples
from tests.payment_files import sber_registry, write
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.payments.models import (
    Agent,
    BankLine,
    BankLineState,
    Payment,
    PaymentFile,
    Reconciliation,
)
from abonent.usecases import import_payments

TODAY = date(2026, 10, 31)
AT = datetime(2026, 10, 31, 9, tzinfo=UTC)
NEW = "/payments/files/new/"
OWN = "40702810900000000001"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def agent(town: Town) -> Agent:
    return samples.sber(town.supplier)


def rows(town: Town) -> list[tuple[str, int]]:
    return [(town.accounts["1"].number, 40_000), (town.accounts["2"].number, 70_000), ("чужой", 900)]


def given(agent: Agent, **more: object) -> dict[str, object]:
    return {"agent": agent.pk, "booked_on": "2026-10-31", **more}


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("registry.txt", content)


def take_in(agent: Agent, path: Path) -> int:
    return import_payments.store(
        path=path, name=path.name, agent_id=agent.pk, booked_on=TODAY, today=TODAY, actor_id=None, at=AT
    ).file_id


class TestNew:
    def test_looked_at_then_taken_in(self, office: Client, town: Town, agent: Agent) -> None:
        looked = office.post(NEW, given(agent, file=upload(sber_registry(rows(town)))))
        assert looked.status_code == 200
        text = looked.content.decode()
        assert "66 %" in text
        assert "1,109.00" in text or "1 109.00" in text or "1109.00" in text.replace("\xa0", "")
        assert not PaymentFile.objects.exists()
        key = looked.context["kept"]["key"]
        taken = office.post(NEW, given(agent, key=key, file_name="registry.txt", confirmed="1"))
        file = PaymentFile.objects.get()
        assert taken["Location"] == f"/payments/files/{file.pk}/"
        job = ProcrastinateJob.objects.get(task_name="payments.post")
        assert job.args["file_id"] == file.pk
        assert not Payment.objects.exists()  # the worker posts
        assert "progress" in office.get(f"/payments/files/{file.pk}/").content.decode()
        import_payments.post(file_id=file.pk, today=TODAY, at=AT)
        twice = office.post(NEW, given(agent, key=key, file_name="registry.txt", confirmed="1"))
        assert twice["Location"] == f"/payments/files/{file.pk}/"
        assert Payment.objects.count() == 3

    def test_every_row_as_a_workbook(self, office: Client, town: Town, agent: Agent) -> None:
        sheet = office.post(NEW, given(agent, file=upload(sber_registry(rows(town))), sheet="1"))
        book = CalamineWorkbook.from_filelike(BytesIO(b"".join(sheet)))  # type: ignore[arg-type]
        lines = book.get_sheet_by_index(0).to_python()
        assert [line[9] for line in lines[1:]] == ["recognised", "recognised", "unidentified"]
        assert [line[8] for line in lines[1:]] == [town.accounts["1"].number, town.accounts["2"].number, ""]

    def test_refused_with_row_and_field(self, office: Client, town: Town, agent: Agent) -> None:
        spoilt = sber_registry(rows(town)).replace(b"05-10-2026;09-00-01", b"32-10-2026;09-00-01")
        answer = office.post(NEW, given(agent, file=upload(spoilt)))
        assert answer.status_code == 422
        assert [(one["row"], one["field"]) for one in answer.context["problems"]] == [(2, "day")]
        sheet = office.post(NEW, given(agent, file=upload(spoilt), errors="1"))
        book = CalamineWorkbook.from_filelike(BytesIO(b"".join(sheet)))  # type: ignore[arg-type]
        assert book.get_sheet_by_index(0).to_python()[1][:4] == ["registry.txt", 2.0, "day", "32-10-2026"]
        assert not PaymentFile.objects.exists()

    def test_a_closed_month(self, office: Client, town: Town, agent: Agent) -> None:
        looked = office.post(NEW, given(agent, file=upload(sber_registry(rows(town)))))
        closed = {"agent": agent.pk, "booked_on": "2026-09-30", "confirmed": "1"}
        answer = office.post(NEW, closed | {"key": looked.context["kept"]["key"], "file_name": "r.txt"})
        assert answer.status_code == 422
        assert "booked_on" in answer.context["form"].errors
        assert not PaymentFile.objects.exists()

    def test_without_a_file(self, office: Client, agent: Agent) -> None:
        assert office.post(NEW, given(agent)).status_code == 422
        assert office.post(NEW, given(agent, key="0" * 64, file_name="gone.txt")).status_code == 422


class TestCard:
    def test_what_became_of_it(self, office: Client, town: Town, agent: Agent, tmp_path: Path) -> None:
        file_id = take_in(agent, write(tmp_path, sber_registry(rows(town))))
        page = office.get(f"/payments/files/{file_id}/")
        text = page.content.decode()
        assert town.accounts["1"].number in text
        assert "686336" in text
        narrowed = office.get(f"/payments/files/{file_id}/?state=1").content.decode()
        assert town.accounts["1"].number not in narrowed
        answer = office.get(f"/payments/files/{file_id}/answer/")
        book = CalamineWorkbook.from_filelike(BytesIO(b"".join(answer)))  # type: ignore[arg-type]
        assert [line[9] for line in book.get_sheet_by_index(0).to_python()[1:]] == [
            "recognised",
            "recognised",
            "unidentified",
        ]
        listed = office.get("/payments/files/?arrived=no").content.decode()
        assert f"/payments/files/{file_id}/" in listed
        assert (
            f"/payments/files/{file_id}/" not in office.get("/payments/files/?arrived=yes").content.decode()
        )

    def test_reversed_by_the_worker(
        self, office: Client, sign_in: Callable[..., Client], town: Town, agent: Agent, tmp_path: Path
    ) -> None:
        file_id = take_in(agent, write(tmp_path, sber_registry(rows(town))))
        asked = office.post(
            f"/payments/files/{file_id}/reverse/", {"reason": "ошибка", "booked_on": "2026-10-31"}
        )
        assert asked["HX-Redirect"] == f"/payments/files/{file_id}/"
        assert ProcrastinateJob.objects.get(task_name="payments.reverse").args["reason"] == "ошибка"
        operator = sign_in(Role.OPERATOR)
        assert operator.get(f"/payments/files/{file_id}/reverse/").status_code == 403


class TestBank:
    @pytest.fixture
    def waiting(self, town: Town, agent: Agent, tmp_path: Path) -> BankLine:
        """A lump sum a rouble short of the registry it names, and a payment nobody recognises."""
        take_in(agent, write(tmp_path, sber_registry(rows(town))))
        lump = samples.transferred(rows(town)) - 100
        documents = [
            samples.document("12", lump, own=OWN, purpose="Реестр 686336", inn=samples.SBER_INN),
            samples.document("13", 500, own=OWN, purpose="возврат", payer="УФК"),
        ]
        content = samples.statement(documents, own=OWN)
        take_in(samples.bank(town.supplier), write(tmp_path, content, "kl_to_1c.txt"))
        return BankLine.objects.get(number="12")

    def test_a_person_matches(self, office: Client, waiting: BankLine) -> None:
        address = f"/payments/bank/{waiting.pk}/"
        page = office.get(address)
        assert [one.hint for one in page.context["candidates"]] == ["number"]
        assert str(waiting.pk) in office.get("/payments/bank/?state=1").content.decode()
        office.post(f"{address}decide/", {"what": "cover", "file": page.context["candidates"][0].file_id})
        found = Reconciliation.objects.get()
        assert found.by_person
        assert office.get(address).context["covers"][0]["amount_minor"] == found.amount_minor
        card = office.get(f"/payments/files/{found.file_id}/")
        assert card.context["lacking_minor"] == 100
        office.post(f"{address}decide/", {"what": "wait"})
        assert not Reconciliation.objects.exists()

    def test_nothing_chosen_is_told(self, office: Client, waiting: BankLine) -> None:
        answer = office.post(f"/payments/bank/{waiting.pk}/decide/", {"what": "cover"}, follow=True)
        assert "Choose at least one registry" in answer.content.decode()

    def test_set_aside(self, office: Client, town: Town, waiting: BankLine) -> None:
        line = BankLine.objects.get(number="13")
        told = office.post(f"/payments/bank/{line.pk}/decide/", {"what": "other", "note": ""}, follow=True)
        assert "Say why" in told.content.decode()
        assert office.post("/payments/bank/reconcile/").status_code == 302
        line.refresh_from_db()
        assert line.state == BankLineState.PAYMENT

    def test_what_a_document_sends_back(
        self, office: Client, town: Town, waiting: BankLine, tmp_path: Path
    ) -> None:
        back = samples.document(
            "14",
            500,
            own=OWN,
            purpose="возврат ошибочного",
            payer="УФК",
            incoming=False,
            day=date(2026, 10, 31),
        )
        content = samples.statement([back], own=OWN, last=date(2026, 10, 31), opening_minor=10_000)
        take_in(Agent.objects.get(code="bank"), write(tmp_path, content, "2.txt"))
        line = BankLine.objects.get(number="14")
        assert line.state == BankLineState.OUTGOING
        page = office.get(f"/payments/bank/{line.pk}/")
        assert [one["id"] for one in page.context["returns"]] == [Payment.objects.get(payer="УФК").pk]


class TestAgents:
    def test_made_and_changed(self, office: Client, town: Town) -> None:
        values = {
            "code": "post",
            "name": "Почта",
            "kind": "3",
            "inn": "",
            "least_confidence": "70",
            "notices_days": "3",
            "table": "",
            "active": "on",
        }
        assert office.post("/payments/agents/new/", values).status_code == 302
        made = Agent.objects.get(code="post")
        assert made.layout == {"least_confidence": 70, "notices": {"post": False, "days": 3}}
        address = f"/payments/agents/{made.pk}/"
        assert office.post(address, values | {"table": "{"}).status_code == 422
        assert office.post(address, values | {"table": '{"no such key": 1}'}).status_code == 422
        assert office.get(address).status_code == 200
        again = office.post("/payments/agents/new/", values)
        assert again.status_code == 422
        assert "Почта" in office.get("/payments/agents/").content.decode()
