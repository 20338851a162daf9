"""Find accounts as somebody types: by number, name, address or meter.

Figures are looked up in the ordered indexes of account numbers and meter serials; an address with a house
number through streets and buildings; the rest by trigrams of `AccountSearch`. Each way is an indexed look,
so the answer does not wait for a million accounts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from abonent.contexts.contracts.models import Account, AccountSearch
from abonent.contexts.contracts.queries import accounts, row_payer
from abonent.contexts.metering.queries import meters_by_serial, serials_of_premise
from abonent.contexts.places.addresses import normal, split_address
from abonent.contexts.places.queries import address_of, buildings_on_streets, premise_ids, row_address

# a trigram index sees no word shorter than this
SHORTEST_WORD = 3
SHORTEST_FIGURE = 2


class Match(StrEnum):
    NUMBER = "number"
    METER = "meter"
    ADDRESS = "address"
    NAME = "name"


@dataclass(frozen=True, kw_only=True)
class AccountFound:
    """An account, and by what it was found."""

    number: str
    payer: str
    address: str
    match: Match
    meter: str = ""


@dataclass(frozen=True, kw_only=True)
class BuildingFound:
    building_id: int
    address: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """Accounts best first, and buildings the text may mean. `too_short`: nothing was looked for."""

    accounts: list[AccountFound]
    buildings: list[BuildingFound]
    too_short: bool = False


def search(*, text: str, on: date, limit: int = 12) -> Found:
    """Return what the text may mean; `on` is the day meters are looked up in their places."""
    asked = normal(text)
    words, numbers = split_address(asked)
    figures = asked.replace(" ", "").replace("-", "")
    seen: dict[str, AccountFound] = {}
    buildings: list[BuildingFound] = []
    if figures.isdigit() and len(figures) >= SHORTEST_FIGURE:
        _add_numbers(seen, figures, limit=limit)
    if (not words and numbers) or any(
        len(token) > SHORTEST_WORD and re.search(r"\d", token) for token in words
    ):
        _add_meters(seen, asked, on=on, limit=limit)
    if words:
        buildings = _add_address(seen, words, numbers, limit=limit)
        # a house that was found is what was meant; its number stands in many other texts
        if not (numbers and seen):
            _add_by_text(seen, words, numbers, limit=limit)
    too_short = (
        not seen and not buildings and max(map(len, words), default=0) < SHORTEST_WORD and len(figures) < 3
    )
    return Found(accounts=list(seen.values())[:limit], buildings=buildings, too_short=too_short)


def search_text(*, number: str, payer: str, address: str, serials: list[str]) -> str:
    """Return what an account is looked up by."""
    return normal(" ".join([number, payer, address, *serials]))


def refresh_premise(*, premise_id: int, on: date) -> None:
    """Write anew what the accounts of a premise are looked up by, with the meters that stand there on a day."""
    serials = serials_of_premise(premise_id=premise_id, on=on)
    for row in accounts().filter(premise_id=premise_id):
        text = search_text(
            number=row["number"], payer=row_payer(row), address=row_address(row), serials=serials
        )
        AccountSearch.objects.update_or_create(account_id=row["id"], defaults={"text": text})


Writer = Callable[[dict[str, Any]], AccountFound]


def _by(match: Match, meter: str = "") -> Writer:
    def write(row: dict[str, Any]) -> AccountFound:
        return AccountFound(
            number=row["number"], payer=row_payer(row), address=row_address(row), match=match, meter=meter
        )

    return write


def _add(seen: dict[str, AccountFound], rows: QuerySet[Account, dict[str, Any]], write: Writer) -> None:
    for row in rows:
        seen.setdefault(row["number"], write(row))


def _add_numbers(seen: dict[str, AccountFound], figures: str, *, limit: int) -> None:
    # two looks: the index that finds a beginning does not sort, and another would be walked from end to end
    numbers = Account.objects.filter(number__startswith=figures).values_list("number", flat=True)[:limit]
    _add(seen, accounts().filter(number__in=list(numbers)).order_by("number"), _by(Match.NUMBER))


def _add_meters(seen: dict[str, AccountFound], serial: str, *, on: date, limit: int) -> None:
    meters = meters_by_serial(prefix=serial.upper(), on=on, limit=limit)
    serials = {meter.premise_id: meter.serial for meter in meters if meter.premise_id}
    rows = accounts().filter(
        building_id__in={meter.building_id for meter in meters},
        premise_id__in=serials,
        during__contains=on,
    )
    for row in rows:
        seen.setdefault(row["number"], _by(Match.METER, serials[row["premise_id"]])(row))


def _add_address(
    seen: dict[str, AccountFound], words: list[str], numbers: list[str], *, limit: int
) -> list[BuildingFound]:
    """Add the accounts of a flat, or of the houses of this number; return the buildings on the street."""
    house, flat = [*numbers, "", ""][:2]
    buildings = buildings_on_streets(words=words, number=house, limit=limit)
    meant = [row["id"] for row in buildings if flat or row["number"].lower() == house]
    here = accounts().filter(building_id__in=meant)
    if flat:
        here = here.filter(premise_id__in=premise_ids(building_ids=meant, number=flat))
    order = ("street_name", "building_order", "building_number", "premise_order", "share_no")
    if meant:
        _add(seen, here.order_by(*order)[:limit], _by(Match.ADDRESS))
    return [
        BuildingFound(
            building_id=row["id"],
            address=address_of(
                street_kind=row["street_kind"], street=row["street_name"], building=row["number"]
            ),
        )
        for row in buildings[:4]
    ]


def _add_by_text(seen: dict[str, AccountFound], words: list[str], numbers: list[str], *, limit: int) -> None:
    long_words = [word for word in words if len(word) >= SHORTEST_WORD]
    if not long_words:
        return
    found = Account.objects.all()
    for token in [*long_words, *numbers]:
        found = found.filter(search__text__contains=token)
    # the planner must not walk the accounts in the order of a join: candidates first, by trigrams alone
    candidates = list(found.values_list("id", flat=True)[: limit * 8])
    rows = [(row, row_payer(row)) for row in accounts().filter(id__in=candidates)]
    rows.sort(
        key=lambda pair: (
            not _names(pair[1], long_words),
            not normal(pair[1]).startswith(long_words[0]),
            pair[1],
        )
    )
    for row, payer in rows[:limit]:
        match = Match.NAME if _names(payer, long_words) else Match.ADDRESS
        seen.setdefault(row["number"], _by(match)(row))


def _names(payer: str, words: list[str]) -> bool:
    """Tell whether every word begins a part of the payer's name."""
    parts = normal(payer).split()
    return all(any(part.startswith(word) for part in parts) for word in words)
