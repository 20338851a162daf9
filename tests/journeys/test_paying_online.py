"""A clerk makes a link, the payer pays at the bank, the debt falls, and a part is given back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from tests import town as towns
from tests.acquirer import PASSWORD, TERMINAL, Bank
from tests.money import owe
from tests.town import Town

from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import Agent, AgentKind, OnlineOrder
from abonent.kernel.periods import Month


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    bank = Bank()
    for name, value in {"URL": bank.url, "TERMINAL": TERMINAL, "PASSWORD": PASSWORD}.items():
        monkeypatch.setenv(f"ABONENT_ACQUIRING_CARD_{name}", value)
    yield bank
    bank.stop()


@pytest.fixture
def town(transactional_db: None) -> Town:
    """The town of today: money that comes now is booked now."""
    from django.utils import timezone

    month = Month.of(timezone.localdate())
    town = towns.build(month=month)
    owe(town.accounts["1"], month.previous(), 100_000, kind=EntryKind.OPENING)
    Agent.objects.create(supplier=town.supplier, code="card", name="Оплата картой", kind=AgentKind.ACQUIRING)
    return town


def test_a_subscriber_pays_by_a_link(
    signed_in: Page, live_server: LiveServer, town: Town, bank: Bank
) -> None:
    page, account = signed_in, town.accounts["1"]
    page.goto(f"{live_server.url}/accounts/{account.number}/")
    page.get_by_role("button", name="Ссылка на оплату").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Сумма, ₽").fill("600,00")
    dialog.get_by_role("button", name="Создать ссылку").click()
    page.wait_for_url("**/payments/online/*/")
    card = page.url
    link = page.get_by_label("Ссылка, по которой платит абонент").input_value()

    page.goto(link)
    page.get_by_role("link", name="Перейти на страницу банка").click()
    page.get_by_role("button", name="Отказаться").click()
    expect(page.get_by_text("Банк отклонил платёж")).to_be_visible()
    page.get_by_role("link", name="Попробовать ещё раз").click()
    page.get_by_role("button", name="Оплатить").click()
    expect(page.get_by_text("Оплачено. Спасибо!")).to_be_visible()
    assert balance_minor(account_id=account.pk) == 40_000

    page.goto(card)
    expect(page.locator("h1")).to_contain_text("оплачен")
    page.get_by_role("button", name="Вернуть").click()
    dialog.get_by_label("Вернуть, ₽").fill("100")
    dialog.get_by_label("Причина").fill("заявление абонента")
    dialog.get_by_role("button", name="Вернуть").click()
    expect(page.get_by_text("Деньги возвращены.")).to_be_visible()
    expect(page.locator("h1")).to_contain_text("возвращён частично")
    assert balance_minor(account_id=account.pk) == 50_000
    order = OnlineOrder.objects.get()
    assert (order.refunded_minor, bank.of_order(order.pk)[0].refunded) == (10_000, 10_000)
