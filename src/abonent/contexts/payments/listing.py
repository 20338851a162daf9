"""Rows of payments as lists and cards of them show."""

from typing import Any

from django.db.models import F, QuerySet

from abonent.contexts.payments.models import Payment


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
