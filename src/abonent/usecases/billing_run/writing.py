"""Drafts into the database: one writer, one transaction, all shards or none."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from time import perf_counter
from typing import Any

import polars as pl
import psycopg

from abonent.contexts.charging.models import Run, RunShard
from abonent.engine.frames import Rated
from abonent.gateways.bulk_load import copy_frame
from abonent.usecases.billing_run import bookkeeping, drafts


@dataclass
class Totals:
    """What was rated and written so far, and the seconds it took by phase."""

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
class Draft:
    """One shard rated and ready to be written."""

    row: RunShard
    rated: tuple[Rated, ...]
    lines: pl.DataFrame


class Writer:
    """Writes drafts in a thread of its own, in one transaction, and commits when all of them are in."""

    def __init__(
        self,
        run: Run,
        writer: psycopg.Connection[Any],
        slot: int,
        booked_on: date,
        at: datetime,
        totals: Totals,
    ) -> None:
        self._run, self._writer, self._slot, self._booked_on, self._at = run, writer, slot, booked_on, at
        self._totals = totals
        self._added: list[int] = []  # batches of accounts that other batches may hold as well
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
                drafts.index_drafts(
                    cursor, self._run.pk, booked_period=self._run.booked_period, added=self._added
                )
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
        run, row = self._run, draft.row
        cursor.execute(
            "INSERT INTO ledger_batch (slot, origin, shard_no, booked_period, booked_on, state, lines, entries, "
            "amount_minor, reason, created_at, author_id) "
            "VALUES (%s, %s, %s, %s, %s, 1, 0, 0, 0, %s, %s, %s) RETURNING id",
            [
                self._slot,
                f"run:{run.pk}",
                row.shard_no,
                run.booked_period,
                self._booked_on,
                run.reason,
                self._at,
                run.created_by_id,
            ],
        )
        batch_id = cursor.fetchone()[0]
        tags = bookkeeping.Tags(self._slot, batch_id, row.period, run.booked_period, self._booked_on)
        posting = bookkeeping.book(draft.lines, tags)
        books = {
            drafts.LINES: (bookkeeping.LINE_COLUMNS, posting.lines),
            drafts.ENTRIES: (bookkeeping.ENTRY_COLUMNS, posting.entries),
        }
        if row.listed:
            self._added.append(batch_id)
        else:
            books[drafts.TURNOVERS] = (bookkeeping.TURNOVER_COLUMNS, posting.turnovers)
        for book, (columns, frame) in books.items():
            copy_frame(cursor, drafts.draft_of(book, run.pk), columns, frame)
        for rated in draft.rated:
            estimates = estimates_of(rated, row)
            copy_frame(cursor, drafts.estimates_of(run.pk), estimates.columns, estimates)
            write_findings(cursor, rated, run.pk, row)
            self._totals.exceptions += rated.exceptions.height
        cursor.execute(
            "UPDATE ledger_batch SET lines = %s, entries = %s, amount_minor = %s WHERE id = %s",
            [posting.lines.height, posting.entries.height, posting.amount_minor, batch_id],
        )
        cursor.execute(
            "UPDATE charging_runshard SET done = true, lines = %s, batch_id = %s WHERE id = %s",
            [posting.lines.height, batch_id, row.pk],
        )
        self._totals.accounts += row.accounts
        self._totals.lines += posting.lines.height
        self._totals.entries += posting.entries.height
        self._totals.amount_minor += posting.amount_minor


def estimates_of(rated: Rated, row: RunShard) -> pl.DataFrame:
    """Return the readings a shard assumed with the month they are of, as the drafts hold them."""
    return rated.estimates.with_columns(period=pl.lit(row.period))


def write_findings(cursor: Any, rated: Rated, run_id: int, row: RunShard) -> None:
    """COPY the exceptions and the balances of buildings of a shard."""
    tags = {"run_id": pl.lit(run_id, dtype=pl.Int64), "period": pl.lit(row.period)}
    findings = {
        "charging_runexception": rated.exceptions.with_columns(
            **tags, shard_no=pl.lit(row.shard_no, dtype=pl.Int32)
        ),
        "charging_buildingbalance": rated.building_balances.with_columns(**tags),
    }
    for table, rows in findings.items():
        if not rows.is_empty():
            copy_frame(cursor, table, rows.columns, rows)
