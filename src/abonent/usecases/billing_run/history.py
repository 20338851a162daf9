"""What the books already say about some months: lines that stand, net of every reversal."""

from collections.abc import Sequence

import polars as pl
from django.db.models import QuerySet

from abonent.contexts.charging.models import RunKind, RunShard, RunState
from abonent.engine.frames import empty
from abonent.kernel.periods import Month
from abonent.usecases.billing_run.bookkeeping import BECAUSE, POSTED
from abonent.usecases.billing_run.extract import Reader, Window

_BY_ACCOUNT_UP_TO = 2_000


def standing_shards(months: Sequence[Month]) -> QuerySet[RunShard]:
    """Return the shards of these months of posted runs that were not cancelled.

    Those that cancel others aside, and what people decided by hand: no rating replaces it.
    """
    return RunShard.objects.filter(
        period__in=[month.first_day for month in months], run__state=RunState.POSTED, batch_id__isnull=False
    ).exclude(run__kind__in=[RunKind.REVERSAL, RunKind.MANUAL])


def standing_lines(
    read: Reader, window: Window, months: Sequence[Month], *, accounts: int, without: Sequence[int] = ()
) -> pl.DataFrame:
    """Return the POSTED lines of these months of the window that stand, those of the rules `without` aside.

    `accounts`: about how many the window holds; few are looked up one by one, many are read batch by batch.
    """
    overlapping = standing_shards(months).filter(
        branch_id=window.branch_id, buildings__overlap=(window.first_building, window.last_building + 1)
    )
    batches = [
        (int(slot or 0), batch_id) for slot, batch_id in overlapping.values_list("run__slot", "batch_id")
    ]
    if not batches:
        return empty(POSTED)
    slots = ",".join(str(slot) for slot in sorted({slot for slot, _ in batches}))
    ids = ",".join(str(batch_id) for _, batch_id in batches)
    because = ", ".join(f"because[{place}]" for place in range(1, len(BECAUSE) + 1))
    narrowed = f" AND rule NOT IN ({','.join(map(str, without))})" if without else ""
    if window.premise_ids is not None or window.building_ids is not None or accounts <= _BY_ACCOUNT_UP_TO:
        narrowed += f" AND account_id IN (SELECT id FROM contracts_account WHERE {window.where()})"
    lines = read(
        f"""SELECT account_id, building_id, service, rule, zone, begins_on, ends_on, quantity_wh, price_e5,
                   amount_minor, price_id, {because}, batch_id, line_no, reverses_batch_id, reverses_line_no
            FROM charging_chargeline
            WHERE slot IN ({slots}) AND batch_id IN ({ids}) AND {window.where_building()}{narrowed}""",
        dict(POSTED) | {"reverses_batch_id": pl.Int64, "reverses_line_no": pl.Int32},
    )
    reversed_by = lines.filter(pl.col("reverses_batch_id") != 0).select(
        batch_id="reverses_batch_id", line_no="reverses_line_no"
    )
    return (
        lines.filter(pl.col("reverses_batch_id") == 0)
        .join(reversed_by, on=["batch_id", "line_no"], how="anti")
        .drop("reverses_batch_id", "reverses_line_no")
    )
