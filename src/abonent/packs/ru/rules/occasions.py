"""What happens now and then: residents away, energy taken past the meter, shops billed by agreement."""

from datetime import timedelta

import polars as pl

from abonent.engine import fixed
from abonent.engine.frames import Inputs
from abonent.packs.ru.rules.calendar import Calendar
from abonent.packs.ru.rules.individual import SINGLE_RATE
from abonent.packs.ru.rules.segments import NONLIVING, days_between

_HOURS = 24


def absence_rows(absences: pl.DataFrame, norm: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Take residents who were away off the norm (п. 86–97): −people·N·days/days of the month.

    Only full days between departure and arrival count (п. 91), and only more of them in a row than the parameter says
    (п. 86). `norm`: the rows by norm; premises whose meter is left out of account, or that could have one, get
    nothing back.
    """
    away = absences.with_columns(
        away_from=pl.col("left_on") + timedelta(days=1), away_to=pl.col("returned_on")
    ).filter(
        days_between("away_from", "away_to")
        > calendar.setting(lambda settings: settings.absence_more_than_days)
    )
    rows = (
        norm.filter(pl.col("uplift_cause") == 0)
        .drop("residents")
        .join(
            away.select("premise_id", "left_on", "returned_on", "away_from", "away_to", away="people"),
            on="premise_id",
            how="inner",
        )
        .with_columns(
            begins_on=pl.max_horizontal("begins_on", "away_from"),
            ends_on=pl.min_horizontal("ends_on", "away_to"),
            away=pl.min_horizontal(pl.col("away").cast(pl.Int64), "people"),
        )
        .with_columns(days=days_between())
        .filter(pl.col("days") > 0)
    )
    return rows.with_columns(
        left_day=pl.col("left_on").cast(pl.Int32).cast(pl.Int64),
        returned_day=pl.col("returned_on").cast(pl.Int32).cast(pl.Int64),
        quantity_wh=-fixed.mul_div(
            pl.col("away") * pl.col("norm_wh_per_person"), pl.col("days"), divisor="days_in_month"
        ),
    ).drop("left_on", "returned_on", "away_from", "away_to")


def unauthorised_rows(unauthorised: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Charge energy taken past the meter by the power of the equipment around the clock (п. 62)."""
    taken = unauthorised.select("premise_id", "power_w", taken_from="begins_on", taken_to="ends_on")
    return (
        segments.join(taken, on="premise_id", how="inner")
        .with_columns(
            begins_on=pl.max_horizontal("begins_on", "taken_from"),
            ends_on=pl.min_horizontal("ends_on", "taken_to"),
        )
        .with_columns(days=days_between())
        .filter(pl.col("days") > 0)
        .with_columns(
            zone=pl.lit(SINGLE_RATE, dtype=pl.Int16), quantity_wh=pl.col("power_w") * _HOURS * pl.col("days")
        )
        .drop("taken_from", "taken_to")
    )


def agreed_volumes(inputs: Inputs, metered: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Return building_id, zone, quantity_wh of non-living premises without a meter, also of those billed elsewhere."""
    shops = inputs.premises.filter(pl.col("kind") == NONLIVING).select("premise_id", "kind")
    terms = inputs.terms.join(shops, on="premise_id", how="inner").with_columns(days=days_between())
    return agreed_rows(terms, metered, calendar).select("building_id", "zone", "quantity_wh")


def agreed_rows(segments: pl.DataFrame, metered: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Charge non-living premises without a meter what was agreed for a month (п. 43), by days."""
    return (
        segments.filter((pl.col("kind") == NONLIVING) & (pl.col("agreed_wh_per_month") > 0))
        .join(metered, on="premise_id", how="anti")
        .with_columns(
            zone=pl.lit(SINGLE_RATE, dtype=pl.Int16),
            days_in_month=calendar.days(),
            quantity_wh=fixed.mul_div("agreed_wh_per_month", "days", divisor=calendar.days()),
        )
    )
