"""What the books hold after an import, as digests: the same for an import that was killed and finished as for one that
was left alone, whatever numbers its batches and payments have."""

from django.db import connection

_DIGESTS = {
    "payments": "SELECT key::text, account_id, state, amount_minor, recognition FROM payments_payment",
    "entries": """
        SELECT e.account_id, e.service, e.kind, e.period, e.booked_on, e.amount_minor
        FROM ledger_entry e JOIN ledger_batch b ON b.slot = e.slot AND b.id = e.batch_id
        WHERE b.origin LIKE 'payments:%%'""",
    "turnovers": "SELECT slot, account_id, opening_minor, paid_minor, balance_minor FROM ledger_turnover",
    "allocations": """
        SELECT p.key::text, a.account_id, a.period, a.service, a.debt, sum(a.amount_minor)
        FROM payments_allocation a LEFT JOIN payments_payment p ON p.id = a.payment_id
        GROUP BY 1, 2, 3, 4, 5""",
    "files": """
        SELECT sha256, state, rows, known_rows, unidentified_rows, amount_minor, known_minor
        FROM payments_paymentfile""",
}


def digests() -> dict[str, str]:
    """Return a digest of what files of payments brought into each table of the books."""
    found = {}
    with connection.cursor() as cursor:
        for name, rows in _DIGESTS.items():
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM ({rows}) t"
            )
            ((count, digest),) = cursor.fetchall()
            found[name] = f"{count}:{digest}"
    return found
