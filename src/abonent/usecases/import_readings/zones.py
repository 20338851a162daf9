"""A meter of two or three zones is read as a whole: all its registers on one day, or a person is asked."""

import polars as pl

from abonent.usecases.import_readings.checks import ACCEPTED, DOUBTFUL, KNOWN
from abonent.usecases.import_readings.rows import Rows

_DAY = ["meter_id", "taken_on"]


def doubt_incomplete(rows: Rows, claims: pl.DataFrame) -> pl.DataFrame:
    """Add "zones_incomplete" where neither the claims nor the books have every zone of a meter on the day.

    `claims`: meter_id, zone, `zones` (how many the meter has), taken_on, reasons.
    """
    told = claims.filter(pl.col("zones") > 1, pl.col("zone").is_not_null(), pl.col("taken_on").is_not_null())
    lacking = (
        told.group_by(_DAY)
        .agg(pl.col("zone").unique(), pl.col("zones").first())
        .filter(pl.col("zone").list.len() < pl.col("zones"))
    )
    if lacking.is_empty():
        return claims
    booked = rows.read(
        f"""SELECT given.meter_id, given.taken_on, i.zone FROM {rows.relation(lacking.select(_DAY))}
            JOIN metering_installation i USING (meter_id)
            JOIN metering_reading r ON r.installation_id = i.id AND r.taken_on = given.taken_on
            WHERE r.status = 1 AND r.source <> 6""",
        {"meter_id": pl.Int64, "taken_on": pl.Date, "booked": pl.Int16},
    )
    still = (
        lacking.join(booked.group_by(_DAY).agg("booked"), on=_DAY, how="left")
        .filter(pl.concat_list("zone", pl.col("booked").fill_null([])).list.n_unique() < pl.col("zones"))
        .select(*_DAY, incomplete=True)
    )
    return (
        claims.join(still, on=_DAY, how="left")
        .with_columns(
            reasons=pl.when("incomplete")
            .then(pl.col("reasons").list.concat(pl.lit(["zones_incomplete"])))
            .otherwise("reasons")
        )
        .drop("incomplete")
    )


def hold_together(judged: pl.DataFrame) -> pl.DataFrame:
    """Hold the sound readings of a meter of which another zone is held: "other_zone_held"."""
    if judged["zones"].fill_null(1).max() in (None, 1):
        return judged
    held = ~pl.col("status").is_in([ACCEPTED, KNOWN])
    several = (pl.col("zones") > 1) & pl.col("meter_id").is_not_null()
    days = judged.filter(several & held).select(_DAY).unique().with_columns(is_held=pl.lit(True))
    waits = pl.col("is_held").fill_null(False) & (pl.col("status") == ACCEPTED) & several
    return (
        judged.join(days, on=_DAY, how="left")
        .with_columns(
            status=pl.when(waits).then(pl.lit(DOUBTFUL)).otherwise("status"),
            reasons=pl.when(waits).then(pl.lit(["other_zone_held"])).otherwise("reasons"),
        )
        .drop("is_held")
    )
