"""Which part of a premise's energy had which price: ranges of consumption and the social norm."""

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from abonent.engine.parameters import ParameterMissingError, ParameterSet, Row
from abonent.usecases.books_check._check import SETTLED, Check

_RANGES, _SOCIAL_NORM = 1, 2
# what is cut into bands: what a premise used itself, whatever rule says so
_CUT = "l.rule IN (1, 2, 3, 8, 11) AND l.quantity_wh > 0"


def bounds(parameters: ParameterSet, months: Iterable[date]) -> str:
    """Return the upper bounds of the first two bands of some months as JSON, out of the tables of the parameters.

    Of ranges by kind of dwelling; of the social norm, for one person of so many. Wh.
    """
    found = []
    for month in months:
        for row in _rows(parameters, "ru.electricity.ranges", month):
            if int(row["first_month"] or 1) <= month.month <= int(row["last_month"] or 12):
                uppers = {f"upper_{no}_wh": _wh(row[f"upper_{no}_kwh"]) for no in (1, 2)}
                found.append({"period": month, "banding": _RANGES, "row": int(row["category"] or 1)} | uppers)
        for row in _rows(parameters, "ru.electricity.social_norm", month):
            of_one = {"row": int(row["residents"] or 1), "upper_1_wh": _wh(row["kwh_per_person"])}
            found.append({"period": month, "banding": _SOCIAL_NORM} | of_one)
    return json.dumps(found, default=date.isoformat)


def _wh(kwh: str | None) -> int:
    return int(Decimal(kwh or "0") * 1000)


def _rows(parameters: ParameterSet, id: str, day: date) -> tuple[Row, ...]:
    try:
        return parameters.version(id, on=day).rows
    except ParameterMissingError:
        return ()


CHECKS = (
    Check(
        "bands.bounds",
        _("The dearer price of a premise begins where the bound of the cheaper one is reached"),
        """SELECT count(*) FROM charging_chargeline l JOIN contracts_price p ON p.id = l.price_id
           JOIN contracts_tariffgroup g ON g.id = p.tariff_group_id AND g.banding <> 0
           WHERE l.slot = ANY(%(slots)s)""",
        f"""
        WITH bound AS (
            SELECT * FROM json_to_recordset(%(bounds)s::json)
                AS b (period date, banding int, "row" int, upper_1_wh bigint, upper_2_wh bigint)
        ), used AS (
            SELECT min(l.slot) AS slot, min(l.batch_id) AS batch_id, min(l.line_no) AS no,
                min(l.account_id) AS account_id, min(l.building_id) AS building_id, a.premise_id, l.period, g.banding,
                g.band_category, coalesce(sum(l.quantity_wh) FILTER (WHERE p.band = 1), 0) AS first_wh,
                coalesce(sum(l.quantity_wh) FILTER (WHERE p.band = 2), 0) AS second_wh,
                coalesce(sum(l.quantity_wh) FILTER (WHERE p.band > 2), 0) AS third_wh,
                -- a part of the month has its part of the bound
                bool_and(l.begins_on = l.period AND l.ends_on = l.period + interval '1 month') AS all_month
            FROM charging_chargeline l
            JOIN contracts_price p ON p.id = l.price_id
            JOIN contracts_tariffgroup g ON g.id = p.tariff_group_id AND g.banding <> 0
            JOIN contracts_account a ON a.id = l.account_id
            WHERE {SETTLED} AND {_CUT}
            GROUP BY a.premise_id, l.period, g.id
        ), bounded AS (
            SELECT u.*, b.upper_1_wh * people AS upper_1_wh, b.upper_2_wh
            FROM used u
            LEFT JOIN contracts_premiseterms t ON t.premise_id = u.premise_id AND t.during @> u.period
            CROSS JOIN LATERAL (
                SELECT CASE u.banding WHEN {_SOCIAL_NORM}
                    THEN coalesce(nullif(t.residents, 0), t.owners) ELSE 1 END AS people) h
            JOIN LATERAL (
                SELECT * FROM bound b WHERE b.period = u.period AND b.banding = u.banding AND CASE u.banding
                    WHEN {_RANGES} THEN b.row = u.band_category ELSE b.row <= people END
                ORDER BY b.row DESC LIMIT 1) b ON true
            -- a household that changed inside the month has a bound by days
            WHERE u.banding = {_RANGES} OR t.during @> (u.period + interval '1 month')::date - 1
        )
        SELECT 'line' AS kind, slot, batch_id, no, account_id, building_id, period,
            format('bands of premise %%s', premise_id) AS figure,
            format('at most %%s, then %%s Wh', upper_1_wh, upper_2_wh - upper_1_wh) AS expected,
            format('%%s, %%s, %%s Wh', first_wh, second_wh, third_wh) AS found
        FROM bounded
        WHERE first_wh > upper_1_wh OR first_wh + second_wh > upper_2_wh
           OR all_month AND (second_wh + third_wh > 0 AND first_wh < upper_1_wh
                             OR third_wh > 0 AND first_wh + second_wh < upper_2_wh)
        """,
    ),
)
