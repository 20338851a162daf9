"""From the account card to a statement over chosen days, to its paper, and to the act of reconciliation."""

import re
from io import BytesIO

from playwright.sync_api import Page, expect
from pypdfium2 import PdfDocument
from pytest_django.live_server_helper import LiveServer
from python_calamine import CalamineWorkbook
from tests.journeys.test_reading_by_hand import bill
from tests.town import Town


def test_a_statement_from_the_account_card(signed_in: Page, live_server: LiveServer, town: Town) -> None:
    page = signed_in
    bill(town)
    page.goto(f"{live_server.url}/accounts/0770000024/")
    page.get_by_role("link", name="Выписка").click()
    page.get_by_label("С", exact=True).fill("2026-10-01")
    page.get_by_label("По", exact=True).fill("2026-10-31")
    page.get_by_role("button", name="Показать").click()
    expect(page.get_by_text("с 01.10.2026 по 31.10.2026")).to_be_visible()
    expect(page.get_by_text("начисление").first).to_be_visible()
    total = page.locator("tfoot td.num").last
    expect(total).to_have_text(re.compile(r"\d"))
    closing = page.locator(".report-facts dd").last.inner_text()

    address = page.get_by_role("link", name="PDF").get_attribute("href")
    assert address is not None
    paper = PdfDocument(BytesIO(page.request.get(live_server.url + address).body()))
    text = "".join(one.get_textpage().get_text_range() for one in paper).replace("\N{NO-BREAK SPACE}", " ")
    assert "Выписка по лицевому счёту" in text
    assert closing.replace("\N{NO-BREAK SPACE}", " ") in text

    address = page.get_by_role("link", name="Excel").get_attribute("href")
    assert address is not None
    book = CalamineWorkbook.from_filelike(BytesIO(page.request.get(live_server.url + address).body()))
    assert "0770000024" in str(book.get_sheet_by_index(0).to_python())

    page.get_by_role("link", name="Акт сверки").click()
    expect(page.get_by_role("heading", name=re.compile("Акт сверки"))).to_be_visible()
    expect(page.get_by_text("с 01.10.2026 по 31.10.2026")).to_be_visible()
