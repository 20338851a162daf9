"""Statements, acts of reconciliation and the export to accounting in the office."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client
from pypdfium2 import PdfDocument
from python_calamine import CalamineWorkbook
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.contracts.models import Account

NUMBER = "0770000024"
OCTOBER = "since=2026-10-01&until=2026-10-31"


@pytest.fixture
def town_billed(billed: tuple[Town, int]) -> Town:
    return billed[0]


def text_of(content: bytes) -> str:
    pages = "".join(page.get_textpage().get_text_range() for page in PdfDocument(BytesIO(content)))
    return pages.replace("\r\n", " ").replace("\N{NO-BREAK SPACE}", " ")


def test_a_statement_on_the_screen_and_on_paper(office: Client, town_billed: Town) -> None:
    page = office.get(f"/accounts/{NUMBER}/statement/?{OCTOBER}").content.decode()
    assert "Statement of account" in page
    assert "charge" in page
    answer = office.get(f"/accounts/{NUMBER}/statement.pdf?{OCTOBER}")
    assert answer["Content-Type"] == "application/pdf"
    paper = text_of(answer.content)
    assert f"Выписка по лицевому счёту № {NUMBER}" in paper, "a paper is Russian whatever the office speaks"
    assert town_billed.supplier.bank_account in paper
    answer = office.get(f"/accounts/{NUMBER}/statement.xlsx?{OCTOBER}")
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert any(NUMBER in row for row in rows)


def test_a_month_in_the_address_stands_for_its_days(office: Client, town_billed: Town) -> None:
    page = office.get(f"/accounts/{NUMBER}/statement/?period=2026-10").content.decode()
    assert 'value="2026-10-01"' in page
    assert 'value="2026-10-31"' in page
    assert office.get(f"/accounts/{NUMBER}/statement/?period=moon").status_code == 200


def test_days_that_are_none_are_told(office: Client, town_billed: Town) -> None:
    page = office.get(f"/accounts/{NUMBER}/statement/?since=2026-10-31&until=2026-10-01").content.decode()
    assert "The last day is before the first." in page
    assert (
        office.get(f"/accounts/{NUMBER}/statement.pdf?since=2026-10-31&until=2026-10-01").status_code == 404
    )
    assert office.get(f"/accounts/{NUMBER}/statement.exe?{OCTOBER}").status_code == 404
    assert office.get("/accounts/0000000000/statement/").status_code == 404


def test_an_act_of_all_accounts_of_a_payer(office: Client, town_billed: Town) -> None:
    first, second = town_billed.accounts["1"], town_billed.accounts["2"]
    alone = office.get(f"/accounts/{first.number}/reconciliation/?{OCTOBER}").content.decode()
    assert "all accounts of the payer" not in alone
    Account.objects.filter(pk=second.pk).update(party_id=first.party_id)
    page = office.get(f"/accounts/{first.number}/reconciliation/?{OCTOBER}&whose=payer").content.decode()
    assert "all accounts of the payer" in page
    assert second.number in page
    answer = office.get(f"/accounts/{first.number}/reconciliation.pdf?{OCTOBER}&whose=payer")
    paper = text_of(answer.content)
    assert "Акт сверки" in paper
    assert first.number in paper
    assert second.number in paper
    assert office.get(f"/accounts/{first.number}/reconciliation.xlsx?{OCTOBER}").status_code == 200


def test_the_export_shows_what_it_comes_to(sign_in: Callable[..., Client], town_billed: Town) -> None:
    client = sign_in(Role.ACCOUNTANT)
    page = client.get("/accounting/?period=2026-10").content.decode()
    assert "Ties to the ledger" in page
    answer = client.get("/accounting/export.xml?period=2026-10&what=sales")
    body = b"".join(answer.streaming_content).decode()
    assert "Документ.РеализацияТоваровУслуг" in body
    assert "ПБДС" not in body
    wrong = client.get("/accounting/?period=2026-10&since=2026-09-30").content.decode()
    assert "This day is not in the month." in wrong
    assert client.get("/accounting/export.xml?period=2026-10&since=2026-09-30").status_code == 404
    assert sign_in(Role.OPERATOR).get("/accounting/").status_code == 403
