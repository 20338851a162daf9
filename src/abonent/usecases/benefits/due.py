"""What is due to the holders of benefits of some accounts in some months, out of the books as they are now."""

from collections.abc import Callable
from typing import Any

import polars as pl
from django.db import connection

from abonent.contexts.charging.models import RunKind
from abonent.engine.frames import Schema
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.rules import benefits as rule

PAIRS: Schema = {"account_id": pl.Int64, "period": pl.Date}
"""Accounts in months."""

_LINES: Schema = {
    "account_id": pl.Int64,
    "period": pl.Date,
    "usage_wh": pl.Int64,
    "amount_minor": pl.Int64,
}
_HOUSEHOLDS: Schema = {
    name: kind for name, kind in rule.CHARGED.items() if name not in ("usage_wh", "amount_minor")
}


Reader = Callable[[str, dict[str, Any], Schema], pl.DataFrame]
"""Reads the rows of a query with its values."""


def read(query: str, values: dict[str, Any], schema: Schema) -> pl.DataFrame:
    """Return the rows of a query as a frame."""
    with connection.cursor() as cursor:
        return read_by(cursor)(query, values, schema)


def read_by(cursor: Any) -> Reader:
    """Return a reader on an open cursor, which sees what that sees."""

    def reader(query: str, values: dict[str, Any], schema: Schema) -> pl.DataFrame:
        cursor.execute(query, values)
        return pl.DataFrame(cursor.fetchall(), schema=dict(schema), orient="row")

    return reader


def due(pairs: pl.DataFrame, *, parameters: ParameterSet, read: Reader = read) -> pl.DataFrame:
    """Return COMPENSATIONS of every holder of these accounts in these months; `pairs` are PAIRS, each once.

    Raises ParameterMissingError, NormMissing.
    """
    values: dict[str, Any] = {"accounts": pairs["account_id"].to_list(), "periods": pairs["period"].to_list()}
    months = [Month.of(day) for day in pairs["period"].unique().sort()]
    values["months"] = [month.first_day for month in months]
    values["not_compensated"] = list(rule.NOT_COMPENSATED)
    slots = {"months": values["months"], "manual": RunKind.MANUAL}
    values["slots"] = read(_SLOTS, slots, {"slot": pl.Int64})["slot"].to_list()
    lines = read(_CHARGED, values, _LINES)
    households = read(_HOUSEHOLD, values, _HOUSEHOLDS)
    charged = households.join(lines, on=["account_id", "period"], how="left").with_columns(
        pl.col("usage_wh", "amount_minor").fill_null(0)
    )
    holders = read(_HOLDERS, values, rule.HOLDERS)
    return rule.compensate(charged.select(list(rule.CHARGED)), holders, rule.norms(parameters, months))


_SLOTS = """
SELECT DISTINCT run.slot FROM charging_run run
WHERE run.slot IS NOT NULL AND run.state IN (4, 5) AND (
    run.period = ANY(%(months)s) OR run.kind = %(manual)s
    OR EXISTS (SELECT FROM charging_runshard shard WHERE shard.run_id = run.id AND shard.period = ANY(%(months)s)))
"""

_PAIR = "unnest(%(accounts)s::bigint[], %(periods)s::date[]) AS pair (account_id, period)"
_MONTH = "daterange(pair.period, (pair.period + interval '1 month')::date)"

# lines and what took them back add up to the lines that stand
_CHARGED = f"""
SELECT pair.account_id, pair.period,
       coalesce(sum(line.quantity_wh) FILTER (WHERE line.rule <> ALL(%(not_compensated)s)), 0)::bigint,
       coalesce(sum(line.amount_minor) FILTER (WHERE line.rule <> ALL(%(not_compensated)s)), 0)::bigint
FROM {_PAIR}
JOIN charging_chargeline line ON line.account_id = pair.account_id AND line.period = pair.period
WHERE line.slot = ANY(%(slots)s) AND line.service = 1
GROUP BY pair.account_id, pair.period
"""

# a household is what it was on the first day of the month the account was served; nobody registered: its owners
_HOUSEHOLD = f"""
SELECT pair.account_id, pair.period, coalesce(terms.norm_category, 1),
       coalesce(CASE WHEN terms.residents > 0 THEN terms.residents ELSE terms.owners END, 0),
       served.share_numerator, served.share_denominator, served.days,
       ((pair.period + interval '1 month')::date - pair.period)
FROM {_PAIR}
CROSS JOIN LATERAL (
    SELECT min(greatest(lower(service.during), pair.period)) AS first_day, min(service.premise_id) AS premise_id,
           (array_agg(service.share_numerator ORDER BY service.during))[1] AS share_numerator,
           (array_agg(service.share_denominator ORDER BY service.during))[1] AS share_denominator,
           sum(upper(service.during * {_MONTH}) - lower(service.during * {_MONTH})) AS days
    FROM contracts_accountservice service
    WHERE service.account_id = pair.account_id AND service.service = 1 AND service.during && {_MONTH}
    HAVING count(*) > 0
) served
LEFT JOIN LATERAL (
    SELECT term.residents, term.owners, tariff.norm_category
    FROM contracts_premiseterms term JOIN contracts_tariffgroup tariff ON tariff.id = term.tariff_group_id
    WHERE term.premise_id = served.premise_id
      AND term.during && daterange(served.first_day, (pair.period + interval '1 month')::date)
    ORDER BY term.during LIMIT 1
) terms ON true
"""

_HOLDERS = f"""
SELECT holder.id, pair.account_id, pair.period, category.percent, category.within_norm,
       CASE WHEN category.covers_family THEN holder.people ELSE 1 END,
       coalesce((SELECT sum(upper(together) - lower(together))
                 FROM contracts_accountservice service,
                      LATERAL (SELECT service.during * holder.during * {_MONTH} AS together) days
                 WHERE service.account_id = pair.account_id AND service.service = 1 AND NOT isempty(together)), 0)
FROM {_PAIR}
JOIN contracts_benefitholder holder ON holder.account_id = pair.account_id AND holder.during && {_MONTH}
JOIN contracts_benefitcategory category ON category.id = holder.category_id
"""
