"""Fiscal receipts of orders, printed after the books have them: by the order's key, in the order they were made, once.

An order is committed together with what is to be printed. Whatever happens next, the order stays «not yet printed»
until the register has answered: the register is asked again with the same key, and answers what it printed the first
time if it had. So a receipt can come late, and never twice. One that comes after its shift of the register is a receipt
of correction (54-ФЗ ст. 4.3 ч. 4).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from abonent.contexts.access.queries import user_names
from abonent.contexts.payments.cash import NOT_PRINTED
from abonent.contexts.payments.models import CashOrder, CashShift
from abonent.gateways.fiscal import (
    Document,
    FiscalRegister,
    RegisterRefused,
    RegisterUnavailable,
    SettingsRefused,
    register_of,
)
from abonent.packs.ru.formats import fiscal_receipt

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 500
_LOCK_CLASS = 7_402


@dataclass(frozen=True)
class Printed:
    """How many orders were printed, how many still wait, and why."""

    printed: int
    waiting: int
    error: str = ""


def print_waiting(*, desk_id: int, at: datetime) -> Printed:
    """Print what waits at a desk, oldest first; a register that does not answer leaves it for the next time."""
    with _at_desk(desk_id):
        shift = CashShift.objects.select_related("desk").filter(desk=desk_id, closed_at=None).first()
        waiting = list(_waiting(desk_id).select_related("shift", "refunds")[:_MOST_AT_ONCE])
        if shift is None or (not waiting and "opened" in shift.fiscal):
            return Printed(0, len(waiting))
        done: dict[int, Document] = {}
        errors: dict[int, str] = {}
        error = ""
        try:
            register = register_of(shift.desk.register)
            _open_register(register, shift, at)
            for order in waiting:
                # nothing is given back of a receipt that is not printed itself
                if order.refunds and not order.refunds.fiscal and order.refunds.pk not in done:
                    continue
                try:
                    done[order.pk] = register.print_receipt(
                        key=str(order.key), tags=_tags(order, shift), at=timezone.localtime(at)
                    )
                except RegisterRefused as refusal:
                    # only this order is at fault: those after it are printed
                    errors[order.pk] = refusal.code
        except (RegisterUnavailable, RegisterRefused, SettingsRefused) as failure:
            error = getattr(failure, "code", "settings")
            errors |= {order.pk: error for order in waiting if order.pk not in done}
        for order_id, answer in done.items():
            _waiting(desk_id).filter(pk=order_id).update(fiscal=answer, fiscal_error="", tried_at=at)
        for order_id, code in errors.items():
            _waiting(desk_id).filter(pk=order_id).update(fiscal_error=code, tried_at=at)
    if errors:
        log.warning("cash desk %s: not printed: %s", desk_id, sorted(set(errors.values())))
    return Printed(len(done), len(waiting) - len(done), error or next(iter(errors.values()), ""))


def print_everywhere(*, at: datetime) -> int:
    """Print what waits at all desks with an open shift; return how many orders were printed."""
    open_desks = CashShift.objects.filter(closed_at=None).values_list("desk_id", flat=True)
    return sum(print_waiting(desk_id=desk_id, at=at).printed for desk_id in list(open_desks))


def close_register(*, shift_id: int, at: datetime) -> None:
    """Close the register's shift after the cashier's; when it does not answer, the next shift closes it first."""
    shift = CashShift.objects.select_related("desk").get(pk=shift_id)
    with _at_desk(shift.desk_id):
        try:
            register = register_of(shift.desk.register)
            if register.state().shift_key.startswith(_own_keys(shift)):
                _close(register, shift, cashier_id=shift.closed_by_id or shift.cashier_id, at=at)
        except (RegisterUnavailable, RegisterRefused, SettingsRefused) as failure:
            log.warning("cash desk %s: the register did not close its shift: %s", shift.desk_id, failure)


@contextmanager
def _at_desk(desk_id: int) -> Iterator[None]:
    """Let one at a time speak with the register of a desk: who comes late must see the shift that is open now."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, desk_id])
        yield


def _open_register(register: FiscalRegister, shift: CashShift, at: datetime) -> None:
    """Have the register in the shift of this cashier; a shift left open by the one before is closed first."""
    state = register.state()
    if state.shift_key.startswith(_own_keys(shift)):
        if "opened" not in shift.fiscal:
            _keep(shift, "opened", register.answer(state.shift_key) or {})
        return
    if state.is_open:
        earlier = CashShift.objects.filter(desk=shift.desk_id, number__lt=shift.number)
        left_open = next(
            (one for one in earlier.order_by("-number")[:30] if state.shift_key.startswith(_own_keys(one))),
            shift,
        )
        _close(register, left_open, cashier_id=shift.cashier_id, at=at)
    # the number of the register's last shift makes the key new when somebody closed our shift at the device
    answer = register.open_shift(
        key=f"{_own_keys(shift)}{state.shift}",
        tags={"1021": _name(shift.cashier_id)},
        at=timezone.localtime(at),
    )
    _keep(shift, "opened", answer)


def _close(register: FiscalRegister, shift: CashShift, *, cashier_id: int, at: datetime) -> None:
    key = f"{register.state().shift_key}:close"
    answer = register.close_shift(key=key, tags={"1021": _name(cashier_id)}, at=timezone.localtime(at))
    if shift.closed_at is not None:
        _keep(shift, "closed", answer)


def _tags(order: CashOrder, shift: CashShift) -> Document:
    """Return what is to be printed: by a later shift, as a correction."""
    if order.shift_id == shift.pk:
        return dict(order.receipt)
    return fiscal_receipt.correction(order.receipt, of=order.shift.day)


def _own_keys(shift: CashShift) -> str:
    """Return how the keys begin with which the register's shifts of this shift were opened."""
    return f"shift:{shift.pk}:"


def _waiting(desk_id: int) -> QuerySet[CashOrder, CashOrder]:
    return CashOrder.objects.filter(NOT_PRINTED, desk=desk_id).order_by("id")


def _keep(shift: CashShift, name: str, answer: Document) -> None:
    row = CashShift.objects.select_for_update().get(pk=shift.pk)
    row.fiscal = {**row.fiscal, name: answer}
    row.save(update_fields=["fiscal"])
    shift.fiscal = row.fiscal


def _name(user_id: int) -> str:
    return user_names([user_id]).get(user_id, "")
