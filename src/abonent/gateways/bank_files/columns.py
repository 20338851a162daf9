"""Columns of text into days and sums, a million at a time; and the rows where that cannot be done."""

from collections.abc import Sequence

import polars as pl

from abonent.gateways.bank_files.model import Malformed

_SHOWN = 20
_SUM = r"^[-+]?\d{1,13}(?:[.,]\d{1,2}0*)?$"


def money(text: pl.Expr, *, in_minor: bool = False) -> pl.Expr:
    """Return whole minor units; null for what is no sum. Dot or comma; spaces between thousands."""
    plain = (
        text.str.strip_chars().str.replace_all(r"[\s\u00a0\u202f']", "").str.replace("−", "-", literal=True)
    )
    if in_minor:
        return pl.when(plain.str.contains(r"^[-+]?\d{1,15}$")).then(plain.cast(pl.Int64, strict=False))
    pointed = plain.str.replace(",", ".", literal=True)
    # the pattern allows two decimals, so that reading them as a decimal of two places rounds nothing
    return pl.when(plain.str.contains(_SUM)).then(
        pointed.cast(pl.Decimal(18, 2), strict=False).to_physical().cast(pl.Int64, strict=False)
    )


def day(text: pl.Expr, formats: Sequence[str]) -> pl.Expr:
    """Return the first of the formats that fits, by strict rules: figures of full width."""
    return pl.coalesce(
        [
            pl.when(text.str.contains(_pattern(one))).then(
                text.str.to_datetime(one, strict=False, time_unit="us")
            )
            for one in formats
        ]
    )


_PARTS = {
    "%d": r"\d{1,2}",
    "%m": r"\d{1,2}",
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%H": r"\d{1,2}",
    "%M": r"\d{2}",
    "%S": r"\d{2}",
}


def _pattern(form: str) -> str:
    escaped = form.replace(".", r"\.").replace(" ", r"\s")
    for part, figures in _PARTS.items():
        escaped = escaped.replace(part, figures)
    return f"^{escaped}$"


def refuse(frame: pl.DataFrame, checks: Sequence[tuple[pl.Expr, str, str, pl.Expr]]) -> None:
    """Raise Malformed for the first rows, in the order of the file, where a check holds.

    A check is (what is wrong, code, field, the value to show); `frame` has `row_no`.
    """
    found: list[Malformed] = []
    flags = frame.select(
        wrong.fill_null(False).any().alias(str(n)) for n, (wrong, *_) in enumerate(checks)
    ).row(0)
    for (wrong, code, field, value), any_wrong in zip(checks, flags, strict=True):
        if not any_wrong:
            continue
        rows = (
            frame.filter(wrong)
            .head(_SHOWN)
            .select("row_no", value.cast(pl.String).fill_null("").alias("value"))
        )
        found += [Malformed(code, row=row, field=field, value=value) for row, value in rows.iter_rows()]
    if found:
        first, *others = sorted(found, key=lambda one: one.row)
        raise first.with_more(others)
