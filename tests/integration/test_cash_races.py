"""Cashiers at one instant, a registry beside them, and processes that die between the books and the register."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections
from tests import money, tills
from tests import town as towns
from tests.tills import AT, DAY
from tests.town import Town

from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    Allocation,
    CashDesk,
    CashOrder,
    CashShift,
    Payment,
)
from abonent.gateways import database_server
from abonent.kernel.periods import Month
from abonent.usecases import books_check, cash_desk, take_payment
from abonent.usecases.cash_desk import CashRefused, Tendered

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 6


@pytest.fixture
def town(transactional_db: None) -> Town:
    return towns.build()


@pytest.fixture
def till(town: Town) -> CashDesk:
    return tills.desk(town)


@pytest.fixture
def shift(till: CashDesk) -> CashShift:
    return tills.opened(till, tills.cashier())


@pytest.fixture
def together() -> Callable[..., list[object]]:
    """Do things on threads and connections of their own, all begun at one instant; return what came of each."""

    def run(*acts: Callable[[], object]) -> list[object]:
        barrier = Barrier(len(acts))

        def one(act: Callable[[], object]) -> object:
            try:
                barrier.wait(30)
                return act()
            except CashRefused as refusal:
                return refusal.code
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(one, acts))

    return run


def wrong_books() -> dict[str, object]:
    names = ("cash.", "payment", "turnover.", "entry.", "allocation", "settle")
    return {
        result.check.name: result.rows
        for result in books_check.check_books()
        if result.disagreements and result.check.name.startswith(names)
    }


def test_a_form_sent_many_times_at_one_instant_is_one_order(
    shift: CashShift, town: Town, till: CashDesk, together: Callable[..., list[object]]
) -> None:
    key = uuid4()
    made = together(*[lambda: tills.received(shift, town, key=key).pk] * AT_ONCE)
    assert len(set(made)) == 1
    assert (CashOrder.objects.count(), Payment.objects.count()) == (1, 1)
    assert tills.register(till).state().receipts == 1


def test_a_shift_is_opened_once(till: CashDesk, town: Town, together: Callable[..., list[object]]) -> None:
    people = [tills.cashier(f"cashier {number}") for number in range(AT_ONCE)]
    said = together(*[lambda who=who: tills.opened(till, who).pk for who in people])
    assert sorted(map(str, said))[1:] == ["desk_busy"] * (AT_ONCE - 1)
    who = tills.cashier("everywhere")
    desks = [tills.desk(town, name=f"Касса {number}") for number in range(2, 5)]
    said = together(*[lambda one=one: tills.opened(one, who).pk for one in desks])
    assert sorted(map(str, said))[1:] == ["cashier_busy"] * 2


def test_two_tellers_and_a_registry_on_one_account(town: Town, together: Callable[..., list[object]]) -> None:
    """Every way money comes in books its own sum; together they cover the debt, and no kopeck twice."""
    account = town.accounts["2"]
    for month in (7, 8, 9):
        money.owe(account, Month(2026, month), 30_000)
    agent = Agent.objects.create(supplier=town.supplier, code="sber", name="Банк", kind=AgentKind.REGISTRY)
    shifts = [
        tills.opened(tills.desk(town, name=f"Касса {number}"), tills.cashier(f"cashier {number}"))
        for number in (1, 2)
    ]

    def registry() -> object:
        return take_payment.take(
            supplier_id=town.supplier.pk,
            agent_id=agent.pk,
            account_id=account.pk,
            amount_minor=11_111,
            paid_on=DAY,
            booked_on=DAY,
            key=uuid4(),
            actor_id=None,
            at=AT,
        ).pk

    for _round in range(5):
        together(
            *[lambda one=one: tills.received(one, town, flat="2", cash_minor=7_003).pk for one in shifts],
            registry,
        )
    assert Payment.objects.count() == 15
    paid = 5 * (11_111 + 2 * 7_003)
    assert balance_minor(account_id=account.pk) == 90_000 - paid
    assert sum(Allocation.objects.values_list("amount_minor", flat=True)) == min(90_000, paid)
    assert wrong_books() == {}


def test_a_receipt_is_given_back_once(
    shift: CashShift, town: Town, together: Callable[..., list[object]]
) -> None:
    receipt = tills.received(shift, town, cash_minor=50_000)

    def back() -> object:
        return cash_desk.reverse(
            order_id=receipt.pk,
            shift_id=shift.pk,
            reason="ошибка",
            key=uuid4(),
            actor_id=shift.cashier_id,
            at=AT,
        ).pk

    said = together(*[back] * 4)
    assert sorted(map(str, said))[1:] == ["given_back"] * 3
    assert cash_desk.totals(shift.pk).expected_minor == 100_000
    assert wrong_books() == {}


def test_the_drawer_is_not_emptied_twice(shift: CashShift, together: Callable[..., list[object]]) -> None:
    def collect() -> object:
        return cash_desk.collect(
            shift_id=shift.pk,
            amount_minor=60_000,
            key=uuid4(),
            actor_id=shift.cashier_id,
            at=AT,
            ground="банк",
        ).pk

    said = together(*[collect] * 3)
    assert sorted(map(str, said))[1:] == ["drawer_short"] * 2


def test_a_shift_is_closed_while_it_takes_money(
    shift: CashShift, town: Town, together: Callable[..., list[object]]
) -> None:
    """Either the receipt is in the count or it is refused; never is it in a shift counted without it."""

    def close() -> object:
        return cash_desk.close_shift(
            shift_id=shift.pk, counted=tills.by_notes(100_000), actor_id=shift.cashier_id, at=AT
        ).pk

    said = together(close, lambda: tills.received(shift, town).pk, close)
    shift.refresh_from_db()
    if shift.closed_at is None:
        assert {said[0], said[2]} <= {"difference", "not_printed"}
    else:
        assert "shift_closed" in said
        assert not CashOrder.objects.exists()
    assert wrong_books() == {}


CHILD = """
import os, signal, sys
import django
django.setup()
from datetime import datetime
from uuid import UUID
from abonent.gateways.fiscal import FileRegister
from abonent.usecases import cash_desk
from abonent.usecases.cash_desk import Tendered, printing
where, shift_id, account_id, actor_id, key = sys.argv[1:6]

