"""A premise on the spot: what its months would be now, and the differences posted in the same transaction.

Only what the premise uses itself is rated. Its shares of the building stay as they were posted: a building is shared
out again by a run over the whole of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.utils.timezone import localdate

from abonent.contexts.charging.models import Run, RunKind, RunShard, RunState
from abonent.contexts.charging.partitions import ensure_shared_slot
from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import Batch, BatchState
from abonent.contexts.ledger.operations import add_turnovers
from abonent.contexts.places.models import Premise
from abonent.engine.frames import Rated, Schema
from abonent.engine.parameters import ParameterSet
from abonent.gateways.bulk_load import copy_frame
from abonent.kernel.periods import Month
from abonent.usecases import packs, settling
from abonent.usecases.billing_run import bookkeeping, drafts, estimates, plan
from abonent.usecases.billing_run.approval import corrected_months
from abonent.usecases.billing_run.claims import claim_shards
from abonent.usecases.billing_run.extract import Window, extract, whole_premises
from abonent.usecases.billing_run.history import standing_lines
from abonent.usecases.billing_run.rating import booking_day, difference_to_books, of_account
from abonent.usecases.billing_run.writing import estimates_of, write_findings

_NOTHING = "(0, 0, 0, DATE '1970-01-01')"


@dataclass(frozen=True)
class Seen:
    """A month of a premise: as the rules make it now, and the POSTED lines that stand."""

    rated: Rated
    posted: pl.DataFrame

    @property
    def is_parked(self) -> bool:
        return not self.rated.exceptions.is_empty()


def read(query: str, schema: Schema) -> pl.DataFrame:
    """Read a few rows inside the transaction that is open, so that a change just made is seen."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return pl.DataFrame(cursor.fetchall(), schema=dict(schema), orient="row")


def look(
    premise: Premise,
    months: Collection[Month],
    *,
    supplier_id: int,
    parameters: ParameterSet,
    booked_period: Month,
) -> dict[Month, Seen]:
    """Rate months of a premise with all its parts and accounts; nothing is stored. The months may have gaps."""
    pack, building = packs.pack(), premise.building
    window = Window(
        building.branch_id,
        premise.building_id,
        premise.building_id,
        premise_ids=whole_premises(read, [premise.pk]),
    )
    wanted = sorted(set(months))
    seen: dict[Month, Seen] = {}
    posted = _by_month(standing_lines(read, window, wanted, accounts=1, without=pack.shared_rules), wanted)
    while wanted:
        stretch = tuple(wanted[0].until(wanted[0].shift(pack.months_at_once)))
        stretch = tuple(month for month in stretch if month <= wanted[-1])
        inputs = extract(
            read, window, stretch, supplier_id=supplier_id, known_until=booked_period.next().first_day
        )
        rated = pack.rate_months(inputs, parameters, stretch)
        seen |= {month: Seen(rated[month], posted[month]) for month in stretch if month in posted}
        wanted = [month for month in wanted if month > stretch[-1]]
    return seen


def _by_month(lines: pl.DataFrame, months: Sequence[Month]) -> dict[Month, pl.DataFrame]:
    """Part lines by their months: the days of a line lie within its month."""
    monthly = lines.with_columns(month=pl.col("begins_on").dt.truncate("1mo"))
    parts = monthly.partition_by("month", as_dict=True, include_key=False)
    found = {Month.of(key[0]): part for key, part in parts.items()}
    return {month: found.get(month, lines.clear()) for month in months}


def bill(
    *,
    account: Account,
    month: Month,
    booked_period: Month,
    supplier_id: int,
    parameters: ParameterSet,
    actor_id: int | None,
    at: datetime,
    reason: str,
) -> int | None:
    """Bill a month of one account at once, whether its building is billed or not; return the run, None for no change.

    Other accounts of the premise are left alone. Raises PeriodUnknown, PeriodClosed, ScopeBusy.
    """
    building = account.building
    with transaction.atomic():
        run = plan.new_run(
            kind=RunKind.BILLING,
            scope=plan.Scope(supplier_id, building.branch_id, building.pk, account.pk),
            period=month,
            booked_period=booked_period,
            at=at,
            pack_version=packs.pack().version,
            parameter_hash=parameters.hash,
            created_by_id=actor_id,
            reason=reason,
        )
        shard = RunShard(
            run=run,
            shard_no=1,
            period=month.first_day,
            branch_id=building.branch_id,
            buildings=NumericRange(building.pk, building.pk + 1),
            accounts=1,
        )
        claim_shards(run, [shard])
        premise = Premise.objects.select_related("building").get(pk=account.premise_id)
        seen = look(
            premise, [month], supplier_id=supplier_id, parameters=parameters, booked_period=booked_period
        )[month]
        mine = Seen(
            of_account(seen.rated, account.pk), seen.posted.filter(pl.col("account_id") == account.pk)
        )
        if not post(run, {month: mine}, actor_id=actor_id, at=at) and not mine.is_parked:
            transaction.set_rollback(True)
            return None
    return run.pk


