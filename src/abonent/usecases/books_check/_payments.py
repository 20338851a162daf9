"""Payments against their entries, what they cover against what is owed, settlements against what they hold."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import Check

_PAYMENTS = "SELECT count(*) FROM payments_payment WHERE state IN (2, 3) AND slot = ANY(%(slots)s)"
_CHANGES = "SELECT count(*) FROM payments_paymentchange WHERE kind IN (1, 2, 3) AND slot = ANY(%(slots)s)"
_ALLOCATIONS = "SELECT count(*) FROM payments_allocation WHERE slot = ANY(%(slots)s)"
_SETTLEMENTS = "SELECT count(*) FROM payments_settlement WHERE slot = ANY(%(slots)s)"
_ACCOUNTS = "SELECT count(DISTINCT account_id) FROM ledger_turnover WHERE slot = ANY(%(slots)s)"
A_PAYMENT = "'payment' AS kind, p.id AS name, p.slot, p.batch_id, p.entry_no AS no, p.account_id"

# What a payment has to give: what came in, less what was reversed, refunded or transferred.
_LEFT = """p.amount_minor - coalesce((
    SELECT sum(c.amount_minor) FROM payments_paymentchange c WHERE c.payment_id = p.id AND c.kind IN (1, 2, 3)), 0)"""

# Accounts something is booked on in the slots looked at: of these everything is looked at.
_LOOKED_AT = "account_id IN (SELECT account_id FROM ledger_turnover WHERE slot = ANY(%(slots)s))"

# Whoever posts either settles the accounts in the same transaction or leaves a job in it. So while no job of the
# supplier is unfinished, all of its accounts are settled.
_SETTLED = """account_id NOT IN (
    SELECT a.id FROM contracts_account a JOIN places_building o ON o.id = a.building_id
    JOIN parties_branch b ON b.id = o.branch_id
    JOIN payments_settlejob j ON j.supplier_id = b.supplier_id AND j.state <> 3)"""

# A debt is an account's month, service and kind of debt; it owes what entries add up to and is covered by allocations.
_DEBTS = f"""
    SELECT account_id, period, service, debt, sum(owed) AS owed, sum(covered) AS covered FROM (
        SELECT account_id, period, service, CASE WHEN kind = 7 THEN 2 WHEN kind = 8 THEN 3 ELSE 1 END AS debt,
            amount_minor AS owed, 0 AS covered
        FROM ledger_entry WHERE slot = ANY(%(all_slots)s) AND kind NOT IN (5, 6, 10, 11) AND {_LOOKED_AT}
        UNION ALL
        SELECT account_id, period, service, debt, 0, amount_minor
        FROM payments_allocation WHERE slot = ANY(%(all_slots)s) AND {_LOOKED_AT}
    ) both_sides GROUP BY account_id, period, service, debt"""

_USED = f"""
    SELECT payment_id, sum(amount_minor) AS used FROM payments_allocation
    WHERE payment_id <> 0 AND slot = ANY(%(all_slots)s) AND {_LOOKED_AT} GROUP BY payment_id"""

CHECKS = (
    Check(
        "payment.entry",
        _("Every posted payment has its entry, on its account and of its amount"),
        _PAYMENTS,
        f"""
        SELECT {A_PAYMENT}, p.booked_on AS period, 'account, amount' AS figure,
            format('%%s, %%s', p.account_id, -p.amount_minor) AS expected,
            coalesce(e.account_id || ', ' || e.amount_minor, 'no entry') AS found
        FROM payments_payment p
        LEFT JOIN ledger_entry e ON (e.slot, e.batch_id, e.entry_no) = (p.slot, p.batch_id, p.entry_no)
            AND e.slot = ANY(%(slots)s) AND e.kind IN (5, 6, 11)
        WHERE p.state IN (2, 3) AND p.slot = ANY(%(slots)s)
          AND (e.account_id, e.amount_minor) IS DISTINCT FROM (p.account_id, -p.amount_minor)
        """,
    ),
    Check(
        "payment.changes",
        _("What was reversed, refunded and transferred of payments are the entries of its batch"),
        _CHANGES,
        """
        WITH gone AS (
            SELECT c.slot, c.batch_id, p.account_id, sum(c.amount_minor) AS gone
            FROM payments_paymentchange c JOIN payments_payment p ON p.id = c.payment_id
            WHERE c.kind IN (1, 2, 3) AND c.slot = ANY(%(slots)s) GROUP BY c.slot, c.batch_id, p.account_id
        ), booked AS (
            SELECT g.slot, g.batch_id, g.account_id, sum(e.amount_minor) AS booked
            FROM gone g JOIN ledger_entry e USING (slot, batch_id, account_id)
            WHERE e.kind IN (5, 6, 10, 11) AND e.amount_minor > 0 GROUP BY g.slot, g.batch_id, g.account_id
        )
        SELECT 'batch' AS kind, slot, batch_id, account_id, 'out of payments' AS figure, gone AS expected,
            coalesce(booked, 0) AS found
        FROM gone LEFT JOIN booked USING (slot, batch_id, account_id) WHERE gone IS DISTINCT FROM booked
        """,
    ),
    Check(
        "payment.left",
        _("No more went out of a payment than came in, and of a reversed one all of it"),
        _PAYMENTS,
        f"""
        SELECT {A_PAYMENT}, 'left' AS figure,
            CASE state WHEN 3 THEN '0' ELSE 'not below 0' END AS expected, {_LEFT} AS found
        FROM payments_payment p
        WHERE state IN (2, 3) AND slot = ANY(%(slots)s)
          AND ({_LEFT} < 0 OR state = 3 AND {_LEFT} <> 0 OR (state = 3) <> EXISTS (
              SELECT FROM payments_paymentchange c WHERE c.payment_id = p.id AND c.kind = 1))
        """,
    ),
    Check(
        "allocation.account",
        _("A payment covers debts of its own account"),
        _ALLOCATIONS,
        """
        SELECT 'allocation' AS kind, a.slot, a.settlement_id AS batch_id, a.line_no AS no, a.account_id, a.period,
            format('account of payment %%s', a.payment_id) AS figure, coalesce(p.account_id::text, 'none') AS expected,
            a.account_id AS found
        FROM payments_allocation a LEFT JOIN payments_payment p ON p.id = a.payment_id
        WHERE a.slot = ANY(%(slots)s) AND a.payment_id <> 0 AND p.account_id IS DISTINCT FROM a.account_id
        """,
    ),
    Check(
        "payment.cover",
        _("A payment covers no less than nothing and no more than is left of it"),
        _PAYMENTS,
        f"""
        SELECT {A_PAYMENT}, 'covers' AS figure, format('0 to %%s', {_LEFT}) AS expected, u.used AS found
        FROM payments_payment p JOIN ({_USED}) u ON u.payment_id = p.id
        WHERE u.used < 0 OR u.used > CASE p.state WHEN 2 THEN {_LEFT} ELSE 0 END
        """,
    ),
    Check(
        "debt.cover",
        _("No debt is covered by more than it comes to; accounts that wait to be settled aside"),
        _ALLOCATIONS,
        f"""
        SELECT 'debt' AS kind, format('%%s/%%s/%%s', to_char(period, 'YYYY-MM'), service, debt) AS name, account_id,
            period, 'covered' AS figure, format('%%s to %%s', least(owed, 0), greatest(owed, 0)) AS expected,
            covered AS found
        FROM ({_DEBTS}) d WHERE covered NOT BETWEEN least(owed, 0) AND greatest(owed, 0) AND {_SETTLED}
        """,
    ),
    Check(
        "netting.sum",
        _("What credits of some months cover in others adds up to zero in every account"),
        _ALLOCATIONS,
        f"""
        SELECT 'account' AS kind, account_id AS name, account_id, 'netting' AS figure, 0 AS expected,
            sum(amount_minor) AS found
        FROM payments_allocation WHERE payment_id = 0 AND slot = ANY(%(all_slots)s) AND {_LOOKED_AT}
        GROUP BY account_id HAVING sum(amount_minor) <> 0
        """,
    ),
    Check(
        "settlement.totals",
        _("A settlement holds as many allocations, of the same sum, as it says"),
        _SETTLEMENTS,
        """
        WITH held AS (
            SELECT slot, settlement_id AS id, count(*) AS rows, sum(amount_minor) AS total_minor
            FROM payments_allocation WHERE slot = ANY(%(slots)s) GROUP BY slot, settlement_id
        ), said AS (SELECT * FROM payments_settlement WHERE slot = ANY(%(slots)s))
        SELECT 'settlement' AS kind, id AS name, slot, 'allocations, amount_minor' AS figure,
            coalesce(allocations || ', ' || amount_minor, 'no settlement') AS expected,
            format('%%s, %%s', coalesce(rows, 0), coalesce(total_minor, 0)) AS found
        FROM said FULL JOIN held USING (slot, id)
        WHERE (allocations, amount_minor) IS DISTINCT FROM (coalesce(rows, 0), coalesce(total_minor, 0))
        """,
    ),
    Check(
        "account.settled",
        _("No account has free money and open debts at once; accounts that wait to be settled aside"),
        _ACCOUNTS,
        f"""
        WITH open AS (
            SELECT account_id, sum(greatest(owed, 0) - greatest(covered, 0)) AS open_minor,
                sum(least(covered, 0) - least(owed, 0)) AS credit_minor
            FROM ({_DEBTS}) d GROUP BY account_id
        ), money AS (
            SELECT p.account_id, sum({_LEFT} - coalesce(u.used, 0)) AS free_minor
            FROM payments_payment p LEFT JOIN ({_USED}) u ON u.payment_id = p.id
            WHERE p.state = 2 AND p.slot = ANY(%(all_slots)s) AND p.{_LOOKED_AT} GROUP BY p.account_id
        )
        SELECT 'account' AS kind, account_id AS name, account_id, 'free money' AS figure,
            format('0 while %%s are open', open_minor) AS expected, credit_minor + coalesce(free_minor, 0) AS found
        FROM open LEFT JOIN money USING (account_id)
        WHERE open_minor > 0 AND credit_minor + coalesce(free_minor, 0) > 0 AND {_SETTLED}
        """,
    ),
    Check(
        "carried.items",
        _("What was carried forward as open is what the books say was open"),
        "SELECT count(*) FROM payments_carrieditem",
        """
        WITH carrying AS (SELECT id, unnest(slots) AS slot FROM payments_carrying), debt AS (
            SELECT id, account_id, 0::bigint AS payment_id, period, sum(amount_minor) AS open_minor FROM (
                SELECT c.id, e.account_id, e.period, e.amount_minor FROM carrying c JOIN ledger_entry e USING (slot)
                WHERE e.kind NOT IN (5, 6, 10, 11)
                UNION ALL
                SELECT c.id, a.account_id, a.period, -a.amount_minor
                FROM carrying c JOIN payments_allocation a USING (slot)
            ) d GROUP BY id, account_id, period
        ), money AS (
            SELECT id, account_id, payment_id, DATE '1900-01-01' AS period, sum(amount_minor) AS open_minor FROM (
                SELECT c.id, p.account_id, p.id AS payment_id, p.amount_minor
                FROM carrying c JOIN payments_payment p USING (slot) WHERE p.state IN (2, 3)
                UNION ALL
                SELECT c.id, p.account_id, p.id, -g.amount_minor FROM carrying c
                JOIN payments_paymentchange g USING (slot) JOIN payments_payment p ON p.id = g.payment_id
                WHERE g.kind IN (1, 2, 3)
                UNION ALL
                SELECT c.id, a.account_id, a.payment_id, -a.amount_minor
                FROM carrying c JOIN payments_allocation a USING (slot) WHERE a.payment_id <> 0
            ) m GROUP BY id, account_id, payment_id
        ), books AS (SELECT * FROM debt UNION ALL SELECT * FROM money), carried AS (
            SELECT carrying_id AS id, account_id, payment_id, period, sum(amount_minor) AS carried_minor
            FROM payments_carrieditem GROUP BY carrying_id, account_id, payment_id, period
        )
        SELECT 'carried' AS kind, format('%%s/%%s/%%s', id, account_id, payment_id) AS name, account_id, period,
            'open' AS figure, coalesce(open_minor, 0) AS expected, coalesce(carried_minor, 0) AS found
        FROM books FULL JOIN carried USING (id, account_id, payment_id, period)
        WHERE coalesce(open_minor, 0) <> coalesce(carried_minor, 0)
        """,
    ),
    Check(
        "settling.waiting",
        _("Where accounts wait to be settled, nothing went wrong with settling them"),
        "SELECT count(*) FROM payments_settlejob WHERE state <> 3",
        """
        SELECT 'settling' AS kind, id AS name, origin AS figure, 'no error' AS expected, error AS found
        FROM payments_settlejob WHERE state <> 3 AND error <> ''
        """,
    ),
)
