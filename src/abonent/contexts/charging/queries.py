"""What is asked about runs, lines, building balances and bills."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from abonent.contexts.charging.models import (
    Bill,
    BillingPeriod,
    BuildingBalance,
    ChargeLine,
    Run,
    RunException,
    RunState,
)
from abonent.contexts.contracts.models import Service
from abonent.contexts.places.models import Building
from abonent.contexts.places.queries import address_of


@dataclass(frozen=True, kw_only=True)
class MonthCharged:
    """What an account was charged for a month: posted lines only, corrections included."""

    period: date
    quantity_wh: int
    amount_minor: int
    lines: int


def months_charged(*, account_id: int) -> list[MonthCharged]:
    """Return the months an account has lines for, newest first."""
    rows = (
        ChargeLine.objects.filter(account_id=account_id)
        .values("period")
        .annotate(quantity=Sum("quantity_wh"), amount=Sum("amount_minor"), lines=Count("*"))
        .order_by("-period")
    )
    return [
        MonthCharged(
            period=row["period"], quantity_wh=row["quantity"], amount_minor=row["amount"], lines=row["lines"]
        )
        for row in rows
    ]


def usage_by_month(*, account_id: int, since: date) -> list[dict[str, Any]]:
    """Return the energy an account was charged for by month, service and zone."""
    return list(
        ChargeLine.objects.filter(account_id=account_id, period__gte=since)
        .values("period", "service", "zone")
        .annotate(usage_wh=Sum("quantity_wh"))
        .order_by("period", "service", "zone")
    )


def usage_of_accounts(*, account_ids: Iterable[int], period: date) -> dict[int, dict[str, int]]:
    """Return energy and money charged for a month to each of the accounts, both services."""
    rows = (
        ChargeLine.objects.filter(account_id__in=account_ids, period=period)
        .values("account_id", "service")
        .annotate(usage_wh=Sum("quantity_wh"), amount_minor=Sum("amount_minor"))
        .order_by()
    )
    accounts: dict[int, dict[str, int]] = {}
    for row in rows:
        own = accounts.setdefault(row["account_id"], {"own_wh": 0, "common_wh": 0, "amount_minor": 0})
        own["common_wh" if row["service"] == Service.ELECTRICITY_COMMON else "own_wh"] += row["usage_wh"]
        own["amount_minor"] += row["amount_minor"]
    return accounts


def runs() -> QuerySet[Run, dict[str, Any]]:
    """Rows of the list of runs; `run_scope` writes what a row is for."""
    return Run.objects.annotate(
        branch_name=F("branch__name"),
        account_number=F("account__number"),
        building_number=F("building__number"),
        street_kind=F("building__street__kind"),
        street_name=F("building__street__name"),
    ).values(
        "id",
        "kind",
        "period",
        "booked_period",
        "state",
        "branch_id",
        "building_id",
        "account_id",
        "branch_name",
        "account_number",
        "building_number",
        "street_kind",
        "street_name",
        "created_at",
        "created_by_id",
        "rated_at",
        "approved_by_id",
        "posted_at",
        "heartbeat_at",
        "cancels_id",
        "accounts_total",
        "accounts_done",
        "lines",
        "entries",
        "amount_minor",
        "exceptions",
        "seconds",
        "error",
        "reason",
        "pack",
        "pack_version",
        "parameter_hash",
        "supplier_id",
    )


def run_row(*, run_id: int) -> dict[str, Any] | None:
    return runs().filter(id=run_id).first()


def run_scope(row: dict[str, Any]) -> str:
    """Write what a run is for: an account, a building, a branch, or "" for everybody."""
    if row["account_id"]:
        return str(row["account_number"])
    if row["building_id"]:
        return address_of(
            street_kind=row["street_kind"], street=row["street_name"], building=row["building_number"]
        )
    return row["branch_name"] or ""


def exceptions_by_code(*, run_id: int) -> list[dict[str, Any]]:
    """Return how many exceptions of each code a run has parked, most frequent first."""
    return list(
        RunException.objects.filter(run_id=run_id)
        .values("code")
        .annotate(rows=Count("id"), buildings=Count("building_id", distinct=True))
        .order_by("-rows", "code")
    )


def run_exceptions(*, run_id: int) -> QuerySet[RunException, dict[str, Any]]:
    """Rows of a run's exceptions."""
    return RunException.objects.filter(run_id=run_id).values(
        "id", "code", "facts", "building_id", "account_id"
    )


def account_exceptions(*, account_id: int) -> list[dict[str, Any]]:
    """Return the exceptions of an account in runs that still count, newest first."""
    alive = [RunState.RATED, RunState.POSTED]
    return list(
        RunException.objects.filter(account_id=account_id, run__state__in=alive)
        .order_by("-run_id", "id")
        .values("run_id", "code", "facts", "run__period")[:20]
    )


def balance_months(*, building_id: int) -> list[date]:
    """Return the months a building was balanced for, newest first."""
    return list(
        BuildingBalance.objects.filter(
            building_id=building_id, run__state__in=[RunState.RATED, RunState.POSTED]
        )
        .order_by("-period")
        .values_list("period", flat=True)
        .distinct()
    )


def building_balance(*, building_id: int, period: date) -> BuildingBalance | None:
    """Return how the building's energy was shared out: by the posted run, else by a rated one."""
    return (
        BuildingBalance.objects.filter(
            building_id=building_id, period=period, run__state__in=[RunState.RATED, RunState.POSTED]
        )
        .select_related("run")
        .order_by("-run__state", "-run_id")
        .first()
    )


def bills_of(*, account_id: int) -> QuerySet[Bill, dict[str, Any]]:
    """Rows of an account's bills."""
    return Bill.objects.filter(account_id=account_id).values(
        "id",
        "period",
        "version",
        "number",
        "opening_minor",
        "charged_minor",
        "recalculated_minor",
        "paid_minor",
        "total_minor",
        "due_on",
        "issued_on",
    )


def periods() -> QuerySet[BillingPeriod, dict[str, Any]]:
    """Rows of the list of billing periods."""
    return BillingPeriod.objects.values("id", "month", "state", "closed_at", "supplier_id")


def open_periods() -> list[date]:
    """Return the open months, newest first."""
    return list(
        BillingPeriod.objects.filter(state=1).order_by("-month").values_list("month", flat=True).distinct()
    )


def building_addresses(ids: set[int]) -> dict[int, str]:
    return {
        building.pk: building.address
        for building in Building.objects.select_related("street").filter(id__in=ids)
    }
