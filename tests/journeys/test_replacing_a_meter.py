"""An inspector's act is written down: a meter is replaced, its form printed, its months wait, and it is annulled."""

import pypdfium2
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.town import Town


def test_a_meter_is_replaced_by_the_keyboard(signed_in: Page, live_server: LiveServer, town: Town) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/accounts/{town.accounts['1'].number}/devices/")
    page.get_by_role("link", name="Заменить").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Замена прибора учёта")
    expect(page.locator("[name=old_1]")).to_be_focused()
    expect(page.locator("form.card")).to_contain_text("3 150 на 20.10.2026, знаков: 5")
    page.keyboard.type("3140,5")
    page.get_by_label("Тип", exact=True).fill("Меркурий 200.02")
    page.get_by_label("Заводской номер").fill("20990001")
    page.get_by_label("Зоны", exact=True).select_option("2")
    expect(page.locator("[name=new_1]")).to_be_hidden()
    page.locator("[name=new_21]").fill("1")
    page.locator("[name=new_22]").fill("2,5")
    page.get_by_label("Пломба 1").fill("А-100")
    page.get_by_label("Контролёр").fill("Кузнецов И. В.")
    page.keyboard.press("Enter")

    expect(page.locator(".invalid-feedback").first).to_contain_text("Меньше показания от 20.10.2026")
    expect(page.get_by_label("Заводской номер")).to_have_value("20990001")
    page.locator("[name=old_1]").fill("3260")
    page.get_by_role("button", name="Составить акт").click()

    expect(page.get_by_role("alert").first).to_contain_text("составлен")
    expect(page.locator("main")).to_contain_text("20990001")
    expect(page.locator("main")).to_contain_text("3 260")
    printed = page.request.get(page.url + "form.pdf").body()
    text = pypdfium2.PdfDocument(printed)[0].get_textpage().get_text_range()
    assert "Акт замены прибора учёта" in text
    assert "А-100" in text

    page.get_by_role("link", name="ул. Ленина, д. 12, кв. 1").click()
    expect(page.locator(".device").first).to_contain_text("20990001")
    expect(page.locator(".device").nth(1)).to_contain_text("снят")
    expect(page.locator(".device").first).to_contain_text("А-100")
    with page.expect_navigation():  # the button below is for a page that is ready
        page.get_by_role("link", name="Замена прибора учёта № ").click()

    page.get_by_role("button", name="Аннулировать").click()
    page.get_by_label("Причина").fill("не та квартира")
    page.locator("#dialog").get_by_role("button", name="Аннулировать").click()
    expect(page.locator("main")).to_contain_text("не та квартира")
    page.goto(f"{live_server.url}/accounts/{town.accounts['1'].number}/devices/")
    expect(page.locator(".device")).to_have_count(1)
    expect(page.locator(".device")).to_contain_text("20100001")
