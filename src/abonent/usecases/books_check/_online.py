"""Payments online against themselves, the books, and what the acquirer told."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import Check

_ORDERS = "SELECT count(*) FROM payments_onlineorder"
_REFUNDS = "SELECT count(*) FROM payments_onlinerefund"
_NOTICES = "SELECT count(*) FROM payments_onlinenotice WHERE accepted"
_AN_ORDER = "'online order' AS kind, o.id::text AS name, o.account_id"

CHECKS = (
    Check(
        "online.payments",
        _("An order paid online is one payment of the same sum and number, and such a payment is one order"),
        _ORDERS,
        f"""
        SELECT {_AN_ORDER}, 'payment' AS figure,
            CASE WHEN o.state IN (3, 6, 7) THEN format('%%s by %%s', o.amount_minor, o.external_id) ELSE 'none' END
                AS expected,
            CASE WHEN p.id IS NULL THEN 'none' ELSE format('%%s by %%s', p.amount_minor, p.external_id) END AS found
        FROM payments_onlineorder o LEFT JOIN payments_payment p ON p.id = o.payment_id
        WHERE CASE WHEN o.state IN (3, 6, 7)
            THEN (p.amount_minor, p.external_id, p.agent_id)
                IS DISTINCT FROM (o.amount_minor, o.external_id, o.agent_id)
            ELSE o.payment_id IS NOT NULL END
        UNION ALL
        -- a registry brings payments of others who pay by the same terminal; a moved one has no order of its own
        SELECT 'payment', p.id::text, p.account_id, 'order', '1', '0'
        FROM payments_payment p JOIN payments_agent a ON a.id = p.agent_id
        WHERE a.kind = 5 AND p.file_id IS NULL
          AND NOT EXISTS (SELECT FROM payments_onlineorder o WHERE o.payment_id = p.id)
          AND NOT EXISTS (SELECT FROM payments_paymentchange c WHERE c.to_payment_id = p.id)
        """,
    ),
    Check(
        "online.refunds",
        _("What an order online gave back is refunds of its payment in the books, and its state says so"),
        _REFUNDS,
        f"""
        WITH made AS (
            SELECT f.order_id, sum(f.amount_minor) AS asked,
                sum(c.amount_minor) FILTER (WHERE c.kind = 2 AND c.payment_id = o.payment_id) AS booked
            FROM payments_onlinerefund f
            JOIN payments_onlineorder o ON o.id = f.order_id
            LEFT JOIN payments_paymentchange c ON c.id = f.change_id
            WHERE f.state = 2 GROUP BY f.order_id)
        SELECT {_AN_ORDER}, 'refunded_minor, state' AS figure,
            format('%%s, %%s', coalesce(m.asked, 0), CASE WHEN coalesce(m.asked, 0) = 0 THEN 'not refunded'
                WHEN m.asked = o.amount_minor THEN 'state 7' ELSE 'state 6' END) AS expected,
            format('%%s in the books, %%s, state %%s', coalesce(m.booked, 0), o.refunded_minor, o.state) AS found
        FROM payments_onlineorder o LEFT JOIN made m ON m.order_id = o.id
        WHERE coalesce(m.asked, 0) <> o.refunded_minor OR m.booked IS DISTINCT FROM m.asked
           OR (o.state = 7) <> (o.refunded_minor = o.amount_minor)
           OR (o.state = 6) <> (o.refunded_minor > 0 AND o.refunded_minor < o.amount_minor)
        """,
    ),
    Check(
        "online.notices",
        _("What the acquirer told to be paid is paid by its order, or waits in sight for a person"),
        _NOTICES,
        f"""
        SELECT DISTINCT {_AN_ORDER}, 'state' AS figure, 'paid' AS expected, o.state::text AS found
        FROM payments_onlinenotice n JOIN payments_onlineorder o ON o.id = n.order_id
        WHERE n.accepted AND n.body ->> 'Status' = 'CONFIRMED' AND o.payment_id IS NULL AND o.error = ''
        """,
    ),
)
