"""Money given back over the counter: a receipt of the same shift reversed, or a refund against any receipt.

Either is a cash order of its own and a fiscal receipt of return: what was printed is never unprinted.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from abonent.contexts.payments.cash import given_back
from abonent.contexts.payments.models import CashOrder, CashOrderKind, CashShift
from abonent.usecases import take_payment
from abonent.usecases.cash_desk import printing, receipts
from abonent.usecases.cash_desk.orders import cashier_name, require_drawer
from abonent.usecases.cash_desk.refusals import CashRefused
from abonent.usecases.cash_desk.shifts import locked_shift, next_number, require_today


def reverse(
    *, order_id: int, shift_id: int, reason: str, key: UUID, actor_id: int, at: datetime, prints: bool = True
) -> CashOrder:
    """Undo a receipt of this shift as a whole: it was taken by mistake. The payer gets the money back.

    Raises CashRefused: not_a_receipt, other_shift, given_back, no_reason, drawer_short, those of a receipt; and what
    `take_payment.reverse` raises.
    """
    with transaction.atomic():
        shift, receipt, standing = _begin(order_id, shift_id, reason, key, actor_id, at)
        if standing is not None:
            return standing
        if receipt.shift_id != shift.pk:
            raise CashRefused("other_shift")
        if any(given_back(receipt.pk)):
            raise CashRefused("given_back", left_minor=0)
        assert receipt.payment is not None
        change = take_payment.reverse(
            payment_id=receipt.payment.pk,
            reason=reason,
            booked_on=shift.day,
            actor_id=actor_id,
            at=at,
        )
        if change.amount_minor != receipt.payment.amount_minor:
            # the office moved or refunded a part meanwhile: that is not in this drawer
            raise CashRefused("given_back", left_minor=change.amount_minor)
        order = _give_back(
            shift, receipt, receipt.cash_minor, receipt.card_minor, reason, key, actor_id, at, change.pk
        )
    return _printed(order, at) if prints else order


def refund(
    *,
    order_id: int,
    shift_id: int,
    cash_minor: int,
    card_minor: int,
    reason: str,
    key: UUID,
    actor_id: int,
    at: datetime,
    prints: bool = True,
) -> CashOrder:
    """Give back a part of a receipt, or all of it, in the way it was paid.

    Raises CashRefused: not_a_receipt, not_positive, too_much, no_reason, drawer_short, those of a receipt; and what
    `take_payment.refund` raises.
    """
    amount_minor = cash_minor + card_minor
    if min(cash_minor, card_minor) < 0 or amount_minor <= 0:
        raise CashRefused("not_positive")
    with transaction.atomic():
        shift, receipt, standing = _begin(order_id, shift_id, reason, key, actor_id, at)
        if standing is not None:
            return standing
        back_cash, back_card = given_back(receipt.pk)
        left_cash, left_card = receipt.cash_minor - back_cash, receipt.card_minor - back_card
        if cash_minor > left_cash or card_minor > left_card:
            raise CashRefused("too_much", left_minor=left_cash if cash_minor > left_cash else left_card)
        assert receipt.payment is not None
        change = take_payment.refund(
            payment_id=receipt.payment.pk,
            amount_minor=amount_minor,
            reason=reason,
            booked_on=shift.day,
            key=key,
            actor_id=actor_id,
            at=at,
        )
        order = _give_back(shift, receipt, cash_minor, card_minor, reason, key, actor_id, at, change.pk)
    return _printed(order, at) if prints else order


def _begin(
    order_id: int, shift_id: int, reason: str, key: UUID, actor_id: int, at: datetime
) -> tuple[CashShift, CashOrder, CashOrder | None]:
    """Lock the shift and the receipt; return them, and the order that did it before under this key."""
    if not reason.strip():
        raise CashRefused("no_reason")
    shift = locked_shift(shift_id, actor_id=actor_id)
    receipt = CashOrder.objects.select_for_update(of=("self",)).select_related("payment").get(pk=order_id)
    standing = CashOrder.objects.filter(key=key).first()
    if standing is not None:
        if standing.refunds_id != order_id:
            raise CashRefused("other_order")
        return shift, receipt, standing
    require_today(shift, at=at)
    if receipt.kind != CashOrderKind.RECEIPT:
        raise CashRefused("not_a_receipt")
    return shift, receipt, None


def _give_back(
    shift: CashShift,
    receipt: CashOrder,
    cash_minor: int,
    card_minor: int,
    reason: str,
    key: UUID,
    actor_id: int,
    at: datetime,
    change_id: int,
) -> CashOrder:
    require_drawer(shift, cash_minor)
    order = CashOrder(
        shift=shift,
        desk_id=shift.desk_id,
        kind=CashOrderKind.REFUND,
        number=next_number(shift, CashOrderKind.REFUND),
        year=shift.day.year,
        key=key,
        refunds=receipt,
        change_id=change_id,
        cash_minor=cash_minor,
        card_minor=card_minor,
        payer=receipt.payer,
        contact=receipt.contact,
        ground=reason.strip()[:200],
        made_at=at,
        made_by_id=actor_id,
    )
    order.receipt = receipts.of_return(order, receipt=receipt, cashier=cashier_name(actor_id))
    order.save(force_insert=True)
    return order


def _printed(order: CashOrder, at: datetime) -> CashOrder:
    printing.print_waiting(desk_id=order.desk_id, at=at)
    order.refresh_from_db()
    return order
