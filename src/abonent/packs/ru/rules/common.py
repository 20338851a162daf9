"""Common needs of apartment buildings: formulas 12 and 15 of app. 2, п. 44, 46, 47 of ПП РФ 354; ПП РФ 124; ПП РФ 491.

Whatever is shared out goes through `engine.allocate`, so that the shares of a building, with what falls on premises
without an account, add up to the building.
"""

from dataclasses import dataclass

import polars as pl

from abonent.engine import allocate, fixed
from abonent.engine.frames import BUILDING_BALANCES, Inputs, shape
from abonent.engine.registry import Rule
from abonent.packs.ru.rules import catalogue
from abonent.packs.ru.rules.calendar import Calendar
from abonent.packs.ru.rules.common_zones import SINGLE_ZONE, Used, split_zones, zone_weights
from abonent.packs.ru.rules.problems import premise_problem
from abonent.packs.ru.rules.segments import COMMON, HEATING, is_living
from abonent.packs.ru.rules.usage import BY_AVERAGE, UNKNOWN

PAID_BY_CONSUMERS, PAID_BY_EXECUTOR, PAID_AS_HOUSING = 1, 2, 3
BASIS_READINGS, BASIS_NORM, BASIS_AVERAGE = 1, 2, 3
BY_BUILDING_METER, BY_NORM, BY_METER_AVERAGE = 1, 2, 3
_DM2_IN_M2 = 100
_SHARED = [
    rule.number
    for rule in (
        catalogue.COMMON_METERED,
        catalogue.COMMON_NORM,
        catalogue.HOUSING_METERED,
        catalogue.HOUSING_NORM,
        catalogue.HOUSING_AVERAGE,
    )
]


@dataclass(frozen=True)
class Volumes:
    """A row per building with common needs: BUILDING_BALANCES before anything is shared out."""

    buildings: pl.DataFrame
    problems: pl.DataFrame


def _sharing(segments: pl.DataFrame) -> pl.DataFrame:
    return segments.filter(~pl.col("kind").is_in([COMMON, HEATING]))


def _sum(frame: pl.DataFrame, quantity: str, into: str) -> pl.DataFrame:
    return frame.group_by("building_id").agg(pl.col(quantity).sum().alias(into))


def building_volumes(
    inputs: Inputs,
    calendar: Calendar,
    registers: pl.DataFrame,
    used: Used,
    unjudged: pl.DataFrame,
    segments: pl.DataFrame,
) -> Volumes:
    """Work out what each building used in common, and who is to bear it.

    `registers` have their usage; `unjudged` are the problems found so far: a building with a premise that could not be
    judged cannot be judged either.
    """
    settings, month = calendar.settings[0], calendar.months[0]
    concerned = inputs.buildings.filter(pl.col("apartments") & (pl.col("common_needs") > 0))
    own = registers.filter(pl.col("premise_id") == 0)
    supplied = own.group_by("building_id").agg(
        pl.col("usage_wh").sum().alias("supplied_wh"),
        (pl.col("method") == BY_AVERAGE).any().alias("averaged"),
        (pl.col("method") == UNKNOWN).any().alias("silent"),
    )
    people = (
        segments.filter(is_living())
        .group_by("building_id")
        .agg((pl.col("people") * pl.col("days")).sum().alias("resident_days"))
    )
    # common property is no part of S_об
    listed = (
        _sharing(segments)
        .group_by("building_id")
        .agg((pl.col("area_dm2").cast(pl.Int64) * pl.col("days")).sum().alias("listed_area_days"))
    )
    held = unjudged.group_by("building_id").agg(
        pl.len().cast(pl.Int64).alias("held"), (pl.col("premise_id") == 0).any().alias("own_meter_held")
    )
    counts = (
        "shops_wh", "agreed_wh", "heating_wh", "metered_wh", "norm_wh", "resident_days", "listed_area_days", "held",
        "carried_wh", "year_months", "year_common_wh", "year_charged_wh", "year_cap_wh",
    )  # fmt: skip
    joined = concerned.join(settings.common_norms, on="common_norm_category", how="left")
    for part in (
        supplied,
        _sum(used.shops, "quantity_wh", "shops_wh"),
        _sum(used.heating, "quantity_wh", "heating_wh"),
        _sum(used.metered, "quantity_wh", "metered_wh"),
        _sum(used.by_norm, "quantity_wh", "norm_wh"),
        _sum(used.agreed, "quantity_wh", "agreed_wh"),
        people,
        listed,
        held,
        inputs.common_history,
    ):
        joined = joined.join(part, on="building_id", how="left")
    joined = (
        joined.with_columns(
            pl.col(*counts).fill_null(0),
            by_meter=pl.col("supplied_wh").is_not_null() & ~pl.col("silent").fill_null(True),
        )
        .with_columns(
            pl.col("supplied_wh").fill_null(0),
            nonliving_wh=pl.col("shops_wh") + pl.col("agreed_wh"),
            method=pl.when(~pl.col("by_meter"))
            .then(BY_NORM)
            .when(pl.col("averaged"))
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
            **_borne(settings.true_up_month == month.month),
            negative_wh=(-pl.col("common_wh")).clip(lower_bound=0),
            area_dm2=pl.col("premises_area_dm2"),
            residents=pl.col("resident_days") // month.days,
        )
    )
    return _judged(joined, settings.negative_max_percent, month.days)


