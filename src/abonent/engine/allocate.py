"""Sharing a whole out so that the parts always add up to it: the method of the largest remainder."""

import polars as pl


def allocate(
    frame: pl.DataFrame,
    *,
    total: str,
    weight: str,
    group: str | list[str],
    order: str | list[str],
    into: str,
    leftover_to_largest: bool = False,
) -> pl.DataFrame:
    """Add the column `into`: `total` of each group shared out in proportion to `weight`.

    `total` is the same on every row of a group and may be negative; weights are not negative. What the
    rounding down leaves goes, one unit each, to the largest remainders; equal remainders in the order of
    `order`. With `leftover_to_largest` all of it goes to the largest weight, the first of equals in that order.
    Every group with a positive sum of weights adds up to its total exactly; one whose weights are all zero gets zeros.
    """
    keys = [group] if isinstance(group, str) else group
    ties = [order] if isinstance(order, str) else order
    whole = pl.col(total).cast(pl.Int128)
    amount = whole.abs() * pl.col(weight).cast(pl.Int128)
    weights = pl.col(weight).cast(pl.Int128).sum().over(keys)
    by = weight if leftover_to_largest else "__rest"
    floored = (
        frame.with_row_index("__place")
        .with_columns(__weights=weights)
        .with_columns(
            __floor=pl.when(pl.col("__weights") > 0).then(amount // pl.col("__weights")).otherwise(0),
            __rest=pl.when(pl.col("__weights") > 0).then(amount % pl.col("__weights")).otherwise(-1),
        )
        .sort([*keys, by, *ties], descending=[False] * len(keys) + [True] + [False] * len(ties))
    )
    missing = whole.abs() - pl.col("__floor").sum().over(keys)
    position = pl.int_range(pl.len()).over(keys)
    extra = (
        pl.when(position == 0).then(missing).otherwise(0)
        if leftover_to_largest
        else pl.when(position < missing).then(1).otherwise(0)
    )
    extra = pl.when(pl.col("__weights") > 0).then(extra).otherwise(0)
    return (
        floored.with_columns(
            ((pl.col("__floor") + extra) * whole.sign()).cast(pl.Int64, strict=True).alias(into)
        )
        .sort("__place")
        .drop("__place", "__weights", "__floor", "__rest")
    )
