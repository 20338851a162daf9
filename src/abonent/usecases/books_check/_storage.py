"""Where the rows stand: partitions, what guards them, and what was left behind."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import FIRST_PENALTY_SLOT, FIRST_RUN_SLOT, Check

PARTITIONED = ("charging_chargeline", "ledger_entry", "ledger_turnover")
_PARENTS = "(" + ", ".join(f"to_regclass('{table}')" for table in PARTITIONED) + ")"
PARTITIONS = rf"""
    SELECT c.oid, c.relname, i.inhparent AS parent,
        substring(pg_get_expr(c.relpartbound, c.oid) FROM '^FOR VALUES IN \((\d+)\)$')::int AS slot
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN {_PARENTS} AND NOT i.inhdetachpending"""
_COUNT = f"SELECT count(*) FROM ({PARTITIONS}) p"

_ROWS_BY_PARTITION = " UNION ALL ".join(
    f"SELECT tableoid, slot, count(*) AS rows FROM {table} GROUP BY tableoid, slot" for table in PARTITIONED
)

CHECKS = (
    Check(
        "partition.slot",
        _("Every row stands in the partition of its slot"),
        _COUNT,
        f"""
        SELECT 'table' AS kind, p.relname AS name, r.slot, 'slot' AS figure,
            coalesce(p.slot::text, 'a partition of one slot') AS expected, format('%%s rows of slot %%s', r.rows,
                r.slot) AS found
        FROM ({_ROWS_BY_PARTITION}) r JOIN ({PARTITIONS}) p ON p.oid = r.tableoid
        WHERE r.slot IS DISTINCT FROM p.slot
        """,
    ),
    Check(
        "partition.whole",
        _("A slot has its lines, its entries and its turnovers"),
        _COUNT,
        f"""
        SELECT 'table' AS kind, (min(parent::regclass::text)) AS name, slot, 'tables of the slot' AS figure,
            '{", ".join(PARTITIONED)}' AS expected, string_agg(parent::regclass::text,
                ', ' ORDER BY parent::regclass::text) AS found
        FROM ({PARTITIONS}) p WHERE slot >= {FIRST_RUN_SLOT} GROUP BY slot
        HAVING count(*) <> CASE WHEN slot < {FIRST_PENALTY_SLOT} THEN {len(PARTITIONED)} ELSE 2 END
        """,
    ),
    Check(
        "partition.guards",
        _("Posted lines and entries are guarded against change, and numbered uniquely"),
        _COUNT,
        f"""
        SELECT 'table' AS kind, p.relname AS name, p.slot, 'trigger, primary key' AS figure, 'enabled, valid'
            AS expected,
            format('%%s, %%s', coalesce((SELECT string_agg(tgenabled::text, '') FROM pg_trigger WHERE tgrelid = p.oid
                AND tgname LIKE '%%_is_immutable'), 'none'),
                coalesce((SELECT CASE WHEN indisvalid THEN 'valid' ELSE 'invalid' END FROM pg_index
                    WHERE indrelid = p.oid AND indisprimary), 'none')) AS found
        FROM ({PARTITIONS} UNION ALL SELECT oid, relname, oid, NULL FROM pg_class WHERE oid IN {_PARENTS}) p
        WHERE NOT EXISTS (SELECT FROM pg_index WHERE indrelid = p.oid AND indisprimary AND indisvalid)
           OR p.parent <> to_regclass('ledger_turnover') AND NOT EXISTS (
               SELECT FROM pg_trigger
               WHERE tgrelid = p.oid AND tgname LIKE '%%_is_immutable' AND tgenabled IN ('O', 'A'))
        """,
    ),
    Check(
        "draft.left_behind",
        _("No draft is left of a run that is over"),
        "SELECT count(*) FROM charging_run",
        r"""
        SELECT 'table' AS kind, t.relname AS name, n.id AS run_id, 'draft table' AS figure,
            'none, or a run under way' AS expected, format('run state %%s', coalesce(n.state::text, 'none')) AS found
        FROM (
            SELECT relname, substring(relname FROM '_d(\d+)$')::bigint AS run_id FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND NOT relispartition
              AND relname ~ '^(charging_charge_?line|ledger_entry|ledger_turnover)_' AND relname !~ '_p\d+$'
        ) t LEFT JOIN charging_run n ON n.id = t.run_id
        WHERE n.state IS NULL OR n.state NOT IN (1, 2, 3, 6)
        """,
    ),
)
