"""Stretches of days in which nothing a bill depends on changes: service × terms, and then price."""

import polars as pl

from abonent.engine import allocate
from abonent.engine.frames import Inputs
from abonent.packs.ru.rules.calendar import Calendar

LEFT_OUT_FROM_CAUSE = 2
"""From this cause of an uplift on, the premise's own meter is left out of account (п. 60(3), 62, 81(11))."""

NONLIVING, COMMON, HEATING, SECTION, ROOM = 2, 3, 4, 5, 6


def days_between(begins_on: str = "begins_on", ends_on: str = "ends_on") -> pl.Expr:
    return (pl.col(ends_on) - pl.col(begins_on)).dt.total_days().cast(pl.Int64)


def build_segments(
    inputs: Inputs, services: pl.DataFrame, calendar: Calendar
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the segments of the shard and the accounts whose days no terms cover.

    Segments: account_id, premise_id, building_id, begins_on, ends_on, days, tariff_group_id, norm_category, banding,
    band_category, area_dm2, rooms, people (residents, or owners where nobody is registered, п. 56(2)), residents,
    uplift_cause, left_out (its own meter is not counted), alone (the only segment of its premise), kind, place.
    """
    crossed = (
        services.with_row_index("__service")
        .join(inputs.terms.drop("building_id"), on="premise_id", how="left", suffix="_terms")
        .with_columns(
            service_days=days_between(),
            begins_on=pl.max_horizontal("begins_on", "begins_on_terms"),
            ends_on=pl.min_horizontal("ends_on", "ends_on_terms"),
        )
        .with_columns(days=pl.when(pl.col("tariff_group_id").is_null()).then(0).otherwise(days_between()))
    )
    wholly = crossed.filter(pl.col("days") == pl.col("service_days"))
    if wholly.height == crossed.height:
        uncovered = crossed.clear().select("account_id", "premise_id", "building_id")
    else:
        uncovered = (
            crossed.filter(pl.col("days") != pl.col("service_days"))
            .join(wholly, on="__service", how="anti")
            .group_by(
                "__service", "account_id", "premise_id", "building_id", "service_days", maintain_order=True
            )
            .agg(pl.col("days").clip(lower_bound=0).sum())
            .filter(pl.col("days") < pl.col("service_days"))
            .select("account_id", "premise_id", "building_id")
            .unique(maintain_order=True)
        )
    kinds = inputs.premises.select("premise_id", "kind")
    segments = (
        crossed.filter(pl.col("days") > 0)
        .join(inputs.tariff_groups, on="tariff_group_id", how="left")
        .join(kinds, on="premise_id", how="left")
        .with_columns(
            pl.col("kind").fill_null(1),
            people=pl.when(pl.col("residents") > 0).then("residents").otherwise("owners").cast(pl.Int64),
            alone=pl.len().over("premise_id") == 1,
            left_out=pl.col("uplift_cause") >= LEFT_OUT_FROM_CAUSE,
            place=calendar.place(),
        )
        .drop("__service", "begins_on_terms", "ends_on_terms", "service_days", "owners")
    )
    return segments, uncovered


def is_living() -> pl.Expr:
    """Whether a segment is of a place people live in."""
    return ~pl.col("kind").is_in([NONLIVING, COMMON, HEATING])


def shared_premises(segments: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Return the premises that two accounts pay for on the same days: nothing says who pays which part."""
    return (
        segments.filter(~pl.col("alone"))
        .group_by("premise_id", "building_id", maintain_order=True)
        .agg(pl.col("days").sum())
        .filter(pl.col("days") > calendar.days())
    )


def split_by_days(frame: pl.DataFrame, *, key: str, quantity: str) -> pl.DataFrame:
    """Share `quantity` (the same on every row of a `key`) out over the rows of the key by their days."""
    counts = frame.select(key).group_by(key).len("__pieces")
    joined = frame.join(counts, on=key, how="left")
    whole = joined.filter(pl.col("__pieces") == 1)
    parts = joined.filter(pl.col("__pieces") > 1)
    if parts.is_empty():
        return frame
    shared = allocate.allocate(
        parts, total=quantity, weight="days", group=key, order="begins_on", into="__share"
    ).with_columns(pl.col("__share").alias(quantity))
    return pl.concat([whole, shared.drop("__share")]).drop("__pieces")


def month_prices(prices: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Clip prices to each month (`place`); `whole` tells the one that holds through all of it."""
    months = pl.DataFrame(
        {
            "place": range(len(calendar.months)),
            "first": [month.first_day for month in calendar.months],
            "end": [month.next().first_day for month in calendar.months],
        },
        schema={"place": pl.Int8, "first": pl.Date, "end": pl.Date},
    )
    begins_on = pl.max_horizontal("price_begins_on", "first")
    ends_on = pl.min_horizontal("price_ends_on", "end")
    return (
        months.join(prices, how="cross")
        .filter(begins_on < ends_on)
        .select(
            *(name for name in prices.columns if name not in ("price_begins_on", "price_ends_on")),
            "place",
            price_begins_on=begins_on,
            price_ends_on=ends_on,
            whole=(begins_on == pl.col("first")) & (ends_on == pl.col("end")),
        )
    )


def price_segments(rows: pl.DataFrame, prices: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give rows (place, tariff_group_id, zone, band, begins_on, ends_on, days, quantity_wh) their prices.

    A row inside which the price changes becomes a row per price, its quantity shared out by days. `prices` come from
    `month_prices`. Returns the priced rows and those with days that no price covers.
    """
    if rows.is_empty():
        nothing = pl.lit(None, dtype=pl.Int64)
        return rows.with_columns(price_id=nothing, price_e5=nothing), rows
    keyed = rows.with_row_index("__row")
    joined = keyed.join(prices, on=["place", "tariff_group_id", "zone", "band"], how="left")
    simple = joined.filter(pl.col("whole"))
    if simple.height == rows.height:
        return simple.drop("price_begins_on", "price_ends_on", "whole", "__row"), rows.clear()
    piecewise = (
        joined.filter(~pl.col("whole").fill_null(False))
        .with_columns(
            begins_on=pl.max_horizontal("begins_on", "price_begins_on"),
            ends_on=pl.min_horizontal("ends_on", "price_ends_on"),
            row_days=pl.col("days"),
        )
        .with_columns(
            days=pl.when(pl.col("price_id").is_null()).then(0).otherwise(days_between().clip(lower_bound=0))
        )
        .with_columns(covered=pl.col("days").sum().over("__row") == pl.col("row_days"))
    )
    unpriced = keyed.join(piecewise.filter(~pl.col("covered")), on="__row", how="semi").drop("__row")
    pieces = split_by_days(
        piecewise.filter("covered", pl.col("days") > 0), key="__row", quantity="quantity_wh"
    ).drop("row_days", "covered")
    priced = pl.concat([simple, pieces.select(simple.columns)])
    return priced.drop("price_begins_on", "price_ends_on", "whole", "__row"), unpriced
