"""A building's month: what came in, what each took, what was shared out (ПП РФ 354, formulas 12, 15, п. 44–47)."""

from django.utils.translation import gettext_lazy as _

from abonent.usecases.books_check._check import A_LINE, RUN_BATCHES, Check, lines_of_rules

_COUNTED = """FROM charging_buildingbalance g JOIN charging_run n ON n.id = g.run_id
    WHERE n.state IN (4, 5) AND n.slot = ANY(%(slots)s)"""
BALANCES = f"SELECT count(*) {_COUNTED}"
_BALANCE = f"SELECT g.*, n.rated_at, n.posted_at {_COUNTED}"
# The balance of a month that stands: a later one goes by the terms as they have become.
_STANDING_BALANCE = f"""{_BALANCE} AND n.state = 4 AND NOT EXISTS (
    SELECT FROM charging_buildingbalance later JOIN charging_run r ON r.id = later.run_id
    WHERE later.building_id = g.building_id AND later.period = g.period AND r.state = 4
      AND (r.posted_at, r.id) > (n.posted_at, n.id))
    AND NOT EXISTS (
    SELECT FROM charging_recalculation w WHERE w.settled_at IS NULL AND w.premise_id IS NULL
      AND w.building_id = g.building_id AND w.period = g.period)"""
A_BUILDING = "'building' AS kind, g.run_id, g.building_id, g.period"


# What the month before, and the year before, left behind.
_BEFORE = "charging_buildingbalance b JOIN charging_run r ON r.id = b.run_id AND r.state = 4 AND r.kind <> 3"

# A reading that was accepted when the month was rated: since then others came in, and some were annulled.
_KNOWN_THEN = """r.entered_at <= g.rated_at AND CASE r.status
                    WHEN 1 THEN coalesce(r.judged_at <= g.rated_at, true) WHEN 4 THEN r.judged_at > g.rated_at END"""


# Accounts of shops and executors: what they use is not a part of what households do.
_HOUSEHOLDS = """l.account_id NOT IN (SELECT a.id FROM contracts_account a JOIN places_premise p ON p.id = a.premise_id
                                      WHERE p.kind IN (2, 3, 4))"""
_SHARED = "5, 6, 14, 15, 16"
_CONSUMERS, _EXECUTOR, _HOUSING = 1, 2, 3


def _against_lines(
    *, rules: str, expected: str, figure: str, sign: str = "", only: str = "true", nobody: str = "true"
) -> str:
    """Compare a figure of the balance that a run made with the lines that stood after that run.

    Reversing lines take away what they reverse, so the lines of all runs up to this one add up to what stood.
    `nobody`: what must hold for it to matter, where there may be nobody to charge.
    """
    return f"""
        WITH g AS ({_BALANCE}), carried AS (
            SELECT run_id, building_id, period,
                sum(sum(quantity_wh)) OVER (PARTITION BY building_id, period ORDER BY max(posted_at), run_id)
                    AS stood_wh
            FROM (
                SELECT b.run_id, b.posted_at, l.building_id, l.period, l.quantity_wh
                FROM charging_chargeline l JOIN ({RUN_BATCHES}) b USING (slot, batch_id)
                WHERE l.slot = ANY(%(month_slots)s) AND l.period = ANY(%(months)s) AND l.rule IN ({rules})
                    AND {only}
                UNION ALL
                SELECT run_id, posted_at, building_id, period, 0 FROM g
            ) of_all_runs
            GROUP BY run_id, building_id, period
        )
        SELECT {A_BUILDING}, '{figure}' AS figure, format('%%s Wh', {expected}) AS expected,
            format('%%s Wh in lines of rules {rules}', {sign}stood_wh) AS found
        FROM g JOIN carried USING (run_id, building_id, period)
        WHERE {sign}stood_wh <> {expected} AND {nobody}
        """


