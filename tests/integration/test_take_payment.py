"""Payments at a desk: taken in once, given an account, moved, taken back; what the books say at each step."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Sum
from tests.street import BEFORE, MONTH, Built, found

from abonent.contexts.charging import days
from abonent.contexts.charging.models import BillingPeriod, PeriodState
from abonent.contexts.charging.operations import PeriodRefused, close_period
from abonent.contexts.ledger.models import Entry, EntryKind
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    Allocation,
    AllocationPolicy,
    ChangeKind,
    DayLock,
    Payment,
    PaymentChange,
    PaymentState,
    Recognition,
)
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


def reversed_whole(payment: Payment) -> PaymentChange:
    return take_payment.reverse(
        payment_id=payment.pk, reason="ошибка кассира", booked_on=DAY, actor_id=None, at=AT
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

    def test_another_account_under_the_same_key_is_refused(self, street: Built) -> None:
        """The form of a payment gone back to, and sent for the next payer, must not seem to be taken."""
        key = uuid4()
        paid(street, "10/1", 100, key=key)
        with pytest.raises(PaymentRefused, match="other_payment"):
            paid(street, "10/2", 100, key=key)

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

    def test_nothing_is_closed_while_money_is_being_booked(
        self, shared_street: Built, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        street, closed = shared_street, Month.of(DAY)
        monkeypatch.setattr(days, "PATIENCE_MS", 200)
        with transaction.atomic():
            paid(street, "10/2", 100)

            def close() -> Any:
                try:
                    return close_period(supplier_id=street.supplier.pk, month=closed, at=AT)
                except PeriodRefused as refusal:
                    return refusal

            def lock() -> None:
                take_payment.lock_days(
                    supplier_id=street.supplier.pk, through=DAY, reason="", today=DAY, actor_id=None, at=AT
                )

            refused = at_once(close, lock)
        assert [getattr(one, "code", one) for one in refused] == ["busy", "busy"]
        assert BillingPeriod.objects.get(month=closed.first_day).state == PeriodState.OPEN
        assert not DayLock.objects.exists()

    def test_who_waits_for_a_day_holds_no_account(self, shared_street: Built) -> None:
        """Else a file being posted, which keeps the days open, would wait for that account for ever."""
        street = shared_street
        payment = paid(street, "10/2", 100)
        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            days.hold_alone(street.supplier.pk)
            coming = pool.submit(at_once, lambda: reversed_whole(payment))
            with connection.cursor() as cursor:
                held = None
                while not held:
                    cursor.execute("SELECT count(*) FROM pg_locks WHERE classid = 7401 AND NOT granted")
                    (held,) = cursor.fetchone()
                cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 319")
                assert cursor.fetchone() == (0,)
            transaction.set_rollback(True)
        assert coming.result()[0].amount_minor == 100

    def test_a_closed_month_refuses(self, street: Built) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE charging_billingperiod SET state = 2 WHERE month = %s", [BEFORE.first_day])
        with pytest.raises(PeriodClosed):
            paid(street, "10/2", 100, paid_on=BEFORE.last_day, booked_on=BEFORE.last_day)


def covered(payment: Payment) -> dict[str, int]:
    """What a payment covers now, by month."""
    rows = Allocation.objects.filter(payment_id=payment.pk).values("period").annotate(net=Sum("amount_minor"))
    return {f"{row['period']:%Y-%m}": row["net"] for row in rows if row["net"]}


def owed(street: Built, name: str) -> dict[str, int]:
    """What is owed and not covered, by month, told by plain sums of both tables."""
    account, found = street.accounts[name].pk, Counter[str]()
    for period, amount in Entry.objects.filter(
        account_id=account, kind__in=[1, 2, 3, 4, 7, 8, 9]
    ).values_list("period", "amount_minor"):
        found[f"{period:%Y-%m}"] += amount
    for period, amount in Allocation.objects.filter(account_id=account).values_list("period", "amount_minor"):
        found[f"{period:%Y-%m}"] -= amount
    return {month: amount for month, amount in found.items() if amount}


def balance(street: Built, name: str) -> int:
    return balance_minor(account_id=street.accounts[name].pk)


BY: dict[str, Any] = {"booked_on": DAY, "actor_id": None, "at": AT}


class TestTakingBack:
    def test_a_reversed_payment_covers_nothing_and_stays_told(self, street: Built) -> None:
        payment = paid(street, "10/1", 60_000)
        assert covered(payment) == {"2026-08": 30_000, "2026-09": 30_000}
        change = take_payment.reverse(payment_id=payment.pk, reason="отозван банком", **BY)
        assert (change.kind, change.amount_minor) == (ChangeKind.REVERSAL, 60_000)
        assert covered(payment) == {}
        assert owed(street, "10/1") == {"2026-08": 30_000, "2026-09": 50_000}
        assert balance(street, "10/1") == 80_000
        assert Allocation.objects.filter(payment_id=payment.pk).count() == 4

    def test_money_behind_a_reversed_payment_moves_up(self, street: Built) -> None:
        first, second = paid(street, "10/1", 30_000), paid(street, "10/1", 20_000)
        assert covered(second) == {"2026-09": 20_000}
        take_payment.reverse(payment_id=first.pk, reason="ошибка", **BY)
        assert sum(covered(second).values()) == 20_000
        assert sum(owed(street, "10/1").values()) == balance(street, "10/1") == 60_000

    def test_three_who_reverse_at_once_reverse_once(self, shared_street: Built) -> None:
        payment = paid(shared_street, "10/1", 60_000)
        found = at_once(*[lambda: take_payment.reverse(payment_id=payment.pk, reason="ошибка", **BY)] * 3)
        assert len({change.pk for change in found}) == 1
        assert balance(shared_street, "10/1") == 80_000

    def test_a_part_is_refunded_once_under_its_key(self, street: Built) -> None:
        payment, key = paid(street, "10/1", 90_000), uuid4()
        given = {"payment_id": payment.pk, "amount_minor": 25_000, "reason": "заявление", "key": key} | BY
        first, second = take_payment.refund(**given), take_payment.refund(**given)
        assert first.pk == second.pk
        assert balance(street, "10/1") == 80_000 - 65_000
        assert sum(covered(payment).values()) == 65_000
        entry = Entry.objects.get(batch_id=first.batch_id)
        assert (entry.kind, entry.amount_minor) == (EntryKind.REFUND, 25_000)

    def test_not_more_is_refunded_than_is_left(self, shared_street: Built) -> None:
        """Two at once, each of which alone would be right."""
        payment = paid(shared_street, "10/1", 10_000)

        def refund() -> Any:
            return take_payment.refund(
                payment_id=payment.pk, amount_minor=6_000, reason="заявление", key=uuid4(), **BY
            )

        found = at_once(refund, refund)
        (refused,) = (one for one in found if isinstance(one, PaymentRefused))
        assert (refused.code, refused.facts) == ("too_much", {"left_minor": 4_000})
        assert balance(shared_street, "10/1") == 80_000 - 4_000

    def test_what_is_refunded_whole_cannot_be_reversed(self, street: Built) -> None:
        payment = paid(street, "10/1", 10_000)
        take_payment.refund(payment_id=payment.pk, amount_minor=10_000, reason="заявление", key=uuid4(), **BY)
        with pytest.raises(PaymentRefused) as refusal:
            take_payment.reverse(payment_id=payment.pk, reason="ошибка", **BY)
        assert refusal.value.code == "nothing_left"

        with pytest.raises(PaymentRefused, match="nothing_left"):
            take_payment.unidentify(
                payment_id=payment.pk, reason="не того", booked_on=DAY, actor_id=None, at=AT
            )

    def test_taking_back_wants_a_reason_and_an_open_day(self, street: Built) -> None:
        payment = paid(street, "10/1", 10_000)
        with pytest.raises(PaymentRefused) as refusal:
            take_payment.reverse(payment_id=payment.pk, reason=" ", **BY)
        assert refusal.value.code == "no_reason"
        take_payment.lock_days(
            supplier_id=street.supplier.pk, through=DAY, reason="", today=DAY, actor_id=None, at=AT
        )
        with pytest.raises(DayLocked):
            take_payment.reverse(payment_id=payment.pk, reason="ошибка", **BY)
        assert balance(street, "10/1") == 70_000


class TestMoving:
    def test_a_part_moves_and_counts_from_the_day_it_was_paid(self, street: Built) -> None:
        payment = paid(street, "10/1", 60_000, paid_on=date(2026, 10, 20))
        key = uuid4()
        given = {
            "payment_id": payment.pk,
            "to_account_id": street.accounts["10/2"].pk,
            "amount_minor": 45_000,
            "reason": "не тот счёт",
            "key": key,
        } | BY
        moved = take_payment.transfer(**given)
        assert take_payment.transfer(**given).pk == moved.pk
        assert moved.paid_on == date(2026, 10, 20)
        assert (balance(street, "10/1"), balance(street, "10/2")) == (65_000, -5_000)
        assert covered(payment) == {"2026-08": 15_000}
        assert covered(moved) == {"2026-09": 40_000}
        kinds = list(Entry.objects.filter(batch_id=moved.batch_id).values_list("kind", "amount_minor"))
        assert sorted(kinds) == [(EntryKind.TRANSFER, -45_000), (EntryKind.TRANSFER, 45_000)]

    def test_what_moved_can_be_reversed_where_it_is_now(self, street: Built) -> None:
        payment = paid(street, "10/1", 60_000)
        moved = take_payment.transfer(
            payment_id=payment.pk,
            to_account_id=street.accounts["10/2"].pk,
            amount_minor=60_000,
            reason="не тот счёт",
            key=uuid4(),
            **BY,
        )
        take_payment.reverse(payment_id=moved.pk, reason="отозван банком", **BY)
        assert (balance(street, "10/1"), balance(street, "10/2")) == (80_000, 40_000)

    def test_moving_both_ways_at_once_does_not_jam(self, shared_street: Built) -> None:
        one, two = paid(shared_street, "10/1", 10_000), paid(shared_street, "10/2", 20_000)

        def move(payment: Payment, name: str) -> Callable[[], Any]:
            return lambda: take_payment.transfer(
                payment_id=payment.pk,
                to_account_id=shared_street.accounts[name].pk,
                amount_minor=1_000,
                reason="не тот счёт",
                key=uuid4(),
                **BY,
            )

        found = at_once(*[move(one, "10/2"), move(two, "10/1")] * 3)
        assert all(isinstance(moved, Payment) for moved in found)
        assert (balance(shared_street, "10/1"), balance(shared_street, "10/2")) == (70_000, 20_000)

    @pytest.mark.parametrize(
        ("name", "amount_minor", "code"),
        [("10/1", 100, "same_account"), ("10/2", 60_001, "too_much"), ("10/2", 0, "not_positive")],
    )
    def test_what_cannot_move_is_refused(
        self, street: Built, name: str, amount_minor: int, code: str
    ) -> None:
        payment = paid(street, "10/1", 60_000)
        with pytest.raises(PaymentRefused) as refusal:
            take_payment.transfer(
                payment_id=payment.pk,
                to_account_id=street.accounts[name].pk,
                amount_minor=amount_minor,
                reason="не тот счёт",
                key=uuid4(),
                **BY,
            )
        assert refusal.value.code == code


class TestUnidentified:
    def test_it_is_given_an_account_and_counts_from_the_day_it_was_paid(self, street: Built) -> None:
        payment = paid(street, None, 40_000, paid_on=date(2026, 10, 15))
        given = {"payment_id": payment.pk, "account_id": street.accounts["10/2"].pk} | BY
        found = take_payment.identify(**given)
        assert take_payment.identify(**given).pk == found.pk
        assert (found.state, found.paid_on, found.recognition) == (
            PaymentState.POSTED,
            date(2026, 10, 15),
            Recognition.PERSON,
        )
        assert balance(street, "10/2") == 0
        assert covered(found) == {"2026-09": 40_000}

    def test_two_who_give_it_to_two_accounts_give_it_to_one(self, shared_street: Built) -> None:
        payment = paid(shared_street, None, 10_000)

        def give(name: str) -> Callable[[], Any]:
            return lambda: take_payment.identify(
                payment_id=payment.pk, account_id=shared_street.accounts[name].pk, **BY
            )

        found = at_once(give("10/1"), give("10/2"))
        assert sorted(type(one).__name__ for one in found) == ["Payment", "PaymentRefused"]
        assert balance(shared_street, "10/1") + balance(shared_street, "10/2") == 110_000

    def test_undone_it_waits_again_as_another(self, street: Built) -> None:
        payment = paid(street, None, 40_000)
        take_payment.identify(payment_id=payment.pk, account_id=street.accounts["10/2"].pk, **BY)
        given = {"payment_id": payment.pk, "reason": "не та клавиша"} | BY
        again = take_payment.unidentify(**given)
        assert take_payment.unidentify(**given).pk == again.pk
        assert (again.state, again.amount_minor, again.account_id) == (
            PaymentState.UNIDENTIFIED,
            40_000,
            None,
        )
        assert balance(street, "10/2") == 40_000
        take_payment.identify(payment_id=again.pk, account_id=street.accounts["10/1"].pk, **BY)
        assert balance(street, "10/1") == 40_000

    def test_returned_it_cannot_be_given_any_more(self, street: Built) -> None:
        payment = paid(street, None, 40_000)
        given = {"payment_id": payment.pk, "reason": "плательщик не найден", "document": "п/п 7"} | BY
        assert take_payment.return_unidentified(**given).pk == take_payment.return_unidentified(**given).pk
        with pytest.raises(PaymentRefused) as refusal:
            take_payment.identify(payment_id=payment.pk, account_id=street.accounts["10/2"].pk, **BY)
        assert refusal.value.code == "not_unidentified"


class TestPurpose:
    def test_money_goes_to_what_is_named_and_history_stays(self, street: Built) -> None:
        payment = paid(street, "10/1", 30_000)
        assert covered(payment) == {"2026-08": 30_000}
        given: dict[str, Any] = {
            "payment_id": payment.pk,
            "named_period": BEFORE.first_day,
            "named_debt": None,
            "named_service": None,
            "reason": "заявление плательщика",
        } | BY
        change = take_payment.name_purpose(**given)
        assert change is not None
        assert change.kind == ChangeKind.PURPOSE
        assert covered(payment) == {"2026-09": 30_000}
        assert take_payment.name_purpose(**given) is None
        assert Allocation.objects.filter(payment_id=payment.pk).count() == 3


class TestRemainders:
    @pytest.fixture
    def limited(self, street: Built) -> Built:
        """Remainders below five roubles may go."""
        AllocationPolicy.objects.create(
            supplier=street.supplier,
            during=DateRange(date(2026, 1, 1), None),
            debt_order=[3, 1, 2],
            service_order=[1, 2],
            write_off_below_minor=500,
            source="приказ № 7",
        )
        return street

    def test_a_small_debt_is_written_off_where_it_is_owed(self, limited: Built) -> None:
        paid(limited, "10/2", 39_600)
        assert take_payment.write_off(account_id=limited.accounts["10/2"].pk, reason="мелочь", **BY) == 400
        assert (balance(limited, "10/2"), owed(limited, "10/2")) == (0, {})
        entry = Entry.objects.get(account_id=limited.accounts["10/2"].pk, kind=EntryKind.WRITE_OFF)
        assert (entry.amount_minor, entry.period) == (-400, BEFORE.first_day)

    def test_a_small_penalty_is_written_off_as_one(self, limited: Built) -> None:
        charge(limited, "10/3", 123, MONTH, kind=EntryKind.PENALTY)
        take_payment.write_off(account_id=limited.accounts["10/3"].pk, reason="мелочь", **BY)
        entries = Entry.objects.filter(account_id=limited.accounts["10/3"].pk, kind=EntryKind.PENALTY)
        assert sorted(entries.values_list("amount_minor", flat=True)) == [-123, 123]

    def test_a_small_advance_is_written_off(self, limited: Built) -> None:
        payment = paid(limited, "10/2", 40_499)
        assert take_payment.write_off(account_id=limited.accounts["10/2"].pk, reason="мелочь", **BY) == -499
        assert (balance(limited, "10/2"), owed(limited, "10/2")) == (0, {})
        assert sum(covered(payment).values()) == 40_499

    def test_what_is_not_small_stays(self, limited: Built) -> None:
        paid(limited, "10/2", 39_500)
        with pytest.raises(PaymentRefused) as refusal:
            take_payment.write_off(account_id=limited.accounts["10/2"].pk, reason="мелочь", **BY)
        assert (refusal.value.code, refusal.value.facts) == ("too_large", {"limit_minor": 500})

    def test_without_a_limit_nothing_goes(self, street: Built) -> None:
        paid(street, "10/2", 39_999)
        with pytest.raises(PaymentRefused) as refusal:
            take_payment.write_off(account_id=street.accounts["10/2"].pk, reason="мелочь", **BY)
        assert refusal.value.code == "no_limit"

    def test_all_of_them_at_once_as_the_preview_said(self, limited: Built) -> None:
        paid(limited, "10/1", 80_000 - 300)
        paid(limited, "10/2", 40_000 + 200)
        charge(limited, "10/3", 700, BEFORE)
        said = take_payment.remainders(supplier_id=limited.supplier.pk, day=DAY)
        assert (said.debts, said.debts_minor, said.advances, said.advances_minor) == (1, 300, 1, 200)
        given: dict[str, Any] = {"supplier_id": limited.supplier.pk, "reason": "мелочь", "key": uuid4()} | BY
        assert take_payment.write_off_all(**given) == said
        assert take_payment.write_off_all(**given).accounts == 0
        assert [balance(limited, name) for name in ("10/1", "10/2", "10/3")] == [0, 0, 700]
