"""Whose an unidentified payment may be: accounts with the reasons that speak for each, the likeliest first.

Every reason is a look by an index, so that a queue of them is quick on millions of accounts.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.db.models import Count, QuerySet

from abonent.contexts.contracts.models import Account
from abonent.contexts.contracts.queries import accounts, row_payer
from abonent.contexts.contracts.search import search
from abonent.contexts.parties.models import Party, phone_digits
from abonent.contexts.payments.models import Payment, PaymentState, Recognition
from abonent.contexts.places.addresses import normal, split_address
from abonent.contexts.places.queries import row_address
from abonent.kernel.identifiers import is_account_number

_ACCOUNT_DIGITS = 10
_FIGURES = re.compile(r"\d[\d\s\-]{4,}\d|\d{5,}")
_MOST_NUMBERS, _MOST_BY_PARTY, _MOST_BY_SEARCH = 12, 10, 8


class Reason(StrEnum):
    NUMBER = "number"
    MISTYPED = "mistyped"
    INN = "inn"
    PHONE = "phone"
    NAME_AND_ADDRESS = "name_and_address"
    ADDRESS = "address"
    NAME = "name"
    EARLIER = "earlier"


# percent by which each speaks for an account that it alone names
_SAYS = {
    Reason.NUMBER: 90,
    Reason.MISTYPED: 55,
    Reason.INN: 80,
    Reason.PHONE: 75,
    Reason.NAME_AND_ADDRESS: 80,
    Reason.ADDRESS: 50,
    Reason.NAME: 40,
    Reason.EARLIER: 70,
}


@dataclass(kw_only=True)
class Suggestion:
    """An account a payment may belong to; `reasons` with what was found in the payment, `confidence` percent."""

    account_id: int
    number: str = ""
    payer: str = ""
    address: str = ""
    reasons: list[tuple[Reason, str]] = field(default_factory=list)
    doubt: float = 1.0

    @property
    def confidence(self) -> int:
        return min(99, round(100 * (1 - self.doubt)))


def suggest(*, payment: Payment, on: date, limit: int = 5) -> list[Suggestion]:
    """Return the accounts that something in the payment speaks for; `on`: the day names and meters are looked up."""
    found: dict[int, Suggestion] = {}
    for way in (_by_digits, _by_inn, _by_phone, _by_earlier):
        for reason, text, account_ids in way(payment):
            _add(found, reason, text, account_ids)
    _by_words(payment, found, on=on)
    _describe(found, supplier_id=payment.supplier_id)
    likely = [one for one in found.values() if one.number]
    likely.sort(key=lambda one: (-one.confidence, one.number))
    return likely[:limit]


Found = Iterator[tuple[Reason, str, list[int]]]


def _by_digits(payment: Payment) -> Found:
    """Numbers of accounts anywhere in the words; a number whose check digit is wrong, with one digit mended."""
    said = _figures(payment)
    right = {text for text in said if is_account_number(text)}
    ids = dict(Account.objects.filter(number__in=right).values_list("number", "id"))
    for number, account_id in ids.items():
        yield Reason.NUMBER, number, [account_id]
    for text in said - right:
        mended = Account.objects.filter(number__in=_one_slip(text)).order_by("number")
        if found := list(mended.values_list("id", flat=True)[:_MOST_NUMBERS]):
            yield Reason.MISTYPED, text, found


def _figures(payment: Payment) -> set[str]:
    words = f"{payment.account_text} ; {payment.purpose} ; {payment.payer}"
    said = {re.sub(r"\D", "", text) for text in _FIGURES.findall(words)}
    said |= set(re.findall(r"\d{6,}", words))
    # zeros at the front are left out by people and by spreadsheets
    return {text.rjust(_ACCOUNT_DIGITS, "0") for text in said if 6 <= len(text) <= _ACCOUNT_DIGITS}


def _one_slip(text: str) -> set[str]:
    """Return the numbers with a right check digit that differ by one digit, or by two neighbours swapped."""
    near = {text[:place] + digit + text[place + 1 :] for place in range(len(text)) for digit in "0123456789"}
    near |= {
        text[:place] + text[place + 1] + text[place] + text[place + 2 :] for place in range(len(text) - 1)
    }
    return {one for one in near if is_account_number(one)}


def _by_inn(payment: Payment) -> Found:
    if payment.payer_inn:
        yield Reason.INN, payment.payer_inn, _of_parties(Party.objects.filter(inn=payment.payer_inn))


def _by_phone(payment: Payment) -> Found:
    words = f"{payment.purpose} {payment.payer}"
    phones = re.findall(r"(?:\+?[78])?[\s(-]*(\d{3})[\s)-]*(\d{3})[\s-]*(\d{2})[\s-]*(\d{2})(?!\d)", words)
    for parts in dict.fromkeys(phones):
        digits = "".join(parts)
        if found := _of_parties(Party.objects.annotate(digits=phone_digits("phone")).filter(digits=digits)):
            yield Reason.PHONE, digits, found


def _of_parties(found: QuerySet[Party]) -> list[int]:
    parties = list(found.values_list("id", flat=True)[:_MOST_BY_PARTY])
    return list(Account.objects.filter(party__in=parties).values_list("id", flat=True)[:_MOST_BY_PARTY])


def _by_earlier(payment: Payment) -> Found:
    """Where people put payments of the same payer before."""
    if not payment.payer:
        return
    rows = (
        Payment.objects.filter(
            supplier_id=payment.supplier_id,
            state=PaymentState.POSTED,
            recognition=Recognition.PERSON,
            account__isnull=False,
            payer=payment.payer,
        )
        .values("account_id")
        .annotate(times=Count("id"))
        .order_by("-times")
    )
    found = list(rows[:3])
    if found:
        yield Reason.EARLIER, payment.payer, [row["account_id"] for row in found]


def _by_words(payment: Payment, found: dict[int, Suggestion], *, on: date) -> None:
    """Add what the search finds by the address and by the payer's name; both together say more than each."""
    names = [word for word in normal(payment.payer).split() if len(word) > 2 and not word[0].isdigit()]
    address = payment.address or _address_in(payment.purpose)
    here = search(text=address, on=on, limit=_MOST_BY_SEARCH).accounts if address else []
    words, numbers = split_address(address)
    # a street alone is no address
    here = here if words and numbers else []
    named = search(text=" ".join(names[:3]), on=on, limit=_MOST_BY_SEARCH).accounts if names else []
    ids = dict(
        Account.objects.filter(number__in=[one.number for one in (*here, *named)]).values_list("number", "id")
    )
    both = [one for one in here if names and names[0] in normal(one.payer)]
    alone = [one for one in here if one not in both]
    _add(found, Reason.NAME_AND_ADDRESS, address, [ids[one.number] for one in both])
    if len(alone) <= 3 and not both:
        _add(found, Reason.ADDRESS, address, [ids[one.number] for one in alone])
    known = {one.number for one in both}
    _add(found, Reason.NAME, payment.payer, [ids[one.number] for one in named if one.number not in known])


def _address_in(purpose: str) -> str:
    """Return the part of a purpose that looks like an address, or nothing."""
    match = re.search(
        r"\b(?:ул|улица|пер|пр-?к?т|просп|б-р|ш|пл|наб|вул)\b\.?\s*[^;|]{3,60}", normal(purpose)
    )
    return match.group() if match else ""


def _add(found: dict[int, Suggestion], reason: Reason, text: str, account_ids: Iterable[int]) -> None:
    """Let a reason speak for the accounts it names: the more there are, the less for each."""
    named = list(dict.fromkeys(account_ids))
    for account_id in named:
        one = found.setdefault(account_id, Suggestion(account_id=account_id))
        one.reasons.append((reason, text))
        one.doubt *= 1 - _SAYS[reason] / 100 / len(named)


def _describe(found: dict[int, Suggestion], *, supplier_id: int) -> None:
    rows = accounts().filter(id__in=found, building__branch__supplier=supplier_id)
    for row in rows:
        one = found[row["id"]]
        one.number, one.payer, one.address = row["number"], row_payer(row), row_address(row)
