"""Common needs of apartment buildings: formulas 12 and 15 of app. 2, п. 44, 46, 47 of ПП РФ 354.

Whatever is shared out goes through `engine.allocate`, so that the shares of a building, with what falls on premises
without an account, add up to the building.
"""

from dataclasses import dataclass

import polars as pl

from abonent.engine import allocate, fixed
from abonent.engine.frames import BUILDING_BALANCES, Inputs, shape
from abonent.kernel.periods import Month
from abonent.packs.ru.rules.catalogue import COMMON_METERED, COMMON_NEGATIVE, COMMON_NORM
from abonent.packs.ru.rules.individual import SINGLE_RATE
from abonent.packs.ru.rules.problems import premise_problem
from abonent.packs.ru.rules.settings import Settings
from abonent.packs.ru.rules.usage import UNKNOWN

PAID_BY_CONSUMERS = 1
BY_BUILDING_METER, BY_NORM, BY_METER_AVERAGE = 1, 2, 3
_DM2_IN_M2 = 100


@dataclass(frozen=True)
class Volumes:
    """A row per building whose common needs its consumers pay: BUILDING_BALANCES before anything is shared out."""

    buildings: pl.DataFrame
    problems: pl.DataFrame


def building_volumes(
    inputs: Inputs,
    settings: Settings,
    registers: pl.DataFrame,
    norm: pl.DataFrame,
    unjudged: pl.DataFrame,
    segments: pl.DataFrame,
    month: Month,
) -> Volumes:
    """Work out what each building used in common.

    `registers` have their usage, `norm` are the rows by norm before any increase, `unjudged` the problems found so far:
    a building with a premise that could not be judged cannot be judged either.
    """
    concerned = inputs.buildings.filter(pl.col("apartments") & (pl.col("common_needs") == PAID_BY_CONSUMERS))
    own = registers.filter(pl.col("premise_id") == 0)
    flats = registers.filter((pl.col("premise_id") > 0) & (pl.col("method") != UNKNOWN)).with_columns(
        shop=pl.col("premise_id").is_in(inputs.nonliving["premise_id"].implode())
    )
    supplied = own.group_by("building_id").agg(
        pl.col("usage_wh").sum().alias("supplied_wh"),
        pl.col("method").max().alias("worst"),
        (pl.col("method") == UNKNOWN).any().alias("silent"),
    )
    metered = flats.group_by("building_id").agg(
        pl.col("usage_wh").filter("shop").sum().alias("nonliving_wh"),
        pl.col("usage_wh").filter(~pl.col("shop")).sum().alias("metered_wh"),
    )
    by_norm = norm.group_by("building_id").agg(pl.col("quantity_wh").sum().alias("norm_wh"))
    people = (
        segments.join(inputs.nonliving, on="premise_id", how="anti")
        .group_by("building_id")
        .agg((pl.col("people") * pl.col("days")).sum().alias("resident_days"))
    )
    listed = segments.group_by("building_id").agg(
        (pl.col("area_dm2").cast(pl.Int64) * pl.col("days")).sum().alias("listed_area_days")
    )
    held = unjudged.group_by("building_id").agg(
        pl.len().cast(pl.Int64).alias("held"), (pl.col("premise_id") == 0).any().alias("own_meter_held")
    )
    joined = (
        concerned.join(settings.common_norms, on="common_norm_category", how="left")
        .join(supplied, on="building_id", how="left")
        .join(metered, on="building_id", how="left")
        .join(by_norm, on="building_id", how="left")
        .join(people, on="building_id", how="left")
        .join(listed, on="building_id", how="left")
        .join(held, on="building_id", how="left")
        .with_columns(
            pl.col(
                "nonliving_wh", "metered_wh", "norm_wh", "resident_days", "listed_area_days", "held"
            ).fill_null(0),
            by_meter=pl.col("supplied_wh").is_not_null() & ~pl.col("silent").fill_null(True),
            heating_wh=pl.lit(0, dtype=pl.Int64),
        )
        .with_columns(
            pl.col("supplied_wh").fill_null(0),
            method=pl.when(~pl.col("by_meter"))
            .then(BY_NORM)
            .when(pl.col("worst") > BY_BUILDING_METER)
            .then(BY_METER_AVERAGE)
            .otherwise(BY_BUILDING_METER),
            cap_wh=fixed.mul_div("norm_wh_per_m2", "common_area_dm2", divisor=_DM2_IN_M2),
        )
        .with_columns(
            common_wh=pl.when("by_meter")
            .then(
                pl.col("supplied_wh")
                - pl.col("nonliving_wh")
                - pl.col("norm_wh")
                - pl.col("metered_wh")
                - pl.col("heating_wh")
            )
            .otherwise("cap_wh")
        )
        .with_columns(
            negative_wh=(-pl.col("common_wh")).clip(lower_bound=0),
            distributed_wh=pl.when(~pl.col("excess_to_consumers"))
            .then(pl.min_horizontal("common_wh", "cap_wh"))
            .otherwise("common_wh")
            .clip(lower_bound=0),
        )
        .with_columns(
            executor_wh=pl.col("common_wh").clip(lower_bound=0) - pl.col("distributed_wh"),
            area_dm2=pl.col("premises_area_dm2"),
            residents=pl.col("resident_days") // month.days,
        )
    )
    no_area = pl.col("premises_area_dm2") <= 0
    area_too_small = pl.col("listed_area_days") > pl.col("premises_area_dm2") * month.days
    no_norm = pl.col("norm_wh_per_m2").is_null()
    incomplete = (pl.col("held") > 0) & (pl.col("by_meter") | pl.col("own_meter_held").fill_null(False))
    # a fall so deep is a wrong building meter or a wrong list of flats, not a negative balance
    unbalanced = pl.col("by_meter") & (
        pl.col("negative_wh") * 100 > pl.col("supplied_wh") * settings.negative_max_percent
    )
    problems, rest = [], joined.with_columns(premise_id=pl.lit(0, dtype=pl.Int64))
    for code, wrong, facts in (
        ("building_without_area", no_area, ("common_wh",)),
        ("building_area_too_small", area_too_small, ("premises_area_dm2", "listed_area_days")),
        ("no_common_norm", no_norm, ("common_norm_category",)),
        ("building_incomplete", incomplete, ("held",)),
        (
            "building_unbalanced",
            unbalanced,
            ("supplied_wh", "nonliving_wh", "norm_wh", "metered_wh", "common_wh"),
        ),
    ):
        problems.append(premise_problem(rest.filter(wrong), code, *facts))
        rest = rest.filter(~wrong)
    return Volumes(rest.drop("premise_id"), pl.concat(problems))


