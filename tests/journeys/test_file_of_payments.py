"""A registry comes in and is posted; the statement with its sum comes in, and both are found to be the same money."""

from pathlib import Path

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from tests import payment_files as samples
from tests.town import Town

from abonent.contexts.ledger.queries import balance_minor

DAY = "2026-10-31"


def test_from_the_registry_to_the_bank(
    signed_in: Page, live_server: LiveServer, town: Town, worker: None, tmp_path: Path
) -> None:
    page = signed_in
    samples.sber(town.supplier)
    samples.bank(town.supplier)
    rows = [(town.accounts["1"].number, 40_000), (town.accounts["2"].number, 70_000), ("нет такого", 900)]
    registry = samples.write(tmp_path, samples.sber_registry(rows), "реестр.txt")
    lump = samples.document(
        "77",
        samples.transferred(rows),
        own=town.supplier.bank_account,
        purpose="Перечисление по реестру 686336",
        payer="ПАО Сбербанк",
        inn=samples.SBER_INN,
    )
    statement = samples.write(
        tmp_path, samples.statement([lump], own=town.supplier.bank_account), "kl_to_1c.txt"
    )

    page.goto(f"{live_server.url}/payments/files/")
    page.get_by_role("link", name="Загрузить файл").click()
    page.get_by_label("Файл").set_input_files(registry)
    page.get_by_label("Кто прислал").select_option(label="Сбербанк")
    page.locator("#id_booked_on").fill(DAY)
    page.get_by_role("button", name="Далее").click()

    # what would be is seen before anything is stored
    expect(page.get_by_text("реестр.txt")).to_be_visible()
    expect(page.locator(".counts")).to_contain_text("66 %")
    expect(page.get_by_text("нет такого")).to_be_visible()
    assert balance_minor(account_id=town.accounts["1"].pk) == 0
    page.get_by_role("button", name="Загрузить и провести").click()
    expect(page.get_by_role("heading", name="реестр.txt")).to_contain_text("проведён", timeout=60_000)
    expect(page.get_by_text("Документ банка по нему ещё не пришёл.")).to_be_visible()
    expect(page.get_by_role("link", name=town.accounts["1"].number)).to_be_visible()
    assert balance_minor(account_id=town.accounts["1"].pk) == -40_000
    card = page.url

    page.goto(f"{live_server.url}/payments/files/new/")
    page.get_by_label("Файл").set_input_files(statement)
    page.get_by_label("Кто прислал").select_option(label="Банк")
    page.locator("#id_booked_on").fill(DAY)
    page.get_by_role("button", name="Далее").click()
    page.get_by_role("button", name="Загрузить и провести").click()
    expect(page.get_by_role("heading", name="kl_to_1c.txt")).to_contain_text("проведён", timeout=60_000)

    page.goto(card)
    expect(page.get_by_role("link", name="№ 77")).to_be_visible()
    page.get_by_role("link", name="№ 77").click()
    expect(page.get_by_role("heading", name="№ 77")).to_contain_text("покрывает реестры")
    expect(page.get_by_text("реестр.txt")).to_be_visible()
