"""Whose payment a row is: by what stands in its account field, then its purpose, then the payer's INN and phone.

Each way has its confidence in percent, and a way that finds several accounts finds none: such a row waits for a
person. All rows are recognised as columns; the accounts are looked up once for each way.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from abonent.contexts.payments.models import Recognition

LEAST_CONFIDENCE = 85
"""What posts by itself unless the agent's settings say otherwise: an INN and a phone do not."""

Lookup = Callable[[pl.Series], pl.DataFrame]
"""Different texts → frame of `text`, `account_id`; a text may have several rows or none."""

_SAID = r"(?i)^(?:л/?с|лиц\w*\.?\s*сч\w*|№|n)[\s.:№]*"
_QR = r"(?i)PersAcc=([^|~^#$@!;\s]{3,20})"
_LABELLED = r"(?i)(?:л/с|\bлс|лиц(?:\.|\w*)\s*сч(?:\.|\w*)|\baccount)[\s.:№#-]{0,6}(\d{4,16})"
_CONTRACT = r"(?i)(?:договор\w*|дог\.?|контракт\w*|contract)\s*(?:№|N|#)?\s*[:.]?\s*([\w/-]{3,16})"
_GROUPS = r"\d{1,8}(?:[ -]\d{1,8})+"
_PERIOD = r"(?:^|[^\d.])(0[1-9]|1[0-2])[./](20\d\d)(?:[^\d.]|$)"
_USUAL_DIGITS = 10
_FEWEST_DIGITS, _MOST_DIGITS = 6, 16


@dataclass(frozen=True)
class Accounts:
    """Ways to find accounts: by their numbers, by the INN and by the phone (ten figures) of whoever pays for them."""

    by_number: Lookup
    by_inn: Lookup
    by_phone: Lookup


@dataclass(frozen=True)
class _Way:
    recognition: Recognition
    confidence: int
    lookup: Lookup
    texts: Callable[[pl.DataFrame], pl.DataFrame]


def recognise(rows: pl.DataFrame, accounts: Accounts) -> pl.DataFrame:
    """Add `account_id` (null: nobody's, or several could be meant), `recognition` and `confidence`.

    `rows`: row_no, account_text, purpose, payer_inn, phone. The order of the rows stays.
    """
    ways = (
        _Way(Recognition.ACCOUNT_FIELD, 100, accounts.by_number, _field),
        _Way(Recognition.ACCOUNT_FIELD, 95, accounts.by_number, _field_by_digits),
        _Way(Recognition.QR, 100, accounts.by_number, _found_by(_QR)),
        _Way(Recognition.PURPOSE, 95, accounts.by_number, _found_by(_LABELLED)),
        _Way(Recognition.PURPOSE, 90, accounts.by_number, _numbers_in_purpose),
        _Way(Recognition.CONTRACT, 85, accounts.by_number, _found_by(_CONTRACT)),
        _Way(Recognition.INN, 70, accounts.by_inn, _inn),
        _Way(Recognition.PHONE, 60, accounts.by_phone, _phone),
    )
    asked = rows.with_row_index("place").select("place", "account_text", "purpose", "payer_inn", "phone")
    found = []
    for way in ways:
        if asked.is_empty():
            break
        texts = way.texts(asked).filter(pl.col("text").str.len_chars() > 0)
        if texts.is_empty():
            continue
        known = way.lookup(texts["text"].unique())
        meant = (
            texts.join(known, on="text")
            .group_by("place")
            .agg(pl.col("account_id").first(), several=pl.col("account_id").n_unique() > 1)
        )
        found.append(
            meant.select(
                "place",
                account_id=pl.when(~pl.col("several")).then("account_id"),
                recognition=pl.when(~pl.col("several"))
                .then(pl.lit(int(way.recognition)))
                .otherwise(0)
                .cast(pl.Int16),
                confidence=pl.when(~pl.col("several"))
                .then(pl.lit(way.confidence))
                .otherwise(0)
                .cast(pl.Int16),
            )
        )
        asked = asked.join(meant, on="place", how="anti")
    schema = {"place": pl.UInt32, "account_id": pl.Int64, "recognition": pl.Int16, "confidence": pl.Int16}
    told = pl.concat([one.cast(schema) for one in found]) if found else pl.DataFrame(schema=schema)  # type: ignore[arg-type]
    return (
        rows.with_row_index("place")
        .join(told, on="place", how="left", maintain_order="left")
        .drop("place")
        .with_columns(pl.col("recognition", "confidence").fill_null(0))
    )


