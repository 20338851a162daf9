"""A month's penalties: counted shard by shard as a proposal, approved by a person, taken back by adding.

A run posts what the law asks up to a day for each debt, less what runs have posted for it: payments and recalculations
that came late correct themselves with the next run, downwards as well.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from abonent.contexts.ledger.models import Batch, BatchState, EntryKind
from abonent.contexts.ledger.partitions import ensure_shared_slot
from abonent.contexts.penalties.models import PenaltyRun, PenaltyRunState, PenaltyShard
from abonent.engine.parameters import ParameterSet
from abonent.gateways.bulk_load import copy_frame
from abonent.gateways.bulk_read import read_out
from abonent.kernel.periods import Month
from abonent.usecases import settling
from abonent.usecases.billing_run import PeriodUnknown
from abonent.usecases.penalties import reading, storage
from abonent.usecases.penalties.counting import LINE_COLUMNS, Counted, Rules, count, rules_of
from abonent.usecases.penalties.debts import HOUSEHOLD
from abonent.usecases.penalties.refusals import PenaltyRefused
from abonent.usecases.take_payment import require_day

SHARD_ACCOUNTS = 250_000
_OPEN = (PenaltyRunState.WAITING, PenaltyRunState.COUNTING, PenaltyRunState.COUNTED)
_ENTRY_COLUMNS = [
    "slot", "batch_id", "entry_no", "account_id", "service", "kind", "period", "booked_on", "amount_minor",
]  # fmt: skip
_ACCOUNT_COLUMNS = [
    "run_id", "account_id", "branch_id", "debtor", "debts", "asked_minor", "posted_minor", "amount_minor",
]  # fmt: skip


@dataclass(frozen=True)
class Progress:
    accounts_done: int
    accounts_total: int


def origin_of(run_id: int) -> str:
    return f"{reading.ORIGIN}{run_id}"


def create(
    *,
    supplier_id: int,
    branch_id: int | None = None,
    booked_period: Month,
    until: date,
    today: date,
    actor_id: int | None,
    at: datetime,
    shard_accounts: int = SHARD_ACCOUNTS,
) -> int:
    """Make a run that waits to be counted; return its id.

    Raises PenaltyRefused: in_future (day), another_open (run_id), no_accounts; PeriodClosed, PeriodUnknown, DayLocked.
    """
    if until > today:
        raise PenaltyRefused("in_future", day=until)
    shards = _cut(supplier_id, branch_id, shard_accounts)
    if not shards:
        raise PenaltyRefused("no_accounts")
    try:
        with transaction.atomic():
            require_day(supplier_id, _booking_day(booked_period, today))
            run = PenaltyRun.objects.create(
                supplier_id=supplier_id,
                branch_id=branch_id,
                booked_period=booked_period.first_day,
                until=until,
                accounts_total=sum(accounts for _first, _last, accounts in shards),
                created_at=at,
                created_by_id=actor_id,
            )
            PenaltyShard.objects.bulk_create(
                PenaltyShard(
                    run=run, shard_no=number, first_account_id=first, last_account_id=last, accounts=accounts
                )
                for number, (first, last, accounts) in enumerate(shards, start=1)
            )
    except IntegrityError:
        open_run = PenaltyRun.objects.filter(supplier_id=supplier_id, state__in=_OPEN).first()
        raise PenaltyRefused("another_open", run_id=open_run and open_run.pk) from None
    return run.pk


def count_run(
    run_id: int,
    *,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    on_progress: Callable[[Progress], None] = lambda progress: None,
    mass_accounts: int = storage.MASS_ACCOUNTS,
) -> None:
    """Count a run, or go on where it was cut off; a counted one is counted anew.

    Each shard is a transaction: one whose process dies loses its shard only, and one that is discarded meanwhile stops.
    Raises PenaltyRefused: moved_on, at_work.
    """
    with _alone(run_id):
        _begin(run_id, clock, parameters, mass_accounts)
        run = PenaltyRun.objects.get(pk=run_id)
        try:
            rules = rules_of(parameters, on=run.until)
            for shard in run.shards.filter(done=False).order_by("shard_no"):
                if not _count_shard(shard, rules):
                    return
                run.refresh_from_db()
                on_progress(Progress(run.accounts, run.accounts_total))
            with _held(run_id, PenaltyRunState.COUNTING) as (run, cursor):
                storage.finish(cursor, run_id, booked_period=run.booked_period)
                _set(run, state=PenaltyRunState.COUNTED, counted_at=clock())
        except PenaltyRefused:
            raise
        except BaseException as error:
            PenaltyRun.objects.filter(pk=run_id, state=PenaltyRunState.COUNTING).update(
                state=PenaltyRunState.FAILED, error=f"{type(error).__name__}: {error}"[:2000]
            )
            raise


def approve(*, run_id: int, actor_id: int | None, at: datetime) -> None:
    """Post a counted run in one short transaction; accounts are settled afterwards, by a job.

    Raises PenaltyRefused: moved_on; DayLocked, PeriodClosed.
    """
    with _held(run_id, PenaltyRunState.COUNTED) as (run, cursor):
        batches = Batch.objects.filter(origin=origin_of(run_id))
        for booked_on in set(batches.values_list("booked_on", flat=True)):
            require_day(run.supplier_id, booked_on)
        assert run.slot is not None
        _post(cursor, run_id, run.slot, Month.of(run.booked_period))
        batches.update(state=BatchState.POSTED, created_at=at)  # in the books from now on
        _set(run, state=PenaltyRunState.POSTED, approved_by_id=actor_id, posted_at=at, error="")
        settling.request(supplier_id=run.supplier_id, origin=origin_of(run_id), at=at)


def discard(*, run_id: int) -> None:
    """Drop a run that was not posted, also one that is being counted. Raises PenaltyRefused: moved_on."""
    with _held(run_id, *_OPEN, PenaltyRunState.FAILED) as (run, cursor):
        storage.drop(cursor, run_id)
        Batch.objects.filter(origin=origin_of(run_id), state=BatchState.DRAFT).delete()
        run.shards.update(done=False, batch_id=None)
        _set(run, state=PenaltyRunState.DISCARDED)


def reverse(*, run_id: int, reason: str, today: date, actor_id: int | None, at: datetime) -> None:
    """Take a posted run back by its negative, booked today, or in the run's month where today's is not open.

    Raises PenaltyRefused: moved_on, no_reason, another_open (run_id); DayLocked, PeriodClosed.
    """
    if not reason.strip():
        raise PenaltyRefused("no_reason")
    with _held(run_id, PenaltyRunState.POSTED) as (run, cursor):
        if waits := PenaltyRun.objects.filter(supplier=run.supplier_id, state__in=_OPEN).first():
            raise PenaltyRefused("another_open", run_id=waits.pk)
        booked_on = _open_day(run, today)
        booked = Month.of(booked_on)
        assert run.slot is not None
        mass = storage.is_mass(run.slot)
        slot = storage.mass_slot(run_id, reversal=True) if mass else ensure_shared_slot(cursor, booked)
        storage.make_entries(cursor, run_id)
        for old in Batch.objects.filter(origin=origin_of(run_id)).order_by("shard_no"):
            new = Batch.objects.create(
                slot=slot,
                origin=f"{origin_of(run_id)}:reversal",
                shard_no=old.shard_no,
                booked_period=booked.first_day,
                booked_on=booked_on,
                entries=old.entries,
                amount_minor=-old.amount_minor,
                reason=reason.strip()[:200],
                created_at=at,
                author_id=actor_id,
            )
            cursor.execute(
                f"""INSERT INTO {storage.drafted("ledger_entry", run_id)} ({", ".join(_ENTRY_COLUMNS)})
                    SELECT %s, %s, entry_no, account_id, service, kind, period, %s, -amount_minor
                    FROM ledger_entry WHERE slot = %s AND batch_id = %s""",
                [slot, new.pk, booked_on, run.slot, old.pk],
            )
        storage.finish(cursor, run_id, booked_period=booked.first_day)
        _post(cursor, run_id, slot, booked)
        _set(
            run,
            state=PenaltyRunState.REVERSED,
            reversed_by_id=actor_id,
            reversed_at=at,
            reason=reason.strip()[:200],
            error="",
        )
        settling.request(supplier_id=run.supplier_id, origin=f"{origin_of(run_id)}:reversal", at=at)


def _cut(supplier_id: int, branch_id: int | None, most: int) -> list[tuple[int, int, int]]:
    """Return (first account, last account, how many) of each shard."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT min(id), max(id), count(*) FROM (
                   SELECT a.id, (row_number() OVER (ORDER BY a.id) - 1) / %s AS shard
                   FROM contracts_account a JOIN places_building o ON o.id = a.building_id
                   JOIN parties_branch b ON b.id = o.branch_id
                   WHERE b.supplier_id = %s AND (%s::bigint IS NULL OR b.id = %s)
               ) s GROUP BY shard ORDER BY shard""",
            [most, supplier_id, branch_id, branch_id],
        )
        return cursor.fetchall()


def _begin(run_id: int, clock: Callable[[], datetime], parameters: ParameterSet, mass_accounts: int) -> None:
    """Make room for a run, unless it was cut off and goes on."""
    with _held(run_id, *_OPEN, PenaltyRunState.FAILED) as (run, cursor):
        cut_off = run.state in (PenaltyRunState.COUNTING, PenaltyRunState.FAILED) and run.slot is not None
        if cut_off and run.parameter_hash == parameters.hash:
            _set(run, state=PenaltyRunState.COUNTING, error="")
            return
        storage.make(cursor, run_id)
        Batch.objects.filter(origin=origin_of(run_id)).delete()
        run.shards.update(done=False, batch_id=None)
        booked = Month.of(run.booked_period)
        mass = run.accounts_total >= mass_accounts
        _set(
            run,
            state=PenaltyRunState.COUNTING,
            slot=storage.mass_slot(run_id) if mass else int(booked),
            parameter_hash=parameters.hash,
            error="",
            accounts=0,
            debts=0,
            lines=0,
            amount_minor=0,
            counted_at=clock(),
        )


def _count_shard(shard: PenaltyShard, rules: Rules) -> bool:
    """Count a shard and write what it changes; False when the run is not being counted any more."""
    try:
        with _held(shard.run_id, PenaltyRunState.COUNTING) as (run, cursor):
            with reading.listed(
                cursor,
                supplier_id=run.supplier_id,
                branch_id=run.branch_id,
                first=shard.first_account_id,
                last=shard.last_account_id,
            ) as accounts:
                books = reading.read(cursor, accounts)
            counted = count(books, rules, until=run.until)
            lines = _write(cursor, run, shard, counted)
            PenaltyRun.objects.filter(pk=run.pk).update(
                accounts=F("accounts") + shard.accounts,
                debts=F("debts") + counted.differences.height,
                lines=F("lines") + lines,
                amount_minor=F("amount_minor") + int(counted.differences["amount_minor"].sum()),
            )
    except PenaltyRefused:
        return False
    return True


def _write(cursor: Any, run: PenaltyRun, shard: PenaltyShard, counted: Counted) -> int:
    """Write the lines, accounts and entries of a shard; return how many lines."""
    changed = counted.differences
    shard.done = True
    if changed.is_empty():
        shard.save(update_fields=["done"])
        return 0
    assert run.slot is not None
    assert run.counted_at is not None
    lines = counted.lines.join(changed.select("key"), on="key", how="semi", maintain_order="left")
    copy_frame(
        cursor,
        "penalties_penaltyline",
        ["run_id", "line_no", *LINE_COLUMNS],
        lines.with_columns(
            run_id=pl.lit(run.pk), line_no=pl.int_range(run.lines + 1, run.lines + 1 + lines.height)
        ),
    )
    booked_on = _booking_day(Month.of(run.booked_period), timezone.localdate(run.counted_at))
    batch = Batch.objects.create(
        slot=run.slot,
        origin=origin_of(run.pk),
        shard_no=shard.shard_no,
        booked_period=run.booked_period,
        booked_on=booked_on,
        state=BatchState.DRAFT,
        entries=changed.height,
        amount_minor=int(changed["amount_minor"].sum()),
        created_at=run.counted_at,
        author_id=run.created_by_id,
    )
    entries = changed.with_columns(
        slot=pl.lit(run.slot),
        batch_id=pl.lit(batch.pk),
        entry_no=pl.int_range(1, pl.len() + 1),
        kind=pl.lit(int(EntryKind.PENALTY)),
        booked_on=pl.lit(booked_on),
    )
    copy_frame(cursor, storage.drafted("ledger_entry", run.pk), _ENTRY_COLUMNS, entries)
    _write_accounts(cursor, run, counted)
    shard.batch_id = batch.pk
    shard.save(update_fields=["done", "batch_id"])
    return lines.height


def _write_accounts(cursor: Any, run: PenaltyRun, counted: Counted) -> None:
    debtors = counted.due.debts.group_by("account_id").agg(pl.col("debtor").max())
    accounts = (
        counted.differences.group_by("account_id")
        .agg(pl.len().alias("debts"), pl.col("asked_minor", "posted_minor", "amount_minor").sum())
        .join(debtors, on="account_id", how="left")
        .with_columns(pl.col("debtor").fill_null(HOUSEHOLD), run_id=pl.lit(run.pk))
        .sort("account_id")
    )
    branches = _branches(cursor, accounts["account_id"])
    rows = accounts.join(branches, on="account_id", how="inner", maintain_order="left")
    copy_frame(cursor, "penalties_penaltyaccount", _ACCOUNT_COLUMNS, rows)


def _branches(cursor: Any, account_ids: pl.Series) -> pl.DataFrame:
    first, last = account_ids[0], account_ids[-1]
    return read_out(
        cursor,
        "SELECT a.id, b.branch_id FROM contracts_account a JOIN places_building b ON b.id = a.building_id "
        f"WHERE a.id BETWEEN {first:d} AND {last:d}",
        {"account_id": pl.Int64, "branch_id": pl.Int64},
    )


def _post(cursor: Any, run_id: int, slot: int, booked: Month) -> None:
    if storage.is_mass(slot):
        storage.attach(cursor, run_id, slot)
    else:
        cursor.execute(f"SELECT DISTINCT account_id FROM {storage.drafted('ledger_entry', run_id)}")
        settling.lock_accounts(cursor, [account_id for (account_id,) in cursor.fetchall()])
        ensure_shared_slot(cursor, booked)
        storage.copy_in(cursor, run_id)


def _booking_day(booked: Month, today: date) -> date:
    """Return today where it lies in the month, else the nearest day of it."""
    return min(max(today, booked.first_day), booked.last_day)


def _open_day(run: PenaltyRun, today: date) -> date:
    try:
        require_day(run.supplier_id, today)
    except PeriodUnknown:
        own = _booking_day(Month.of(run.booked_period), today)
        require_day(run.supplier_id, own)
        return own
    return today


def _set(run: PenaltyRun, **values: Any) -> None:
    for name, value in values.items():
        setattr(run, name, value)
    run.save(update_fields=list(values))


@contextmanager
def _held(run_id: int, *states: PenaltyRunState) -> Iterator[tuple[PenaltyRun, Any]]:
    """Hold a run in one transaction. Raises PenaltyRefused (moved_on) unless it is in one of the states."""
    with transaction.atomic(), connection.cursor() as cursor:
        run = PenaltyRun.objects.select_for_update(of=("self",)).get(pk=run_id)
        if run.state not in states:
            raise PenaltyRefused("moved_on", state=run.state)
        yield run, cursor


@contextmanager
def _alone(run_id: int) -> Iterator[None]:
    """Let one process at a time count a run. Raises PenaltyRefused: at_work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('penalty_run'), %s)", [run_id])
        if not cursor.fetchone()[0]:
            raise PenaltyRefused("at_work")
        try:
            yield
        finally:
            with suppress(Exception):
                cursor.execute("SELECT pg_advisory_unlock(hashtext('penalty_run'), %s)", [run_id])
