"""Settling with the database: what a payment covers, taken back and given again as the books change."""

from datetime import date

import pytest
from tests import town as towns
from tests.money import covered_by, owe, pay, settle, take_out
from tests.town import Town

from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.payments.models import Allocation, ChangeKind, Settlement
from abonent.kernel.periods import Month

pytestmark = pytest.mark.django_db

AUGUST, SEPTEMBER, OCTOBER = Month(2026, 8), Month(2026, 9), Month(2026, 10)
TENTH = date(2026, 11, 10)


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


@pytest.fixture
def account(town: Town) -> Account:
    return town.accounts["1"]


def test_the_earliest_debt_is_paid_first_and_the_rest_is_an_advance(account: Account) -> None:
    owe(account, SEPTEMBER, 30_000)
    owe(account, OCTOBER, 50_000)
    payment = pay(account, 100_000, paid_on=TENTH)
    settlement = Settlement.objects.get(pk=settle(account, booked_on=TENTH))
    assert covered_by(payment, account) == {("2026-09", 1, 1): 30_000, ("2026-10", 1, 1): 50_000}
    assert (settlement.allocations, settlement.amount_minor) == (2, 80_000)
    assert settle(account, booked_on=TENTH) is None
    owe(account, Month(2026, 11), 15_000)
    settle(account, booked_on=date(2026, 11, 30))
    assert covered_by(payment, account)["2026-11", 1, 1] == 15_000


def test_court_costs_then_principal_then_penalties(account: Account) -> None:
    owe(account, AUGUST, 700, kind=EntryKind.PENALTY)
    owe(account, OCTOBER, 30_000)
    owe(account, OCTOBER, 20_000, kind=EntryKind.COURT_COST)
    payment = pay(account, 50_100, paid_on=TENTH)
    settle(account, booked_on=TENTH)
    assert covered_by(payment, account) == {
        ("2026-10", 1, 3): 20_000,
        ("2026-10", 1, 1): 30_000,
        ("2026-08", 1, 2): 100,
    }


def test_the_period_a_payer_names_is_paid_first(account: Account) -> None:
    owe(account, SEPTEMBER, 30_000)
    owe(account, OCTOBER, 50_000)
    payment = pay(account, 60_000, paid_on=TENTH, named_period=OCTOBER.first_day)
    settle(account, booked_on=TENTH)
    assert covered_by(payment, account) == {("2026-10", 1, 1): 50_000, ("2026-09", 1, 1): 10_000}


def test_a_recalculation_frees_what_the_latest_payment_covered(account: Account) -> None:
    owe(account, SEPTEMBER, 30_000)
    first, last = pay(account, 20_000, paid_on=date(2026, 10, 5)), pay(account, 10_000, paid_on=TENTH)
    settle(account, booked_on=TENTH)
    owe(account, OCTOBER, 4_000)
    owe(account, SEPTEMBER, -12_000, kind=EntryKind.RECALCULATION, booked_on=date(2026, 11, 12))
    settle(account, booked_on=date(2026, 11, 12))
    # 12 000 are taken back, all of the later payment and 2 000 of the earlier; then they are handed out in order
    assert covered_by(first, account) == {("2026-09", 1, 1): 18_000, ("2026-10", 1, 1): 2_000}
    assert covered_by(last, account) == {("2026-10", 1, 1): 2_000}
    assert settle(account, booked_on=date(2026, 11, 12)) is None


def test_a_reversed_payment_covers_nothing_and_the_next_takes_its_place(account: Account) -> None:
    owe(account, SEPTEMBER, 30_000)
    wrong, right = pay(account, 30_000, paid_on=date(2026, 10, 5)), pay(account, 25_000, paid_on=TENTH)
    settle(account, booked_on=TENTH)
    take_out(wrong, 30_000, kind=ChangeKind.REVERSAL, booked_on=date(2026, 11, 12))
    settle(account, booked_on=date(2026, 11, 12))
    assert covered_by(wrong, account) == {}
    assert covered_by(right, account) == {("2026-09", 1, 1): 25_000}
    assert Allocation.objects.filter(payment_id=wrong.pk).count() == 2


def test_a_credit_of_one_month_covers_the_debt_of_another(account: Account) -> None:
    owe(account, AUGUST, -10_000, kind=EntryKind.RECALCULATION)
    owe(account, SEPTEMBER, 30_000)
    settle(account, booked_on=date(2026, 10, 1))
    assert covered_by(None, account) == {("2026-08", 1, 1): -10_000, ("2026-09", 1, 1): 10_000}
    owe(account, AUGUST, 14_000, kind=EntryKind.RECALCULATION, booked_on=TENTH)
    payment = pay(account, 5_000, paid_on=TENTH)
    settle(account, booked_on=TENTH)
    assert covered_by(None, account) == {}
    assert covered_by(payment, account) == {("2026-08", 1, 1): 4_000, ("2026-09", 1, 1): 1_000}
