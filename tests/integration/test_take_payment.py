"""Payments at a desk: taken in once, given an account, moved, taken back; what the books say at each step."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections
from tests.street import BEFORE, MONTH, Built, found

from abonent.contexts.ledger.models import Entry, EntryKind
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import Agent, AgentKind, Payment, PaymentState
from abonent.kernel.periods import Month
from abonent.usecases import take_payment
from abonent.usecases.billing_run import PeriodClosed
from abonent.usecases.take_payment import DayLocked, PaymentRefused

AT = datetime(2026, 10, 28, 9, tzinfo=UTC)
DAY = date(2026, 10, 28)


def charge(
    street: Built, name: str, amount_minor: int, month: Month, *, kind: EntryKind = EntryKind.CHARGE
) -> None:
    """Put a debt into the books, as a run would."""
    post_batch(
        origin=f"test:{uuid4()}",
        postings=[Posting(street.accounts[name].pk, 1, kind, month.first_day, amount_minor)],
        booked_period=month,
        booked_on=month.last_day,
        at=AT,
    )


def made() -> Built:
    """Three accounts: 10/1 owes for August and September, 10/2 for September, 10/3 nothing."""
    built = found(months=(BEFORE.previous(), BEFORE, MONTH))
    built.building("10")
    for flat in ("1", "2", "3"):
        built.flat(f"10/{flat}")
    charge(built, "10/1", 30_000, BEFORE.previous())
    charge(built, "10/1", 50_000, BEFORE)
    charge(built, "10/2", 40_000, BEFORE)
    return built


@pytest.fixture
def street(db: None) -> Built:
    return made()


@pytest.fixture
def shared_street(transactional_db: None) -> Built:
    """The same, for what several connections do at once."""
    return made()


def agent_of(street: Built) -> Agent:
    return Agent.objects.get_or_create(
        supplier=street.supplier, code="hand", name="Внесено вручную", kind=AgentKind.BY_HAND
    )[0]


def paid(street: Built, name: str | None, amount_minor: int, **more: Any) -> Payment:
    given = {"key": uuid4(), "paid_on": DAY, "booked_on": DAY, "actor_id": None, "at": AT} | more
    return take_payment.take(
        supplier_id=street.supplier.pk,
        agent_id=agent_of(street).pk,
        account_id=street.accounts[name].pk if name else None,
        amount_minor=amount_minor,
        **given,
    )


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do things at one instant, each on a connection of its own; return what each returned or raised."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait(10)
            return act()
        except PaymentRefused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


class TestTaking:
    def test_a_payment_is_one_entry_of_its_month(self, street: Built) -> None:
        account = street.accounts["10/2"].pk
        before = balance_minor(account_id=account)
        payment = paid(street, "10/2", 12_300, paid_on=date(2026, 10, 26))
        entry = Entry.objects.get(slot=payment.slot, batch_id=payment.batch_id, entry_no=payment.entry_no)
        assert (entry.kind, entry.amount_minor, entry.period) == (
            EntryKind.PAYMENT,
            -12_300,
            MONTH.first_day,
        )
        assert (entry.account_id, entry.booked_on) == (account, DAY)
        assert balance_minor(account_id=account) == before - 12_300

    def test_the_same_key_is_taken_once_by_four_at_once(self, shared_street: Built) -> None:
        street, key = shared_street, uuid4()
        agent_of(street)
        before = balance_minor(account_id=street.accounts["10/2"].pk)
        found = at_once(*[lambda: paid(street, "10/2", 5_000, key=key)] * 4)
        assert {payment.pk for payment in found} == {Payment.objects.get(key=key).pk}
        assert balance_minor(account_id=street.accounts["10/2"].pk) == before - 5_000

    def test_another_sum_under_the_same_key_is_refused(self, street: Built) -> None:
        payment = paid(street, "10/2", 5_000)
        with pytest.raises(PaymentRefused) as refusal:
            paid(street, "10/2", 6_000, key=payment.key)
        assert refusal.value.code == "other_payment"

    def test_without_an_account_it_waits_and_is_not_in_the_books(self, street: Built) -> None:
        entries = Entry.objects.count()
        payment = paid(street, None, 7_700, payer="Соколова А. И.")
        assert (payment.state, payment.batch_id) == (PaymentState.UNIDENTIFIED, None)
        assert Entry.objects.count() == entries

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"amount_minor": 0}, "not_positive"),
            ({"amount_minor": 100, "paid_on": date(2026, 10, 29)}, "in_future"),
        ],
    )
    def test_what_is_no_payment_is_refused(self, street: Built, given: dict[str, Any], code: str) -> None:
        with pytest.raises(PaymentRefused) as refusal:
            paid(street, "10/2", **given)
        assert refusal.value.code == code
        assert not Payment.objects.exists()

    def test_an_account_of_nobody_is_refused(self, street: Built) -> None:
        with pytest.raises(PaymentRefused) as refusal:
            take_payment.take(
                supplier_id=street.supplier.pk,
                agent_id=agent_of(street).pk,
                account_id=999_999,
                amount_minor=100,
                paid_on=DAY,
                booked_on=DAY,
                key=UUID(int=1),
                actor_id=None,
                at=AT,
            )
        assert refusal.value.code == "unknown_account"


class TestDays:
    def test_a_locked_day_refuses_and_the_next_does_not(self, street: Built) -> None:
        take_payment.lock_days(
            supplier_id=street.supplier.pk, through=DAY, reason="", today=DAY, actor_id=None, at=AT
        )
        with pytest.raises(DayLocked):
            paid(street, "10/2", 100)
        paid(street, "10/2", 100, booked_on=date(2026, 10, 29))

    def test_unlocking_wants_a_reason(self, street: Built) -> None:
        given: dict[str, Any] = {
            "supplier_id": street.supplier.pk,
            "today": DAY,
            "actor_id": None,
            "at": AT,
        }
        take_payment.lock_days(through=DAY, reason="", **given)
        with pytest.raises(PaymentRefused) as refusal:
            take_payment.lock_days(through=date(2026, 10, 27), reason=" ", **given)
        assert refusal.value.code == "no_reason"
        take_payment.lock_days(through=date(2026, 10, 27), reason="забыт платёж", **given)
        paid(street, "10/2", 100)

    def test_a_day_to_come_cannot_be_locked(self, street: Built) -> None:
        with pytest.raises(PaymentRefused) as refusal:
            take_payment.lock_days(
                supplier_id=street.supplier.pk,
                through=date(2026, 10, 29),
                reason="",
                today=DAY,
                actor_id=None,
                at=AT,
            )
        assert refusal.value.code == "in_future"

    def test_locking_waits_for_money_that_is_being_booked(self, shared_street: Built) -> None:
        """Whoever came first: either the payment is in the books, or it was refused; never booked after the lock."""
        street = shared_street
        agent_of(street)

        def lock() -> Any:
            return take_payment.lock_days(
                supplier_id=street.supplier.pk, through=DAY, reason="", today=DAY, actor_id=None, at=AT
            )

        found = at_once(lock, *[lambda: paid(street, "10/2", 100)] * 3)
        taken = [one for one in found[1:] if isinstance(one, Payment)]
        refused = [one for one in found[1:] if isinstance(one, DayLocked)]
        assert len(taken) + len(refused) == 3
        assert Payment.objects.count() == len(taken)

    def test_a_closed_month_refuses(self, street: Built) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE charging_billingperiod SET state = 2 WHERE month = %s", [BEFORE.first_day])
        with pytest.raises(PeriodClosed):
            paid(street, "10/2", 100, paid_on=BEFORE.last_day, booked_on=BEFORE.last_day)
