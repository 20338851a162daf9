"""Rating a run: shard after shard out of the database, through the rules, into the drafts.

One thread reads ahead, one rates, one writes; the writer's transaction holds the whole draft, so a run that is killed
leaves no line behind and is simply rated again. Whole buildings that wait of earlier months go first, then the month
that is billed, then the premises that wait, with those whose gap a reading of this month closed; each on a snapshot of
its own, taken when their months are claimed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from time import perf_counter
from typing import Any

import polars as pl
import psycopg
from django.db import OperationalError, connection, transaction
from django.utils.timezone import localdate

from abonent.contexts.charging.models import RecalculationCause, Run, RunKind, RunShard, RunState
from abonent.engine.frames import Rated
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import packs
from abonent.usecases.billing_run import bookkeeping, drafts, gaps, plan, shards, waiting
from abonent.usecases.billing_run.carrying import Carrying
from abonent.usecases.billing_run.extract import Reader
from abonent.usecases.billing_run.refusals import WrongState
from abonent.usecases.billing_run.shards import Part, Shard
from abonent.usecases.billing_run.waiting import Takes
from abonent.usecases.billing_run.writing import Draft, Totals, Writer

MASS_ACCOUNTS = 20_000
"""From this size on a run brings its own partitions; smaller ones share those of their month."""


@dataclass(frozen=True)
class Progress:
    """Where a run is: accounts rated so far, month by month, out of `accounts_total`."""

    accounts_done: int
    accounts_total: int
    lines: int
    seconds: float


def booking_day(run: Run, today: date) -> date:
    """Return today where it lies in the month the run is booked in, else the nearest day of that month."""
    booked = Month.of(run.booked_period)
    return min(max(today, booked.first_day), booked.last_day)


def difference_to_books(run: Run, month: Month, rated: Rated, posted: pl.DataFrame) -> pl.DataFrame:
    """Return the lines a run adds to a month. What is parked keeps its lines; so do shares of a parked building."""
    kind = bookkeeping.CHARGE if month.first_day == run.booked_period else bookkeeping.RECALCULATION
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


def of_account(rated: Rated, account_id: int) -> Rated:
    """Return what concerns one of the accounts of a premise."""
    mine = pl.col("account_id") == account_id
    return replace(rated, lines=rated.lines.filter(mine), exceptions=rated.exceptions.filter(mine))


def rate(
    run_id: int,
    *,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    on_progress: Callable[[Progress], None] = lambda progress: None,
    mass_accounts: int = MASS_ACCOUNTS,
) -> dict[str, float]:
    """Rate a draft (again); return the seconds spent by phase.

    Raises WrongState when the run is posted, cancelled or being rated by somebody else, ScopeBusy when another run
    took a month that waits. Any failure leaves the run FAILED with its reason and no line of it anywhere.
    """
    with _alone(run_id) as writer:
        run = Run.objects.get(pk=run_id)
        if run.state not in (RunState.DRAFT, RunState.RATING, RunState.RATED, RunState.FAILED):
            raise WrongState(f"Run #{run_id} is {run.get_state_display()} and cannot be rated again")
        _unlist(run)  # what it listed when it was rated before, or when its process was killed
        Run.objects.filter(pk=run_id).update(
            state=RunState.RATING,
            error="",
            accounts_done=0,
            heartbeat_at=clock(),
            parameter_hash=parameters.hash,
        )
        begun, rated_at = perf_counter(), clock()
        slot = _slot(run, mass_accounts)
        try:
            totals = _Rating(run, writer, slot, parameters, clock, on_progress).all()
        except BaseException as error:
            with suppress(psycopg.OperationalError):  # a lost connection has rolled back by itself
                writer.rollback()
            _unlist(run)
            Run.objects.filter(pk=run_id).update(state=RunState.FAILED, error=_reason(error))
            raise
        Run.objects.filter(pk=run_id).update(
            state=RunState.RATED,
            slot=slot,
            rated_at=rated_at,  # what comes in from now on is not in the draft
            lines=totals.lines,
            entries=totals.entries,
            amount_minor=totals.amount_minor,
            exceptions=totals.exceptions,
            accounts_done=totals.accounts,
            seconds=perf_counter() - begun,
        )
    return totals.phases


def _by_month(rows: Iterable[RunShard]) -> list[RunShard]:
    return sorted(rows, key=lambda row: (row.period, row.shard_no))


def _unlist(run: Run) -> None:
    """Give back the earlier months a billing run took along; a recalculation keeps what it was made for."""
    if run.kind == RunKind.RECALCULATION:
        return
    waiting.unlist(run)
    plan.add_up_accounts(run)


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


@contextmanager
def _alone(run_id: int) -> Iterator[psycopg.Connection[Any]]:
    """Yield the writer's connection, which holds the run for itself until it closes, or its process dies."""
    with psycopg.connect(shards.dsn(), autocommit=False) as writer:
        row = writer.execute("SELECT pg_try_advisory_lock(hashtext('billing_run'), %s)", [run_id]).fetchone()
        writer.commit()
        if not (row and row[0]):
            raise WrongState(f"Run #{run_id} is being rated at this moment")
        try:
            yield writer
        finally:  # at once: a connection that is closed lets go a moment later
            with suppress(psycopg.OperationalError):
                writer.rollback()
                writer.execute("SELECT pg_advisory_unlock(hashtext('billing_run'), %s)", [run_id])
                writer.commit()


