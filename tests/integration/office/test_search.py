"""Search by number, name, address and meter, and the kind of match shown."""

from datetime import date

import pytest
from django.test import Client
from tests.town import Town

from abonent.contexts.contracts.search import Match, search
from abonent.contexts.places.addresses import split_address

TODAY = date(2026, 11, 2)
HTMX = {"HX-Request": "true"}


def found(text: str) -> list[tuple[str, Match]]:
    return [(hit.payer.split()[0], hit.match) for hit in search(text=text, on=TODAY).accounts]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "payer", "match"),
    [
        ("0770000016", "Иванова", Match.NUMBER),
        ("077000001", "Иванова", Match.NUMBER),
        ("20200002", "Петров", Match.METER),
        ("петров", "Петров", Match.NAME),
        ("пётр петров", "Петров", Match.NAME),
        ("КУЗНЕЦОВА  анна", "Кузнецова", Match.NAME),
        ("ленина 12 10", "Кузнецова", Match.ADDRESS),
        ("ул. Ленина, д. 12, кв. 3", "Сидоров", Match.ADDRESS),
        ("лен 2а", "Новиков", Match.ADDRESS),
    ],
)
def test_the_first_hit(town: Town, text: str, payer: str, match: Match) -> None:
    assert found(text)[0] == (payer, match)


@pytest.mark.django_db
def test_a_flat_is_not_taken_for_another_that_begins_alike(town: Town) -> None:
    assert [payer for payer, _match in found("ленина 12 1")] == ["Иванова"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["ёлочная 12 3", "елочная 12 3", "Малая Ёлочная 12 3"])
def test_a_street_is_found_with_and_without_the_dots(town: Town, text: str) -> None:
    town.street.name = "Малая Ёлочная"
    town.street.save()
    assert found(text)[0] == ("Сидоров", Match.ADDRESS)


@pytest.mark.django_db
def test_an_account_found_in_two_ways_stands_once(town: Town) -> None:
    hits = found("ленина")
    assert len(hits) == len(set(hits)) == 5


@pytest.mark.django_db
def test_buildings_are_found_as_well(town: Town) -> None:
    assert [one.address for one in search(text="ленина 12", on=TODAY).buildings] == ["ул. Ленина, д. 12"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "  ", "я", "ив", "%", "_", "1"])
def test_too_little_is_not_looked_for(town: Town, text: str) -> None:
    result = search(text=text, on=TODAY)
    assert not result.accounts
    assert result.too_short


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["неттакого", "999999", "100%", "'; --", "\\", "ленина 999"])
def test_nothing_is_found_by_nonsense(town: Town, text: str) -> None:
    result = search(text=text, on=TODAY)
    assert not result.accounts
    assert not result.buildings


@pytest.mark.django_db
def test_hits_as_one_types(office: Client, town: Town) -> None:
    part = office.get("/search/", {"q": "петров"}, headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'role="option"' in part
    assert "by name" in part


@pytest.mark.django_db
def test_the_page_of_hits(office: Client, town: Town) -> None:
    page = office.get("/search/", {"q": "20200002"}).content.decode()
    assert "by meter" in page
    assert "Петров Пётр Ильич" in page


@pytest.mark.parametrize(
    ("text", "words", "numbers"),
    [
        ("ул. Ленина, д. 12, кв. 3", ["ленина"], ["12", "3"]),
        ("1-й Садовый 2а", ["й", "садовый"], ["1", "2а"]),
        ("пр-т Мира 10/2-5", ["мира"], ["10/2", "5"]),
        ("б-р Садовый, д. 1А", ["садовый"], ["1а"]),
        ("Ёлочная", ["елочная"], []),
    ],
)
def test_splitting_an_address(text: str, words: list[str], numbers: list[str]) -> None:
    assert split_address(text) == (words, numbers)
