"""What a payer named a payment for, changed afterwards: its money is given out anew."""

from datetime import date, datetime

from django.db import transaction

from abonent.contexts.payments.models import ChangeKind, Payment, PaymentChange, PaymentState
from abonent.usecases.take_payment.days import require_day
from abonent.usecases.take_payment.holding import hold
from abonent.usecases.take_payment.posting import By, settle
from abonent.usecases.take_payment.refusals import PaymentRefused
from abonent.usecases.take_payment.undoing import note


def name_purpose(
    *,
    payment_id: int,
    named_period: date | None,
    named_debt: int | None,
    named_service: int | None,
    reason: str,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
    document: str = "",
) -> PaymentChange | None:
    """Name what a payment is for and give its money out anew; None when it is named so already.

    What it covered until then stays told. Raises PaymentRefused: not_posted, no_reason; DayLocked, PeriodClosed.
    """
    by = By(booked_on=booked_on, actor_id=actor_id, at=at)
    named = (named_period, named_debt, named_service)
    with transaction.atomic():
        payment = hold(payment_id)
        if (payment.named_period, payment.named_debt, payment.named_service) == named:
            return None
        if payment.state not in (PaymentState.POSTED, PaymentState.UNIDENTIFIED):
            raise PaymentRefused("not_posted")
        if not reason.strip():
            raise PaymentRefused("no_reason")
        require_day(payment.supplier_id, booked_on)
        payment.named_period, payment.named_debt, payment.named_service = named
        payment.save(update_fields=["named_period", "named_debt", "named_service"])
        change = note(payment, ChangeKind.PURPOSE, 0, by=by, reason=reason, document=document)
        if payment.state == PaymentState.POSTED and payment.account_id is not None:
            reallocate(payment, by=by)
        return change


def reallocate(payment: Payment, *, by: By) -> None:
    """Take back what a payment covers and give it out by the order of the day."""
    origin, account_id = f"payment:{payment.pk}:purpose", payment.account_id
    assert account_id is not None, "an unidentified payment covers nothing"
    settle(account_ids=[account_id], origin=origin, by=by, released=[payment.pk])
