"""What the acquirer says of an order, brought into the books: once, in whatever order and however often it is said."""

from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from abonent.contexts.payments.models import (
    OnlineOrder,
    OnlineOrderState,
    OnlineRefund,
    OnlineRefundState,
)
from abonent.gateways.acquiring import Stage, Told
from abonent.usecases import take_payment
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.online_payments.holding import day_of, hold, payment_key
from abonent.usecases.online_payments.refusals import NotBooked
from abonent.usecases.take_payment import PaymentRefused

PAID_STAGES = frozenset({Stage.PAID, Stage.REFUNDED_PARTLY, Stage.REFUNDED})
_UNPAID = (OnlineOrderState.NEW, OnlineOrderState.OPEN)
AT_THE_BANK = "возврат в кабинете банка"  # the reason kept in the books, in their language


def apply(order_id: UUID, told: Told, *, at: datetime, polled: bool = False) -> OnlineOrder:
    """Bring an order into agreement with what was said; `polled`: it is what stands now, not a notice on its way.

    Raises NotBooked when the books do not let the money in (a locked day, a closed month): the order keeps why, and the
    poll tries again.
    """
    if told.stage is Stage.PAID and told.amount_minor is not None:
        # kept whatever becomes of the booking: the payer paid on this day
        OnlineOrder.objects.filter(pk=order_id, paid_at__isnull=True, amount_minor=told.amount_minor).update(
            paid_at=at
        )
    try:
        with transaction.atomic():
            order = hold(order_id)
            _apply(order, told, at=at, polled=polled)
            order.changed_at = at
            order.save()
            return order
    except (PaymentRefused, RunRefused) as refusal:
        code = str(getattr(refusal, "code", "") or type(refusal).__name__)
        OnlineOrder.objects.filter(pk=order_id).update(
            error=f"not_booked:{code}"[:200],
            told_status=told.status[:40],
            told_at=at,
            changed_at=at,
        )
        raise NotBooked(code) from refusal


def finish(refund: OnlineRefund, order: OnlineOrder, *, at: datetime) -> None:
    """Book a refund the acquirer has made; both rows are locked by the caller, the order is saved by it.

    Raises PaymentRefused, RunRefused.
    """
    assert order.payment_id, "what was not paid is not given back"
    refund.change = take_payment.refund(
        payment_id=order.payment_id,
        amount_minor=refund.amount_minor,
        reason=refund.reason,
        booked_on=day_of(order, at),
        key=refund.key,
        actor_id=refund.made_by_id,
        at=at,
        document=order.external_id,
    )
    refund.state, refund.error = OnlineRefundState.DONE, ""
    refund.save()
    order.refunded_minor += refund.amount_minor
    whole = order.refunded_minor == order.amount_minor
    order.state = OnlineOrderState.REFUNDED if whole else OnlineOrderState.REFUNDED_PARTLY
    if order.error.startswith(("refunded_at_bank", "not_booked", "bank_silent")):
        order.error = ""


def _apply(order: OnlineOrder, told: Told, *, at: datetime, polled: bool) -> None:
    paid = told.stage in PAID_STAGES
    if order.external_id and order.external_id != told.external_id:
        # another payment of the same order: one whose page was never shown, or money that came twice
        if not paid:
            return
        if order.payment_id:
            order.error = f"paid_twice:{told.external_id}"
            return
    if paid and told.stage is Stage.PAID and told.amount_minor != order.amount_minor:
        order.error = f"wrong_amount:{told.amount_minor or 0}"
        return
    if polled or _is_news(order, told):
        order.told_status, order.told_at = told.status[:40], at
    if paid:
        order.external_id = told.external_id
        _pay(order, at=at)
    match told.stage:
        case Stage.FAILED if order.external_id == told.external_id and order.state in _UNPAID:
            order.state = OnlineOrderState.REFUSED
        case Stage.EXPIRED if order.external_id == told.external_id and order.state in _UNPAID:
            order.state = OnlineOrderState.EXPIRED
        case Stage.REFUNDED:
            _refund_the_rest(order, at=at)
        case Stage.REFUNDED_PARTLY:
            # how much was given back the protocol does not say beyond doubt: a person looks it up
            if not order.refunds.exclude(state=OnlineRefundState.REFUSED).exists():
                order.error = f"refunded_at_bank:{told.amount_minor or 0}"


def _pay(order: OnlineOrder, *, at: datetime) -> None:
    if order.payment_id:
        return
    booked_on = day_of(order, at)
    order.paid_at = order.paid_at or at
    order.payment = take_payment.take(
        supplier_id=order.agent.supplier_id,
        agent_id=order.agent_id,
        account_id=order.account_id,
        amount_minor=order.amount_minor,
        paid_on=min(day_of(order, order.paid_at), booked_on),
        booked_on=booked_on,
        key=payment_key(agent_id=order.agent_id, external_id=order.external_id),
        external_id=order.external_id,
        actor_id=None,
        at=at,
    )
    order.state, order.error = OnlineOrderState.PAID, ""


def _refund_the_rest(order: OnlineOrder, *, at: datetime) -> None:
    for refund in order.refunds.select_for_update().filter(state=OnlineRefundState.ASKED).order_by("id"):
        finish(refund, order, at=at)
    rest_minor = order.amount_minor - order.refunded_minor
    if rest_minor:
        refund = OnlineRefund.objects.create(
            order=order,
            key=uuid5(order.pk, "the rest at the bank"),
            amount_minor=rest_minor,
            reason=AT_THE_BANK,
            at_bank=True,
            made_at=at,
        )
        finish(refund, order, at=at)


def _is_news(order: OnlineOrder, told: Told) -> bool:
    """Tell whether a notice says more than is known: they come in any order."""
    match told.stage:
        case Stage.REFUNDED:
            return True
        case Stage.REFUNDED_PARTLY:
            return order.state != OnlineOrderState.REFUNDED
        case Stage.PAID:
            return not order.refunded_minor
        case _:
            return order.payment_id is None
