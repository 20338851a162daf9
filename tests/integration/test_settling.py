"""Settling with the database: what a payment covers, taken back and given again as the books change."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from tests import street as streets
from tests import town as towns
from tests.money import AT, agent_of, covered_by, owe, pay, settle, take_out
from tests.town import Town
from typer.testing import CliRunner

from abonent.contexts.charging.models import BillingPeriod, PeriodState
from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.payments import queries
from abonent.contexts.payments.models import (
    Allocation,
    AllocationPolicy,
    CarriedItem,
    Carrying,
    ChangeKind,
    Payment,
    SettleJob,
    SettleJobState,
    Settlement,
)
from abonent.interfaces.cli import payments as command
from abonent.interfaces.cli import runtime
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, settling
from abonent.usecases.settling import jobs, open_items

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


class TestJob:
    def settle_all(self, town: Town) -> int:
        return settling.settle_supplier(
            supplier_id=town.supplier.pk, booked_on=date(2026, 11, 20), clock=lambda: AT
        )

    def ask(self, town: Town, origin: str = "run:1") -> None:
        settling.request(supplier_id=town.supplier.pk, origin=origin, at=AT)

    def test_accounts_with_something_to_settle_are_settled(self, town: Town) -> None:
        one, two, idle = town.accounts["1"], town.accounts["2"], town.accounts["3"]
        payments = [pay(account, 10_000, paid_on=TENTH) for account in (one, two)]
        for account in (one, two, idle):
            owe(account, OCTOBER, 8_000)
        self.ask(town)
        self.ask(town, "run:2")
        job = SettleJob.objects.get()
        assert (job.origin, job.requests, settling.unfinished()) == ("run:1", 2, [town.supplier.pk])
        assert self.settle_all(town) == 2
        assert [covered_by(payment, payment.account) for payment in payments] == [
            {("2026-10", 1, 1): 8_000}
        ] * 2
        job.refresh_from_db()
        assert (job.state, job.accounts_done, job.accounts_changed) == (SettleJobState.DONE, 5, 2)
        assert set(Settlement.objects.values_list("origin", flat=True)) == {"run:1"}
        assert self.settle_all(town) == 0

    def test_a_job_that_was_killed_goes_on_where_it_stopped(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accounts = [town.accounts[flat] for flat in ("1", "2", "3")]
        for account in accounts:
            pay(account, 10_000, paid_on=TENTH)
            owe(account, OCTOBER, 8_000)
        self.ask(town)
        monkeypatch.setattr(jobs, "SHARD_ACCOUNTS", 1)
        told: list[settling.Progress] = []

        def stop_after_the_first(progress: settling.Progress) -> None:
            told.append(progress)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            settling.settle_supplier(
                supplier_id=town.supplier.pk,
                booked_on=TENTH,
                clock=lambda: AT,
                on_progress=stop_after_the_first,
            )
        assert [(now.accounts_done, now.accounts_total) for now in told] == [(1, 5)]
        done = Settlement.objects.count()
        self.ask(town, "run:2")  # waits behind the one that was stopped
        assert self.settle_all(town) == 3 - done
        assert Settlement.objects.count() == 3
        assert not settling.unfinished()


class TestPastDays:
    def test_what_was_covered_on_a_past_day_stays_told(self, account: Account) -> None:
        owe(account, SEPTEMBER, 30_000)
        payment = pay(account, 20_000, paid_on=date(2026, 10, 5))
        settle(account, booked_on=date(2026, 10, 5))
        owe(account, OCTOBER, 5_000)
        take_out(payment, 20_000, kind=ChangeKind.REVERSAL, booked_on=TENTH)
        settle(account, booked_on=TENTH)
        before, after = date(2026, 11, 9), TENTH
        assert queries.what_covers(account_id=account.pk, period=SEPTEMBER.first_day) == []
        (cover,) = queries.what_covers(account_id=account.pk, period=SEPTEMBER.first_day, on=before)
        assert (cover.payment_id, cover.paid_on, cover.amount_minor) == (payment.pk, payment.paid_on, 20_000)
        assert queries.covered_by(payment_id=payment.pk, on=before) == [cover]
        assert queries.covered_by(payment_id=payment.pk) == []

        def still_open(on: date) -> list[tuple[date, int]]:
            return [
                (owed.period, owed.open_minor) for owed in queries.open_debts(account_id=account.pk, on=on)
            ]

        assert still_open(date(2026, 10, 5)) == [(SEPTEMBER.first_day, 10_000)]
        assert still_open(before) == [(SEPTEMBER.first_day, 10_000), (OCTOBER.first_day, 5_000)]
        assert still_open(after) == [(SEPTEMBER.first_day, 30_000), (OCTOBER.first_day, 5_000)]

    def test_an_advance_is_money_and_credit_beyond_what_is_owed(self, account: Account) -> None:
        owe(account, SEPTEMBER, 30_000)
        payment = pay(account, 50_000, paid_on=date(2026, 10, 5))
        settle(account, booked_on=date(2026, 10, 5))
        take_out(payment, 6_000, kind=ChangeKind.REFUND, booked_on=TENTH)
        owe(account, AUGUST, -1_000, kind=EntryKind.RECALCULATION, booked_on=TENTH)
        settle(account, booked_on=TENTH)
        assert queries.advance_minor(account_id=account.pk, on=date(2026, 10, 5)) == 20_000
        assert queries.advance_minor(account_id=account.pk) == 15_000
        assert queries.free_payments(account_id=account.pk) == [(payment.pk, 14_000)]

    def test_what_is_settled_is_never_booked_before_what_it_rests_on(self, account: Account) -> None:
        owe(account, OCTOBER, 30_000, booked_on=date(2026, 11, 3))
        pay(account, 10_000, paid_on=date(2026, 10, 30))
        settle(account, booked_on=date(2026, 10, 30))
        row = Allocation.objects.get()
        assert (row.slot, row.booked_on) == (202611, date(2026, 11, 3))

    def test_debts_are_added_up_by_age(self, account: Account) -> None:
        for month, amount in ((Month(2020, 1), 1_000), (AUGUST, 200), (SEPTEMBER, 30), (OCTOBER, 4)):
            owe(account, month, amount, booked_on=date(2026, 10, 31))
        ages = queries.by_age(queries.open_debts(account_id=account.pk), today=TENTH, until_months=(1, 3, 36))
        assert ages == {1: 4, 3: 230, 36: 0, None: 1_000}


class TestReleasedAndPreviewed:
    def test_a_payment_named_anew_covers_anew_and_only_the_difference_is_written(
        self, account: Account
    ) -> None:
        owe(account, SEPTEMBER, 30_000)
        owe(account, OCTOBER, 50_000)
        payment = pay(account, 60_000, paid_on=TENTH)
        settle(account, booked_on=TENTH)
        Payment.objects.filter(pk=payment.pk).update(named_period=OCTOBER.first_day)
        settling.settle_accounts(
            None,
            account_ids=[account.pk],
            origin="purpose",
            booked_on=TENTH,
            actor_id=None,
            at=AT,
            released=[payment.pk],
        )
        assert covered_by(payment, account) == {("2026-10", 1, 1): 50_000, ("2026-09", 1, 1): 10_000}
        assert Allocation.objects.count() == 4
        assert settle(account, booked_on=TENTH) is None

    def test_a_preview_tells_what_a_payment_would_cover_and_stores_nothing(self, account: Account) -> None:
        owe(account, SEPTEMBER, 30_000)
        owe(account, OCTOBER, 50_000)
        seen = settling.preview(
            account_id=account.pk,
            amount_minor=60_000,
            paid_on=TENTH,
            booked_on=TENTH,
            named_period=OCTOBER.first_day,
        )
        assert seen == [(SEPTEMBER.first_day, 1, 1, 10_000), (OCTOBER.first_day, 1, 1, 50_000)]
        assert not Allocation.objects.exists()

    def test_the_supplier_sets_another_order_from_a_day_on(self, town: Town, account: Account) -> None:
        AllocationPolicy.objects.create(
            supplier=town.supplier,
            during=DateRange(TENTH, None),
            debt_order=[2, 1, 3],
            service_order=[1, 2],
            source="договор",
        )
        owe(account, SEPTEMBER, 1_000)
        owe(account, OCTOBER, 200, kind=EntryKind.PENALTY)
        lawful, own = pay(account, 100, paid_on=date(2026, 11, 2)), pay(account, 300, paid_on=TENTH)
        settle(account, booked_on=TENTH)
        assert covered_by(lawful, account) == {
            ("2026-10", 1, 2): 100
        }  # by the order of the day it is settled on
        assert covered_by(own, account) == {("2026-10", 1, 2): 100, ("2026-09", 1, 1): 200}


@pytest.mark.django_db(transaction=True)
def test_many_tellers_on_one_account_cover_no_debt_twice() -> None:
    town = towns.build()
    account = town.accounts["1"]
    owe(account, OCTOBER, 10_000)
    agent_of(account)
    begin = threading.Barrier(6)

    def teller(number: int) -> None:
        try:
            begin.wait()
            for _ in range(3):
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        settling.lock_accounts(cursor, [account.pk])
                    pay(account, 1_000, paid_on=TENTH)
                    settle(account, booked_on=TENTH)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(teller, range(6)))
    assert sum(cover.amount_minor for cover in queries.allocations_of(account_ids=[account.pk])) == 10_000
    assert queries.advance_minor(account_id=account.pk) == 8_000
    assert {free for _, free in queries.free_payments(account_id=account.pk)} == {1_000}


@pytest.mark.django_db(transaction=True)
def test_a_run_asks_for_it_when_it_is_approved_and_when_it_is_cancelled() -> None:
    street = streets.build()
    account, supplier_id = street.accounts["10/3"], street.supplier.pk
    payment = pay(account, 900_000, paid_on=date(2026, 11, 2))
    assert settling.unfinished() == [supplier_id]
    settling.settle_supplier(supplier_id=supplier_id, booked_on=TENTH, clock=lambda: AT)
    charged = {
        (str(Month.of(owed.period)), owed.service, owed.debt): owed.owed_minor
        for owed in queries.debts_of(account_ids=[account.pk])
    }
    assert {month for month, *_ in charged} == {"2026-09", "2026-10"}
    assert covered_by(payment, account) == charged
    assert not settling.unfinished()
    billing_run.cancel(run_id=street.runs[-1], actor_id=None, at=AT, reason="test")
    settling.settle_supplier(supplier_id=supplier_id, booked_on=TENTH, clock=lambda: AT)
    september = {key: amount for key, amount in charged.items() if key[0] == "2026-09"}
    assert covered_by(payment, account) == september
    assert queries.advance_minor(account_id=account.pk) == 900_000 - sum(september.values())


class TestCarriedForward:
    def a_history(self, town: Town) -> tuple[Account, Account, Payment, Payment]:
        one, two = town.accounts["1"], town.accounts["2"]
        owe(one, AUGUST, 10_000)
        owe(one, SEPTEMBER, 20_000)
        owe(two, AUGUST, -3_000)
        first, advance = pay(one, 12_000, paid_on=date(2026, 9, 7)), pay(two, 7_000, paid_on=date(2026, 9, 8))
        settle(one, two, booked_on=date(2026, 9, 8))
        for month in (AUGUST, SEPTEMBER):
            BillingPeriod.objects.update_or_create(
                supplier=town.supplier,
                month=month.first_day,
                defaults={"state": PeriodState.CLOSED, "closed_at": AT - timedelta(days=20)},
            )
        return one, two, first, advance

    def go_on(self, one: Account, two: Account, first: Payment) -> None:
        owe(one, OCTOBER, 5_000)
        owe(two, OCTOBER, 11_000)
        pay(one, 9_000, paid_on=TENTH)
        settle(one, two, booked_on=TENTH)
        owe(one, AUGUST, -4_000, kind=EntryKind.RECALCULATION, booked_on=TENTH)
        take_out(first, 2_000, kind=ChangeKind.REFUND, booked_on=TENTH)
        settle(one, two, booked_on=TENTH)

    def covers(self, *accounts: Account) -> list[tuple[int, date, int, int, int]]:
        found = queries.allocations_of(account_ids=[account.pk for account in accounts])
        order = {payment: no for no, payment in enumerate(sorted({cover.payment_id for cover in found}))}
        return [
            (order[cover.payment_id], cover.period, cover.service, cover.debt, cover.amount_minor)
            for cover in found
        ]

    def test_only_what_is_open_is_carried(self, town: Town) -> None:
        one, two, _, advance = self.a_history(town)
        assert settling.carry_forward(at=AT) == SEPTEMBER
        carrying = Carrying.objects.get()
        assert (carrying.month, carrying.items) == (SEPTEMBER.first_day, 3)
        assert {202608, 202609} <= set(carrying.slots)
        assert max(carrying.slots) == 202609
        rows = CarriedItem.objects.order_by("account_id", "payment_id")
        assert list(rows.values_list("account_id", "payment_id", "debt", "amount_minor")) == [
            (one.pk, 0, 1, 18_000),
            (two.pk, 0, 1, -3_000),
            (two.pk, advance.pk, 0, 7_000),
        ]
        assert settling.carry_forward(at=AT) is None

    def test_a_month_that_goes_on_is_not_carried(self, town: Town) -> None:
        """Closed before its end, it still takes what is settled today; carried, that would be overlooked."""
        self.a_history(town)
        before_its_end = datetime(2026, 9, 30, 20, tzinfo=UTC)  # 23:00 in Moscow
        assert settling.carry_forward(at=before_its_end) == AUGUST
        assert settling.carry_forward(at=before_its_end + timedelta(hours=2)) == SEPTEMBER

    @pytest.mark.parametrize("carried", [False, True])
    def test_settling_comes_to_the_same_with_it_and_without(self, town: Town, carried: bool) -> None:
        one, two, first, _ = self.a_history(town)
        if carried:
            settling.carry_forward(at=AT)
        self.go_on(one, two, first)
        assert self.covers(one, two) == [
            (1, AUGUST.first_day, 1, 1, 6_000),
            (1, SEPTEMBER.first_day, 1, 1, 4_000),
            (3, SEPTEMBER.first_day, 1, 1, 9_000),
            (0, AUGUST.first_day, 1, 1, -3_000),
            (0, OCTOBER.first_day, 1, 1, 3_000),
            (2, OCTOBER.first_day, 1, 1, 7_000),
        ]
        assert settle(one, two, booked_on=TENTH) is None

    def test_the_next_month_is_made_from_it(self, town: Town) -> None:
        one, two, first, _ = self.a_history(town)
        settling.carry_forward(at=AT)
        self.go_on(one, two, first)
        for month in (OCTOBER, OCTOBER.next()):
            BillingPeriod.objects.update_or_create(
                supplier=town.supplier,
                month=month.first_day,
                defaults={"state": PeriodState.CLOSED, "closed_at": AT},
            )
        assert settling.carry_forward(at=AT + timedelta(days=11)) == OCTOBER.next()
        from_before = set(
            CarriedItem.objects.values_list("account_id", "payment_id", "period", "amount_minor")
        )
        Carrying.objects.all().delete()
        CarriedItem.objects.all().delete()
        assert settling.carry_forward(at=AT + timedelta(days=11)) == OCTOBER.next()
        anew = set(CarriedItem.objects.values_list("account_id", "payment_id", "period", "amount_minor"))
        assert from_before == anew
        assert (one.pk, 0, SEPTEMBER.first_day, 7_000) in anew

    def test_it_is_not_used_while_one_of_its_months_is_open_again(self, town: Town) -> None:
        self.a_history(town)
        settling.carry_forward(at=AT)
        with connection.cursor() as cursor:
            assert open_items.last_carried(cursor) is not None
            BillingPeriod.objects.filter(month=AUGUST.first_day).update(state=PeriodState.OPEN)
            assert open_items.last_carried(cursor) is None
            later = AT + timedelta(days=1)
            BillingPeriod.objects.filter(month=AUGUST.first_day).update(
                state=PeriodState.CLOSED, closed_at=later
            )
            assert open_items.last_carried(cursor) is None
        assert settling.carry_forward(at=later) == SEPTEMBER
        assert Carrying.objects.count() == 1
        assert CarriedItem.objects.count() == 3


class TestCommand:
    @pytest.fixture(autouse=True)
    def _no_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runtime, "ready", lambda: None)

    def run(self, *options: str) -> str:
        ran = CliRunner().invoke(command.app, ["settle", *options])
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    def test_what_waits_is_settled_and_everything_on_demand(self, account: Account) -> None:
        owe(account, OCTOBER, 8_000)
        payment = pay(account, 10_000, paid_on=TENTH)
        assert self.run("--json") == '{"accounts_changed": 0}\n'
        assert "1 accounts had something to settle." in self.run("--all")
        assert covered_by(payment, account) == {("2026-10", 1, 1): 8_000}

    def test_who_comes_second_is_told(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        def busy(**_: object) -> int:
            raise settling.Busy

        monkeypatch.setattr(settling, "settle_supplier", busy)
        ran = CliRunner().invoke(command.app, ["settle"])
        assert (ran.exit_code, "at this moment" in ran.stdout) == (1, True)
