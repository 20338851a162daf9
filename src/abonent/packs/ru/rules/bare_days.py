"""Days of a living premise on which no meter stands though one does on others (ПП РФ 354 п. 42, 59)."""

import polars as pl

from abonent.engine import fixed
from abonent.packs.ru.rules.calendar import Calendar
from abonent.packs.ru.rules.segments import days_between
from abonent.packs.ru.rules.usage import BY_AVERAGE, by_average, counts_after_falls


def bare_stretches(registers: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Return the stretches of the month without a meter: premise_id, begins_on, ends_on, after (the day a meter left).

    `registers`: those of premises, with known usage. `after` is null before the first meter.
    """
    first, end = calendar.first(), calendar.end()
    partly = registers.filter((pl.col("begins_on") > first) | (pl.col("ends_on") < end))
    schema = {"premise_id": pl.Int64, "begins_on": pl.Date, "ends_on": pl.Date, "after": pl.Date}
    if partly.is_empty():
        return pl.DataFrame(schema=schema)
    stood = (
        registers.join(partly.select("premise_id").unique(), on="premise_id", how="semi")
        .select(
            "premise_id",
            stood_from=pl.max_horizontal("begins_on", first),
            stood_to=pl.min_horizontal("ends_on", end),
        )
        .unique()
        .sort("premise_id", "stood_from")
        .with_columns(covered_to=pl.col("stood_to").cum_max().over("premise_id"))
        .with_columns(before_to=pl.col("covered_to").shift(1).over("premise_id"))
    )
    between = stood.select(
        "premise_id",
        begins_on=pl.coalesce("before_to", calendar.first()),
        ends_on="stood_from",
        after="before_to",
    )
    last = (
        stood.group_by("premise_id", maintain_order=True)
        .agg(begins_on=pl.col("stood_to").max())
        .select("premise_id", "begins_on", ends_on=calendar.end(), after="begins_on")
    )
    return pl.concat([between, last]).filter(pl.col("begins_on") < pl.col("ends_on"))


def gone_registers(installations: pl.DataFrame, readings: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Return the last registers of premises where none stands any more, with what they showed at last."""
    first, end = calendar.first(), calendar.end()
    gone = installations.filter((pl.col("premise_id") > 0) & (pl.col("ends_on") < first))
    if gone.is_empty():
        return gone.with_columns(to_value_wh=pl.lit(None, dtype=pl.Int64))
    standing = installations.filter((pl.col("ends_on") >= first) & (pl.col("begins_on") < end))
    last_faces = (
        readings.sort("installation_id", "taken_on")
        .group_by("installation_id", maintain_order=True)
        .agg(to_value_wh=pl.col("value_wh").last())
    )
    return (
        gone.join(standing, on="premise_id", how="anti")
        .filter(pl.col("ends_on") == pl.col("ends_on").max().over("premise_id"))
        .join(last_faces, on="installation_id", how="inner")
    )


def gone_stretches(gone: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Return the whole month of every premise of `gone`, in the shape of `bare_stretches`."""
    return gone.select(
        "premise_id", begins_on=calendar.first(), ends_on=calendar.end(), after="ends_on"
    ).unique()


def bare_segments(stretches: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Return the parts of segments that lie in the stretches, with `after`; those of left-out days aside."""
    return (
        segments.filter(~pl.col("left_out"))
        .join(stretches, on="premise_id", how="inner", suffix="_bare")
        .with_columns(
            begins_on=pl.max_horizontal("begins_on", "begins_on_bare"),
            ends_on=pl.min_horizontal("ends_on", "ends_on_bare"),
        )
        .with_columns(days=days_between())
        .filter(pl.col("days") > 0)
        .drop("begins_on_bare", "ends_on_bare")
    )


def average_rows(
    bare: pl.DataFrame, registers: pl.DataFrame, readings: pl.DataFrame, calendar: Calendar
) -> pl.DataFrame:
    """Charge the days after a meter left by the average a day of what it had counted (п. 59), where that is known."""
    gone = bare.filter(pl.col("after").is_not_null())
    if gone.is_empty():
        return gone.clear()
    leaving = registers.join(
        gone.select("premise_id", ends_on="after").unique(), on=["premise_id", "ends_on"], how="semi"
    )
    counts = counts_after_falls(leaving, readings, calendar)
    averaged = (
        by_average(leaving.with_columns(from_value_wh="to_value_wh"), readings, counts, calendar)
        .filter(pl.col("method") == BY_AVERAGE)
        .select("installation_id", "usage_wh", "history_usage_wh", "history_months", "method")
    )
    faces = leaving.select(
        "installation_id", "premise_id", "zone", "ratio", after="ends_on", to_value_wh="to_value_wh"
    ).with_columns(from_value_wh="to_value_wh")
    return (
        gone.join(faces, on=["premise_id", "after"], how="inner")
        .join(averaged, on="installation_id", how="inner")
        .with_columns(quantity_wh=fixed.mul_div("usage_wh", "days", divisor=calendar.days()))
    )
