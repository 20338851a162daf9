"""The run as the books see it: a proposal until approved, all or nothing, taken back by adding."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from tests.town import MONTH, Town, build

from abonent.contexts.charging.models import (
    BillingPeriod,
    BuildingBalance,
    ChargeLine,
    PeriodState,
    Recalculation,
    RecalculationCause,
    Run,
    RunException,
    RunShard,
    RunState,
)
from abonent.contexts.contracts.models import Account, AccountService, PremiseTerms
from abonent.contexts.ledger.models import Batch, Entry, Turnover
from abonent.contexts.metering.models import Reading, ReadingSource, ReadingStatus
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.contexts.places.models import BuildingTerms
from abonent.gateways import database_server
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, packs
from abonent.usecases.billing_run import drafts, writing
from abonent.usecases.billing_run.plan import Scope
from abonent.usecases.books_check import check_books

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
_minutes = count()


def now() -> datetime:
    """A clock that goes on with every look at it."""
    return START + timedelta(minutes=next(_minutes))


@pytest.fixture
def town() -> Town:
    return build()


@pytest.fixture(autouse=True)
def books_agree() -> Iterator[None]:
    """Whatever a test did, the books agree afterwards."""
    yield
    assert {result.check.name: result.rows for result in check_books() if result.disagreements} == {}


def draft(town: Town, **options: object) -> int:
    scope = options.pop("scope", None) or Scope(town.supplier.pk)
    return billing_run.create(
        scope=scope,  # type: ignore[arg-type]
        period=options.pop("period", MONTH),  # type: ignore[arg-type]
        at=now(),
        pack_version="test",
        parameter_hash=packs.pack_parameters().hash,
        **options,  # type: ignore[arg-type]
    )


def rate(run_id: int, **options: object) -> None:
    billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=now, **options)  # type: ignore[arg-type]


def bill(town: Town, **options: object) -> int:
    run_id = draft(town, **options)
    rate(run_id)
    billing_run.approve(run_id=run_id, actor_id=None, at=now())
    return run_id


def balances() -> dict[int, int]:
    totals: dict[int, int] = {}
    for row in Turnover.objects.all():
        owed = row.charged_minor + row.recalculated_minor + row.paid_minor
        totals[row.account_id] = totals.get(row.account_id, 0) + owed
    return totals


def leftovers() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(r"SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_d\d+$'")
        return [row[0] for row in cursor.fetchall()]


def test_a_rated_run_is_a_proposal_until_it_is_approved(town: Town) -> None:
    run_id = draft(town)
    rate(run_id)
    assert Run.objects.get(pk=run_id).state == RunState.RATED
    assert not ChargeLine.objects.exists()
    assert not Entry.objects.exists()
    billing_run.approve(run_id=run_id, actor_id=None, at=now())
    run = Run.objects.get(pk=run_id)
    assert run.state == RunState.POSTED
    assert ChargeLine.objects.count() == run.lines > 0
    assert Entry.objects.count() == run.entries
    assert sum(balances().values()) == run.amount_minor
    assert leftovers() == []


@pytest.mark.parametrize("mass_accounts", [1, 20_000])
def test_every_size_of_run_posts_the_same(town: Town, mass_accounts: int) -> None:
    run_id = draft(town)
    rate(run_id, mass_accounts=mass_accounts)
    billing_run.approve(run_id=run_id, actor_id=None, at=now())
    run = Run.objects.get(pk=run_id)
    assert run.slot == (drafts.MASS_SLOT + run_id if mass_accounts == 1 else int(MONTH))
    flat_1 = ChargeLine.objects.filter(account_id=town.accounts["1"].pk, service=1).get()
    assert (flat_1.quantity_wh, flat_1.amount_minor) == (150_000, 98_550)  # 150 kWh × 6,57
    reversal = billing_run.cancel(
        run_id=run_id, actor_id=None, at=now(), reason="test", mass_accounts=mass_accounts
    )
    assert set(balances().values()) == {0}
    assert Run.objects.get(pk=reversal).amount_minor == -run.amount_minor
    assert leftovers() == []


def test_rating_again_replaces_the_draft(town: Town) -> None:
    run_id = draft(town)
    rate(run_id)
    first = Run.objects.get(pk=run_id).amount_minor
    rate(run_id)
    assert Run.objects.get(pk=run_id).amount_minor == first
    assert Batch.objects.filter(origin=f"run:{run_id}").count() == 1
    assert RunException.objects.filter(run_id=run_id).count() == Run.objects.get(pk=run_id).exceptions


def test_a_second_run_over_the_same_building_is_refused_with_the_first_ones_number(town: Town) -> None:
    run_id = draft(town)
    with pytest.raises(billing_run.ScopeBusy, match=rf"#{run_id}\b") as refusal:
        draft(town, scope=Scope(town.supplier.pk, building_id=town.building.pk))
    assert refusal.value.run_ids == [run_id]
    billing_run.discard(run_id=run_id)
    assert draft(town, scope=Scope(town.supplier.pk, building_id=town.building.pk))


def test_runs_over_different_buildings_stand_side_by_side(town: Town) -> None:
    one = draft(town, scope=Scope(town.supplier.pk, building_id=town.building.pk))
    other = draft(town, scope=Scope(town.supplier.pk, building_id=town.house.pk))
    assert one != other


def test_a_closed_period_refuses_and_says_where_to_book(town: Town) -> None:
    with pytest.raises(billing_run.PeriodClosed, match=f"--book-in {MONTH}"):
        draft(town, period=MONTH.previous())
    run_id = draft(town, period=MONTH.previous(), booked_period=MONTH)
    rate(run_id)
    billing_run.approve(run_id=run_id, actor_id=None, at=now())
    assert set(Entry.objects.values_list("period", "booked_on__month", "kind")) == {
        (MONTH.previous().first_day, MONTH.month, 3)
    }


def test_a_period_closed_meanwhile_refuses_the_approval(town: Town) -> None:
    run_id = draft(town)
    rate(run_id)
    BillingPeriod.objects.filter(month=MONTH.first_day).update(state=PeriodState.CLOSED)
    with pytest.raises(billing_run.PeriodClosed):
        billing_run.approve(run_id=run_id, actor_id=None, at=now())
    assert not ChargeLine.objects.exists()


def test_an_unopened_period_and_an_empty_scope_are_refused(town: Town) -> None:
    with pytest.raises(billing_run.PeriodUnknown, match="2030-01"):
        draft(town, period=MONTH.shift(39))
    with pytest.raises(billing_run.NothingToBill):
        draft(town, scope=Scope(town.supplier.pk, building_id=0))


def test_a_readings_late_arrival_refuses_the_approval(town: Town) -> None:
    run_id = draft(town)
    rate(run_id)
    late(town, "10", MONTH.last_day, 2_600_000)
    with pytest.raises(billing_run.ReadingsCameIn, match="1 readings"):
        billing_run.approve(run_id=run_id, actor_id=None, at=now())
    billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=now)
    billing_run.approve(run_id=run_id, actor_id=None, at=now())


def late(town: Town, flat: str, day: date, value_wh: int, *, status: int = 1) -> None:
    place = town.installations[flat, 1]
    ensure_reading_partitions(first=Month.of(day), last=Month.of(day))
    Reading.objects.create(
        installation=place,
        building_id=place.building_id,
        taken_on=day,
        value_wh=value_wh,
        source=ReadingSource.INSPECTOR,
        status=status,
        entered_at=now(),
    )


def test_a_reading_annulled_after_the_rating_refuses_the_approval_too(town: Town) -> None:
    run_id = draft(town)
    rate(run_id)
    annul(town, "1")
    with pytest.raises(billing_run.ReadingsCameIn):
        billing_run.approve(run_id=run_id, actor_id=None, at=now())


def test_a_run_for_one_account_touches_nobody_else_and_no_share_of_the_building(town: Town) -> None:
    account = town.accounts["1"]
    bill(town, scope=Scope(town.supplier.pk, account_id=account.pk))
    assert set(ChargeLine.objects.values_list("account_id", "service")) == {(account.pk, 1)}
    bill(town)
    assert ChargeLine.objects.filter(account_id=account.pk, service=1).count() == 1
    assert ChargeLine.objects.filter(account_id=account.pk, service=2).count() == 1
    again = bill(town, scope=Scope(town.supplier.pk, account_id=account.pk))
    assert Run.objects.get(pk=again).lines == 0


def test_a_cancelled_run_lets_the_estimate_it_replaced_stand_again(town: Town) -> None:
    bill(town)
    place = town.installations["10", 1]
    estimates = Reading.objects.filter(
        installation=place, source=ReadingSource.ESTIMATE, status=ReadingStatus.ACCEPTED
    )
    first = estimates.get().value_wh
    Reading.objects.filter(installation=place, taken_on=date(2026, 8, 20)).update(
        status=ReadingStatus.ANNULLED, judged_at=now()
    )
    late(town, "10", date(2026, 8, 21), 800_000 + 120_000 * 11 + 60_000)
    second = bill(town)
    assert estimates.get().value_wh != first
    billing_run.cancel(run_id=second, actor_id=None, at=now(), reason="test")
    assert estimates.get().value_wh == first


def test_whoever_refused_admission_twice_pays_the_norm_with_its_increase_whatever_the_meter_shows(
    town: Town,
) -> None:
    """Three people in two rooms with a gas stove: 46 kWh each (Smolensk), and half as much again (п. 60(3))."""
    account = town.accounts["1"]
    PremiseTerms.objects.filter(premise=account.premise_id).update(uplift_cause=2)
    bill(town)
    own = ChargeLine.objects.filter(account_id=account.pk, service=1).order_by("rule")
    assert [(line.rule, line.quantity_wh) for line in own] == [(3, 138_000), (4, 69_000)]


def test_two_accounts_for_one_premise_on_the_same_days_are_parked(town: Town) -> None:
    first = town.accounts["house"]
    second = Account.objects.create(
        number="second",
        premise=first.premise,
        building=first.building,
        party=first.party,
        share_no=2,
        during=first.during,
    )
    AccountService.objects.create(
        account=second, premise=first.premise, building=first.building, service=1, during=first.during
    )
    run_id = bill(town)
    parked = RunException.objects.filter(run_id=run_id, code="two_accounts_at_once")
    assert set(parked.values_list("account_id", flat=True)) == {first.pk, second.pk}


def test_running_again_posts_only_the_difference(town: Town) -> None:
    BuildingTerms.objects.filter(building=town.building).update(excess_to_consumers=True)
    bill(town)
    before = balances()
    again = bill(town)
    assert Run.objects.get(pk=again).lines == 0
    annul(town, "1")
    late(town, "1", date(2026, 10, 25), 1_200_000 + 150_000 * 13 + 50_000)
    third = bill(town)
    flat_1, flat_2 = town.accounts["1"].pk, town.accounts["2"].pk
    own = ChargeLine.objects.filter(account_id=flat_1, service=1).order_by("batch_id", "line_no")
    assert [line.quantity_wh for line in own] == [150_000, -150_000, 200_000]
    assert sum(line.amount_minor for line in own) == 131_400  # 200 kWh × 6,57
    # what one flat used more is no longer common: the others pay less for it
    assert balances()[flat_2] < before[flat_2]
    assert set(Entry.objects.filter(batch__origin=f"run:{third}").values_list("kind", flat=True)) == {3}


def annul(town: Town, flat: str) -> None:
    Reading.objects.filter(
        installation=town.installations[flat, 1], taken_on=date(2026, 10, 20), status=ReadingStatus.ACCEPTED
    ).update(status=ReadingStatus.ANNULLED, judged_at=now())


def test_what_is_parked_later_keeps_its_lines(town: Town) -> None:
    bill(town)
    before = balances()
    annul(town, "1")
    late(town, "1", date(2026, 10, 25), 90_000_000)  # five digits: an impossible 90 MWh in a month
    again = bill(town)
    assert RunException.objects.filter(run_id=again, account_id=town.accounts["1"].pk).exists()
    assert balances() == before


def test_cancelling_adds_the_negative_and_the_month_can_be_billed_anew(town: Town) -> None:
    first = bill(town)
    posted = balances()
    billing_run.cancel(run_id=first, actor_id=None, at=now(), reason="wrong tariff")
    assert set(balances().values()) == {0}
    assert ChargeLine.objects.count() == 2 * Run.objects.get(pk=first).lines
    assert not Reading.objects.filter(run_id=first, status=ReadingStatus.ACCEPTED).exists()
    with pytest.raises(billing_run.WrongState):
        billing_run.cancel(run_id=first, actor_id=None, at=now(), reason="twice")
    bill(town)
    assert balances() == posted


def test_a_run_corrected_later_is_cancelled_last(town: Town) -> None:
    first = bill(town)
    annul(town, "1")
    late(town, "1", date(2026, 10, 25), 1_200_000 + 150_000 * 13 + 50_000)
    second = bill(town)
    with pytest.raises(billing_run.Overlaid, match=rf"#{second}\b"):
        billing_run.cancel(run_id=first, actor_id=None, at=now(), reason="too early")
    billing_run.cancel(run_id=second, actor_id=None, at=now(), reason="in order")
    billing_run.cancel(run_id=first, actor_id=None, at=now(), reason="in order")
    assert set(balances().values()) == {0}


def test_a_reading_after_a_gap_takes_the_months_before_it_along(town: Town) -> None:
    """Flat 10 was read last in August, 120 kWh a month by average since; in November it shows 300 kWh for 91 days."""
    for month in (MONTH.previous(), MONTH):
        bill(town, period=month, booked_period=MONTH)
    estimates = Reading.objects.filter(
        installation=town.installations["10", 1], source=ReadingSource.ESTIMATE
    )
    last_read = 800_000 + 120_000 * 11
    assert sorted(estimates.values_list("value_wh", flat=True)) == [last_read + 120_000, last_read + 240_000]
    november = MONTH.next()
    BillingPeriod.objects.create(supplier=town.supplier, month=november.first_day)
    late(town, "10", date(2026, 11, 20), last_read + 300_000)
    run_id = bill(town, period=november)
    account = town.accounts["10"]
    own = ChargeLine.objects.filter(account_id=account.pk, service=1)
    by_month = {
        month: own.filter(period=month.first_day).aggregate(wh=Sum("quantity_wh"))["wh"]
        for month in (MONTH.previous(), MONTH, november)
    }
    assert list(by_month.values()) == [98_901, 102_198, 98_901]
    entries = Entry.objects.filter(batch__origin=f"run:{run_id}", account_id=account.pk, service=1)
    assert set(entries.values_list("period__month", "kind")) == {(9, 3), (10, 3), (11, 2)}
    assert not estimates.filter(status=ReadingStatus.ACCEPTED).exists()
    shards = RunShard.objects.filter(run_id=run_id).order_by("shard_no")
    assert [(shard.period.month, shard.listed) for shard in shards] == [(11, False), (9, True), (10, True)]
    settled = Recalculation.objects.filter(run_id=run_id, premise=account.premise)
    assert set(settled.values_list("period__month", "cause")) == {
        (9, RecalculationCause.GAP_CLOSED),
        (10, RecalculationCause.GAP_CLOSED),
    }
    assert not Recalculation.objects.filter(settled_at=None).exists()


def test_shares_of_a_building_add_up_to_the_building(town: Town) -> None:
    run_id = bill(town)
    balance = BuildingBalance.objects.get(run_id=run_id, building=town.building)
    shares = ChargeLine.objects.filter(building_id=town.building.pk, service=2)
    assert sum(line.quantity_wh for line in shares) + balance.unassigned_wh == balance.distributed_wh > 0


def test_a_run_whose_process_died_can_be_discarded(town: Town) -> None:
    run_id = draft(town)
    Run.objects.filter(pk=run_id).update(state=RunState.RATING)
    billing_run.discard(run_id=run_id)
    assert draft(town)


def test_posted_lines_and_entries_cannot_be_changed(town: Town) -> None:
    bill(town)
    for statement in (
        "UPDATE charging_chargeline SET amount_minor = amount_minor + 1",
        "DELETE FROM charging_chargeline",
        "UPDATE ledger_entry SET amount_minor = 0",
        "DELETE FROM ledger_entry",
        "UPDATE metering_reading SET value_wh = 0",
        "DELETE FROM metering_reading",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_lost_connection_leaves_nothing_and_the_run_can_be_rated_again(town: Town) -> None:
    run_id = draft(town, shard_accounts=1)

    def cut(_: billing_run.Progress) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    with pytest.raises(Exception, match=r"terminat|connection|lost|administrator"):
        rate(run_id, on_progress=cut)
    run = Run.objects.get(pk=run_id)
    assert run.state == RunState.FAILED
    assert "rate again" in run.error
    assert leftovers() == []
    assert not Batch.objects.exists()
    rate(run_id)
    billing_run.approve(run_id=run_id, actor_id=None, at=now())


def test_a_full_disk_is_told_and_leaves_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = draft(town)

    def full(*_: object, **__: object) -> None:
        raise psycopg.errors.DiskFull("could not extend file: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "copy_frame", full)
        with pytest.raises(psycopg.errors.DiskFull):
            rate(run_id)
    assert "disk of the database is full" in Run.objects.get(pk=run_id).error
    assert leftovers() == []
    rate(run_id)


CHILD = """
import django; django.setup()
from datetime import UTC, datetime
from abonent.usecases import billing_run, packs
parameters = packs.pack_parameters(); now = datetime(2026, 11, 2, 9, tzinfo=UTC)
print("ready", flush=True)
billing_run.rate({run_id}, parameters=parameters, clock=lambda: now, mass_accounts={mass})
billing_run.approve(run_id={run_id}, actor_id=None, at=now)
"""


@pytest.mark.parametrize("seed", range(8))
def test_killed_at_any_instant_it_is_wholly_posted_or_not_at_all(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    run_id = draft(town, shard_accounts=1)
    name = str(connection.settings_dict["NAME"])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(run_id=run_id, mass=chance.choice([1, 1000]))],
        env=os.environ
        | {
            "ABONENT_DATABASE_URL": database_server.dsn(database=name),
            "DJANGO_SETTINGS_MODULE": "abonent.project.settings",
        },
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(chance.uniform(0, 0.5))
    child.send_signal(signal.SIGKILL)
    child.wait()
    run = wait_for_quiet(run_id)
    if run.state != RunState.POSTED:
        assert not ChargeLine.objects.exists()
        assert not Entry.objects.exists()
        rate(run_id)
        billing_run.approve(run_id=run_id, actor_id=None, at=now())
    run = Run.objects.get(pk=run_id)
    assert ChargeLine.objects.count() == run.lines == sum(RunShard.objects.values_list("lines", flat=True))
    assert sum(balances().values()) == run.amount_minor
    assert leftovers() == []


def wait_for_quiet(run_id: int) -> Run:
    """Wait until the server has noticed that the killed process is gone."""
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone()[0] == 0:
                break
        time.sleep(0.1)
    return Run.objects.get(pk=run_id)
