"""Bank files that others wrote, read to the kopeck. They lie beside the repository and are not part of it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from abonent.gateways.bank_files import Malformed, Statement, detect, read

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "bank"
TODAY = date(2026, 11, 22)

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the samples of other projects are not at ../shared/samples/bank"
)


@dataclass(frozen=True)
class Expected:
    encoding: str
    accounts: int
    documents: int
    received_minor: int
    spent_minor: int
    layout: dict[str, Any] | None = None
    vouched: bool = False


EXPECTED = {
    "1c_condo.txt": Expected("utf-8", 1, 4, 221_996, 1_470_000, vouched=True),
    "1c_unact.txt": Expected("utf-8", 2, 12, 58_800, 58_800),
    "1c_xini_1.txt": Expected("utf-8", 2, 4, 2_020, 2_020, vouched=True),
    "1c_xini_2.txt": Expected("utf-8", 1, 1, 0, 1),
    "ua_monobank.csv": Expected("utf-8", 1, 4, 39_315, 61_109, {"preset": "ua_monobank"}),
    "ua_procredit_business.csv": Expected(
        "cp1251", 2, 6, 15_399_275, 2_105_000, {"preset": "ua_procredit_business"}
    ),
    "ua_sensebank.csv": Expected("cp1251", 1, 6, 1_160_013, 214_582, {"preset": "ua_sense"}),
}
ABRIDGED = {  # their authors cut documents out and left the totals: (row, key, stated, counted) of every disagreement
    "1c_condo.txt": [
        (16, "ВсегоПоступило", 268_183_146, 221_996),
        (17, "ВсегоСписано", 255_473_723, 1_470_000),
    ],
    "1c_xini_1.txt": [
        (18, "ВсегоПоступило", 1_010, 2_020),
        (19, "ВсегоСписано", 1_010, 2_020),
        (27, "ВсегоПоступило", 1_010, 0),
        (28, "ВсегоСписано", 1_010, 0),
    ],
}


def statement(name: str, **options: Any) -> Statement:
    found = read(SAMPLES / name, name=name, today=TODAY, **{"currency": "", **options})
    assert isinstance(found, Statement)
    return found


def test_every_sample_is_known_here() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {*EXPECTED, "1c_condo_invalid.txt"}


@pytest.mark.parametrize("name", EXPECTED)
def test_read_to_the_kopeck(name: str) -> None:
    expected = EXPECTED[name]
    assert detect(SAMPLES / name) == ("1c" if name.startswith("1c") else "table")
    found = statement(name, layout=expected.layout, vouched=expected.vouched)
    assert (
        Expected(
            found.encoding,
            len(found.accounts),
            len(found.documents),
            found.received_minor,
            found.spent_minor,
            expected.layout,
            expected.vouched,
        )
        == expected
    )


@pytest.mark.parametrize("name", ABRIDGED)
def test_an_abridged_statement_is_refused_unless_vouched_for(name: str) -> None:
    with pytest.raises(Malformed) as caught:
        statement(name)
    told = [caught.value, *caught.value.more]
    assert {one.code for one in told} == {"documents_total"}
    assert [
        (one.row, one.field, one.facts["stated_minor"], one.facts["counted_minor"]) for one in told
    ] == ABRIDGED[name]
    assert len(statement(name, vouched=True).discrepancies) == len(told)


@pytest.mark.parametrize("vouched", [False, True])
def test_the_invalid_one_is_refused_with_its_row_and_key(vouched: bool) -> None:
    with pytest.raises(Malformed) as caught:
        statement("1c_condo_invalid.txt", vouched=vouched)
    refusal = caught.value
    assert (refusal.code, refusal.row, refusal.field) == ("truncated", 19, "КонецФайла")
    assert [(one.code, one.row, one.field) for one in refusal.more] == [
        ("unknown_key", 14, "НеизвестноеСвойство")
    ]


def test_documents_of_the_condominium() -> None:
    demand, first, second, order = statement("1c_condo.txt", vouched=True).documents
    assert (demand.incoming, demand.kind, demand.amount_minor) == (False, "Платежное требование", 70_000)
    assert (first.counterparty, first.purpose, first.code) == (
        "Иванов Иван Иванович",
        "ЛС: 50133547364",
        "50133547364",
    )
    assert second.counterparty_inn == "667220109459"
    assert second.purpose.startswith("ЛС 1234567; ул. Тестовая, д.123/2, кв.321;екатеринова")
    assert (order.incoming, order.booked_on, order.counterparty_bic) == (
        False,
        date(2022, 4, 18),
        "044525360",
    )


def test_what_went_between_two_accounts_is_told_by_both() -> None:
    found = statement("1c_unact.txt")
    by_side = {
        (account, incoming): sum(
            one.amount_minor
            for one in found.documents
            if one.own_account == account and one.incoming == incoming
        )
        for account in ("40700000000000000000", "40600000000000000000")
        for incoming in (False, True)
    }
    assert set(by_side.values()) == {29_400}


def test_an_order_to_the_bank_has_not_happened() -> None:
    (order,) = statement("1c_xini_2.txt").documents
    assert (order.incoming, order.booked_on, order.amount_minor) == (False, None, 1)


def test_ukrainian_statements_row_by_row() -> None:
    mono = statement("ua_monobank.csv", layout={"preset": "ua_monobank"}).documents
    assert [(one.row_no, one.incoming, one.amount_minor) for one in mono] == [
        (2, True, 1_932),
        (3, False, 43_109),
        (4, True, 37_383),
        (5, False, 18_000),
    ]
    procredit = statement("ua_procredit_business.csv", layout={"preset": "ua_procredit_business"}).documents
    assert [one.currency for one in procredit] == ["UAH", "GBP", "UAH", "GBP", "GBP", "GBP"]
    assert procredit[2].purpose.startswith("Кошти від продажу валюти в сумі 2475,00 GBP")
    sense = statement("ua_sensebank.csv", layout={"preset": "ua_sense"}).documents
    assert {one.own_account for one in sense} == {"UA" + "1" * 27}
    assert [one.row_no for one in sense] == [7, 8, 11, 12, 13, 14]
    assert sense[-1].purpose == "Переказ з картки на картку (зарахування) Visa Direct, UA"


def test_pounds_are_refused_where_hryvnias_are_taken() -> None:
    with pytest.raises(Malformed) as caught:
        statement("ua_procredit_business.csv", layout={"preset": "ua_procredit_business"}, currency="UAH")
    assert (caught.value.code, caught.value.row, caught.value.value) == ("foreign_currency", 3, "GBP")
