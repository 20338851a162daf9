"""Billed months that wait to be rated again: noted by what changed, claimed by a run, settled by its approval.

A change and its note are one transaction. Who finds the same month waiting already locks that row; who finds it claimed
by a run adds another one: so whatever a run's snapshot could not see still waits when the run is approved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange

from abonent.contexts.charging.models import RecalculationCause, Run, RunShard
from abonent.kernel.periods import Month
from abonent.usecases.billing_run.claims import claim_shards

SHARD_PREMISES = 50_000
"""Premises a shard of an earlier month aims at: they lie scattered, and are looked up one by one."""

ROOT = "coalesce({up}.parent_id, {premise}.parent_id, {premise}.id)"
"""The communal apartment a premise is part of, or the premise itself; `up` is its parent."""

# Buildings by month, in the books (4) or about to be: what changed there now has to be rated again.
_BILLED = """
SELECT s.period, s.branch_id, range_agg(s.buildings) AS buildings
FROM charging_runshard s JOIN charging_run n ON n.id = s.run_id
WHERE NOT s.listed AND n.kind NOT IN (3, 5) AND (n.state = 4 OR s.active AND {being_billed})
GROUP BY s.period, s.branch_id"""

# A reading settles the months estimated before it: they begin after the last reading of any register in place.
_GAP = """
LEFT JOIN LATERAL (
    SELECT (date_trunc('month', min(last.taken_on)) + interval '1 month')::date AS first
    FROM metering_installation i CROSS JOIN LATERAL (
        SELECT r.taken_on FROM metering_reading r
        WHERE r.installation_id = i.id AND r.status = 1 AND r.source <> 6 AND r.taken_on < c.first
        ORDER BY r.taken_on DESC LIMIT 1) last
    WHERE i.building_id = c.building_id AND i.during && daterange(c.first, (c.first + interval '1 month')::date)
      AND CASE WHEN c.premise_id IS NULL THEN i.premise_id IS NULL ELSE i.premise_id IN (
          SELECT c.premise_id
          UNION ALL SELECT id FROM places_premise WHERE parent_id = c.premise_id
          UNION ALL SELECT part.id FROM places_premise part JOIN places_premise section ON section.id = part.parent_id
                    WHERE section.parent_id = c.premise_id) END
) gap ON true"""
_OPEN_GAPS = frozenset({RecalculationCause.READING, RecalculationCause.DEVICE})

_NOTE = """
INSERT INTO charging_recalculation (building_id, premise_id, period, cause, note, noted_at, noted_by_id)
SELECT DISTINCT c.building_id, c.premise_id, z.period, %(cause)s::int, %(note)s, %(at)s::timestamptz, %(actor)s::bigint
FROM (
    SELECT c.building_id, {root} AS premise_id, date_trunc('month', c.first)::date AS first, c.last
    FROM ({changes}) c (building_id, premise_id, first, last)
    LEFT JOIN places_premise p ON p.id = c.premise_id LEFT JOIN places_premise up ON up.id = p.parent_id
) c
JOIN places_building b ON b.id = c.building_id{gap}
JOIN ({billed}) z ON z.branch_id = b.branch_id AND z.buildings @> c.building_id
    AND z.period >= least(c.first, {gap_first}) AND (c.last IS NULL OR z.period <= c.last)
