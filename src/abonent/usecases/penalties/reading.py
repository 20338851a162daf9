"""What the books say of some accounts, out of the open transaction.

Principal is what was charged, recalculated and reversed; court costs and penalties bear none. What was written off is
owed no more from that day on. One month's credit that covers another's debt paid it on the day the credit was booked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from abonent.gateways.bulk_read import read_out
from abonent.packs.ru.rules.penalties import SUSPENSIONS
from abonent.usecases.penalties.debts import CHARGED, DEBTORS, PAID, POSTED, Books

ORIGIN = "penalties:"
_LISTED = "penalty_counted_account"


def one(account_id: int) -> str:
    """Return the condition on `account_id` for an account."""
    return f"account_id = {account_id:d}"


@contextmanager
def listed(cursor: Any, *, supplier_id: int, branch_id: int | None, first: int, last: int) -> Iterator[str]:
    """Put the accounts of a supplier or branch in a table of the transaction; yield the condition on `account_id`."""
    cursor.execute(
        f"""CREATE TEMP TABLE {_LISTED} ON COMMIT DROP AS
            SELECT a.id AS account_id FROM contracts_account a JOIN places_building o ON o.id = a.building_id
            JOIN parties_branch b ON b.id = o.branch_id
            WHERE b.supplier_id = %s AND (%s::bigint IS NULL OR b.id = %s) AND a.id BETWEEN %s AND %s""",
        [supplier_id, branch_id, branch_id, first, last],
    )
    cursor.execute(f"ANALYZE {_LISTED}")
    yield f"account_id BETWEEN {first:d} AND {last:d} AND account_id IN (SELECT account_id FROM {_LISTED})"
    cursor.execute(f"DROP TABLE {_LISTED}")


def read(cursor: Any, accounts: str) -> Books:
    """Read the books of accounts; `accounts` is SQL for a condition on `account_id`."""
    values = {"accounts": accounts, "origin": ORIGIN}
    return Books(
        charged=read_out(cursor, _CHARGED.format(**values), CHARGED),
        paid=read_out(cursor, _PAID.format(**values), PAID),
        debtors=read_out(cursor, _DEBTORS.format(**values), DEBTORS),
        suspensions=read_out(cursor, _SUSPENSIONS.format(**values), SUSPENSIONS),
        posted=read_out(cursor, _POSTED.format(**values), POSTED),
    )


_CHARGED = """
SELECT account_id, service, period,
    CASE kind WHEN 1 THEN period ELSE date_trunc('month', booked_on)::date END, sum(amount_minor)::bigint
FROM ledger_entry WHERE {accounts} AND kind IN (1, 2, 3, 4) GROUP BY 1, 2, 3, 4
"""
# Kinds: 9 written off. Rows of no payment (0) move credit from one key of an account to others.
_PAID = """
SELECT account_id, service, period, paid_on, sum(amount_minor)::bigint FROM (
    SELECT a.account_id, a.service, a.period, p.paid_on, a.amount_minor
    FROM (SELECT * FROM payments_allocation WHERE {accounts} AND debt = 1 AND payment_id <> 0) a
    JOIN payments_payment p ON p.id = a.payment_id
    UNION ALL
    SELECT account_id, service, period, booked_on, -amount_minor
    FROM ledger_entry WHERE {accounts} AND kind = 9 AND amount_minor < 0
    UNION ALL
    SELECT moved.account_id, moved.service, moved.period, least(moved.booked_on, credit.since), moved.amount_minor
    FROM (SELECT * FROM payments_allocation WHERE {accounts} AND debt = 1 AND payment_id = 0 AND amount_minor > 0) moved
    LEFT JOIN (
        SELECT e.account_id, max(e.booked_on) AS since FROM ledger_entry e
        JOIN (SELECT DISTINCT account_id, service, period FROM payments_allocation
              WHERE {accounts} AND debt = 1 AND payment_id = 0 AND amount_minor < 0) g
            USING (account_id, service, period)
        WHERE e.kind IN (1, 2, 3, 4) AND e.amount_minor < 0 GROUP BY e.account_id
    ) credit USING (account_id)
) paid GROUP BY 1, 2, 3, 4
"""
_DEBTORS = """
SELECT account_id, coalesce(lower(during), DATE '0001-01-01'), coalesce(upper(during), DATE '9999-12-31'), debtor,
    coalesce(due_day, 0)::smallint, moratoria::int::smallint
FROM penalties_debtorterms WHERE {accounts}
"""
_SUSPENSIONS = """
SELECT account_id, coalesce(lower(during), DATE '0001-01-01'), coalesce(upper(during), DATE '9999-12-31')
FROM penalties_penaltyexclusion WHERE {accounts} AND cancelled_at IS NULL AND NOT isempty(during)
"""
_POSTED = """
SELECT account_id, service, period, sum(amount_minor)::bigint
FROM ledger_entry WHERE {accounts} AND kind = 7
    AND batch_id IN (SELECT id FROM ledger_batch WHERE origin LIKE '{origin}%' AND state = 2)
GROUP BY 1, 2, 3
"""
