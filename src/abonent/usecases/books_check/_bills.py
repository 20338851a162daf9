"""Bills against themselves, against the bill before, against the books."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import Check

BILLS = "SELECT count(*) FROM charging_bill WHERE period = ANY(%(bills)s)"
A_BILL = "'bill' AS kind, b.number AS name, b.account_id, b.period"

CHECKS = (
    Check(
        "bill.total",
        _("The total of a bill is its opening balance, charges and recalculations less payments"),
        BILLS,
        f"""
        SELECT {A_BILL}, 'total_minor' AS figure, opening_minor + charged_minor + recalculated_minor - paid_minor
            AS expected,
            total_minor AS found
        FROM charging_bill b
        WHERE period = ANY(%(bills)s)
          AND total_minor <> opening_minor + charged_minor + recalculated_minor - paid_minor
        """,
    ),
    Check(
        "bill.chain",
        _("A bill opens with the total of the bill of the month before"),
        BILLS,
        f"""
        WITH latest AS (
            SELECT DISTINCT ON (account_id, period) * FROM charging_bill
            WHERE period = ANY(%(bills)s)
                OR (period + interval '1 month')::date = ANY(%(bills)s)
            ORDER BY account_id, period, version DESC
        )
        SELECT {A_BILL}, 'opening_minor' AS figure, p.total_minor AS expected, b.opening_minor AS found
        FROM latest b JOIN latest p ON p.account_id = b.account_id
            AND p.period = (b.period - interval '1 month')::date
        WHERE b.period = ANY(%(bills)s) AND b.opening_minor <> p.total_minor
        """,
    ),
    Check(
        "bill.books",
        _("The latest bill of a month says what the books of that month say"),
        BILLS,
        f"""
        WITH latest AS (
            SELECT DISTINCT ON (account_id, period) * FROM charging_bill WHERE period = ANY(%(bills)s)
            ORDER BY account_id, period, version DESC
        ), booked AS (
            SELECT account_id, booked_period AS period, sum(charged_minor) AS charged, sum(recalculated_minor)
                AS recalculated,
                sum(paid_minor) AS paid
            FROM ledger_turnover WHERE slot = ANY(%(slots)s)
            GROUP BY account_id, booked_period
        )
        SELECT {A_BILL}, 'charged, recalculated, paid' AS figure,
            format('%%s, %%s, %%s', coalesce(charged, 0), coalesce(recalculated, 0), -coalesce(paid, 0)) AS expected,
            format('%%s, %%s, %%s', charged_minor, recalculated_minor, paid_minor) AS found
        FROM latest b LEFT JOIN booked USING (account_id, period)
        WHERE (charged_minor, recalculated_minor, paid_minor)
            IS DISTINCT FROM (coalesce(charged, 0), coalesce(recalculated, 0), -coalesce(paid, 0))
        """,
    ),
)