CHECKS = (
    Check(
        "building.identity",
        _("What a building was supplied is what its premises used and its common needs took"),
        BALANCES,
        f"""
        SELECT {A_BUILDING}, 'common_wh, negative_wh' AS figure,
            format('%%s, %%s', common_wh, greatest(0, -common_wh)) AS expected,
            format('%%s, %%s', g.found_wh, g.negative_wh) AS found
        FROM (
            SELECT run_id, building_id, period, common_wh AS found_wh, negative_wh, CASE method
                WHEN 2 THEN cap_wh
                ELSE supplied_wh - nonliving_wh - norm_wh - metered_wh - heating_wh END AS common_wh
            FROM ({_BALANCE}) g
        ) g
        WHERE (found_wh, negative_wh) IS DISTINCT FROM (common_wh, greatest(0, -common_wh))
        """,
    ),
    Check(
        "building.cap",
        _("Common needs go to the consumers up to the norm, and the rest to the executor"),
        BALANCES,
        f"""
        SELECT {A_BUILDING}, 'distributed_wh + executor_wh' AS figure,
            format('%%s Wh, of it at most %%s distributed', to_share_wh, most_wh) AS expected,
            format('%%s Wh, of it %%s distributed', g.distributed_wh + g.executor_wh, g.distributed_wh) AS found
        FROM (
            SELECT g.*, greatest(0, g.common_wh) AS to_share_wh,
                CASE WHEN t.excess_to_consumers THEN greatest(0, g.common_wh) ELSE g.cap_wh END AS most_wh
            FROM ({_STANDING_BALANCE}) g
            JOIN places_buildingterms t ON t.building_id = g.building_id AND t.during @> g.period
            WHERE t.common_needs = {_CONSUMERS} OR t.common_needs = {_HOUSING} AND t.common_basis = 1
        ) g
        WHERE g.distributed_wh + g.executor_wh <> to_share_wh OR g.executor_wh < 0
           OR g.distributed_wh NOT BETWEEN 0 AND most_wh OR g.unassigned_wh NOT BETWEEN 0 AND g.distributed_wh
           OR g.unreturned_wh NOT BETWEEN 0 AND g.negative_wh
        """,
    ),
    Check(
        "building.executor",
        _(
            "An executor owes what its building leaves, less the deficit of the months before, and carries what is left"
        ),
        BALANCES,
        f"""
        SELECT {A_BUILDING}, 'executor_wh, carried_wh' AS figure, format('%%s, %%s', due_wh, left_wh) AS expected,
            format('%%s, %%s', executor_wh, carried_wh) AS found
        FROM (
            SELECT g.*, CASE WHEN method = 2 THEN cap_wh ELSE greatest(0, common_wh - carried_in_wh) END AS due_wh,
                CASE WHEN method = 2 THEN carried_in_wh ELSE greatest(0, carried_in_wh - common_wh) END AS left_wh
            FROM ({_STANDING_BALANCE}) g
            JOIN places_buildingterms t ON t.building_id = g.building_id AND t.during @> g.period
            WHERE t.common_needs = {_EXECUTOR}
        ) g
        WHERE (executor_wh, carried_wh, distributed_wh) IS DISTINCT FROM (due_wh, left_wh, 0::bigint)
        """,
    ),
    Check(
        "building.carried",
        _("An executor begins a month with the deficit that the month before left it"),
        BALANCES,
        f"""
        SELECT {A_BUILDING}, 'carried_in_wh' AS figure, coalesce(p.carried_wh, 0) AS expected,
            g.carried_in_wh AS found
        FROM ({_STANDING_BALANCE}) g
        JOIN places_buildingterms t ON t.building_id = g.building_id AND t.during @> g.period
        LEFT JOIN LATERAL (
            SELECT b.carried_wh FROM {_BEFORE}
            WHERE b.building_id = g.building_id AND b.period = (g.period - interval '1 month')::date
            ORDER BY r.posted_at DESC, r.id DESC LIMIT 1) p ON true
        WHERE g.carried_in_wh <> CASE t.common_needs WHEN {_EXECUTOR} THEN coalesce(p.carried_wh, 0) ELSE 0 END
          AND NOT EXISTS (
            SELECT FROM charging_recalculation w WHERE w.settled_at IS NULL AND w.premise_id IS NULL
              AND w.building_id = g.building_id AND w.period = (g.period - interval '1 month')::date)
        """,
    ),
    Check(
        "building.executor_lines",
        _("The account of an executor is charged what its building leaves to it"),
        BALANCES,
        _against_lines(
            rules="12, 13, 20", expected="g.executor_wh", figure="executor_wh", nobody="stood_wh <> 0"
        ),
    ),
    Check(
        "building.housing",
        _("A housing service by norm or average is charged that, and trued up by what the year before used"),
        BALANCES,
        f"""
        SELECT {A_BUILDING}, 'distributed_wh, executor_wh, true_up_wh' AS figure,
            format('%%s, 0, 0 or %%s', planned_wh, due_wh) AS expected,
            format('%%s, %%s, %%s', distributed_wh, executor_wh, true_up_wh) AS found
        FROM (
            SELECT g.*, CASE WHEN t.common_basis = 2 OR y.months = 0 THEN cap_wh
                    WHEN t.excess_to_consumers THEN average_wh ELSE least(average_wh, cap_wh) END AS planned_wh,
                CASE WHEN y.months = 0 THEN 0
                    ELSE CASE WHEN t.excess_to_consumers THEN y.used_wh ELSE least(y.used_wh, y.year_cap_wh) END
                        - y.charged_wh END AS due_wh
            FROM ({_STANDING_BALANCE}) g
            JOIN places_buildingterms t ON t.building_id = g.building_id AND t.during @> g.period
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE method <> 2) AS months, coalesce(sum(cap_wh), 0) AS year_cap_wh,
                    coalesce(sum(distributed_wh), 0) AS charged_wh,
                    greatest(0, coalesce(sum(common_wh) FILTER (WHERE method <> 2), 0)) AS used_wh,
                    greatest(0, round(sum(common_wh) FILTER (WHERE method <> 2)
                        / nullif(count(*) FILTER (WHERE method <> 2), 0))) AS average_wh
                FROM (
                    -- as it was known when the month was rated
                    SELECT DISTINCT ON (b.period) b.* FROM {_BEFORE}
                    WHERE b.building_id = g.building_id AND r.posted_at <= g.rated_at
                      AND b.period >= date_trunc('year', g.period) - interval '1 year'
                      AND b.period < date_trunc('year', g.period)
                    ORDER BY b.period, r.posted_at DESC, r.id DESC) year_before
            ) y
            WHERE t.common_needs = {_HOUSING} AND t.common_basis <> 1
        ) g
        WHERE (distributed_wh, executor_wh) IS DISTINCT FROM (planned_wh::bigint, 0::bigint)
           OR true_up_wh NOT IN (0, due_wh)
        """,
    ),
    Check(
        "building.metered",
        _("The metered volume of a building is what its premises are charged by meter or average"),
        BALANCES,
        _against_lines(rules="1, 2, 8, 11", expected="g.metered_wh", figure="metered_wh", only=_HOUSEHOLDS),
    ),
    Check(
        "building.norm",
        _("The volume by norm of a building is what its premises are charged by norm"),
        BALANCES,
        _against_lines(rules="3", expected="g.norm_wh", figure="norm_wh"),
    ),
    Check(
        "building.shares",
        _("The shares of a building add up to what was distributed"),
        BALANCES,
        _against_lines(
            rules=_SHARED,
            expected="(g.distributed_wh - g.unassigned_wh)",
            figure="distributed_wh - unassigned_wh",
        ),
    ),
    Check(
        "building.returned",
        _(
            "What a building's premises used above its meter is returned to the residents, down to their own usage"
        ),
        BALANCES,
        _against_lines(
            rules="7",
            expected="(g.negative_wh - g.unreturned_wh)",
            figure="negative_wh - unreturned_wh",
            sign="-",
        ),
    ),
    Check(
        "building.balance",
        _("Whatever was shared out in a building has its balance"),
        lines_of_rules(5, 6, 7, 12, 13, 14, 15, 16, 17, 20),
        f"""
        SELECT {A_LINE}, b.run_id, 'rule ' || l.rule AS figure, 'a balance of the building' AS expected, 'none'
            AS found
        FROM charging_chargeline l JOIN ({RUN_BATCHES}) b USING (slot, batch_id)
        WHERE l.slot = ANY(%(slots)s) AND l.rule IN (7, 12, 13, 17, 20, {_SHARED}) AND l.reverses_batch_id = 0
          AND NOT EXISTS (
            SELECT FROM charging_buildingbalance g
            WHERE g.run_id = b.run_id AND g.building_id = l.building_id AND g.period = l.period)
        """,
    ),
    Check(
        "building.area",
        _("A share of common needs is in proportion to the area of the premise"),
        lines_of_rules(5, 6, 14, 15, 16, 17),
        f"""
        WITH piece AS (
            -- the accounts of co-owners bear the share of their premise together
            SELECT l.slot, l.batch_id, min(l.line_no) AS no, min(l.account_id) AS account_id, a.premise_id,
                l.building_id, l.period, l.because[1]
                AS whole_wh,
                l.because[2] AS area_dm2, l.because[3] AS total_area_dm2, l.because[4] AS named_id, l.begins_on,
                    l.ends_on,
                sum(l.quantity_wh) AS share_wh, count(*) AS lines
            FROM charging_chargeline l JOIN contracts_account a ON a.id = l.account_id
            WHERE l.slot = ANY(%(slots)s) AND l.rule IN (17, {_SHARED}) AND l.reverses_batch_id = 0
            GROUP BY l.slot, l.batch_id, a.premise_id, l.building_id, l.period, l.because[1], l.because[2],
                l.because[3],
                l.because[4], l.begins_on, l.ends_on
        ), share AS (
            SELECT slot, batch_id, min(no) AS no, min(account_id) AS account_id, building_id, period, whole_wh,
                area_dm2, total_area_dm2, named_id, sum(share_wh) AS share_wh, sum(lines) AS lines,
                sum(ends_on - begins_on) AS days,
                (period + interval '1 month')::date - period AS month_days
            FROM piece
            GROUP BY slot, batch_id, premise_id, building_id, period, whole_wh, area_dm2, total_area_dm2, named_id
        )
        SELECT 'line' AS kind, s.slot, s.batch_id, s.no, s.account_id, s.building_id, s.period,
            format('%%s Wh × %%s / %%s dm² × %%s / %%s days', whole_wh, s.area_dm2, total_area_dm2, days,
                month_days) AS figure,
            format('%%s Wh of building %%s, %%s dm²', round(whole_wh::numeric * s.area_dm2 * days
                / nullif(total_area_dm2 * month_days, 0)), s.building_id, g.area_dm2) AS expected,
            format('%%s Wh of building %%s, %%s dm²', share_wh, named_id, total_area_dm2) AS found
        FROM share s JOIN ({RUN_BATCHES}) b USING (slot, batch_id)
        LEFT JOIN charging_buildingbalance g ON g.run_id = b.run_id AND g.building_id = s.building_id
            AND g.period = s.period
        WHERE named_id <> s.building_id OR g.area_dm2 IS DISTINCT FROM total_area_dm2
           OR abs(share_wh * total_area_dm2 * month_days - whole_wh::numeric * s.area_dm2 * days)
              >= total_area_dm2 * month_days * s.lines
        """,
    ),
    Check(
        "building.meter",
        _("What a building was supplied is what its meter counted between its readings × ratio"),
        BALANCES + " AND g.method = 1",
        f"""
        WITH g AS ({_BALANCE}), counted AS (
            SELECT g.run_id, g.building_id, g.period,
                sum(i.ratio * (e.value_wh - s.value_wh + CASE WHEN e.value_wh < s.value_wh
                    THEN 1000 * power(10::numeric, i.digits) ELSE 0 END)) AS counted_wh
            FROM g
            JOIN metering_installation i ON i.building_id = g.building_id AND i.role = 2
                AND lower(i.during) < g.period + interval '1 month'
                AND coalesce(upper(i.during), 'infinity') >= g.period
            LEFT JOIN LATERAL (
                SELECT r.value_wh, r.taken_on FROM metering_reading r
                WHERE r.installation_id = i.id AND {_KNOWN_THEN} AND r.source <> 6
                  AND (r.taken_on < g.period OR r.taken_on = lower(i.during))
                ORDER BY r.taken_on DESC LIMIT 1) s ON true
            LEFT JOIN LATERAL (
                SELECT r.value_wh FROM metering_reading r
                WHERE r.installation_id = i.id AND {_KNOWN_THEN} AND r.source <> 6
                  AND r.taken_on >= g.period AND r.taken_on < g.period + interval '1 month'
                  AND r.taken_on > lower(i.during)
                ORDER BY r.taken_on DESC LIMIT 1) e ON true
            WHERE g.method = 1
            GROUP BY g.run_id, g.building_id, g.period
            -- a difference that several months share is told by the lines of a gap
            HAVING bool_and(s.value_wh IS NOT NULL AND e.value_wh IS NOT NULL
                AND s.taken_on >= g.period - interval '1 month')
        )
        SELECT {A_BUILDING}, 'supplied_wh' AS figure, counted_wh::bigint AS expected, g.supplied_wh AS found
        FROM g JOIN counted USING (run_id, building_id, period)
        WHERE counted_wh <> g.supplied_wh
        """,
    ),
    Check(
        "account.return",
        _("A return stops at what the account used itself"),
        lines_of_rules(7),
        f"""
        SELECT 'line' AS kind, slot, batch_id, no, account_id, building_id, period, 'usage less return' AS figure,
            'at least 0 Wh' AS expected, format('%%s Wh', used_wh - returned_wh) AS found
        FROM (
            SELECT m.slot, m.batch_id, m.no, m.account_id, m.building_id, m.period,
                coalesce(sum(l.quantity_wh) FILTER (WHERE l.rule <> 7), 0) AS used_wh,
                -sum(l.quantity_wh) FILTER (WHERE l.rule = 7) AS returned_wh
            FROM (
                SELECT b.run_id, b.posted_at, l.slot, l.batch_id, min(l.line_no) AS no, l.account_id, l.building_id,
                    l.period
                FROM charging_chargeline l JOIN ({RUN_BATCHES}) b USING (slot, batch_id)
                WHERE l.slot = ANY(%(slots)s) AND l.rule = 7 AND l.reverses_batch_id = 0
                GROUP BY b.run_id, b.posted_at, l.slot, l.batch_id, l.account_id, l.building_id, l.period
            ) m
            JOIN charging_chargeline l ON l.account_id = m.account_id AND l.period = m.period
                AND l.slot = ANY(%(month_slots)s) AND l.rule IN (1, 2, 3, 7, 8, 9, 11)
            -- what stood after the run that made the return
            JOIN ({RUN_BATCHES}) b ON b.slot = l.slot AND b.batch_id = l.batch_id
                AND (b.posted_at, b.run_id) <= (m.posted_at, m.run_id)
            GROUP BY m.slot, m.batch_id, m.no, m.account_id, m.building_id, m.period
        ) r
        WHERE returned_wh > greatest(used_wh, 0)
        """,
    ),
)
