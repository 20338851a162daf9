"""Money that finds its account: an unidentified payment, and one that was meant for another account."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.payments.models import ChangeKind, Payment, PaymentState, Recognition
from abonent.usecases.take_payment.days import require_day
from abonent.usecases.take_payment.holding import heir, hold
from abonent.usecases.take_payment.posting import By, entry, lock_key, post, require_account, settle
from abonent.usecases.take_payment.refusals import PaymentRefused
from abonent.usecases.take_payment.taking import post_payment
from abonent.usecases.take_payment.undoing import note, require_left


def identify(
    *,
    payment_id: int,
    account_id: int,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
    reason: str = "",
    recognition: int = Recognition.PERSON,
    confidence: int = 100,
) -> Payment:
    """Give an unidentified payment its account: it enters the books on this day, and counts from when it was paid.

    Given to this very account already, it is returned as it is. Raises PaymentRefused: not_unidentified,
    unknown_account; DayLocked, PeriodClosed.
    """
    by = By(booked_on=booked_on, actor_id=actor_id, at=at)
    with transaction.atomic():
        payment = hold(payment_id, account_id)
        if payment.state == PaymentState.POSTED and payment.account_id == account_id:
            return payment
        if payment.state != PaymentState.UNIDENTIFIED:
            raise PaymentRefused("not_unidentified")
        require_account(supplier_id=payment.supplier_id, account_id=account_id)
        require_day(payment.supplier_id, booked_on)
        payment.account_id = account_id
        payment.recognition, payment.confidence = recognition, confidence
        batch = post_payment(payment, origin=f"payment:{payment.pk}:identified", by=by)
        payment.save()
        note(payment, ChangeKind.IDENTIFIED, payment.amount_minor, by=by, reason=reason, batch=batch)
        settle(account_ids=[account_id], origin=f"payment:{payment.pk}", by=by)
        return payment


def transfer(
    *,
    payment_id: int,
    to_account_id: int,
    amount_minor: int,
    reason: str,
    booked_on: date,
    key: UUID,
    actor_id: int | None,
    at: datetime,
    document: str = "",
) -> Payment:
    """Move a payment or a part of it to another account, where it counts as paid on the same day; once under this key.

    Returns the payment on the other account. Raises PaymentRefused: not_posted, same_account, unknown_account,
    not_positive, too_much (left_minor), no_reason, other_payment; DayLocked, PeriodClosed.
    """
    by = By(booked_on=booked_on, actor_id=actor_id, at=at)
    with transaction.atomic():
        lock_key(key)
        payment = hold(payment_id, to_account_id)
        moved = Payment.objects.filter(supplier_id=payment.supplier_id, key=key).first()
        if moved is not None:
            if (moved.account_id, moved.amount_minor) != (to_account_id, amount_minor):
                raise PaymentRefused("other_payment", amount_minor=moved.amount_minor)
            return moved
        account_id = require_left(payment, amount_minor, reason=reason)
        if account_id == to_account_id:
            raise PaymentRefused("same_account")
        require_account(supplier_id=payment.supplier_id, account_id=to_account_id)
        require_day(payment.supplier_id, booked_on)
        batch = post(
            origin=f"transfer:{key}",
            entries=[
                entry(account_id=account_id, kind=EntryKind.TRANSFER, amount_minor=amount_minor, by=by),
                entry(account_id=to_account_id, kind=EntryKind.TRANSFER, amount_minor=-amount_minor, by=by),
            ],
            by=by,
            reason=reason,
        )
        if batch is None:
            raise PaymentRefused("other_payment", amount_minor=amount_minor)
        moved = heir(
            payment,
            key=key,
            amount_minor=amount_minor,
            by=by,
            account_id=to_account_id,
            recognition=Recognition.PERSON,
            confidence=100,
            state=PaymentState.POSTED,
            slot=batch.slot,
            batch_id=batch.pk,
            entry_no=2,
        )
        note(
            payment,
            ChangeKind.TRANSFER,
            amount_minor,
            by=by,
            reason=reason,
            document=document,
            batch=batch,
            to_payment=moved,
        )
        settle(account_ids=[account_id, to_account_id], origin=f"payment:{payment.pk}", by=by)
        return moved
