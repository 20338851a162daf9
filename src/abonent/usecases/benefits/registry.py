"""The monthly registry of compensations: previewed, made, sent; and never changed once it is sent.

A registry holds a row for every holder of its month, and the differences to what earlier registries reported: months
whose lines, holders or households changed since the one before. Nothing else is looked at, so what it costs grows
with what was touched.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from django.db import IntegrityError, connection, transaction

from abonent.contexts.charging.models import BenefitRegistry, Compensation, RegistryState, Run, RunState
from abonent.engine.parameters import ParameterSet
from abonent.gateways.bulk_load import copy_frame
from abonent.kernel.periods import Month
from abonent.usecases.benefits.due import PAIRS, due, read

CHUNK_ACCOUNTS = 20_000
# a run is posted at a moment that was read before its transaction ended
_OVERLAP = timedelta(days=1)
_COLUMNS = [
    "registry_id",
    "holder_id",
    "account_id",
    "period",
    "usage_wh",
    "residents",
    "within_norm_wh",
    "due_minor",
    "amount_minor",
]


class RegistryRefused(Exception):
    """A registry cannot be made, sent or dropped.

    `code`: known, earlier, unfinished, not_billed, not_made, not_last.
    """

    def __init__(self, code: str, period: Month) -> None:
        super().__init__(f"registry of benefits {period}: {code}")
        self.code, self.period = code, period


@dataclass(frozen=True)
class Sum:
    """So many rows, and what they add up to."""

    rows: int = 0
    amount_minor: int = 0


@dataclass
class Preview:
    """What a registry would hold, nothing stored. `by_category`: of the month itself, by id of the category."""

    month: Sum = field(default_factory=Sum)
    earlier: Sum = field(default_factory=Sum)
    nothing_due: int = 0
    by_category: dict[int, Sum] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return self.month.rows + self.earlier.rows

    @property
    def total_minor(self) -> int:
        return self.month.amount_minor + self.earlier.amount_minor


def preview(
    *, supplier_id: int, period: Month, parameters: ParameterSet, since: Month | None = None
) -> Preview:
    """Return what the registry of a month would be now. Raises RegistryRefused, ParameterMissingError, NormMissing."""
    _require_makeable(supplier_id, period)
    found, parts = Preview(), []
    for rows, _accounts in _rows(supplier_id, period, since, parameters, registry_id=0):
        parts.append(rows)
    rows = pl.concat(parts) if parts else pl.DataFrame()
    if rows.is_empty():
        return found
    own = rows.filter(pl.col("period") == period.first_day)
    earlier = rows.filter(pl.col("period") < period.first_day)
    found.month, found.earlier = _sum(own), _sum(earlier)
    found.nothing_due = own.filter(pl.col("due_minor") == 0).height
    categories = read(_CATEGORIES, {"holders": own["holder_id"].to_list()}, _CATEGORY)
    joined = own.join(categories, on="holder_id")
    for (category_id,), part in joined.group_by(["category_id"], maintain_order=True):
        found.by_category[int(str(category_id))] = _sum(part)
    return found


def create(
    *, supplier_id: int, period: Month, actor_id: int | None, at: datetime, since: Month | None = None
) -> int:
    """Ask for the registry of a month; return its id. `since`: compare every month from this one on again.

    Raises RegistryRefused.
    """
    _require_makeable(supplier_id, period)
    try:
        with transaction.atomic():
            return BenefitRegistry.objects.create(
                supplier_id=supplier_id,
                period=period.first_day,
                since=since.first_day if since else None,
                created_at=at,
                made_by_id=actor_id,
            ).pk
    except IntegrityError:
        raise RegistryRefused("known", period) from None


def make(
    registry_id: int,
    *,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    chunk_accounts: int = CHUNK_ACCOUNTS,
) -> None:
    """Work out and store the rows of a registry, anew if it was begun before. Why it failed stays with it.

    Raises RegistryRefused for one that is made already; whatever it failed with.
    """
    registry = BenefitRegistry.objects.get(pk=registry_id)
    period = Month.of(registry.period)
    if registry.state not in (RegistryState.WAITING, RegistryState.MAKING, RegistryState.FAILED):
        raise RegistryRefused("known", period)
    begun = clock()
    Compensation.objects.filter(registry_id=registry_id).delete()
    since = Month.of(registry.since) if registry.since else None
    _note(registry_id, state=RegistryState.MAKING, error="", accounts_done=0, made_at=begun)
    try:
        total, done = Sum(), 0
        for rows, accounts in _rows(
            registry.supplier_id, period, since, parameters, registry_id, chunk_accounts
        ):
            with transaction.atomic(), connection.cursor() as cursor:
                copy_frame(cursor, "charging_compensation", _COLUMNS, rows.select(_COLUMNS))
            added = _sum(rows)
            total = Sum(total.rows + added.rows, total.amount_minor + added.amount_minor)
            done += rows["account_id"].n_unique()
            _note(registry_id, accounts_total=accounts, accounts_done=min(done, accounts))
        _note(registry_id, state=RegistryState.MADE, rows=total.rows, amount_minor=total.amount_minor)
    except Exception as error:
        _note(registry_id, state=RegistryState.FAILED, error=f"{type(error).__name__}: {error}")
        raise


def send(*, registry_id: int, actor_id: int | None, at: datetime) -> None:
    """Mark a registry as sent: from now on PostgreSQL refuses any change of it. Raises RegistryRefused."""
    changed = BenefitRegistry.objects.filter(pk=registry_id, state=RegistryState.MADE).update(
        state=RegistryState.SENT, sent_at=at, sent_by_id=actor_id
    )
    if not changed:
        raise RegistryRefused("not_made", _period(registry_id))


def drop(*, registry_id: int) -> None:
    """Drop a registry that was not sent and that no later one builds on. Raises RegistryRefused."""
    with transaction.atomic():
        registry = BenefitRegistry.objects.select_for_update().get(pk=registry_id)
        period = Month.of(registry.period)
        if registry.state in (RegistryState.SENT, RegistryState.MAKING):
            raise RegistryRefused("not_made", period)
        if BenefitRegistry.objects.filter(
            supplier_id=registry.supplier_id, period__gt=registry.period
        ).exists():
            raise RegistryRefused("not_last", period)
        registry.compensations.all().delete()
        registry.delete()


def next_period(*, supplier_id: int) -> Month | None:
    """Return the month after the last registry, or the newest billed month when there is none; None: nothing billed."""
    newest = BenefitRegistry.objects.filter(supplier_id=supplier_id).order_by("-period").first()
    if newest:
        return Month.of(newest.period).next()
    billed = Run.objects.filter(supplier_id=supplier_id, state=RunState.POSTED).order_by("-period").first()
    return Month.of(billed.period) if billed else None


def _rows(
    supplier_id: int,
    period: Month,
    since: Month | None,
    parameters: ParameterSet,
    registry_id: int,
    chunk_accounts: int = CHUNK_ACCOUNTS,
) -> Iterator[tuple[pl.DataFrame, int]]:
    """Yield the rows of a registry, a chunk of accounts at a time, with the number of accounts altogether."""
    pairs = _pairs(supplier_id, period, since)
    accounts = pairs["account_id"].unique().sort()
    for start in range(0, accounts.len(), chunk_accounts):
        chunk = pairs.filter(pl.col("account_id").is_in(accounts.slice(start, chunk_accounts).implode()))
        yield _differences(chunk, period, parameters, registry_id), accounts.len()


def _pairs(supplier_id: int, period: Month, since: Month | None) -> pl.DataFrame:
    """Return the accounts and months to look at: all holders of the month, and what was touched in earlier ones."""
    values: dict[str, Any] = {
        "supplier": supplier_id,
        "month": period.first_day,
        "end": period.next().first_day,
    }
    before = BenefitRegistry.objects.filter(
        supplier_id=supplier_id, period__lt=period.first_day, made_at__isnull=False
    ).order_by("period")
    first, last = before.first(), before.last()
    if first is None or last is None or last.made_at is None:
        return read(_PAIRS.format(earlier=""), values, PAIRS)
    values |= {"floor": first.period, "changed_since": last.made_at - _OVERLAP, "since": None}
    if since:
        values["since"] = max(since.first_day, first.period)
    return read(_PAIRS.format(earlier=_TOUCHED), values, PAIRS)


def _differences(
    pairs: pl.DataFrame, period: Month, parameters: ParameterSet, registry_id: int
) -> pl.DataFrame:
    """Return what is due less what was reported: all of the month itself, and whatever differs in earlier ones."""
    values = {
        "accounts": pairs["account_id"].to_list(),
        "periods": pairs["period"].to_list(),
        "registry": registry_id,
    }
    reported = read(_REPORTED, values, _REPORTED_SCHEMA)
    keys = ["holder_id", "account_id", "period"]
    rows = due(pairs, parameters=parameters).join(reported, on=keys, how="full", coalesce=True)
    figures = ["usage_wh", "residents", "within_norm_wh", "due_minor", "reported_minor"]
    return (
        rows.with_columns(pl.col(figures).fill_null(0))
        .with_columns(
            amount_minor=pl.col("due_minor") - pl.col("reported_minor"),
            registry_id=pl.lit(registry_id, dtype=pl.Int64),
        )
        .filter((pl.col("period") == period.first_day) | (pl.col("amount_minor") != 0))
        .sort("account_id", "period", "holder_id")
    )


def _sum(rows: pl.DataFrame) -> Sum:
    return Sum(rows.height, int(rows["amount_minor"].cast(pl.Int128).sum()))


def _require_makeable(supplier_id: int, period: Month) -> None:
    made = BenefitRegistry.objects.filter(supplier_id=supplier_id)
    if made.filter(period=period.first_day).exists():
        raise RegistryRefused("known", period)
    if made.filter(period__gt=period.first_day).exists():
        raise RegistryRefused("earlier", period)
    if made.exclude(state__in=[RegistryState.MADE, RegistryState.SENT]).exists():
        raise RegistryRefused("unfinished", period)
    if not Run.objects.filter(
        supplier_id=supplier_id, period=period.first_day, state=RunState.POSTED
    ).exists():
        raise RegistryRefused("not_billed", period)


def _period(registry_id: int) -> Month:
    return Month.of(BenefitRegistry.objects.values_list("period", flat=True).get(pk=registry_id))


def _note(registry_id: int, **values: object) -> None:
    BenefitRegistry.objects.filter(pk=registry_id).update(**values)


_REPORTED_SCHEMA = {
    "holder_id": pl.Int64,
    "account_id": pl.Int64,
    "period": pl.Date,
    "reported_minor": pl.Int64,
}
_REPORTED = """
SELECT reported.holder_id, pair.account_id, pair.period, sum(reported.amount_minor)::bigint
FROM unnest(%(accounts)s::bigint[], %(periods)s::date[]) AS pair (account_id, period)
JOIN charging_compensation reported ON reported.account_id = pair.account_id AND reported.period = pair.period
WHERE reported.registry_id <> %(registry)s
GROUP BY reported.holder_id, pair.account_id, pair.period
"""

_CATEGORY = {"holder_id": pl.Int64, "category_id": pl.Int64}
_CATEGORIES = "SELECT id, category_id FROM contracts_benefitholder WHERE id = ANY(%(holders)s)"

_PAIRS = """
WITH holder AS (
    SELECT holder.* FROM contracts_benefitholder holder
    JOIN places_building building ON building.id = holder.building_id
    JOIN parties_branch branch ON branch.id = building.branch_id
    WHERE branch.supplier_id = %(supplier)s
)
SELECT DISTINCT account_id, %(month)s::date AS period FROM holder
WHERE during && daterange(%(month)s, %(end)s)
{earlier}
"""

# a month of a holder is one it had a benefit in, or was reported for
_TOUCHED = """
UNION
SELECT account_id, period::date FROM holder CROSS JOIN LATERAL (
    SELECT generate_series(greatest(date_trunc('month', lower(during)), %(floor)s::timestamp),
        least(coalesce(upper(during) - 1, 'infinity'), %(month)s::date - 1)::timestamp, interval '1 month') AS period
    UNION
    SELECT reported.period FROM charging_compensation reported WHERE reported.holder_id = holder.id
) months
WHERE changed_at >= %(changed_since)s AND period < %(month)s
   OR %(since)s::date IS NOT NULL AND period >= %(since)s AND period < %(month)s
UNION
SELECT line.account_id, line.period
FROM charging_run run
JOIN ledger_batch batch ON batch.origin = 'run:' || run.id
LEFT JOIN charging_runshard shard ON shard.batch_id = batch.id
JOIN charging_chargeline line ON line.slot = batch.slot AND line.batch_id = batch.id
WHERE run.supplier_id = %(supplier)s AND run.posted_at >= %(changed_since)s AND run.state IN (4, 5)
  AND (shard.period < %(month)s OR shard.id IS NULL)
  AND line.period >= %(floor)s AND line.period < %(month)s AND line.account_id IN (SELECT account_id FROM holder)
UNION
SELECT holder.account_id, waiting.period
FROM charging_recalculation waiting
JOIN holder ON holder.building_id = waiting.building_id
JOIN contracts_account account ON account.id = holder.account_id
WHERE (waiting.settled_at IS NULL OR greatest(waiting.noted_at, waiting.settled_at) >= %(changed_since)s)
  AND waiting.period >= %(floor)s AND waiting.period < %(month)s
  AND (waiting.premise_id IS NULL OR waiting.premise_id = account.premise_id)
"""
