"""What is done to runs and periods beside rating and posting."""

from datetime import datetime

from django.db import IntegrityError, transaction

from abonent.contexts.charging.days import DaysBusy, hold_alone
from abonent.contexts.charging.models import BillingPeriod, PeriodState, Run, RunState
from abonent.kernel.periods import Month


class PeriodRefused(Exception):
    """A period cannot be opened or closed; `code` says why: known, unknown, runs_open, busy."""

    def __init__(self, code: str, month: Month, *, run_ids: list[int] | None = None) -> None:
        super().__init__(f"period {month}: {code}")
        self.code, self.month, self.run_ids = code, month, run_ids or []


def note_refusal(*, run_id: int, reason: str) -> None:
    """Keep with a run why the step asked for was not done; an empty reason clears the note."""
    Run.objects.filter(pk=run_id).update(error=reason)


def open_period(*, supplier_id: int, month: Month) -> None:
    """Open a month, or open a closed one again. Raises PeriodRefused when it is open already."""
    try:
        with transaction.atomic():
            BillingPeriod.objects.create(supplier_id=supplier_id, month=month.first_day)
    except IntegrityError:
        changed = BillingPeriod.objects.filter(
            supplier_id=supplier_id, month=month.first_day, state=PeriodState.CLOSED
        ).update(state=PeriodState.OPEN, closed_at=None)
        if not changed:
            raise PeriodRefused("known", month) from None


def close_period(*, supplier_id: int, month: Month, at: datetime) -> None:
    """Close a month to new lines, once what is being booked is in.

    Raises PeriodRefused while runs are drafted for it, when it is not open, or when booking goes on and on.
    """
    with transaction.atomic():
        try:
            hold_alone(supplier_id)
        except DaysBusy:
            raise PeriodRefused("busy", month) from None
        period = (
            BillingPeriod.objects.select_for_update()
            .filter(supplier_id=supplier_id, month=month.first_day, state=PeriodState.OPEN)
            .first()
        )
        if period is None:
            raise PeriodRefused("unknown", month)
        drafted = Run.objects.filter(
            supplier_id=supplier_id,
            booked_period=month.first_day,
            state__in=[RunState.DRAFT, RunState.RATING, RunState.RATED, RunState.FAILED],
        )
        if run_ids := list(drafted.order_by("id").values_list("id", flat=True)):
            raise PeriodRefused("runs_open", month, run_ids=run_ids)
        period.state, period.closed_at = PeriodState.CLOSED, at
        period.save(update_fields=["state", "closed_at"])
