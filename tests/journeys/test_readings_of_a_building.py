"""A clerk enters a building's list with the keyboard alone, reloads in between, and mends what is refused."""

from datetime import date

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.town import Town

from abonent.contexts.metering.models import Reading

DAY = "2026-11-20"


def choose_day(page: Page) -> None:
    """The list as of another day is asked for: typing begins when it is there."""
    page.get_by_label("Снято").fill(DAY)
    expect(page.locator(f"#reading-list[data-day='{DAY}'][data-is-open]")).to_be_visible()


def test_with_the_keyboard_from_the_first_flat_to_the_last(
    signed_in: Page, live_server: LiveServer, town: Town
) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/buildings/{town.building.pk}/")
    page.get_by_role("link", name="Ведомость показаний").click()
    choose_day(page)
    rows = page.locator("#reading-list [data-row]")
    expect(rows).to_have_count(5)
    expect(page.locator("#filled")).to_have_text("0 из 5")

    # the building's meter, flat 1, flat 2 by day and by night; Enter goes down
    page.get_by_label("весь дом 23400077").focus()
    for value in ("53000", "12,5", "7930", "3250"):
        page.keyboard.type(value)
        page.keyboard.press("Enter")
    expect(page.locator("#filled")).to_have_text("4 из 5")
    expect(rows.nth(0).locator("[data-usage]")).to_have_text("1 300")
    expect(rows.nth(1).locator("[data-usage]")).to_contain_text("−")
    expect(rows.nth(1).locator("td.flag [data-flag]")).not_to_be_empty()
    expect(rows.nth(2).locator("td.flag [data-flag]")).to_be_empty()
    expect(rows.nth(4).locator("input")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(rows.nth(3).locator("input")).to_be_focused()

    # the browser is closed by mistake: nothing typed is lost
    page.reload()
    choose_day(page)
    expect(rows.nth(2).locator("input")).to_have_value("7930")
    expect(page.locator("#filled")).to_have_text("4 из 5")

    page.get_by_role("button", name="Отправить").click()
    expect(page.locator("#dialog")).to_contain_text("У 1 из 5 нет ни показания")
    page.locator("#dialog").get_by_role("button", name="Вернуться").click()
    assert not Reading.objects.filter(taken_on=date(2026, 11, 20)).exists()
    page.get_by_role("button", name="Отправить").click()
    page.locator("#dialog").get_by_role("button", name="Отправить").click()

    # what holds is stored; the refused value waits in its field
    expect(page.get_by_role("status")).to_contain_text("Сохранено 3 показания")
    expect(rows.nth(1).locator("input")).to_have_value("12,5")
    expect(rows.nth(1).locator(".invalid-feedback")).to_be_visible()
    expect(rows.nth(1).locator("input")).to_be_focused()
    expect(rows.nth(0).locator("input")).to_have_value("")
    assert Reading.objects.filter(taken_on=date(2026, 11, 20)).count() == 3

    page.get_by_label("Только неснятые").check()
    expect(page.locator("#reading-list [data-row]:visible")).to_have_count(2)
    rows.nth(1).locator("input").fill("3300")
    page.keyboard.press("Enter")
    page.keyboard.type("2400")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Отправить")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Сохранено 2 показания")
    expect(page.locator("#filled")).to_have_text("5 из 5")
    page.reload()
    choose_day(page)
    expect(page.locator("#filled")).to_have_text("5 из 5")
    expect(rows.nth(1).locator("input")).to_have_value("")
