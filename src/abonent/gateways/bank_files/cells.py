"""A day or a sum out of one cell, refused by its row and field."""

import re
from datetime import date, datetime

from abonent.gateways.bank_files.model import EARLIEST, MOST_MINOR, Malformed
from abonent.kernel import decimals

_MOST_DIGITS = 40
# Digits 6–8 of a Russian account tell its currency (Банк России, положение 809-П); 810 is the rouble's clearing code.
_CURRENCIES = {
    "810": "RUB",
    "643": "RUB",
    "840": "USD",
    "978": "EUR",
    "156": "CNY",
    "756": "CHF",
    "826": "GBP",
    "392": "JPY",
    "398": "KZT",
    "933": "BYN",
    "949": "TRY",
    "784": "AED",
}


def minor(text: str, *, row: int, field: str, signed: bool = False, places: int = 2) -> int:
    """Return whole minor units. Raises Malformed: missing, not_a_sum, not_positive, too_large_sum."""
    if not text.strip():
        raise Malformed("missing", row=row, field=field)
    try:
        if len(text) > _MOST_DIGITS or re.search(r"[.,]\d{3,}$", text.strip()):  # 1.500 may mean either
            raise Malformed("not_a_sum", row=row, field=field, value=text)
        value = decimals.parse_scaled(text, places=places, what=field)
    except decimals.FigureError as error:
        raise Malformed("not_a_sum", row=row, field=field, value=text) from error
    if abs(value) > MOST_MINOR:
        raise Malformed("too_large_sum", row=row, field=field, value=text)
    if value < 0 and not signed:
        raise Malformed("not_positive", row=row, field=field, value=text)
    return value


def day(text: str, *, row: int, field: str, today: date | None, form: str = "%d.%m.%Y") -> date:
    """Return a day that is no later than `today`, where one is given.

    Raises Malformed: missing, not_a_date, in_future, too_old.
    """
    if not text.strip():
        raise Malformed("missing", row=row, field=field)
    try:
        if not re.fullmatch(r"[\d.\-/ ]{8,10}", text.strip(), re.ASCII):
            raise ValueError
        found = datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a bank's local day
    except ValueError as error:
        raise Malformed("not_a_date", row=row, field=field, value=text) from error
    if found < EARLIEST:
        raise Malformed("too_old", row=row, field=field, value=text)
    if today and found > today:
        raise Malformed("in_future", row=row, field=field, value=text)
    return found


def currency_of(account: str) -> str:
    """Return the currency of a Russian account by its number, or "" where the number does not tell."""
    return _CURRENCIES.get(account[5:8], "") if re.fullmatch(r"\d{20}", account, re.ASCII) else ""
