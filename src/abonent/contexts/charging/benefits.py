"""What is asked about registries of benefits."""

from typing import Any

from django.db.models import F, QuerySet

from abonent.contexts.charging.models import BenefitRegistry, Compensation


def registries() -> QuerySet[BenefitRegistry, dict[str, Any]]:
    """Rows of the list of registries."""
    return BenefitRegistry.objects.values(
        "id",
        "period",
        "since",
        "state",
        "created_at",
        "made_at",
        "made_by_id",
        "sent_at",
        "accounts_total",
        "accounts_done",
        "rows",
        "amount_minor",
        "error",
    )


def compensations(*, registry_id: int) -> QuerySet[Compensation, dict[str, Any]]:
    """Rows of a registry."""
    return (
        Compensation.objects.filter(registry_id=registry_id)
        .annotate(
            account_number=F("account__number"),
            name=F("holder__name"),
            category=F("holder__category__name"),
        )
        .values(
            "id",
            "holder_id",
            "account_number",
            "name",
            "category",
            "period",
            "usage_wh",
            "residents",
            "within_norm_wh",
            "due_minor",
            "amount_minor",
        )
    )
