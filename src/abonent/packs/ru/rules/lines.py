"""The last step of every rule: rows with a quantity and a price become charge lines."""

import polars as pl

from abonent.engine import fixed, frames
from abonent.engine.registry import BECAUSE_WIDTH, Rule


def to_lines(priced: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Return LINES of `rule`; its `because` is read from columns of the declared names. One rounding a line."""
    if priced.is_empty():
        return frames.empty(frames.LINES)
    facts = [pl.col(name) for name in rule.because]
    facts += [pl.lit(0)] * (BECAUSE_WIDTH - len(facts))
    return frames.shape(
        priced.with_columns(
            service=pl.lit(rule.service),
            rule=pl.lit(rule.number),
            amount_minor=fixed.amount_minor("quantity_wh", "price_e5"),
            **{f"because_{place}": fact for place, fact in enumerate(facts, start=1)},
        ),
        frames.LINES,
    )