def die(*_arguments, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

if where == "before printing":
    printing.print_waiting = die
elif where == "after printing":
    print_receipt = FileRegister.print_receipt
    def printed_and_dead(self, **more):
        print_receipt(self, **more)
        die()
    FileRegister.print_receipt = printed_and_dead
elif where == "before the commit":
    from abonent.usecases.cash_desk import receipts
    receipts.of_payment = die
cash_desk.receive(
    shift_id=int(shift_id), account_id=int(account_id),
    tendered=Tendered(cash_minor=50_000, tendered_minor=50_000),
    key=UUID(key), actor_id=int(actor_id), at=datetime.fromisoformat("2026-10-22T12:00:00+03:00"),
)
"""


def _receive_and_die(where: str, shift: CashShift, town: Town, key: UUID) -> int:
    address = database_server.dsn(database=str(connection.settings_dict["NAME"]))
    arguments = [where, shift.pk, town.accounts["1"].pk, shift.cashier_id, key]
    return subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, arguments)],
        env=os.environ
        | {"ABONENT_DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "abonent.project.settings"},
        timeout=120,
    ).returncode


@pytest.mark.parametrize("where", ["before the commit", "before printing", "after printing"])
def test_whoever_dies_leaves_one_payment_and_one_receipt(
    shift: CashShift, town: Town, till: CashDesk, where: str
) -> None:
    key = uuid4()
    assert _receive_and_die(where, shift, town, key) == -signal.SIGKILL
    was_committed = where != "before the commit"
    assert CashOrder.objects.count() == Payment.objects.count() == int(was_committed)
    assert not CashOrder.objects.exclude(fiscal={}).exists()
    assert tills.register(till).state().receipts == int(where == "after printing")
    # the cashier presses the button again
    order = tills.received(shift, town, key=key, cash_minor=50_000)
    cash_desk.print_waiting(desk_id=till.pk, at=AT)
    order.refresh_from_db()
    assert order.fiscal["1042"] == 1
    assert tills.register(till).state().receipts == 1
    assert balance_minor(account_id=town.accounts["1"].pk) == -50_000
    assert wrong_books() == {}


def test_two_who_print_what_waits_print_it_once(
    shift: CashShift, town: Town, till: CashDesk, together: Callable[..., list[object]]
) -> None:
    for _ in range(5):
        tills.received(shift, town, prints=False)
    printed = together(*[lambda: cash_desk.print_waiting(desk_id=till.pk, at=AT).printed] * 4)
    assert sorted(printed) == [0, 0, 0, 5]  # type: ignore[type-var]
    assert tills.register(till).state().receipts == 5
    numbers = [order.fiscal["1042"] for order in CashOrder.objects.order_by("id")]
    assert numbers == [1, 2, 3, 4, 5]


def test_a_receipt_is_not_taken_twice_by_two_forms(shift: CashShift, town: Town) -> None:
    """Two forms are two payments: only the key makes them one."""
    first, second = tills.received(shift, town), tills.received(shift, town)
    assert first.pk != second.pk
    with pytest.raises(CashRefused):
        cash_desk.receive(
            shift_id=shift.pk,
            account_id=town.accounts["2"].pk,
            tendered=Tendered(cash_minor=50_000, tendered_minor=50_000),
            key=first.key,
            actor_id=shift.cashier_id,
            at=AT,
        )
