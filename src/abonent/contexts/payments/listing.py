"""Rows of payments as lists and cards of them show."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from abonent.contexts.payments.models import (
    AllocationPolicy,
    ChangeKind,
    DayLock,
    Payment,
    PaymentChange,
)

LESSENING = (ChangeKind.REVERSAL, ChangeKind.REFUND, ChangeKind.TRANSFER)


def payments() -> QuerySet[Payment, dict[str, Any]]:
    """Rows of payments of every state with the channel and the account's number."""
    return Payment.objects.annotate(
        agent_name=F("agent__name"), agent_kind=F("agent__kind"), number=F("account__number")
    ).values(
        "id",
        "paid_on",
        "booked_on",
        "amount_minor",
        "commission_minor",
        "agent_id",
        "agent_name",
        "agent_kind",
        "account_id",
        "number",
        "state",
        "payer",
        "payer_inn",
        "purpose",
        "account_text",
        "address",
        "external_id",
        "recognition",
        "confidence",
        "file_id",
        "row_no",
        "bank_line_id",
        "named_period",
        "named_debt",
        "named_service",
        "created_at",
        "created_by_id",
    )


def payment_row(*, payment_id: int) -> dict[str, Any] | None:
    """Return one payment as the list shows it, or None."""
    return payments().filter(id=payment_id).first()


def changes_of(*, payment_id: int) -> list[dict[str, Any]]:
    """Return what happened to a payment, the latest first; `to_number` is the account money moved to."""
    rows = PaymentChange.objects.filter(payment_id=payment_id).annotate(
        to_number=F("to_payment__account__number")
    )
    return list(
        rows.order_by("-id").values(
            "id",
            "kind",
            "amount_minor",
            "to_payment_id",
            "to_number",
            "reason",
            "document",
            "booked_on",
            "made_at",
            "made_by_id",
        )
    )


def came_from(*, payment_id: int) -> dict[str, Any] | None:
    """Return the change another payment went through to make this one, or None."""
    rows = PaymentChange.objects.filter(to_payment_id=payment_id).annotate(
        number=F("payment__account__number")
    )
    return rows.values("payment_id", "number", "kind", "booked_on").first()


def gone_of(payment_ids: Iterable[int], /) -> dict[int, int]:
    """Return what went out of payments by reversal, refund and transfer, by payment."""
    gone = (
        PaymentChange.objects.filter(payment__in=payment_ids, kind__in=LESSENING)
        .values("payment_id")
        .annotate(gone=Sum("amount_minor"))
    )
    return {row["payment_id"]: row["gone"] for row in gone}


def day_locks(*, supplier_id: int) -> QuerySet[DayLock, dict[str, Any]]:
    """Rows of the history of locked days."""
    return DayLock.objects.filter(supplier_id=supplier_id).values(
        "id", "locked_through", "reason", "made_at", "made_by_id"
    )


def policies(*, supplier_id: int) -> list[AllocationPolicy]:
    """Return the orders of payment, the latest first."""
    return list(AllocationPolicy.objects.filter(supplier_id=supplier_id).order_by("-during"))


TOTALS_OF_MOST = 50_000


@dataclass(frozen=True)
class Totals:
    """What rows of payments add up to; `is_cut`: only the first of them were added up."""

    rows: int
    amount_minor: int
    is_cut: bool


def totals_of(rows: QuerySet[Payment, dict[str, Any]]) -> Totals:
    """Add up the rows of a list, up to a limit that keeps it quick."""
    few = rows.order_by("-booked_on", "-id")[:TOTALS_OF_MOST]
    found = few.aggregate(rows=Count("id"), amount=Sum("amount_minor"))
    return Totals(found["rows"], found["amount"] or 0, found["rows"] == TOTALS_OF_MOST)


def payments_behind(*, account_id: int, batch_ids: Iterable[int]) -> dict[int, int]:
    """Return which payment of the account each of these batches is about: it brought it, or changed it."""
    batches = list(batch_ids)
    changed = PaymentChange.objects.filter(batch_id__in=batches, payment__account=account_id)
    brought = Payment.objects.filter(batch_id__in=batches, account=account_id)
    return dict(changed.values_list("batch_id", "payment_id")) | {
        batch_id: payment_id for batch_id, payment_id in brought.values_list("batch_id", "id") if batch_id
    }
