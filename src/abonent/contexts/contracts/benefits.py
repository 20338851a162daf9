"""What is asked about benefits: their holders and categories."""

from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from abonent.contexts.contracts.models import BenefitCategory, BenefitHolder


def holders() -> QuerySet[BenefitHolder, dict[str, Any]]:
    """Rows of the list of holders. `is_void`: one that was taken back after it had been reported."""
    return BenefitHolder.objects.annotate(
        begins_on=F("during__startswith"),
        ends_on=F("during__endswith"),
        is_void=F("during__isempty"),
        account_number=F("account__number"),
        premise_number=F("account__premise__number"),
        premise_order=F("account__premise__sort_key"),
        building_number=F("building__number"),
        street_name=F("building__street__name"),
        street_kind=F("building__street__kind"),
        category_name=F("category__name"),
        percent=F("category__percent"),
        within_norm=F("category__within_norm"),
        covers_family=F("category__covers_family"),
    ).values(
        "id",
        "name",
        "document",
        "end_document",
        "people",
        "begins_on",
        "ends_on",
        "is_void",
        "account_number",
        "premise_number",
        "premise_order",
        "building_number",
        "street_name",
        "street_kind",
        "category_id",
        "category_name",
        "percent",
        "within_norm",
        "covers_family",
    )


def categories() -> QuerySet[BenefitCategory, dict[str, Any]]:
    """Rows of the list of categories with the number of their holders."""
    held = BenefitHolder.objects.filter(category_id=OuterRef("id")).order_by().values("category_id")
    counted = Subquery(held.annotate(number=Count("id")).values("number"), output_field=IntegerField())
    return BenefitCategory.objects.annotate(holders=Coalesce(counted, 0)).values(
        "id", "code", "name", "percent", "within_norm", "covers_family", "act", "holders"
    )
