"""A whole file taken back: its payments reversed in the books, its allocations taken back, shard by shard.

Nothing is deleted. The keys of its payments become others, so that the corrected file can bring the same rows again.
Like posting, it is finished by calling it again after whatever stopped it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import polars as pl
import psycopg
from django.db import connection, transaction
from django.db.models import Count, Sum

from abonent.contexts.ledger.operations import add_turnovers
from abonent.contexts.ledger.partitions import ensure_shared_slot
from abonent.contexts.payments.models import (
    BankLine,
    BankLineState,
    ChangeKind,
    Payment,
    PaymentChange,
    PaymentFile,
    PaymentFileState,
    PaymentState,
    Reconciliation,
)
from abonent.gateways.bulk_load import copy_frame
from abonent.kernel.periods import Month
from abonent.usecases import settling
from abonent.usecases.billing_run.shards import dsn
from abonent.usecases.import_payments import posting
from abonent.usecases.import_payments.model import FileRefused, Progress
from abonent.usecases.settling.books import BUCKETS
from abonent.usecases.take_payment import require_day

_TABLES = ("ledger_entry", "ledger_turnover", "payments_allocation")
_MOVED = (ChangeKind.REFUND, ChangeKind.TRANSFER)
_CHANGE_COLUMNS = [
    "payment_id",
    "kind",
    "amount_minor",
    "reason",
    "document",
    "slot",
    "batch_id",
    "booked_on",
    "made_at",
    "made_by_id",
]


def reverse_file(
    *,
    file_id: int,
    reason: str,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> int:
    """Take the payments of a file back; return how many. A file that is reversed is left as it is.

    One whose posting cannot go on is taken out so: what of it was posted is taken back.
    Raises FileBusy, FileRefused (changed, no_reason), DayLocked, PeriodClosed; then nothing is changed.
    """
    file = PaymentFile.objects.get(pk=file_id)
    if file.state == PaymentFileState.REVERSED:
        return 0
    if not reason.strip():
        raise FileRefused("no_reason")
    with posting.alone(file):
        file.refresh_from_db()
        if file.state == PaymentFileState.REVERSED:
            return 0
        _require_reversible(file)
        with transaction.atomic(), connection.cursor() as cursor:
            require_day(file.supplier_id, booked_on)
            ensure_shared_slot(cursor, Month.of(booked_on), tables=_TABLES)
        tags = replace(posting.Tags.of(file), booked_on=booked_on, actor_id=actor_id, at=at)
        taken_back = 0
        for number in range(1, max(file.shards, 1) + 1):
            taken_back += _reverse_shard(number, file.shards, tags, reason.strip()[:200])
            on_progress(Progress(phase="reversing", rows_done=taken_back, rows=file.rows))
        _finish(file, tags, reason.strip()[:200])
    return taken_back


def _require_reversible(file: PaymentFile) -> None:
    moved = PaymentChange.objects.filter(payment__file=file, kind__in=_MOVED).aggregate(
        rows=Count("payment", distinct=True)
    )["rows"]
    with connection.cursor() as cursor:
        cursor.execute(_STANDING_HEIRS, [file.pk])
        moved += cursor.fetchone()[0]
    if moved:
        raise FileRefused("changed", rows=moved)


def _reverse_shard(number: int, shards: int, tags: posting.Tags, reason: str) -> int:
    origin = f"{tags.origin}:reversal"
    with psycopg.connect(dsn()) as own, own.cursor() as cursor:
        bucket = f"account_id %% {BUCKETS} * {shards} / {BUCKETS}"
        cursor.execute(
            f"SELECT DISTINCT account_id FROM payments_payment WHERE file_id = %s AND state = 2 AND {bucket} = %s",
            [tags.file_id, number - 1],
        )
        settling.lock_accounts(cursor, [account_id for (account_id,) in cursor.fetchall()])
        cursor.execute(
            f"""SELECT p.id, account_id, amount_minor FROM payments_payment p
                WHERE file_id = %s AND state = 2 AND {bucket} = %s ORDER BY account_id, id FOR UPDATE""",
            [tags.file_id, number - 1],
        )
        rows = _left_of(
            cursor,
            pl.DataFrame(
                cursor.fetchall(),
                schema={"payment_id": pl.Int64, "account_id": pl.Int64, "amount_minor": pl.Int64},
                orient="row",
            ),
        )
        if rows.is_empty():
            return 0
        left = rows.filter(pl.col("amount_minor") > 0)
        cursor.execute("SELECT coalesce(max(shard_no), 0) + 1 FROM ledger_batch WHERE origin = %s", [origin])
        ((batch_no,),) = cursor.fetchall()
        batch_id = posting.insert_batch(cursor, batch_no, tags, left, origin=origin, sign=1, reason=reason)
        stands = {"slot": pl.lit(tags.slot), "batch_id": pl.lit(batch_id)}
        numbered = left.with_row_index("entry_no", offset=1).with_columns(**stands)
        posting.copy_entries(cursor, numbered, tags.booked_on, sign=1)
        add_turnovers(cursor, slot=tags.slot, batch_id=batch_id, booked_period=Month.of(tags.booked_on))
        booked = {name: pl.when(pl.col("amount_minor") > 0).then(value) for name, value in stands.items()}
        _note(cursor, rows.with_columns(**booked), ChangeKind.REVERSAL, tags, reason)
        _mark(cursor, rows["payment_id"].to_list(), PaymentState.REVERSED, tags)
        settling.settle_frame(
            cursor,
            supplier_id=tags.supplier_id,
            account_ids=rows["account_id"].unique().sort(),
            origin=origin,
            booked_on=tags.booked_on,
            actor_id=tags.actor_id,
            at=tags.at,
        )
        own.commit()
        return rows.height


def _left_of(cursor: Any, rows: pl.DataFrame) -> pl.DataFrame:
    """Set the sums of payments to what is left, now that they are held: some may have been refunded meanwhile."""
    cursor.execute(
        "SELECT payment_id, sum(amount_minor)::bigint FROM payments_paymentchange "
        "WHERE payment_id = ANY (%s) AND kind IN (2, 3) GROUP BY 1",
        [rows["payment_id"].to_list()],
    )
    gone = pl.DataFrame(cursor.fetchall(), schema={"payment_id": pl.Int64, "gone": pl.Int64}, orient="row")
    return (
        rows.join(gone, on="payment_id", how="left", maintain_order="left")
        .with_columns(amount_minor=pl.col("amount_minor") - pl.col("gone").fill_null(0))
        .drop("gone")
    )


def _finish(file: PaymentFile, tags: posting.Tags, reason: str) -> None:
    """Return what was unidentified, let the bank's documents wait again, and free the file's keys."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, amount_minor FROM payments_payment WHERE file_id = %s AND state = 1 FOR UPDATE",
            [file.pk],
        )
        rows = pl.DataFrame(
            cursor.fetchall(), schema={"payment_id": pl.Int64, "amount_minor": pl.Int64}, orient="row"
        )
        if rows.height:
            _note(cursor, rows, ChangeKind.RETURNED, tags, reason)
            _mark(cursor, rows["payment_id"].to_list(), PaymentState.RETURNED, tags)
        covering = list(Reconciliation.objects.filter(file=file).values_list("bank_line_id", flat=True))
        Reconciliation.objects.filter(bank_line_id__in=covering).delete()
        BankLine.objects.filter(pk__in=covering).update(state=BankLineState.WAITING, decided_at=None)
        lines = BankLine.objects.filter(file=file)
        Reconciliation.objects.filter(bank_line__in=lines).delete()
        lines.update(state=BankLineState.OTHER, note=reason, decided_at=tags.at, decided_by_id=tags.actor_id)
        cursor.execute(
            "UPDATE payments_bankline SET key = md5(key::text || %s)::uuid WHERE file_id = %s",
            [f":reversed:{file.pk}", file.pk],
        )
        if file.state == PaymentFileState.POSTING:
            brought = Payment.objects.filter(file=file).aggregate(
                rows=Count("id"), minor=Sum("amount_minor", default=0)
            )
            PaymentFile.objects.filter(pk=file.pk).update(
                known_rows=file.rows - brought["rows"], known_minor=file.amount_minor - brought["minor"]
            )
        PaymentFile.objects.filter(pk=file.pk).update(
            state=PaymentFileState.REVERSED,
            reversed_at=tags.at,
            reversed_by_id=tags.actor_id,
            reason=reason,
            error="",
        )


