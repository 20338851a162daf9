"""Months without a reading that a reading of the month billed closes: they are rated again, each in its own period.

A building's own meter is looked up beforehand, because what its months leave over is carried into the month billed; of
premises it is known once the month is rated.
"""

from datetime import datetime
from typing import Any

import polars as pl

from abonent.contexts.charging.models import RecalculationCause, Run
from abonent.gateways.bulk_load import copy_frame
from abonent.kernel.periods import Month
from abonent.usecases.billing_run import waiting

# From the month after the last reading, or from that of the installation, as `packs.ru.rules.readings` has it. Readings
# of installation (7) begin a count but close nothing; estimates (6) are none.
_OF_BUILDINGS = """
WITH silent AS MATERIALIZED (
    SELECT i.id, i.building_id FROM metering_installation i
    JOIN places_building b ON b.id = i.building_id
    JOIN charging_runshard s ON s.run_id = %(run)s AND NOT s.listed AND s.branch_id = b.branch_id
        AND s.buildings @> i.building_id
    WHERE i.role = 2 AND i.during && daterange(%(first)s, %(end)s) AND NOT EXISTS (
        SELECT FROM metering_reading r WHERE r.installation_id = i.id AND r.status = 1 AND r.source NOT IN (6, 7)
          AND r.taken_on >= %(before)s AND r.taken_on < %(first)s)
)
SELECT i.building_id, NULL::bigint,
       min(date_trunc('month', last.taken_on)
           + CASE last.source WHEN 7 THEN interval '0' ELSE interval '1 month' END)::date, %(last)s::date
FROM silent i
CROSS JOIN LATERAL (
    SELECT r.taken_on, r.source FROM metering_reading r
    WHERE r.installation_id = i.id AND r.status = 1 AND r.source <> 6 AND r.taken_on < %(first)s
    ORDER BY r.taken_on DESC LIMIT 1) last
WHERE EXISTS (
    SELECT FROM metering_reading r WHERE r.installation_id = i.id AND r.status = 1 AND r.source NOT IN (6, 7)
      AND r.taken_on >= %(first)s AND r.taken_on < %(end)s)
GROUP BY i.building_id
"""
_OF_PREMISES = """
SELECT building_id, premise_id, make_date(from_month / 100, from_month %% 100, 1), %(last)s::date FROM reopened
"""


def note_of_buildings(cursor: Any, run: Run, *, at: datetime) -> None:
    """Let the months wait that a reading of a building's own meter in the month billed closes."""
    month = Month.of(run.period)
    values = {
        "run": run.pk,
        "before": month.previous().first_day,
        "first": month.first_day,
        "end": month.next().first_day,
    }
    _note(cursor, _OF_BUILDINGS, month, at, **values)


def note_of_premises(cursor: Any, run: Run, reopened: list[pl.DataFrame], *, at: datetime) -> None:
    """Let the months wait that readings of premises were found to close: `reopened` are REOPENED."""
    gaps = pl.concat(reopened).filter(pl.col("premise_id") > 0) if reopened else pl.DataFrame()
    if gaps.is_empty():
        return
    cursor.execute(
        "CREATE TEMP TABLE reopened (building_id bigint, premise_id bigint, from_month int) ON COMMIT DROP"
    )
    copy_frame(cursor, "reopened", ["building_id", "premise_id", "from_month"], gaps)
    _note(cursor, _OF_PREMISES, Month.of(run.period), at)


def _note(cursor: Any, changes: str, month: Month, at: datetime, **values: object) -> None:
    waiting.note(
        cursor,
        changes,
        {"last": month.previous().last_day, **values},
        cause=RecalculationCause.GAP_CLOSED,
        text="",
        actor_id=None,
        at=at,
    )
