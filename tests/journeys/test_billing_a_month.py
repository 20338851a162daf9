"""The month is billed from the office: a run is started, followed, approved; its bills are printed."""

import re

import pytest
from playwright.sync_api import Page, expect

from abonent.contexts.charging.models import Run, RunState

PATIENCE_MS = 60_000


@pytest.mark.usefixtures("worker")
def test_from_a_new_run_to_printed_bills(signed_in: Page) -> None:
    page = signed_in
    page.get_by_role("link", name="Расчёты", exact=True).click()
    page.get_by_role("link", name="Новый расчёт").click()
    page.get_by_role("button", name="Далее").click()
    expect(page.locator("main")).to_contain_text("все лицевые счета")
    page.get_by_role("button", name="Начать расчёт").click()

    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    expect(page.locator("h1")).to_contain_text("рассчитан", timeout=PATIENCE_MS)
    expect(page.locator("#run")).to_contain_text("6 721,46")

    page.get_by_role("button", name="Утвердить").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("не удалить")
    dialog.get_by_role("button", name="Утвердить").click()
    expect(page.locator("h1")).to_contain_text("проведён", timeout=PATIENCE_MS)
    assert Run.objects.get().state == RunState.POSTED

    page.get_by_role("link", name="Печать квитанций").click()
    page.get_by_role("button", name="Печать").click()
    expect(page.locator("h1")).to_contain_text("напечатана", timeout=PATIENCE_MS)
    expect(page.get_by_role("link", name="Открыть файл")).to_be_visible()
