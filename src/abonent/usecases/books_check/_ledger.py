"""Lines against entries, entries against batches and turnovers, batches against runs."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import (
    A_LINE,
    BATCHES,
    ENTRIES,
    FIRST_PENALTY_SLOT,
    FIRST_RUN_SLOT,
    LINES,
    RUN_BATCHES,
    RUN_OF,
    TURNOVERS,
    Check,
)

_RUNS = "SELECT count(*) FROM charging_run WHERE slot = ANY(%(slots)s)"


def _numbered(*, table: str, number: str, counted: str, kind: str) -> str:
    """Find the batches whose rows are not numbered 1…n, and name the first wrong number of each."""
    return f"""
        WITH counted AS (
            SELECT slot, batch_id, count(*) AS rows, min({number}) AS first, max({number}) AS last,
                sum({number}::bigint) AS total
            FROM {table} WHERE slot = ANY(%(slots)s) GROUP BY slot, batch_id
        ), wrong AS (
            SELECT * FROM counted
            WHERE (first, last::bigint, total) IS DISTINCT FROM (1, rows, rows::numeric * (rows + 1) / 2)
        ), sequence AS (
            SELECT w.*, t.{number} AS no, lag(t.{number}, 1, 0) OVER (PARTITION BY w.slot,
                w.batch_id ORDER BY t.{number})
                AS previous
            FROM wrong w JOIN {table} t USING (slot, batch_id)
        )
        SELECT DISTINCT ON (slot, batch_id) '{kind}' AS kind, slot, batch_id, no, '{counted}' AS figure,
            format('number %%s', previous + 1) AS expected, format('number %%s', no) AS found
        FROM sequence WHERE no <> previous + 1
        ORDER BY slot, batch_id, no
        """


CHECKS = (
    Check(
        "entries.lines",
        _("The entries of an account, service and month in a batch add up to its lines"),
        ENTRIES,
        """
        WITH summed AS (
            SELECT slot, batch_id, account_id, service, period,
                sum(amount_minor) FILTER (WHERE side = 1) AS lines_minor,
                sum(amount_minor) FILTER (WHERE side = 2) AS entries_minor
            FROM (
                SELECT 1 AS side, slot, batch_id, account_id, service, period, amount_minor
                FROM charging_chargeline WHERE slot = ANY(%(slots)s)
                UNION ALL
                SELECT 2, slot, batch_id, account_id, service, period, amount_minor
                FROM ledger_entry WHERE slot = ANY(%(slots)s) AND kind IN (2, 3, 4)
            ) both_sides
            GROUP BY slot, batch_id, account_id, service, period
            HAVING coalesce(sum(amount_minor) FILTER (WHERE side = 1), 0)
                <> coalesce(sum(amount_minor) FILTER (WHERE side = 2), 0)
                OR count(*) FILTER (WHERE side = 1) = 0 OR count(*) FILTER (WHERE side = 2) = 0
        )
        SELECT 'entry' AS kind, s.slot, s.batch_id,
            (SELECT min(e.entry_no) FROM ledger_entry e WHERE (e.slot, e.batch_id, e.account_id, e.service, e.period)
                = (s.slot, s.batch_id, s.account_id, s.service, s.period)) AS no,
            account_id, period, format('service %%s', service) AS figure,
            coalesce(lines_minor || ' kopecks', 'no line') AS expected,
            coalesce(entries_minor || ' kopecks', 'no entry') AS found
        FROM summed s
        """,
    ),
    Check(
        "batch.entries",
        _("A batch holds as many entries, of the same sum, as it says"),
        BATCHES,
        """
        WITH counted AS (
            SELECT slot, batch_id AS id, count(*) AS rows, sum(amount_minor) AS total_minor
            FROM ledger_entry WHERE slot = ANY(%(slots)s) GROUP BY slot, batch_id
        ), batch AS (SELECT * FROM ledger_batch WHERE slot = ANY(%(slots)s))
        SELECT 'batch' AS kind, slot, id AS batch_id, booked_period AS period, 'entries, amount_minor' AS figure,
            coalesce(entries || ', ' || amount_minor, 'no batch') AS expected,
            format('%%s, %%s', coalesce(rows, 0), coalesce(total_minor, 0)) AS found
        FROM batch FULL JOIN counted USING (slot, id)
        WHERE state IS DISTINCT FROM 1 AND (entries, amount_minor) IS DISTINCT FROM (coalesce(rows, 0),
            coalesce(total_minor, 0))
        """,
    ),
    Check(
        "batch.lines",
        _("A batch holds as many charge lines as it says"),
        BATCHES,
        """
        WITH counted AS (
            SELECT slot, batch_id AS id, count(*) AS rows
            FROM charging_chargeline WHERE slot = ANY(%(slots)s) GROUP BY slot, batch_id
        ), batch AS (SELECT * FROM ledger_batch WHERE slot = ANY(%(slots)s))
        SELECT 'batch' AS kind, slot, id AS batch_id, booked_period AS period, 'lines' AS figure,
            coalesce(lines::text, 'no batch') AS expected, coalesce(rows, 0) AS found
        FROM batch FULL JOIN counted USING (slot, id)
        WHERE state IS DISTINCT FROM 1 AND lines IS DISTINCT FROM coalesce(rows, 0)
        """,
    ),
    Check(
        "batch.line_numbers",
        _("The lines of a batch are numbered from 1 without a gap"),
        LINES,
        _numbered(table="charging_chargeline", number="line_no", counted="line_no", kind="line"),
    ),
    Check(
        "batch.entry_numbers",
        _("The entries of a batch are numbered from 1 without a gap"),
        ENTRIES,
        _numbered(table="ledger_entry", number="entry_no", counted="entry_no", kind="entry"),
    ),
    Check(
        "batch.slot",
        _("A batch stands in the slot of its run, or of the month it is booked in"),
        BATCHES,
        f"""
        WITH batch AS (
            SELECT b.*, n.id AS run_id, coalesce(n.slot,
                    CASE WHEN b.slot >= {FIRST_PENALTY_SLOT} AND b.origin LIKE 'penalties:%%'
                        THEN {FIRST_PENALTY_SLOT} + 2 * substring(b.origin FROM '[0-9]+')::int
                            + (b.origin LIKE '%%:reversal')::int END,
                    to_char(b.booked_period, 'YYYYMM')::int) AS right_slot,
                coalesce(n.booked_period, b.booked_period) AS right_period
            FROM (SELECT *, {RUN_OF} AS run FROM ledger_batch WHERE slot = ANY(%(slots)s) AND state = 2) b
            LEFT JOIN charging_run n ON n.id = b.run
        )
        SELECT 'batch' AS kind, slot, id AS batch_id, run_id, booked_period AS period, 'slot, booked_period'
            AS figure,
            format('%%s, %%s', right_slot, right_period) AS expected, format('%%s, %%s', slot, booked_period) AS found
        FROM batch
        WHERE (slot, booked_period) IS DISTINCT FROM (right_slot, right_period)
           OR slot < {FIRST_RUN_SLOT} AND slot <> to_char(booked_period, 'YYYYMM')::int
        """,
    ),
    Check(
        "batch.run",
        _("Whatever stands in the books of a run belongs to one that was posted"),
        BATCHES,
        f"""
        SELECT 'batch' AS kind, b.slot, b.batch_id, b.run_id, b.booked_period AS period, b.origin AS figure,
            'a posted run and a posted batch' AS expected,
            format('run state %%s, batch state %%s', coalesce(n.state::text, 'none'), b.state) AS found
        FROM ({RUN_BATCHES}) b LEFT JOIN charging_run n ON n.id = b.run_id
        WHERE b.slot = ANY(%(slots)s)
          AND (b.state = 2 OR EXISTS (SELECT FROM ledger_entry e WHERE e.slot = b.slot AND e.batch_id = b.batch_id)
               OR EXISTS (SELECT FROM charging_chargeline l WHERE l.slot = b.slot AND l.batch_id = b.batch_id))
          AND (b.state <> 2 OR coalesce(n.state, 0) NOT IN (4, 5))
        """,
    ),
    Check(
        "run.totals",
        _("The totals of a run are those of its batches"),
        _RUNS,
        f"""
        WITH batch AS (
            SELECT run_id AS id, sum(lines) AS lines, sum(entries) AS entries, sum(amount_minor) AS amount_minor
            FROM ({RUN_BATCHES}) b WHERE slot = ANY(%(slots)s) GROUP BY run_id
        )
        SELECT 'run' AS kind, n.slot, n.id AS run_id, n.period, 'lines, entries, amount_minor' AS figure,
            format('%%s, %%s, %%s', coalesce(b.lines, 0), coalesce(b.entries, 0), coalesce(b.amount_minor, 0))
                AS expected,
            format('%%s, %%s, %%s', n.lines, n.entries, n.amount_minor) AS found
        FROM charging_run n LEFT JOIN batch b USING (id)
        WHERE n.state IN (4, 5) AND n.slot = ANY(%(slots)s)
          AND (n.lines, n.entries, n.amount_minor)
              IS DISTINCT FROM (coalesce(b.lines, 0), coalesce(b.entries, 0), coalesce(b.amount_minor, 0))
        """,
    ),
    Check(
        "run.cancelled",
        _("Every line of a cancelled run is reversed"),
        _RUNS + " AND state = 5",
        f"""
        SELECT {A_LINE}, n.id AS run_id, 'reversals' AS figure, 1 AS expected, 0 AS found
        FROM charging_run n
        JOIN ledger_batch b ON b.origin = 'run:' || n.id
        JOIN charging_chargeline l ON l.slot = b.slot AND l.batch_id = b.id
        WHERE n.state = 5 AND l.slot = ANY(%(slots)s) AND NOT EXISTS (
            SELECT FROM charging_chargeline r WHERE r.slot = ANY(%(month_slots)s) AND r.reverses_batch_id <> 0
                AND r.reverses_batch_id = l.batch_id AND r.reverses_line_no = l.line_no)
        """,
    ),
    Check(
        "turnover.entries",
        _("The turnover of an account in a slot is what its entries add up to"),
        TURNOVERS,
        """
        WITH summed AS (
            SELECT slot, account_id, concat_ws(', ',
                coalesce(sum(amount_minor) FILTER (WHERE kind = 1), 0),
                coalesce(sum(amount_minor) FILTER (WHERE kind = 2), 0),
                coalesce(sum(amount_minor) FILTER (WHERE kind IN (3, 4)), 0),
                coalesce(sum(amount_minor) FILTER (WHERE kind IN (7, 8)), 0),
                coalesce(sum(amount_minor) FILTER (WHERE kind IN (5, 6, 10, 11)), 0),
                coalesce(sum(amount_minor) FILTER (WHERE kind = 9), 0), sum(amount_minor)) AS expected
            FROM ledger_entry WHERE slot = ANY(%(slots)s) GROUP BY slot, account_id
        ), turnover AS (
            SELECT slot, account_id, booked_period, concat_ws(', ', opening_minor, charged_minor, recalculated_minor,
                penalty_minor, paid_minor, written_off_minor, balance_minor) AS found
            FROM ledger_turnover WHERE slot = ANY(%(slots)s)
        )
        SELECT 'turnover' AS kind, slot, account_id, booked_period AS period,
            'opening, charged, recalculated, penalty, paid, written off, balance' AS figure,
            coalesce(expected, '0, 0, 0, 0, 0, 0, 0') AS expected, coalesce(found, 'no turnover') AS found
        FROM summed FULL JOIN turnover USING (slot, account_id)
        WHERE coalesce(expected, '0, 0, 0, 0, 0, 0, 0') IS DISTINCT FROM coalesce(found, '0, 0, 0, 0, 0, 0, 0')
        """,
    ),
    Check(
        "turnover.period",
        _("A turnover is booked in the month of its slot's batches"),
        TURNOVERS,
        """
        SELECT 'turnover' AS kind, t.slot, t.account_id, t.booked_period AS period, 'booked_period' AS figure,
            coalesce(b.booked_period::text, 'a batch') AS expected, t.booked_period AS found
        FROM ledger_turnover t
        LEFT JOIN (SELECT slot, min(booked_period) AS booked_period FROM ledger_batch GROUP BY slot) b USING (slot)
        WHERE t.slot = ANY(%(slots)s) AND t.booked_period IS DISTINCT FROM b.booked_period
        """,
    ),
)
