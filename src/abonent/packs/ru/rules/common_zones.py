"""What is taken out of a building's meter, and how its common needs lie in the zones of the day."""

from dataclasses import dataclass

import polars as pl

from abonent.engine import allocate
from abonent.packs.ru.rules.individual import SINGLE_RATE

SINGLE_ZONE = [
    pl.lit(SINGLE_RATE, dtype=pl.Int16).alias("zone"),
    pl.lit(0, dtype=pl.Int64).alias("zone_part_wh"),
    pl.lit(0, dtype=pl.Int64).alias("zones_total_wh"),
]


@dataclass(frozen=True)
class Used:
    """What the premises of a shard used, as it is charged: frames with building_id, zone and quantity_wh.

    `shops` and `heating` are what their meters counted, whoever pays for it.
    """

    metered: pl.DataFrame
    by_norm: pl.DataFrame
    agreed: pl.DataFrame
    shops: pl.DataFrame
    heating: pl.DataFrame


def zone_weights(registers: pl.DataFrame, used: Used) -> pl.DataFrame:
    """Return building_id, zone, weight_wh: how the common needs of a building lie in the zones of its meter.

    Where all that is taken out of it lies in these zones, what is left in each (formula 12 zone by zone); otherwise, as
    with a flat by norm, in the ratio of the building meter's zones.
    """
    own = registers.filter(
        (pl.col("premise_id") == 0) & (pl.col("zone") != SINGLE_RATE) & (pl.col("usage_wh") > 0)
    )
    if own.is_empty():
        return pl.DataFrame(schema={"building_id": pl.Int64, "zone": pl.Int16, "weight_wh": pl.Int64})
    zones = own.group_by("building_id", "zone").agg(pl.col("usage_wh").sum().alias("supplied_wh"))
    inside = pl.concat([used.metered, used.by_norm, used.agreed, used.shops, used.heating])
    taken_out = inside.group_by("building_id", "zone").agg(pl.col("quantity_wh").sum().alias("used_wh"))
    foreign = taken_out.join(zones, on=["building_id", "zone"], how="anti").select("building_id").unique()
    left = (
        zones.join(taken_out, on=["building_id", "zone"], how="left")
        .with_columns(left_wh=pl.col("supplied_wh") - pl.col("used_wh").fill_null(0))
        .join(foreign.with_columns(foreign=True), on="building_id", how="left")
    )
    every_zone_left = (pl.col("left_wh") >= 0).all().over("building_id") & pl.col("foreign").is_null()
    return left.select(
        "building_id", "zone", weight_wh=pl.when(every_zone_left).then("left_wh").otherwise("supplied_wh")
    )


def split_zones(rows: pl.DataFrame, registers: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """Split shares of accounts billed by zones in the ratio of their building's zones; the others stay single-rate.

    Adds zone, zone_part_wh and zones_total_wh (the weights the split was made by; 0 where there was none).
    """
    if weights.is_empty():
        return rows.with_columns(SINGLE_ZONE)
    theirs = (
        registers.filter((pl.col("premise_id") > 0) & (pl.col("zone") != SINGLE_RATE))
        .select("premise_id", "building_id", "zone")
        .unique()
        .join(weights, on=["building_id", "zone"], how="inner")
        .drop("building_id")
        .with_columns(zones_total_wh=pl.col("weight_wh").sum().over("premise_id"))
        .filter(pl.col("zones_total_wh") > 0)
        .rename({"weight_wh": "zone_part_wh"})
    )
    numbered = rows.with_row_index("__share")
    zoned = numbered.join(theirs, on="premise_id", how="inner")
    if zoned.is_empty():
        return rows.with_columns(SINGLE_ZONE)
    split = allocate.allocate(
        zoned, total="quantity_wh", weight="zone_part_wh", group="__share", order="zone", into="__part"
    ).with_columns(quantity_wh="__part")
    rest = numbered.join(theirs, on="premise_id", how="anti").with_columns(SINGLE_ZONE)
    return pl.concat([split.select(rest.columns), rest]).drop("__share")
