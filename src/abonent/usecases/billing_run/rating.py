"""Rating a run: shard after shard out of the database, through the rules, into the drafts.

One thread reads ahead, one rates, one writes; the writer's transaction holds the whole draft, so a run that is killed
leaves no line behind and is simply rated again.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from time import perf_counter
from typing import Any

import polars as pl
import psycopg
from django.db import OperationalError, connection

from abonent.contexts.charging.models import Run, RunShard, RunState
from abonent.contexts.contracts.models import Account
from abonent.engine.frames import Inputs, Rated, Schema
from abonent.engine.parameters import ParameterSet
from abonent.gateways import columnar, database_server
from abonent.gateways.bulk_load import copy_frame
from abonent.kernel.periods import Month
from abonent.usecases import packs
from abonent.usecases.billing_run import bookkeeping, drafts
from abonent.usecases.billing_run.extract import Reader, Window, extract
from abonent.usecases.billing_run.history import posted_lines
from abonent.usecases.billing_run.refusals import WrongState
from abonent.usecases.packs import Pack

MASS_ACCOUNTS = 20_000
"""From this size on a run brings its own partitions; smaller ones share those of their month."""

_READ_AHEAD = 2


@dataclass(frozen=True)
class Progress:
    """Where a run is: accounts rated so far, out of `accounts_total`."""

    accounts_done: int
    accounts_total: int
    lines: int
    seconds: float


@dataclass
class _Totals:
    accounts: int = 0
    lines: int = 0
    entries: int = 0
    exceptions: int = 0
    amount_minor: int = 0
    phases: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        begun = perf_counter()
        yield
        self.phases[phase] = self.phases.get(phase, 0.0) + perf_counter() - begun


@dataclass(frozen=True)
class Shard:
    """One shard read from the database."""

    row: RunShard
    inputs: Inputs
    posted: pl.DataFrame


@dataclass(frozen=True)
class Draft:
    """One shard rated and ready to be written."""

    row: RunShard
    rated: Rated
    lines: pl.DataFrame


def booking_day(run: Run, today: date) -> date:
    """Return today where it lies in the month the run is booked in, else the nearest day of that month."""
    booked = Month.of(run.booked_period)
    return min(max(today, booked.first_day), booked.last_day)


def difference_to_books(run: Run, rated: Rated, posted: pl.DataFrame) -> pl.DataFrame:
    """Return the lines a run adds. What is parked keeps the lines it has; so do shares of a parked building."""
    kind = bookkeeping.CHARGE if run.period == run.booked_period else bookkeeping.RECALCULATION
    if posted.is_empty():
        return bookkeeping.first_time(rated.lines, kind=kind)
    parked = rated.exceptions
    accounts = parked.filter(pl.col("account_id").is_not_null()).select("account_id").unique()
    buildings = parked.filter(pl.col("account_id").is_null())["building_id"].unique()
    kept = pl.col("rule").is_in(packs.pack(run.pack).shared_rules) & pl.col("building_id").is_in(
        buildings.implode()
    )
    return bookkeeping.difference(
        rated.lines, posted.join(accounts, on="account_id", how="anti").filter(~kept), kind=kind
    )


def rate(
    run_id: int,
    *,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    on_progress: Callable[[Progress], None] = lambda progress: None,
    mass_accounts: int = MASS_ACCOUNTS,
) -> dict[str, float]:
    """Rate a draft (again); return the seconds spent by phase.

    Raises WrongState when the run is posted, cancelled or being rated by somebody else. Any failure leaves the run
    FAILED with its reason and no line of it anywhere.
    """
    with _alone(run_id) as writer:
        run = Run.objects.get(pk=run_id)
        if run.state not in (RunState.DRAFT, RunState.RATING, RunState.RATED, RunState.FAILED):
            raise WrongState(f"Run #{run_id} is {run.get_state_display()} and cannot be rated again")
        Run.objects.filter(pk=run_id).update(
            state=RunState.RATING,
            error="",
            accounts_done=0,
            heartbeat_at=clock(),
            parameter_hash=parameters.hash,
        )
        begun, rated_at = perf_counter(), clock()
        try:
            totals = _rate_all(run, writer, parameters, clock, on_progress, mass_accounts)
        except BaseException as error:
            with suppress(psycopg.OperationalError):  # a lost connection has rolled back by itself
                writer.rollback()
            Run.objects.filter(pk=run_id).update(state=RunState.FAILED, error=_reason(error))
            raise
        Run.objects.filter(pk=run_id).update(
            state=RunState.RATED,
            slot=_slot(run, mass_accounts),
            rated_at=rated_at,  # what comes in from now on is not in the draft
            lines=totals.lines,
            entries=totals.entries,
            amount_minor=totals.amount_minor,
            exceptions=totals.exceptions,
            accounts_done=totals.accounts,
            seconds=perf_counter() - begun,
        )
    return totals.phases


def _reason(error: BaseException) -> str:
    """Say in one line why a run failed, with what to do about the two usual causes."""
    if isinstance(error, psycopg.errors.DiskFull):
        return f"The disk of the database is full: free some space, then rate again. {error}"
    if isinstance(error, psycopg.OperationalError | OperationalError | ConnectionError):
        return (
            f"The connection to the database was lost: start it (abonent db start), then rate again. {error}"
        )
    return f"{type(error).__name__}: {error}"


def _slot(run: Run, mass_accounts: int) -> int:
    mass = run.accounts_total >= mass_accounts
    return drafts.MASS_SLOT + run.pk if mass else int(Month.of(run.booked_period))


def dsn() -> str:
    """Return the address of the database Django works on."""
    return database_server.dsn(database=str(connection.settings_dict["NAME"]))


@contextmanager
def _alone(run_id: int) -> Iterator[psycopg.Connection[Any]]:
    """Yield the writer's connection, which holds the run for itself until it closes, or its process dies."""
    with psycopg.connect(dsn(), autocommit=False) as writer:
        row = writer.execute("SELECT pg_try_advisory_lock(hashtext('billing_run'), %s)", [run_id]).fetchone()
        writer.commit()
        if not (row and row[0]):
            raise WrongState(f"Run #{run_id} is being rated at this moment")
        yield writer


