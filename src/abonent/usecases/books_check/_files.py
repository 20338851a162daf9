"""Files of payments against the payments they brought, and registries against the documents they came by."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import Check

_FILES = "SELECT count(*) FROM payments_paymentfile"
_A_FILE = "'payment file' AS kind, f.id::text AS name"

CHECKS = (
    Check(
        "files.payments",
        _("What a file of payments held is what it brought, what was known and what was only told"),
        _FILES,
        f"""
        WITH brought AS (
            SELECT file_id AS id, count(*) AS rows, sum(amount_minor) AS minor
            FROM payments_payment WHERE file_id IS NOT NULL GROUP BY file_id
        )
        SELECT {_A_FILE}, 'rows, amount_minor' AS figure,
            format('%%s, %%s', f.rows - f.known_rows - f.told_rows, f.amount_minor - f.known_minor - f.told_minor)
                AS expected,
            format('%%s, %%s', coalesce(b.rows, 0), coalesce(b.minor, 0)) AS found
        FROM payments_paymentfile f LEFT JOIN brought b USING (id)
        WHERE f.state <> 1
          AND (f.rows - f.known_rows - f.told_rows, f.amount_minor - f.known_minor - f.told_minor)
              IS DISTINCT FROM (coalesce(b.rows, 0), coalesce(b.minor, 0))
        """,
    ),
    Check(
        "files.batches",
        _("What a file of payments posted stands in its batches, and only what it posted"),
        _FILES,
        """
        WITH posted AS (
            SELECT substring(origin FROM '^payments:([0-9]+)$')::bigint AS id, sum(entries) AS rows,
                -sum(amount_minor) AS minor
            FROM ledger_batch WHERE origin ~ '^payments:[0-9]+$' GROUP BY 1
        ), brought AS (
            SELECT p.file_id AS id, count(*) AS rows, sum(p.amount_minor) AS minor
            FROM payments_payment p JOIN ledger_batch b ON b.id = p.batch_id
            WHERE p.file_id IS NOT NULL AND b.origin = 'payments:' || p.file_id
            GROUP BY p.file_id
        )
        SELECT 'payment file' AS kind, x.id::text AS name, 'entries, amount_minor of its batches' AS figure,
            brought AS expected, posted AS found
        FROM (
            SELECT id, format('%%s, %%s', coalesce(b.rows, 0), coalesce(b.minor, 0)) AS brought,
                format('%%s, %%s', coalesce(p.rows, 0), coalesce(p.minor, 0)) AS posted
            FROM posted p FULL JOIN brought b USING (id)
        ) x LEFT JOIN payments_paymentfile f ON f.id = x.id
        WHERE brought <> posted OR f.id IS NULL
        """,
    ),
    Check(
        "files.reversed",
        _("Of a file that was reversed nothing is left in the books"),
        _FILES + " WHERE state = 3",
        f"""
        SELECT {_A_FILE}, 'payments in the books or unidentified' AS figure, 0 AS expected, count(*) AS found
        FROM payments_paymentfile f JOIN payments_payment p ON p.file_id = f.id
        WHERE f.state = 3 AND p.state IN (1, 2) GROUP BY f.id
        """,
    ),
    Check(
        "files.reconciled",
        _("No more of a registry has arrived than it said would, and no document covers more than its sum"),
        "SELECT count(*) FROM payments_reconciliation",
        f"""
        SELECT {_A_FILE}, 'arrived_minor' AS figure, 'at most ' || f.transferred_minor AS expected,
            sum(r.amount_minor) AS found
        FROM payments_paymentfile f JOIN payments_reconciliation r ON r.file_id = f.id
        GROUP BY f.id HAVING sum(r.amount_minor) > f.transferred_minor OR bool_or(f.state <> 2)
        UNION ALL
        SELECT 'bank document', l.id::text, 'covered_minor', 'at most ' || l.amount_minor, sum(r.amount_minor)
        FROM payments_bankline l JOIN payments_reconciliation r ON r.bank_line_id = l.id
        GROUP BY l.id HAVING sum(r.amount_minor) > l.amount_minor OR NOT bool_and(l.incoming AND l.state = 3)
        """,
    ),
    Check(
        "files.bank_documents",
        _("A payment that came by a document of the bank has its sum; the document says so"),
        "SELECT count(*) FROM payments_bankline",
        """
        SELECT 'bank document' AS kind, l.id::text AS name, 'state, amount_minor' AS figure,
            format('2, %%s', p.amount_minor) AS expected, format('%%s, %%s', l.state, l.amount_minor) AS found
        FROM payments_bankline l JOIN payments_payment p ON p.bank_line_id = l.id
        WHERE p.state IN (1, 2) AND (NOT l.incoming OR l.state <> 2 OR l.amount_minor <> p.amount_minor)
        UNION ALL
        SELECT 'bank document', l.id::text, 'payments', 'one', count(p.id)::text
        FROM payments_bankline l JOIN payments_paymentfile f ON f.id = l.file_id
        LEFT JOIN payments_payment p ON p.bank_line_id = l.id
        WHERE l.state = 2 AND f.state = 2 GROUP BY l.id
        HAVING count(p.id) = 0 OR count(p.id) FILTER (WHERE p.state <> 4) > 1
        """,
    ),
)
