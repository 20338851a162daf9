"""Every rule there is charges somebody on a lane, is told in every language, and lets the books agree."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker
from tests import lane
from tests.lane import BEFORE, MONTH
from tests.street import AT, Built

from abonent.contexts.charging.models import Bill, BuildingBalance, ChargeLine
from abonent.engine import registry
from abonent.kernel.money import format_minor
from abonent.packs.ru.rules import catalogue
from abonent.usecases import books_check, packs
from abonent.usecases.billing_run import Scope
from abonent.usecases.explain_bill import LANGUAGES, explain
from abonent.usecases.issue_bills import issue

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Built]:
    """The lane with both months billed and issued, committed once."""
    with django_db_blocker.unblock():
        try:
            made = lane.build()
            for month in (BEFORE, MONTH):
                issue(scope=Scope(made.supplier.pk), period=month, parameters=packs.pack_parameters(), at=AT)
            yield made
        finally:
            call_command("flush", interactive=False, verbosity=0)


def test_every_rule_comes_about_and_adds_up(built: Built) -> None:
    rules = set()
    for name, account in built.accounts.items():
        explanation = explain(account=account, month=MONTH, language="en")
        rules |= {line.rule for line in explanation.lines if line.stands}
        bill = Bill.objects.get(account=account, period=MONTH.first_day)
        booked = [line for line in explanation.lines if line.kind != "charge"]
        assert bill.charged_minor == sum(
            line.amount_minor for line in explanation.lines if line.kind == "charge"
        ), name
        assert bill.recalculated_minor == explanation.recalculated_minor + sum(
            line.amount_minor for line in booked
        ), name
        assert explanation.exceptions == (), name
    assert rules == {rule.code for rule in registry.rules()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_is_told_in_every_language(built: Built, language: str) -> None:
    for account in built.accounts.values():
        explanation = explain(account=account, month=MONTH, language=language)
        for line in explanation.lines + explanation.recalculations:
            assert line.title
            assert format_minor(line.amount_minor, language=language).replace("-", "−") in line.sentence
            plain = line.kind == "reversal" or line.rule == catalogue.MANUAL.code
            assert bool(line.figures) is not plain


def test_the_books_agree(built: Built) -> None:
    assert {one.check.name: one.rows for one in books_check.check_books() if one.disagreements} == {}


def test_a_gap_is_closed_in_its_own_month(built: Built) -> None:
    """December by average, 100 kWh; in January 162 kWh since November turn out: 81 for each month of 31 days."""
    account = built.accounts["1/5"]
    lines = ChargeLine.objects.filter(account_id=account.pk, service=1, reverses_batch_id=0)
    told = [(line.period, line.rule, line.quantity_wh) for line in lines.order_by("period", "batch_id")]
    assert told == [
        (BEFORE.first_day, catalogue.AVERAGE.number, 100_000),
        (BEFORE.first_day, catalogue.SPREAD.number, 81_000),
        (MONTH.first_day, catalogue.SPREAD.number, 81_000),
    ]


def test_a_gap_of_a_building_is_closed_before_its_deficit_is_carried_on(built: Built) -> None:
    """December by average, 95 kWh of 100: 5 to carry; 300 since November are 150 a month, so nothing is carried."""
    balances = BuildingBalance.objects.filter(building=built.buildings["9"]).order_by("period", "run_id")
    told = [
        (one.period, one.supplied_wh, one.carried_in_wh, one.carried_wh, one.executor_wh) for one in balances
    ]
    assert told == [
        (BEFORE.first_day, 95_000, 0, 5_000, 0),
        (BEFORE.first_day, 150_000, 0, 0, 50_000),
        (MONTH.first_day, 150_000, 0, 0, 50_000),
    ]
