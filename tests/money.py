"""Money on the accounts of a town, for tests: debts and payments written as posting writes them."""

import uuid
from datetime import UTC, date, datetime
from itertools import count

from django.db.models import Sum

from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    Allocation,
    ChangeKind,
    Payment,
    PaymentChange,
    PaymentState,
)
from abonent.kernel.periods import Month
from abonent.usecases.settling import settle_accounts

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
_numbers = count(1)

Covered = dict[tuple[str, int, int], int]


def owe(
    account: Account,
    period: Month,
    amount_minor: int,
    *,
    kind: EntryKind = EntryKind.CHARGE,
    service: int = 1,
    booked_on: date | None = None,
) -> None:
    """Post one entry."""
    day = booked_on or period.last_day
    posting = Posting(account.pk, service, kind, period.first_day, amount_minor)
    batch = post_batch(
        origin=f"test:{next(_numbers)}",
        postings=[posting],
        booked_period=Month.of(day),
        booked_on=day,
        at=AT,
    )
    assert batch is not None


def agent_of(account: Account) -> Agent:
    return Agent.objects.get_or_create(
        supplier=account.building.branch.supplier,
        code="bank",
        defaults={"name": "Bank", "kind": AgentKind.BANK},
    )[0]


def pay(account: Account, amount_minor: int, *, paid_on: date, **named: object) -> Payment:
    """Post a payment without settling it."""
    agent = agent_of(account)
    number = next(_numbers)
    batch_id = post_batch(
        origin=f"test:{number}",
        postings=[Posting(account.pk, 1, EntryKind.PAYMENT, paid_on.replace(day=1), -amount_minor)],
        booked_period=Month.of(paid_on),
        booked_on=paid_on,
        at=AT,
    )
    return Payment.objects.create(
        supplier=agent.supplier,
        agent=agent,
        key=uuid.uuid4(),
        account=account,
        paid_on=paid_on,
        booked_on=paid_on,
        amount_minor=amount_minor,
        state=PaymentState.POSTED,
        slot=int(Month.of(paid_on)),
        batch_id=batch_id,
        entry_no=1,
        created_at=AT,
        **named,
    )


def take_out(payment: Payment, amount_minor: int, *, kind: ChangeKind, booked_on: date) -> None:
    """Post what goes out of a payment again: a reversal, a refund, a transfer."""
    entry = {
        ChangeKind.REVERSAL: EntryKind.PAYMENT,
        ChangeKind.REFUND: EntryKind.REFUND,
        ChangeKind.TRANSFER: EntryKind.TRANSFER,
    }[kind]
    account = payment.account
    assert account is not None
    batch_id = post_batch(
        origin=f"test:{next(_numbers)}",
        postings=[Posting(account.pk, 1, entry, booked_on.replace(day=1), amount_minor)],
        booked_period=Month.of(booked_on),
        booked_on=booked_on,
        at=AT,
    )
    PaymentChange.objects.create(
        payment=payment,
        kind=kind,
        amount_minor=amount_minor,
        reason="test",
        slot=int(Month.of(booked_on)),
        batch_id=batch_id,
        booked_on=booked_on,
        made_at=AT,
    )
    if kind == ChangeKind.REVERSAL:
        Payment.objects.filter(pk=payment.pk).update(state=PaymentState.REVERSED)


def settle(*accounts: Account, booked_on: date) -> int | None:
    return settle_accounts(
        None,
        account_ids=[account.pk for account in accounts],
        origin="test",
        booked_on=booked_on,
        actor_id=None,
        at=AT,
    )


def covered_by(payment: Payment | None, account: Account) -> Covered:
    """Return what a payment (None: netting) covers of an account by month, service and kind of debt."""
    rows = (
        Allocation.objects.filter(account_id=account.pk, payment_id=payment.pk if payment else 0)
        .order_by()
        .values_list("period", "service", "debt")
        .annotate(total=Sum("amount_minor"))
    )
    return {(str(Month.of(period)), service, debt): total for period, service, debt, total in rows if total}