def share_rows(volumes: pl.DataFrame, segments: pl.DataFrame, month: Month) -> pl.DataFrame:
    """Share `distributed_wh` out by area and days (formulas 12 and 15: S_i ÷ S_об), a row per segment.

    What falls on the area that no account answers for is nobody's row, and is dropped.
    """
    positive = volumes.filter(pl.col("distributed_wh") > 0)
    facts = positive.select(
        "building_id",
        "distributed_wh",
        "norm_wh_per_m2",
        "common_area_dm2",
        "by_meter",
        total_area_dm2="premises_area_dm2",
    )
    mine = segments.join(facts, on="building_id", how="inner").with_columns(
        weight=pl.col("area_dm2").cast(pl.Int64) * pl.col("days")
    )
    nobody = positive.select(
        "building_id",
        "distributed_wh",
        weight=pl.col("premises_area_dm2") * month.days - pl.col("listed_area_days"),
    )
    shared = allocate.allocate(
        pl.concat([mine, nobody], how="diagonal"),
        total="distributed_wh",
        weight="weight",
        group="building_id",
        order=["premise_id", "begins_on"],
        into="quantity_wh",
    )
    rows = shared.filter(pl.col("account_id").is_not_null()).with_columns(common_wh="distributed_wh")
    return rows.drop("distributed_wh", "weight")


