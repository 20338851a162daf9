"""A posted run taken back by adding: its negative, batch for batch."""

from datetime import datetime
from typing import Any

from django.utils.timezone import localdate

from abonent.contexts.charging.models import (
    ManualRecalculation,
    ManualState,
    Run,
    RunKind,
    RunShard,
    RunState,
)
from abonent.contexts.charging.partitions import ensure_shared_slot
from abonent.contexts.ledger.models import Batch
from abonent.kernel.periods import Month
from abonent.usecases import settling
from abonent.usecases.billing_run import drafts, estimates, waiting
from abonent.usecases.billing_run.approval import locked
from abonent.usecases.billing_run.plan import require_open
from abonent.usecases.billing_run.rating import MASS_ACCOUNTS, booking_day
from abonent.usecases.billing_run.refusals import Overlaid, WrongState


def cancel(
    *, run_id: int, actor_id: int | None, at: datetime, reason: str, mass_accounts: int = MASS_ACCOUNTS
) -> int:
    """Take a posted run back by posting its negative; return the reversing run.

    Nothing is deleted: lines and entries stand beside their reversals, assumed readings are annulled, what it had
    recalculated waits again. Raises WrongState, PeriodClosed, Overlaid when a later run already corrected its lines.
    """
    with locked(run_id, RunState.POSTED) as (run, cursor):
        if run.kind == RunKind.REVERSAL:
            raise WrongState(f"Run #{run_id} is itself a reversal: bill the period again instead")
        booked = Month.of(run.booked_period)
        require_open(run.supplier_id, booked)
        _refuse_overlaid(cursor, run)
        reversal = Run.objects.create(
            supplier_id=run.supplier_id,
            kind=RunKind.REVERSAL,
            period=run.period,
            booked_period=run.booked_period,
            branch_id=run.branch_id,
            building_id=run.building_id,
            account_id=run.account_id,
            state=RunState.POSTED,
            pack=run.pack,
            pack_version=run.pack_version,
            parameter_hash=run.parameter_hash,
            reason=reason,
            created_by_id=actor_id,
            created_at=at,
            approved_by_id=actor_id,
            posted_at=at,
            cancels=run,
            accounts_total=run.accounts_total,
            accounts_done=run.accounts_total,
            lines=run.lines,
            entries=run.entries,
            amount_minor=-run.amount_minor,
        )
        mass = run.accounts_total >= mass_accounts
        reversal.slot = drafts.MASS_SLOT + reversal.pk if mass else ensure_shared_slot(cursor, booked)
        reversal.save(update_fields=["slot"])
        _reverse(cursor, run, reversal, at)
        if mass:
            drafts.index_drafts(cursor, reversal.pk)
            drafts.attach(cursor, reversal.pk, reversal.slot)
        else:
            drafts.copy_in(cursor, reversal.pk)
        drafts.drop_drafts(cursor, reversal.pk)
        estimates.take_back(cursor, run, at)
        ManualRecalculation.objects.filter(run=run).update(state=ManualState.REVERSED)
        waiting.release(cursor, run)
        Run.objects.filter(pk=run_id).update(state=RunState.CANCELLED)
        settling.request(supplier_id=run.supplier_id, origin=f"run:{reversal.pk}", at=at)
    return reversal.pk


def _refuse_overlaid(cursor: Any, run: Run) -> None:
    """Raise Overlaid when another standing run reversed lines of this one: a run that was posted later.

    Numbers tell nothing: a run that was made earlier may have been rated and posted later.
    """
    mine = list(run.shards.filter(batch_id__isnull=False).values_list("batch_id", flat=True))
    later = (
        RunShard.objects.filter(
            period__in=run.shards.values("period"),
            run__state=RunState.POSTED,
            run__posted_at__gte=run.posted_at,
            batch_id__isnull=False,
        )
        .exclude(run=run)
        .exclude(run__kind=RunKind.REVERSAL)
        .values_list("run__slot", "batch_id", "run_id")
    )
    runs = {batch_id: run_id for _, batch_id, run_id in later}
    slots = sorted({slot for slot, _, _ in later if slot is not None})
    if not slots or not mine:
        return
    cursor.execute(
        """SELECT DISTINCT batch_id FROM charging_chargeline
           WHERE slot = ANY (%s) AND batch_id = ANY (%s) AND reverses_batch_id = ANY (%s)""",
        [slots, list(runs), mine],
    )
    if found := sorted({runs[row[0]] for row in cursor.fetchall()}):
        raise Overlaid(run.pk, found)


def _reverse(cursor: Any, run: Run, reversal: Run, at: datetime) -> None:
    """Draft the negative of every line and entry of a run, batch for batch."""
    assert reversal.slot is not None
    booked_on = booking_day(run, localdate(at))
    drafts.make_drafts(cursor, reversal.pk, reversal.slot)
    batches: dict[int, int] = {}
    for old in Batch.objects.filter(origin=f"run:{run.pk}").order_by("shard_no"):
        new = Batch.objects.create(
            slot=reversal.slot,
            origin=f"run:{reversal.pk}",
            shard_no=old.shard_no,
            booked_period=old.booked_period,
            booked_on=booked_on,
            lines=old.lines,
            entries=old.entries,
            amount_minor=-old.amount_minor,
            reason=reversal.reason,
            created_at=at,
            author_id=reversal.created_by_id,
        )
        batches[old.shard_no] = new.pk
        ids = {
            "slot": reversal.slot,
            "new": new.pk,
            "old_slot": run.slot,
            "old": old.pk,
            "booked_on": booked_on,
        }
        cursor.execute(_REVERSE_LINES.format(table=drafts.draft_of(drafts.LINES, reversal.pk)), ids)
        cursor.execute(_REVERSE_ENTRIES.format(table=drafts.draft_of(drafts.ENTRIES, reversal.pk)), ids)
    cursor.execute(
        f"""INSERT INTO {drafts.draft_of(drafts.TURNOVERS, reversal.pk)}
                (slot, account_id, booked_period, recalculated_minor)
            SELECT slot, account_id, %s, sum(amount_minor)
            FROM {drafts.draft_of(drafts.ENTRIES, reversal.pk)} GROUP BY slot, account_id""",
        [run.booked_period],
    )
    RunShard.objects.bulk_create(
        RunShard(
            run=reversal,
            shard_no=shard.shard_no,
            period=shard.period,
            branch_id=shard.branch_id,
            buildings=shard.buildings,
            listed=shard.listed,
            active=False,
            done=True,
            accounts=shard.accounts,
            lines=shard.lines,
            batch_id=batches.get(shard.shard_no),
        )
        for shard in run.shards.all()
    )


_REVERSE_LINES = """
INSERT INTO {table} (slot, batch_id, line_no, account_id, building_id, service, rule, zone, period, begins_on, ends_on,
    quantity_wh, price_e5, amount_minor, price_id, because, reverses_batch_id, reverses_line_no)
SELECT %(slot)s, %(new)s, line_no, account_id, building_id, service, rule, zone, period, begins_on, ends_on,
    -quantity_wh, price_e5, -amount_minor, price_id, because, batch_id, line_no
FROM charging_chargeline WHERE slot = %(old_slot)s AND batch_id = %(old)s
"""
_REVERSE_ENTRIES = """
INSERT INTO {table} (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
SELECT %(slot)s, %(new)s, entry_no, account_id, service, 4, period, %(booked_on)s, -amount_minor
FROM ledger_entry WHERE slot = %(old_slot)s AND batch_id = %(old)s
"""