ON CONFLICT (building_id, premise_id, period, cause) WHERE settled_at IS NULL AND run_id IS NULL
DO UPDATE SET note = excluded.note, noted_at = excluded.noted_at, noted_by_id = excluded.noted_by_id
"""


def note(
    cursor: Any,
    changes: str,
    values: dict[str, Any],
    *,
    cause: RecalculationCause,
    text: str,
    actor_id: int | None,
    at: datetime,
) -> int:
    """Let the billed months of `changes` wait; return how many do.

    `changes` is a query of building, premise (null: the whole building), first day, last day (null: none) with its
    `values`. A part of a communal apartment stands for the whole of it.
    """
    gaps = cause in _OPEN_GAPS
    cursor.execute(
        _NOTE.format(
            root=ROOT.format(up="up", premise="p"),
            changes=changes,
            gap=_GAP if gaps else "",
            gap_first="gap.first" if gaps else "c.first",
            billed=_BILLED.format(being_billed="true"),
        ),
        {**values, "cause": int(cause), "note": text, "actor": actor_id, "at": at},
    )
    return int(cursor.rowcount)


def root_of(cursor: Any, premise_id: int) -> int:
    """Return the communal apartment a premise is part of, or the premise itself. Raises LookupError."""
    cursor.execute(
        f"""SELECT {ROOT.format(up="up", premise="p")} FROM places_premise p
            LEFT JOIN places_premise up ON up.id = p.parent_id WHERE p.id = %s""",
        [premise_id],
    )
    if (row := cursor.fetchone()) is None:
        raise LookupError(f"there is no premise {premise_id}")
    return int(row[0])


def claim_month(cursor: Any, run: Run) -> None:
    """Claim what waits of the month that the run bills in its buildings."""
    cursor.execute(
        """UPDATE charging_recalculation w SET run_id = %(run)s
            FROM charging_runshard s, places_building b
            WHERE w.run_id IS NULL AND w.settled_at IS NULL AND s.run_id = %(run)s AND NOT s.listed
              AND w.period = s.period AND b.id = w.building_id AND b.branch_id = s.branch_id
              AND s.buildings @> w.building_id""",
        {"run": run.pk},
    )


def claim(
    cursor: Any,
    run: Run,
    *,
    last: Month,
    first: Month | None = None,
    causes: Sequence[int] | None = None,
    root_id: int | None = None,
    beside_buildings: bool = False,
) -> None:
    """Claim what waits in the scope of a run and is billed, except where another run is at work.

    `root_id`: only of this premise with all its parts. `beside_buildings`: nothing along with it of months of
    buildings that the run has rated as a whole already, because it may have changed since.
    """
    cursor.execute(
        f"""UPDATE charging_recalculation w SET run_id = %(run)s
            FROM places_building b JOIN parties_branch h ON h.id = b.branch_id
            WHERE w.run_id IS NULL AND w.settled_at IS NULL AND b.id = w.building_id
              AND h.supplier_id = %(supplier)s
              AND (%(branch)s::bigint IS NULL OR b.branch_id = %(branch)s)
              AND (%(building)s::bigint IS NULL OR w.building_id = %(building)s)
              AND (%(root)s::bigint IS NULL OR w.premise_id = %(root)s)
              AND (%(causes)s::int[] IS NULL OR w.cause = ANY (%(causes)s))
              AND (%(first)s::date IS NULL OR w.period >= %(first)s) AND w.period <= %(last)s
              AND EXISTS (SELECT FROM ({_BILLED.format(being_billed="false")}) z
                          WHERE z.period = w.period AND z.branch_id = b.branch_id AND z.buildings @> w.building_id)
              AND NOT EXISTS (SELECT FROM charging_runshard s
                              WHERE s.active AND s.run_id <> %(run)s AND s.period = w.period
                                AND s.branch_id = b.branch_id AND s.buildings @> w.building_id)""",
        {
            "run": run.pk,
            "supplier": run.supplier_id,
            "branch": run.branch_id,
            "building": run.building_id,
            "root": root_id,
            "causes": None if causes is None else [int(cause) for cause in causes],
            "first": first and first.first_day,
            "last": last.first_day,
        },
    )
    claim_twins(cursor, run, beside_buildings=beside_buildings)


_WHOLE = """EXISTS (
    SELECT FROM charging_recalculation c WHERE c.run_id = %(run)s AND c.settled_at IS NULL AND c.premise_id IS NULL
      AND c.building_id = w.building_id AND c.period = w.period)"""


def claim_twins(cursor: Any, run: Run, *, beside_buildings: bool = False) -> None:
    """Claim whatever else waits of the very months of premises and buildings that the run has claimed already."""
    cursor.execute(
        f"""UPDATE charging_recalculation w SET run_id = %(run)s
           WHERE w.run_id IS NULL AND w.settled_at IS NULL AND EXISTS (
               SELECT FROM charging_recalculation c
               WHERE c.run_id = %(run)s AND c.settled_at IS NULL AND c.period = w.period
                 AND c.building_id = w.building_id AND (c.premise_id IS NULL OR c.premise_id = w.premise_id))
             AND NOT (%(beside)s AND {_WHOLE})""",
        {"run": run.pk, "beside": beside_buildings},
    )


class Takes(Enum):
    """Of what waits, what a shard rates."""

    EVERYTHING = ("true",)
    BUILDINGS = ("bool_or(w.premise_id IS NULL)",)
    PREMISES = ("NOT bool_or(w.premise_id IS NULL)",)

    @property
    def condition(self) -> str:
        return str(self.value[0])


def make_shards(
    cursor: Any, run: Run, *, most: int = SHARD_PREMISES, takes: Takes = Takes.EVERYTHING
) -> list[RunShard]:
    """Cut what the run claimed, the months it bills aside, into shards of one month, and claim their buildings.

    `takes`: only what waits as a whole building, or only premises of other buildings. A shard does not reach across
    buildings that another run is at work on. Raises ScopeBusy when one was quicker.
    """
    cursor.execute(
        f"""WITH listed AS (
               SELECT w.period, b.branch_id, w.building_id, bool_or(w.premise_id IS NULL) AS whole,
                      count(DISTINCT w.premise_id) AS premises
               FROM charging_recalculation w JOIN places_building b ON b.id = w.building_id
               WHERE w.run_id = %(run)s AND w.settled_at IS NULL AND NOT EXISTS (
                   SELECT FROM charging_runshard s WHERE s.run_id = w.run_id AND s.period = w.period AND NOT s.listed)
               GROUP BY 1, 2, 3 HAVING {takes.condition}
           ), counted AS (
               SELECT period, branch_id, building_id, greatest(1, CASE WHEN whole THEN (
                   SELECT count(*) FROM contracts_accountservice s
                   WHERE s.building_id = listed.building_id AND s.service = 1
                     AND s.during && daterange(period, (period + interval '1 month')::date))
                   ELSE premises END) AS accounts,
                   (SELECT count(*) FROM charging_runshard s
                    WHERE s.active AND s.run_id <> %(run)s AND s.period = listed.period
                      AND s.branch_id = listed.branch_id AND lower(s.buildings) <= building_id) AS stretch
               FROM listed
           ), placed AS (
               SELECT *, sum(accounts) OVER (PARTITION BY period, branch_id, stretch ORDER BY building_id) - accounts
                   AS before
               FROM counted
           )
           SELECT period, branch_id, min(building_id), max(building_id), sum(accounts)::bigint
           FROM placed GROUP BY period, branch_id, stretch, div(before, %(most)s)
           ORDER BY 1, 2, 3""",
        {"run": run.pk, "most": most},
    )
    after = max(run.shards.values_list("shard_no", flat=True), default=0)
    made = [
        RunShard(
            run=run,
            shard_no=number,
            period=period,
            branch_id=branch_id,
            buildings=NumericRange(first, last + 1),
            listed=True,
            accounts=accounts,
        )
        for number, (period, branch_id, first, last, accounts) in enumerate(
            cursor.fetchall(), start=after + 1
        )
    ]
    claim_shards(run, made)
    return made


@dataclass(frozen=True)
class Listed:
    """What a listed shard rates: whole buildings with their common needs, and premises of other buildings."""

    building_ids: tuple[int, ...]
    premise_ids: tuple[int, ...]


def listed(cursor: Any, shard: RunShard, takes: Takes = Takes.EVERYTHING) -> Listed:
    """Return what was claimed for a listed shard; of it only the buildings or only the premises."""
    cursor.execute(
        """SELECT coalesce(array_agg(DISTINCT building_id) FILTER (WHERE whole), '{}'),
                  coalesce(array_agg(DISTINCT premise_id) FILTER (WHERE NOT whole), '{}')
           FROM (
               SELECT w.building_id, w.premise_id,
                      bool_or(w.premise_id IS NULL) OVER (PARTITION BY w.building_id) AS whole
               FROM charging_recalculation w JOIN places_building b ON b.id = w.building_id
               WHERE w.run_id = %s AND w.period = %s AND b.branch_id = %s AND w.building_id BETWEEN %s AND %s) c""",
        [shard.run_id, shard.period, shard.branch_id, shard.buildings.lower, shard.buildings.upper - 1],
    )
    building_ids, premise_ids = cursor.fetchone()
    return Listed(
        () if takes == Takes.PREMISES else tuple(building_ids),
        () if takes == Takes.BUILDINGS else tuple(premise_ids),
    )


def settle(cursor: Any, run: Run, at: datetime) -> None:
    """Say that what the run claimed is in the books."""
    cursor.execute(
        "UPDATE charging_recalculation SET settled_at = %s WHERE run_id = %s AND settled_at IS NULL",
        [at, run.pk],
    )


def settle_premise(cursor: Any, root_id: int, months: Sequence[Month], at: datetime) -> None:
    """Say of months of a premise that they were looked at and found as they are: no run posted anything."""
    cursor.execute(
        """UPDATE charging_recalculation SET settled_at = %s
           WHERE premise_id = %s AND period = ANY (%s) AND run_id IS NULL AND settled_at IS NULL""",
        [at, root_id, [month.first_day for month in months]],
    )


def months(cursor: Any, root_id: int) -> list[Month]:
    """Return the months of a premise that wait, oldest first; those of its whole building aside."""
    cursor.execute(
        """SELECT DISTINCT period FROM charging_recalculation
           WHERE premise_id = %s AND run_id IS NULL AND settled_at IS NULL ORDER BY period""",
        [root_id],
    )
    return [Month.of(row[0]) for row in cursor.fetchall()]


def at_work(cursor: Any, root_id: int) -> list[int]:
    """Return the runs because of which months of a premise wait: they are rating these months now."""
    cursor.execute(
        """SELECT DISTINCT s.run_id FROM charging_recalculation w JOIN places_building b ON b.id = w.building_id
           JOIN charging_runshard s ON s.active AND s.period = w.period AND s.branch_id = b.branch_id
               AND s.buildings @> w.building_id
           WHERE w.premise_id = %s AND w.run_id IS NULL AND w.settled_at IS NULL ORDER BY 1""",
        [root_id],
    )
    return [int(row[0]) for row in cursor.fetchall()]


def drop_months(cursor: Any, run: Run, months: Sequence[Month]) -> None:
    """Let some months that a run claimed wait on."""
    days = [month.first_day for month in months]
    if days:
        run.shards.filter(period__in=days).delete()
        cursor.execute(
            "UPDATE charging_recalculation SET run_id = NULL WHERE run_id = %s AND period = ANY (%s)",
            [run.pk, days],
        )


def release(cursor: Any, run: Run) -> None:
    """Let everything the run claimed or settled wait again, once each."""
    cursor.execute(
        """WITH mine AS (
               SELECT id, row_number() OVER (PARTITION BY building_id, premise_id, period, cause ORDER BY id) AS nth,
                      EXISTS (SELECT FROM charging_recalculation o
                              WHERE o.run_id IS NULL AND o.settled_at IS NULL AND o.building_id = w.building_id
                                AND o.premise_id IS NOT DISTINCT FROM w.premise_id AND o.period = w.period
                                AND o.cause = w.cause) AS again
               FROM charging_recalculation w WHERE run_id = %(run)s)
           DELETE FROM charging_recalculation w USING mine WHERE mine.id = w.id AND (nth > 1 OR again)""",
        {"run": run.pk},
    )
    cursor.execute(
        "UPDATE charging_recalculation SET run_id = NULL, settled_at = NULL WHERE run_id = %s", [run.pk]
    )


def unlist(run: Run) -> None:
    """Take back what a billing run listed while it was rated: it lists anew when it is rated again."""
    with transaction.atomic(), connection.cursor() as cursor:
        run.shards.filter(listed=True).delete()
        release(cursor, run)
