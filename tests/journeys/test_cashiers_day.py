"""A cashier's day by the keyboard: the shift opened, payers found and paid, a mistake undone, the drawer counted."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from tests import money, tills
from tests.town import Town

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import CashDesk, CashOrder, CashShift
from abonent.kernel.periods import Month


@pytest.fixture
def till(town: Town) -> CashDesk:
    """A desk in a month that is open today, and somebody who owes."""
    BillingPeriod.objects.get_or_create(
        supplier=town.supplier, month=Month.of(timezone.localdate()).first_day, defaults={"state": 1}
    )
    owes = town.accounts["2"]
    money.owe(owes, Month(2026, 8), 50_000)
    money.owe(owes, Month(2026, 9), 98_766)
    money.owe(owes, Month(2026, 8), 1_234, kind=EntryKind.PENALTY)
    return tills.desk(town)


def test_from_the_opening_to_the_count(
    signed_in: Page, live_server: LiveServer, town: Town, till: CashDesk
) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/cash/")
    page.get_by_role("button", name="Открыть смену").click()
    page.get_by_label("Наличных в кассе, ₽").fill("1000")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/cash/till/")

    # by a number: what is owed stands in the field, a note too large gives change
    search = page.get_by_label("Номер счёта, код квитанции, фамилия или адрес")
    expect(search).to_be_focused()
    page.keyboard.type("0770000024")
    page.keyboard.press("Enter")
    amount = page.get_by_label("Сумма, ₽")
    expect(amount).to_be_focused()
    expect(amount).to_have_value("1500,00")
    expect(page.locator(".till-dues tbody tr")).to_have_count(2)
    page.keyboard.press("Tab")
    page.keyboard.type("2000")
    expect(page.locator("#change")).to_have_text("500,00")
    page.keyboard.press("Enter")
    expect(page.locator("#change-due")).to_have_text("500,00")
    expect(page.locator("#drawer")).to_have_text("2\u00a0500,00")
    assert balance_minor(account_id=town.accounts["2"].pk) == 0

    # a code scanned with the Russian keyboard on, paid by card with one key
    expect(search).to_be_focused()
    page.keyboard.insert_text(
        "ЫЕ00012/Тфьу=Образец/ЗукыщтфдФсс=40702810900000000001/ИфтлТфьу=Банк/ИШС=044525225"
        "/СщккуызФсс=30101810400000000225/ЗукыФсс=0770000016/Ыгь=12345"
    )
    page.keyboard.press("Enter")
    expect(page.locator("#pay .card-header")).to_contain_text("Иванова Мария Петровна")
    page.get_by_label("Сумма, ₽").fill("123,45")
    page.keyboard.press("F4")
    page.keyboard.press("Enter")
    expect(page.locator(".till-paid")).to_contain_text("Без сдачи")
    expect(page.locator("#drawer")).to_have_text("2\u00a0500,00")

    # a surname that several bear is chosen from by arrows; too little handed over is refused and nothing is lost
    page.keyboard.type("ленина 12")
    page.keyboard.press("Enter")
    expect(page.locator("#till-choices button").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_label("Сумма, ₽").fill("300")
    page.get_by_label("Получено, ₽").fill("200")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Не хватает 100,00")
    page.get_by_label("Получено, ₽").fill("300")
    page.keyboard.press("Enter")
    expect(page.locator(".till-paid")).to_contain_text("300,00")
    assert CashOrder.objects.count() == 3

    # the last one was a mistake
    page.get_by_role("link", name="Смена", exact=True).click()
    expect(page.locator("#list tbody tr")).to_have_count(3)
    page.locator("#list tbody tr").first.get_by_role("button", name="Вернуть").click()
    page.get_by_label("Причина").fill("Не тот счёт")
    page.get_by_role("button", name="Сторнировать целиком").click()
    expect(page.locator("#list tbody tr")).to_have_count(4)
    expect(page.locator("#drawer")).to_have_text("2\u00a0500,00")

    # the bank takes two thousand, what is left is counted
    page.get_by_role("button", name="В банк").click()
    page.get_by_label("Сумма, ₽").fill("2000")
    page.get_by_label("Основание").fill("Препроводительная ведомость № 1")
    page.get_by_role("button", name="Сдать").click()
    expect(page.locator("#drawer")).to_have_text("500,00")
    page.get_by_role("link", name="Закрыть смену").click()
    page.get_by_label("100,00", exact=True).fill("4")
    expect(page.locator("#difference")).to_have_text("−100,00")
    page.get_by_role("button", name="Закрыть смену").click()
    expect(page.get_by_role("alert").first).to_contain_text("−100,00")
    page.get_by_label("100,00", exact=True).fill("5")
    expect(page.locator("#difference")).to_have_text("0,00")
    page.get_by_role("button", name="Закрыть смену").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("закрыта")

    shift = CashShift.objects.get()
    assert (shift.expected_minor, shift.counted_minor) == (50_000, 50_000)
    assert not tills.register(till).state().is_open
    assert shift.fiscal["closed"]["1118"] == 4


def test_a_register_without_paper_does_not_stop_the_queue(
    signed_in: Page, live_server: LiveServer, town: Town, till: CashDesk
) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/cash/")
    page.get_by_role("button", name="Открыть смену").click()
    page.locator("#dialog").get_by_role("button", name="Открыть смену").click()
    page.wait_for_url(f"{live_server.url}/cash/till/")
    tills.faults(till).set("out_of_paper")
    page.keyboard.type("0770000024")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Сумма, ₽")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".till-paid")).to_contain_text("чек ещё не напечатан")
    assert not CashOrder.objects.get().fiscal
    tills.faults(till).clear()
    page.get_by_role("button", name="Напечатать 1 чек").click()
    expect(page.locator("#till-panel")).to_contain_text("чек 1")
    assert CashOrder.objects.get().fiscal["1042"] == 1
