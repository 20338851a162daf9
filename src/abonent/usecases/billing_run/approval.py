"""From a proposal to the books, and back by adding: approve, discard, cancel."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from abonent.contexts.charging.models import Run, RunKind, RunShard, RunState
from abonent.contexts.charging.partitions import ensure_shared_slot
from abonent.contexts.ledger.models import Batch, BatchState
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.kernel.periods import Month
from abonent.usecases.billing_run import drafts
from abonent.usecases.billing_run.history import standing_shards
from abonent.usecases.billing_run.plan import require_open
from abonent.usecases.billing_run.rating import MASS_ACCOUNTS, booking_day
from abonent.usecases.billing_run.refusals import Overlaid, ReadingsCameIn, WrongState

# whether a reading `r` was taken in a building of the run
_IN_RUN = """EXISTS (SELECT FROM charging_runshard s JOIN places_building b ON b.branch_id = s.branch_id
                     WHERE s.run_id = %(run)s AND b.id = r.building_id AND s.buildings @> r.building_id)"""


@contextmanager
def _locked(run_id: int, *states: RunState) -> Iterator[tuple[Run, Any]]:
    """Hold a run in one transaction. Raises WrongState unless it is in one of the states."""
    with transaction.atomic(), connection.cursor() as cursor:
        run = Run.objects.select_for_update(of=("self",)).get(pk=run_id)
        if run.state not in states:
            names = " or ".join(str(state.label) for state in states)
            raise WrongState(f"Run #{run_id} is {run.get_state_display()}; this needs one that is {names}")
        yield run, cursor


def approve(*, run_id: int, actor_id: int | None, at: datetime) -> None:
    """Post a rated run: its drafts become part of the books in one short transaction.

    Raises WrongState, PeriodClosed, ReadingsCameIn when what was rated is no longer what was read.
    """
    with _locked(run_id, RunState.RATED) as (run, cursor):
        require_open(run.supplier_id, Month.of(run.booked_period))
        _refuse_late_readings(cursor, run)
        assert run.slot is not None
        if run.slot >= drafts.MASS_SLOT:
            drafts.attach(cursor, run_id, run.slot)
        else:
            ensure_shared_slot(cursor, Month.of(run.booked_period))
            drafts.copy_in(cursor, run_id)
        if standing_shards(Month.of(run.period)).exclude(run=run).exists():
            withdraw_estimates(cursor, run, at, drafts.estimates_of(run_id))
        assume_estimates(cursor, run, at, drafts.estimates_of(run_id))
        drafts.drop_drafts(cursor, run_id)
        Batch.objects.filter(origin=f"run:{run_id}").update(state=BatchState.POSTED)
        run.shards.update(active=False)
        Run.objects.filter(pk=run_id).update(state=RunState.POSTED, approved_by_id=actor_id, posted_at=at)


def _refuse_late_readings(cursor: Any, run: Run) -> None:
    month = Month.of(run.period)
    within = "" if run.building_id is None else f"AND building_id = {run.building_id}"
    cursor.execute(
        f"""SELECT count(*) FROM metering_reading r
            WHERE taken_on >= %(first)s AND taken_on < %(end)s AND source <> 6 {within}
              AND greatest(entered_at, judged_at) > %(rated_at)s AND {_IN_RUN}""",
        {
            "first": month.first_day,
            "end": month.next().first_day,
            "rated_at": run.rated_at,
            "run": run.pk,
        },
    )
    if late := cursor.fetchone()[0]:
        raise ReadingsCameIn(run.pk, late)


def withdraw_estimates(cursor: Any, run: Run, at: datetime, assumed: str) -> None:
    """Annul what earlier runs of the month assumed and this one does not; what is parked keeps its estimates.

    `assumed` names rows of installation_id, building_id, value_wh.
    """
    mine = (
        _IN_RUN
        if run.account is None
        else "r.installation_id = ANY (ARRAY(SELECT id FROM metering_installation WHERE premise_id = %(premise)s))"
    )
    cursor.execute(
        f"""UPDATE metering_reading r SET status = 4, judged_at = %(at)s, reason = %(reason)s
            FROM metering_installation i
            WHERE i.id = r.installation_id AND r.source = 6 AND r.status = 1 AND r.taken_on = %(day)s AND {mine}
              AND NOT EXISTS (SELECT FROM {assumed} AS e (installation_id, building_id, value_wh)
                              WHERE e.installation_id = r.installation_id AND e.value_wh = r.value_wh)
              AND NOT EXISTS (SELECT FROM charging_runexception x JOIN contracts_account a ON a.id = x.account_id
                              WHERE x.run_id = %(run)s AND a.premise_id = i.premise_id)""",
        {
            "run": run.pk,
            "premise": run.account and run.account.premise_id,
            "day": Month.of(run.period).last_day,
            "at": at,
            "reason": _estimated_again(run.pk),
        },
    )


def assume_estimates(cursor: Any, run: Run, at: datetime, assumed: str) -> None:
    """Store what silent meters are taken to show, so that their next reading settles the difference (п. 61)."""
    month = Month.of(run.period)
    ensure_reading_partitions(first=month, last=month)
    cursor.execute(
        f"""INSERT INTO metering_reading
                (installation_id, building_id, taken_on, value_wh, source, status, entered_at, run_id, reason)
            SELECT e.installation_id, e.building_id, %s, e.value_wh, 6, 1, %s, %s, ''
            FROM {assumed} AS e (installation_id, building_id, value_wh)
            ON CONFLICT (installation_id, taken_on) WHERE status = 1 DO NOTHING""",
        [month.last_day, at, run.pk],
    )


def _estimated_again(run_id: int) -> str:
    return f"estimated again by run #{run_id}"


def discard(*, run_id: int) -> None:
    """Drop a run that was never posted and release its buildings, also one whose process died while rating.

    Raises WrongState.
    """
    with _locked(run_id, RunState.DRAFT, RunState.RATING, RunState.RATED, RunState.FAILED) as (run, cursor):
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('billing_run'), %s)", [run_id])
        if not cursor.fetchone()[0]:
            raise WrongState(f"Run #{run_id} is being rated at this moment")
        drafts.drop_drafts(cursor, run_id)
        Batch.objects.filter(origin=f"run:{run_id}", state=BatchState.DRAFT).delete()
        run.exception_rows.all().delete()
        run.building_balances.all().delete()
        run.shards.update(active=False, batch_id=None)
        Run.objects.filter(pk=run_id).update(state=RunState.DISCARDED)


def cancel(
    *, run_id: int, actor_id: int | None, at: datetime, reason: str, mass_accounts: int = MASS_ACCOUNTS
) -> int:
    """Take a posted run back by posting its negative; return the reversing run.

    Nothing is deleted: lines and entries stand beside their reversals, assumed readings are annulled.
    Raises WrongState, PeriodClosed, Overlaid when a later run already corrected some of its lines.
    """
    with _locked(run_id, RunState.POSTED) as (run, cursor):
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
        _take_back_estimates(cursor, run, at)
        Run.objects.filter(pk=run_id).update(state=RunState.CANCELLED)
    return reversal.pk


def _take_back_estimates(cursor: Any, run: Run, at: datetime) -> None:
    """Annul what a run assumed, and let what it had replaced stand again."""
    day = Month.of(run.period).last_day
    cursor.execute(
        "UPDATE metering_reading SET status = 4, judged_at = %s, reason = %s "
        "WHERE run_id = %s AND status = 1 AND taken_on = %s AND source = 6",
        [at, f"run #{run.pk} cancelled", run.pk, day],
    )
    cursor.execute(
        """UPDATE metering_reading r SET status = 1, judged_at = %(at)s, reason = ''
           WHERE r.source = 6 AND r.status = 4 AND r.taken_on = %(day)s AND r.reason = %(reason)s
             AND NOT EXISTS (SELECT FROM metering_reading o WHERE o.installation_id = r.installation_id
                             AND o.taken_on = r.taken_on AND o.status = 1)""",
        {"at": at, "day": day, "reason": _estimated_again(run.pk)},
    )


def _refuse_overlaid(cursor: Any, run: Run) -> None:
    later = Run.objects.filter(period=run.period, state=RunState.POSTED, pk__gt=run.pk).exclude(
        kind=RunKind.REVERSAL
    )
    slots = sorted({slot for slot in later.values_list("slot", flat=True) if slot is not None})
    if not slots:
        return
    cursor.execute(
        """SELECT DISTINCT split_part(b.origin, ':', 2)::bigint
           FROM charging_chargeline l JOIN ledger_batch b ON b.id = l.batch_id
           WHERE l.slot = ANY (%s) AND l.reverses_batch_id IN (SELECT id FROM ledger_batch WHERE origin = %s)""",
        [slots, f"run:{run.pk}"],
    )
    if found := sorted(row[0] for row in cursor.fetchall()):
        raise Overlaid(run.pk, found)


def _reverse(cursor: Any, run: Run, reversal: Run, at: datetime) -> None:
    """Draft the negative of every line and entry of a run, batch for batch."""
    assert reversal.slot is not None
    booked_on = booking_day(run, at.date())
    drafts.make_drafts(cursor, reversal.pk, reversal.slot)
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
                (slot, account_id, booked_period, charged_minor, recalculated_minor, paid_minor)
            SELECT slot, account_id, %s, 0, sum(amount_minor), 0
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
            active=False,
            done=True,
            accounts=shard.accounts,
            lines=shard.lines,
            batch_id=Batch.objects.get(origin=f"run:{reversal.pk}", shard_no=shard.shard_no).pk,
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
