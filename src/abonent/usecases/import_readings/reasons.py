"""Reasons gathered into a list on the few rows that have any; the many that have none are not touched."""

from collections.abc import Iterable, Mapping

import polars as pl

EMPTY = pl.lit([], dtype=pl.List(pl.String))


def add(frame: pl.DataFrame, found: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Return the rows with the codes of `found` (code → condition) added to their reasons; in another order."""
    conditions = {code: condition.fill_null(False) for code, condition in found.items()}
    odd = frame.select(odd=pl.any_horizontal(*conditions.values()))["odd"]
    if not odd.any():
        return frame
    told = frame.filter(odd).with_columns(
        reasons=pl.concat_list(
            "reasons", *(pl.when(condition).then(pl.lit(code)) for code, condition in conditions.items())
        ).list.drop_nulls()
    )
    return pl.concat([frame.filter(~odd), told])


def without(codes: pl.Expr, which: Iterable[str]) -> pl.Expr:
    """Return the lists less some codes, in their order."""
    element = pl.element()
    # not `set_difference`, which fails on frames put together of several (polars 2.1)
    return codes.list.eval(element.filter(~element.is_in(sorted(which))))
