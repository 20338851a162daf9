"""Fixed-point arithmetic on columns: the only door through which amounts are multiplied and divided.

Polars wraps Int64 silently and rounds Decimal products half to even, so products are taken in Int128 and
brought back by one named rounding, halves away from zero, with a cast that fails rather than wraps.
"""

import polars as pl


def _column(value: pl.Expr | str | int) -> pl.Expr:
    if isinstance(value, str):
        value = pl.col(value)
    elif isinstance(value, int):
        value = pl.lit(value)
    return value.cast(pl.Int128)


def mul_div(
    left: pl.Expr | str | int, right: pl.Expr | str | int, *, divisor: pl.Expr | str | int
) -> pl.Expr:
    """Return `left × right ÷ divisor` as Int64, rounded once, halves away from zero; `divisor` > 0."""
    product = _column(left) * _column(right)
    by = _column(divisor)
    rounded = (2 * product.abs() + by) // (2 * by)
    return (product.sign() * rounded).cast(pl.Int64, strict=True)


# watt-hours × hundred-thousandths of a rouble per kilowatt-hour, brought down to kopecks
_WH_PRICE_E5_PER_MINOR = 1_000 * 100_000 // 100


def amount_minor(quantity_wh: pl.Expr | str, price_e5: pl.Expr | str) -> pl.Expr:
    """Return the price of a quantity in minor units: rounded once per document line."""
    return mul_div(quantity_wh, price_e5, divisor=_WH_PRICE_E5_PER_MINOR)
