"""What is asked of the books."""

from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from abonent.contexts.ledger.models import Batch, Entry, Turnover

_BALANCE = F("balance_minor")


def balance_minor(*, account_id: int) -> int:
    """Return what the account owes now (below zero: an advance)."""
    return Turnover.objects.filter(account_id=account_id).aggregate(balance=Sum(_BALANCE))["balance"] or 0


def balance_of(account: str) -> Coalesce:
    """Return an expression for the balance of the account whose id is in this field of the query."""
    turnovers = Turnover.objects.filter(account_id=OuterRef(account)).order_by().values("account_id")
    return Coalesce(
        Subquery(turnovers.annotate(balance=Sum(_BALANCE)).values("balance")),
        0,
        output_field=BigIntegerField(),
    )


def entries_of(*, account_id: int) -> QuerySet[Entry, dict[str, Any]]:
    """Rows of an account's entries with the batch that brought them."""
    batch = Batch.objects.filter(id=OuterRef("batch_id"))
    return (
        Entry.objects.filter(account_id=account_id)
        .annotate(origin=Subquery(batch.values("origin")[:1]), reason=Subquery(batch.values("reason")[:1]))
        .values(
            "slot",
            "batch_id",
            "entry_no",
            "service",
            "kind",
            "period",
            "booked_on",
            "amount_minor",
            "origin",
            "reason",
        )
    )
