"""Many payments that came together, as one batch of the books; and all of them taken back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from django.db import connection

from abonent.contexts.ledger.models import Batch
from abonent.contexts.payments.listing import gone_of
from abonent.contexts.payments.models import (
    Agent,
    ChangeKind,
    Payment,
    PaymentChange,
    PaymentState,
    Recognition,
)
from abonent.usecases.settling import settle_frame
from abonent.usecases.take_payment.days import require_day
from abonent.usecases.take_payment.posting import By, entry, entry_kind, hold_accounts, post
from abonent.usecases.take_payment.refusals import PaymentRefused


@dataclass(frozen=True, kw_only=True)
class Given:
    """One payment of many: whose and how much; `key` tells it from all others."""

    key: UUID
    account_id: int
    amount_minor: int
    paid_on: date
    payer: str = ""
    purpose: str = ""
    external_id: str = ""
    named_period: date | None = None


_GIVEN = [field.name for field in fields(Given)]
_COLUMNS = [
    *_GIVEN,
    *(
        "supplier_id",
        "agent_id",
        "row_no",
        "booked_on",
        "commission_minor",
        "payer_inn",
        "account_text",
        "address",
    ),
    *("recognition", "confidence", "state", "slot", "batch_id", "entry_no", "created_at", "created_by_id"),
]


def take_many(*, agent: Agent, given: Sequence[Given], origin: str, by: By, reason: str = "") -> Batch | None:
    """Take payments in, in the caller's transaction; None for none of them, or when this origin is posted already.

    Raises DayLocked, PeriodClosed, PeriodUnknown.
    """
    if not given:
        return None
    require_day(agent.supplier_id, by.booked_on)
    accounts = {one.account_id for one in given}
    hold_accounts(*accounts)
    kind = entry_kind(agent)
    entries = [
        entry(account_id=one.account_id, kind=kind, amount_minor=-one.amount_minor, by=by) for one in given
    ]
    batch = post(origin=origin, entries=entries, by=by, reason=reason)
    if batch is None:
        return None
    columns = ", ".join(_COLUMNS)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY payments_payment ({columns}) FROM STDIN") as copy,
    ):
        for number, one in enumerate(given, start=1):
            copy.write_row(
                [
                    *(getattr(one, name) for name in _GIVEN),
                    *(agent.supplier_id, agent.pk, number, by.booked_on, 0, "", "", ""),
                    *(int(Recognition.ACCOUNT_FIELD), 100, int(PaymentState.POSTED)),
                    *(batch.slot, batch.pk, number, by.at, by.actor_id),
                ]
            )
    _settle(accounts, agent.supplier_id, origin, by)
    return batch


def reverse_many(
    *, payments: Sequence[Payment], agent: Agent, origin: str, by: By, reason: str
) -> Batch | None:
    """Take whole payments of one channel back, in the caller's transaction; None for none of them.

    Raises PaymentRefused "moved" when a part of one went elsewhere since; DayLocked, PeriodClosed, PeriodUnknown.
    """
    if not payments:
        return None
    require_day(agent.supplier_id, by.booked_on)
    accounts = {one.account_id for one in payments if one.account_id is not None}
    hold_accounts(*accounts)
    ids = [one.pk for one in payments]
    standing = Payment.objects.select_for_update().filter(pk__in=ids, state=PaymentState.POSTED)
    if len(standing) != len(ids) or gone_of(ids):
        raise PaymentRefused("moved")
    kind = entry_kind(agent)
    entries = [
        entry(account_id=one.account_id or 0, kind=kind, amount_minor=one.amount_minor, by=by)
        for one in payments
    ]
    batch = post(origin=origin, entries=entries, by=by, reason=reason)
    if batch is None:
        return None
    Payment.objects.filter(pk__in=ids).update(state=PaymentState.REVERSED)
    PaymentChange.objects.bulk_create(
        (
            PaymentChange(
                payment=one,
                kind=ChangeKind.REVERSAL,
                amount_minor=one.amount_minor,
                reason=reason[:200],
                slot=batch.slot,
                batch_id=batch.pk,
                booked_on=by.booked_on,
                made_at=by.at,
                made_by_id=by.actor_id,
            )
            for one in payments
        ),
        batch_size=5_000,
    )
    _settle(accounts, agent.supplier_id, origin, by)
    return batch


def _settle(accounts: Collection[int], supplier_id: int, origin: str, by: By) -> None:
    with connection.cursor() as cursor:
        settle_frame(
            cursor,
            supplier_id=supplier_id,
            account_ids=list(accounts),
            origin=origin,
            booked_on=by.booked_on,
            actor_id=by.actor_id,
            at=by.at,
        )
