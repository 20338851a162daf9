"""What is asked about recalculations: those that wait, and those decided by hand."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from abonent.contexts.charging.models import ManualRecalculation, Recalculation, RunShard
from abonent.contexts.contracts.models import Account
from abonent.contexts.places.models import Premise
from abonent.contexts.places.queries import number_order


def account_numbers(account_ids: Collection[int]) -> dict[int, str]:
    """Return the numbers of accounts by their ids."""
    if not account_ids:
        return {}
    return dict(Account.objects.filter(id__in=account_ids).values_list("id", "number"))


def waiting() -> QuerySet[Recalculation]:
    """Return what waits and is claimed by no run."""
    return Recalculation.objects.filter(run=None, settled_at=None)


def recalculations() -> QuerySet[Recalculation, dict[str, Any]]:
    """Rows of the list of recalculations, waiting and settled, with their addresses."""
    return (
        Recalculation.objects.annotate(
            building_order=number_order("building__number"),
            building_number=F("building__number"),
            street_kind=F("building__street__kind"),
            street_name=F("building__street__name"),
            premise_number=F("premise__number"),
            premise_order=F("premise__sort_key"),
            run_state=F("run__state"),
        )
    ).values(
        "id",
        "building_id",
        "premise_id",
        "period",
        "cause",
        "note",
        "noted_at",
        "noted_by_id",
        "run_id",
        "run_state",
        "settled_at",
        "building_number",
        "building_order",
        "street_kind",
        "street_name",
        "premise_number",
        "premise_order",
    )


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How much waits of a cause or a month: rows, premises and whole buildings among them."""

    key: Any
    rows: int
    premises: int
    buildings: int


def waiting_by(field: str) -> list[Waiting]:
    """Count what waits by `cause` or by `period`, most first or newest first."""
    rows = (
        waiting()
        .values(field)
        .annotate(
            rows=Count("id"),
            premises=Count("premise", distinct=True),
            buildings=Count("building", distinct=True, filter=Q(premise=None)),
        )
        .order_by("-period" if field == "period" else "-rows")
    )
    return [
        Waiting(key=row[field], rows=row["rows"], premises=row["premises"], buildings=row["buildings"])
        for row in rows
    ]


def waiting_in(
    *,
    branch_id: int | None,
    building_id: int | None,
    account_id: int | None,
    causes: Collection[int] | None,
    first: date | None,
    last: date | None,
) -> Waiting:
    """Count what waits in a scope, of some causes and months where they are given."""
    rows = waiting()
    if branch_id is not None:
        rows = rows.filter(building__branch=branch_id)
    if building_id is not None:
        rows = rows.filter(building=building_id)
    if account_id is not None:
        rows = rows.filter(
            premise__in=_kin(Account.objects.values_list("premise_id", flat=True).get(pk=account_id))
        )
    if causes is not None:
        rows = rows.filter(cause__in=causes)
    if first is not None:
        rows = rows.filter(period__gte=first)
    if last is not None:
        rows = rows.filter(period__lte=last)
    counted = rows.aggregate(
        rows=Count("id"),
        premises=Count("premise", distinct=True),
        buildings=Count("building", distinct=True, filter=Q(premise=None)),
    )
    return Waiting(key=None, **counted)


def _kin(premise_id: int) -> list[int]:
    """Return a premise and the communal apartment it is part of: what waits is noted for the apartment."""
    row = Premise.objects.values_list("id", "parent_id", "parent__parent_id").get(pk=premise_id)
    return [one for one in row if one is not None]


def waiting_of_premise(*, premise_id: int, building_id: int) -> list[dict[str, Any]]:
    """Return the months that wait of a premise and of its building, oldest first, each with whether a run holds it.

    `is_building` tells months of the whole building.
    """
    held = RunShard.objects.filter(
        active=True,
        period=OuterRef("period"),
        branch_id=OuterRef("building__branch_id"),
        buildings__contains=OuterRef("building_id"),
    )
    return list(
        Recalculation.objects.filter(settled_at=None, building_id=building_id)
        .filter(Q(premise__in=_kin(premise_id)) | Q(premise=None))
        .annotate(is_held=Exists(held), is_building=Q(premise=None))
        .order_by("period", "cause")
        .values("period", "cause", "note", "noted_at", "run_id", "is_held", "is_building")
    )


def manual_recalculations() -> QuerySet[ManualRecalculation, dict[str, Any]]:
    """Rows of the list of manual recalculations."""
    return ManualRecalculation.objects.annotate(account_number=F("account__number")).values(
        "id",
        "account_id",
        "account_number",
        "period",
        "service",
        "quantity_wh",
        "amount_minor",
        "reason",
        "document",
        "state",
        "created_at",
        "created_by_id",
        "decided_at",
        "decided_by_id",
        "run_id",
    )


def months_of_run(*, run_id: int) -> list[dict[str, Any]]:
    """Return the months a run works on with their shards, accounts and lines, oldest first."""
    return list(
        RunShard.objects.filter(run_id=run_id)
        .values("period", "listed")
        .annotate(
            shards=Count("id"),
            done=Count("id", filter=Q(done=True)),
            accounts_sum=Sum("accounts"),
            lines_sum=Sum("lines"),
        )
        .order_by("period")
    )