def _rate_all(
    run: Run,
    writer: psycopg.Connection[Any],
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    on_progress: Callable[[Progress], None],
    mass_accounts: int,
) -> _Totals:
    month, pack = Month.of(run.period), packs.pack(run.pack)
    slot = _slot(run, mass_accounts)
    totals, begun = _Totals(), perf_counter()
    shards = list(run.shards.order_by("shard_no"))
    sink = _Writer(run, writer, slot, booking_day(run, clock().date()), clock(), totals)
    with _shards(run, shards, month, totals, pack) as source, sink:
        for shard in source:
            with totals.timed("rate"):
                rated = pack.rate(shard.inputs, parameters, month, with_common_needs=run.account_id is None)
                lines = difference_to_books(run, rated, shard.posted)
            sink.put(Draft(shard.row, rated, lines))
            on_progress(_progress(run, totals, begun))
            Run.objects.filter(pk=run.pk).update(
                accounts_done=totals.accounts, lines=totals.lines, heartbeat_at=clock()
            )
    on_progress(_progress(run, totals, begun))
    return totals


def _progress(run: Run, totals: _Totals, begun: float) -> Progress:
    return Progress(totals.accounts, run.accounts_total, totals.lines, perf_counter() - begun)


@contextmanager
def _shards(
    run: Run, shards: list[RunShard], month: Month, totals: _Totals, pack: Pack
) -> Iterator[Iterator[Shard]]:
    """Read shards ahead of their rating, all in one snapshot."""
    account = run.account
    with columnar.snapshot(dsn()) as reader, ThreadPoolExecutor(1, thread_name_prefix="extract") as pool:

        def read(query: str, schema: Schema) -> pl.DataFrame:
            return columnar.read_frame(reader, query, schema)

        def load(row: RunShard) -> Shard:
            with totals.timed("extract"):
                window = window_of(row, account)
                inputs = extract(read, window, month, supplier_id=run.supplier_id)
                try:
                    return Shard(row, inputs, standing_lines(read, window, month, row.accounts, pack))
                finally:
                    connection.close()  # this thread's own, which looked up batches

        def ahead() -> Iterator[Shard]:
            waiting: list[Future[Shard]] = []
            rest = iter(shards)
            for row in rest:
                waiting.append(pool.submit(load, row))
                if len(waiting) >= _READ_AHEAD:
                    break
            while waiting:
                done = waiting.pop(0).result()
                if (following := next(rest, None)) is not None:
                    waiting.append(pool.submit(load, following))
                yield done

        try:
            yield ahead()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def standing_lines(read: Reader, window: Window, month: Month, accounts: int, pack: Pack) -> pl.DataFrame:
    """Return what the books say about a window; for one account only its own lines, its share of a building aside."""
    lines = posted_lines(read, window, month, accounts=accounts)
    if window.account_id is None:
        return lines
    return lines.filter(~pl.col("rule").is_in(pack.shared_rules))


def window_of(row: RunShard, account: Account | None = None) -> Window:
    """Return what a shard reads: its buildings, or of them only what concerns the run's account."""
    first, last = row.buildings.lower, row.buildings.upper - 1
    if account is None:
        return Window(row.branch_id, first, last)
    return Window(row.branch_id, first, last, account_id=account.pk, premise_id=account.premise_id)


