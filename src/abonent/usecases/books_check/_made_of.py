"""What a line was made of: readings, averages, norms."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import A_LINE, SETTLED, STANDING, Check, lines_of_rules

_DAY = "date '1970-01-01' + "
_MONTH_DAYS = "extract(day FROM l.period + interval '1 month' - interval '1 day')::int"

CHECKS = (
    Check(
        "metered.readings",
        _("The readings that a line names were taken on those days and accepted"),
        lines_of_rules(1, 8),
        f"""
        SELECT {A_LINE}, format('reading of installation %%s on %%s', l.because[6], day) AS figure,
            format('%%s Wh', value_wh) AS expected, 'none accepted' AS found
        FROM (
            SELECT l.*, l.because[1] AS value_wh, date '1970-01-01' + l.because[3]::int AS day
            FROM charging_chargeline l WHERE l.rule IN (1, 8) AND {STANDING}
            UNION ALL
            SELECT l.*, l.because[2], date '1970-01-01' + l.because[4]::int
            FROM charging_chargeline l WHERE l.rule IN (1, 8) AND {STANDING}
        ) l
        WHERE NOT EXISTS (
            SELECT FROM metering_reading r
            WHERE r.installation_id = l.because[6] AND r.taken_on = l.day AND r.value_wh = l.value_wh
              AND r.status IN (1, 4))
        """,
    ),
    Check(
        "norm.quantity",
        _("A line by norm is residents × norm × days ÷ days in the month"),
        lines_of_rules(3, 4),
        f"""
        -- the bands of a price and the accounts of co-owners share one quantity
        SELECT 'line' AS kind, slot, batch_id, no, account_id, building_id, period,
            format('%%s residents × %%s Wh × %%s/%%s days', because[1], because[2], because[3], because[4]) AS figure,
            format('%%s Wh for %%s/%%s days', expected_wh, ends_on - begins_on, {_MONTH_DAYS}) AS expected,
            format('%%s Wh for %%s/%%s days', quantity_wh, because[3], because[4]) AS found
        FROM (
            SELECT l.slot, l.batch_id, min(l.line_no) AS no, min(l.account_id) AS account_id,
                min(l.building_id) AS building_id, l.period, l.begins_on, l.ends_on, l.because,
                sum(l.quantity_wh) AS quantity_wh, count(*) AS lines, round(
                    l.because[1]::numeric * l.because[2] * l.because[3] * CASE l.rule WHEN 4 THEN l.because[5] - 1000
                        ELSE 1 END
                    / nullif(l.because[4] * CASE l.rule WHEN 4 THEN 1000 ELSE 1 END, 0)) AS expected_wh
            FROM charging_chargeline l JOIN contracts_account a ON a.id = l.account_id
            WHERE l.slot = ANY(%(slots)s) AND l.rule IN (3, 4) AND l.reverses_batch_id = 0
            GROUP BY l.slot, l.batch_id, a.premise_id, l.rule, l.period, l.begins_on, l.ends_on, l.because
        ) l
        -- where the price changes inside the month, a stretch is parted to the watt-hour
        WHERE abs(quantity_wh - expected_wh) > CASE WHEN (ends_on - begins_on) = {_MONTH_DAYS} THEN 0 ELSE 1 END
           OR (because[3], because[4]) IS DISTINCT FROM ((ends_on - begins_on)::bigint, {_MONTH_DAYS}::bigint)
        """,
    ),
    Check(
        "norm.residents",
        _(
            "A line by norm counts the residents of the premise on those days, or its owners when nobody is registered"
        ),
        lines_of_rules(3, 4),
        f"""
        SELECT {A_LINE}, 'residents' AS figure, coalesce(nullif(t.residents, 0), t.owners) AS expected,
            l.because[1] AS found
        FROM charging_chargeline l
        JOIN contracts_account a ON a.id = l.account_id
        LEFT JOIN contracts_premiseterms t ON t.premise_id = a.premise_id AND t.during @> l.begins_on
        WHERE l.rule IN (3, 4) AND {SETTLED}
          AND (coalesce(nullif(t.residents, 0), t.owners) IS DISTINCT FROM l.because[1]
               OR NOT t.during @> l.ends_on - 1)
        """,
    ),
    Check(
        "absence.quantity",
        _(
            "What is taken off for an absence is people × norm × days ÷ days in the month, of an approved application"
        ),
        lines_of_rules(9),
        f"""
        SELECT 'line' AS kind, slot, batch_id, no, account_id, building_id, period,
            format('%%s away × %%s Wh × %%s/%%s days', because[1], because[2], because[3], because[4]) AS figure,
            format('%%s Wh for %%s days between departure and arrival', -expected_wh, ends_on - begins_on) AS expected,
            format('%%s Wh from %%s', quantity_wh, begins_on) AS found
        FROM (
            SELECT min(l.slot) AS slot, min(l.batch_id) AS batch_id, min(l.line_no) AS no,
                min(l.account_id) AS account_id, min(l.building_id) AS building_id, a.premise_id, l.period, l.begins_on,
                l.ends_on, l.because, sum(l.quantity_wh) AS quantity_wh,
                round(l.because[1]::numeric * l.because[2] * l.because[3] / nullif(l.because[4], 0)) AS expected_wh,
                {_DAY} l.because[5]::int AS left_on, {_DAY} l.because[6]::int AS returned_on
            FROM charging_chargeline l JOIN contracts_account a ON a.id = l.account_id
            WHERE {SETTLED} AND l.rule = 9
            GROUP BY a.premise_id, l.period, l.begins_on, l.ends_on, l.because
        ) l
        -- where the price changes inside the month, a stretch is parted to the watt-hour
        WHERE abs(quantity_wh + expected_wh) > 1
           OR (because[3], because[4]) IS DISTINCT FROM ((ends_on - begins_on)::bigint, {_MONTH_DAYS}::bigint)
           OR begins_on <= left_on OR ends_on > returned_on
           OR NOT EXISTS (
                SELECT FROM contracts_absence o WHERE o.premise_id = l.premise_id AND o.state = 2
                    AND o.left_on = l.left_on AND o.returned_on = l.returned_on AND o.people >= because[1])
        """,
    ),
    Check(
        "unauthorised.quantity",
        _("Energy taken past the meter is power × 24 hours × days, by an act"),
        lines_of_rules(10),
        f"""
        SELECT 'line' AS kind, slot, batch_id, no, account_id, building_id, period,
            format('%%s W × 24 × %%s days', because[1], because[2]) AS figure,
            format('%%s Wh for %%s days', 24 * because[1] * because[2], ends_on - begins_on) AS expected,
            format('%%s Wh from %%s', quantity_wh, begins_on) AS found
        FROM (
            SELECT min(l.slot) AS slot, min(l.batch_id) AS batch_id, min(l.line_no) AS no,
                min(l.account_id) AS account_id, min(l.building_id) AS building_id, a.premise_id, l.period, l.begins_on,
                l.ends_on, l.because, sum(l.quantity_wh) AS quantity_wh
            FROM charging_chargeline l JOIN contracts_account a ON a.id = l.account_id
            WHERE {SETTLED} AND l.rule = 10
            GROUP BY a.premise_id, l.period, l.begins_on, l.ends_on, l.because
        ) l
        WHERE quantity_wh <> 24 * because[1] * because[2] OR because[2] <> ends_on - begins_on
           OR NOT EXISTS (
                SELECT FROM contracts_unauthoriseduse u WHERE u.premise_id = l.premise_id AND u.annulled_at IS NULL
                    AND u.power_w = because[1] AND u.during @> l.begins_on AND u.during @> l.ends_on - 1)
        """,
    ),
    Check(
        "communal.rest",
        _("The rooms of a communal flat share what its meter counted beyond the meters behind it"),
        lines_of_rules(11),
        f"""
        WITH node AS (
            SELECT min(l.slot) AS slot, min(l.batch_id) AS batch_id, min(l.line_no) AS no,
                min(l.account_id) AS account_id, min(l.building_id) AS building_id, l.period, l.zone,
                l.because[5] AS premise_id, l.because[1] AS node_wh, l.because[2] AS behind_wh,
                sum(l.quantity_wh) AS shared_wh
            FROM charging_chargeline l WHERE {STANDING} AND l.rule = 11
            GROUP BY l.period, l.because[5], l.zone, l.because[1], l.because[2]
        ), whole AS (
            -- where a meter behind counts in other zones, the rest of all zones together is split as the node's lie
            SELECT *, sum(shared_wh) OVER (PARTITION BY period, premise_id, node_wh, behind_wh) AS in_all_zones_wh
            FROM node
        )
        SELECT 'line' AS kind, slot, batch_id, no, account_id, building_id, period,
            format('rest of premise %%s, zone %%s', premise_id, zone) AS figure,
            greatest(0, node_wh - behind_wh) AS expected, shared_wh AS found
        FROM whole WHERE greatest(0, node_wh - behind_wh) NOT IN (shared_wh, in_all_zones_wh)
        """,
    ),
)
