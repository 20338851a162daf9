"""What would become of each row: posted, waiting for a person, known from another file."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from django.db import connection

from abonent.contexts.payments.models import Agent
from abonent.kernel.money import format_minor
from abonent.usecases.import_payments import accounts, notices
from abonent.usecases.import_payments.model import MOST_PROBLEMS, FileRefused, Problem
from abonent.usecases.import_payments.reading import Taken
from abonent.usecases.import_payments.recognition import LEAST_CONFIDENCE, recognise

_AT_ONCE = 50_000
_KNOWN = {"key": pl.String, "known_minor": pl.Int64, "known_paid_on": pl.Date, "known_file_id": pl.Int64}
# an operation that is told again may have another day, by another clock; beyond that it is another one, whose agent
# numbers anew, and taking it for known would lose its money
_SAME_WITHIN_DAYS = 7


def recognised(taken: Taken, agent: Agent) -> pl.DataFrame:
    """Return the rows with `account_id` (null: a person decides), `recognition`, `confidence` and `outcome`."""
    least = int(agent.layout.get("least_confidence", LEAST_CONFIDENCE))
    rows = recognise(taken.rows, accounts.of_supplier(agent.supplier_id))
    rows = rows.with_columns(account_id=pl.when(pl.col("confidence") >= least).then("account_id"))
    rows = rows.with_columns(
        outcome=pl.when(pl.col("account_id").is_null())
        .then(pl.lit("unidentified"))
        .otherwise(pl.lit("posted"))
    )
    return notices.matched(rows, agent) if taken.is_notices else rows


def judged(taken: Taken, agent: Agent) -> pl.DataFrame:
    """Return the rows with `outcome` as the books are now, and `known_file_id`.

    Raises what `refuse_changed` raises.
    """
    known = refuse_changed(taken, agent)
    rows = recognised(taken, agent).join(
        known.drop("known_minor", "known_paid_on"), on="key", how="left", maintain_order="left"
    )
    is_known = pl.col("key").is_in(known["key"].implode())
    return rows.with_columns(outcome=pl.when(is_known).then(pl.lit("known")).otherwise("outcome"))


def refuse_changed(taken: Taken, agent: Agent) -> pl.DataFrame:
    """Return what the books know of the file (`known_keys`).

    Raises FileRefused where the books have an operation of the file with another sum, or on quite another day.
    """
    with connection.cursor() as cursor:
        known = known_keys(cursor, agent.supplier_id, taken.rows["key"])
    if known.is_empty():
        return known
    both = taken.rows.join(known, on="key").sort("row_no")
    days_apart = (pl.col("paid_on") - pl.col("known_paid_on")).dt.total_days().abs()
    for code, field, differs in (
        ("known_differs", "amount", pl.col("known_minor") != pl.col("amount_minor")),
        ("known_elsewhen", "paid_on", days_apart > _SAME_WITHIN_DAYS),
    ):
        wrong = both.filter(differs)
        if wrong.height:
            told = [
                Problem(
                    row_no=row["row_no"],
                    field=field,
                    value=format_minor(row["amount_minor"]) if field == "amount" else row[field].isoformat(),
                    code=code,
                )
                for row in wrong.head(MOST_PROBLEMS).iter_rows(named=True)
            ]
            raise FileRefused(code, told, rows=wrong.height)
    return known


def known_keys(cursor: Any, supplier_id: int, keys: pl.Series | Sequence[str]) -> pl.DataFrame:
    """Return the keys the books have already, with the sum and the file of the payment."""
    texts = keys.to_list() if isinstance(keys, pl.Series) else list(keys)
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(texts), _AT_ONCE):
        cursor.execute(
            "SELECT replace(key::text, '-', ''), amount_minor, paid_on, file_id FROM payments_payment "
            "WHERE supplier_id = %s AND key = ANY (%s::uuid[])",
            [supplier_id, texts[start : start + _AT_ONCE]],
        )
        found += cursor.fetchall()
    return pl.DataFrame(found, schema=_KNOWN, orient="row")
