"""Which days money may be booked on."""

from datetime import date, datetime

from django.db import transaction

from abonent.contexts.charging.days import DaysBusy, hold_alone, hold_open
from abonent.contexts.payments.models import DayLock
from abonent.kernel.periods import Month
from abonent.usecases.billing_run.plan import check_open
from abonent.usecases.take_payment.refusals import DayLocked, PaymentRefused


def locked_through(*, supplier_id: int) -> date | None:
    """Return the last locked day, or None when none is."""
    latest = DayLock.objects.filter(supplier_id=supplier_id).order_by("-id")
    return latest.values_list("locked_through", flat=True).first()


def is_locked(*, supplier_id: int, day: date) -> bool:
    locked = locked_through(supplier_id=supplier_id)
    return locked is not None and day <= locked


def require_day(supplier_id: int, booked_on: date) -> None:
    """Refuse a day that is locked or of a closed month; it stays open until the caller's transaction ends.

    Everybody who books money calls this, inside the transaction that books and before accounts are locked. Raises
    DayLocked, PeriodClosed, PeriodUnknown.
    """
    hold_open(supplier_id)
    locked = locked_through(supplier_id=supplier_id)
    if locked is not None and booked_on <= locked:
        raise DayLocked(booked_on, locked_through=locked)
    check_open(supplier_id, Month.of(booked_on))


def lock_days(
    *, supplier_id: int, through: date, reason: str, today: date, actor_id: int | None, at: datetime
) -> DayLock | None:
    """Lock the days up to this one, or unlock those after it; waits for money that is being booked.

    Returns None when just these days are locked already. Raises PaymentRefused: in_future, no_reason (unlocking), busy.
    """
    if through > today:
        raise PaymentRefused("in_future", day=through)
    with transaction.atomic():
        try:
            hold_alone(supplier_id)
        except DaysBusy:
            raise PaymentRefused("busy") from None
        locked = locked_through(supplier_id=supplier_id)
        if locked == through:
            return None
        if locked is not None and through < locked and not reason.strip():
            raise PaymentRefused("no_reason")
        return DayLock.objects.create(
            supplier_id=supplier_id,
            locked_through=through,
            reason=reason.strip()[:200],
            made_at=at,
            made_by_id=actor_id,
        )
