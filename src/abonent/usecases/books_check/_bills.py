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
            opening_minor + charged_minor + recalculated_minor + penalty_minor + written_off_minor
                - paid_minor AS expected, total_minor AS found
        FROM charging_bill b
        WHERE period = ANY(%(bills)s)
          AND total_minor <> opening_minor + charged_minor + recalculated_minor + penalty_minor + written_off_minor
              - paid_minor
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
            SELECT b.*, coalesce(sum(t.balance_minor)
                    FILTER (WHERE t.booked_period < b.period), 0)
                    + coalesce(sum(t.opening_minor) FILTER (WHERE t.booked_period = b.period), 0) AS opening,
                coalesce(sum(t.charged_minor) FILTER (WHERE t.booked_period = b.period), 0) AS charged,
                coalesce(sum(t.recalculated_minor) FILTER (WHERE t.booked_period = b.period), 0) AS recalculated,
                coalesce(sum(t.penalty_minor) FILTER (WHERE t.booked_period = b.period), 0) AS penalty,
                coalesce(sum(t.written_off_minor) FILTER (WHERE t.booked_period = b.period), 0) AS written_off,
                -coalesce(sum(t.paid_minor) FILTER (WHERE t.booked_period = b.period), 0) AS paid
            FROM charging_bill b
            LEFT JOIN ledger_turnover t ON t.account_id = b.account_id AND t.booked_period <= b.period
                AND t.slot = ANY(%(all_slots)s)
            WHERE b.period = ANY(%(bills)s)
            GROUP BY b.id
        ), suspect AS (
            SELECT * FROM now
            WHERE (opening_minor, charged_minor, recalculated_minor, penalty_minor, written_off_minor, paid_minor)
                IS DISTINCT FROM (opening, charged, recalculated, penalty, written_off, paid)
        ), event AS (
            SELECT b.id, m.moment, sum(e.amount_minor)
                    FILTER (WHERE m.booked_period < b.period OR e.kind = 1) AS opening,
                sum(e.amount_minor) FILTER (WHERE m.booked_period = b.period AND e.kind = 2) AS charged,
                sum(e.amount_minor) FILTER (WHERE m.booked_period = b.period AND e.kind IN (3, 4)) AS recalculated,
                sum(e.amount_minor) FILTER (WHERE m.booked_period = b.period AND e.kind IN (7, 8)) AS penalty,
                sum(e.amount_minor) FILTER (WHERE m.booked_period = b.period AND e.kind = 9) AS written_off,
                -sum(e.amount_minor) FILTER (WHERE m.booked_period = b.period AND e.kind IN (5, 6, 10, 11)) AS paid
            FROM suspect b
            JOIN ledger_entry e ON e.account_id = b.account_id AND e.slot = ANY(%(all_slots)s)
            JOIN ({_MOMENTS}) m ON m.slot = e.slot AND m.batch_id = e.batch_id AND m.booked_period <= b.period
            GROUP BY b.id, m.moment
            UNION ALL
            SELECT id, '-infinity', 0, 0, 0, 0, 0, 0 FROM suspect
        ), state AS (
            SELECT id, sum(opening) OVER so_far AS opening, sum(charged) OVER so_far AS charged,
                sum(recalculated) OVER so_far AS recalculated, sum(penalty) OVER so_far AS penalty,
                sum(written_off) OVER so_far AS written_off, sum(paid) OVER so_far AS paid
            FROM event WINDOW so_far AS (PARTITION BY id ORDER BY moment)
        )
        SELECT {A_BILL}, 'opening, charged, recalculated, penalty, written off, paid' AS figure,
            concat_ws(', ', opening, charged, recalculated, penalty, written_off, paid) AS expected,
            concat_ws(', ', opening_minor, charged_minor, recalculated_minor, penalty_minor, written_off_minor,
                paid_minor) AS found
        FROM suspect b
        WHERE NOT EXISTS (
            SELECT FROM state s
            WHERE s.id = b.id
              AND (coalesce(s.opening, 0), coalesce(s.charged, 0), coalesce(s.recalculated, 0),
                   coalesce(s.penalty, 0), coalesce(s.written_off, 0), coalesce(s.paid, 0))
                = (b.opening_minor, b.charged_minor, b.recalculated_minor, b.penalty_minor, b.written_off_minor,
                   b.paid_minor))
        """,
    ),
)
