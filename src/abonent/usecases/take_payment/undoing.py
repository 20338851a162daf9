"""Money that goes back: a payment that never was, and money returned to the payer."""

from datetime import date, datetime
from uuid import UUID, uuid5

from django.db import transaction

from abonent.contexts.ledger.models import Batch, EntryKind
from abonent.contexts.payments.models import (
    ChangeKind,
    Payment,
    PaymentChange,
    PaymentState,
)
from abonent.usecases.take_payment.days import require_day
from abonent.usecases.take_payment.holding import heir, hold, left_minor
from abonent.usecases.take_payment.posting import By, entry, entry_kind, lock_key, post, settle
from abonent.usecases.take_payment.refusals import PaymentRefused


def reverse(
    *,
    payment_id: int,
    reason: str,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
    document: str = "",
) -> PaymentChange:
    """Take what is left of a payment out of the books: it was booked by mistake, or the bank took it back.

    Reversed already, it stays so. Raises PaymentRefused: not_posted, nothing_left, no_reason; DayLocked, PeriodClosed.
    """
    by = By(booked_on=booked_on, actor_id=actor_id, at=at)
    with transaction.atomic():
        payment = hold(payment_id)
        if payment.state == PaymentState.REVERSED:
            return PaymentChange.objects.get(payment=payment, kind=ChangeKind.REVERSAL)
        return _reverse(payment, by=by, reason=reason, document=document)


def unidentify(
    *, payment_id: int, reason: str, booked_on: date, actor_id: int | None, at: datetime
) -> Payment:
    """Take a payment from the account it was given by mistake; return the unidentified one that stands in its place.

    Done already, the same one is returned. Raises as `reverse` does.
    """
    by = By(booked_on=booked_on, actor_id=actor_id, at=at)
    with transaction.atomic():
        payment = hold(payment_id)
        if payment.state == PaymentState.REVERSED:
            change = PaymentChange.objects.get(payment=payment, kind=ChangeKind.REVERSAL)
            if change.to_payment is None:
                raise PaymentRefused("not_posted")
            return change.to_payment
        if not (left := left_minor(payment)):
            raise PaymentRefused("nothing_left")
        again = heir(
            payment,
            key=uuid5(payment.key, "unidentified"),
            amount_minor=left,
            by=by,
            state=PaymentState.UNIDENTIFIED,
        )
        _reverse(payment, by=by, reason=reason, to_payment=again)
        return again


def refund(
    *,
    payment_id: int,
    amount_minor: int,
    reason: str,
    booked_on: date,
    key: UUID,
    actor_id: int | None,
    at: datetime,
    document: str = "",
) -> PaymentChange:
    """Return a payment or a part of it to the payer; once under this key.

    Raises PaymentRefused: not_posted, not_positive, too_much (left_minor), no_reason, other_payment; DayLocked,
    PeriodClosed.
    """
    by = By(booked_on=booked_on, actor_id=actor_id, at=at)
    origin = f"refund:{key}"
    with transaction.atomic():
        lock_key(key)
        standing = Batch.objects.filter(origin=origin).first()
        if standing is not None:
            made = PaymentChange.objects.get(batch_id=standing.pk)
            if (made.payment_id, made.amount_minor) != (payment_id, amount_minor):
                raise PaymentRefused("other_payment", amount_minor=made.amount_minor)
            return made
        payment = hold(payment_id)
        account_id = require_left(payment, amount_minor, reason=reason)
        require_day(payment.supplier_id, booked_on)
        back = entry(account_id=account_id, kind=EntryKind.REFUND, amount_minor=amount_minor, by=by)
        batch = post(origin=origin, entries=[back], by=by, reason=reason)
        change = note(
            payment, ChangeKind.REFUND, amount_minor, by=by, reason=reason, document=document, batch=batch
        )
        settle(account_ids=[account_id], origin=f"payment:{payment.pk}", by=by)
        return change


def return_unidentified(
    *,
    payment_id: int,
    reason: str,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
    document: str = "",
) -> PaymentChange:
    """Note that an unidentified payment went back to its payer; it never was in the books.

    Returned already, it stays so. Raises PaymentRefused: not_unidentified, no_reason; DayLocked, PeriodClosed.
    """
    by = By(booked_on=booked_on, actor_id=actor_id, at=at)
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if payment.state == PaymentState.RETURNED:
            return PaymentChange.objects.filter(payment=payment, kind=ChangeKind.RETURNED).latest("id")
        if payment.state != PaymentState.UNIDENTIFIED:
            raise PaymentRefused("not_unidentified")
        if not reason.strip():
            raise PaymentRefused("no_reason")
        require_day(payment.supplier_id, booked_on)
        payment.state = PaymentState.RETURNED
        payment.save(update_fields=["state"])
        return note(
            payment, ChangeKind.RETURNED, payment.amount_minor, by=by, reason=reason, document=document
        )


def require_left(payment: Payment, amount_minor: int, *, reason: str) -> int:
    """Return the account of a posted payment of which so much is left. Raises PaymentRefused."""
    if payment.state != PaymentState.POSTED or payment.account_id is None:
        raise PaymentRefused("not_posted")
    if amount_minor <= 0:
        raise PaymentRefused("not_positive")
    if not reason.strip():
        raise PaymentRefused("no_reason")
    if amount_minor > (left := left_minor(payment)):
        raise PaymentRefused("too_much", left_minor=left)
    return payment.account_id


def note(
    payment: Payment,
    kind: ChangeKind,
    amount_minor: int,
    *,
    by: By,
    reason: str,
    document: str = "",
    batch: Batch | None = None,
    to_payment: Payment | None = None,
) -> PaymentChange:
    """Add to the history of a payment."""
    return PaymentChange.objects.create(
        payment=payment,
        kind=kind,
        amount_minor=amount_minor,
        to_payment=to_payment,
        reason=reason.strip()[:200],
        document=document.strip()[:120],
        slot=batch.slot if batch else None,
        batch_id=batch.pk if batch else None,
        booked_on=by.booked_on,
        made_at=by.at,
        made_by_id=by.actor_id,
    )


def _reverse(
    payment: Payment, *, by: By, reason: str, document: str = "", to_payment: Payment | None = None
) -> PaymentChange:
    left = left_minor(payment)
    if payment.state == PaymentState.POSTED and not left:
        raise PaymentRefused("nothing_left")
    account_id = require_left(payment, left, reason=reason)
    require_day(payment.supplier_id, by.booked_on)
    back = entry(account_id=account_id, kind=entry_kind(payment.agent), amount_minor=left, by=by)
    batch = post(origin=f"payment:{payment.pk}:reversal", entries=[back], by=by, reason=reason)
    payment.state = PaymentState.REVERSED
    payment.save(update_fields=["state"])
    change = note(
        payment,
        ChangeKind.REVERSAL,
        left,
        by=by,
        reason=reason,
        document=document,
        batch=batch,
        to_payment=to_payment,
    )
    settle(account_ids=[account_id], origin=f"payment:{payment.pk}", by=by)
    return change
