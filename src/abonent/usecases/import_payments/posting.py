"""A file's rows into the books: shards of whole accounts, each one transaction, two of them at a time.

A shard brings payments, entries, turnovers and allocations together or not at all; its batch, `payments:<file>` with
the shard's number, says that it was done. Whatever was killed half-way is finished by posting the file again.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from time import perf_counter
from typing import Any

import polars as pl
import psycopg
from psycopg.errors import UniqueViolation

from abonent.contexts.charging import days
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.ledger.operations import add_turnovers
from abonent.contexts.payments.models import PaymentFile, PaymentState
from abonent.gateways.bulk_load import copy_frame
from abonent.kernel.periods import Month
from abonent.usecases import settling
from abonent.usecases.billing_run.shards import dsn
from abonent.usecases.import_payments.judging import known_keys
from abonent.usecases.import_payments.model import FileBusy
from abonent.usecases.settling.books import BUCKETS

SHARD_ROWS = 65_536
"""Rows a shard aims at: one transaction, small enough to be done again."""
PARALLEL = 2
_LOCK = 0x50415946  # of a file being posted or reversed; any number no other lock uses
_ATTEMPTS = 3
_ELECTRICITY = 1
_PAYMENT_COLUMNS = [
    "supplier_id",
    "agent_id",
    "file_id",
    "row_no",
    "bank_line_id",
    "key",
    "external_id",
    "account_id",
    "paid_on",
    "booked_on",
    "amount_minor",
    "commission_minor",
    "payer",
    "payer_inn",
    "account_text",
    "address",
    "purpose",
    "named_period",
    "recognition",
    "confidence",
    "state",
    "slot",
    "batch_id",
    "entry_no",
    "created_at",
    "created_by_id",
]
_ENTRY_COLUMNS = [
    "slot",
    "batch_id",
    "entry_no",
    "account_id",
    "service",
    "kind",
    "period",
    "booked_on",
    "amount_minor",
]


@dataclass(frozen=True, kw_only=True)
class Tags:
    """What every row of a file carries into the books."""

    file_id: int
    supplier_id: int
    agent_id: int
    booked_on: date
    actor_id: int | None
    at: datetime

    @property
    def origin(self) -> str:
        return origin_of(self.file_id)

    @property
    def slot(self) -> int:
        return int(Month.of(self.booked_on))

    @classmethod
    def of(cls, file: PaymentFile) -> "Tags":
        return cls(
            file_id=file.pk,
            supplier_id=file.supplier_id,
            agent_id=file.agent_id,
            booked_on=file.booked_on,
            actor_id=file.received_by_id,
            at=file.received_at,
        )


def origin_of(file_id: int) -> str:
    """Return what the batches and settlements of a file are called."""
    return f"payments:{file_id}"


def shards_for(rows: int, shard_rows: int | None = None) -> int:
    """Return into how many shards a file of so many rows is cut."""
    return max(1, -(-rows // (shard_rows or SHARD_ROWS)))


@contextmanager
def alone(file: PaymentFile) -> Iterator[None]:
    """Be the only one to post or reverse a file, while no days are locked. Raises FileBusy."""
    with psycopg.connect(dsn(), autocommit=True) as holder:
        taken = holder.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, file.pk]).fetchone()
        if not taken or not taken[0]:
            raise FileBusy(file.pk)
        holder.execute("SELECT pg_advisory_lock_shared(%s, %s)", [days.LOCK_CLASS, file.supplier_id])
        try:
            yield
        finally:
            # both end with the connection, also when we are killed; but the server takes a moment to notice
            with suppress(psycopg.Error):
                holder.execute("SELECT pg_advisory_unlock_all()")


def cut(rows: pl.DataFrame, shards: int) -> pl.DataFrame:
    """Add `shard`: whole buckets of accounts, so that no two shards ever wait for one another; sorted by account."""
    bucket = pl.col("account_id") % BUCKETS * shards // BUCKETS
    spread = pl.col("row_no") % shards
    return rows.with_columns(
        shard=pl.when(pl.col("account_id").is_null()).then(spread).otherwise(bucket).cast(pl.Int32) + 1
    ).sort("shard", "account_id", "row_no", nulls_last=True)


def done_shards(file_id: int) -> set[int]:
    """Return the shards of a file that are in the books."""
    with psycopg.connect(dsn()) as connection:
        found = connection.execute(
            "SELECT shard_no FROM ledger_batch WHERE origin = %s", [origin_of(file_id)]
        )
        return {shard_no for (shard_no,) in found}


def post_shards(
    shards: dict[int, pl.DataFrame], tags: Tags, *, on_shard: Callable[[int], None]
) -> dict[str, float]:
    """Post shards of rows (see `cut`), two at a time; return the seconds spent, over both, by step.

    `on_shard` is called with the rows of each that is done.
    """
    spent: dict[str, float] = {}
    with ThreadPoolExecutor(min(PARALLEL, len(shards)), thread_name_prefix="payments") as pool:
        coming = {pool.submit(_post, number, rows, tags): rows.height for number, rows in shards.items()}
        try:
            for count, done in enumerate(as_completed(coming), start=1):
                for name, seconds in done.result().items():
                    spent[name] = spent.get(name, 0.0) + seconds
                on_shard(coming[done])
                if count < len(shards) and count.bit_count() == 1:
                    _tell_planner(tags.slot)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return spent


def _tell_planner(slot: int) -> None:
    """Let the planner know how many rows there are by now: it would go on as if the tables were nearly empty."""
    tables = [f"{table}_{slot}" for table in ("ledger_entry", "payments_allocation")]
    with psycopg.connect(dsn(), autocommit=True) as connection:
        connection.execute("ANALYZE payments_payment, " + ", ".join(tables))


def _post(number: int, rows: pl.DataFrame, tags: Tags) -> dict[str, float]:
    for attempt in range(_ATTEMPTS):
        try:
            with psycopg.connect(dsn()) as connection, connection.cursor() as cursor:
                return _post_in(cursor, number, rows, tags)
        except UniqueViolation:
            # another file brought an unidentified row of ours meanwhile: look again what is known
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _post_in(cursor: Any, number: int, rows: pl.DataFrame, tags: Tags) -> dict[str, float]:
    spent: dict[str, float] = {}
    begun = perf_counter()

    def step(name: str) -> None:
        nonlocal begun
        now = perf_counter()
        spent[name] = now - begun
        begun = now

    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{tags.origin}:{number}"])
    cursor.execute("SELECT 1 FROM ledger_batch WHERE origin = %s AND shard_no = %s", [tags.origin, number])
    if cursor.fetchone():
        return spent
    account_ids = rows["account_id"].drop_nulls().unique().sort()
    settling.lock_accounts(cursor, account_ids)
    known = known_keys(cursor, tags.supplier_id, rows["key"])
    new = rows.join(known, on="key", how="anti", maintain_order="left")
    step("lock")
    posted = new.filter(pl.col("account_id").is_not_null())
    batch_id = insert_batch(cursor, number, tags, posted)
    numbered = posted.with_row_index("entry_no", offset=1).with_columns(
        slot=pl.lit(tags.slot), batch_id=pl.lit(batch_id), state=pl.lit(int(PaymentState.POSTED))
    )
    waiting = new.filter(pl.col("account_id").is_null()).with_columns(
        state=pl.lit(int(PaymentState.UNIDENTIFIED))
    )
    _copy_payments(cursor, pl.concat([numbered, waiting], how="diagonal_relaxed"), tags)
    step("payments")
    if posted.height:
        copy_entries(cursor, numbered, tags.booked_on, sign=-1)
        step("entries")
        add_turnovers(cursor, slot=tags.slot, batch_id=batch_id, booked_period=Month.of(tags.booked_on))
        step("turnovers")
        settling.settle_frame(
            cursor,
            supplier_id=tags.supplier_id,
            account_ids=posted["account_id"].unique().sort(),
            origin=tags.origin,
            booked_on=tags.booked_on,
            actor_id=tags.actor_id,
            at=tags.at,
        )
        step("allocations")
    cursor.execute(
        "UPDATE payments_paymentfile SET shards_done = shards_done + 1 WHERE id = %s", [tags.file_id]
    )
    cursor.connection.commit()
    step("commit")
    return spent


def insert_batch(
    cursor: Any,
    number: int,
    tags: Tags,
    rows: pl.DataFrame,
    *,
    origin: str = "",
    sign: int = -1,
    reason: str = "",
) -> int:
    """Write the head of a batch with the control totals of its rows; return it."""
    cursor.execute(
        "INSERT INTO ledger_batch (slot, origin, shard_no, booked_period, booked_on, state, lines, entries, "
        "amount_minor, reason, created_at, author_id) "
        "VALUES (%s, %s, %s, %s, %s, 2, 0, %s, %s, %s, %s, %s) RETURNING id",
        [
            tags.slot,
            origin or tags.origin,
            number,
            tags.booked_on.replace(day=1),
            tags.booked_on,
            rows.height,
            sign * int(rows["amount_minor"].sum()),
            reason,
            tags.at,
            tags.actor_id,
        ],
    )
    batch_id: int = cursor.fetchone()[0]
    return batch_id


def copy_entries(cursor: Any, rows: pl.DataFrame, booked_on: date, *, sign: int) -> None:
    """Write an entry for each row: below zero for money received."""
    entries = rows.select(
        "slot",
        "batch_id",
        "entry_no",
        "account_id",
        service=pl.lit(_ELECTRICITY),
        kind=pl.lit(int(EntryKind.PAYMENT)),
        period=pl.lit(booked_on.replace(day=1)),
        booked_on=pl.lit(booked_on),
        amount_minor=sign * pl.col("amount_minor"),
    )
    copy_frame(cursor, "ledger_entry", _ENTRY_COLUMNS, entries)


def _copy_payments(cursor: Any, rows: pl.DataFrame, tags: Tags) -> None:
    if rows.is_empty():
        return
    lacking = [name for name in ("slot", "batch_id", "entry_no", "bank_line_id") if name not in rows.columns]
    payments = rows.with_columns(
        *(pl.lit(None, dtype=pl.Int64).alias(name) for name in lacking),
        supplier_id=pl.lit(tags.supplier_id),
        agent_id=pl.lit(tags.agent_id),
        file_id=pl.lit(tags.file_id),
        booked_on=pl.lit(tags.booked_on),
        created_at=pl.lit(tags.at.isoformat()),
        created_by_id=pl.lit(tags.actor_id, dtype=pl.Int64),
    )
    copy_frame(cursor, "payments_payment", _PAYMENT_COLUMNS, payments)
