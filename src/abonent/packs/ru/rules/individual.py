"""What a household used itself: by its meter, by its average, or by the norm (ПП РФ 354 п. 42, 59, 60)."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from abonent.engine import fixed
from abonent.packs.ru.rules.calendar import Calendar
from abonent.packs.ru.rules.segments import days_between, split_by_days

SINGLE_RATE = 1
_NORM_PEOPLE_MAX = 5  # the tables of norms end with "five and more"


@dataclass(frozen=True)
class Norm:
    """Rows by norm and by its increase, ready to be priced, and the segments no norm was found for."""

    rows: pl.DataFrame
    uplift_rows: pl.DataFrame
    missing: pl.DataFrame


def meter_rows(registers: pl.DataFrame, segments: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Give what the registers counted to the segments of their premises; by days where there are several.

    `registers`: those with known usage. A register meets only the days it stood there, so that what a new meter
    counted is never charged at a price of before; one taken down on the first day of the month meets that day.
    What falls on days the meter is left out of account is dropped: the norm is charged for them.
    """
    stood_to = pl.max_horizontal("stood_to", calendar.first() + timedelta(days=1))
    met = (
        registers.rename({"begins_on": "stood_from", "ends_on": "stood_to", "usage_wh": "quantity_wh"})
        .join(segments.drop("building_id"), on="premise_id", how="inner")
        .with_columns(
            begins_on=pl.max_horizontal("begins_on", "stood_from"),
            ends_on=pl.min_horizontal("ends_on", stood_to),
        )
        .with_columns(days=days_between())
        .filter(pl.col("days") > 0)
    )
    several = met.filter(~pl.col("alone"))
    if not several.is_empty():
        shared = split_by_days(several, key="installation_id", quantity="quantity_wh")
        met = pl.concat([met.filter("alone"), shared])
    return met.filter(~pl.col("left_out"))


def find_norms(segments: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Add norm_wh_per_person (null where the tables have none), norm_rooms and days_in_month."""
    highest_rooms = calendar.norms.group_by("place", "norm_category").agg(rooms_max=pl.col("rooms").max())
    return (
        segments.join(highest_rooms, on=["place", "norm_category"], how="left")
        .with_columns(
            norm_rooms=pl.min_horizontal(pl.max_horizontal("rooms", 1), "rooms_max").cast(pl.Int16),
            norm_people=pl.col("people").clip(1, _NORM_PEOPLE_MAX).cast(pl.Int16),
            days_in_month=calendar.days(),
        )
        .join(
            calendar.norms,
            left_on=["place", "norm_category", "norm_rooms", "norm_people"],
            right_on=["place", "norm_category", "rooms", "people"],
            how="left",
        )
        .drop("rooms_max", "norm_people")
    )


def norm_rows(segments: pl.DataFrame, calendar: Calendar) -> Norm:
    """Return n·N·days/days of the month for every segment, and its increase by the coefficient of its cause."""
    if segments.is_empty():
        nobody = segments.with_columns(
            zone=pl.lit(SINGLE_RATE, dtype=pl.Int16), quantity_wh=pl.lit(0, dtype=pl.Int64)
        )
        return Norm(nobody, nobody, segments)
    looked_up = find_norms(segments, calendar)
    known = looked_up.filter(pl.col("norm_wh_per_person").is_not_null()).with_columns(
        zone=pl.lit(SINGLE_RATE, dtype=pl.Int16),
        residents=pl.col("people"),
        quantity_wh=fixed.mul_div(
            pl.col("people") * pl.col("norm_wh_per_person"), pl.col("days"), divisor="days_in_month"
        ),
    )
    raised = (
        known.filter(pl.col("uplift_cause") > 0)
        .join(calendar.uplifts, on=["place", "uplift_cause"], how="inner")
        .filter(pl.col("coefficient_e3") > 1000)
        # from the whole product, not from the rounded quantity: one rounding a line
        .with_columns(
            quantity_wh=fixed.mul_div(
                pl.col("people") * pl.col("norm_wh_per_person") * pl.col("days"),
                pl.col("coefficient_e3") - 1000,
                divisor=pl.col("days_in_month") * 1000,
            )
        )
    )
    return Norm(known, raised, looked_up.filter(pl.col("norm_wh_per_person").is_null()))
