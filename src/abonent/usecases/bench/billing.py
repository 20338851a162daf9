"""A month billed from readings to posted entries, against the floor of copying the same rows and computing nothing.

The floor is what no billing can do without: the rows that the run reads, copied out of PostgreSQL, and at the same
time the rows that it wrote, copied byte for byte into identical tables with identical indexes and constraints.
"""

import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

import polars as pl
import psycopg
from django.db import connection

from abonent.contexts.charging.models import BillingPeriod, Run, RunShard
from abonent.engine.frames import Schema, empty
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, packs
from abonent.usecases.bench.memory import peak_memory
from abonent.usecases.billing_run import drafts
from abonent.usecases.billing_run.extract import extract
from abonent.usecases.billing_run.shards import dsn, known_until, windows

_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class BillingFigures:
    """Seconds on the wall; `ratio` is seconds ÷ floor_seconds; memory of this process at its highest."""

    accounts: int
    lines: int
    entries: int
    seconds: float
    accounts_per_second: float
    floor_seconds: float
    ratio: float
    peak_rss_mb: int
    phases: dict[str, float]
    floor_phases: dict[str, float]
    exceptions: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    *,
    supplier_id: int,
    month: Month,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    on_progress: Callable[[billing_run.Progress], None] = lambda progress: None,
) -> BillingFigures:
    """Bill `month` for the whole supplier and post it, measure the floor, then take the run back out of the way.

    For a database that is nothing but a bench: what the run posted is dropped afterwards, so that it can be repeated.
    """
    BillingPeriod.objects.get_or_create(supplier_id=supplier_id, month=month.first_day)
    _forget_runs(month)
    _settle()
    phases: dict[str, float] = {}
    with peak_memory() as peak:
        begun = perf_counter()
        run_id = billing_run.create(
            scope=billing_run.Scope(supplier_id),
            period=month,
            at=clock(),
            pack_version=packs.pack().version,
            parameter_hash=parameters.hash,
        )
        phases["plan"] = perf_counter() - begun
        rated = billing_run.rate(
            run_id, parameters=parameters, clock=clock, on_progress=on_progress, mass_accounts=0
        )
        phases |= {f"{name} (busy)": seconds for name, seconds in rated.items()}
        before = perf_counter()
        billing_run.approve(run_id=run_id, actor_id=None, at=clock())
        phases["approve"] = perf_counter() - before
        seconds = perf_counter() - begun
    run = Run.objects.get(pk=run_id)
    assert run.slot is not None
    floor = _floor(run, month)
    figures = BillingFigures(
        accounts=run.accounts_total,
        lines=run.lines,
        entries=run.entries,
        seconds=round(seconds, 2),
        accounts_per_second=round(run.accounts_total / seconds),
        floor_seconds=round(floor["total"], 2),
        ratio=round(seconds / floor["total"], 2),
        peak_rss_mb=peak(),
        phases={name: round(value, 2) for name, value in phases.items()},
        floor_phases={name: round(value, 2) for name, value in floor.items()},
        exceptions=run.exceptions,
    )
    _forget_runs(month)
    return figures


def _settle() -> None:
    """Start from a quiet server: what earlier work left to write is written before the clock starts."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def _forget_runs(month: Month) -> None:
    with connection.cursor() as cursor:
        for run in Run.objects.filter(period=month.first_day):
            drafts.drop_drafts(cursor, run.pk)
            for book in drafts.BOOKS:
                if run.slot and run.slot >= drafts.MASS_SLOT:
                    cursor.execute(f"DROP TABLE IF EXISTS {book.table}_{run.slot}")
            cursor.execute("DELETE FROM ledger_batch WHERE origin = %s", [f"run:{run.pk}"])
            # assumed readings are history that nothing deletes: they are taken out of the way instead
            cursor.execute(
                "UPDATE metering_reading SET status = 4 WHERE run_id = %s AND status = 1", [run.pk]
            )
            for table in ("runexception", "buildingbalance", "runshard"):
                cursor.execute(f"DELETE FROM charging_{table} WHERE run_id = %s", [run.pk])
            cursor.execute("DELETE FROM charging_run WHERE id = %s", [run.pk])


def _floor(run: Run, month: Month) -> dict[str, float]:
    """Copy the run's inputs out and its outputs in, side by side as the run does; return seconds."""
    queries = _input_queries(run, month)
    with tempfile.TemporaryDirectory() as folder:
        files = {book.table: Path(folder) / book.table for book in drafts.BOOKS}
        with psycopg.connect(dsn(), autocommit=True) as reader:
            for table in files:  # the server's own upkeep of what the run wrote is no part of the floor
                reader.execute(f"ALTER TABLE {table}_{run.slot} SET (autovacuum_enabled = false)")
            for table, file in files.items():
                _copy_out(reader, f"SELECT * FROM {table}_{run.slot}", file)
        _settle()
        phases: dict[str, float] = {}
        failures: list[BaseException] = []

        def inputs() -> None:
            begun = perf_counter()
            try:
                with psycopg.connect(dsn()) as reader:
                    for query in queries:
                        _copy_out(reader, query, None)
            except BaseException as failure:
                failures.append(failure)
            phases["extract (busy)"] = perf_counter() - begun

        begun = perf_counter()
        thread = threading.Thread(target=inputs)
        thread.start()
        with psycopg.connect(dsn()) as writer, writer.cursor() as cursor:
            drafts.make_drafts(cursor, 0, run.slot or 0)
            for book in drafts.BOOKS:
                with files[book.table].open("rb") as rows:
                    _copy_in(cursor, drafts.draft_of(book, 0), rows)
            phases["write (busy)"] = perf_counter() - begun
            before = perf_counter()
            drafts.index_drafts(cursor, 0)
            phases["index (busy)"] = perf_counter() - before
            before = perf_counter()
            writer.commit()
            phases["commit"] = perf_counter() - before
        thread.join()
        phases["total"] = perf_counter() - begun
        with connection.cursor() as cleaner:
            drafts.drop_drafts(cleaner, 0)
    if failures:
        raise failures[0]
    return phases


def _input_queries(run: Run, month: Month) -> list[str]:
    """Return the very queries by which the run reads its shards, without what depends on rows read before."""
    queries: list[str] = []

    def note(query: str, schema: Schema) -> pl.DataFrame:
        queries.append(query)
        return empty(schema)

    for shard in RunShard.objects.filter(run=run, listed=False).order_by("shard_no"):
        for window in windows(run, shard, note):
            extract(note, window, (month,), supplier_id=run.supplier_id, known_until=known_until(run))
    return queries


def _copy_out(reader: psycopg.Connection[Any], query: str, file: Path | None) -> None:
    with reader.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
        if file is None:
            for _ in copy:
                pass
            return
        with file.open("wb") as target:
            for chunk in copy:
                target.write(chunk)


def _copy_in(cursor: Any, table: str, file: BinaryIO) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
        while chunk := file.read(4 * _MEGABYTE):
            copy.write(chunk)
