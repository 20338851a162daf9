"""Cash desks against themselves and against payments: one sum in the drawer, on receipts and in the books."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import Check

_ORDERS = "SELECT count(*) FROM payments_cashorder"
_RECEIPTS = "SELECT count(*) FROM payments_cashorder WHERE kind = 1"
_REFUNDS = "SELECT count(*) FROM payments_cashorder WHERE kind = 2"
_SHIFTS = "SELECT count(*) FROM payments_cashshift"
_PRINTED = "SELECT count(*) FROM payments_cashorder WHERE fiscal <> '{}'"
_AN_ORDER = "'cash order' AS kind, o.id::text AS name"
_A_SHIFT = "'cash shift' AS kind, s.id::text AS name"

CHECKS = (
    Check(
        "cash.payments",
        _(
            "A receipt of a cash desk is one payment of the same sum and day, and such a payment is one receipt"
        ),
        _RECEIPTS,
        f"""
        SELECT {_AN_ORDER}, p.account_id, 'payment' AS figure,
            format('%%s of %%s', o.cash_minor + o.card_minor, s.day) AS expected,
            format('%%s of %%s', p.amount_minor, p.booked_on) AS found
        FROM payments_cashorder o
        JOIN payments_cashshift s ON s.id = o.shift_id
        JOIN payments_cashdesk d ON d.id = o.desk_id
        LEFT JOIN payments_payment p ON p.id = o.payment_id
        WHERE o.kind = 1 AND (p.amount_minor, p.booked_on, p.agent_id, s.desk_id)
            IS DISTINCT FROM (o.cash_minor + o.card_minor, s.day, d.agent_id, o.desk_id)
        UNION ALL
        -- a payment that came from another one (moved, taken from a wrong account) has no receipt of its own
        SELECT 'payment', p.id::text, p.account_id, 'receipt', '1', '0'
        FROM payments_payment p JOIN payments_agent a ON a.id = p.agent_id
        WHERE a.kind = 1 AND NOT EXISTS (SELECT FROM payments_cashorder o WHERE o.payment_id = p.id)
          AND NOT EXISTS (SELECT FROM payments_paymentchange c WHERE c.to_payment_id = p.id)
        """,
    ),
    Check(
        "cash.refunds",
        _(
            "Money given back by a cash desk is a reversal or a refund of the payment of its receipt, of the same sum"
        ),
        _REFUNDS,
        f"""
        SELECT {_AN_ORDER}, 'change' AS figure, format('%%s of payment %%s', o.cash_minor + o.card_minor, r.payment_id)
            AS expected, format('%%s of payment %%s', c.amount_minor, c.payment_id) AS found
        FROM payments_cashorder o
        LEFT JOIN payments_cashorder r ON r.id = o.refunds_id
        LEFT JOIN payments_paymentchange c ON c.id = o.change_id AND c.kind IN (1, 2)
        WHERE o.kind = 2 AND (c.amount_minor, c.payment_id)
            IS DISTINCT FROM (o.cash_minor + o.card_minor, r.payment_id)
        """,
    ),
    Check(
        "cash.given_back",
        _("No more is given back of a receipt than was paid, in cash and by card each"),
        _RECEIPTS,
        f"""
        SELECT {_AN_ORDER}, 'cash, card' AS figure, format('%%s, %%s', o.cash_minor, o.card_minor) AS expected,
            format('%%s, %%s', sum(b.cash_minor), sum(b.card_minor)) AS found
        FROM payments_cashorder o JOIN payments_cashorder b ON b.refunds_id = o.id
        GROUP BY o.id HAVING sum(b.cash_minor) > o.cash_minor OR sum(b.card_minor) > o.card_minor
        """,
    ),
    Check(
        "cash.numbers",
        _("Orders of a cash desk are numbered from one without holes, each year and kind"),
        _ORDERS,
        """
        SELECT 'cash desk' AS kind, format('%%s/%%s/%%s', desk_id, year, kind) AS name, 'numbers' AS figure,
            format('1–%%s', count(*)) AS expected, format('%%s–%%s', min(number), max(number)) AS found
        FROM payments_cashorder GROUP BY desk_id, year, kind
        HAVING min(number) <> 1 OR max(number) <> count(*)
        """,
    ),
    Check(
        "cash.drawer",
        _("What a closed shift should have is what it began with and its orders, and its count is its notes"),
        _SHIFTS + " WHERE closed_at IS NOT NULL",
        f"""
        WITH moved AS (
            SELECT shift_id, sum(CASE WHEN kind IN (1, 4) THEN cash_minor ELSE -cash_minor END) AS moved_minor
            FROM payments_cashorder GROUP BY shift_id
        ), counted AS (
            SELECT id, (SELECT coalesce(sum(n.key::bigint * n.value::bigint), 0) FROM jsonb_each_text(counted) n)
                AS notes_minor FROM payments_cashshift
        )
        SELECT {_A_SHIFT}, 'expected, counted' AS figure,
            format('%%s, %%s', s.opening_minor + coalesce(m.moved_minor, 0), c.notes_minor) AS expected,
            format('%%s, %%s', s.expected_minor, s.counted_minor) AS found
        FROM payments_cashshift s JOIN counted c ON c.id = s.id LEFT JOIN moved m ON m.shift_id = s.id
        WHERE s.closed_at IS NOT NULL AND (s.expected_minor, s.counted_minor)
            IS DISTINCT FROM (s.opening_minor + coalesce(m.moved_minor, 0), c.notes_minor)
        """,
    ),
    Check(
        "cash.explained",
        _("A count that differs, and a drawer that does not begin with what was left in it, are explained"),
        _SHIFTS,
        f"""
        WITH chain AS (
            SELECT *, lag(counted_minor) OVER (PARTITION BY desk_id ORDER BY number) AS left_minor
            FROM payments_cashshift
        )
        SELECT {_A_SHIFT}, 'note' AS figure, 'an explanation' AS expected,
            format('%%s, %%s', s.opening_minor - coalesce(s.left_minor, s.opening_minor),
                coalesce(s.counted_minor - s.expected_minor, 0)) AS found
        FROM chain s WHERE s.note = '' AND (s.opening_minor <> coalesce(s.left_minor, s.opening_minor)
            OR s.counted_minor <> s.expected_minor)
        """,
    ),
    Check(
        "cash.fiscal",
        _("A fiscal receipt says the sums of its order, and is of one order only"),
        _PRINTED,
        f"""
        SELECT {_AN_ORDER}, 'cash, card, kind' AS figure,
            format('%%s, %%s, %%s', o.cash_minor, o.card_minor, o.kind) AS expected,
            format('%%s, %%s, %%s', o.fiscal->>'1031', o.fiscal->>'1081', o.fiscal->>'1054') AS found
        FROM payments_cashorder o
        WHERE o.fiscal <> '{{}}' AND ((o.fiscal->>'1031')::bigint, (o.fiscal->>'1081')::bigint,
            (o.fiscal->>'1020')::bigint, (o.fiscal->>'1054')::int)
            IS DISTINCT FROM (o.cash_minor, o.card_minor, o.cash_minor + o.card_minor, o.kind::int)
        UNION ALL
        SELECT 'fiscal document', format('%%s/%%s', o.fiscal->>'1041', o.fiscal->>'1040'), 'orders', '1',
            count(*)::text
        FROM payments_cashorder o WHERE o.fiscal <> '{{}}'
        GROUP BY o.desk_id, o.fiscal->>'1041', o.fiscal->>'1040' HAVING count(*) > 1
        """,
    ),
)