def _borne(true_up: bool) -> dict[str, pl.Expr]:
    """Who bears the common needs: what consumers are charged, what the executor is, and what is carried on."""
    executor = pl.col("common_needs") == PAID_BY_EXECUTOR
    housing = pl.col("common_needs") == PAID_AS_HOUSING
    common = pl.col("common_wh").clip(lower_bound=0)
    capped = pl.when("excess_to_consumers").then(common).otherwise(pl.min_horizontal(common, "cap_wh"))
    average = fixed.mul_div("year_common_wh", 1, divisor=pl.max_horizontal("year_months", 1))
    planned = (
        pl.when(pl.col("common_basis") == BASIS_NORM)
        .then("cap_wh")
        .when(pl.col("common_basis") == BASIS_AVERAGE)
        .then(
            pl.when(pl.col("year_months") == 0)
            .then("cap_wh")
            .when("excess_to_consumers")
            .then(average.clip(lower_bound=0))
            .otherwise(pl.min_horizontal(average.clip(lower_bound=0), "cap_wh"))
        )
        .otherwise(capped)
    )
    distributed = pl.when(executor).then(0).when(housing).then(planned).otherwise(capped)
    deficit = pl.when("by_meter").then("carried_wh").otherwise(0)
    owed = pl.col("common_wh") - deficit
    last_year = pl.col("year_common_wh").clip(lower_bound=0)
    used = (
        pl.when("excess_to_consumers").then(last_year).otherwise(pl.min_horizontal(last_year, "year_cap_wh"))
    )
    trued_up = housing & (pl.col("common_basis") != BASIS_READINGS) & (pl.col("year_months") > 0)
    excess = (
        pl.when(housing & (pl.col("common_basis") != BASIS_READINGS)).then(0).otherwise(common - distributed)
    )
    return {
        "distributed_wh": distributed,
        "executor_wh": pl.when(executor).then(owed.clip(lower_bound=0)).otherwise(excess),
        "carried_in_wh": pl.when(executor).then("carried_wh").otherwise(0),
        "carried_out_wh": pl.when(~executor)
        .then(0)
        .when("by_meter")
        .then((-owed).clip(lower_bound=0))
        .otherwise("carried_wh"),
        "year_used_wh": used,
        "true_up_wh": pl.when(trued_up).then(used - pl.col("year_charged_wh")).otherwise(0)
        if true_up
        else pl.lit(0, dtype=pl.Int64),
    }


