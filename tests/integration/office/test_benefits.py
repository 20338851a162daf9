"""Benefits and subsidies in the office: entered, taken in from files, reported, decided."""

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from pypdfium2 import PdfDocument
from python_calamine import CalamineWorkbook
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.charging.models import BenefitRegistry, RegistryState
from abonent.contexts.contracts.models import BenefitCategory, BenefitHolder
from abonent.contexts.ledger.models import SubsidyFile, SubsidyRow
from abonent.interfaces.tasks import benefits as tasks
from abonent.usecases.benefits import tables

ACCOUNT = "0770000016"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "ensure_home", lambda: tmp_path)


@pytest.fixture
def keeper(sign_in: Callable[..., Client]) -> Client:
    client = sign_in(Role.ACCOUNTANT)
    client.post("/benefits/categories/federal/")
    return client


def sheet(*rows: list[object], name: str = "in.xlsx") -> SimpleUploadedFile:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    page = book.add_worksheet()
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    book.close()
    return SimpleUploadedFile(name, content.getvalue())


def entered(**changes: object) -> dict[str, object]:
    given = {
        "account": ACCOUNT,
        "name": "Иванова Мария Петровна",
        "category": BenefitCategory.objects.get(code="disabled").pk,
        "document": "справка",
        "people": 1,
        "begins_on": "2020-01-01",
    }
    return given | changes


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_holder_is_entered_changed_ended_and_taken_back(keeper: Client, town: Town) -> None:
    assert "There is no account" in text(keeper.post("/benefits/new/", entered(account="1")))
    assert keeper.post("/benefits/new/", entered()).status_code == 302
    holder = BenefitHolder.objects.get()
    assert "already has a benefit" in text(keeper.post("/benefits/new/", entered()))
    page = text(keeper.get("/benefits/"))
    assert "Иванова Мария Петровна" in page
    assert "in force" in page
    ended = entered(last_day="2026-09-30", end_document="свидетельство")
    told = text(keeper.post(f"/benefits/{holder.pk}/", ended, follow=True))
    assert "The next registry reports what differs" in told
    holder.refresh_from_db()
    assert (holder.during.upper, holder.end_document) == (date(2026, 10, 1), "свидетельство")
    assert "Nothing was changed" in text(keeper.post(f"/benefits/{holder.pk}/", ended, follow=True))
    refused = keeper.post(f"/benefits/{holder.pk}/", entered(last_day="2019-01-01"))
    assert (refused.status_code, "would end before" in text(refused)) == (422, True)
    keeper.post(f"/benefits/{holder.pk}/remove/")
    assert not BenefitHolder.objects.exists()


@pytest.mark.django_db
def test_an_operator_reads_and_does_not_write(
    keeper: Client, sign_in: Callable[..., Client], town: Town
) -> None:
    keeper.post("/benefits/new/", entered())
    holder = BenefitHolder.objects.get()
    operator = sign_in(Role.OPERATOR)
    page = text(operator.get(f"/benefits/{holder.pk}/"))
    assert "справка" in page
    assert '<form class="card"' not in page
    assert operator.post(f"/benefits/{holder.pk}/", entered(people=2)).status_code == 403
    assert "/benefits/new/" not in text(operator.get("/benefits/"))
    assert f"/benefits/?account={ACCOUNT}" in text(operator.get(f"/accounts/{ACCOUNT}/"))
    assert "/benefits/?account=" not in text(operator.get("/accounts/0770000024/"))


