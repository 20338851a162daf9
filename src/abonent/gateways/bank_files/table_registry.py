"""A registry of payments that comes as a table: one row a payment."""

import polars as pl

from abonent.gateways.bank_files import columns
from abonent.gateways.bank_files.model import REGISTRY
from abonent.gateways.bank_files.table_values import SUMS, Values


def frame(texts: pl.DataFrame, *, values: Values) -> pl.DataFrame:
    """Return the REGISTRY of the texts of a table with columns of layout.REGISTRY_FIELDS. Raises Malformed."""
    has, layout = set(texts.columns), values.layout
    parsed = texts.with_columns(
        values.moments(pl.col("paid_on")).alias("moment"),
        *(values.money(_text(name, has)).alias(f"{name}_read") for name in SUMS),
    ).with_columns(pl.col("amount_read").alias("amount_minor"))
    if layout.commission_negative:
        parsed = parsed.with_columns(-pl.col("commission_read"))
    parsed = _complete(parsed, withheld=layout.commission == "withheld")
    clock, day = columns.clock(_text("paid_at", has)), pl.col("moment").dt.date()
    columns.refuse(
        parsed,
        [
            *columns.day_checks(day, pl.col("paid_on"), "paid_on", values.today),
            (clock.is_null() & (_text("paid_at", has) != ""), "not_a_time", "paid_at", _text("paid_at", has)),
            *columns.sum_checks("amount"),
            *(
                (
                    pl.col(f"{name}_read").is_null() & (_text(name, has) != ""),
                    "not_a_sum",
                    name,
                    _text(name, has),
                )
                for name in SUMS[1:]
            ),
            (pl.col("commission_minor") < 0, "not_positive", "commission", pl.col("commission_minor")),
            (pl.col("transferred_minor") < 0, "not_positive", "transferred", pl.col("transferred_minor")),
            (columns.does_not_add_up(), "row_total", "transferred", pl.col("transferred_minor")),
        ],
    )
    period, said = columns.period(_text("period", has)), _text("period", has)
    # what is no period stays readable: the payer may have typed anything
    odd = pl.when(period.is_null()).then(said).otherwise(pl.lit(""))
    nothing = pl.lit(None, dtype=pl.Datetime("us"))
    at = pl.col("moment") if values.tell_time else nothing
    account = _text("account_text", has).str.strip_prefix(layout.account_prefix).str.strip_chars()
    return parsed.select(
        "row_no",
        day.alias("paid_on"),
        (day.dt.combine(clock) if "paid_at" in has else at).alias("paid_at"),
        _text("external_id", has),
        account.alias("account_text"),
        *(_text(name, has) for name in ("payer", "payer_inn", "phone", "address")),
        period.alias("period"),
        *(f"{name}_minor" for name in SUMS),
        pl.concat_str([_text("purpose", has), odd], separator=" ").str.strip_chars().alias("purpose"),
    ).cast(REGISTRY)


def _text(name: str, has: set[str]) -> pl.Expr:
    return pl.col(name) if name in has else pl.lit("").alias(name)


def _complete(parsed: pl.DataFrame, *, withheld: bool) -> pl.DataFrame:
    """Tell the commission or what is transferred where the sender leaves one out, in a row or altogether."""
    amount, nothing = pl.col("amount_minor"), pl.lit(0, dtype=pl.Int64)
    kept = amount - pl.col("transferred_read") if withheld else nothing
    parsed = parsed.with_columns(pl.coalesce("commission_read", kept, nothing).alias("commission_minor"))
    rest = amount - pl.col("commission_minor") if withheld else amount
    return parsed.with_columns(pl.coalesce("transferred_read", rest).alias("transferred_minor"))
