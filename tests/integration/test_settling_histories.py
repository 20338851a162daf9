"""Random histories of many accounts in the database come to what an accountant makes of each, month by month."""

import uuid
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from django.db import connection
from tests.oracle.accountant import Accountant, Key, Paid, Rules

from abonent.contexts.charging.models import BillingPeriod, PeriodState
from abonent.contexts.ledger.partitions import ensure_shared_slot
from abonent.contexts.parties.models import Supplier
from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    AllocationPolicy,
    Carrying,
    ChangeKind,
    Payment,
    PaymentChange,
    PaymentState,
)
from abonent.kernel.periods import Month
from abonent.usecases import settling

pytestmark = pytest.mark.django_db

ACCOUNTS = range(1, 31)
MONTHS = [Month(2026, number) for number in range(1, 7)]
AT = datetime(2026, 7, 1, tzinfo=UTC)
KINDS = {1: 2, 2: 7, 3: 8}  # of entries, by kind of debt
LAWFUL = Rules(limitation_months=36)
OWN = Rules(debts=(2, 1, 3), services=(2, 1), period_first=True, named_period=False, limitation_months=36)


class World:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.supplier = Supplier.objects.create(name="S", short_name="S", inn="7707083893")
        self.agent = Agent.objects.create(
            supplier=self.supplier, code="bank", name="Bank", kind=AgentKind.BANK
        )
        self.books = {account: Accountant() for account in ACCOUNTS}
        self.entries: list[tuple[Any, ...]] = []

    def live(self, month: Month) -> None:
        """Let a month pass on every account."""
        with connection.cursor() as cursor:
            slot = ensure_shared_slot(cursor, month)
        for account, books in self.books.items():
            for _ in range(self.random.randint(0, 4)):
                self._event(account, books, month, slot)
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, "
                "amount_minor) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                self.entries,
            )
        self.entries = []

    def _event(self, account: int, books: Accountant, month: Month, slot: int) -> None:
        day = date(month.year, month.month, self.random.randint(1, 28))
        match self.random.choice(["charge", "charge", "less", "pay", "pay", "pay", "out"]):
            case "pay":
                self._pay(account, books, day, slot)
            case "out" if live := [paid for paid in books.payments.values() if paid.amount]:
                self._take_out(self.random.choice(live), day, slot)
            case kind:
                periods = MONTHS[: MONTHS.index(month) + 1]
                debt = self.random.choice([1, 1, 1, 2, 3])
                key: Key = (self.random.choice(periods).first_day, self.random.choice([1, 1, 2]), debt)
                amount = self.random.randint(1, 30) * (1 if kind == "charge" else -1)
                books.owed[key] += amount
                entry = (
                    slot,
                    slot,
                    self.random.getrandbits(31),
                    account,
                    key[1],
                    KINDS[debt],
                    key[0],
                    day,
                    amount,
                )
                self.entries.append(entry)

    def _pay(self, account: int, books: Accountant, day: date, slot: int) -> None:
        named: dict[str, Any] = {}
        if self.random.random() < 0.4:
            named = self.random.choice(
                [{"period": self.random.choice(MONTHS).first_day}, {"debt": 2}, {"service": 2}]
            )
        amount = self.random.randint(1, 50)
        payment = Payment.objects.create(
            supplier=self.supplier,
            agent=self.agent,
            key=uuid.UUID(int=self.random.getrandbits(128)),
            account_id=account,
            paid_on=day,
            booked_on=day,
            amount_minor=amount,
            state=PaymentState.POSTED,
            slot=slot,
            batch_id=1,
            entry_no=1,
            created_at=AT,
            **{f"named_{name}": value for name, value in named.items()},
        )
        books.payments[payment.pk] = Paid(payment.pk, day, amount, **named)

    def _take_out(self, paid: Paid, day: date, slot: int) -> None:
        whole = self.random.random() < 0.5
        amount = paid.amount if whole else self.random.randint(1, paid.amount)
        PaymentChange.objects.create(
            payment_id=paid.number,
            kind=ChangeKind.REVERSAL if whole else ChangeKind.REFUND,
            amount_minor=amount,
            reason="test",
            slot=slot,
            batch_id=1,
            booked_on=day,
            made_at=AT,
        )
        if whole:
            Payment.objects.filter(pk=paid.number).update(state=PaymentState.REVERSED)
        paid.amount -= amount

    def settle(self, month: Month) -> None:
        with connection.cursor() as cursor:
            settling.settle_frame(
                cursor,
                supplier_id=self.supplier.pk,
                account_ids=ACCOUNTS,
                origin="test",
                booked_on=month.last_day,
                actor_id=None,
                at=AT,
            )

    def allocations(self) -> dict[int, dict[tuple[int, Key], int]]:
        found: dict[int, dict[tuple[int, Key], int]] = {account: {} for account in ACCOUNTS}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT account_id, payment_id, period, service, debt, sum(amount_minor)::bigint "
                "FROM payments_allocation GROUP BY 1, 2, 3, 4, 5 HAVING sum(amount_minor) <> 0"
            )
            for account, payment, period, service, debt, amount in cursor.fetchall():
                found[account][payment, (period, service, debt)] = amount
        return found


@pytest.mark.parametrize("seed", range(4))
def test_every_month_as_an_accountant_does(seed: int) -> None:
    world = World(seed)
    AllocationPolicy.objects.create(
        supplier=world.supplier,
        during=(MONTHS[4].first_day, None),
        debt_order=list(OWN.debts),
        service_order=list(OWN.services),
        honours_named_period=OWN.named_period,
        period_before_debt=OWN.period_first,
        source="test",
    )
    for month in MONTHS:
        world.live(month)
        world.settle(month)
        found = world.allocations()
        for account, books in world.books.items():
            books.settle(OWN if month >= MONTHS[4] else LAWFUL)
            expected = {line: amount for line, amount in books.covers.items() if amount}
            assert found[account] == expected, (account, month)
        if month in MONTHS[1::2]:  # years of months: what is open is carried from one to the next
            BillingPeriod.objects.create(
                supplier=world.supplier, month=month.first_day, state=PeriodState.CLOSED, closed_at=AT
            )
            assert settling.carry_forward(at=AT) == month
    assert Carrying.objects.get().items < Payment.objects.count() + 6 * len(ACCOUNTS)
