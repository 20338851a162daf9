"""Runs of penalties: entries against stretches and what was posted before; their totals, their reversals."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import Check

_RUNS = "SELECT count(*) FROM penalties_penaltyrun WHERE state IN (4, 6)"
_LINES = """SELECT count(*) FROM penalties_penaltyline l JOIN penalties_penaltyrun n ON n.id = l.run_id
    WHERE n.state IN (4, 6)"""
_BATCHES = r"""SELECT id AS batch_id, slot, substring(origin FROM '^penalties:(\d+)')::bigint AS run_id,
    origin LIKE '%%:reversal' AS is_reversal, entries, amount_minor
    FROM ledger_batch WHERE origin LIKE 'penalties:%%' AND state = 2"""

CHECKS = (
    Check(
        "penalties.entries",
        _("What runs of penalties have posted of a debt up to one of them is what its stretches add up to"),
        _RUNS,
        f"""
        WITH posted AS (
            SELECT b.run_id, b.is_reversal, e.slot, e.batch_id, e.entry_no, e.account_id, e.service, e.period,
                sum(e.amount_minor) OVER (PARTITION BY e.account_id, e.service, e.period ORDER BY e.batch_id)
                    AS up_to_minor
            FROM ({_BATCHES}) b JOIN ledger_entry e ON e.slot = b.slot AND e.batch_id = b.batch_id AND e.kind = 7
        ), asked AS (
            SELECT run_id, account_id, service, period, sum(amount_minor) AS asked_minor
            FROM penalties_penaltyline GROUP BY 1, 2, 3, 4
        )
        SELECT 'entry' AS kind, p.slot, p.batch_id, p.entry_no AS no, p.run_id, p.account_id, p.period,
            'posted by runs up to this one' AS figure, coalesce(a.asked_minor, 0) AS expected, p.up_to_minor AS found
        FROM posted p LEFT JOIN asked a USING (run_id, account_id, service, period)
        WHERE NOT p.is_reversal AND p.slot = ANY(%(slots)s) AND coalesce(a.asked_minor, 0) <> p.up_to_minor
        """,
    ),
    Check(
        "penalties.lines",
        _("A stretch costs its base times days, rate and part, rounded once; a suspended one nothing"),
        _LINES,
        """
        SELECT 'penalty line' AS kind, format('%%s/%%s', l.run_id, l.line_no) AS name, l.run_id, l.account_id, l.period,
            'amount_minor' AS figure, c.right_minor AS expected, l.amount_minor AS found
        FROM penalties_penaltyline l JOIN penalties_penaltyrun n ON n.id = l.run_id AND n.state IN (4, 6)
        CROSS JOIN LATERAL (SELECT CASE WHEN l.suspended THEN 0
            ELSE round(l.base_minor::numeric * l.rate_e2 * (l.ends_on - l.begins_on) / (l.divisor * 10000)) END
            AS right_minor) c
        WHERE c.right_minor <> l.amount_minor OR l.begins_on <= l.due_on OR l.ends_on > n.until + 1
        """,
    ),
    Check(
        "penalties.overlap",
        _("No day of a debt at one rate is in two stretches of a run"),
        _LINES,
        """
        SELECT 'penalty line' AS kind, format('%%s/%%s', run_id, line_no) AS name, run_id, account_id, period,
            'first day' AS figure, format('%%s or later', previous) AS expected, begins_on AS found
        FROM (
            SELECT l.*, lag(l.ends_on) OVER (
                PARTITION BY l.run_id, l.account_id, l.service, l.period, l.due_on, l.rate_e2
                ORDER BY l.begins_on, l.line_no) AS previous
            FROM penalties_penaltyline l JOIN penalties_penaltyrun n ON n.id = l.run_id AND n.state IN (4, 6)
        ) l WHERE begins_on < previous
        """,
    ),
    Check(
        "penalties.totals",
        _("The totals of a run of penalties are those of its entries, stretches and accounts"),
        _RUNS,
        f"""
        SELECT 'penalties' AS kind, n.id AS name, n.id AS run_id, n.slot, n.booked_period AS period,
            'debts, lines, amount_minor, of accounts' AS figure,
            format('%%s, %%s, %%s, %%s', coalesce(b.entries, 0), l.lines, coalesce(b.amount_minor, 0), a.amount_minor)
                AS expected,
            format('%%s, %%s, %%s, %%s', n.debts, n.lines, n.amount_minor, n.amount_minor) AS found
        FROM penalties_penaltyrun n
        LEFT JOIN (SELECT run_id AS id, sum(entries) AS entries, sum(amount_minor) AS amount_minor
                   FROM ({_BATCHES}) b WHERE NOT is_reversal GROUP BY run_id) b USING (id)
        CROSS JOIN LATERAL (SELECT count(*) AS lines FROM penalties_penaltyline WHERE run_id = n.id) l
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0) AS amount_minor
                            FROM penalties_penaltyaccount WHERE run_id = n.id) a
        WHERE n.state IN (4, 6) AND (n.debts, n.lines, n.amount_minor, n.amount_minor) IS DISTINCT FROM
            (coalesce(b.entries, 0), l.lines, coalesce(b.amount_minor, 0), a.amount_minor)
        """,
    ),
    Check(
        "penalties.reversal",
        _("A run of penalties that was reversed left nothing in the books, and only such a one was"),
        _RUNS,
        f"""
        SELECT 'penalties' AS kind, n.id AS name, n.id AS run_id, n.booked_period AS period, 'reversal' AS figure,
            CASE n.state WHEN 6 THEN -coalesce(b.posted_minor, 0) ELSE 0 END AS expected,
            coalesce(b.reversed_minor, 0) AS found
        FROM penalties_penaltyrun n
        LEFT JOIN (SELECT run_id AS id, sum(amount_minor) FILTER (WHERE NOT is_reversal) AS posted_minor,
                       sum(amount_minor) FILTER (WHERE is_reversal) AS reversed_minor
                   FROM ({_BATCHES}) b GROUP BY run_id) b USING (id)
        WHERE CASE n.state WHEN 6 THEN -coalesce(b.posted_minor, 0) ELSE 0 END <> coalesce(b.reversed_minor, 0)
        """,
    ),
    Check(
        "penalties.posted",
        _("Whatever stands in the books of a run of penalties belongs to one that was posted"),
        _RUNS,
        f"""
        SELECT 'batch' AS kind, b.slot, b.batch_id, b.run_id, 'a posted run' AS figure, 'state 4 or 6' AS expected,
            'state ' || coalesce(n.state::text, 'none') AS found
        FROM ({_BATCHES}) b LEFT JOIN penalties_penaltyrun n ON n.id = b.run_id
        WHERE coalesce(n.state, 0) NOT IN (4, 6)
        """,
    ),
    Check(
        "penalties.left_behind",
        _("No draft is left of a run of penalties that is over"),
        "SELECT count(*) FROM penalties_penaltyrun",
        r"""
        SELECT 'table' AS kind, t.relname AS name, n.id AS run_id, 'draft table' AS figure,
            'none, or a run under way' AS expected, format('run state %%s', coalesce(n.state::text, 'none')) AS found
        FROM (
            SELECT relname, substring(relname FROM '_p(\d+)$')::bigint AS run_id FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND NOT relispartition
              AND relname ~ '^ledger_(entry|turnover)_p\d+$'
        ) t LEFT JOIN penalties_penaltyrun n ON n.id = t.run_id
        WHERE n.state IS NULL OR n.state NOT IN (2, 3, 7)
        """,
    ),
)
