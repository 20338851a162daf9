"""Penalties of a month from the office: calculated, looked through to the formula, approved, reversed."""

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect
from tests.money import AT, owe, pay, settle
from tests.town import Town

from abonent.contexts.contracts.models import Account
from abonent.contexts.penalties.models import PenaltyRun, PenaltyRunState
from abonent.kernel.periods import Month

PATIENCE_MS = 60_000
NUMBER = "0770000024"


@pytest.mark.usefixtures("worker")
def test_counted_looked_at_approved_reversed(signed_in: Page, town: Town) -> None:
    page = signed_in
    account = Account.objects.get(number=NUMBER)
    owe(account, Month(2026, 3), 500_000)
    pay(account, 100_000, paid_on=date(2026, 7, 1))
    settle(account, booked_on=AT.date())

    page.get_by_role("link", name="Пени", exact=True).click()
    page.get_by_role("link", name="Пени за месяц").click()
    page.get_by_label("Считать по день включительно").fill("2026-08-01")
    page.get_by_role("button", name="Рассчитать").click()
    page.wait_for_url(re.compile(r"/penalties/\d+/$"))
    expect(page.locator("h1")).to_contain_text("готово к утверждению", timeout=PATIENCE_MS)

    page.get_by_role("link", name="Лицевые счета", exact=True).last.click()
    page.get_by_role("link", name=NUMBER).click()
    expect(page.locator("main")).to_contain_text(re.compile(r"5.000,00 × 47 × 1/300 × 9,5.%"))
    page.get_by_role("link", name=re.compile("начисление №")).click()

    page.get_by_role("button", name="Утвердить").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("не удалить")
    dialog.get_by_role("button", name="Утвердить").click()
    expect(page.locator("h1")).to_contain_text("проведён", timeout=PATIENCE_MS)

    page.get_by_role("button", name="Сторнировать начисление").click()
    dialog.get_by_label("Причина").fill("не тот день")
    dialog.get_by_role("button", name="Сторнировать начисление").click()
    expect(page.locator("#run")).to_contain_text("не тот день", timeout=PATIENCE_MS)
    assert PenaltyRun.objects.get().state == PenaltyRunState.REVERSED
