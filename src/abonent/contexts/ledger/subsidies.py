"""What is asked about registries of subsidies."""

from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from abonent.contexts.ledger.models import SubsidyFile, SubsidyRow, SubsidyRowState


def subsidy_files() -> QuerySet[SubsidyFile, dict[str, Any]]:
    """Rows of the list of registries with what is held of each."""
    held = Q(file_rows__state=SubsidyRowState.HELD)
    posted = Q(file_rows__state=SubsidyRowState.POSTED)
    return SubsidyFile.objects.annotate(
        held_rows=Count("file_rows", filter=held),
        posted_minor=Sum("file_rows__amount_minor", filter=posted, default=0),
    ).values(
        "id",
        "name",
        "document",
        "booked_period",
        "received_at",
        "received_by_id",
        "rows",
        "amount_minor",
        "held_rows",
        "posted_minor",
        "reversed_at",
        "reason",
    )


def subsidy_rows(*, file_id: int) -> QuerySet[SubsidyRow, dict[str, Any]]:
    """Rows of a registry as they were read; `posted_to` is the account's number."""
    return (
        SubsidyRow.objects.filter(file_id=file_id)
        .annotate(posted_to=F("account__number"))
        .values(
            "id",
            "row_no",
            "account_number",
            "recipient",
            "period",
            "amount_minor",
            "document",
            "state",
            "problem",
            "posted_to",
            "note",
        )
    )
