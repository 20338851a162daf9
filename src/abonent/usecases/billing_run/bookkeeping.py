"""From charge lines to ledger entries and turnovers: numbered, tagged, added up."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from abonent.engine.frames import LINES, Schema
from abonent.engine.registry import BECAUSE_WIDTH

CHARGE, RECALCULATION = 2, 3
BECAUSE = [f"because_{place}" for place in range(1, BECAUSE_WIDTH + 1)]

LINE_COLUMNS = [
    "slot",
    "batch_id",
    "line_no",
    "account_id",
    "building_id",
    "service",
    "rule",
    "zone",
    "period",
    "begins_on",
    "ends_on",
    "quantity_wh",
    "price_e5",
    "amount_minor",
    "price_id",
    "because",
    "reverses_batch_id",
    "reverses_line_no",
]
ENTRY_COLUMNS = [
    "slot",
    "batch_id",
    "entry_no",
    "account_id",
    "service",
    "kind",
    "period",
    "booked_on",
    "amount_minor",
]
TURNOVER_COLUMNS = [
    "slot",
    "account_id",
    "booked_period",
    "charged_minor",
    "recalculated_minor",
]


@dataclass(frozen=True)
class Tags:
    """What every row of a batch carries."""

    slot: int
    batch_id: int
    period: date
    booked_period: date
    booked_on: date


@dataclass(frozen=True)
class Posting:
    """Frames as the books hold them, and their control totals."""

    lines: pl.DataFrame
    entries: pl.DataFrame
    turnovers: pl.DataFrame
    amount_minor: int


def _tag(frame: pl.DataFrame, **values: object) -> pl.DataFrame:
    return frame.with_columns(**{name: pl.lit(value) for name, value in values.items()})


def book(lines: pl.DataFrame, tags: Tags) -> Posting:
    """Number the lines and add them up: an entry per account, service and kind, a turnover per account.

    `lines` are LINES with `kind`, `reverses_batch_id` and `reverses_line_no`.
    """
    numbered = _tag(
        lines.with_row_index("line_no", offset=1), slot=tags.slot, batch_id=tags.batch_id, period=tags.period
    ).with_columns(because=pl.concat_arr(BECAUSE))
    entries = _tag(
        lines.group_by("account_id", "service", "kind", maintain_order=True)
        .agg(pl.col("amount_minor").sum())
        .with_row_index("entry_no", offset=1),
        slot=tags.slot,
        batch_id=tags.batch_id,
        period=tags.period,
        booked_on=tags.booked_on,
    )
    charged = pl.col("amount_minor").filter(pl.col("kind") == CHARGE).sum()
    turnovers = _tag(
        entries.group_by("account_id", maintain_order=True).agg(
            charged.alias("charged_minor"),
            (pl.col("amount_minor").sum() - charged).alias("recalculated_minor"),
        ),
        slot=tags.slot,
        booked_period=tags.booked_period,
    )
    return Posting(
        numbered.select(LINE_COLUMNS),
        entries.select(ENTRY_COLUMNS),
        turnovers.select(TURNOVER_COLUMNS),
        int(lines["amount_minor"].cast(pl.Int128).sum()),
    )


def first_time(lines: pl.DataFrame, *, kind: int) -> pl.DataFrame:
    """Return the lines of a month nothing was posted for yet, ready to be booked."""
    return lines.with_columns(
        kind=pl.lit(kind, dtype=pl.Int16),
        reverses_batch_id=pl.lit(0, dtype=pl.Int64),
        reverses_line_no=pl.lit(0, dtype=pl.Int32),
    )


# What a line was made of is a part of it: where that changed, a line of the same amount is replaced as well, so that
# what stands always explains itself by the readings, norms and prices that hold now.
_SAME = [
    "account_id",
    "service",
    "rule",
    "zone",
    "begins_on",
    "ends_on",
    "quantity_wh",
    "price_e5",
    "amount_minor",
    "price_id",
    *BECAUSE,
]
POSTED: Schema = dict(LINES) | {"batch_id": pl.Int64, "line_no": pl.Int32}


def difference(lines: pl.DataFrame, posted: pl.DataFrame, *, kind: int) -> pl.DataFrame:
    """Return what must be added to `posted` so that `lines` stand: reversals of what is gone, and what is new.

    `posted` are POSTED lines that nothing has reversed. A line that would say the same again is left alone. An account
    that had nothing posted is charged with `kind`; what changes an account's earlier lines is a recalculation.
    """
    if posted.is_empty():
        return first_time(lines, kind=kind)
    nth = pl.int_range(pl.len()).over(_SAME).alias("nth")
    new, old = lines.with_columns(nth), posted.with_columns(nth)
    keys = [*_SAME, "nth"]
    gone = old.join(new, on=keys, how="anti")
    added = new.join(old, on=keys, how="anti")
    known = posted.select("account_id").unique()
    charged_before = pl.col("account_id").is_in(known["account_id"].implode())
    reversals = gone.with_columns(
        quantity_wh=-pl.col("quantity_wh"),
        amount_minor=-pl.col("amount_minor"),
        kind=pl.lit(RECALCULATION, dtype=pl.Int16),
        reverses_batch_id=pl.col("batch_id"),
        reverses_line_no=pl.col("line_no"),
    ).drop("batch_id", "line_no", "nth")
    additions = first_time(added.drop("nth"), kind=kind).with_columns(
        kind=pl.when(charged_before).then(RECALCULATION).otherwise("kind").cast(pl.Int16)
    )
    both = pl.concat([reversals, additions.select(reversals.columns)])
    order = ["building_id", "account_id", "reverses_batch_id", "service", "rule", "zone", "begins_on"]
    return both.sort(order, descending=[name == "reverses_batch_id" for name in order])
