"""How often a page may ask the database: as often with many rows as with few."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from tests.town import Town

BUDGETS = {
    "/": 6,
    "/search/?q=петров": 5,
    "/accounts/": 6,
    "/accounts/0770000024/": 17,
    "/accounts/0770000024/readings/": 20,
    "/accounts/0770000024/ledger/": 19,
    "/accounts/0770000024/bills/": 20,
    "/accounts/0770000024/charges/2026-10/": 12,
    "/buildings/": 6,
    "/buildings/{building}/": 16,
    "/buildings/{building}/readings/": 15,
    "/readings/files/": 6,
    "/readings/held/": 6,
    "/runs/": 5,
    "/runs/{run}/": 12,
    "/runs/{run}/exceptions/": 6,
    "/periods/": 6,
    "/cash/": 6,
    "/cash/shifts/": 6,
    "/cash/desks/": 5,
    "/prints/": 5,
    "/reports/": 4,
    "/reports/charges/?by=account": 12,
    "/reports/f83/?period=2026-10&building={building}": 22,
    "/reports/imbalance/": 12,
    "/reports/meters/": 13,
    "/reports/turnover/?by=account": 16,
    "/reports/payments/": 15,
    "/reports/ageing/": 14,
    "/reports/control_totals/": 14,
    "/accounts/0770000024/statement/": 12,
    "/accounts/0770000024/reconciliation/": 12,
    "/accounting/": 10,
    "/accounts/0770000024/devices/": 20,
    "/buildings/{building}/devices/": 12,
    "/acts/": 6,
    "/acts/new/admission/?building={building}": 8,
    "/seals/": 6,
    "/meters/unsealed/": 6,
    "/verifications/": 6,
    "/accounts/0770000024/history/": 36,
    "/premises/{premise}/": 14,
    "/buildings/{building}/premises/": 9,
    "/absences/": 6,
    "/departures/": 5,
    "/payments/": 7,
    "/payments/new/": 12,
    "/payments/unidentified/": 7,
    "/payments/order/": 5,
    "/payments/order/new/": 5,
    "/payments/locks/": 7,
    "/payments/remainders/": 8,
    "/accounts/0770000024/payments/": 24,
    "/payments/files/": 7,
    "/payments/files/new/": 5,
    "/payments/bank/": 6,
    "/payments/agents/": 5,
    "/penalties/": 6,
    "/penalties/exclusions/": 6,
    "/accounts/0770000024/penalties/": 24,
    "/payments/online/": 8,
    "/payments/online/days/": 8,
    "/payments/online/settings/": 5,
    "/benefits/": 6,
    "/benefits/categories/": 5,
    "/benefits/registries/": 5,
    "/subsidies/": 5,
}


def test_no_page_asks_more_than_its_budget(
    office: Client, billed: tuple[Town, int], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    town, run_id = billed
    premise = town.accounts["3"].premise_id
    for address, budget in BUDGETS.items():
        with django_assert_max_num_queries(budget, info=address):
            answer = office.get(address.format(building=town.building.pk, run=run_id, premise=premise))
            assert answer.status_code == 200, address


@pytest.mark.django_db
def test_a_long_list_asks_no_more_than_a_short_one(
    office: Client, town: Town, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):
        office.get("/accounts/?street=лен")
