"""Whose payment a row is, told by its texts alone."""

import random
from collections.abc import Mapping
from datetime import date

import polars as pl
import pytest

from abonent.contexts.payments.models import Recognition
from abonent.kernel.identifiers import account_number, is_account_number
from abonent.usecases.import_payments.keys import with_keys
from abonent.usecases.import_payments.recognition import (
    Accounts,
    Lookup,
    named_period,
    passes_luhn,
    recognise,
)

ONE, OTHER = account_number(15_000_127), account_number(777)
NUMBERS = {ONE: 1, OTHER: 2, "13_060607": 3}


def among(known: Mapping[str, int | tuple[int, ...]]) -> Lookup:
    def lookup(texts: pl.Series) -> pl.DataFrame:
        rows = [
            (text, one)
            for text in texts
            if text in known
            for one in (known[text] if isinstance(known[text], tuple) else (known[text],))  # type: ignore[union-attr]
        ]
        return pl.DataFrame(rows, schema={"text": pl.String, "account_id": pl.Int64}, orient="row")

    return lookup


ACCOUNTS = Accounts(
    among(NUMBERS), among({"7707049388": 1, "500100732259": (1, 2)}), among({"9261234567": 2})
)


def recognised(**row: str) -> tuple[int | None, Recognition, int]:
    rows = pl.DataFrame(
        [{"row_no": 1, "account_text": "", "purpose": "", "payer_inn": "", "phone": "", **row}]
    )
    found = recognise(rows, ACCOUNTS).row(0, named=True)
    return found["account_id"], Recognition(found["recognition"]), found["confidence"]


@pytest.mark.parametrize(
    ("row", "account_id", "by", "confidence"),
    [
        ({"account_text": ONE}, 1, Recognition.ACCOUNT_FIELD, 100),
        ({"account_text": f"  {ONE} "}, 1, Recognition.ACCOUNT_FIELD, 100),
        ({"account_text": OTHER.lstrip("0")}, 2, Recognition.ACCOUNT_FIELD, 95),
        ({"account_text": f"л/с {OTHER}"}, 2, Recognition.ACCOUNT_FIELD, 95),
        ({"account_text": f"{ONE}.0"}, 1, Recognition.ACCOUNT_FIELD, 95),
        ({"purpose": f"ST00012|Name=X|PersAcc={ONE}|Sum=100"}, 1, Recognition.QR, 100),
        ({"purpose": f"за э/э л/с № {ONE}, спасибо"}, 1, Recognition.PURPOSE, 95),
        ({"purpose": f"Лицевой счет: {OTHER}"}, 2, Recognition.PURPOSE, 95),
        ({"purpose": f"оплата {ONE} за 09.2026"}, 1, Recognition.PURPOSE, 90),
        ({"purpose": f"оплата {ONE[:4]} {ONE[4:7]} {ONE[7:]} за свет"}, 1, Recognition.PURPOSE, 90),
        ({"purpose": "Договор 13_060607 за э/э 07.2021"}, 3, Recognition.CONTRACT, 85),
        ({"payer_inn": "7707049388"}, 1, Recognition.INN, 70),
        ({"phone": "8 (926) 123-45-67"}, 2, Recognition.PHONE, 60),
        # an account in its field is not outvoted by what else the purpose tells
        ({"account_text": ONE, "purpose": f"лс {OTHER}"}, 1, Recognition.ACCOUNT_FIELD, 100),
        # several that could be meant: nobody's
        ({"purpose": f"{ONE} и {OTHER}"}, None, Recognition.NONE, 0),
        ({"payer_inn": "500100732259", "phone": "9261234567"}, None, Recognition.NONE, 0),
        # one wrong figure fails the check digit; a bank account has no account within
        ({"purpose": f"оплата {int(ONE) + 1:010}"}, None, Recognition.NONE, 0),
        ({"purpose": f"счет 4070281000{ONE}"}, None, Recognition.NONE, 0),
        ({"purpose": "без номера"}, None, Recognition.NONE, 0),
    ],
)
def test_ways(row: dict[str, str], account_id: int | None, by: Recognition, confidence: int) -> None:
    assert recognised(**row) == (account_id, by, confidence)


def test_the_order_of_the_rows_stays() -> None:
    rows = pl.DataFrame(
        {
            "row_no": [5, 3, 9],
            "account_text": ["", ONE, "?"],
            "purpose": [f"лс {OTHER}", "", ""],
            "payer_inn": [""] * 3,
            "phone": [""] * 3,
        }
    )
    found = recognise(rows, ACCOUNTS)
    assert found.select("row_no", "account_id").rows() == [(5, 2), (3, 1), (9, None)]


def test_check_digits_as_the_kernel_has_them() -> None:
    draw = random.Random(7)
    numbers = [str(draw.randrange(10, 10 ** draw.randrange(2, 16))) for _ in range(2_000)]
    told = pl.DataFrame({"text": numbers}).select(passes_luhn(pl.col("text"))).to_series().to_list()
    assert told == [is_account_number(number) for number in numbers]
    assert 100 < sum(told) < 400


@pytest.mark.parametrize(
    ("purpose", "month"),
    [
        ("за э/э 07.2021", date(2021, 7, 1)),
        ("за 09/2026, л/с 1", date(2026, 9, 1)),
        ("от 20.08.2021", None),
        ("за 13.2026", None),
        ("", None),
    ],
)
def test_the_month_a_purpose_names(purpose: str, month: date | None) -> None:
    found = pl.DataFrame({"purpose": [purpose]}).select(named_period(pl.col("purpose")))
    assert found.to_series().to_list() == [month]


def rows(*numbers: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "paid_on": [date(2026, 10, 5)] * len(numbers),
            "paid_at": pl.Series([None] * len(numbers), dtype=pl.Datetime("us")),
            "external_id": numbers,
            "account_text": [ONE] * len(numbers),
            "payer": ["Иванов"] * len(numbers),
            "amount_minor": [100] * len(numbers),
        }
    )


def test_keys() -> None:
    keys = with_keys(rows("1", "2", "", ""), agent_id=1)["key"].to_list()
    assert len(set(keys)) == 4
    # the number of the operation is all that counts where there is one
    other = rows("2", "1", "", "").with_columns(payer=pl.lit("Петров"), amount_minor=pl.lit(7))
    again = with_keys(other, agent_id=1)["key"].to_list()
    assert again[:2] == [keys[1], keys[0]]
    assert not set(again[2:]) & set(keys)
    assert not set(with_keys(rows("1", "2"), agent_id=2)["key"]) & set(keys)
    # «0» and «-» are no numbers
    assert with_keys(rows("0"), agent_id=1)["key"][0] == keys[2]
