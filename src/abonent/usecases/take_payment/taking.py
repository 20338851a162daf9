"""Take a payment of one payer in: its entry and what it covers, in one transaction, once."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from abonent.contexts.ledger.models import Batch
from abonent.contexts.payments.models import Agent, Payment, PaymentState, Recognition
from abonent.usecases.take_payment.days import require_day
from abonent.usecases.take_payment.posting import (
    By,
    entry,
    entry_kind,
    hold_accounts,
    lock_key,
    post,
    require_account,
    settle,
)
from abonent.usecases.take_payment.refusals import PaymentRefused


def take(
    *,
    supplier_id: int,
    agent_id: int,
    account_id: int | None,
    amount_minor: int,
    paid_on: date,
    booked_on: date,
    key: UUID,
    actor_id: int | None,
    at: datetime,
    recognition: int = Recognition.CHANNEL,
    confidence: int = 100,
    external_id: str = "",
    purpose: str = "",
    payer: str = "",
    payer_inn: str = "",
    commission_minor: int = 0,
    named_period: date | None = None,
    named_debt: int | None = None,
    named_service: int | None = None,
    **more: Any,
) -> Payment:
    """Take a payment in and return it; one that stands under this key already is returned as it is.

    `account_id` None: it waits among the unidentified. `more`: other fields of a payment (account_text, address,
    bank_line_id). Raises PaymentRefused (DayLocked among them), PeriodClosed, PeriodUnknown.
    """
    if amount_minor <= 0:
        raise PaymentRefused("not_positive")
    if paid_on > booked_on:
        raise PaymentRefused("in_future", day=paid_on)
    try:
        with transaction.atomic():
            lock_key(key)
            if standing := _standing(supplier_id, key, account_id, amount_minor):
                return standing
            require_day(supplier_id, booked_on)
            agent = Agent.objects.filter(pk=agent_id, supplier_id=supplier_id).first()
            if agent is None:
                raise PaymentRefused("unknown_agent")
            by = By(booked_on=booked_on, actor_id=actor_id, at=at)
            payment = Payment(
                supplier_id=supplier_id,
                agent=agent,
                key=key,
                external_id=external_id,
                account_id=account_id,
                paid_on=paid_on,
                booked_on=booked_on,
                amount_minor=amount_minor,
                commission_minor=commission_minor,
                payer=payer[:200],
                payer_inn=payer_inn,
                purpose=purpose[:500],
                named_period=named_period,
                named_debt=named_debt,
                named_service=named_service,
                recognition=recognition if account_id else Recognition.NONE,
                confidence=confidence if account_id else 0,
                state=PaymentState.UNIDENTIFIED,
                created_at=at,
                created_by_id=actor_id,
                **more,
            )
            if account_id is not None:
                require_account(supplier_id=supplier_id, account_id=account_id)
                hold_accounts(account_id)
                post_payment(payment, origin=f"payment:{key}", by=by)
            payment.save(force_insert=True)
            if account_id is not None:
                settle(account_ids=[account_id], origin=f"payment:{payment.pk}", by=by)
            return payment
    except IntegrityError:
        # a file brought the same payment in while this one was being written
        if standing := _standing(supplier_id, key, account_id, amount_minor):
            return standing
        raise


def post_payment(payment: Payment, *, origin: str, by: By) -> Batch:
    """Enter a payment into the books and note where its entry stands; the payment is not saved here."""
    account_id = payment.account_id
    assert account_id is not None, "only a payment of an account is posted"
    own = entry(
        account_id=account_id,
        kind=entry_kind(payment.agent),
        amount_minor=-payment.amount_minor,
        by=by,
    )
    batch = post(origin=origin, entries=[own], by=by, reason=payment.purpose)
    assert batch is not None, "an origin is taken under the lock of its key"
    payment.slot, payment.batch_id, payment.entry_no = batch.slot, batch.pk, 1
    payment.state, payment.booked_on = PaymentState.POSTED, by.booked_on
    return batch


def _standing(supplier_id: int, key: UUID, account_id: int | None, amount_minor: int) -> Payment | None:
    standing = Payment.objects.filter(supplier_id=supplier_id, key=key).first()
    if standing is None:
        return None
    # one a file brought was recognised by what the file says; one that was given an account since is still the same
    is_of_other = standing.file_id is None and None not in (account_id, standing.account_id)
    if standing.amount_minor != amount_minor or (is_of_other and standing.account_id != account_id):
        raise PaymentRefused("other_payment", amount_minor=standing.amount_minor)
    return standing
