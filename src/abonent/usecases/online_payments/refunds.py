"""Money of a paid order given back: written down, asked of the acquirer under one number, then booked."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from abonent.contexts.payments.models import OnlineOrder, OnlineRefund, OnlineRefundState
from abonent.gateways.acquiring import AcquirerRefused, AcquirerSilent, Refund, Stage
from abonent.usecases import take_payment
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.online_payments import receipts
from abonent.usecases.online_payments.holding import day_of, hold, reach, talking
from abonent.usecases.online_payments.refusals import OnlineRefused
from abonent.usecases.online_payments.telling import PAID_STAGES, finish
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.holding import left_minor


def refund(
    *,
    order_id: UUID,
    amount_minor: int,
    reason: str,
    key: UUID,
    actor_id: int | None,
    at: datetime,
    at_bank: bool = False,
) -> OnlineRefund:
    """Give so much of an order back, once under this key; `at_bank`: it was given back there already.

    What the acquirer answered stays with the refund: DONE, REFUSED with its error, or ASKED while it is not known.
    Raises OnlineRefused: not_paid, no_reason, not_positive, too_much, not_set_up; DayLocked, PeriodClosed.
    """
    written = _written(
        order_id=order_id,
        amount_minor=amount_minor,
        reason=reason.strip(),
        key=key,
        actor_id=actor_id,
        at=at,
        at_bank=at_bank,
    )
    return push(refund_id=written.pk, at=at)


def push(*, refund_id: int, at: datetime) -> OnlineRefund:
    """Bring a refund to its end, unless the acquirer is silent. Raises OnlineRefused: not_set_up."""
    refund = OnlineRefund.objects.select_related("order__agent__supplier").get(pk=refund_id)
    try:
        with talking(refund.order_id):
            refund.refresh_from_db()
            if refund.state == OnlineRefundState.ASKED:
                _bring_to_its_end(refund, at=at)
    except OnlineRefused as refusal:
        if refusal.code != "busy":  # whoever talks about it now brings the answer
            raise
    refund.refresh_from_db()
    return refund


def _written(
    *,
    order_id: UUID,
    amount_minor: int,
    reason: str,
    key: UUID,
    actor_id: int | None,
    at: datetime,
    at_bank: bool,
) -> OnlineRefund:
    with transaction.atomic():
        order = hold(order_id)
        if standing := OnlineRefund.objects.filter(key=key, order=order).first():
            return standing
        if order.payment is None:
            raise OnlineRefused("not_paid")
        if amount_minor <= 0:
            raise OnlineRefused("not_positive")
        if not reason:
            raise OnlineRefused("no_reason")
        asked = order.refunds.filter(state=OnlineRefundState.ASKED).aggregate(sum=Sum("amount_minor"))["sum"]
        left = min(order.amount_minor - order.refunded_minor, left_minor(order.payment)) - (asked or 0)
        if amount_minor > left:
            raise OnlineRefused("too_much", left_minor=max(left, 0))
        take_payment.require_day(order.agent.supplier_id, day_of(order, at))
        if not at_bank:
            reach(order.agent.code)
        return OnlineRefund.objects.create(
            order=order,
            key=key,
            amount_minor=amount_minor,
            reason=reason[:200],
            at_bank=at_bank,
            made_at=at,
            made_by_id=actor_id,
        )


def _bring_to_its_end(refund: OnlineRefund, *, at: datetime) -> None:
    # what the acquirer has done and the books refused is only booked
    if refund.at_bank or refund.error.startswith("not_booked") or _is_made(refund, at=at):
        _book(refund, at=at)


def _is_made(refund: OnlineRefund, *, at: datetime) -> bool:
    """Ask the acquirer; of a refund whose answer was lost, first how the payment stands."""
    order = refund.order
    acquirer = reach(order.agent.code)
    again = refund.tried_at is not None
    try:
        if again:
            stands = acquirer.state(order.external_id)
            if stands.stage is Stage.REFUNDED:
                return True
            if stands.stage is Stage.REFUNDED_PARTLY and not _others(refund):
                return True
            if stands.stage is Stage.REFUNDING:
                _note(refund, at=at)
                return False
        _note(refund, at=at)
        whole = refund.amount_minor == order.amount_minor
        told = acquirer.refund(
            Refund(
                external_id=order.external_id,
                amount_minor=refund.amount_minor,
                request_id=str(refund.key),
                receipt=None if whole else receipts.asked(order, back_minor=refund.amount_minor),
            )
        )
    except AcquirerSilent:
        _note(refund, at=at, error="bank_silent")
        return False
    except AcquirerRefused as refusal:
        _note(refund, at=at, error=f"bank_refused:{refusal}"[:200], state=OnlineRefundState.REFUSED)
        if again:  # the first question may have been answered with yes
            OnlineOrder.objects.filter(pk=order.pk).update(error="refund_unclear", changed_at=at)
        return False
    return told.stage in PAID_STAGES - {Stage.PAID}


def _others(refund: OnlineRefund) -> bool:
    others = OnlineRefund.objects.filter(order_id=refund.order_id).exclude(pk=refund.pk)
    return others.exclude(state=OnlineRefundState.REFUSED).exists()


def _book(refund: OnlineRefund, *, at: datetime) -> None:
    try:
        with transaction.atomic():
            order = hold(refund.order_id)
            mine = OnlineRefund.objects.select_for_update().get(pk=refund.pk)
            if mine.state == OnlineRefundState.ASKED:
                finish(mine, order, at=at)
                order.changed_at = at
                order.save()
    except (PaymentRefused, RunRefused) as refusal:
        code = str(getattr(refusal, "code", "") or type(refusal).__name__)
        _note(refund, at=at, error=f"not_booked:{code}"[:200])


def _note(
    refund: OnlineRefund,
    *,
    at: datetime,
    error: str = "",
    state: OnlineRefundState = OnlineRefundState.ASKED,
) -> None:
    OnlineRefund.objects.filter(pk=refund.pk, state=OnlineRefundState.ASKED).update(
        tried_at=at, error=error, state=state
    )
