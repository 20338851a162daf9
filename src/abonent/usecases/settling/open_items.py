"""What is open on accounts: debts that are not covered, money that covers nothing yet.

It is what was carried to the end of the last closed month, and everything booked in slots since; without anything
carried it is everything in the books. Either way the sums are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from abonent.engine.frames import Schema
from abonent.gateways.bulk_read import read_out

NO_DAY = date(1900, 1, 1)
NETTED = 10
LAST_DAY = -1
OPEN: Schema = {
    "account_id": pl.Int64,
    "payment_id": pl.Int64,
    "period": pl.Date,
    "service": pl.Int16,
    "debt": pl.Int16,
    "amount_minor": pl.Int64,
    "paid_on": pl.Date,
    "named_period": pl.Date,
    "named_debt": pl.Int16,
    "named_service": pl.Int16,
    "last_day": pl.Date,
}
"""An open debt (payment 0) or what is left of a payment (debt 0); below zero where too much is covered.

What nettings took from a debt or a credit stands apart, under its kind of debt and ten: together they are what is open.
A credit that is used in full and then is one no more would else look like a debt.
"""


def folded(found: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return items with what was netted in them, and the accounts (`account_id`) that have something to take back."""
    is_netted = pl.col("debt") > NETTED
    key = ["account_id", "payment_id", "period", "service", "debt"]
    items = (
        found.with_columns(
            used=pl.when(is_netted).then(-pl.col("amount_minor")).otherwise(0),
            debt=pl.when(is_netted).then(pl.col("debt") - NETTED).otherwise("debt").cast(pl.Int16),
        )
        .group_by(key)
        .agg(
            pl.col("amount_minor").sum(),
            pl.col("used").sum(),
            pl.exclude("amount_minor", "used", *key).first(),
        )
    )
    is_open = pl.col("amount_minor") != 0
    troubled = items.filter(is_open & ((pl.col("amount_minor") < 0) | (pl.col("used") < 0)))
    return items.filter(is_open).select(list(OPEN)), troubled.select("account_id").unique()


@dataclass(frozen=True)
class Carried:
    """What was carried forward, and the slots it is made of."""

    id: int
    slots: frozenset[int]


def read_open(cursor: Any, accounts: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the OPEN items of accounts, and `account_id, last_day`: when each was last booked.

    `accounts` is SQL for a condition on `account_id`.
    """
    carried = last_carried(cursor)
    since, before = "true", ""
    if carried is not None:
        since = in_slots([slot for slot in attached_slots(cursor) if slot not in carried.slots])
        before = f"UNION ALL {CARRIED} WHERE {accounts} AND carrying_id = {carried.id}"
    moves = MOVES.format(accounts=accounts, since=since)
    found = read_out(cursor, _OPEN_SQL.format(moves=f"{moves} {before}"), OPEN)
    is_day = pl.col("payment_id") == LAST_DAY
    return found.filter(~is_day), found.filter(is_day).select("account_id", "last_day")


def last_carried(cursor: Any) -> Carried | None:
    """Return what was carried last, if every month it holds has stayed closed since."""
    cursor.execute(
        """SELECT id, slots FROM payments_carrying c WHERE NOT EXISTS (
               SELECT FROM charging_billingperiod p
               WHERE p.month <= c.month AND (p.state <> 2 OR p.closed_at > c.made_at))
           ORDER BY month DESC LIMIT 1"""
    )
    found = cursor.fetchone()
    return None if found is None else Carried(found[0], frozenset(found[1]))


def attached_slots(cursor: Any) -> list[int]:
    """Return the slots that entries or allocations stand in."""
    cursor.execute(
        """SELECT DISTINCT substring(c.relname FROM '[0-9]+$')::int FROM pg_inherits i
           JOIN pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent IN ('ledger_entry'::regclass, 'payments_allocation'::regclass)"""
    )
    return sorted(row[0] for row in cursor.fetchall())


def in_slots(slots: Sequence[int]) -> str:
    """Return the condition on `slot`."""
    return f"slot = ANY ('{{{','.join(map(str, slots))}}}'::int[])"


CARRIED = """SELECT account_id, payment_id, period, service, debt, amount_minor, NULL::date
FROM payments_carrieditem"""
_NO_DEBT = "DATE '1900-01-01', 0::smallint, 0::smallint"
MOVES = f"""
SELECT account_id, 0::bigint AS payment_id, period, service,
    CASE kind WHEN 7 THEN 2 WHEN 8 THEN 3 ELSE 1 END::smallint AS debt, amount_minor, booked_on
FROM ledger_entry WHERE {{accounts}} AND {{since}} AND kind IN (1, 2, 3, 4, 7, 8, 9)
UNION ALL
SELECT account_id, v.payment_id, v.period, v.service, v.debt, -amount_minor, booked_on
FROM payments_allocation a CROSS JOIN LATERAL (
    VALUES (0::bigint, a.period, a.service, (a.debt + CASE a.payment_id WHEN 0 THEN {NETTED} ELSE 0 END)::smallint),
        (a.payment_id, {_NO_DEBT})
) AS v (payment_id, period, service, debt)
WHERE {{accounts}} AND {{since}}
UNION ALL
SELECT account_id, id, {_NO_DEBT}, amount_minor, booked_on
FROM payments_payment WHERE {{accounts}} AND {{since}} AND state IN (2, 3)
UNION ALL
SELECT account_id, payment_id, {_NO_DEBT}, -amount_minor, booked_on FROM (
    SELECT p.account_id, c.payment_id, c.slot, c.amount_minor, c.booked_on
    FROM payments_paymentchange c JOIN payments_payment p ON p.id = c.payment_id WHERE c.kind IN (1, 2, 3)
) c WHERE {{accounts}} AND {{since}}
"""
# The day on which an account was last booked stands in a row of its own (payment −1): the same pass over the rows tells
# it, and what adds up to nothing need not be read for it.
_OPEN_SQL = f"""
SELECT o.account_id, o.payment_id, o.period, o.service, o.debt, o.amount_minor,
    coalesce(p.paid_on, DATE '1970-01-01'), coalesce(p.named_period, DATE '1900-01-01'),
    coalesce(p.named_debt, 0)::smallint, coalesce(p.named_service, 0)::smallint, o.last_day
FROM (
    SELECT account_id, coalesce(payment_id, {LAST_DAY}) AS payment_id, coalesce(period, DATE '1900-01-01') AS period,
        coalesce(service, 0)::smallint AS service, coalesce(debt, 0)::smallint AS debt,
        sum(amount_minor)::bigint AS amount_minor, coalesce(max(booked_on), DATE '1900-01-01') AS last_day
    FROM ({{moves}}) m
    GROUP BY GROUPING SETS ((account_id, payment_id, period, service, debt), (account_id))
    HAVING sum(amount_minor) <> 0 OR grouping(payment_id) = 1
) o LEFT JOIN LATERAL (
    SELECT paid_on, named_period, named_debt, named_service FROM payments_payment
    WHERE o.payment_id > 0 AND id = o.payment_id OFFSET 0
) p ON true
"""
