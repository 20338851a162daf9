import pytest
from hypothesis import given
from hypothesis import strategies as st

from abonent.kernel import identifiers


def test_account_number_ends_with_its_luhn_digit() -> None:
    # 7992739871 -> 3 is the worked example of ISO/IEC 7812 texts
    assert identifiers.luhn_digit("7992739871") == "3"
    assert identifiers.account_number(7992739871, digits=11) == "79927398713"
    assert identifiers.account_number(1) == "0000000018"


@given(st.integers(0, 10**9 - 1))
def test_account_number_is_recognised(serial: int) -> None:
    assert identifiers.is_account_number(identifiers.account_number(serial))


@given(st.integers(0, 10**9 - 1), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_always_caught(serial: int, place: int, change: int) -> None:
    number = identifiers.account_number(serial)
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    assert not identifiers.is_account_number(wrong)


@pytest.mark.parametrize("serial", [-1, 10**9])
def test_account_number_refuses_a_serial_that_does_not_fit(serial: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        identifiers.account_number(serial)


@pytest.mark.parametrize("text", ["", "1", "00000000１8", "ten", "0000000019"])
def test_what_is_no_account_number(text: str) -> None:
    assert not identifiers.is_account_number(text)


def test_luhn_refuses_letters() -> None:
    with pytest.raises(ValueError, match="digits"):
        identifiers.luhn_digit("12a")


@pytest.mark.parametrize("inn", ["7707083893", "7736050003", "500100732259"])
def test_inn_of_known_holders(inn: str) -> None:
    assert identifiers.is_inn(inn)


@pytest.mark.parametrize(
    "inn",
    [
        "7707083894",
        "500100732258",
        "500100732269",
        "0000000000",
        "770708389",
        "77070838931",
        "",
        "7707o83893",
    ],
)
def test_inn_refused(inn: str) -> None:
    assert not identifiers.is_inn(inn)


def test_bank_accounts_of_a_known_bank() -> None:
    # Sberbank's own correspondent account, and the settlement account with its key worked out by hand
    assert identifiers.is_bic("044525225")
    assert identifiers.is_correspondent_account("30101810400000000225", bic="044525225")
    assert not identifiers.is_correspondent_account("30101810500000000225", bic="044525225")


@pytest.mark.parametrize("bic", ["", "144525225", "04452522", "04452522x"])
def test_bic_refused(bic: str) -> None:
    assert not identifiers.is_bic(bic)
    assert not identifiers.is_bank_account("40702810438000000001", bic=bic)


@given(st.integers(0, 10**11 - 1))
def test_of_ten_keys_one_fits_the_bank(serial: int) -> None:
    accounts = [f"40702810{key}{serial:011}" for key in range(10)]
    assert sum(identifiers.is_bank_account(account, bic="044525225") for account in accounts) == 1
