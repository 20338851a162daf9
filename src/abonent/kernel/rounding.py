"""The one rounding of the house: to the nearest whole, halves away from zero."""


def divide_half_away(dividend: int, divisor: int, /) -> int:
    """Return dividend / divisor rounded to the nearest whole number, halves away from zero.

    Raises ZeroDivisionError when the divisor is zero.
    """
    quotient, remainder = divmod(abs(dividend), abs(divisor))
    if 2 * remainder >= abs(divisor):
        quotient += 1
    return quotient if (dividend < 0) == (divisor < 0) else -quotient
