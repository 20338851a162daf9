"""What a run covers: its claim on whole buildings, cut into shards; or on what waits to be rated again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import Sum

from abonent.contexts.charging.days import hold_open
from abonent.contexts.charging.models import BillingPeriod, PeriodState, Run, RunKind, RunShard
from abonent.kernel.periods import Month
from abonent.usecases.billing_run import waiting
from abonent.usecases.billing_run.claims import claim_shards
from abonent.usecases.billing_run.refusals import NothingToBill, NothingWaits, PeriodClosed, PeriodUnknown

SHARD_ACCOUNTS = 250_000
"""Accounts a shard aims at: small enough for memory, large enough that Polars works in bulk."""


@dataclass(frozen=True)
class Scope:
    """Whole supplier, or one branch, building or account."""

    supplier_id: int
    branch_id: int | None = None
    building_id: int | None = None
    account_id: int | None = None


def create(
    *,
    scope: Scope,
    period: Month,
    at: datetime,
    pack_version: str,
    parameter_hash: str,
    booked_period: Month | None = None,
    created_by_id: int | None = None,
    reason: str = "",
    shard_accounts: int = SHARD_ACCOUNTS,
) -> int:
    """Make a draft run that claims its buildings for the period; return its id.

    Raises PeriodUnknown, PeriodClosed (the month it would be booked in), ScopeBusy, NothingToBill.
    """
    with transaction.atomic():
        run = new_run(
            kind=RunKind.BILLING,
            scope=scope,
            period=period,
            booked_period=booked_period or period,
            at=at,
            pack_version=pack_version,
            parameter_hash=parameter_hash,
            created_by_id=created_by_id,
            reason=reason,
        )
        shards = [
            RunShard(
                run=run,
                shard_no=number,
                period=period.first_day,
                branch_id=branch_id,
                buildings=NumericRange(first, last + 1),
                accounts=accounts,
            )
            for number, (branch_id, first, last, accounts) in enumerate(
                _cut(scope, period, shard_accounts), start=1
            )
        ]
        if not shards:
            raise NothingToBill(f"No account of this scope has a service in {period}")
        claim_shards(run, shards)
        add_up_accounts(run)
    return run.pk


def create_recalculation(
    *,
    scope: Scope,
    booked_period: Month,
    at: datetime,
    pack_version: str,
    parameter_hash: str,
    first: Month | None = None,
    last: Month | None = None,
    causes: Sequence[int] | None = None,
    created_by_id: int | None = None,
    reason: str = "",
    shard_premises: int = waiting.SHARD_PREMISES,
) -> int:
    """Make a draft run over what waits in a scope, all of it or of some months and causes; return its id.

    What another run is at work on goes on waiting. Raises PeriodUnknown, PeriodClosed, ScopeBusy, NothingWaits.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        run = new_run(
            kind=RunKind.RECALCULATION,
            scope=scope,
            period=booked_period,
            booked_period=booked_period,
            at=at,
            pack_version=pack_version,
            parameter_hash=parameter_hash,
            created_by_id=created_by_id,
            reason=reason,
        )
        root_id = None if run.account is None else waiting.root_of(cursor, run.account.premise_id)
        waiting.claim(cursor, run, last=last or booked_period, first=first, causes=causes, root_id=root_id)
        if not waiting.make_shards(cursor, run, most=shard_premises):
            raise NothingWaits("No billed month of this scope waits to be rated again")
        add_up_accounts(run)
        begin_with_first_month(run)
    return run.pk


def new_run(
    *,
    kind: RunKind,
    scope: Scope,
    period: Month,
    booked_period: Month,
    at: datetime,
    pack_version: str,
    parameter_hash: str,
    created_by_id: int | None,
    reason: str,
) -> Run:
    """Store a draft run without shards. Raises PeriodUnknown, PeriodClosed."""
    require_open(scope.supplier_id, booked_period)
    return Run.objects.create(
        supplier_id=scope.supplier_id,
        branch_id=scope.branch_id,
        building_id=scope.building_id,
        account_id=scope.account_id,
        kind=kind,
        period=period.first_day,
        booked_period=booked_period.first_day,
        pack_version=pack_version,
        parameter_hash=parameter_hash,
        created_by_id=created_by_id,
        created_at=at,
        reason=reason,
    )


def begin_with_first_month(run: Run) -> None:
    """Let a run over several months be known by the first of them."""
    run.period = min(run.shards.values_list("period", flat=True))
    Run.objects.filter(pk=run.pk).update(period=run.period)


def add_up_accounts(run: Run) -> None:
    """Keep with a run how many accounts its shards hold, month by month."""
    run.accounts_total = run.shards.aggregate(total=Sum("accounts"))["total"] or 0
    Run.objects.filter(pk=run.pk).update(accounts_total=run.accounts_total)


def require_open(supplier_id: int, period: Month) -> None:
    """Raise PeriodUnknown or PeriodClosed unless lines can be booked in the month; in a transaction it stays so."""
    hold_open(supplier_id)
    check_open(supplier_id, period)


def check_open(supplier_id: int, period: Month) -> None:
    """Do so for somebody who keeps the days open already."""
    periods = BillingPeriod.objects.filter(supplier_id=supplier_id)
    found = periods.filter(month=period.first_day).first()
    if found is None:
        raise PeriodUnknown(period)
    if found.state != PeriodState.OPEN:
        newest = periods.filter(state=PeriodState.OPEN, month__gt=period.first_day).order_by("month").first()
        raise PeriodClosed(period, Month.of(newest.month) if newest else None)


def _cut(scope: Scope, period: Month, most: int) -> list[tuple[int, int, int, int]]:
    """Return (branch, first building, last building, accounts) of runs of whole buildings of one branch, evenly cut."""
    where = "branch.supplier_id = %(supplier)s"
    where += "" if scope.branch_id is None else " AND b.branch_id = %(branch)s"
    counted = "" if scope.building_id is None else " AND building_id = %(building)s"
    counted += "" if scope.account_id is None else " AND account_id = %(account)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH counted AS (
                SELECT building_id, count(*) AS accounts FROM contracts_accountservice
                WHERE service = 1 AND during && daterange(%(first)s, %(end)s){counted}
                GROUP BY building_id
            ), placed AS (
                SELECT b.branch_id, building_id, accounts,
                       sum(accounts) OVER (PARTITION BY b.branch_id ORDER BY building_id) - 1 AS before,
                       sum(accounts) OVER (PARTITION BY b.branch_id) AS total
                FROM counted
                JOIN places_building b ON b.id = counted.building_id
                JOIN parties_branch branch ON branch.id = b.branch_id
                WHERE {where}
            )
            SELECT branch_id, min(building_id), max(building_id), sum(accounts)::bigint
            FROM placed GROUP BY branch_id, div(before * ceil(total / %(most)s), total)
            ORDER BY 1, 2
            """,
            {
                "supplier": scope.supplier_id,
                "branch": scope.branch_id,
                "building": scope.building_id,
                "account": scope.account_id,
                "first": period.first_day,
                "end": period.next().first_day,
                "most": most,
            },
        )
        return cursor.fetchall()
