"""Who pays: found by one text, typed or scanned; what is due, debt by debt."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from abonent.contexts.contracts.queries import accounts, row_payer
from abonent.contexts.contracts.search import AccountFound, search
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.cash import open_debts_by_month
from abonent.contexts.payments.models import Debt
from abonent.contexts.places.queries import row_address
from abonent.kernel.identifiers import is_account_number
from abonent.packs.ru.formats.payment_qr import BadPaymentCode, decode

_MARK = "ST0001"
# a scanner types as a keyboard does: with Russian letters switched on, a code comes in these instead
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ/"
_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>|"
_AS_LATIN = str.maketrans(_RUSSIAN, _LATIN)


@dataclass(frozen=True, kw_only=True)
class Due:
    """What an account owes for a month, kopecks."""

    period: date
    principal_minor: int = 0
    penalty_minor: int = 0
    court_cost_minor: int = 0

    @property
    def total_minor(self) -> int:
        return self.principal_minor + self.penalty_minor + self.court_cost_minor


@dataclass(frozen=True, kw_only=True)
class Payer:
    """An account before the cashier. `balance_minor` is what it owes in all; below zero it is paid in advance."""

    account_id: int
    number: str
    payer: str
    address: str
    balance_minor: int
    dues: list[Due]
    asked_minor: int | None = None
    named_period: date | None = None

    @property
    def due_minor(self) -> int:
        """What the sum is prefilled with: what the scanned bill says, else what is owed."""
        if self.asked_minor is not None and self.balance_minor > 0:
            return self.asked_minor
        return max(self.balance_minor, 0)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One payer, or accounts to choose from, or nothing: `problem` says why a code was not understood."""

    payer: Payer | None = None
    choices: list[AccountFound] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """What a payment code says of whose it is."""

    account: str
    amount_minor: int | None
    period: date | None
    bank_account: str


def find(*, text: str, supplier_id: int, on: date, limit: int = 8) -> Found:
    """Return who is meant by an account number, a scanned code of a bill, a surname or an address."""
    text = text.strip()
    if scanned := read_code(text):
        payer = payer_of(number=scanned.account, supplier_id=supplier_id, scanned=scanned)
        return Found(payer=payer) if payer else Found(problem="unknown_account")
    if _is_code(text):
        return Found(problem="bad_code")
    digits = text.replace(" ", "").replace("-", "")
    if digits.isdigit():
        if payer := payer_of(number=digits, supplier_id=supplier_id):
            return Found(payer=payer)
        if len(digits) >= 10 and not is_account_number(digits):
            return Found(problem="wrong_digit")
    found = search(text=text, on=on, limit=limit).accounts
    if len(found) == 1 and (payer := payer_of(number=found[0].number, supplier_id=supplier_id)):
        return Found(payer=payer)
    return Found(choices=found, problem="" if found else "nothing")


def payer_of(*, number: str, supplier_id: int, scanned: Scanned | None = None) -> Payer | None:
    """Return an account of the supplier with its debts, or None."""
    row = accounts().filter(number=number, building__branch__supplier=supplier_id).first()
    return _payer(row, scanned) if row else None


def payer_by_id(*, account_id: int, supplier_id: int) -> Payer | None:
    """Return an account of the supplier with its debts, or None."""
    row = accounts().filter(id=account_id, building__branch__supplier=supplier_id).first()
    return _payer(row, None) if row else None


def _payer(row: dict[str, Any], scanned: Scanned | None) -> Payer:
    return Payer(
        account_id=row["id"],
        number=row["number"],
        payer=row_payer(row),
        address=row_address(row),
        balance_minor=balance_minor(account_id=row["id"]),
        dues=_dues(row["id"]),
        asked_minor=scanned.amount_minor if scanned else None,
        named_period=scanned.period if scanned else None,
    )


def _dues(account_id: int) -> list[Due]:
    """Return what is owed, a month a row."""
    months: dict[date, dict[int, int]] = {}
    for period, debt, amount_minor in open_debts_by_month(account_id):
        months.setdefault(period, {})[debt] = amount_minor
    return [
        Due(
            period=period,
            principal_minor=debts.get(Debt.PRINCIPAL, 0),
            penalty_minor=debts.get(Debt.PENALTY, 0),
            court_cost_minor=debts.get(Debt.COURT_COST, 0),
        )
        for period, debts in months.items()
    ]


def read_code(text: str) -> Scanned | None:
    """Read a payment code (ГОСТ Р 56042-2014) as a scanner types it; None when it is none or names no account."""
    if not _is_code(text):
        return None
    code = text if text.startswith(_MARK) else text.translate(_AS_LATIN)
    try:
        # what the scanner typed is text already, whatever encoding the code itself is in
        fields = {key.lower(): value for key, value in decode(f"{code[:6]}2{code[7:]}".encode()).items()}
    except BadPaymentCode:
        return None
    account = fields.get("persacc", "")
    if not account:
        return None
    amount = fields.get("sum", "")
    return Scanned(
        account=account,
        amount_minor=int(amount) if amount.isascii() and amount.isdigit() and int(amount) else None,
        period=_period(fields.get("paymperiod", "")),
        bank_account=fields["personalacc"],
    )


def _is_code(text: str) -> bool:
    return text.startswith(_MARK) or text.translate(_AS_LATIN).startswith(_MARK)


def _period(text: str) -> date | None:
    """Read MMYYYY or MM.YYYY."""
    digits = text.replace(".", "")
    if len(digits) != 6 or not digits.isdigit() or not 1 <= int(digits[:2]) <= 12 or int(digits[2:]) < 2000:
        return None
    return date(int(digits[2:]), int(digits[:2]), 1)
