"""A bank's statement that comes as a table: one row a movement, signed or in two columns."""

from typing import Any

import polars as pl

from abonent.gateways.bank_files import columns, statement_totals
from abonent.gateways.bank_files.model import (
    MOST_MINOR,
    BankDocument,
    Statement,
    StatementAccount,
)
from abonent.gateways.bank_files.table_values import Values

_FIELDS = statement_totals.Fields(
    account="own_account",
    opening="opening",
    received="received",
    spent="spent",
    closing="closing",
    booked="paid_on",
    left="paid_on",
    document="number",
)
_TEXTS = ("kind", "number", "payer", "payer_inn", "counterparty_account", "counterparty_bic", "purpose")


def statement(
    texts: pl.DataFrame,
    *,
    values: Values,
    own_account: str,
    encoding: str,
    skipped: tuple[int, ...],
    vouched: bool,
) -> Statement:
    """Make a statement of the texts of a table with columns of layout.STATEMENT_FIELDS. Raises Malformed."""
    has, layout = set(texts.columns), values.layout
    sums = [name for name in ("amount", "debit", "credit") if name in has]
    parsed = texts.with_columns(
        values.moments(pl.col("paid_on")).alias("moment"),
        (
            values.moments(pl.col("made_on")) if "made_on" in has else pl.lit(None, dtype=pl.Datetime("us"))
        ).alias("made"),
        *(values.money(pl.col(name)).alias(f"{name}_minor") for name in sums),
        (pl.col("own_account") if "own_account" in has else pl.lit(own_account)).alias("own"),
        (pl.col("currency").str.to_uppercase() if "currency" in has else pl.lit(layout.currency)).alias(
            "money"
        ),
        *(pl.lit("").alias(name) for name in (*_TEXTS, "external_id") if name not in has),
    )
    if "amount" in has:
        signed = pl.col("amount_minor")
    else:
        if layout.debit_negative:
            parsed = parsed.with_columns(-pl.col("debit_minor"))
        signed = pl.col("credit_minor").fill_null(0) - pl.col("debit_minor").fill_null(0)
    parsed = parsed.with_columns(signed.alias("signed"))
    day = pl.col("moment").dt.date()
    columns.refuse(
        parsed,
        [
            *columns.day_checks(day, pl.col("paid_on"), "paid_on", values.today),
            *(
                [
                    (
                        pl.col("made").is_null() & (pl.col("made_on") != ""),
                        "not_a_date",
                        "made_on",
                        pl.col("made_on"),
                    )
                ]
                if "made_on" in has
                else []
            ),
            *((pl.col(f"{n}_minor").is_null() & (pl.col(n) != ""), "not_a_sum", n, pl.col(n)) for n in sums),
            *(
                [
                    (_both(), "repeated", "debit", pl.col("debit")),
                    # a sum taken back by a sum below zero would change sides
                    *((pl.col(f"{n}_minor") < 0, "not_positive", n, pl.col(n)) for n in ("debit", "credit")),
                ]
                if "amount" not in has
                else [(pl.col("amount") == "", "missing", "amount", pl.col("amount"))]
            ),
            (pl.col("signed") == 0, "not_positive", sums[-1], pl.col(sums[-1])),
            (pl.col("signed").abs() > MOST_MINOR, "too_large_sum", sums[-1], pl.col(sums[-1])),
            (pl.col("own") == "", "missing", "own_account", pl.col("own")),
            (
                ~pl.col("money").str.contains(r"^([A-Z]{3})?$"),
                "foreign_currency",
                "currency",
                pl.col("money"),
            ),
        ],
    )
    documents = [_document(row, has) for row in parsed.iter_rows(named=True)]
    accounts: dict[str, StatementAccount] = {}
    for one in documents:
        accounts.setdefault(
            one.own_account,
            StatementAccount(row_no=one.row_no, number=one.own_account, currency=one.currency),
        )
    days = [one.booked_on for one in documents if one.booked_on]
    return Statement(
        format="table",
        encoding=encoding,
        accounts=tuple(accounts.values()),
        documents=tuple(documents),
        since=min(days, default=None),
        until=max(days, default=None),
        discrepancies=statement_totals.check([], documents, fields=_FIELDS, vouched=vouched),
        skipped=skipped,
    )


def _both() -> pl.Expr:
    """A movement is out or in, never both."""
    return (pl.col("debit_minor").fill_null(0) != 0) & (pl.col("credit_minor").fill_null(0) != 0)


def _document(row: dict[str, Any], has: set[str]) -> BankDocument:
    texts = {name: row[name] for name in _TEXTS}
    return BankDocument(
        row_no=row["row_no"],
        own_account=row["own"],
        incoming=row["signed"] > 0,
        kind=texts["kind"],
        number=texts["number"],
        made_on=(row["made"] or row["moment"]).date(),
        booked_on=row["moment"].date(),
        amount_minor=abs(row["signed"]),
        currency=row["money"],
        counterparty=texts["payer"],
        counterparty_inn=texts["payer_inn"],
        counterparty_account=texts["counterparty_account"],
        counterparty_bic=texts["counterparty_bic"],
        purpose=texts["purpose"],
        # where there is no number, the moment tells two alike operations of a day apart
        external_id=row["external_id"] or ("" if "number" in has else row["paid_on"]),
    )
