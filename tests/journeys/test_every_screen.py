"""Every screen on a desk and on a phone: nothing sticks out, nothing is refused, the three languages fit."""

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer
from tests.town import Town

SCREENS = [
    "/",
    "/search/?q=ленина",
    "/accounts/",
    "/accounts/0770000024/",
    "/accounts/0770000024/readings/",
    "/accounts/0770000024/ledger/",
    "/accounts/0770000024/bills/",
    "/buildings/",
    "/buildings/{building}/",
    "/buildings/{building}/readings/",
    "/readings/files/",
    "/readings/files/new/",
    "/readings/held/",
    "/accounts/0770000024/devices/",
    "/buildings/{building}/devices/",
    "/acts/",
    "/acts/new/admission/?building={building}",
    "/seals/",
    "/meters/unsealed/",
    "/verifications/",
    "/verifications/file/",
    "/runs/",
    "/runs/new/",
    "/prints/",
    "/prints/new/",
    "/reports/",
    "/reports/charges/",
    "/reports/meters/",
    "/reports/coverage/",
    "/reports/turnover/",
    "/reports/ageing/",
    "/reports/control_totals/",
    "/accounts/0770000024/statement/",
    "/accounts/0770000024/reconciliation/",
    "/accounting/",
    "/periods/",
    "/cash/",
    "/cash/shifts/",
    "/cash/desks/",
    "/cash/desks/new/",
    "/payments/",
    "/payments/online/",
    "/payments/online/days/",
    "/payments/online/settings/",
    "/payments/online/settings/new/",
    "/payments/new/?account=0770000024",
    "/payments/unidentified/",
    "/payments/order/",
    "/payments/order/new/",
    "/payments/locks/",
    "/payments/remainders/",
    "/accounts/0770000024/payments/",
    "/payments/files/",
    "/payments/files/new/",
    "/payments/bank/",
    "/payments/agents/",
    "/payments/agents/new/",
    "/penalties/",
    "/penalties/new/",
    "/penalties/exclusions/",
    "/penalties/exclusions/new/",
    "/accounts/0770000024/penalties/",
    "/accounts/0770000024/penalties/terms/",
    "/benefits/",
    "/benefits/new/",
    "/benefits/import/",
    "/benefits/categories/",
    "/benefits/registries/",
    "/benefits/debts/",
    "/subsidies/",
    "/subsidies/new/",
]


@pytest.mark.parametrize("language", ["ru", "uk", "en"])
def test_nothing_sticks_out(signed_in: Page, live_server: LiveServer, town: Town, language: str) -> None:
    page = signed_in
    page.locator(".topbar .dropdown-toggle").click()
    page.locator(f".languages button[value={language}]").click()
    page.wait_for_function(f"document.documentElement.lang === '{language}'")
    wide = {}
    for screen in SCREENS:
        answer = page.goto(live_server.url + screen.format(building=town.building.pk))
        assert answer is not None
        assert answer.ok, screen
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            wide[screen, width] = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
    assert not {place: pixels for place, pixels in wide.items() if pixels > 0}


def test_the_theme_is_remembered(signed_in: Page) -> None:
    page = signed_in
    page.locator(".topbar .dropdown-toggle").click()
    page.get_by_role("button", name="Тёмная тема").click()
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
