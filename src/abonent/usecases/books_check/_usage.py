"""What a register counted: the readings, gaps and averages behind its lines."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import SETTLED, Check, lines_of_rules

_MONTH_END = "(l.period + interval '1 month')::date"
# days on which a premise's own meter is left out of account take their part of it along
_LEFT_OUT = """EXISTS (SELECT FROM contracts_premiseterms t WHERE t.premise_id = i.premise_id AND t.uplift_cause >= 2
    AND lower(t.during) < u.month_end AND coalesce(upper(t.during), 'infinity') > u.period)"""

# Lines that name the same readings share one quantity: bands of a price, co-owners, stretches of days.
_USED = f"""
    SELECT l.rule, l.period, {_MONTH_END} AS month_end, l.because[6] AS installation_id, l.because[1] AS from_wh,
        l.because[2] AS to_wh, l.because[3] AS third, l.because[4] AS fourth, l.because[5] AS named_ratio,
        sum(l.quantity_wh) AS usage_wh, sum(l.ends_on - l.begins_on) AS days, count(*) AS lines,
        min(l.slot) AS slot, min(l.batch_id) AS batch_id, min(l.line_no) AS no, min(l.account_id) AS account_id,
        min(l.building_id) AS building_id
    FROM charging_chargeline l WHERE l.rule IN ({{rules}}) AND {SETTLED}
    GROUP BY l.rule, l.period, l.because
"""
_FOUND = """'line' AS kind, slot, batch_id, no, account_id, building_id, period,
    format('installation %%s: %%s to %%s Wh', installation_id, from_wh, to_wh) AS figure"""
# a fall is a roll-over, or what an inspector found too much
_RISE = """CASE WHEN to_wh >= from_wh OR usage_wh < 0 OR usage_wh = 0 AND source = 2 THEN to_wh - from_wh
    ELSE to_wh - from_wh + (1000 * power(10::numeric, digits))::bigint END"""
_DAY = "date '1970-01-01' + "

CHECKS = (
    Check(
        "metered.usage",
        _("The lines of a register add up to the difference of its two readings × ratio"),
        lines_of_rules(1),
        f"""
        WITH counted AS (
            SELECT u.*, i.ratio, i.digits, 0 AS source, {_LEFT_OUT} AS left_out
            FROM ({_USED.format(rules="1")}) u LEFT JOIN metering_installation i ON i.id = u.installation_id
        ), expected AS (SELECT c.*, ratio * ({_RISE}) AS expected_wh FROM counted c)
        SELECT {_FOUND}, format('%%s Wh, ratio %%s', expected_wh, ratio) AS expected,
            format('%%s Wh, ratio %%s', usage_wh, named_ratio) AS found
        FROM expected
        WHERE named_ratio IS DISTINCT FROM ratio OR usage_wh > expected_wh OR usage_wh < expected_wh AND NOT left_out
        """,
    ),
    Check(
        "spread.usage",
        _("The months of a gap share the difference of its two readings × ratio by their days"),
        lines_of_rules(8),
        f"""
        WITH counted AS (
            SELECT u.*, i.ratio, i.digits, to_reading.source, {_LEFT_OUT} AS left_out,
                CASE from_reading.source
                    WHEN 7 THEN greatest({_DAY} third::int, lower(i.during))
                    WHEN 9 THEN {_DAY} third::int + 1
                    ELSE (date_trunc('month', {_DAY} third::int) + interval '1 month')::date END AS span_from,
                CASE to_reading.source
                    WHEN 9 THEN {_DAY} fourth::int + 1
                    ELSE least((date_trunc('month', {_DAY} fourth::int) + interval '1 month')::date,
                               upper(i.during)) END AS span_to
            FROM ({_USED.format(rules="8")}) u
            LEFT JOIN metering_installation i ON i.id = u.installation_id
            LEFT JOIN LATERAL (SELECT source FROM metering_reading r WHERE r.installation_id = u.installation_id
                AND r.taken_on = {_DAY} third::int AND r.value_wh = u.from_wh
                ORDER BY status LIMIT 1) from_reading ON true
            LEFT JOIN LATERAL (SELECT source FROM metering_reading r WHERE r.installation_id = u.installation_id
                AND r.taken_on = {_DAY} fourth::int AND r.value_wh = u.to_wh
                ORDER BY status LIMIT 1) to_reading ON true
        ), whole AS (
            SELECT c.*, ratio * ({_RISE}) AS whole_wh, greatest(0, span_to - span_from) AS span_days,
                least(greatest(0, period - span_from), greatest(0, span_to - span_from)) AS days_before,
                least(greatest(0, month_end - span_from), greatest(0, span_to - span_from)) AS days_through
            FROM counted c
        ), expected AS (
            SELECT w.*, CASE WHEN whole_wh < 0 THEN 0 ELSE
                round(whole_wh::numeric * days_through / nullif(span_days, 0))
                - round(whole_wh::numeric * days_before / nullif(span_days, 0)) END AS expected_wh
            FROM whole w
        )
        SELECT {_FOUND}, format('%%s Wh of %%s', expected_wh, whole_wh) AS expected, usage_wh AS found
        FROM expected
        WHERE named_ratio IS DISTINCT FROM ratio OR usage_wh > coalesce(expected_wh, 0)
           OR usage_wh < expected_wh AND NOT left_out
        """,
    ),
    Check(
        "average.usage",
        _("A line by average is the history ÷ its months × ratio; on days without a meter its part by days"),
        lines_of_rules(2),
        f"""
        WITH counted AS (
            SELECT u.*, i.ratio, {_LEFT_OUT} AS left_out,
                i.ratio * round(third::numeric / nullif(fourth, 0)) AS month_wh
            FROM ({_USED.format(rules="2")}) u LEFT JOIN metering_installation i ON i.id = u.installation_id
        ), expected AS (
            SELECT c.*, CASE WHEN from_wh = to_wh AND month_wh <> 0
                THEN round(month_wh * days / (month_end - period)) ELSE month_wh END AS expected_wh,
                CASE WHEN from_wh = to_wh THEN lines ELSE 0 END AS slack_wh
            FROM counted c
        )
        SELECT {_FOUND}, format('%%s Wh, ratio %%s', expected_wh, ratio) AS expected,
            format('%%s Wh, ratio %%s', usage_wh, named_ratio) AS found
        FROM expected
        WHERE named_ratio IS DISTINCT FROM ratio OR usage_wh > expected_wh + slack_wh
           OR usage_wh < expected_wh - slack_wh AND NOT left_out
        """,
    ),
)
