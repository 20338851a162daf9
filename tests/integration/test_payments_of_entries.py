"""Payments made of what was posted straight into the books before there were any."""

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from django.db import connection
from tests.money import settle
from tests.town import MONTH, Town, build

from abonent.contexts.ledger.models import (
    Batch,
    EntryKind,
    SubsidyFile,
    SubsidyRow,
    SubsidyRowState,
)
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.payments.models import AgentKind, ChangeKind, Payment, PaymentChange, PaymentState
from abonent.contexts.payments.queries import free_payments
from abonent.usecases import take_payment

AT = datetime(2026, 10, 28, 9, tzinfo=UTC)
DAY = date(2026, 10, 12)
MIGRATION = import_module("abonent.contexts.payments.migrations.0006_payments_of_entries")


@pytest.fixture
def town(db: None) -> Town:
    return build()


def post(origin: str, *postings: Posting) -> Batch:
    batch_id = post_batch(
        origin=origin, postings=postings, booked_period=MONTH, booked_on=DAY, at=AT, reason="письмо 7"
    )
    return Batch.objects.get(pk=batch_id)


def subsidies(town: Town, *flats: tuple[str, int]) -> SubsidyFile:
    """A registry as it was posted then: a row with an account for each flat, and one that is held between them."""
    file = SubsidyFile.objects.create(
        supplier=town.supplier,
        name="s.xlsx",
        sha256=str(SubsidyFile.objects.count()),
        document="письмо 7",
        booked_period=MONTH.first_day,
        received_at=AT,
    )
    entries = [
        Posting(town.accounts[flat].pk, 1, EntryKind.SUBSIDY, MONTH.first_day, -minor)
        for flat, minor in flats
    ]
    batch = post(f"subsidies:{file.pk}", *entries)
    for place, (flat, minor) in enumerate(flats):
        SubsidyRow.objects.create(
            file=file,
            row_no=2 + 2 * place,
            account_number=town.accounts[flat].number,
            recipient=f"Получатель {flat}",
            period=MONTH.first_day,
            amount_minor=minor,
            state=SubsidyRowState.POSTED,
            account=town.accounts[flat],
            batch_id=batch.pk,
        )
        SubsidyRow.objects.create(
            file=file,
            row_no=3 + 2 * place,
            account_number="?",
            recipient="Неизвестный",
            period=MONTH.first_day,
            amount_minor=1,
            state=SubsidyRowState.HELD,
        )
    return file


def migrate() -> None:
    with connection.cursor() as cursor:
        for statement in (MIGRATION.AGENTS, MIGRATION.PAYMENTS, MIGRATION.CHANGES):
            cursor.execute(statement)


def test_every_entry_becomes_its_payment_once(town: Town) -> None:
    post("import:old", Posting(town.accounts["1"].pk, 1, EntryKind.PAYMENT, MONTH.first_day, -5_000))
    subsidies(town, ("2", 300), ("3", 400))
    migrate()
    migrate()
    found = {
        payment.account_id: (
            payment.amount_minor,
            payment.agent.kind,
            payment.payer,
            payment.named_period,
            payment.state,
            payment.entry_no,
        )
        for payment in Payment.objects.select_related("agent")
    }
    assert found == {
        town.accounts["1"].pk: (5_000, AgentKind.BY_HAND, "", None, PaymentState.POSTED, 1),
        town.accounts["2"].pk: (
            300,
            AgentKind.SUBSIDY,
            "Получатель 2",
            MONTH.first_day,
            PaymentState.POSTED,
            1,
        ),
        town.accounts["3"].pk: (
            400,
            AgentKind.SUBSIDY,
            "Получатель 3",
            MONTH.first_day,
            PaymentState.POSTED,
            2,
        ),
    }


def test_a_reversed_registry_has_nothing_to_give(town: Town) -> None:
    file = subsidies(town, ("2", 300))
    back = post(
        f"subsidies:{file.pk}:reversal",
        Posting(town.accounts["2"].pk, 1, EntryKind.SUBSIDY, MONTH.first_day, 300),
    )
    SubsidyFile.objects.filter(pk=file.pk).update(reversed_at=AT, reason="не тот поставщик")
    migrate()
    payment = Payment.objects.get()
    change = PaymentChange.objects.get()
    assert payment.state == PaymentState.REVERSED
    assert (change.payment_id, change.kind, change.amount_minor) == (payment.pk, ChangeKind.REVERSAL, 300)
    assert (change.batch_id, change.reason) == (back.pk, "не тот поставщик")
    settle(town.accounts["2"], booked_on=DAY)
    assert free_payments(account_id=town.accounts["2"].pk) == []


def test_the_agents_made_then_are_those_asked_for_now(town: Town) -> None:
    post("import:old", Posting(town.accounts["1"].pk, 1, EntryKind.PAYMENT, MONTH.first_day, -5_000))
    migrate()
    agent = take_payment.own_agent(supplier_id=town.supplier.pk, kind=AgentKind.BY_HAND)
    assert Payment.objects.get().agent_id == agent.pk
