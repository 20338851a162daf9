"""What a line was made of: readings, averages, norms."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import A_LINE, STANDING, Check, lines_of_rules

_MONTH_DAYS = "extract(day FROM l.period + interval '1 month' - interval '1 day')::int"

CHECKS = (
    Check(
        "metered.usage",
        _("The lines of a register add up to the difference of its two readings × ratio"),
        lines_of_rules(1, 2),
        f"""
        WITH used AS (
            -- a correction leaves the pieces that stay the same: the newest piece says what all of them add up to
            SELECT l.because[6] AS installation_id, l.period, sum(l.quantity_wh) AS usage_wh,
                max(ARRAY[l.batch_id, -l.line_no, l.slot, l.account_id, l.building_id, l.rule, l.because[1],
                    l.because[2],
                          l.because[5], l.because[3], l.because[4]]) AS newest
            FROM charging_chargeline l WHERE l.rule IN (1, 2) AND {STANDING}
            GROUP BY l.because[6], l.period
        ), read AS (
            SELECT u.*, newest[6] AS rule, newest[7] AS from_wh, newest[8] AS to_wh, newest[9] AS named_ratio,
                i.ratio,
                newest[8] - newest[7] AS rise_wh, i.digits,
                date '1970-01-01' + CASE newest[6] WHEN 1 THEN newest[10]::int END AS from_day,
                CASE newest[6] WHEN 2 THEN round(newest[10]::numeric / nullif(newest[11], 0)) END AS average_wh
            FROM used u LEFT JOIN metering_installation i ON i.id = u.installation_id
        ), expected AS (
            SELECT r.*, ratio * CASE
                WHEN rise_wh >= 0 THEN rise_wh
                -- below an estimate: what was charged too much is given back (п. 61); otherwise it rolled over
                WHEN usage_wh < 0 AND EXISTS (
                    SELECT FROM metering_reading e WHERE e.installation_id = r.installation_id AND e.source = 6
                        AND e.taken_on = r.from_day AND e.value_wh = r.from_wh) THEN rise_wh
                ELSE rise_wh + (1000 * power(10::numeric, digits))::bigint END AS expected_wh
            FROM read r
        )
        SELECT 'line' AS kind, newest[3] AS slot, newest[1] AS batch_id, -newest[2] AS no, newest[4] AS account_id,
            newest[5] AS building_id, period,
            format('installation %%s: %%s to %%s Wh', installation_id, from_wh, to_wh) AS figure,
            CASE WHEN ratio IS NULL THEN 'an installation'
                 ELSE format('%%s Wh, ratio %%s', expected_wh, ratio) END AS expected,
            format('%%s Wh, ratio %%s', usage_wh, named_ratio) AS found
        FROM expected
        WHERE (named_ratio, usage_wh) IS DISTINCT FROM (ratio, expected_wh)
           -- an average is rounded to whole watt-hours on the face, so that the next reading settles what is left
           OR usage_wh <> average_wh * ratio
        """,
    ),
    Check(
        "metered.readings",
        _("The readings that a line names were taken on those days and accepted"),
        lines_of_rules(1),
        f"""
        SELECT {A_LINE}, format('reading of installation %%s on %%s', l.because[6], day) AS figure,
            format('%%s Wh', value_wh) AS expected, 'none accepted' AS found
        FROM (
            SELECT l.*, l.because[1] AS value_wh, date '1970-01-01' + l.because[3]::int AS day
            FROM charging_chargeline l WHERE l.rule = 1 AND {STANDING}
            UNION ALL
            SELECT l.*, l.because[2], date '1970-01-01' + l.because[4]::int
            FROM charging_chargeline l WHERE l.rule = 1 AND {STANDING}
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
        SELECT {A_LINE}, format('%%s residents × %%s Wh × %%s/%%s days', l.because[1], l.because[2], l.because[3],
                l.because[4]) AS figure,
            format('%%s Wh for %%s/%%s days', expected_wh, l.ends_on - l.begins_on, {_MONTH_DAYS}) AS expected,
            format('%%s Wh for %%s/%%s days', l.quantity_wh, l.because[3], l.because[4]) AS found
        FROM charging_chargeline l
        CROSS JOIN LATERAL (SELECT round(
            l.because[1]::numeric * l.because[2] * l.because[3] * CASE l.rule WHEN 4 THEN l.because[5] - 1000
                ELSE 1 END
            / nullif(l.because[4] * CASE l.rule WHEN 4 THEN 1000 ELSE 1 END, 0)) AS expected_wh) e
        WHERE l.slot = ANY(%(slots)s) AND l.rule IN (3, 4) AND l.reverses_batch_id = 0
          AND (l.quantity_wh, l.because[3], l.because[4])
              IS DISTINCT FROM (expected_wh, (l.ends_on - l.begins_on)::bigint, {_MONTH_DAYS}::bigint)
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
        WHERE l.rule IN (3, 4) AND {STANDING}
          AND (coalesce(nullif(t.residents, 0), t.owners) IS DISTINCT FROM l.because[1]
               OR NOT t.during @> l.ends_on - 1)
        """,
    ),
)
