"""From a proposal to the books, or to nothing: approve, discard."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from abonent.contexts.charging.models import Run, RunState
from abonent.contexts.charging.partitions import ensure_shared_slot
from abonent.contexts.ledger.models import Batch, BatchState
from abonent.kernel.periods import Month
from abonent.usecases import settling
from abonent.usecases.billing_run import drafts, estimates, waiting
from abonent.usecases.billing_run.history import standing_shards
from abonent.usecases.billing_run.plan import require_open
from abonent.usecases.billing_run.refusals import ReadingsCameIn, WrongState


@contextmanager
def locked(run_id: int, *states: RunState) -> Iterator[tuple[Run, Any]]:
    """Hold a run in one transaction. Raises WrongState unless it is in one of the states."""
    with transaction.atomic(), connection.cursor() as cursor:
        run = Run.objects.select_for_update(of=("self",)).get(pk=run_id)
        if run.state not in states:
            names = " or ".join(str(state.label) for state in states)
            raise WrongState(f"Run #{run_id} is {run.get_state_display()}; this needs one that is {names}")
        yield run, cursor


def approve(*, run_id: int, actor_id: int | None, at: datetime) -> None:
    """Post a rated run: its drafts become part of the books in one short transaction; then they wait to be settled.

    Raises WrongState, PeriodClosed, ReadingsCameIn when what was billed is no longer what was read.
    """
    with locked(run_id, RunState.RATED) as (run, cursor):
        require_open(run.supplier_id, Month.of(run.booked_period))
        _refuse_late_readings(cursor, run)
        assert run.slot is not None
        if run.slot >= drafts.MASS_SLOT:
            drafts.attach(cursor, run_id, run.slot)
        else:
            ensure_shared_slot(cursor, Month.of(run.booked_period))
            drafts.copy_in(cursor, run_id)
        estimates.store(cursor, run, at, drafts.estimates_of(run_id), corrected=corrected_months(run))
        drafts.drop_drafts(cursor, run_id)
        Batch.objects.filter(origin=f"run:{run_id}").update(state=BatchState.POSTED)
        run.shards.update(active=False)
        waiting.settle(cursor, run, at)
        Run.objects.filter(pk=run_id).update(state=RunState.POSTED, approved_by_id=actor_id, posted_at=at)
        settling.request(supplier_id=run.supplier_id, origin=f"run:{run_id}", at=at)


def corrected_months(run: Run) -> set[date]:
    """Return the months of a run that other runs stand for already."""
    months = [Month.of(period) for period in set(run.shards.values_list("period", flat=True))]
    return set(standing_shards(months).exclude(run=run).values_list("period", flat=True))


def _refuse_late_readings(cursor: Any, run: Run) -> None:
    """Refuse a month that is billed while readings of it have come in since.

    What is listed of earlier months is not held up: whoever changed something there has noted it, and it waits.
    """
    billed: set[date] = set(run.shards.filter(listed=False).values_list("period", flat=True))
    for period in billed:
        month = Month.of(period)
        within = "" if run.building_id is None else f"AND building_id = {run.building_id}"
        cursor.execute(
            f"""SELECT count(*) FROM metering_reading r
                WHERE taken_on >= %(first)s AND taken_on < %(end)s AND source <> 6 {within}
                  AND greatest(entered_at, judged_at) > %(rated_at)s AND EXISTS (
                      SELECT FROM charging_runshard s JOIN places_building b ON b.branch_id = s.branch_id
                      WHERE s.run_id = %(run)s AND NOT s.listed AND s.period = %(first)s
                        AND b.id = r.building_id AND s.buildings @> r.building_id)""",
            {
                "first": month.first_day,
                "end": month.next().first_day,
                "rated_at": run.rated_at,
                "run": run.pk,
            },
        )
        if late := cursor.fetchone()[0]:
            raise ReadingsCameIn(run.pk, late)


def discard(*, run_id: int) -> None:
    """Drop a run that was never posted and release its buildings, also one whose process died while rating.

    Raises WrongState.
    """
    with locked(run_id, RunState.DRAFT, RunState.RATING, RunState.RATED, RunState.FAILED) as (run, cursor):
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('billing_run'), %s)", [run_id])
        if not cursor.fetchone()[0]:
            raise WrongState(f"Run #{run_id} is being rated at this moment")
        drafts.drop_drafts(cursor, run_id)
        Batch.objects.filter(origin=f"run:{run_id}", state=BatchState.DRAFT).delete()
        run.exception_rows.all().delete()
        run.building_balances.all().delete()
        run.shards.update(active=False, batch_id=None)
        waiting.release(cursor, run)
        Run.objects.filter(pk=run_id).update(state=RunState.DISCARDED)