def zone_weights(registers: pl.DataFrame, segments: pl.DataFrame, nonliving: pl.DataFrame) -> pl.DataFrame:
    """Return building_id, zone, weight_wh: how the common needs of a building lie in the zones of its meter.

    Where every flat counts in the zones of the building meter, what is left in each zone (formula 12 zone by zone);
    otherwise in the ratio of the building meter's zones.
    """
    own = registers.filter(
        (pl.col("premise_id") == 0) & (pl.col("zone") != SINGLE_RATE) & (pl.col("usage_wh") > 0)
    )
    if own.is_empty():
        return pl.DataFrame(schema={"building_id": pl.Int64, "zone": pl.Int16, "weight_wh": pl.Int64})
    zones = own.group_by("building_id", "zone").agg(pl.col("usage_wh").sum().alias("supplied_wh"))
    inside = registers.filter((pl.col("premise_id") > 0) & (pl.col("method") != UNKNOWN))
    used = inside.group_by("building_id", "zone").agg(pl.col("usage_wh").sum().alias("used_wh"))
    foreign = pl.concat(
        [
            inside.join(zones, on=["building_id", "zone"], how="anti").select("building_id"),
            segments.join(nonliving, on="premise_id", how="anti")
            .join(inside, on="premise_id", how="anti")
            .select("building_id"),
        ]
    ).unique()
    left = (
        zones.join(used, on=["building_id", "zone"], how="left")
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
    single = {"zone": SINGLE_RATE, "zone_part_wh": 0, "zones_total_wh": 0}
    plain = [
        pl.lit(value, dtype=pl.Int16 if name == "zone" else pl.Int64).alias(name)
        for name, value in single.items()
    ]
    if weights.is_empty():
        return rows.with_columns(plain)
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
        return rows.with_columns(plain)
    split = allocate.allocate(
        zoned, total="quantity_wh", weight="zone_part_wh", group="__share", order="zone", into="__part"
    ).with_columns(quantity_wh="__part")
    rest = numbered.join(theirs, on="premise_id", how="anti").with_columns(plain)
    return pl.concat([split.select(rest.columns), rest]).drop("__share")


def negative_rows(
    volumes: pl.DataFrame, segments: pl.DataFrame, nonliving: pl.DataFrame, energy: pl.DataFrame
) -> pl.DataFrame:
    """Give a negative balance back to living premises by residents, no more than they used themselves (п. 47).

    `energy` are the priced individual rows. Returns negative rows with the price of the energy they take back.
    """
    negative = volumes.filter(pl.col("negative_wh") > 0).select(
        "building_id", "negative_wh", total_residents="residents"
    )
    if negative.is_empty():
        return energy.clear()
    people = (
        segments.join(nonliving, on="premise_id", how="anti")
        .join(negative, on="building_id", how="inner")
        .with_columns(weight=pl.col("people") * pl.col("days"))
        .group_by("building_id", "account_id", "negative_wh", "total_residents", maintain_order=True)
        .agg(pl.col("weight").sum(), pl.col("people").max().alias("residents"))
    )
    shares = allocate.allocate(
        people, total="negative_wh", weight="weight", group="building_id", order="account_id", into="share_wh"
    ).drop("weight", "building_id")
    # a row below zero settles an estimate: what the account used is what its rows add up to
    used = energy.with_columns(
        individual_wh=pl.col("quantity_wh").sum().over("account_id").clip(lower_bound=0)
    ).filter(pl.col("quantity_wh") > 0)
    credited = used.join(shares, on="account_id", how="inner").with_columns(
        credit_wh=-pl.min_horizontal("share_wh", "individual_wh")
    )
    parts = allocate.allocate(
        credited,
        total="credit_wh",
        weight="quantity_wh",
        group="account_id",
        order=["zone", "begins_on"],
        into="__credit",
    )
    return parts.with_columns(quantity_wh="__credit").filter(pl.col("quantity_wh") < 0)


def balances(volumes: pl.DataFrame, charged: pl.DataFrame) -> pl.DataFrame:
    """Return BUILDING_BALANCES: `charged` are the lines that stand, what they do not carry falls on nobody."""
    of_rule = charged.group_by("building_id").agg(
        pl.col("quantity_wh")
        .filter(pl.col("rule").is_in([COMMON_METERED.number, COMMON_NORM.number]))
        .sum()
        .alias("assigned_wh"),
        (-pl.col("quantity_wh").filter(pl.col("rule") == COMMON_NEGATIVE.number)).sum().alias("returned_wh"),
    )
    joined = volumes.join(of_rule, on="building_id", how="left").with_columns(
        unassigned_wh=pl.col("distributed_wh") - pl.col("assigned_wh").fill_null(0),
        unreturned_wh=pl.col("negative_wh") - pl.col("returned_wh").fill_null(0),
    )
    return shape(joined, BUILDING_BALANCES)
