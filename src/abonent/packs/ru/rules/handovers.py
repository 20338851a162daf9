"""A month in which one account hands over to another is parted at the reading both signed."""

from datetime import timedelta

import polars as pl

from abonent.engine.frames import Inputs
from abonent.packs.ru.rules.calendar import Calendar
from abonent.packs.ru.rules.readings import SOURCE_HANDOVER, SOURCE_INSTALLATION

_PIECE = 2**50  # far above any id, and a multiple of the places of `calendar`
_A_DAY = timedelta(days=1)


def part_at_handovers(inputs: Inputs, calendar: Calendar) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return installations and readings in which a handover inside the month ends one register and begins the next.

    The ids of later pieces are coded; `whole_register` gives the register's own. A handover is read at the end of its
    day: the next piece begins the day after.
    """
    handed = inputs.readings.filter(pl.col("source") == SOURCE_HANDOVER)
    if not handed.is_empty():
        handed = handed.filter(
            pl.col("taken_on") >= calendar.first("installation_id"),
            pl.col("taken_on") < calendar.last("installation_id"),
        )
    if handed.is_empty():
        return inputs.installations, inputs.readings
    coded = pl.col("installation_id") + pl.col("piece") * _PIECE
    cuts = handed.select("installation_id", cut_on=pl.col("taken_on") + _A_DAY)
    parted = inputs.installations.join(cuts, on="installation_id", how="semi")
    starts = pl.concat([parted.select("installation_id", cut_on="begins_on"), cuts]).sort(
        "installation_id", "cut_on"
    )
    pieces = (
        parted.join(starts, on="installation_id")
        .with_columns(
            piece=pl.int_range(pl.len()).over("installation_id"),
            next_on=pl.col("cut_on").shift(-1).over("installation_id"),
        )
        .with_columns(begins_on="cut_on", ends_on=pl.coalesce("next_on", "ends_on"))
    )
    of_pieces = (
        inputs.readings.join(
            pieces.select("installation_id", "piece", "begins_on", "next_on"), on="installation_id"
        )
        .filter(
            (pl.col("piece") == 0) | (pl.col("taken_on") >= pl.col("begins_on") - _A_DAY),
            pl.col("next_on").is_null() | (pl.col("taken_on") < pl.col("next_on")),
        )
        .with_columns(
            installation_id=coded,
            source=pl.when((pl.col("piece") > 0) & (pl.col("taken_on") == pl.col("begins_on") - _A_DAY))
            .then(pl.lit(SOURCE_INSTALLATION, dtype=pl.Int16))
            .otherwise("source"),
        )
    )
    whole = inputs.installations.join(cuts, on="installation_id", how="anti")
    rest = inputs.readings.join(cuts, on="installation_id", how="anti")
    installations = pl.concat([whole, pieces.with_columns(installation_id=coded).select(whole.columns)])
    return installations, pl.concat([rest, of_pieces.select(rest.columns)])


def whole_register(installation_id: pl.Expr) -> pl.Expr:
    """Return the id of the register a piece was parted from."""
    return installation_id % _PIECE
