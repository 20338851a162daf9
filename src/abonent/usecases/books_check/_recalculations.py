"""What waited to be rated again: claimed by one run, settled by a posted one, in the month and building it rated."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import Check

_ROWS = "SELECT count(*) FROM charging_recalculation"
_A_ROW = "'recalculation' AS kind, w.id::text AS name, w.run_id, w.building_id, w.period"

CHECKS = (
    Check(
        "recalculation.run",
        _("What a run claimed to rate again is settled exactly when the run is posted"),
        _ROWS + " WHERE run_id IS NOT NULL",
        f"""
        SELECT {_A_ROW}, 'run ' || w.run_id AS figure,
            CASE WHEN w.settled_at IS NULL THEN 'a run at work' ELSE 'a posted run' END AS expected,
            'state ' || n.state AS found
        FROM charging_recalculation w JOIN charging_run n ON n.id = w.run_id
        WHERE w.settled_at IS NULL AND n.state NOT IN (1, 2, 3, 6) OR w.settled_at IS NOT NULL AND n.state <> 4
        """,
    ),
    Check(
        "recalculation.rated",
        _("What a posted run settled it rated: the month, and the building"),
        _ROWS + " WHERE run_id IS NOT NULL AND settled_at IS NOT NULL",
        f"""
        SELECT {_A_ROW}, 'run ' || w.run_id AS figure, 'a shard of the month and the building' AS expected,
            'none' AS found
        FROM charging_recalculation w JOIN places_building b ON b.id = w.building_id
        WHERE w.run_id IS NOT NULL AND w.settled_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM charging_runshard s WHERE s.run_id = w.run_id AND s.period = w.period
                AND s.branch_id = b.branch_id AND s.buildings @> w.building_id)
        """,
    ),
)
