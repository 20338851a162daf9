"""Products of columns against Python's unbounded fractions: the same to the last unit, or refused."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from abonent.engine import fixed

MOST = 2**63 - 1
int64 = st.one_of(st.integers(-MOST - 1, MOST), st.integers(-(10**9), 10**9))
divisors = st.one_of(st.integers(1, MOST), st.integers(1, 10**7))


def half_away(exact: Fraction) -> int:
    """Round to the nearest whole number by comparing distances, not by the engine's formula."""
    below = exact.numerator // exact.denominator
    distance = exact - below
    if distance == Fraction(1, 2):
        return below + 1 if exact > 0 else below
    return below if distance < Fraction(1, 2) else below + 1


def by_engine(left: int, right: int, divisor: int) -> int:
    frame = pl.DataFrame(
        {"left": [left], "right": [right], "divisor": [divisor]}, schema_overrides={"left": pl.Int64}
    )
    return frame.select(fixed.mul_div("left", "right", divisor="divisor")).item()


@given(left=int64, right=int64, divisor=divisors)
@example(left=MOST, right=MOST, divisor=MOST)
@example(left=-MOST - 1, right=-MOST - 1, divisor=MOST)
@example(left=-MOST - 1, right=-MOST - 1, divisor=1)
@example(left=-MOST - 1, right=MOST, divisor=MOST)
@example(left=2**62, right=4, divisor=1)  # wraps to zero in Int64
@example(left=1, right=5, divisor=10)
@example(left=-1, right=5, divisor=10)
@example(left=3, right=5, divisor=10)
def test_a_product_is_exact_or_refused(left: int, right: int, divisor: int) -> None:
    expected = half_away(Fraction(left * right, divisor))
    if -MOST - 1 <= expected <= MOST:
        assert by_engine(left, right, divisor) == expected
    else:
        with pytest.raises(pl.exceptions.PolarsError):
            by_engine(left, right, divisor)


@given(st.lists(st.tuples(st.integers(-(10**13), 10**13), st.integers(0, 10**7)), min_size=1, max_size=40))
def test_an_amount_is_rounded_once_to_the_kopeck(rows: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(rows, schema={"quantity_wh": pl.Int64, "price_e5": pl.Int64}, orient="row")
    amounts = frame.select(fixed.amount_minor("quantity_wh", "price_e5")).to_series().to_list()
    # kWh × roubles × 100 kopecks
    assert amounts == [half_away(Fraction(wh, 1000) * Fraction(e5, 100_000) * 100) for wh, e5 in rows]


@pytest.mark.parametrize(
    ("quantity_wh", "price_e5", "kopecks"),
    [
        (150_000, 193_600, 29_040),  # 150 kWh at 1,936 = 290,40
        (50_000, 193_600, 9_680),  # a share of 50 kWh: 96,80
        (140_461, 193_600, 27_193),  # a share of 140,461 kWh: 271,93
        (1, 500_000, 1),  # half a kopeck goes up
        (-1, 500_000, -1),  # and down below zero
        (1, 499_999, 0),
    ],
)
def test_known_amounts(quantity_wh: int, price_e5: int, kopecks: int) -> None:
    frame = pl.DataFrame({"quantity_wh": [quantity_wh], "price_e5": [price_e5]})
    assert frame.select(fixed.amount_minor("quantity_wh", "price_e5")).item() == kopecks
