"""Numbers that carry their own check: accounts (Luhn), ИНН, БИК and bank accounts."""

from collections.abc import Iterable

_INN_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_11 = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12 = (3, *_INN_11)
_BANK_KEY = (7, 1, 3)


def luhn_digit(payload: str, /) -> str:
    """Return the digit to append, by ISO/IEC 7812-1 annex B: it catches one wrong digit and most swaps.

    Raises ValueError when the payload is not made of digits.
    """
    if not _digits(payload):
        raise ValueError(f"not made of digits: {payload!r}")
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(payload)))
    return str(-sum(sum(divmod(value, 10)) for value in doubled) % 10)


def account_number(serial: int, /, *, digits: int = 10) -> str:
    """Return an account number: the serial padded with zeros to `digits` - 1, then its Luhn digit.

    Raises ValueError when the serial is negative or does not fit.
    """
    payload = str(serial).rjust(digits - 1, "0")
    if serial < 0 or len(payload) >= digits:
        raise ValueError(f"serial {serial} does not fit an account number of {digits} digits")
    return payload + luhn_digit(payload)


def is_account_number(text: str, /) -> bool:
    """Tell whether the last digit is the Luhn digit of the others."""
    return _digits(text) and len(text) > 1 and luhn_digit(text[:-1]) == text[-1]


def is_inn(text: str, /) -> bool:
    """Tell whether an ИНН of an organisation (10 digits) or a person (12) has right check digits."""
    if not _digits(text) or not int(text):
        return False
    if len(text) == 10:
        return _inn_digit(text, _INN_10) == text[9]
    return len(text) == 12 and _inn_digit(text, _INN_11) + _inn_digit(text, _INN_12) == text[10:]


def is_bic(text: str, /) -> bool:
    """Tell whether it is a Russian БИК: nine digits, the country code 04 first. It has no check digit."""
    return _digits(text) and len(text) == 9 and text.startswith("04")


def is_bank_account(account: str, /, *, bic: str) -> bool:
    """Tell whether a settlement account is one of this bank (Bank of Russia, порядок 515, 08.09.1997)."""
    return is_bic(bic) and _key_holds(bic[-3:], account)


def is_correspondent_account(account: str, /, *, bic: str) -> bool:
    """Tell whether a correspondent account at the Bank of Russia is that of this bank."""
    return is_bic(bic) and _key_holds("0" + bic[4:6], account)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _inn_digit(text: str, weights: Iterable[int]) -> str:
    return str(sum(int(digit) * weight for digit, weight in zip(text, weights, strict=False)) % 11 % 10)


def _key_holds(prefix: str, account: str) -> bool:
    if not (_digits(account) and len(account) == 20):
        return False
    weighted = (int(digit) * _BANK_KEY[place % 3] for place, digit in enumerate(prefix + account))
    return sum(value % 10 for value in weighted) % 10 == 0
