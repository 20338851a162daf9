"""What makes a payment the same payment again: digests of sixteen bytes, kept as UUIDs."""

from collections.abc import Iterable
from hashlib import blake2b

import polars as pl

_NO_NUMBER = r"^[\s0\-–—]*$"
_APART = "\x1f"


def with_keys(rows: pl.DataFrame, *, agent_id: int) -> pl.DataFrame:
    """Add `key` to the rows of a registry: the agent's number of the operation, or where there is none the row's words.

    The words are day, time, account, sum, payer, and which of several such rows it is, so that somebody may pay the
    same sum twice in a minute, while another file with both rows brings neither again.
    """
    number = pl.col("external_id").str.strip_chars()
    words = pl.concat_str(
        pl.col("paid_on").cast(pl.String),
        pl.col("paid_at").dt.to_string("%H:%M:%S").fill_null(""),
        pl.col("account_text").str.to_uppercase(),
        pl.col("amount_minor").cast(pl.String),
        pl.col("payer").str.to_uppercase(),
        separator=_APART,
    )
    told = rows.select(
        pl.when(number.str.contains(_NO_NUMBER)).then(None).otherwise(number).alias("number"),
        words.alias("words"),
    )
    nameless = told["number"].is_null()
    if nameless.any():
        told = told.with_columns(nth=pl.int_range(pl.len()).over("words", pl.col("number").is_null()))
        by_words = pl.format(
            "{}" + _APART + "row" + _APART + "{}" + _APART + "{}", pl.lit(agent_id), "words", "nth"
        )
    else:
        by_words = pl.lit("")
    by_number = pl.format("{}" + _APART + "operation" + _APART + "{}", pl.lit(agent_id), "number")
    texts = told.select(pl.when(pl.col("number").is_null()).then(by_words).otherwise(by_number)).to_series()
    return rows.with_columns(key=digests(texts))


def digests(texts: Iterable[str]) -> pl.Series:
    """Return a digest of each text, thirty-two hexadecimal figures as PostgreSQL reads a UUID."""
    return pl.Series(
        "key", [blake2b(text.encode(), digest_size=16).hexdigest() for text in texts], dtype=pl.String
    )
