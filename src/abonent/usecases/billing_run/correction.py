"""One account on the spot: what a month would be now, and posting the difference.

Only what the account uses itself is rated. Its share of the building stays as it was posted: a building is shared out
again by a run over the whole of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction

from abonent.contexts.charging.models import Run, RunKind, RunShard, RunState
from abonent.contexts.charging.partitions import ensure_shared_slot
from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import Batch, BatchState
from abonent.contexts.ledger.operations import add_turnovers
from abonent.engine.frames import Rated, Schema
from abonent.engine.parameters import ParameterSet
from abonent.gateways.bulk_load import copy_frame
from abonent.kernel.periods import Month
from abonent.usecases import packs
from abonent.usecases.billing_run import bookkeeping, drafts, plan
from abonent.usecases.billing_run.approval import assume_estimates, withdraw_estimates
from abonent.usecases.billing_run.extract import Window, extract
from abonent.usecases.billing_run.rating import (
    booking_day,
    difference_to_books,
    standing_lines,
    write_findings,
)


@dataclass(frozen=True)
class LineView:
    """A line as a screen or a document shows it; Wh, 1e-5 of a unit, minor units."""

    service: int
    rule: int
    zone: int
    begins_on: Any
    ends_on: Any
    quantity_wh: int
    price_e5: int
    amount_minor: int
    because: tuple[int, ...]


@dataclass(frozen=True)
class WhatIf:
    """A month of one account as it stands and as it would be. `exceptions`: code and facts (JSON) of what is parked."""

    before: list[LineView]
    after: list[LineView]
    exceptions: list[tuple[str, str]]

    @property
    def before_minor(self) -> int:
        return sum(line.amount_minor for line in self.before)

    @property
    def after_minor(self) -> int:
        return sum(line.amount_minor for line in self.after)

    @property
    def difference_minor(self) -> int:
        return self.after_minor - self.before_minor


def _read(query: str, schema: Schema) -> pl.DataFrame:
    """Read a few rows inside the transaction that is open, so that a reading just entered is seen."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return pl.DataFrame(cursor.fetchall(), schema=dict(schema), orient="row")


def _rate(
    account: Account, month: Month, supplier_id: int, parameters: ParameterSet
) -> tuple[Rated, pl.DataFrame]:
    window = Window(
        account.building.branch_id,
        account.building_id,
        account.building_id,
        account_id=account.pk,
        premise_id=account.premise_id,
    )
    pack = packs.pack()
    inputs = extract(_read, window, month, supplier_id=supplier_id)
    rated = pack.rate(inputs, parameters, month, with_common_needs=False)
    return rated, standing_lines(_read, window, month, 1, pack)


def _views(lines: pl.DataFrame) -> list[LineView]:
    rows = lines.sort("service", "rule", "zone", "begins_on").iter_rows(named=True)
    return [
        LineView(
            row["service"],
            row["rule"],
            row["zone"],
            row["begins_on"],
            row["ends_on"],
            row["quantity_wh"],
            row["price_e5"],
            row["amount_minor"],
            tuple(row[name] for name in bookkeeping.BECAUSE),
        )
        for row in rows
    ]


def what_if(*, account: Account, month: Month, supplier_id: int, parameters: ParameterSet) -> WhatIf:
    """Return the account's own lines of a month as posted and as the rules make them now; nothing is stored."""
    rated, posted = _rate(account, month, supplier_id, parameters)
    parked = list(rated.exceptions.select("code", "facts").iter_rows())
    return WhatIf(_views(posted), _views(posted if parked else rated.lines), parked)


def rerate_account(
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
    """Rate a month of one account again and post the difference; return the run, None when nothing changes.

    Raises PeriodClosed, PeriodUnknown, ScopeBusy.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        rated, posted = _rate(account, month, supplier_id, parameters)
        if rated.lines.is_empty() and posted.is_empty() and rated.exceptions.is_empty():
            return None
        run_id = plan.create(
            scope=plan.Scope(supplier_id, account.building.branch_id, account.building_id, account.pk),
            period=month,
            booked_period=booked_period,
            kind=RunKind.CORRECTION,
            at=at,
            pack_version=packs.pack().version,
            parameter_hash=parameters.hash,
            created_by_id=actor_id,
            reason=reason,
        )
        run = Run.objects.get(pk=run_id)
        lines = difference_to_books(run, rated, posted)
        if lines.is_empty():
            transaction.set_rollback(True)
            return None
        _post(cursor, run, rated, lines, actor_id, at)
    return run_id


def _post(
    cursor: Any, run: Run, rated: Rated, lines: pl.DataFrame, actor_id: int | None, at: datetime
) -> None:
    booked = Month.of(run.booked_period)
    slot = ensure_shared_slot(cursor, booked)
    booked_on = booking_day(run, at.date())
    batch = Batch.objects.create(
        slot=slot,
        origin=f"run:{run.pk}",
        shard_no=1,
        booked_period=run.booked_period,
        booked_on=booked_on,
        state=BatchState.POSTED,
        reason=run.reason,
        created_at=at,
        author_id=actor_id,
    )
    posting = bookkeeping.book(
        lines, bookkeeping.Tags(slot, batch.pk, run.period, run.booked_period, booked_on)
    )
    copy_frame(cursor, drafts.LINES.table, bookkeeping.LINE_COLUMNS, posting.lines)
    copy_frame(cursor, drafts.ENTRIES.table, bookkeeping.ENTRY_COLUMNS, posting.entries)
    add_turnovers(cursor, slot=slot, batch_id=batch.pk, booked_period=booked)
    write_findings(cursor, rated, run, 1)
    rows = ", ".join(map(str, rated.estimates.iter_rows()))
    withdraw_estimates(cursor, run, at, f"(VALUES {rows or '(0, 0, 0)'})")
    if rows:
        assume_estimates(cursor, run, at, f"(VALUES {rows})")
    Batch.objects.filter(pk=batch.pk).update(
        lines=posting.lines.height, entries=posting.entries.height, amount_minor=posting.amount_minor
    )
    RunShard.objects.filter(run=run).update(
        active=False, done=True, lines=posting.lines.height, batch_id=batch.pk
    )
    Run.objects.filter(pk=run.pk).update(
        state=RunState.POSTED,
        slot=slot,
        rated_at=at,
        approved_by_id=actor_id,
        posted_at=at,
        accounts_done=1,
        lines=posting.lines.height,
        entries=posting.entries.height,
        amount_minor=posting.amount_minor,
        exceptions=rated.exceptions.height,
    )