def named_period(purpose: pl.Expr) -> pl.Expr:
    """Return the first day of the month a purpose names, as 09.2026; null where it names none."""
    parts = purpose.str.extract_groups(_PERIOD)
    return pl.date(
        parts.struct.field("2").cast(pl.Int32, strict=False),
        parts.struct.field("1").cast(pl.Int32, strict=False),
        1,
    )


def passes_luhn(digits: pl.Expr) -> pl.Expr:
    """Tell whether the last digit is the check digit of the others (`kernel.identifiers`), up to sixteen digits."""
    backwards = digits.str.reverse()
    total = pl.lit(0, dtype=pl.Int32)
    for place in range(_MOST_DIGITS):
        digit = backwards.str.slice(place, 1).cast(pl.Int32, strict=False).fill_null(0)
        total += (digit * 2) // 10 + (digit * 2) % 10 if place % 2 else digit
    return total % 10 == 0


def _field(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("place", text=pl.col("account_text").str.strip_chars())


def _field_by_digits(rows: pl.DataFrame) -> pl.DataFrame:
    """Numbers that lost their zeros in a spreadsheet, have words before them or spaces within."""
    bare = pl.col("account_text").str.replace(_SAID, "").str.replace_all(r"[\s-]", "")
    digits = bare.str.replace(r"\.0+$", "")
    short = pl.when(digits.str.contains(r"^\d+$")).then(digits.str.strip_chars_start("0"))
    return _all_of(
        rows.select("place", digits, short.alias("short"), short.str.zfill(_USUAL_DIGITS).alias("long"))
    )


def _all_of(texts: pl.DataFrame) -> pl.DataFrame:
    return texts.unpivot(index="place", value_name="text").select("place", "text").drop_nulls().unique()


def _found_by(pattern: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def texts(rows: pl.DataFrame) -> pl.DataFrame:
        said = rows.filter(pl.col("purpose") != "")
        both = said.select("place", pl.col("purpose").str.extract(pattern).str.strip_chars(" .,-/"))
        digits = pl.col("purpose")
        return _all_of(
            both.with_columns(
                long=pl.when(digits.str.contains(r"^\d+$")).then(digits.str.zfill(_USUAL_DIGITS))
            )
        )

    return texts


def _numbers_in_purpose(rows: pl.DataFrame) -> pl.DataFrame:
    """Numbers with a right check digit, whole or written in groups; also those people put into the payer's account."""
    said = rows.select("place", text=pl.concat_str("purpose", "account_text", separator=" "))
    whole = said.with_columns(pl.col("text").str.extract_all(r"\d+")).explode("text")
    grouped = said.with_columns(pl.col("text").str.extract_all(_GROUPS)).explode("text")
    grouped = grouped.with_columns(pl.col("text").str.replace_all(r"[ -]", ""))
    numbers = pl.concat([whole, grouped]).drop_nulls().unique()
    return numbers.filter(
        pl.col("text").str.len_bytes().is_between(_FEWEST_DIGITS, _MOST_DIGITS) & passes_luhn(pl.col("text"))
    )


def _inn(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("place", text=pl.col("payer_inn").str.strip_chars())


def _phone(rows: pl.DataFrame) -> pl.DataFrame:
    digits = pl.col("phone").str.replace_all(r"\D", "")
    return rows.select("place", text=pl.when(digits.str.len_bytes() >= 10).then(digits.str.tail(10)))
