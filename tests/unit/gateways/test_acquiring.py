"""T-Bank's protocol: the signature against the bank's own examples, answers over HTTP, secrets that stay secret."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.acquirer import PASSWORD, TERMINAL, Bank, sign

from abonent.gateways.acquiring import (
    AcquirerRefused,
    AcquirerSilent,
    NoticeRefused,
    NotSetUp,
    Order,
    Receipt,
    ReceiptItem,
    Refund,
    Stage,
    TBank,
    Terminal,
    terminal_of,
)
from abonent.gateways.acquiring.signature import is_signed, token

# https://developer.tbank.ru/eacq/intro/developer/token, and the older pages of the same bank
EXAMPLES = [
    (
        {
            "Amount": "100000",
            "Description": "test",
            "OrderId": "TokenExample",
            "TerminalKey": "TinkoffBankTest",
        },
        "123456",
        "597c160c8c348fb14c63c820c54b712468923a74fd111ac6b0ecda01fb5f4716",
    ),
    (
        {
            "TerminalKey": "MerchantTerminalKey",
            "Amount": 19200,
            "OrderId": "21090",
            "Description": "Подарочная карта на 1000 рублей",
            "DATA": {"Phone": "+71234567890", "Email": "a@test.com"},
            "Receipt": {"Email": "a@test.ru", "Items": [{"Name": "Наименование товара 1", "Amount": 10000}]},
        },
        "usaf8fw8fsw21g",
        "0024a00af7c350a3a67ca168ce06502aa72772456662e38696d48b56ee9c97d9",
    ),
]


@pytest.mark.parametrize(("body", "password", "expected"), EXAMPLES, ids=["of 2018", "of 2024"])
def test_the_banks_own_examples(body: dict[str, Any], password: str, expected: str) -> None:
    assert token(body, password=password) == expected
    assert sign(body, password) == expected  # the test acquirer's own arithmetic
    assert is_signed(body | {"Token": expected.upper()}, password=password)


@given(
    some.dictionaries(
        some.text(min_size=1, max_size=12),
        some.none()
        | some.booleans()
        | some.integers()
        | some.text(max_size=20)
        | some.lists(some.integers()),
        max_size=8,
    )
)
def test_two_who_share_nothing_sign_alike(body: dict[str, Any]) -> None:
    body.pop("Password", None)
    assert token(body, password=PASSWORD) == sign(body)


@pytest.mark.parametrize("given_token", [None, 5, "", "0" * 64, "ё" * 64, ["a"], {"a": 1}])
def test_a_wrong_token_is_not_believed(given_token: object) -> None:
    assert not is_signed({"Amount": 1, "Token": given_token}, password=PASSWORD)


_SCALARS = some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=90)
_NAMES = some.sampled_from(["Status", "OrderId", "PaymentId", "Amount", "ErrorCode", "Success"]) | some.text()


@given(some.dictionaries(_NAMES, _SCALARS | some.lists(_SCALARS, max_size=2), max_size=8))
def test_whatever_is_signed_is_read_or_refused(body: dict[str, Any]) -> None:
    body = {"Status": "CONFIRMED", "OrderId": "1", "PaymentId": 2} | body | {"TerminalKey": TERMINAL}
    body.pop("Password", None)
    body["Token"] = token(body, password=PASSWORD)
    acquirer = TBank(Terminal(url="https://bank.example", key=TERMINAL, password=PASSWORD))
    with suppress(NoticeRefused):
        told = acquirer.read_notice(body)
        assert told.amount_minor is None or told.amount_minor >= 0
        assert 0 < len(told.external_id) <= 80
        assert told.external_id.isprintable()


@given(some.text(some.characters(min_codepoint=0xD7F0, max_codepoint=0xE00F), min_size=1, max_size=4))
def test_letters_that_are_none_are_not_believed(text: str) -> None:
    assert not is_signed({"OrderId": text, "Token": text}, password=PASSWORD)


@pytest.fixture
def bank() -> Iterator[Bank]:
    bank = Bank()
    bank.silent = True
    yield bank
    bank.stop()


@pytest.fixture
def acquirer(bank: Bank) -> TBank:
    return TBank(Terminal(url=bank.url, key=TERMINAL, password=PASSWORD), read_seconds=0.5)


ORDER = Order(
    order_id="0b2a4a8e-6a51-4a05-9f39-6a4b9cbb0001",
    amount_minor=123_45,
    description="Электроэнергия, лицевой счёт 0770000016",
    language="uk",
    return_url="https://billing.example/pay/1/",
    notify_url="https://billing.example/webhooks/acquiring/card/",
    expires_at=datetime(2026, 11, 25, 9, tzinfo=UTC),
    receipt=Receipt(
        contact="+79001234567",
        items=[
            ReceiptItem(name="Электроснабжение", amount_minor=12_000, subject=4, method=4, vat=11),
            ReceiptItem(name="Пени", amount_minor=345, subject=15, method=4, vat=6),
        ],
    ),
)


class TestOverHttp:
    def test_a_payment_is_begun_with_its_receipt(self, bank: Bank, acquirer: TBank) -> None:
        created = acquirer.create(ORDER)
        (paid,) = bank.payments.values()
        assert (created.external_id, created.status) == (str(paid.id), "NEW")
        assert created.pay_url == f"{bank.address}/pay/{paid.id}"
        asked = bank.asked[0][1]
        assert asked["Receipt"] == {
            "Phone": "+79001234567",
            "Taxation": "osn",
            "FfdVersion": "1.2",
            "Items": [
                {
                    "Name": "Электроснабжение",
                    "Price": 12_000,
                    "Quantity": 1,
                    "Amount": 12_000,
                    "Tax": "vat22",
                    "PaymentMethod": "full_payment",
                    "PaymentObject": "service",
                    "MeasurementUnit": "шт",
                },
                {
                    "Name": "Пени",
                    "Price": 345,
                    "Quantity": 1,
                    "Amount": 345,
                    "Tax": "none",
                    "PaymentMethod": "full_payment",
                    "PaymentObject": "non_operating_gain",
                    "MeasurementUnit": "шт",
                },
            ],
        }
        assert (asked["PayType"], asked["RedirectDueDate"]) == ("O", "2026-11-25T09:00:00+00:00")

    def test_states_and_refunds(self, bank: Bank, acquirer: TBank) -> None:
        external_id = acquirer.create(ORDER).external_id
        assert acquirer.state(external_id).stage is Stage.WAITING
        bank.pay(bank.payments[int(external_id)])
        told = acquirer.state(external_id)
        assert (told.stage, told.amount_minor, told.order_id) == (Stage.PAID, 123_45, ORDER.order_id)
        refund = Refund(external_id=external_id, amount_minor=45, request_id="one")
        assert acquirer.refund(refund).stage is Stage.REFUNDED_PARTLY
        assert acquirer.refund(refund).stage is Stage.REFUNDED_PARTLY
        assert bank.payments[int(external_id)].refunded == 45
        assert [one.stage for one in acquirer.payments_of(ORDER.order_id)] == [Stage.REFUNDED_PARTLY]

    def test_an_order_it_does_not_know(self, acquirer: TBank) -> None:
        with pytest.raises(AcquirerRefused) as refusal:
            acquirer.payments_of("nothing")
        assert refusal.value.code == "335"

    @pytest.mark.parametrize("fault", ["before", "lost", "500", "503", "slow", "garbage"])
    def test_a_payment_is_not_begun_twice_by_itself(self, bank: Bank, acquirer: TBank, fault: str) -> None:
        bank.faults["Init"] = [fault]
        with pytest.raises(AcquirerSilent):
            acquirer.create(ORDER)
        assert len(bank.payments) == (fault in ("lost", "slow", "garbage"))

    @pytest.mark.parametrize("fault", ["before", "lost", "503", "slow"])
    def test_a_state_is_asked_for_again(self, bank: Bank, acquirer: TBank, fault: str) -> None:
        external_id = acquirer.create(ORDER).external_id
        bank.faults["GetState"] = [fault]
        assert acquirer.state(external_id).status == "NEW"

    def test_what_is_refused_is_told_with_the_banks_code(self, bank: Bank, acquirer: TBank) -> None:
        bank.faults["Init"] = ["refuse", "404"]
        with pytest.raises(AcquirerRefused, match="99 Отказ банка"):
            acquirer.create(ORDER)
        with pytest.raises(AcquirerRefused, match="http_404"):
            acquirer.create(ORDER)

    def test_nobody_there(self) -> None:
        bank = Bank()
        bank.stop()
        with pytest.raises(AcquirerSilent):
            TBank(Terminal(url=bank.url, key="a", password="b")).state("1")


class TestNotices:
    @pytest.fixture
    def notice(self, bank: Bank, acquirer: TBank) -> dict[str, Any]:
        paid = bank.payments[int(acquirer.create(ORDER).external_id)]
        bank.pay(paid)
        return bank.notice(paid)

    def test_a_signed_one_is_read(self, acquirer: TBank, notice: dict[str, Any]) -> None:
        told = acquirer.read_notice(notice)
        assert (told.order_id, told.stage, told.amount_minor) == (ORDER.order_id, Stage.PAID, 123_45)

    @pytest.mark.parametrize(
        "changed",
        [{"Amount": 1}, {"OrderId": "another"}, {"Status": "REFUNDED"}, {"Success": False}, {"Extra": "x"}],
    )
    def test_a_changed_one_is_not_believed(
        self, acquirer: TBank, notice: dict[str, Any], changed: dict[str, Any]
    ) -> None:
        with pytest.raises(NoticeRefused) as refusal:
            acquirer.read_notice(notice | changed)
        assert refusal.value.code == "bad_signature"

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"TerminalKey": "Another"}, "other_terminal"),
            ({"Amount": "12,5"}, "malformed"),
            ({"Amount": -5}, "malformed"),
            ({"Status": None}, "malformed"),
            ({"PaymentId": "9" * 200}, "malformed"),
        ],
    )
    def test_one_that_makes_no_sense_is_refused(
        self, acquirer: TBank, notice: dict[str, Any], changed: dict[str, Any], code: str
    ) -> None:
        body = notice | changed
        with pytest.raises(NoticeRefused) as refusal:
            acquirer.read_notice(body | {"Token": sign(body)})
        assert refusal.value.code == code


class TestSettings:
    def test_secrets_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ABONENT_ACQUIRING_T_BANK_TERMINAL", "key")
        monkeypatch.setenv("ABONENT_ACQUIRING_T_BANK_PASSWORD", "hidden")
        terminal = terminal_of("t-bank")
        assert (terminal.url, terminal.password) == ("https://securepay.tinkoff.ru/v2", "hidden")
        assert "hidden" not in repr(terminal)
        assert "key" not in repr(terminal).replace("tinkoff", "")

    def test_or_from_a_file_of_the_data_folder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("ABONENT_HOME", str(tmp_path))
        with pytest.raises(NotSetUp, match="absent"):
            terminal_of("card")
        told = {"card": {"terminal": "key", "password": "hidden", "url": "http://127.0.0.1:8010/v2"}}
        (tmp_path / "acquiring.json").write_text(json.dumps(told), encoding="utf-8")
        assert terminal_of("card").url == "http://127.0.0.1:8010/v2"
        (tmp_path / "acquiring.json").write_text("[", encoding="utf-8")
        with pytest.raises(NotSetUp, match="bad_file"):
            terminal_of("card")

    @pytest.mark.parametrize("url", ["http://bank.example/v2", "ftp://127.0.0.1/v2", "bank"])
    def test_without_encryption_only_on_this_machine(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        for name, value in {"TERMINAL": "a", "PASSWORD": "b", "URL": url}.items():
            monkeypatch.setenv(f"ABONENT_ACQUIRING_CARD_{name}", value)
        with pytest.raises(NotSetUp, match="bad_url"):
            terminal_of("card")
