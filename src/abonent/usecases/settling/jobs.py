"""All accounts of a supplier settled in the background: shard by shard, each in a transaction of its own.

Whoever posts to many accounts asks for it in the same transaction (`request`). A job that was killed goes on where it
stopped.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from django.db import connection, transaction

from abonent.contexts.payments.models import SettleJob, SettleJobState
from abonent.engine.settle import settle
from abonent.gateways import queue
from abonent.usecases.settling import books
from abonent.usecases.settling.accounts import lock_accounts, policy_on, settle_frame

TASK, QUEUE = "settling.settle", "payments"
SHARD_ACCOUNTS = 100_000
_AT_ONCE = 20_000  # accounts locked together


@dataclass(frozen=True)
class Progress:
    """How far a job is; `accounts_changed` had something to settle."""

    accounts_done: int
    accounts_total: int
    accounts_changed: int


class Busy(Exception):
    """The supplier's accounts are being settled by somebody else at this moment."""


def request(*, supplier_id: int, origin: str, at: datetime) -> None:
    """Ask for a supplier's accounts to be settled once this transaction is in.

    A job that waits already serves for this as well: it is held until the transaction ends, so it cannot begin before.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO payments_settlejob AS j (supplier_id, origin, requests, state, settled_through,
                   accounts_done, accounts_total, accounts_changed, error, requested_at)
               VALUES (%s, %s, 1, 1, 0, 0, 0, 0, '', %s)
               ON CONFLICT (supplier_id) WHERE state = 1 DO UPDATE SET requests = j.requests + 1""",
            [supplier_id, origin[:80], at],
        )
        queue.defer(TASK, queue=QUEUE, lock=f"settling:{supplier_id}", supplier_id=supplier_id)


def unfinished() -> list[int]:
    """Return the suppliers whose accounts wait to be settled."""
    waiting = SettleJob.objects.exclude(state=SettleJobState.DONE).values_list("supplier_id", flat=True)
    return sorted(set(waiting))


def settle_supplier(
    *,
    supplier_id: int,
    booked_on: date,
    clock: Callable[[], datetime],
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> int:
    """Do the supplier's jobs that wait or were stopped; return how many accounts had something to settle.

    Raises Busy when another process is at it.
    """
    changed = 0
    with _alone(supplier_id):
        while (job := _next(supplier_id, clock())) is not None:
            try:
                changed += _do(job, booked_on, clock, on_progress)
            except Exception as error:
                SettleJob.objects.filter(pk=job.pk).update(error=type(error).__name__[:200])
                raise
    return changed


@contextmanager
def _alone(supplier_id: int) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('settling'), %s)", [supplier_id])
        if not cursor.fetchone()[0]:
            raise Busy
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('settling'), %s)", [supplier_id])


def _next(supplier_id: int, at: datetime) -> SettleJob | None:
    """Return the job that was stopped, or begin the one that waits."""
    with transaction.atomic():
        mine = SettleJob.objects.select_for_update().filter(supplier_id=supplier_id)
        if (stopped := mine.filter(state=SettleJobState.RUNNING).first()) is not None:
            return stopped
        job = mine.filter(state=SettleJobState.WAITING).first()
        if job is not None:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) {_ACCOUNTS}", [supplier_id])
                job.accounts_total = cursor.fetchone()[0]
            job.state, job.started_at = SettleJobState.RUNNING, at
            job.save(update_fields=["state", "started_at", "accounts_total"])
        return job


def _do(
    job: SettleJob, booked_on: date, clock: Callable[[], datetime], on_progress: Callable[[Progress], None]
) -> int:
    changed = 0
    while (shard := _shard(job)).len():
        for accounts in _to_settle(job.supplier_id, shard, booked_on):
            with transaction.atomic(), connection.cursor() as cursor:
                lock_accounts(cursor, accounts)
                settle_frame(
                    cursor,
                    supplier_id=job.supplier_id,
                    account_ids=accounts,
                    origin=job.origin,
                    booked_on=booked_on,
                    actor_id=None,
                    at=clock(),
                )
            changed += accounts.len()
            job.accounts_changed += accounts.len()
        job.settled_through = shard[-1]
        job.accounts_done += shard.len()
        job.error = ""
        job.save(update_fields=["settled_through", "accounts_done", "accounts_changed", "error"])
        on_progress(Progress(job.accounts_done, job.accounts_total, job.accounts_changed))
    job.state, job.finished_at = SettleJobState.DONE, clock()
    job.save(update_fields=["state", "finished_at"])
    return changed


def _shard(job: SettleJob) -> pl.Series:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT a.id {_ACCOUNTS} AND a.id > %s ORDER BY a.id LIMIT %s",
            [job.supplier_id, job.settled_through, SHARD_ACCOUNTS],
        )
        return pl.Series("account_id", [row[0] for row in cursor.fetchall()], dtype=pl.Int64)


def _to_settle(supplier_id: int, shard: pl.Series, booked_on: date) -> list[pl.Series]:
    """Return the accounts of a shard that have something to settle, in parts that share few locks.

    Nothing is locked while they are looked for: what is found is looked at again when it is settled.
    """
    with transaction.atomic(), connection.cursor() as cursor, books.listed(cursor, shard) as accounts:
        policy = policy_on(cursor, supplier_id, booked_on)
        found = books.read(cursor, f"account_id BETWEEN {shard[0]} AND {shard[-1]} AND {accounts}")
    made = settle(*found.frames, policy=policy)
    wanted = made.select(pl.col("account_id").unique()).sort(
        pl.col("account_id") % books.BUCKETS, "account_id"
    )
    return [part["account_id"].sort() for part in wanted.iter_slices(_AT_ONCE)]


_ACCOUNTS = """FROM contracts_account a JOIN places_building o ON o.id = a.building_id
    JOIN parties_branch b ON b.id = o.branch_id WHERE b.supplier_id = %s"""
