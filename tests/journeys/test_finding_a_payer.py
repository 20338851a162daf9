"""An accountant gives a payment its account by one key, moves it, and takes it back; the debt is right at each step."""

from datetime import date
from uuid import uuid4

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.money import AT, owe
from tests.town import MONTH, Town

from abonent.contexts.payments.models import AgentKind
from abonent.usecases import take_payment


def take(town: Town, amount_minor: int, payer: str, purpose: str) -> None:
    agent = take_payment.own_agent(supplier_id=town.supplier.pk, kind=AgentKind.BY_HAND)
    take_payment.take(
        supplier_id=town.supplier.pk,
        agent_id=agent.pk,
        account_id=None,
        amount_minor=amount_minor,
        paid_on=date(2026, 10, 20),
        booked_on=date(2026, 10, 21),
        key=uuid4(),
        actor_id=None,
        at=AT,
        payer=payer,
        purpose=purpose,
    )


def open_debt(page: Page, live_server: LiveServer, number: str) -> str:
    page.goto(f"{live_server.url}/accounts/{number}/payments/")
    said = page.locator("#paid .list-bar .debt")
    return said.inner_text() if said.count() else ""


def settled(page: Page) -> None:
    """Wait until what the page fetched can be pressed."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)


def test_given_moved_and_taken_back(signed_in: Page, live_server: LiveServer, town: Town) -> None:
    page = signed_in
    first, second = town.accounts["1"], town.accounts["2"]
    owe(first, MONTH, 50_000)
    owe(second, MONTH, 40_000)
    take(town, 30_000, "НЕКТО", f"оплата лс {first.number}")
    take(town, 7_000, "НЕИЗВЕСТНЫЙ", "перевод")
    assert open_debt(page, live_server, first.number) == "500,00 ₽"

    page.goto(f"{live_server.url}/payments/unidentified/")
    rows = page.locator("#held-rows .held-row")
    expect(rows).to_have_count(2)
    expect(rows.first).to_have_class("held-row chosen")
    expect(rows.first.locator(".suggestion")).to_contain_text("Иванова Мария Петровна")
    settled(page)
    page.keyboard.press("1")
    expect(rows.first).to_contain_text("проведён")
    expect(rows.last).to_have_class("held-row chosen")
    settled(page)
    page.keyboard.press("u")
    expect(rows.first.locator(".suggestion")).to_contain_text("номер счёта")
    settled(page)
    page.keyboard.press("1")
    expect(rows.first).to_contain_text("проведён")

    settled(page)
    page.keyboard.press("e")
    finder = page.locator("#dialog input[name=account]")
    expect(finder).to_be_visible()
    finder.press_sequentially("петров")
    expect(page.locator("#dialog .finder-hits .hit").first).to_contain_text("Петров Пётр Ильич")
    finder.press("Enter")
    expect(finder).to_have_value(second.number)
    finder.press("Enter")
    expect(rows.last).to_contain_text("Петров Пётр Ильич")
    expect(page.locator("#dialog")).not_to_be_visible()
    assert open_debt(page, live_server, first.number) == "200,00 ₽"
    assert open_debt(page, live_server, second.number) == "330,00 ₽"

    page.goto(f"{live_server.url}/accounts/{first.number}/payments/")
    page.locator(".paid a", has_text="20.10.2026").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("300,00 ₽")
    page.get_by_role("button", name="Перенести").click()
    page.locator("#dialog input[name=account]").fill(second.number)
    page.get_by_label("Перенести, ₽").fill("100")
    page.get_by_label("Причина").fill("не тот счёт")
    page.locator("#dialog button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("100,00 ₽")
    assert open_debt(page, live_server, first.number) == "300,00 ₽"
    assert open_debt(page, live_server, second.number) == "230,00 ₽"

    page.goto(f"{live_server.url}/accounts/{first.number}/payments/")
    page.locator(".paid a", has_text="20.10.2026").click()
    expect(page.locator(".balance")).to_contain_text("200,00")
    page.get_by_role("button", name="Сторнировать").click()
    page.get_by_label("Причина").fill("отозвано банком")
    page.locator("#dialog button[type=submit]").click()
    expect(page.locator(".history")).to_contain_text("отозвано банком")
    expect(page.locator("#covered")).to_contain_text("Ничего не покрывает")
    assert open_debt(page, live_server, first.number) == "500,00 ₽"
    assert open_debt(page, live_server, second.number) == "230,00 ₽"
