"""Columns of text into days and sums, a million at a time; and the rows where that cannot be done."""

import re
from collections.abc import Sequence
from datetime import date

import polars as pl

from abonent.gateways.bank_files.model import EARLIEST, MOST_MINOR, Malformed

_SHOWN = 20
Check = tuple[pl.Expr, str, str, pl.Expr]
"""What is wrong, the code, the field and the value to show."""

_SPACE = r"[\s\u00a0\u202f']"


def money(
    text: pl.Expr,
    *,
    decimal: str = "",
    in_minor: bool = False,
    in_groups: bool = True,
    of_workbook: bool = False,
) -> pl.Expr:
    """Return whole minor units; null for what is no sum. Dot or comma; `in_groups`, spaces between thousands.

    With `decimal` the other mark may set thousands apart. 1.500 is refused: it may mean either. A workbook may hold
    0.30000000000000004 for 0.3: noise beyond the sixth decimal place is passed over there.
    """
    plain = text.str.strip_chars().str.replace("−", "-", literal=True)
    apart, mark = _SPACE, r"[.,]"
    if decimal and not of_workbook:
        apart, mark = rf"(?:{_SPACE}|{re.escape('.' if decimal == ',' else ',')})", re.escape(decimal)
    if in_groups:
        grouped = rf"^[-+]?\d{{1,3}}(?:{apart}\d{{3}})+(?:{mark}\d{{1,2}})?$"
        whole_groups = plain.str.replace_all(rf"{apart}(\d{{3}})", "$1")
        plain = pl.when(plain.str.contains(grouped)).then(whole_groups).otherwise(plain)
    if in_minor:
        whole = plain.str.replace(rf"{mark}00?$", "")
        return pl.when(whole.str.contains(r"^[-+]?\d{1,15}$")).then(whole.cast(pl.Int64, strict=False))
    noise = r"(?:0{4,}\d*|9{4,}\d*)?" if of_workbook else ""
    pointed = plain.str.replace(",", ".", literal=True)
    # the pattern allows two decimals, so that reading them as a decimal of two places rounds nothing
    return pl.when(plain.str.contains(rf"^[-+]?\d{{1,13}}(?:{mark}\d{{1,2}}{noise})?$")).then(
        pointed.cast(pl.Decimal(18, 2), strict=False).to_physical().cast(pl.Int64, strict=False)
    )


def day(text: pl.Expr, formats: Sequence[str]) -> pl.Expr:
    """Return the moment by the first of the formats that fits; null for what is no such day."""
    return pl.coalesce(
        [
            pl.when(text.str.contains(_pattern(one))).then(
                text.str.to_datetime(one, strict=False, time_unit="us")
            )
            for one in formats
        ]
    )


def period(text: pl.Expr) -> pl.Expr:
    """Return the first day of a month written as 1225, 12.2025, 122025, 2025-12 or as a day of it; else null."""
    shapes = (
        (r"^(\d{2})[.\-/]?(\d{2})$", 1, 2),
        (r"^(\d{2})[.\-/]?(20\d{2})$", 1, 2),
        (r"^(20\d{2})[.\-/]?(\d{2})(?:[.\-/]\d{2})?$", 2, 1),
        (r"^\d{2}[.\-/](\d{2})[.\-/](20\d{2})$", 1, 2),
    )
    found = []
    for shape, month_group, year_group in shapes:
        month = text.str.extract(shape, month_group)
        year = text.str.extract(shape, year_group)
        first = pl.format(
            "{}-{}-01", pl.when(year.str.len_chars() == 2).then(pl.lit("20") + year).otherwise(year), month
        )
        found.append(first.str.to_date("%Y-%m-%d", strict=False))
    return pl.coalesce(found)


def clock(text: pl.Expr) -> pl.Expr:
    """Return the time of a day: 09:32:33, 09-32-33 or 09:32."""
    plain = text.str.replace_all("[-.]", ":")
    return pl.coalesce(
        pl.when(plain.str.len_chars() > 5).then(plain).str.to_time("%H:%M:%S", strict=False),
        pl.when(plain.str.len_chars() <= 5).then(plain + pl.lit(":00")).str.to_time("%H:%M:%S", strict=False),
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


def refuse(frame: pl.DataFrame, checks: Sequence[Check]) -> None:
    """Raise Malformed for the first rows, in the order of the file, where a check holds.

    `frame` has `row_no`.
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


def day_checks(day: pl.Expr, said: pl.Expr, field: str, today: date) -> list[Check]:
    return [
        (day.is_null(), "not_a_date", field, said),
        (day > today, "in_future", field, said),
        (day < EARLIEST, "too_old", field, said),
    ]


def sum_checks(name: str, *, may_be_nothing: bool = False) -> list[Check]:
    """Check `<name>_minor`, which was read out of the text in the column `name`."""
    minor, said = pl.col(f"{name}_minor"), pl.col(name)
    return [
        (minor.is_null(), "not_a_sum", name, said),
        ((minor < 0) if may_be_nothing else (minor <= 0), "not_positive", name, said),
        (minor > MOST_MINOR, "too_large_sum", name, said),
    ]


def does_not_add_up() -> pl.Expr:
    """Find rows whose sums disagree: a commission is taken from the sum, or paid by the payer on top of it."""
    amount, transferred = pl.col("amount_minor"), pl.col("transferred_minor")
    return (amount != transferred) & (amount != transferred + pl.col("commission_minor"))


_OPERATION = ("external_id", "account_text", "paid_on", "paid_at", "amount_minor", "period")


def doubled(frame: pl.DataFrame, *, same: Sequence[str] = _OPERATION) -> list[Malformed]:
    """Return the rows of a registry's frame that tell an operation again."""
    numbered = frame.filter(pl.col("external_id") != "")
    if not numbered["external_id"].is_duplicated().any():
        return []
    again = numbered.filter(~pl.struct(list(same)).is_first_distinct()).head(100)
    return [
        Malformed("duplicate", row=row, field="external_id", value=value)
        for row, value in again.select("row_no", "external_id").iter_rows()
    ]
