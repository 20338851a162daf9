"""A payment held while something is done to it."""

from typing import Any
from uuid import UUID

from abonent.contexts.charging.days import hold_open
from abonent.contexts.payments.listing import gone_of
from abonent.contexts.payments.models import Payment
from abonent.usecases.take_payment.posting import By, hold_accounts


def hold(payment_id: int, *also: int) -> Payment:
    """Keep the days open, lock the payment's account and these, then the payment: the order of all who book money."""
    account_id, supplier_id = Payment.objects.values_list("account_id", "supplier_id").get(pk=payment_id)
    hold_open(supplier_id)
    hold_accounts(*also, *([account_id] if account_id is not None else []))
    return Payment.objects.select_for_update(of=("self",)).select_related("agent").get(pk=payment_id)


def left_minor(payment: Payment) -> int:
    """Return what is left of a payment after its reversal, refunds and transfers."""
    return payment.amount_minor - gone_of([payment.pk]).get(payment.pk, 0)


def heir(payment: Payment, *, key: UUID, amount_minor: int, by: By, **fields: Any) -> Payment:
    """Return a payment that stands in place of (a part of) another: of the same payer, paid on the same day.

    It has no file and no bank document: their totals count the first one.
    """
    return Payment.objects.create(
        supplier_id=payment.supplier_id,
        agent_id=payment.agent_id,
        key=key,
        external_id=payment.external_id,
        paid_on=payment.paid_on,
        booked_on=by.booked_on,
        amount_minor=amount_minor,
        payer=payment.payer,
        payer_inn=payment.payer_inn,
        account_text=payment.account_text,
        address=payment.address,
        purpose=payment.purpose,
        named_period=payment.named_period,
        named_debt=payment.named_debt,
        named_service=payment.named_service,
        created_at=by.at,
        created_by_id=by.actor_id,
        **fields,
    )