def post(run: Run, seen: Mapping[Month, Seen], *, actor_id: int | None, at: datetime) -> bool:
    """Post what months of a premise lack, each in a batch of its own; tell whether there was anything.

    The run has claimed a shard for every month. It is posted even when it adds no line; the caller may roll it back.
    """
    rows = {Month.of(row.period): row for row in run.shards.order_by("period")}
    lines = {month: difference_to_books(run, month, seen[month].rated, seen[month].posted) for month in rows}
    with connection.cursor() as cursor:
        write(cursor, run, lines, actor_id=actor_id, at=at)
        for month, row in rows.items():
            write_findings(cursor, seen[month].rated, run.pk, row)
        assumed = pl.concat([estimates_of(seen[month].rated, row) for month, row in rows.items()])
        estimates.store(cursor, run, at, _values(assumed), corrected=corrected_months(run))
    exceptions = sum(one.rated.exceptions.height for one in seen.values())
    Run.objects.filter(pk=run.pk).update(exceptions=exceptions)
    return any(not added.is_empty() for added in lines.values())


def write(
    cursor: Any,
    run: Run,
    lines: Mapping[Month, pl.DataFrame],
    *,
    actor_id: int | None,
    at: datetime,
) -> None:
    """Write lines ready to be booked straight into the books, a batch for each month with any, and post the run.

    Its accounts are settled in the same transaction.
    """
    accounts = {account_id for added in lines.values() for account_id in added["account_id"]}
    settling.lock_accounts(cursor, accounts)
    booked = Month.of(run.booked_period)
    booked_on = booking_day(run, localdate(at))
    slot = ensure_shared_slot(cursor, booked)
    rows = {Month.of(row.period): row for row in run.shards.all()}
    batches: dict[RunShard, Batch] = {}
    postings: list[bookkeeping.Posting] = []
    for month, added in lines.items():
        if added.is_empty():
            continue
        batch = Batch.objects.create(
            slot=slot,
            origin=f"run:{run.pk}",
            shard_no=rows[month].shard_no,
            booked_period=run.booked_period,
            booked_on=booked_on,
            state=BatchState.POSTED,
            reason=run.reason,
            created_at=at,
            author_id=actor_id,
        )
        posting = bookkeeping.book(
            added, bookkeeping.Tags(slot, batch.pk, month.first_day, run.booked_period, booked_on)
        )
        batch.lines, batch.entries = posting.lines.height, posting.entries.height
        batch.amount_minor = posting.amount_minor
        batches[rows[month]] = batch
        postings.append(posting)
    if postings:
        every_line = pl.concat([posting.lines for posting in postings])
        every_entry = pl.concat([posting.entries for posting in postings])
        copy_frame(cursor, drafts.LINES.table, bookkeeping.LINE_COLUMNS, every_line)
        copy_frame(cursor, drafts.ENTRIES.table, bookkeeping.ENTRY_COLUMNS, every_entry)
    for row, batch in batches.items():
        add_turnovers(cursor, slot=slot, batch_id=batch.pk, booked_period=booked)
        row.lines, row.batch_id = batch.lines, batch.pk
    Batch.objects.bulk_update(batches.values(), ["lines", "entries", "amount_minor"])
    RunShard.objects.bulk_update(batches, ["lines", "batch_id"])
    run.shards.update(active=False, done=True)
    Run.objects.filter(pk=run.pk).update(
        state=RunState.POSTED,
        slot=slot,
        rated_at=at,
        approved_by_id=actor_id,
        posted_at=at,
        accounts_total=len(rows),
        accounts_done=len(rows),
        lines=sum(batch.lines for batch in batches.values()),
        entries=sum(batch.entries for batch in batches.values()),
        amount_minor=sum(batch.amount_minor for batch in batches.values()),
    )
    settling.settle_accounts(
        cursor,
        account_ids=accounts,
        origin=f"run:{run.pk}",
        booked_on=booked_on,
        actor_id=actor_id,
        at=at,
    )


def _values(assumed: pl.DataFrame) -> str:
    """Write estimates as rows of SQL."""
    rows = ", ".join(
        f"({installation}, {building}, {value}, DATE '{period}')"
        for installation, building, value, period in assumed.iter_rows()
    )
    return f"(VALUES {rows or _NOTHING})"
