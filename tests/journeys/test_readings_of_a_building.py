"""A clerk enters a building's list with the keyboard alone, reloads in between, and mends what is refused."""

from datetime import date

import pytest
from playwright.sync_api import Page, Route, expect
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


def test_a_day_chosen_before_the_scripts_are_here(
    signed_in: Page, live_server: LiveServer, town: Town
) -> None:
    """On a slow machine the fields are there before what watches them; going back finds the list as of its day."""
    page = signed_in
    address = f"{live_server.url}/buildings/{town.building.pk}/readings/"
    held: list[Route] = []
    page.route("**/htmx*.js", lambda route: held.append(route))
    with page.expect_request("**/htmx*.js"):
        page.goto(address, wait_until="commit")
    page.get_by_label("Снято").fill(DAY)
    page.get_by_label("весь дом 23400077").fill("53000")
    held[0].continue_()
    page.unroute("**/htmx*.js")
    listed = page.locator(f"#reading-list[data-day='{DAY}'][data-is-open]")
    expect(listed).to_be_visible()
    expect(page.get_by_label("весь дом 23400077")).to_have_value("53000")
    expect(page.locator("#filled")).to_have_text("1 из 5")

    page.get_by_role("link", name="Петров").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("0770000024")
    page.go_back()
    day = page.get_by_label("Снято").input_value()
    expect(page.locator(f"#reading-list[data-day='{day}'][data-is-open]")).to_be_visible()


@pytest.mark.parametrize(("asked", "shown"), [("2099-01-01", "2099-01-01"), ("20.11.2026", DAY), ("x", "")])
def test_a_day_in_the_address_is_asked_for_once(
    signed_in: Page, live_server: LiveServer, town: Town, asked: str, shown: str
) -> None:
    page = signed_in
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "taken_on" in request.url else None)
    page.goto(f"{live_server.url}/buildings/{town.building.pk}/readings/?taken_on={asked}")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_label("Снято")).to_have_value(shown)
    assert len(sent) == 1


def test_a_day_is_typed_to_its_end(signed_in: Page, live_server: LiveServer, town: Town) -> None:
    """The days that a half-typed one passes through are not asked for; Enter or leaving the field chooses."""
    page = signed_in
    page.goto(f"{live_server.url}/buildings/{town.building.pk}/readings/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "taken_on" in request.url else None)
    day = page.get_by_label("Снято")
    day.focus()
    page.keyboard.type("11112026")
    page.keyboard.press("Enter")
    expect(page.locator("#reading-list[data-day='2026-11-11'][data-is-open]")).to_be_visible()
    day.focus()
    page.keyboard.type("10102026")
    page.get_by_label("Источник").focus()
    expect(page.locator("#reading-list[data-day='2026-10-10'][data-is-open]")).to_be_visible()
    assert len(sent) == 2
