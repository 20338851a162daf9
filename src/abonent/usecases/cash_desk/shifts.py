"""A cashier's shift: opened with the money in the drawer, closed with a count of it.

A shift belongs to one day: after midnight it takes no receipts and is only closed, which also keeps it within the
24 hours of 54-ФЗ ст. 4.3 ч. 2. Whatever happens in a shift happens under the lock of its row.
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from abonent.contexts.payments.cash import NOT_PRINTED, Totals, totals_of
from abonent.contexts.payments.models import CashDesk, CashOrder, CashShift
from abonent.usecases.cash_desk import printing
from abonent.usecases.cash_desk.refusals import CashRefused
from abonent.usecases.take_payment import require_day

# notes and coins of the Bank of Russia in use, kopecks
DENOMINATIONS = (500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 1_000, 500, 200, 100, 50, 10, 5, 1)


def open_shift(
    *, desk_id: int, cashier_id: int, opening_minor: int, day: date, at: datetime, note: str = ""
) -> CashShift:
    """Open a shift and the register's. `opening_minor` is what the last shift left, or `note` tells why not.

    Raises CashRefused: desk_closed, desk_busy, cashier_busy, not_positive, opening_differs; DayLocked, PeriodClosed.
    """
    if opening_minor < 0:
        raise CashRefused("not_positive")
    try:
        with transaction.atomic():
            desk = CashDesk.objects.select_for_update(of=("self",)).select_related("branch").get(pk=desk_id)
            if not desk.active:
                raise CashRefused("desk_closed")
            require_day(desk.branch.supplier_id, day)
            standing = CashShift.objects.filter(desk=desk, closed_at=None).first()
            if standing is not None:
                raise CashRefused("desk_busy", day=standing.day, cashier_id=standing.cashier_id)
            last = CashShift.objects.filter(desk=desk).order_by("-number").first()
            left_minor = (last.counted_minor or 0) if last else opening_minor
            if left_minor != opening_minor and not note.strip():
                raise CashRefused("opening_differs", expected_minor=left_minor)
            shift = CashShift.objects.create(
                desk=desk,
                number=(last.number if last else 0) + 1,
                day=day,
                cashier_id=cashier_id,
                opened_at=at,
                opening_minor=opening_minor,
                note=note.strip()[:200],
            )
    except IntegrityError as error:
        raise CashRefused("cashier_busy") from error
    printing.print_waiting(desk_id=desk_id, at=at)
    shift.refresh_from_db()
    return shift


def close_shift(
    *,
    shift_id: int,
    counted: Mapping[int, int],
    actor_id: int,
    at: datetime,
    note: str = "",
    leave_unprinted: bool = False,
    may_close_others: bool = False,
) -> CashShift:
    """Close a shift by a count of notes and coins (kopecks: how many), and the register's shift with it.

    `counted_minor` may differ from what is expected only with a `note`. Receipts that the register would not print stay
    and are printed in the next shift, when `leave_unprinted` says so and the note tells why.
    Raises CashRefused: shift_closed, not_yours, not_a_note, not_printed, difference, no_reason.
    """
    if set(counted) - set(DENOMINATIONS) or any(number < 0 for number in counted.values()):
        raise CashRefused("not_a_note")
    desk_id = CashShift.objects.values_list("desk_id", flat=True).get(pk=shift_id)
    printing.print_waiting(desk_id=desk_id, at=at)
    with transaction.atomic():
        shift = locked_shift(shift_id, actor_id=None if may_close_others else actor_id)
        not_printed = CashOrder.objects.filter(NOT_PRINTED, desk=shift.desk_id).count()
        if not_printed and not leave_unprinted:
            raise CashRefused("not_printed", count=not_printed)
        expected_minor = totals_of(shift).expected_minor
        counted_minor = sum(worth * number for worth, number in counted.items())
        if counted_minor != expected_minor and not note.strip():
            raise CashRefused("difference", difference_minor=counted_minor - expected_minor)
        if not_printed and not note.strip():
            raise CashRefused("no_reason")
        shift.closed_at, shift.closed_by_id = at, actor_id
        shift.expected_minor, shift.counted_minor = expected_minor, counted_minor
        shift.counted = {str(worth): number for worth, number in counted.items() if number}
        shift.note = "; ".join(filter(None, (shift.note, note.strip())))[:200]
        shift.save()
    printing.close_register(shift_id=shift_id, at=at)
    shift.refresh_from_db()
    return shift


def locked_shift(shift_id: int, *, actor_id: int | None) -> CashShift:
    """Return an open shift, locked until the transaction ends; `actor_id`: only this cashier's own."""
    shift = (
        CashShift.objects.select_for_update(of=("self",))
        .select_related("desk__branch__supplier")
        .get(pk=shift_id)
    )
    if shift.closed_at is not None:
        raise CashRefused("shift_closed")
    if actor_id is not None and shift.cashier_id != actor_id:
        raise CashRefused("not_yours")
    return shift


def require_today(shift: CashShift, *, at: datetime) -> None:
    """Raise CashRefused when midnight has passed since the shift was opened."""
    if timezone.localdate(at) != shift.day:
        raise CashRefused("shift_over", day=shift.day)


def next_number(shift: CashShift, kind: int) -> int:
    """Return the next number of an order of a desk, its year and kind; the lock of the shift keeps it without holes."""
    numbers = CashOrder.objects.filter(desk=shift.desk_id, year=shift.day.year, kind=kind)
    return (numbers.aggregate(last=Max("number"))["last"] or 0) + 1


def totals(shift_id: int) -> Totals:
    """Return the running totals of a shift."""
    return totals_of(CashShift.objects.get(pk=shift_id))
