"""Sums in words, and what a fiscal receipt is made of."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abonent.engine import parameters
from abonent.packs import ru
from abonent.packs.ru.documents.in_words import sum_in_words
from abonent.packs.ru.formats import fiscal_receipt
from abonent.packs.ru.formats.fiscal_receipt import Paid, ReceiptFacts

PARAMETERS = parameters.load(Path(ru.__file__ or "").parent)


@pytest.mark.parametrize(
    ("amount_minor", "words"),
    [
        (0, "Ноль рублей 00 копеек"),
        (1, "Ноль рублей 01 копейка"),
        (100, "Один рубль 00 копеек"),
        (222, "Два рубля 22 копейки"),
        (1_111, "Одиннадцать рублей 11 копеек"),
        (2_112, "Двадцать один рубль 12 копеек"),
        (101_400, "Одна тысяча четырнадцать рублей 00 копеек"),
        (200_000, "Две тысячи рублей 00 копеек"),
        (1_234_567_89, "Один миллион двести тридцать четыре тысячи пятьсот шестьдесят семь рублей 89 копеек"),
        (2_000_000_000_00, "Два миллиарда рублей 00 копеек"),
        (1_100_000_00, "Один миллион сто тысяч рублей 00 копеек"),
        (312_000_00, "Триста двенадцать тысяч рублей 00 копеек"),
    ],
)
def test_sums_in_words(amount_minor: int, words: str) -> None:
    assert sum_in_words(amount_minor) == words


@pytest.mark.parametrize("amount_minor", [-1, 10**17])
def test_sums_that_are_not_spelled(amount_minor: int) -> None:
    with pytest.raises(ValueError, match="cannot be spelled"):
        sum_in_words(amount_minor)


@given(st.integers(0, 10**17 - 1), st.integers(0, 10**17 - 1))
def test_no_two_sums_are_spelled_alike(one: int, other: int) -> None:
    assert (sum_in_words(one) == sum_in_words(other)) == (one == other)


def facts(*paid: Paid, card_minor: int = 0) -> ReceiptFacts:
    total_minor = sum(part.amount_minor for part in paid)
    return ReceiptFacts(
        kind=fiscal_receipt.INCOME,
        account="0770000024",
        paid=paid,
        paid_on=date(2026, 11, 22),
        cash_minor=total_minor - card_minor,
        card_minor=card_minor,
        cashier="Кассирова",
        supplier="АО «Образец»",
        supplier_inn="7707083893",
        place="г. Образцов",
    )


class TestReceipt:
    def test_debts_of_two_rates_penalties_and_an_advance(self) -> None:
        tags = fiscal_receipt.receipt(
            facts(
                Paid(debt=None, period=None, amount_minor=12_200),
                Paid(debt=1, period=date(2026, 1, 1), amount_minor=12_200),
                Paid(debt=1, period=date(2025, 11, 1), amount_minor=7_000),
                Paid(debt=1, period=date(2025, 12, 1), amount_minor=5_000),
                Paid(debt=2, period=date(2026, 1, 1), amount_minor=300),
                Paid(debt=3, period=date(2026, 1, 1), amount_minor=400),
            ),
            parameters=PARAMETERS,
        )
        said = [
            (item["1043"], item["1212"], item["1214"], item["1199"], item.get("1200"))
            for item in tags["1059"]
        ]
        assert said == [
            (12_000, 4, 4, 1, 2_000),
            (12_200, 4, 4, 11, 2_200),
            (300, 15, 4, 6, None),
            (400, 15, 4, 6, None),
            (12_200, 10, 3, 12, 2_200),
        ]
        assert tags["1020"] == 37_100

    def test_parts_that_are_not_the_whole(self) -> None:
        whole = facts(Paid(debt=1, period=date(2026, 9, 1), amount_minor=100))
        with pytest.raises(ValueError, match="add up"):
            fiscal_receipt.receipt(
                ReceiptFacts(
                    **{field: getattr(whole, field) for field in whole.__slots__} | {"cash_minor": 101}
                ),
                parameters=PARAMETERS,
            )

    @given(st.lists(st.integers(1, 10**9), min_size=1, max_size=5), st.integers(1, 10**9))
    def test_what_is_given_back_is_what_was_paid_last(self, amounts: list[int], back_minor: int) -> None:
        paid = [
            Paid(debt=1, period=date(2025 + number % 2, 1 + number, 1), amount_minor=amount)
            for number, amount in enumerate(amounts)
        ]
        tags = fiscal_receipt.receipt(facts(*paid), parameters=PARAMETERS)
        if back_minor > tags["1020"]:
            with pytest.raises(ValueError, match="more than the receipt has"):
                fiscal_receipt.returned(tags, cash_minor=back_minor, card_minor=0, cashier="x")
            return
        back = fiscal_receipt.returned(tags, cash_minor=back_minor, card_minor=0, cashier="x")
        assert (back["1054"], back["1020"], back["1031"]) == (2, back_minor, back_minor)
        assert sum(item["1043"] for item in back["1059"]) == back_minor
        assert all(item["1043"] > 0 for item in back["1059"])

    def test_the_code_on_the_slip(self) -> None:
        answer = {
            "1012": "2026-11-22T12:20:31+03:00",
            "1020": 123_405,
            "1041": "9" * 16,
            "1040": 7,
            "1077": 42,
            "1054": 1,
        }
        assert fiscal_receipt.qr_text(answer) == "t=20261122T1220&s=1234.05&fn=9999999999999999&i=7&fp=42&n=1"
