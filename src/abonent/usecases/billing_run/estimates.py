"""What silent meters are taken to show: stored with the run that assumed it, for people to see; no rule reads it."""

from datetime import date, datetime
from typing import Any

from abonent.contexts.charging.models import Run
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.kernel.periods import Month
from abonent.usecases.billing_run import waiting

# The registers that a run rated in a month: of whole buildings, of what was listed, or of the premise of its account.
_RATED = """
SELECT i.id FROM charging_runshard s
JOIN places_building b ON b.branch_id = s.branch_id AND s.buildings @> b.id
JOIN metering_installation i ON i.building_id = b.id
WHERE s.run_id = %(run)s AND s.period = %(period)s AND NOT s.listed AND %(root)s::bigint IS NULL
UNION ALL
SELECT i.id FROM charging_recalculation w JOIN metering_installation i ON i.building_id = w.building_id
WHERE w.run_id = %(run)s AND w.period = %(period)s AND w.premise_id IS NULL
UNION ALL
SELECT i.id FROM (
    SELECT premise_id AS id FROM charging_recalculation WHERE run_id = %(run)s AND period = %(period)s
    UNION SELECT %(root)s::bigint
) root
JOIN LATERAL (
    SELECT root.id
    UNION ALL SELECT p.id FROM places_premise p WHERE p.parent_id = root.id
    UNION ALL SELECT part.id FROM places_premise part JOIN places_premise p ON p.id = part.parent_id
              WHERE p.parent_id = root.id
) premise ON true
JOIN metering_installation i ON i.premise_id = premise.id"""


def store(cursor: Any, run: Run, at: datetime, assumed: str, *, corrected: set[date]) -> None:
    """Store what a run assumed, month by month.

    `assumed` names rows of installation_id, building_id, value_wh, period; `corrected` are the months that other runs
    had rated before: what those assumed and this one does not is annulled. What is parked keeps its estimates.
    """
    root_id = None if run.account is None else waiting.root_of(cursor, run.account.premise_id)
    periods = sorted(set(run.shards.values_list("period", flat=True)))
    for period in periods:
        month = Month.of(period)
        ensure_reading_partitions(first=month, last=month)
        values = {
            "run": run.pk,
            "root": root_id,
            "period": period,
            "day": month.last_day,
            "at": at,
            "reason": _estimated_again(run.pk),
        }
        if period in corrected:
            cursor.execute(_WITHDRAW.format(assumed=assumed), values)
        cursor.execute(_STORE.format(assumed=assumed), values)


_WITHDRAW = f"""
UPDATE metering_reading r SET status = 4, judged_at = %(at)s, reason = %(reason)s
FROM metering_installation i
WHERE i.id = r.installation_id AND r.source = 6 AND r.status = 1 AND r.taken_on = %(day)s AND i.id IN ({_RATED})
  AND NOT EXISTS (SELECT FROM {{assumed}} AS e (installation_id, building_id, value_wh, period)
                  WHERE e.installation_id = r.installation_id AND e.value_wh = r.value_wh AND e.period = %(period)s)
  AND NOT EXISTS (SELECT FROM charging_runexception x JOIN contracts_account a ON a.id = x.account_id
                  WHERE x.run_id = %(run)s AND x.period = %(period)s AND a.premise_id = i.premise_id)
"""
_STORE = """
INSERT INTO metering_reading
    (installation_id, building_id, taken_on, value_wh, source, status, entered_at, run_id, reason)
SELECT e.installation_id, e.building_id, %(day)s, e.value_wh, 6, 1, %(at)s, %(run)s, ''
FROM {assumed} AS e (installation_id, building_id, value_wh, period) WHERE e.period = %(period)s
ON CONFLICT (installation_id, taken_on) WHERE status = 1 DO NOTHING
"""


def take_back(cursor: Any, run: Run, at: datetime) -> None:
    """Annul what a run assumed, and let what it had replaced stand again."""
    for period in sorted(set(run.shards.values_list("period", flat=True))):
        day = Month.of(period).last_day
        cursor.execute(
            "UPDATE metering_reading SET status = 4, judged_at = %s, reason = %s "
            "WHERE run_id = %s AND status = 1 AND taken_on = %s AND source = 6",
            [at, f"run #{run.pk} cancelled", run.pk, day],
        )
        cursor.execute(
            """UPDATE metering_reading r SET status = 1, judged_at = %(at)s, reason = ''
               WHERE r.source = 6 AND r.status = 4 AND r.taken_on = %(day)s AND r.reason = %(reason)s
                 AND NOT EXISTS (SELECT FROM metering_reading o WHERE o.installation_id = r.installation_id
                                 AND o.taken_on = r.taken_on AND o.status = 1)""",
            {"at": at, "day": day, "reason": _estimated_again(run.pk)},
        )


def _estimated_again(run_id: int) -> str:
    return f"estimated again by run #{run_id}"
