"""What a household used itself: by its meter, by its average, or by the norm (ПП РФ 354 п. 42, 59, 60)."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from abonent.engine import fixed
from abonent.kernel.periods import Month
from abonent.packs.ru.rules.segments import split_by_days
from abonent.packs.ru.rules.settings import Settings
from abonent.packs.ru.rules.usage import UNKNOWN, capacity_wh

SINGLE_RATE = 1
ADMISSION_REFUSED = 2
_NORM_PEOPLE_MAX = 5  # the tables of norms end with "five and more"


@dataclass(frozen=True)
class Norm:
    """Rows by norm and by its increase, ready to be priced, and the segments no norm was found for."""

    rows: pl.DataFrame
    uplift_rows: pl.DataFrame
    missing: pl.DataFrame


def meter_rows(registers: pl.DataFrame, segments: pl.DataFrame, month: Month) -> pl.DataFrame:
    """Give what the registers counted to the segments of their premises; by days where there are several.

    `registers`: those with known usage. A register meets only the days it stood there, so that what a new meter
    counted is never charged at a price of before; one taken down on the first day of the month meets that day.
    """
    stood_to = pl.max_horizontal("stood_to", pl.lit(month.first_day + timedelta(days=1)))
    met = (
        registers.rename({"begins_on": "stood_from", "ends_on": "stood_to", "usage_wh": "quantity_wh"})
        .join(segments.drop("building_id"), on="premise_id", how="inner")
        .with_columns(
            begins_on=pl.max_horizontal("begins_on", "stood_from"),
            ends_on=pl.min_horizontal("ends_on", stood_to),
        )
        .with_columns(days=(pl.col("ends_on") - pl.col("begins_on")).dt.total_days())
        .filter(pl.col("days") > 0)
    )
    several = met.filter(~pl.col("alone"))
    if several.is_empty():
        return met
    shared = split_by_days(several, key="installation_id", quantity="quantity_wh")
    return pl.concat([met.filter("alone"), shared])


def norm_rows(segments: pl.DataFrame, month: Month, settings: Settings) -> Norm:
    """Return n·N·days/days of the month for every segment, and its increase by the coefficient of its cause."""
    if segments.is_empty():
        nobody = segments.with_columns(
            zone=pl.lit(SINGLE_RATE, dtype=pl.Int16), quantity_wh=pl.lit(0, dtype=pl.Int64)
        )
        return Norm(nobody, nobody, segments)
    highest_rooms = settings.norms.group_by("norm_category").agg(pl.col("rooms").max().alias("rooms_max"))
    looked_up = (
        segments.join(highest_rooms, on="norm_category", how="left")
        .with_columns(
            norm_rooms=pl.min_horizontal(pl.max_horizontal("rooms", 1), "rooms_max").cast(pl.Int16),
            norm_people=pl.col("people").clip(1, _NORM_PEOPLE_MAX).cast(pl.Int16),
        )
        .join(
            settings.norms,
            left_on=["norm_category", "norm_rooms", "norm_people"],
            right_on=["norm_category", "rooms", "people"],
            how="left",
        )
    )
    known = (
        looked_up.filter(pl.col("norm_wh_per_person").is_not_null())
        .drop("residents")
        .with_columns(
            zone=pl.lit(SINGLE_RATE, dtype=pl.Int16),
            days_in_month=pl.lit(month.days, dtype=pl.Int64),
            residents=pl.col("people"),
            quantity_wh=fixed.mul_div(
                pl.col("people") * pl.col("norm_wh_per_person"), pl.col("days"), divisor=month.days
            ),
        )
    )
    raised = (
        known.filter(pl.col("uplift_cause") > 0)
        .join(settings.uplifts, on="uplift_cause", how="inner")
        .filter(pl.col("coefficient_e3") > 1000)
        # from the whole product, not from the rounded quantity: one rounding a line
        .with_columns(
            quantity_wh=fixed.mul_div(
                pl.col("people") * pl.col("norm_wh_per_person") * pl.col("days"),
                pl.col("coefficient_e3") - 1000,
                divisor=month.days * 1000,
            )
        )
    )
    return Norm(known, raised, looked_up.filter(pl.col("norm_wh_per_person").is_null()))


def refused_premises(segments: pl.DataFrame) -> pl.DataFrame:
    """Return the premises whose meter nobody was let in to twice: billed by norm whatever it shows (п. 60(3))."""
    return segments.filter(pl.col("uplift_cause") == ADMISSION_REFUSED).select("premise_id").unique()


def norm_premises(segments: pl.DataFrame, registers: pl.DataFrame, judged_out: pl.DataFrame) -> pl.DataFrame:
    """Return the segments billed by norm: no register with known usage, and none whose reading awaits a person."""
    known = registers.filter(pl.col("method") != UNKNOWN)
    return segments.join(known, on="premise_id", how="anti").join(judged_out, on="premise_id", how="anti")


def norm_estimates(registers: pl.DataFrame, norm: pl.DataFrame) -> pl.DataFrame:
    """Return the readings to assume for silent meters without history that were billed by norm.

    The quantity goes to the first register of the premise, so that the next actual reading settles the difference.
    """
    silent = (
        registers.filter(pl.col("method") == UNKNOWN)
        .sort("premise_id", "zone", "installation_id")
        .unique("premise_id", keep="first", maintain_order=True)
    )
    volumes = norm.group_by("premise_id").agg(pl.col("quantity_wh").sum())
    return silent.join(volumes, on="premise_id", how="inner").select(
        "installation_id",
        "building_id",
        value_wh=(pl.col("from_value_wh") + pl.col("quantity_wh") // pl.col("ratio")) % capacity_wh(),
    )
