"""A charge line by itself: its amount, its days, its price, its account."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import (
    A_LINE,
    CO_OWNED,
    LINES,
    REVERSALS,
    RUN_BATCHES,
    SETTLED,
    STANDING,
    Check,
)

# Multiplied, not divided: a numeric quotient is cut off somewhere, a product is exact.
_AMOUNT = "round(l.quantity_wh::numeric * l.price_e5 * 0.000001)"
_MANUAL = 18

CHECKS = (
    Check(
        "line.amount",
        _("The amount of a line is quantity × price, rounded once, halves away from zero"),
        LINES,
        f"""
        SELECT {A_LINE}, 'amount_minor' AS figure, {_AMOUNT} AS expected, l.amount_minor AS found
        FROM charging_chargeline l
        WHERE l.slot = ANY(%(slots)s) AND l.rule <> {_MANUAL} AND l.amount_minor <> {_AMOUNT} AND NOT EXISTS (
            -- a part of what several owners bear together: see line.co_owners
            SELECT FROM contracts_account a
            JOIN contracts_account o ON o.premise_id = a.premise_id AND o.id <> a.id
            JOIN charging_chargeline x ON x.account_id = o.id AND x.slot = ANY(%(month_slots)s)
            WHERE a.id = l.account_id
              AND (x.period, x.service, x.rule, x.zone, x.begins_on, x.ends_on, x.price_id, x.because)
                = (l.period, l.service, l.rule, l.zone, l.begins_on, l.ends_on, l.price_id, l.because))
        """,
    ),
    Check(
        "line.co_owners",
        _("The lines of co-owners add up to the premise's: quantity × price, rounded once"),
        LINES,
        f"""
        SELECT 'line' AS kind, slot, batch_id, no, account_id, building_id, period, 'sum of amount_minor' AS figure,
            round(quantity_wh::numeric * price_e5 * 0.000001) AS expected, amount_minor AS found
        FROM (
            SELECT min(l.slot) AS slot, min(l.batch_id) AS batch_id, min(l.line_no) AS no,
                min(l.account_id) AS account_id, min(l.building_id) AS building_id, l.period,
                sum(l.quantity_wh) AS quantity_wh, l.price_e5, sum(l.amount_minor) AS amount_minor
            FROM charging_chargeline l JOIN contracts_account a ON a.id = l.account_id
            WHERE {STANDING} AND l.rule <> {_MANUAL} AND {CO_OWNED}
            GROUP BY a.premise_id, l.service, l.rule, l.zone, l.period, l.begins_on, l.ends_on, l.price_id,
                l.price_e5, l.because
        ) whole
        WHERE amount_minor <> round(quantity_wh::numeric * price_e5 * 0.000001)
        """,
    ),
    Check(
        "line.shares",
        _("The accounts that are charged for a premise bear it together, once, on every day"),
        LINES,
        f"""
        -- what one account alone has ever been charged for is nobody's share
        WITH borne AS (
            SELECT * FROM contracts_accountservice WHERE service = 1 AND premise_id IN (
                SELECT premise_id FROM contracts_accountservice
                GROUP BY premise_id HAVING count(*) > 1 OR bool_or(share_numerator <> share_denominator))
        ), charged AS (
            SELECT b.premise_id, d.day, l.period, min(l.slot) AS slot, min(l.batch_id) AS batch_id,
                min(l.line_no) AS no, min(l.account_id) AS account_id, min(l.building_id) AS building_id
            FROM borne b
            JOIN charging_chargeline l ON l.account_id = b.account_id AND b.during @> l.begins_on
            CROSS JOIN LATERAL (VALUES (l.begins_on), (l.ends_on - 1)) d (day)
            WHERE {SETTLED} AND l.rule <> {_MANUAL}
            GROUP BY b.premise_id, d.day, l.period
        )
        SELECT 'line' AS kind, c.slot, c.batch_id, c.no, c.account_id, c.building_id, c.period,
            format('shares of premise %%s on %%s', c.premise_id, c.day) AS figure, 1 AS expected,
            round(sum(b.share_numerator::numeric / b.share_denominator), 9) AS found
        FROM charged c JOIN borne b ON b.premise_id = c.premise_id AND b.during @> c.day
        GROUP BY c.premise_id, c.day, c.period, c.slot, c.batch_id, c.no, c.account_id, c.building_id
        HAVING round(sum(b.share_numerator::numeric / b.share_denominator), 9) <> 1
        """,
    ),
    Check(
        "line.manual",
        _("A line by hand is the decision it names"),
        LINES + f" AND rule = {_MANUAL}",
        f"""
        SELECT {A_LINE}, 'manual recalculation ' || l.because[1] AS figure,
            CASE WHEN m.id IS NULL THEN 'a decision' ELSE format('%%s kopecks, account %%s, run %%s', m.amount_minor,
                m.account_id, m.run_id) END AS expected,
            format('%%s kopecks, account %%s, run %%s', l.amount_minor, l.account_id, b.run_id) AS found
        FROM charging_chargeline l
        LEFT JOIN ({RUN_BATCHES}) b ON b.slot = l.slot AND b.batch_id = l.batch_id
        LEFT JOIN charging_manualrecalculation m ON m.id = l.because[1]
        WHERE l.slot = ANY(%(slots)s) AND l.rule = {_MANUAL} AND l.reverses_batch_id = 0
          AND (m.amount_minor, m.quantity_wh, m.account_id, m.service, m.period, m.run_id)
              IS DISTINCT FROM (l.amount_minor, l.quantity_wh, l.account_id, l.service, l.period, b.run_id)
        """,
    ),
    Check(
        "line.days",
        _("The days of a line are a part of its month"),
        LINES,
        f"""
        SELECT {A_LINE}, 'begins_on, ends_on' AS figure,
            format('within %%s', to_char(l.period, 'YYYY-MM')) AS expected,
            format('[%%s, %%s)', l.begins_on, l.ends_on) AS found
        FROM charging_chargeline l
        WHERE l.slot = ANY(%(slots)s) AND NOT (
            extract(day FROM l.period) = 1 AND l.begins_on >= l.period AND l.begins_on < l.ends_on
            AND l.ends_on <= l.period + interval '1 month')
        """,
    ),
    Check(
        "line.price",
        _("The price of a line is the one it names: of its supplier and zone, in force on all its days"),
        LINES,
        f"""
        SELECT {A_LINE}, 'price ' || l.price_id AS figure,
            CASE WHEN p.id IS NULL THEN 'a price' ELSE format('%%s zone %%s %%s', p.price_e5, p.zone, p.during) END
                AS expected,
            format('%%s zone %%s [%%s,%%s)', l.price_e5, l.zone, l.begins_on, l.ends_on) AS found
        FROM charging_chargeline l
        LEFT JOIN contracts_price p ON p.id = l.price_id
        LEFT JOIN places_building b ON b.id = l.building_id
        LEFT JOIN parties_branch h ON h.id = b.branch_id
        WHERE {SETTLED} AND l.rule <> {_MANUAL} AND (
            (p.price_e5, p.zone, p.supplier_id) IS DISTINCT FROM (l.price_e5, l.zone, h.supplier_id)
            OR NOT (p.during @> l.begins_on AND p.during @> l.ends_on - 1))
        """,
    ),
    Check(
        "line.tariff_group",
        _("The price of a line is of the tariff group its premise was in on those days"),
        LINES,
        f"""
        SELECT {A_LINE}, 'tariff_group' AS figure,
            coalesce(t.tariff_group_id::text, 'terms of the premise') AS expected, p.tariff_group_id AS found
        FROM charging_chargeline l
        JOIN contracts_price p ON p.id = l.price_id
        JOIN contracts_account a ON a.id = l.account_id
        LEFT JOIN contracts_premiseterms t ON t.premise_id = a.premise_id
            AND lower(t.during) < l.ends_on AND coalesce(upper(t.during), 'infinity') > l.begins_on
        WHERE {SETTLED} AND t.tariff_group_id IS DISTINCT FROM p.tariff_group_id
        """,
    ),
    Check(
        "line.account",
        _("The account of a line is of its building and was served on its days"),
        LINES,
        f"""
        SELECT {A_LINE}, 'account ' || l.account_id AS figure,
            format('in building %%s, served [%%s,%%s)', l.building_id, l.begins_on, l.ends_on) AS expected,
            coalesce((SELECT format('in building %%s, served %%s', o.building_id, o.during)
                      FROM contracts_accountservice o WHERE o.account_id = l.account_id ORDER BY o.during DESC LIMIT 1),
                     'never served') AS found
        FROM charging_chargeline l
        LEFT JOIN contracts_accountservice s ON s.account_id = l.account_id AND s.building_id = l.building_id
            AND s.during @> l.begins_on AND s.during @> l.ends_on - 1
        WHERE {SETTLED} AND s.id IS NULL
        """,
    ),
    Check(
        "line.reversal",
        _("A line that reverses negates exactly one line that was charged"),
        REVERSALS,
        f"""
        SELECT {A_LINE}, format('reverses %%s/%%s', l.reverses_batch_id, l.reverses_line_no) AS figure,
            CASE WHEN o.batch_id IS NULL THEN 'a line'
                 ELSE format('%%s Wh, %%s kopecks of account %%s', -o.quantity_wh, -o.amount_minor,
                     o.account_id) END AS expected,
            format('%%s Wh, %%s kopecks of account %%s', l.quantity_wh, l.amount_minor, l.account_id) AS found
        FROM charging_chargeline l
        LEFT JOIN charging_chargeline o ON o.slot = ANY(%(month_slots)s)
            AND o.batch_id = l.reverses_batch_id AND o.line_no = l.reverses_line_no
        WHERE l.slot = ANY(%(slots)s) AND l.reverses_batch_id <> 0 AND (
            (l.quantity_wh, l.amount_minor) IS DISTINCT FROM (-o.quantity_wh, -o.amount_minor)
            OR (l.account_id, l.building_id, l.service, l.rule, l.zone, l.period, l.begins_on, l.ends_on, l.price_e5,
                l.price_id, l.because)
            IS DISTINCT FROM (o.account_id, o.building_id, o.service, o.rule, o.zone, o.period, o.begins_on,
                o.ends_on, o.price_e5, o.price_id, o.because)
            -- only the cancelling of a whole correction takes a reversal back
            OR o.reverses_batch_id <> 0 AND NOT EXISTS (
                SELECT FROM ({RUN_BATCHES}) b JOIN charging_run n ON n.id = b.run_id
                WHERE b.batch_id = l.batch_id AND n.kind = 3))
        """,
    ),
    Check(
        "line.reversed_once",
        _("No line is reversed twice"),
        REVERSALS,
        """
        SELECT 'line' AS kind, r.reverses_batch_id AS batch_id, r.reverses_line_no AS no, min(r.account_id)
            AS account_id,
            min(r.period) AS period, 'reversals' AS figure, 1 AS expected,
            format('%%s: %%s', count(*), string_agg(r.batch_id || '/' || r.line_no, ', ' ORDER BY r.batch_id,
                r.line_no))
                AS found
        FROM charging_chargeline r
        WHERE r.slot = ANY(%(month_slots)s) AND r.reverses_batch_id <> 0 AND NOT EXISTS (
            SELECT FROM charging_chargeline k
            WHERE k.slot = ANY(%(month_slots)s) AND k.reverses_batch_id <> 0
              AND k.reverses_batch_id = r.batch_id AND k.reverses_line_no = r.line_no)
        GROUP BY r.reverses_batch_id, r.reverses_line_no
        HAVING count(*) > 1 AND bool_or(r.slot = ANY(%(slots)s))
        """,
    ),
    Check(
        "line.once",
        _("Nothing is charged twice for the same days"),
        LINES,
        f"""
        WITH standing AS (
            SELECT l.slot, l.batch_id, l.line_no, l.account_id, l.building_id, l.service, l.zone, l.period,
                CASE WHEN l.rule IN (2, 8) THEN 1 ELSE l.rule END AS rule,
                    -- a register is charged by its readings, its part of a gap or its average
                l.begins_on, l.ends_on, coalesce(p.band, 1) AS band, CASE
                    WHEN l.rule IN (1, 2, 8) THEN l.because[6]
                    WHEN l.rule IN (9, 11) THEN l.because[5]
                    WHEN l.rule = {_MANUAL} THEN l.because[1]
                    ELSE 0 END AS installation
            FROM charging_chargeline l LEFT JOIN contracts_price p ON p.id = l.price_id
            WHERE {STANDING}
        ), several AS (
            SELECT account_id, service, rule, zone, band, period, installation
            FROM standing
            GROUP BY account_id, service, rule, zone, band, period, installation
            HAVING count(*) > 1 AND bool_or(slot = ANY(%(slots)s))
        ), ordered AS (
            SELECT l.*, lag(ends_on) OVER by_day AS previous_ends_on, lag(batch_id) OVER by_day AS previous_batch_id,
                lag(line_no) OVER by_day AS previous_line_no
            FROM standing l JOIN several USING (account_id, service, rule, zone, band, period, installation)
            WINDOW by_day AS (PARTITION BY account_id, service, rule, zone, band, period, installation
                              ORDER BY begins_on, ends_on, batch_id, line_no)
        )
        SELECT {A_LINE}, format('rule %%s zone %%s', l.rule, l.zone) AS figure,
            format('beginning on %%s or later, after line %%s/%%s', previous_ends_on, previous_batch_id,
                   previous_line_no) AS expected,
            format('[%%s,%%s)', begins_on, ends_on) AS found
        FROM ordered l WHERE begins_on < previous_ends_on
        """,
    ),
)
