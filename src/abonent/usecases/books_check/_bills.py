"""Bills against themselves, against the bill before, against the books."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import RUN_BATCHES, Check

BILLS = "SELECT count(*) FROM charging_bill WHERE period = ANY(%(bills)s)"
A_BILL = "'bill' AS kind, b.number AS name, b.account_id, b.period"

# When a batch came into the books: a run's when it was approved.
_MOMENTS = f"""
    SELECT t.id AS batch_id, t.slot, t.booked_period, coalesce(n.posted_at, t.created_at) AS moment
    FROM ledger_batch t
    LEFT JOIN ({RUN_BATCHES}) r ON r.batch_id = t.id
    LEFT JOIN charging_run n ON n.id = r.run_id
    WHERE t.slot = ANY(%(all_slots)s)"""

CHECKS = (
    Check(
        "bill.total",
        _("The total of a bill is its opening balance, charges and recalculations less payments"),
        BILLS,
        f"""
        SELECT {A_BILL}, 'total_minor' AS figure,
            opening_minor + charged_minor + recalculated_minor - paid_minor AS expected, total_minor AS found
        FROM charging_bill b
        WHERE period = ANY(%(bills)s)
          AND total_minor <> opening_minor + charged_minor + recalculated_minor - paid_minor
        """,
    ),
    Check(
        "bill.chain",
        _("A bill opens with the total of the bill of the month before, and what was booked there since"),
        BILLS,
        f"""
        WITH latest AS (
            SELECT DISTINCT ON (account_id, period) * FROM charging_bill
            WHERE period = ANY(%(bills)s) OR (period + interval '1 month')::date = ANY(%(bills)s)
            ORDER BY account_id, period, version DESC
        )
        SELECT {A_BILL}, 'opening_minor' AS figure, p.total_minor AS expected, b.opening_minor AS found
        FROM latest b JOIN latest p ON p.account_id = b.account_id AND p.period = (b.period - interval '1 month')::date
        WHERE b.period = ANY(%(bills)s) AND b.opening_minor <> p.total_minor AND NOT EXISTS (
            SELECT FROM ledger_entry e JOIN ({_MOMENTS}) m USING (slot, batch_id)
            WHERE e.account_id = b.account_id AND e.slot = ANY(%(all_slots)s) AND m.booked_period <= p.period
              -- the day of issue begins at most twelve hours before that of UTC
              AND m.moment >= p.issued_on - interval '12 hours')
        """,
    ),
    Check(
        "bill.books",
        _("A bill says what the books said when it was issued"),
        BILLS,
        f"""
        -- what was booked since does not make a bill wrong: some state of the books, the present one or one
        -- of the past, must have said what it says
        WITH now AS (
            SELECT b.*, coalesce(sum(t.charged_minor + t.recalculated_minor + t.paid_minor)
                    FILTER (WHERE t.booked_period < b.period), 0) AS opening,
                coalesce(sum(t.charged_minor) FILTER (WHERE t.booked_period = b.period), 0) AS charged,
                coalesce(sum(t.recalculated_minor) FILTER (WHERE t.booked_period = b.period), 0) AS recalculated,
                -coalesce(sum(t.paid_minor) FILTER (WHERE t.booked_period = b.period), 0) AS paid
            FROM charging_bill b
            LEFT JOIN ledger_turnover t ON t.account_id = b.account_id AND t.booked_period <= b.period
                AND t.slot = ANY(%(all_slots)s)
            WHERE b.period = ANY(%(bills)s)
            GROUP BY b.id
        ), suspect AS (
            SELECT * FROM now WHERE (opening_minor, charged_minor, recalculated_minor, paid_minor)
                IS DISTINCT FROM (opening, charged, recalculated, paid)
        ), event AS (
            SELECT b.id, m.moment, sum(e.amount_minor) FILTER (WHERE m.booked_period < b.period) AS opening,
                sum(e.amount_minor) FILTER (WHERE m.booked_period = b.period AND e.kind = 2) AS charged,
                sum(e.amount_minor) FILTER (WHERE m.booked_period = b.period AND e.kind IN (3, 4)) AS recalculated,
                -sum(e.amount_minor) FILTER (WHERE m.booked_period = b.period AND e.kind IN (1, 5, 6)) AS paid
            FROM suspect b
            JOIN ledger_entry e ON e.account_id = b.account_id AND e.slot = ANY(%(all_slots)s)
            JOIN ({_MOMENTS}) m ON m.slot = e.slot AND m.batch_id = e.batch_id AND m.booked_period <= b.period
            GROUP BY b.id, m.moment
            UNION ALL
            SELECT id, '-infinity', 0, 0, 0, 0 FROM suspect
        ), state AS (
            SELECT id, sum(opening) OVER so_far AS opening, sum(charged) OVER so_far AS charged,
                sum(recalculated) OVER so_far AS recalculated, sum(paid) OVER so_far AS paid
            FROM event WINDOW so_far AS (PARTITION BY id ORDER BY moment)
        )
        SELECT {A_BILL}, 'opening, charged, recalculated, paid' AS figure,
            format('%%s, %%s, %%s, %%s', opening, charged, recalculated, paid) AS expected,
            format('%%s, %%s, %%s, %%s', opening_minor, charged_minor, recalculated_minor, paid_minor) AS found
        FROM suspect b
        WHERE NOT EXISTS (
            SELECT FROM state s
            WHERE s.id = b.id AND (s.opening, s.charged, s.recalculated, s.paid)
                = (b.opening_minor, b.charged_minor, b.recalculated_minor, b.paid_minor))
        """,
    ),
)