@pytest.mark.django_db
def test_the_list_is_narrowed_and_taken_out(keeper: Client, town: Town) -> None:
    keeper.post("/benefits/new/", entered())
    keeper.post("/benefits/new/", entered(name="Прежний", last_day="2021-01-01"))
    assert "Прежний" not in text(keeper.get("/benefits/?state=now"))
    assert "Иванова" not in text(keeper.get("/benefits/?state=ended"))
    assert "Прежний" in text(keeper.get(f"/benefits/?account={ACCOUNT}&name=прежн"))
    answer = keeper.get("/benefits/?export=xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ["Иванова Мария Петровна", "Прежний"]


HEADINGS = ["Лицевой счёт", "ФИО", "Категория", "Документ", "Дата начала"]


@pytest.mark.django_db
def test_a_file_of_holders_is_looked_at_then_taken_in(keeper: Client, town: Town) -> None:
    file = sheet(
        HEADINGS,
        [ACCOUNT, "Иванова", "disabled", "справка", "01.02.2024"],
        ["123", "Никто", "disabled", "справка", "01.02.2024"],
    )
    looked = text(keeper.post("/benefits/import/", {"file": file}))
    assert "There is no account with this number" in looked
    assert not BenefitHolder.objects.exists()
    key = looked.split('name="key" value="')[1].split('"')[0]
    kept = {"key": key, "file_name": "in.xlsx"}
    errors = keeper.post("/benefits/import/", kept | {"errors": "1"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(errors.streaming_content)))
    assert book.get_sheet_by_index(0).to_python()[1][:4] == ["in.xlsx", 3.0, "Account", "123"]
    assert not BenefitHolder.objects.exists()
    told = text(keeper.post("/benefits/import/", kept | {"confirmed": "1"}, follow=True))
    assert "1 entered, 0 changed, 0 as they were, 1 refused" in told
    assert keeper.post("/benefits/import/", {"key": "../secret"}).status_code == 404
    unnamed = keeper.post("/benefits/import/", {"file": sheet(["a", "b"], ["1", "2"])})
    assert (unnamed.status_code, "No column was found for" in text(unnamed)) == (422, True)


def work_off() -> None:
    for job in ProcrastinateJob.objects.filter(status="todo", task_name="benefits.make_registry"):
        tasks.make_registry(**job.args)


def test_a_registry_is_previewed_made_and_sent(keeper: Client, billed: tuple[Town, int]) -> None:
    keeper.post("/benefits/new/", entered())
    look = text(keeper.get("/benefits/registries/new/"))
    assert "164.25" in look  # 0,5 × min(150 ÷ 3, 75) × 6,57
    assert not BenefitRegistry.objects.exists()
    address = keeper.post("/benefits/registries/new/", {"confirmed": "1"})["Location"]
    assert "every 1s" in text(keeper.get(address))
    work_off()
    done = keeper.get(f"{address}progress/")
    assert done["HX-Refresh"] == "true"
    assert "164.25" in text(keeper.get(address))
    made = BenefitRegistry.objects.get()
    assert (made.state, made.rows, made.amount_minor) == (RegistryState.MADE, 1, 16_425)
    for kind in ("xlsx", "csv", "dbf"):
        file = keeper.get(f"{address}benefits.{kind}")
        assert file["Content-Disposition"].endswith(f'benefits-2026-10.{kind}"')
        assert b"".join(file.streaming_content)
    assert keeper.get(f"{address}benefits.pdf").status_code == 404
    assert "marked as sent" in text(keeper.post(f"{address}send/", follow=True))
    assert "sent already" in text(keeper.post(f"{address}drop/", follow=True))
    assert "is not billed yet" in text(keeper.get("/benefits/registries/new/"))


def test_the_bill_tells_of_support_and_subsidies(keeper: Client, billed: tuple[Town, int]) -> None:
    keeper.post("/benefits/new/", entered())
    take_subsidies(keeper)
    keeper.post(f"/accounts/{ACCOUNT}/bills/issue/", {"month": "2026-10"})
    page = keeper.get(f"/accounts/{ACCOUNT}/bills/2026-10.pdf")
    told = " ".join(
        " ".join(one.get_textpage().get_text_range() for one in PdfDocument(page.content)).split()
    )
    assert "Мера социальной поддержки: 50 % платы в пределах норматива, человек: 1" in told
    assert "164,25 руб. выплачивает орган социальной защиты" in told
    assert "Субсидия 512,40 руб. поступила от государства и учтена в оплате" in told
    assert "Инвалиды" not in told, "a bill is seen by others"


def test_a_registry_can_be_dropped(keeper: Client, billed: tuple[Town, int]) -> None:
    address = keeper.post("/benefits/registries/new/", {"confirmed": "1"})["Location"]
    work_off()
    assert "dropped" in text(keeper.post(f"{address}drop/", follow=True))
    assert not BenefitRegistry.objects.exists()


PAID = [
    ["Лицевой счёт", "Получатель", "Месяц", "Сумма", "Решение"],
    [ACCOUNT, "Иванова М. П.", "10.2026", 512.40, "77"],
    ["999", "Неизвестный", "10.2026", 100.10, "79"],
]
LETTER = {"document": "письмо № 5", "book_in": "2026-10"}


def take_subsidies(client: Client) -> SubsidyFile:
    looked = text(client.post("/subsidies/new/", LETTER | {"file": sheet(*PAID)}))
    assert "unknown account" in looked
    key = looked.split('name="key" value="')[1].split('"')[0]
    kept = LETTER | {"key": key, "file_name": "in.xlsx", "confirmed": "1"}
    wrong = client.post("/subsidies/new/", kept | {"expected_minor": "1,00"})
    assert (wrong.status_code, "totals do not agree" in text(wrong)) == (422, True)
    assert not SubsidyFile.objects.exists()
    assert client.post("/subsidies/new/", kept | {"expected_minor": "612,50"}).status_code == 302
    assert "taken in already" in text(client.post("/subsidies/new/", kept))
    return SubsidyFile.objects.get()


@pytest.mark.django_db
def test_subsidies_are_taken_in_decided_and_reversed(keeper: Client, town: Town) -> None:
    file = take_subsidies(keeper)
    page = text(keeper.get(f"/subsidies/{file.pk}/"))
    assert "rows held" in page
    held = SubsidyRow.objects.get(problem="unknown_account")
    address = f"/subsidies/rows/{held.pk}/decide/"
    assert address in page
    decided = {"book_in": "2026-10", "account": "1"}
    assert "There is no account" in text(keeper.post(address, decided))
    assert (
        keeper.post(address, decided | {"account": "0770000024"})["HX-Redirect"] == f"/subsidies/{file.pk}/"
    )
    assert "decided already" in text(keeper.post(address, decided | {"account": "0770000024"}))
    assert "subsidy" in text(keeper.get("/accounts/0770000024/ledger/"))
    reverse = f"/subsidies/{file.pk}/reverse/"
    assert keeper.post(reverse, {"book_in": "2026-10"}).status_code == 422, "without a reason"
    keeper.post(reverse, {"book_in": "2026-10", "reason": "ошибка"})
    assert "reversed" in text(keeper.get(f"/subsidies/{file.pk}/"))


@pytest.mark.django_db
def test_a_file_of_subsidies_that_cannot_be_read(keeper: Client, town: Town) -> None:
    bad = sheet(PAID[0], [ACCOUNT, "И", "10.2026", "сто", "1"])
    looked = text(keeper.post("/subsidies/new/", LETTER | {"file": bad}))
    assert "no amount above zero" in looked
    assert 'name="confirmed"' not in looked
    key = looked.split('name="key" value="')[1].split('"')[0]
    errors = keeper.post("/subsidies/new/", LETTER | {"key": key, "errors": "1"})
    assert errors["Content-Disposition"].endswith('-errors.xlsx"')
    refused = keeper.post("/subsidies/new/", LETTER | {"key": key, "confirmed": "1"})
    assert (refused.status_code, SubsidyFile.objects.count()) == (422, 0)


@pytest.mark.django_db
def test_the_answer_about_debts(keeper: Client, town: Town) -> None:
    asked = {"whom": "listed", "until": "2026-10", "numbers": f"{ACCOUNT}, 777"}
    page = text(keeper.post("/benefits/debts/", asked))
    assert "Иванова Мария Петровна" in page
    assert "There is no account with this number" in page
    answer = keeper.post("/benefits/debts/", asked | {"xlsx": "1"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    assert [row[0] for row in book.get_sheet_by_index(0).to_python()[3:]] == [ACCOUNT, "777"]


@pytest.mark.django_db
def test_a_category_of_the_region(keeper: Client, town: Town) -> None:
    given = {
        "code": "labour",
        "name": "Ветераны труда",
        "percent": 50,
        "within_norm": "on",
        "act": "Закон № 1",
    }
    assert keeper.post("/benefits/categories/new/", given).status_code == 302
    assert "Ветераны труда" in text(keeper.get("/benefits/categories/"))
    assert keeper.post("/benefits/categories/new/", given).status_code == 422