class _Writer:
    """Writes drafts in a thread of its own, in one transaction, and commits when all of them are in."""

    def __init__(
        self,
        run: Run,
        writer: psycopg.Connection[Any],
        slot: int,
        booked_on: date,
        at: datetime,
        totals: _Totals,
    ) -> None:
        self._run, self._writer, self._slot, self._booked_on, self._at = run, writer, slot, booked_on, at
        self._totals = totals
        self._drafts: queue.Queue[Draft | None] = queue.Queue(maxsize=1)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="write", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._abandoned = kind is not None
        self._drafts.put(None)
        self._thread.join()
        if self._failure and kind is None:
            raise self._failure

    def put(self, draft: Draft) -> None:
        """Hand a shard over. Raises what the writer failed with."""
        if self._failure:
            raise self._failure
        self._drafts.put(draft)

    def _work(self) -> None:
        try:
            with self._totals.timed("write"), self._writer.cursor() as cursor:
                self._clear(cursor)
                drafts.make_drafts(cursor, self._run.pk, self._slot)
            while (draft := self._drafts.get()) is not None:
                with self._totals.timed("write"), self._writer.cursor() as cursor:
                    self._write(cursor, draft)
            if self._abandoned:
                self._writer.rollback()
                return
            with self._totals.timed("index"), self._writer.cursor() as cursor:
                drafts.index_drafts(cursor, self._run.pk)
            with self._totals.timed("commit"):
                self._writer.commit()
        except BaseException as error:
            self._failure = error
            while self._drafts.get() is not None:  # let the rating thread come to its end
                pass

    def _clear(self, cursor: Any) -> None:
        run_id = self._run.pk
        drafts.drop_drafts(cursor, run_id)
        cursor.execute("DELETE FROM ledger_batch WHERE origin = %s AND state = 1", [f"run:{run_id}"])
        cursor.execute("DELETE FROM charging_runexception WHERE run_id = %s", [run_id])
        cursor.execute("DELETE FROM charging_buildingbalance WHERE run_id = %s", [run_id])

    def _write(self, cursor: Any, draft: Draft) -> None:
        run = self._run
        cursor.execute(
            "INSERT INTO ledger_batch (slot, origin, shard_no, booked_period, booked_on, state, lines, entries, "
            "amount_minor, reason, created_at, author_id) "
            "VALUES (%s, %s, %s, %s, %s, 1, 0, 0, 0, %s, %s, %s) RETURNING id",
            [
                self._slot,
                f"run:{run.pk}",
                draft.row.shard_no,
                run.booked_period,
                self._booked_on,
                run.reason,
                self._at,
                run.created_by_id,
            ],
        )
        batch_id = cursor.fetchone()[0]
        tags = bookkeeping.Tags(self._slot, batch_id, run.period, run.booked_period, self._booked_on)
        posting = bookkeeping.book(draft.lines, tags)
        write_posting(cursor, posting, run.pk)
        copy_frame(cursor, drafts.estimates_of(run.pk), draft.rated.estimates.columns, draft.rated.estimates)
        write_findings(cursor, draft.rated, run, draft.row.shard_no)
        cursor.execute(
            "UPDATE ledger_batch SET lines = %s, entries = %s, amount_minor = %s WHERE id = %s",
            [posting.lines.height, posting.entries.height, posting.amount_minor, batch_id],
        )
        cursor.execute(
            "UPDATE charging_runshard SET done = true, lines = %s, batch_id = %s WHERE id = %s",
            [posting.lines.height, batch_id, draft.row.pk],
        )
        self._totals.accounts += draft.row.accounts
        self._totals.lines += posting.lines.height
        self._totals.entries += posting.entries.height
        self._totals.amount_minor += posting.amount_minor
        self._totals.exceptions += draft.rated.exceptions.height


def write_posting(cursor: Any, posting: bookkeeping.Posting, run_id: int) -> None:
    """COPY lines, entries and turnovers into the drafts of a run."""
    for book, columns, frame in (
        (drafts.LINES, bookkeeping.LINE_COLUMNS, posting.lines),
        (drafts.ENTRIES, bookkeeping.ENTRY_COLUMNS, posting.entries),
        (drafts.TURNOVERS, bookkeeping.TURNOVER_COLUMNS, posting.turnovers),
    ):
        copy_frame(cursor, drafts.draft_of(book, run_id), columns, frame)


def write_findings(cursor: Any, rated: Rated, run: Run, shard_no: int) -> None:
    """COPY the exceptions and the balances of buildings of a shard."""
    tags = {"run_id": pl.lit(run.pk, dtype=pl.Int64)}
    findings = {
        "charging_runexception": rated.exceptions.with_columns(
            **tags, shard_no=pl.lit(shard_no, dtype=pl.Int32), period=pl.lit(run.period)
        ),
        "charging_buildingbalance": rated.building_balances.with_columns(**tags, period=pl.lit(run.period)),
    }
    for table, rows in findings.items():
        if not rows.is_empty():
            copy_frame(cursor, table, rows.columns, rows)
