"""Money, energy, prices and areas as people write them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abonent.kernel import money, quantities
from abonent.kernel.decimals import FigureError

NBSP = "\u00a0"
PAIRS: list[tuple[Callable[..., str], Callable[[str], int]]] = [
    (money.format_minor, money.parse_minor),
    (quantities.format_wh, quantities.parse_kwh),
    (quantities.format_price, quantities.parse_price),
    (quantities.format_area, quantities.parse_area),
]


@pytest.mark.parametrize(
    ("amount_minor", "plain", "russian", "english"),
    [
        (0, "0.00", "0,00", "0.00"),
        (5, "0.05", "0,05", "0.05"),
        (-5, "-0.05", "-0,05", "-0.05"),
        (12345, "123.45", "123,45", "123.45"),
        (1234567, "12345.67", f"12{NBSP}345,67", f"12{NBSP}345.67"),
        (
            -123456789012,
            "-1234567890.12",
            f"-1{NBSP}234{NBSP}567{NBSP}890,12",
            f"-1{NBSP}234{NBSP}567{NBSP}890.12",
        ),
    ],
)
def test_money_is_written(amount_minor: int, plain: str, russian: str, english: str) -> None:
    assert money.format_minor(amount_minor) == plain
    assert (
        money.format_minor(amount_minor, language="ru")
        == russian
        == money.format_minor(amount_minor, language="uk")
    )
    assert money.format_minor(amount_minor, language="en") == english


@pytest.mark.parametrize(
    ("text", "amount_minor"),
    [
        ("123,45", 12345),
        ("123.45", 12345),
        ("123", 12300),
        ("123,4", 12340),
        (" 12 345,67 ", 1234567),
        (f"12{NBSP}345,67", 1234567),
        ("-0,05", -5),
        ("−0,05", -5),
        ("1,500", 150),
    ],
)
def test_money_is_read(text: str, amount_minor: int) -> None:
    assert money.parse_minor(text) == amount_minor


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1,2,3", "1,234.56", "1 23,45", "12 34", "1e5", "--1", "12.", ".5", "٣", "²", "nan", "1_000"],
)
def test_money_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(FigureError, match="not a number") as refusal:
        money.parse_minor(text)
    assert (refusal.value.code, refusal.value.text) == ("not_a_number", text)


def test_money_refuses_parts_of_a_kopeck() -> None:
    with pytest.raises(FigureError, match="more than 2 decimal places") as refusal:
        money.parse_minor("1,005")
    assert refusal.value.code == "too_precise"


def test_quantities_are_written_without_idle_zeros() -> None:
    assert quantities.format_wh(140461) == "140.461"
    assert quantities.format_wh(150000) == "150"
    assert quantities.format_wh(1_234_500, language="ru") == f"1{NBSP}234,5"
    assert quantities.format_price(420000) == "4.20"
    assert quantities.format_price(193600) == "1.936"
    assert quantities.format_price(1) == "0.00001"
    assert quantities.format_area(6050) == "60.5"
    assert quantities.format_area(142600) == "1426"


def test_quantities_are_read() -> None:
    assert quantities.parse_kwh("140,461") == 140461
    assert quantities.parse_price("1.936") == 193600
    assert quantities.parse_area("60,5") == 6050


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (quantities.parse_kwh, "0.0001"),
        (quantities.parse_price, "0.000001"),
        (quantities.parse_area, "0.001"),
    ],
)
def test_quantities_refuse_more_precision_than_is_kept(parse: Callable[[str], int], text: str) -> None:
    with pytest.raises(FigureError, match="decimal places"):
        parse(text)


@pytest.mark.parametrize(("write", "read"), PAIRS)
@given(value=st.integers(-(2**63), 2**63 - 1), language=st.sampled_from([None, "ru", "uk", "en"]))
def test_what_is_written_is_read_back(
    write: Callable[..., str], read: Callable[[str], int], value: int, language: str | None
) -> None:
    assert read(write(value, language=language)) == value


def test_an_amount_is_rounded_once_halves_away_from_zero() -> None:
    assert quantities.price_of(140461, price_e5=193600) == 27193
    assert quantities.price_of(1, price_e5=500_000) == 1
    assert quantities.price_of(-1, price_e5=500_000) == -1
    assert quantities.price_of(1, price_e5=499_999) == 0
