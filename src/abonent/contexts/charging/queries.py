"""What is asked about runs, lines, building balances and bills."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from abonent.contexts.charging.models import (
    Bill,
    BillingPeriod,
    BillPrint,
    BuildingBalance,
    ChargeLine,
    PeriodState,
    Recalculation,
    Run,
    RunException,
    RunKind,
    RunShard,
    RunState,
)
from abonent.contexts.contracts.models import Account, Service
from abonent.contexts.places.models import Building
from abonent.contexts.places.queries import address_of, number_order


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


# what `run_scope` writes the scope of a run or a print from
_SCOPE = {
    "branch_name": F("branch__name"),
    "account_number": F("account__number"),
    "building_number": F("building__number"),
    "street_kind": F("building__street__kind"),
    "street_name": F("building__street__name"),
}


def runs() -> QuerySet[Run, dict[str, Any]]:
    """Rows of the list of runs; `run_scope` writes what a row is for."""
    return Run.objects.annotate(**_SCOPE).values(
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
    """Rows of a run's exceptions with account and address."""
    account = Account.objects.filter(id=OuterRef("account_id"))
    building = Building.objects.annotate(order=number_order()).filter(id=OuterRef("building_id"))
    return (
        RunException.objects.filter(run_id=run_id)
        .annotate(
            account_number=Coalesce(Subquery(account.values("number")[:1]), Value("")),
            premise_number=Coalesce(Subquery(account.values("premise__number")[:1]), Value("")),
            premise_order=Coalesce(Subquery(account.values("premise__sort_key")[:1]), 0),
            building_number=Subquery(building.values("number")[:1]),
            building_order=Subquery(building.values("order")[:1]),
            street_name=Subquery(building.values("street__name")[:1]),
            street_kind=Subquery(building.values("street__kind")[:1]),
        )
        .values(
            "id",
            "code",
            "facts",
            "building_id",
            "account_number",
            "premise_number",
            "premise_order",
            "building_number",
            "building_order",
            "street_name",
            "street_kind",
        )
    )


def account_exceptions(*, account_id: int) -> list[dict[str, Any]]:
    """Return what is parked of an account and was not judged by a later run of the same month, newest first."""
    alive = [RunState.RATED, RunState.POSTED]
    later = RunShard.objects.filter(
        _rates(account_id),
        period=OuterRef("period"),
        run_id__gt=OuterRef("run_id"),
        run__state__in=alive,
        buildings__contains=OuterRef("building_id"),
    ).exclude(run__kind=RunKind.MANUAL)
    return list(
        RunException.objects.filter(~Exists(later), account_id=account_id, run__state__in=alive)
        .order_by("-run_id", "id")
        .values("run_id", "code", "facts", "period")[:20]
    )


def _rates(account_id: int) -> Q:
    """Tell of a shard whether it rates this account: with its whole building, on its own, or as what waited."""
    account = Account.objects.filter(id=account_id)
    listed = Recalculation.objects.filter(
        Q(premise=None)
        | Q(premise__in=account.values("premise"))
        | Q(premise__in=account.values("premise__parent"))
        | Q(premise__in=account.values("premise__parent__parent")),
        run_id=OuterRef("run_id"),
        period=OuterRef("period"),
        building__in=account.values("building"),
    )
    return (Q(listed=False) & (Q(run__account=None) | Q(run__account=account_id))) | (
        Q(listed=True) & Exists(listed)
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
    """Rows of an account's bills; only the latest version of a month is printed."""
    later = Bill.objects.filter(
        account_id=OuterRef("account_id"), period=OuterRef("period"), version__gt=OuterRef("version")
    )
    return (
        Bill.objects.filter(account_id=account_id)
        .annotate(is_latest=~Exists(later))
        .values(
            "is_latest",
            "id",
            "period",
            "version",
            "number",
            "opening_minor",
            "charged_minor",
            "recalculated_minor",
            "penalty_minor",
            "written_off_minor",
            "paid_minor",
            "total_minor",
            "due_on",
            "issued_on",
        )
    )


def periods() -> QuerySet[BillingPeriod, dict[str, Any]]:
    """Rows of the list of billing periods."""
    return BillingPeriod.objects.values("id", "month", "state", "closed_at", "supplier_id")


@dataclass(frozen=True, kw_only=True)
class PeriodChoice:
    supplier_id: int
    month: date
    is_open: bool


def period_choices() -> list[PeriodChoice]:
    """Return the supplier's periods, newest first."""
    return [
        PeriodChoice(supplier_id=row.supplier_id, month=row.month, is_open=row.state == PeriodState.OPEN)
        for row in BillingPeriod.objects.order_by("-month")
    ]


def reversals_of(*, run_id: int) -> list[int]:
    """Return the runs that cancelled a run."""
    return list(Run.objects.filter(cancels_id=run_id).order_by("id").values_list("id", flat=True))


def run_pack(*, run_id: int) -> str:
    """Return the pack a run is rated by. Raises Run.DoesNotExist."""
    return Run.objects.values_list("pack", flat=True).get(id=run_id)


def bill_prints() -> QuerySet[BillPrint, dict[str, Any]]:
    """Rows of the list of printed files; `run_scope` writes what a row is for."""
    return BillPrint.objects.annotate(**_SCOPE).values(
        "id",
        "period",
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
        "started_at",
        "finished_at",
        "bills",
        "bills_total",
        "pages",
        "total_minor",
        "error",
    )