def _judged(joined: pl.DataFrame, negative_max_percent: int, days: int) -> Volumes:
    """Set the buildings aside that cannot be shared out, each with its reason."""
    executor = pl.col("common_needs") == PAID_BY_EXECUTOR
    no_area = ~executor & (pl.col("premises_area_dm2") <= 0)
    area_too_small = ~executor & (pl.col("listed_area_days") > pl.col("premises_area_dm2") * days)
    no_norm = pl.col("norm_wh_per_m2").is_null() & ~(executor & pl.col("by_meter"))
    incomplete = (pl.col("held") > 0) & (pl.col("by_meter") | pl.col("own_meter_held").fill_null(False))
    # a fall so deep is a wrong building meter or a wrong list of flats, not a negative balance
    unbalanced = pl.col("by_meter") & (
        pl.col("negative_wh") * 100 > pl.col("supplied_wh") * negative_max_percent
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
    return Volumes(rest.drop("premise_id").with_columns(pl.col("cap_wh").fill_null(0)), pl.concat(problems))


def charge_rows(
    volumes: pl.DataFrame,
    segments: pl.DataFrame,
    registers: pl.DataFrame,
    used: Used,
    prices: pl.DataFrame,
    calendar: Calendar,
) -> list[tuple[Rule, pl.DataFrame]]:
    """Return the rows of consumers and executors by rule, split by zones, ready to be priced."""
    sharing = _sharing(segments)
    weights = zone_weights(registers, used)
    months_days = calendar.months[0].days
    consumers = pl.col("common_needs") == PAID_BY_CONSUMERS
    basis = pl.col("common_basis")
    shared = share_rows(volumes, sharing, "distributed_wh", months_days)
    split = split_zones(shared, registers, weights).with_columns(pl.col("distributed_wh").alias("common_wh"))
    by_meter = pl.col("by_meter")
    averaged = ~consumers & (basis == BASIS_AVERAGE) & (pl.col("year_months") > 0)
    normed = (
        pl.when(consumers)
        .then(~by_meter)
        .otherwise(pl.when(basis == BASIS_READINGS).then(~by_meter).otherwise(~averaged))
    )
    rows = [
        (catalogue.COMMON_METERED, split.filter(consumers & ~normed)),
        (catalogue.COMMON_NORM, split.filter(consumers & normed)),
    ]
    if not split.filter(~consumers).is_empty():
        rows += [
            (catalogue.HOUSING_METERED, split.filter(~consumers & ~normed & ~averaged)),
            (catalogue.HOUSING_NORM, split.filter(~consumers & normed)),
            (catalogue.HOUSING_AVERAGE, split.filter(~consumers & averaged)),
        ]
    if not volumes.filter(pl.col("true_up_wh") != 0).is_empty():
        trued = split_zones(share_rows(volumes, sharing, "true_up_wh", months_days), registers, weights)
        rows.append((catalogue.HOUSING_TRUE_UP, trued))
    executors = segments.filter(pl.col("kind") == COMMON)
    if not executors.is_empty():
        rows += _executor_rows(volumes, executors, weights, prices)
    return rows


def _executor_rows(
    volumes: pl.DataFrame, executors: pl.DataFrame, weights: pl.DataFrame, prices: pl.DataFrame
) -> list[tuple[Rule, pl.DataFrame]]:
    """Charge the account that stands on the common property what its building leaves to the executor, by days.

    In the zones of the building meter where the executor's tariff group has prices for all of them.
    """
    owing = volumes.filter(pl.col("executor_wh") > 0).select(
        "building_id", "common_needs", "by_meter", "executor_wh", "common_wh", "carried_in_wh", "distributed_wh",
        "cap_wh", "norm_wh_per_m2", "common_area_dm2",
    )  # fmt: skip
    mine = allocate.allocate(
        executors.join(owing, on="building_id", how="inner"),
        total="executor_wh",
        weight="days",
        group="building_id",
        order=["premise_id", "begins_on"],
        into="quantity_wh",
    ).with_row_index("__share")
    has_price = prices.select("tariff_group_id", "zone").unique().with_columns(has_price=pl.lit(True))
    zoned = (
        mine.join(
            weights.with_columns(zones_total_wh=pl.col("weight_wh").sum().over("building_id")).filter(
                pl.col("zones_total_wh") > 0
            ),
            on="building_id",
            how="inner",
        )
        .join(has_price, on=["tariff_group_id", "zone"], how="left")
        .filter(pl.col("has_price").fill_null(False).all().over("__share"))
        .rename({"weight_wh": "zone_part_wh"})
    )
    parts = allocate.allocate(
        zoned, total="quantity_wh", weight="zone_part_wh", group="__share", order="zone", into="__part"
    ).with_columns(quantity_wh="__part")
    plain = mine.join(zoned, on="__share", how="anti").with_columns(SINGLE_ZONE)
    rows = pl.concat([plain, parts.select(plain.columns)]).drop("__share").filter(pl.col("quantity_wh") > 0)
    by_contract = pl.col("common_needs") == PAID_BY_EXECUTOR
    return [
        (catalogue.EXECUTOR, rows.filter(by_contract & pl.col("by_meter"))),
        (catalogue.EXECUTOR_NORM, rows.filter(by_contract & ~pl.col("by_meter"))),
        (catalogue.COMMON_EXCESS, rows.filter(~by_contract)),
    ]


def share_rows(volumes: pl.DataFrame, segments: pl.DataFrame, total: str, days: int) -> pl.DataFrame:
    """Share `total` out by area and days (formulas 12 and 15: S_i ÷ S_об), a row per segment.

    What falls on the area that no account answers for is nobody's row, and is dropped.
    """
    concerned = volumes.filter(pl.col(total) != 0)
    facts = concerned.select(
        "building_id", "distributed_wh", "norm_wh_per_m2", "common_area_dm2", "by_meter", "common_needs",
        "common_basis", "true_up_wh", "year_months", "year_common_wh", "year_used_wh", "year_charged_wh",
        total_area_dm2="premises_area_dm2",
    )  # fmt: skip
    mine = segments.join(facts, on="building_id", how="inner").with_columns(
        weight=pl.col("area_dm2").cast(pl.Int64) * pl.col("days")
    )
    nobody = concerned.select(
        "building_id",
        total,
        weight=pl.col("premises_area_dm2") * days - pl.col("listed_area_days"),
    )
    shared = allocate.allocate(
        pl.concat([mine, nobody], how="diagonal"),
        total=total,
        weight="weight",
        group="building_id",
        order=["premise_id", "begins_on"],
        into="quantity_wh",
    )
    return shared.filter(pl.col("account_id").is_not_null()).drop("weight")


def negative_rows(volumes: pl.DataFrame, segments: pl.DataFrame, energy: pl.DataFrame) -> pl.DataFrame:
    """Give a negative balance back to living premises by residents, no more than they used themselves (п. 47).

    `energy` are the priced individual rows. Returns negative rows with the price of the energy they take back.
    """
    negative = volumes.filter(
        (pl.col("negative_wh") > 0) & (pl.col("common_needs") == PAID_BY_CONSUMERS)
    ).select("building_id", "negative_wh", total_residents="residents")
    if negative.is_empty():
        return energy.clear()
    people = (
        segments.filter(is_living())
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
        order=["begins_on", "zone", "price_id", "quantity_wh"],
        into="__credit",
    )
    return parts.with_columns(quantity_wh="__credit").filter(pl.col("quantity_wh") < 0)


def balances(volumes: pl.DataFrame, charged: pl.DataFrame) -> pl.DataFrame:
    """Return BUILDING_BALANCES: `charged` are the lines that stand, what they do not carry falls on nobody."""
    of_rule = charged.group_by("building_id").agg(
        pl.col("quantity_wh").filter(pl.col("rule").is_in(_SHARED)).sum().alias("assigned_wh"),
        (-pl.col("quantity_wh").filter(pl.col("rule") == catalogue.COMMON_NEGATIVE.number))
        .sum()
        .alias("returned_wh"),
    )
    joined = volumes.join(of_rule, on="building_id", how="left").with_columns(
        unassigned_wh=pl.col("distributed_wh") - pl.col("assigned_wh").fill_null(0),
        unreturned_wh=pl.col("negative_wh") - pl.col("returned_wh").fill_null(0),
        carried_wh="carried_out_wh",
    )
    return shape(joined, BUILDING_BALANCES)
