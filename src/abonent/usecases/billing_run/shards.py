"""Shards out of the database: what the rules read about each, and what the books say of it already."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connection

from abonent.contexts.charging.models import Run, RunShard
from abonent.engine.frames import Inputs, Schema
from abonent.gateways import columnar, database_server
from abonent.kernel.periods import Month
from abonent.usecases import packs
from abonent.usecases.billing_run import waiting
from abonent.usecases.billing_run.carrying import standing_balances
from abonent.usecases.billing_run.extract import Reader, Window, extract, whole_premises
from abonent.usecases.billing_run.history import standing_lines
from abonent.usecases.billing_run.waiting import Takes

_READ_AHEAD = 2


@dataclass(frozen=True)
class Part:
    """Buildings with their common needs, or premises alone: the shares of their buildings stay as they were posted."""

    inputs: Inputs
    posted: pl.DataFrame
    with_common_needs: bool
    account_id: int | None = None  # of the premise's accounts only this one is charged
    balances: pl.DataFrame | None = None  # of the buildings, as they stand


@dataclass(frozen=True)
class Shard:
    """One shard read from the database."""

    row: RunShard
    parts: tuple[Part, ...]

    @property
    def month(self) -> Month:
        return Month.of(self.row.period)


def dsn() -> str:
    """Return the address of the database Django works on."""
    return database_server.dsn(database=str(connection.settings_dict["NAME"]))


def known_until(run: Run) -> date:
    """Return the first day whose readings the run does not know: that after the month it is booked in."""
    return Month.of(run.booked_period).next().first_day


def windows(run: Run, row: RunShard, read: Reader, takes: Takes = Takes.EVERYTHING) -> Iterator[Window]:
    """Yield what a shard reads: its buildings, or of them what waits or what concerns the run's account."""
    first, last = row.buildings.lower, row.buildings.upper - 1
    if row.listed:
        with connection.cursor() as cursor:
            chosen = waiting.listed(cursor, row, takes)
        if chosen.building_ids:
            yield Window(row.branch_id, first, last, building_ids=chosen.building_ids)
        if chosen.premise_ids:
            yield Window(row.branch_id, first, last, premise_ids=whole_premises(read, chosen.premise_ids))
    elif run.account is not None:
        yield Window(row.branch_id, first, last, premise_ids=whole_premises(read, [run.account.premise_id]))
    else:
        yield Window(row.branch_id, first, last)


def load(run: Run, row: RunShard, read: Reader, takes: Takes = Takes.EVERYTHING) -> Shard:
    """Read a shard through `read`; `takes`: of what waits, the buildings or the premises."""
    month, pack = Month.of(row.period), packs.pack(run.pack)
    parts = []
    account_id = None if row.listed else run.account_id
    for window in windows(run, row, read, takes):
        whole = window.premise_ids is None
        inputs = extract(read, window, (month,), supplier_id=run.supplier_id, known_until=known_until(run))
        posted = standing_lines(
            read, window, (month,), accounts=row.accounts, without=() if whole else pack.shared_rules
        )
        if account_id is not None:
            posted = posted.filter(pl.col("account_id") == account_id)
        balances = standing_balances(read, window, month) if whole and row.listed else None
        parts.append(Part(inputs, posted, whole, account_id, balances))
    return Shard(row, tuple(parts))


@contextmanager
def ahead(
    rows: Sequence[RunShard], on_load: Callable[[RunShard, Reader], Shard]
) -> Iterator[Iterator[Shard]]:
    """Read shards ahead of their rating in a thread of their own, all in one snapshot."""
    with columnar.snapshot(dsn()) as reader, ThreadPoolExecutor(1, thread_name_prefix="extract") as pool:

        def read(query: str, schema: Schema) -> pl.DataFrame:
            return columnar.read_frame(reader, query, schema)

        def begin(row: RunShard) -> Shard:
            try:
                return on_load(row, read)
            finally:
                connection.close()  # this thread's own, which looked up what waits and what stands

        def shards() -> Iterator[Shard]:
            loading: list[Future[Shard]] = []
            rest = iter(rows)
            for row in rest:
                loading.append(pool.submit(begin, row))
                if len(loading) >= _READ_AHEAD:
                    break
            while loading:
                done = loading.pop(0).result()
                if (following := next(rest, None)) is not None:
                    loading.append(pool.submit(begin, following))
                yield done

        try:
            yield shards()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