class _Rating:
    """One rating of a run from its first shard to the commit of its draft."""

    def __init__(
        self,
        run: Run,
        writer: psycopg.Connection[Any],
        slot: int,
        parameters: ParameterSet,
        clock: Callable[[], datetime],
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._run, self._parameters, self._clock, self._on_progress = run, parameters, clock, on_progress
        self._pack = packs.pack(run.pack)
        self._begun = perf_counter()
        self._totals = Totals()
        self._sink = Writer(run, writer, slot, booking_day(run, localdate(clock())), clock(), self._totals)
        self._reopened: list[pl.DataFrame] = []
        self._carrying = Carrying()

    def all(self) -> Totals:
        run = self._run
        with self._sink:
            if run.kind == RunKind.RECALCULATION:
                with transaction.atomic(), connection.cursor() as cursor:
                    waiting.claim_twins(cursor, run)
                self._rate(_by_month(run.shards.filter(listed=True)))
            else:
                self._rate(self._list_buildings(), Takes.BUILDINGS)
                self._rate(list(run.shards.filter(listed=False).order_by("shard_no")))
                self._rate(self._list_premises(), Takes.PREMISES)
        self._on_progress(self._progress())
        return self._totals

    def _rate(self, rows: list[RunShard], takes: Takes = Takes.EVERYTHING) -> None:
        if not rows:
            return
        with shards.ahead(rows, partial(self._load, takes=takes)) as source:
            for shard in source:
                with self._totals.timed("rate"):
                    draft = self._draft(shard)
                self._sink.put(draft)
                self._on_progress(self._progress())
                Run.objects.filter(pk=self._run.pk).update(
                    accounts_done=self._totals.accounts,
                    lines=self._totals.lines,
                    heartbeat_at=self._clock(),
                )

    def _load(self, row: RunShard, read: Reader, takes: Takes) -> Shard:
        with self._totals.timed("extract"):
            return shards.load(self._run, row, read, takes)

    def _draft(self, shard: Shard) -> Draft:
        rated = tuple(self._rate_part(shard, part) for part in shard.parts)
        if not shard.row.listed:
            self._reopened += [one.reopened for one in rated]
        lines = [
            difference_to_books(self._run, shard.month, one, part.posted)
            for one, part in zip(rated, shard.parts, strict=True)
        ]
        return Draft(shard.row, rated, pl.concat(lines))

    def _rate_part(self, shard: Shard, part: Part) -> Rated:
        inputs = self._carrying.into(part.inputs, shard.month)
        rated = self._pack.rate(
            inputs, self._parameters, shard.month, with_common_needs=part.with_common_needs
        )
        if part.balances is not None:
            self._carrying.add(shard.month, rated.building_balances, part.balances)
        return rated if part.account_id is None else of_account(rated, part.account_id)

    def _list_buildings(self) -> list[RunShard]:
        """Claim what waits of the month and of earlier ones; list the whole buildings among it.

        They go first: what a month of a building leaves over is carried into the next one.
        """
        run = self._run
        if run.account_id is not None:  # one account of a premise does not settle the premise
            return []
        with transaction.atomic(), connection.cursor() as cursor:
            gaps.note_of_buildings(cursor, run, at=self._clock())
            waiting.claim_month(cursor, run)
            waiting.claim(cursor, run, last=Month.of(run.period).previous())
            made = waiting.make_shards(cursor, run, takes=Takes.BUILDINGS)
        plan.add_up_accounts(run)
        return _by_month(made)

    def _list_premises(self) -> list[RunShard]:
        """List the premises that wait, with those whose gap a reading of this month closed.

        A gap in a building that was rated as a whole needs no more: whoever took the reading since has noted it.
        """
        run, before = self._run, Month.of(self._run.period).previous()
        with transaction.atomic(), connection.cursor() as cursor:
            gaps.note_of_premises(cursor, run, self._reopened, at=self._clock())
            if run.account_id is not None:
                return []
            waiting.claim(
                cursor, run, last=before, causes=[RecalculationCause.GAP_CLOSED], beside_buildings=True
            )
            made = waiting.make_shards(cursor, run, takes=Takes.PREMISES)
        plan.add_up_accounts(run)
        return _by_month(made)

    def _progress(self) -> Progress:
        return Progress(
            self._totals.accounts,
            self._run.accounts_total,
            self._totals.lines,
            perf_counter() - self._begun,
        )
