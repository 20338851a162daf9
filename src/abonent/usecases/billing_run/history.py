"""What the books already say about a month: lines that stand, net of every reversal."""

from collections.abc import Sequence

import polars as pl

from abonent.contexts.charging.models import Run, RunKind, RunShard, RunState
from abonent.engine.frames import empty
from abonent.kernel.periods import Month
from abonent.usecases.billing_run.bookkeeping import BECAUSE, POSTED
from abonent.usecases.billing_run.extract import Reader, Window

_BY_ACCOUNT_UP_TO = 2_000


def standing_runs(period: Month) -> list[int]:
    """Return the posted runs of a month that were not cancelled; those that cancel others aside."""
    return list(
        Run.objects.filter(period=period.first_day, state=RunState.POSTED)
        .exclude(kind=RunKind.REVERSAL)
        .values_list("pk", flat=True)
    )


def posted_lines(read: Reader, window: Window, run_ids: Sequence[int], *, accounts: int) -> pl.DataFrame:
    """Return the POSTED lines of the window's buildings that stand, of the given runs.

    `accounts`: about how many the window holds; few are looked up one by one, many are read batch by batch.
    """
    batches = [
        (int(slot or 0), batch_id)
        for slot, batch_id in RunShard.objects.filter(
            run_id__in=run_ids,
            branch_id=window.branch_id,
            buildings__overlap=(window.first_building, window.last_building + 1),
            batch_id__isnull=False,
        ).values_list("run__slot", "batch_id")
    ]
    if not batches:
        return empty(POSTED)
    slots = ",".join(str(slot) for slot in sorted({slot for slot, _ in batches}))
    ids = ",".join(str(batch_id) for _, batch_id in batches)
    because = ", ".join(f"because[{place}]" for place in range(1, len(BECAUSE) + 1))
    narrowed = ""
    if window.account_id is not None:
        narrowed += f" AND account_id = {window.account_id}"
    elif accounts <= _BY_ACCOUNT_UP_TO:
        narrowed += (
            " AND account_id IN (SELECT id FROM contracts_account"
            f" WHERE building_id BETWEEN {window.first_building} AND {window.last_building})"
        )
    lines = read(
        f"""SELECT account_id, building_id, service, rule, zone, begins_on, ends_on, quantity_wh, price_e5,
                   amount_minor, price_id, {because}, batch_id, line_no, reverses_batch_id, reverses_line_no
            FROM charging_chargeline
            WHERE slot IN ({slots}) AND batch_id IN ({ids})
              AND building_id BETWEEN {window.first_building} AND {window.last_building}{narrowed}""",
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
