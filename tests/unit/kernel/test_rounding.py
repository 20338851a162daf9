from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abonent.kernel.rounding import divide_half_away


@pytest.mark.parametrize(
    ("dividend", "divisor", "quotient"),
    [
        (5, 2, 3),
        (-5, 2, -3),
        (5, -2, -3),
        (-5, -2, 3),
        (4, 3, 1),
        (0, 7, 0),
        (1, 2, 1),
        (-1, 2, -1),
        (1, 3, 0),
    ],
)
def test_halves_go_away_from_zero(dividend: int, divisor: int, quotient: int) -> None:
    assert divide_half_away(dividend, divisor) == quotient


@given(st.integers(-(10**30), 10**30), st.integers(-(10**12), 10**12).filter(bool))
def test_agrees_with_decimal(dividend: int, divisor: int) -> None:
    with localcontext(prec=80):
        # decimal's HALF_UP means away from zero
        expected = (Decimal(dividend) / Decimal(divisor)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert divide_half_away(dividend, divisor) == int(expected)


def test_division_by_zero_is_refused() -> None:
    with pytest.raises(ZeroDivisionError):
        divide_half_away(1, 0)
