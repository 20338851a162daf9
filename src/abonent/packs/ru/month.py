"""A month of electricity for a shard of whole buildings: from readings to charge lines."""

import polars as pl

from abonent.engine.frames import (
    BUILDING_BALANCES,
    ESTIMATES,
    EXCEPTIONS,
    Inputs,
    Rated,
    empty,
    shape,
)
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.rules import catalogue, common, individual
from abonent.packs.ru.rules.lines import to_lines
from abonent.packs.ru.rules.problems import premise_problem
from abonent.packs.ru.rules.segments import build_segments, month_prices, price_segments, shared_premises
from abonent.packs.ru.rules.settings import read_settings
from abonent.packs.ru.rules.usage import BY_AVERAGE, BY_READINGS, UNKNOWN, measure

SHARED_RULES = (
    catalogue.COMMON_METERED.number,
    catalogue.COMMON_NORM.number,
    catalogue.COMMON_NEGATIVE.number,
)

_PRICED = ["account_id", "building_id", "zone", "begins_on", "ends_on", "quantity_wh", "price_id", "price_e5"]


def _account_problems(problems: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Name the accounts of the premises with problems; a building's own stay without an account."""
    if problems.is_empty():
        return empty(EXCEPTIONS)
    accounts = segments.select("premise_id", "account_id").unique()
    return problems.join(accounts, on="premise_id", how="left").select(
        "building_id", "account_id", "code", "facts"
    )


def _unpriced(rows: pl.DataFrame) -> pl.DataFrame:
    if rows.is_empty():
        return empty(EXCEPTIONS)
    return rows.unique(["account_id", "zone"], maintain_order=True).select(
        "building_id",
        "account_id",
        code=pl.lit("no_price"),
        facts=pl.struct(pl.col("tariff_group_id"), pl.col("zone").cast(pl.Int64)).struct.json_encode(),
    )


def rate(inputs: Inputs, parameters: ParameterSet, month: Month, *, with_common_needs: bool = True) -> Rated:
    """Rate a month. `with_common_needs=False` leaves shares of buildings as they were posted (one account's re-rating).

    An account with anything that cannot be judged gets no line at all: it is parked with the reasons.
    """
    settings = read_settings(parameters, month)
    prices = month_prices(inputs.prices, month)
    segments, uncovered = build_segments(inputs)
    living = segments.join(inputs.nonliving, on="premise_id", how="anti")
    usage = measure(inputs, month, settings).without(individual.refused_premises(living))

    judged_out = usage.problems.filter(pl.col("premise_id") > 0).select("premise_id").unique()
    by_norm = individual.norm_premises(living, usage.registers, judged_out)
    norm = individual.norm_rows(by_norm, month, settings)
    unread = (
        usage.registers.filter((pl.col("method") == UNKNOWN) & (pl.col("premise_id") > 0))
        .join(by_norm, on="premise_id", how="anti")
        .join(judged_out, on="premise_id", how="anti")
    )
    unmetered_shops = (
        segments.join(inputs.nonliving, on="premise_id", how="semi")
        .join(usage.registers, on="premise_id", how="anti")
        .join(judged_out, on="premise_id", how="anti")
        .unique("premise_id")
    )
    known = usage.registers.filter(
        (pl.col("method") != UNKNOWN) & ~pl.col("premise_id").is_in(judged_out["premise_id"].implode())
    )
    met = individual.meter_rows(known, segments, month)
    ownerless = (
        known.filter((pl.col("premise_id") > 0) & (pl.col("usage_wh") != 0))
        .join(met, on="installation_id", how="anti")
        .join(inputs.nonliving, on="premise_id", how="anti")
        .group_by("premise_id", "building_id", maintain_order=True)
        .agg(pl.col("usage_wh").sum())
    )
    problems = pl.concat(
        [
            usage.problems,
            premise_problem(unread, "missing_reading", "installation_id", "from_value_wh"),
            premise_problem(unmetered_shops, "nonliving_without_meter"),
            premise_problem(norm.missing, "no_norm", "norm_category", "rooms", "people"),
            premise_problem(shared_premises(segments, month), "two_accounts_at_once", "days"),
        ]
    )

    metered, unpriced_meters = price_segments(met, prices)
    normed, unpriced_norms = price_segments(norm.rows, prices)
    raised, _ = price_segments(norm.uplift_rows, prices)
    exceptions = [
        _account_problems(problems, segments),
        _account_problems(premise_problem(ownerless, "usage_without_account", "usage_wh"), segments),
        uncovered.select("building_id", "account_id", code=pl.lit("no_terms"), facts=pl.lit("{}")),
        _unpriced(unpriced_meters),
        _unpriced(unpriced_norms),
    ]
    lines = [
        to_lines(metered.filter(pl.col("method") == BY_READINGS), catalogue.METERED),
        to_lines(metered.filter(pl.col("method") == BY_AVERAGE), catalogue.AVERAGE),
        to_lines(normed, catalogue.NORM),
        to_lines(raised, catalogue.NORM_UPLIFT),
    ]
    volumes = None

    if with_common_needs:
        volumes = common.building_volumes(
            inputs, settings, usage.registers, norm.rows, problems, segments, month
        )
        rows = common.share_rows(volumes.buildings, segments, month)
        weights = common.zone_weights(usage.registers, segments, inputs.nonliving)
        shares, unpriced_shares = price_segments(common.split_zones(rows, usage.registers, weights), prices)
        energy = pl.concat([metered.select(_PRICED), normed.select(_PRICED)])
        given_back = common.negative_rows(volumes.buildings, segments, inputs.nonliving, energy)
        lines += [
            to_lines(shares.filter("by_meter"), catalogue.COMMON_METERED),
            to_lines(shares.filter(~pl.col("by_meter")), catalogue.COMMON_NORM),
            to_lines(given_back, catalogue.COMMON_NEGATIVE),
        ]
        exceptions += [_account_problems(volumes.problems, segments), _unpriced(unpriced_shares)]

    parked = shape(pl.concat(exceptions), EXCEPTIONS)
    silenced = parked.filter(pl.col("account_id").is_not_null()).select("account_id").unique()
    charged = pl.concat(lines)
    if not silenced.is_empty():
        charged = charged.join(silenced, on="account_id", how="anti")
    averages = known.filter(pl.col("method") == BY_AVERAGE).select(
        "installation_id", "building_id", value_wh="to_value_wh"
    )
    assumed = individual.norm_estimates(usage.registers, norm.rows)
    building_balances = (
        empty(BUILDING_BALANCES) if volumes is None else common.balances(volumes.buildings, charged)
    )
    return Rated(
        lines=charged.sort("building_id", "account_id", "service", "rule", "zone", "begins_on"),
        exceptions=parked,
        building_balances=building_balances,
        estimates=shape(pl.concat([averages, assumed]), ESTIMATES),
    )