def _note(cursor: Any, rows: pl.DataFrame, kind: ChangeKind, tags: posting.Tags, reason: str) -> None:
    posted = "batch_id" in rows.columns
    changes = rows.with_columns(
        kind=pl.lit(int(kind)),
        reason=pl.lit(reason),
        document=pl.lit(""),
        slot=pl.col("slot") if posted else pl.lit(None, dtype=pl.Int32),
        batch_id=pl.col("batch_id") if posted else pl.lit(None, dtype=pl.Int64),
        booked_on=pl.lit(tags.booked_on),
        made_at=pl.lit(tags.at.isoformat()),
        made_by_id=pl.lit(tags.actor_id, dtype=pl.Int64),
    )
    copy_frame(cursor, "payments_paymentchange", _CHANGE_COLUMNS, changes)


def _mark(cursor: Any, payment_ids: list[int], state: PaymentState, tags: posting.Tags) -> None:
    cursor.execute(
        "UPDATE payments_payment SET state = %s, key = md5(key::text || %s)::uuid WHERE id = ANY (%s)",
        [int(state), f":reversed:{tags.file_id}", payment_ids],
    )


# payments taken from a wrong account stand on as others, which have no file: those would stay in the books
_STANDING_HEIRS = """
WITH RECURSIVE heir AS (
    SELECT c.payment_id AS first, c.to_payment_id AS id
    FROM payments_payment p JOIN payments_paymentchange c ON c.payment_id = p.id
    WHERE p.file_id = %s AND c.kind = 1 AND c.to_payment_id IS NOT NULL
    UNION ALL
    SELECT h.first, c.to_payment_id FROM heir h JOIN payments_paymentchange c ON c.payment_id = h.id
    WHERE c.to_payment_id IS NOT NULL
)
SELECT count(DISTINCT h.first) FROM heir h JOIN payments_payment p ON p.id = h.id WHERE p.state IN (1, 2)
"""
