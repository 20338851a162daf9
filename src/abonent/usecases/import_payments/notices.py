"""Notices of payments (ГИС ЖКХ): they tell of money that may have come by another channel already."""

from datetime import timedelta

import polars as pl
from django.db import connection

from abonent.contexts.payments.models import Agent

DAYS_APART = 3
"""How far the day of a notice and that of the payment may lie apart, unless the agent's settings say otherwise."""


def matched(rows: pl.DataFrame, agent: Agent) -> pl.DataFrame:
    """Set the outcome of notices: "arrived" when the payment is in the books, "told" when it is not.

    A payment answers one notice: the nearest by day of those with its account and sum. Where the agent's settings say
    that notices are posted, what has not arrived stays "posted" or "unidentified".
    """
    settings = agent.layout.get("notices", {})
    found = _payments(rows, agent, int(settings.get("days", DAYS_APART)))
    pairs = (
        rows.filter(pl.col("account_id").is_not_null())
        .select("row_no", "account_id", "amount_minor", told_on="paid_on")
        .join(found, on=["account_id", "amount_minor"])
        .with_columns(apart=(pl.col("told_on") - pl.col("paid_on")).abs())
        .filter(pl.col("apart") <= timedelta(days=int(settings.get("days", DAYS_APART))))
        .sort("apart", "row_no", "payment_id")
    )
    answered, used = set(), set()
    for row_no, payment_id in pairs.select("row_no", "payment_id").iter_rows():
        if row_no not in answered and payment_id not in used:
            answered.add(row_no)
            used.add(payment_id)
    arrived = pl.col("row_no").is_in(list(answered))
    otherwise = pl.col("outcome") if settings.get("post") else pl.lit("told")
    return rows.with_columns(outcome=pl.when(arrived).then(pl.lit("arrived")).otherwise(otherwise))


def _payments(rows: pl.DataFrame, agent: Agent, days: int) -> pl.DataFrame:
    schema = {"payment_id": pl.Int64, "account_id": pl.Int64, "amount_minor": pl.Int64, "paid_on": pl.Date}
    account_ids = rows["account_id"].drop_nulls().unique().to_list()
    if not account_ids:
        return pl.DataFrame(schema=schema)
    days_told = rows["paid_on"].unique().to_list()
    first, last = min(days_told) - timedelta(days=days), max(days_told) + timedelta(days=days)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, account_id, amount_minor, paid_on FROM payments_payment "
            "WHERE account_id = ANY (%s) AND state = 2 AND agent_id <> %s AND paid_on BETWEEN %s AND %s",
            [account_ids, agent.pk, first, last],
        )
        return pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")
