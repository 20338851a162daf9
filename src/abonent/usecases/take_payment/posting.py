"""What every change of money is made of: its entries in the books, and the allocations brought into agreement."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from abonent.contexts.contracts.models import Account, Service
from abonent.contexts.ledger.models import Batch, EntryKind
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.payments.models import Agent, AgentKind
from abonent.kernel.periods import Month
from abonent.usecases.settling import lock_accounts, settle_accounts
from abonent.usecases.take_payment.refusals import PaymentRefused


@dataclass(frozen=True, kw_only=True)
class By:
    """On which day it is booked, who does it and when."""

    booked_on: date
    actor_id: int | None
    at: datetime


def entry_kind(agent: Agent) -> EntryKind:
    """Return the kind of entry a payment of this channel is."""
    return EntryKind.SUBSIDY if agent.kind == AgentKind.SUBSIDY else EntryKind.PAYMENT


def entry(*, account_id: int, kind: EntryKind, amount_minor: int, by: By) -> Posting:
    """Return an entry of money: it belongs to the month it is booked in."""
    return Posting(account_id, Service.ELECTRICITY, kind, Month.of(by.booked_on).first_day, amount_minor)


def post(*, origin: str, entries: Sequence[Posting], by: By, reason: str = "") -> Batch | None:
    """Post entries booked on one day; None when this origin is posted already."""
    batch_id = post_batch(
        origin=origin,
        postings=entries,
        booked_period=Month.of(by.booked_on),
        booked_on=by.booked_on,
        at=by.at,
        author_id=by.actor_id,
        reason=reason[:200],
    )
    return None if batch_id is None else Batch.objects.get(pk=batch_id)


def hold_accounts(*account_ids: int) -> None:
    """Let nobody else book money on these accounts until the transaction ends; taken before anything is written."""
    with connection.cursor() as cursor:
        lock_accounts(cursor, account_ids)


def settle(*, account_ids: Iterable[int], origin: str, by: By, released: Collection[int] = ()) -> None:
    """Bring what payments cover into agreement with the books, in this transaction.

    What `released` payments cover is given out anew.
    """
    settle_accounts(
        None,
        account_ids=sorted(set(account_ids)),
        origin=origin,
        booked_on=by.booked_on,
        actor_id=by.actor_id,
        at=by.at,
        released=released,
    )


def lock_key(key: UUID) -> None:
    """Let those who do the same thing at once do it one after another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(key)])


def require_account(*, supplier_id: int, account_id: int) -> None:
    """Raise PaymentRefused unless the supplier has this account."""
    if not Account.objects.filter(pk=account_id, building__branch__supplier=supplier_id).exists():
        raise PaymentRefused("unknown_account")
