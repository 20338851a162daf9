"""What the state pays: registries of subsidies against the books, registries of benefits against themselves."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import Check

_FILES = "SELECT count(*) FROM ledger_subsidyfile"
_REGISTRIES = "SELECT count(*) FROM charging_benefitregistry WHERE state IN (3, 4)"
_COMPENSATIONS = "SELECT count(*) FROM charging_compensation"
_FILE_OF = "substring(origin FROM '^subsidies:([0-9]+)(?::[0-9]+)?$')::bigint"

CHECKS = (
    Check(
        "subsidies.rows",
        _("The posted rows of a registry of subsidies are the entries of its batches"),
        _FILES,
        f"""
        WITH both_sides AS (
            SELECT file_id, account_id, period, amount_minor AS rows_minor, 0 AS entries_minor
            FROM ledger_subsidyrow WHERE state = 1
            UNION ALL
            SELECT {_FILE_OF}, e.account_id, e.period, 0, -e.amount_minor
            FROM ledger_batch b JOIN ledger_entry e ON e.slot = b.slot AND e.batch_id = b.id
            WHERE {_FILE_OF} IS NOT NULL
        )
        SELECT 'subsidies' AS kind, file_id AS name, account_id, period, 'amount_minor' AS figure,
            sum(entries_minor) AS expected, sum(rows_minor) AS found
        FROM both_sides GROUP BY file_id, account_id, period
        HAVING sum(rows_minor) <> sum(entries_minor)
        """,
    ),
    Check(
        "subsidies.totals",
        _("A registry of subsidies holds as many rows, of the same sum, as it says"),
        _FILES,
        """
        SELECT 'subsidies' AS kind, f.id AS name, 'rows, amount_minor' AS figure,
            format('%%s, %%s', f.rows, f.amount_minor) AS expected,
            format('%%s, %%s', count(r.id), coalesce(sum(r.amount_minor), 0)) AS found
        FROM ledger_subsidyfile f LEFT JOIN ledger_subsidyrow r ON r.file_id = f.id
        GROUP BY f.id HAVING (f.rows, f.amount_minor) IS DISTINCT FROM (count(r.id), coalesce(sum(r.amount_minor), 0))
        """,
    ),
    Check(
        "subsidies.reversal",
        _("A registry of subsidies that was reversed left nothing in the books, and only such a one was"),
        _FILES,
        """
        WITH reversed AS (
            SELECT f.id, f.reversed_at IS NOT NULL AS is_reversed, b.id AS batch_id, b.amount_minor
            FROM ledger_subsidyfile f LEFT JOIN ledger_batch b ON b.origin = 'subsidies:' || f.id || ':reversal'
        )
        SELECT 'subsidies' AS kind, n.id AS name, 'reversal' AS figure, p.posted AS expected,
            coalesce(n.amount_minor, 0) AS found
        FROM reversed n CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_minor), 0) * n.is_reversed::int AS posted
            FROM ledger_subsidyrow WHERE file_id = n.id AND state = 1
        ) p
        WHERE p.posted <> coalesce(n.amount_minor, 0)
        """,
    ),
    Check(
        "registry.totals",
        _("A registry of benefits holds as many rows, of the same sum, as it says"),
        _REGISTRIES,
        """
        SELECT 'registry' AS kind, r.id AS name, r.period, 'rows, amount_minor' AS figure,
            format('%%s, %%s', r.rows, r.amount_minor) AS expected,
            format('%%s, %%s', count(c.id), coalesce(sum(c.amount_minor), 0)) AS found
        FROM charging_benefitregistry r LEFT JOIN charging_compensation c ON c.registry_id = r.id
        WHERE r.state IN (3, 4)
        GROUP BY r.id HAVING (r.rows, r.amount_minor) IS DISTINCT FROM (count(c.id), coalesce(sum(c.amount_minor), 0))
        """,
    ),
    Check(
        "registry.chain",
        _("What registries reported of a holder's month adds up to what the last of them says is due"),
        _COMPENSATIONS,
        """
        WITH reported AS (
            SELECT c.registry_id, c.holder_id, c.account_id, c.period, c.due_minor,
                sum(c.amount_minor) OVER (PARTITION BY c.holder_id, c.period ORDER BY r.period) AS so_far
            FROM charging_compensation c JOIN charging_benefitregistry r ON r.id = c.registry_id
            WHERE r.state IN (3, 4)
        )
        SELECT 'registry' AS kind, format('%%s/%%s', registry_id, holder_id) AS name, account_id, period,
            'due_minor' AS figure, so_far AS expected, due_minor AS found
        FROM reported WHERE so_far <> due_minor
        """,
    ),
)
