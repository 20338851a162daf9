"""What months of a building hand on to later ones, where one run rates several of them.

An executor's deficit goes from month to month, and a year's common needs are trued up in the next one. The books tell
of a month only when it is posted; of what this very run has rated before, the later months learn here.
"""

from dataclasses import replace

import polars as pl

from abonent.engine.frames import Inputs
from abonent.kernel.periods import Month
from abonent.usecases.billing_run.extract import Reader, Window

_BY_NORM = 2
_SUMS = {
    "year_months": "months",
    "year_common_wh": "common_wh",
    "year_charged_wh": "distributed_wh",
    "year_cap_wh": "cap_wh",
}
_STANDING = {
    "building_id": pl.Int64,
    "method": pl.Int16,
    "common_wh": pl.Int64,
    "distributed_wh": pl.Int64,
    "cap_wh": pl.Int64,
}


def standing_balances(read: Reader, window: Window, month: Month) -> pl.DataFrame:
    """Return the balances of a month's buildings that the books hold, as far as later months ask for them."""
    return read(
        f"""SELECT DISTINCT ON (b.building_id) b.building_id, b.method, b.common_wh, b.distributed_wh, b.cap_wh
            FROM charging_buildingbalance b JOIN charging_run r ON r.id = b.run_id
            WHERE {window.where_building("b.building_id")} AND b.period = DATE '{month.first_day}'
              AND r.state = 4 AND r.kind <> 3
            ORDER BY b.building_id, r.posted_at DESC, r.id DESC""",
        _STANDING,
    )


class Carrying:
    """The balances rated so far, oldest month first, against those that stood before."""

    def __init__(self) -> None:
        self._deficits: dict[Month, pl.DataFrame] = {}
        self._changes: dict[Month, pl.DataFrame] = {}

    def add(self, month: Month, balances: pl.DataFrame, standing: pl.DataFrame) -> None:
        """Take in a shard's balances as they were rated, and as they stood."""
        if balances.is_empty():
            return
        deficits = balances.select("building_id", "carried_wh")
        signed = [
            _counted(balances),
            _counted(standing).with_columns(-pl.col(name) for name in _SUMS.values()),
        ]
        changes = pl.concat(signed).group_by("building_id").agg(pl.col(name).sum() for name in _SUMS.values())
        self._deficits[month] = _with(self._deficits.get(month), deficits)
        self._changes[month] = _with(self._changes.get(month), changes)

    def into(self, inputs: Inputs, month: Month) -> Inputs:
        """Return what is known of a month's buildings with what this run has rated of the months before."""
        history = inputs.common_history
        if history.is_empty() or not self._deficits:
            return inputs
        if (handed_on := self._deficits.get(month.previous())) is not None:
            history = history.update(handed_on, on="building_id")
        last_year = [change for of, change in self._changes.items() if of.year == month.year - 1]
        if last_year:
            changes = pl.concat(last_year).group_by("building_id").agg(pl.all().sum())
            history = (
                history.join(changes, on="building_id", how="left")
                .with_columns(
                    (pl.col(total) + pl.col(name).fill_null(0)).alias(total) for total, name in _SUMS.items()
                )
                .drop(list(_SUMS.values()))
            )
        return replace(inputs, common_history=history)


def _counted(balances: pl.DataFrame) -> pl.DataFrame:
    """Return what a year adds up: a month by norm tells nothing of what was used, but was charged."""
    metered = (pl.col("method") != _BY_NORM).cast(pl.Int64)
    return balances.select(
        "building_id",
        metered.alias("months"),
        (metered * pl.col("common_wh")).alias("common_wh"),
        "distributed_wh",
        "cap_wh",
    )


def _with(known: pl.DataFrame | None, more: pl.DataFrame) -> pl.DataFrame:
    return more if known is None else pl.concat([known, more])
