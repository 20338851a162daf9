"""A clerk finds an account, enters a reading, sees what it changes, stores it and takes it back."""

from datetime import UTC, datetime

from playwright.sync_api import Page, expect
from tests.town import MONTH, Town

from abonent.usecases import billing_run, packs

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def bill(town: Town) -> None:
    parameters = packs.pack_parameters()
    run_id = billing_run.create(
        scope=billing_run.Scope(town.supplier.pk),
        period=MONTH,
        at=AT,
        pack_version="1",
        parameter_hash=parameters.hash,
    )
    billing_run.rate(run_id, parameters=parameters, clock=lambda: AT)
    billing_run.approve(run_id=run_id, actor_id=None, at=AT)


def test_from_the_search_to_the_new_line_and_back(signed_in: Page, town: Town) -> None:
    page = signed_in
    bill(town)

    page.keyboard.press("/")
    page.keyboard.type("петров п")
    first = page.locator("#hits [role=option]").first
    expect(first).to_contain_text("Петров Пётр Ильич")
    expect(first).to_contain_text("по фамилии")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("0770000024")
    expect(page.locator("#balance")).to_contain_text("1 928,00")
    page.locator(".month .unfold").first.click()
    expect(page.locator(".because:visible").first).to_contain_text("354")

    page.get_by_role("button", name="Ввести показание", exact=True).click()
    page.get_by_label("Снято").fill("2026-10-25")
    page.get_by_label("день, кВт·ч").fill("77")
    page.get_by_label("ночь, кВт·ч").fill("3200,5")
    page.get_by_role("button", name="Посмотреть, что изменится").click()
    expect(page.locator(".invalid-feedback")).to_contain_text("Меньше показания от 20.10.2026")
    expect(page.get_by_label("день, кВт·ч")).to_be_focused()

    page.get_by_label("день, кВт·ч").fill("7800")
    page.get_by_role("button", name="Посмотреть, что изменится").click()
    sides = page.locator(".sides > div")
    expect(sides.nth(0)).to_contain_text("1 880,70")
    expect(sides.nth(1)).to_contain_text("2 509,24")
    page.get_by_role("button", name="Сохранить показание").click()

    expect(page.get_by_role("status").first).to_contain_text("+628,54")
    expect(page.locator("#balance")).to_contain_text("2 556,54")
    lines = page.locator(".month .lines").first
    expect(lines).to_contain_text("2 114,00")
    expect(lines).to_contain_text("сторно")

    page.get_by_role("button", name="Вернуть как было").click()
    expect(page.get_by_role("status").first).to_contain_text("аннулировано")
    expect(page.locator("#balance")).to_contain_text("1 928,00")
    expect(page.locator("#list tbody tr").first).to_contain_text("аннулировано")


def test_arrows_choose_among_the_found(signed_in: Page) -> None:
    page = signed_in
    page.keyboard.press("/")
    page.keyboard.type("ленина 12")
    expect(page.locator("#hits [role=option]")).to_have_count(5)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#hits [aria-selected=true]")
    expect(chosen).to_have_count(1)
    expect(chosen).to_contain_text("кв. 3")
    page.keyboard.press("Escape")
    expect(page.locator("#hits [role=option]")).to_have_count(0)
