"""Accepted readings into the books, all in the transaction that is open: estimates and outranked ones give way."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl

from abonent.contexts.charging.models import RecalculationCause, Run, RunState
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.gateways.bulk_load import Column, copy_frame
from abonent.kernel.periods import Month
from abonent.usecases.recalculation.noting import Change, note_many

OUTRANKED = "a control reading outranks it"
"""The reason of a reading that gave way to an inspector's of the same day."""

_REPLACED = "another reading of the day was accepted"
_COMING = "readings_coming"
_INSPECTOR = 2


def book(
    cursor: Any, accepted: pl.DataFrame, *, at: datetime, actor_id: int | None, file_id: int | None, note: str
) -> int:
    """Store accepted claims; return how many billed months now wait to be rated again.

    `accepted`: installation_id, building_id, premise_id (0: the building), taken_on, value_wh, source, replaces_id.
    """
    if accepted.is_empty():
        return 0
    months = [Month.of(day) for day in accepted["taken_on"].dt.month_start().unique()]
    for month in months:
        ensure_reading_partitions(first=month, last=month)
    accepted = accepted.sort("installation_id")  # neighbours in the indexes are written together
    _withdraw_estimates(cursor, accepted, at)
    _withdraw_outranked(cursor, accepted, at)
    columns: dict[str, Column] = {
        "installation_id": accepted["installation_id"].to_numpy(),
        "building_id": accepted["building_id"].to_numpy(),
        "taken_on": accepted["taken_on"].to_numpy().astype("datetime64[D]"),
        "value_wh": accepted["value_wh"].to_numpy(),
        "source": accepted["source"].to_numpy(),
        "status": np.ones(accepted.height, np.int16),
        "entered_at": np.full(accepted.height, _utc(at)),
        "reason": "",
    }
    if actor_id is not None:
        columns["author_id"] = np.full(accepted.height, actor_id)
    if file_id is not None:
        columns["file_id"] = np.full(accepted.height, file_id)
    copy_frame(cursor, "metering_reading", list(columns), columns)
    return note_changed(accepted, at=at, actor_id=actor_id, note=note)


def note_changed(readings: pl.DataFrame, *, at: datetime, actor_id: int | None, note: str) -> int:
    """Let the billed months wait that readings of `taken_on` touch in their premises and buildings."""
    newest = (
        Run.objects.exclude(state__in=[RunState.CANCELLED, RunState.DISCARDED])
        .order_by("-period")
        .values_list("period", flat=True)
        .first()
    )
    if newest is None:
        return 0
    touched = (
        readings.select("building_id", "premise_id", month=pl.col("taken_on").dt.month_start())
        .filter(pl.col("month") <= newest)
        .group_by("building_id", "premise_id")
        .agg(pl.col("month").min())
    )
    changes = [
        Change(building_id, premise_id or None, Month.of(month))
        for building_id, premise_id, month in touched.rows()
    ]
    return note_many(changes, cause=RecalculationCause.READING, note=note, actor_id=actor_id, at=at)


def reading_ids(
    cursor: Any, installation_ids: Sequence[int], days: Sequence[date]
) -> dict[tuple[int, date], int]:
    """Return the ids of the accepted readings of these registers on these days."""
    cursor.execute(
        "SELECT installation_id, taken_on, id FROM metering_reading "
        "WHERE installation_id = ANY (%s) AND taken_on = ANY (%s) AND status = 1",
        [list(installation_ids), list(days)],
    )
    return {(installation_id, taken_on): id for installation_id, taken_on, id in cursor.fetchall()}


def _withdraw_estimates(cursor: Any, accepted: pl.DataFrame, at: datetime) -> None:
    """An estimate of the rest of the reading's month gives way to what the meter really showed."""
    first, last = accepted["taken_on"].min(), Month.of(accepted["taken_on"].max()).last_day  # type: ignore[arg-type]
    cursor.execute(
        "SELECT EXISTS (SELECT FROM metering_reading WHERE source = 6 AND status = 1 AND taken_on BETWEEN %s AND %s)",
        [first, last],
    )
    if not cursor.fetchone()[0]:
        return
    cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {_COMING} (installation_id bigint, taken_on date) ON COMMIT DROP"
    )
    cursor.execute(f"TRUNCATE {_COMING}")
    copy_frame(
        cursor, _COMING, ["installation_id", "taken_on"], accepted.select("installation_id", "taken_on")
    )
    cursor.execute(f"ANALYZE {_COMING}")
    cursor.execute(
        f"""UPDATE metering_reading r SET status = 4, judged_at = %s, reason = 'an actual reading came in'
            FROM {_COMING} c
            WHERE r.installation_id = c.installation_id AND r.source = 6 AND r.status = 1
              AND r.taken_on BETWEEN %s AND %s AND r.taken_on >= c.taken_on
              AND r.taken_on < date_trunc('month', c.taken_on) + interval '1 month'""",
        [at, first, last],
    )


def _withdraw_outranked(cursor: Any, accepted: pl.DataFrame, at: datetime) -> None:
    replacing = accepted.filter(pl.col("replaces_id") > 0)
    control = pl.col("source") == _INSPECTOR
    for reason, rows in ((OUTRANKED, replacing.filter(control)), (_REPLACED, replacing.filter(~control))):
        if rows.height:
            cursor.execute(
                "UPDATE metering_reading SET status = 4, judged_at = %s, reason = %s "
                "WHERE id = ANY (%s) AND taken_on = ANY (%s)",
                [at, reason, rows["replaces_id"].to_list(), rows["taken_on"].unique().to_list()],
            )


def _utc(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")
