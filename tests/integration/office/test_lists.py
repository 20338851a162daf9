"""Lists: pages by key lose and double nothing; the spreadsheet holds what is seen."""

import io

import pytest
from django.http import QueryDict
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.town import Town

from abonent.contexts.contracts.queries import accounts
from abonent.contexts.parties.models import Branch, Supplier
from abonent.contexts.places.models import Building, District, Street
from abonent.interfaces.office.lists import Column, Listing

pytestmark = pytest.mark.django_db

COLUMNS = [
    Column(name="number", title="Account", order=("number",)),
    Column(name="share_no", title="Share", order=("share_no",)),
]


def pages(sort: str) -> list[list[str]]:
    """Walk the list two rows at a time, as somebody pressing "Show more"."""
    found, after = [], ""
    while True:
        params = QueryDict(f"sort={sort}&after={after}")
        listing = Listing(accounts(), COLUMNS, params, default_sort="number", page_rows=2)
        found.append([line[0].text for line in listing.lines])
        if not (after := listing.next_key):
            return found


@pytest.mark.parametrize("sort", ["number", "-number", "share_no", "-share_no"])
def test_pages_by_key_hold_every_row_once(town: Town, sort: str) -> None:
    seen = pages(sort)
    assert [len(page) for page in seen] == [2, 2, 1]
    flat = [number for page in seen for number in page]
    assert sorted(flat) == sorted(account.number for account in town.accounts.values())
    if sort.endswith("number"):
        assert flat == sorted(flat, reverse=sort.startswith("-"))


@pytest.mark.parametrize("after", ["nonsense", "WzFd", "WyJhIiwgImIiXQ==", "bnVsbA=="])
def test_a_key_that_was_tampered_with_begins_anew(town: Town, after: str) -> None:
    listing = Listing(accounts(), COLUMNS, QueryDict(f"after={after}&sort=share_no"), default_sort="number")
    assert len(list(listing.lines)) == 5


def test_sorting_by_what_is_not_offered_is_ignored(town: Town) -> None:
    listing = Listing(accounts(), COLUMNS, QueryDict("sort=party__phone"), default_sort="number")
    assert listing.sort == "number"


def test_house_numbers_are_sorted_as_people_do(office: Client, town: Town) -> None:
    for number in ("10", "9", "100"):
        Building.objects.create(branch=town.branch, street=town.street, number=number)
    page = office.get("/buildings/").content.decode()
    places = [page.index(f"д. {number}<") for number in ("2а", "9", "10", "12", "100")]
    assert places == sorted(places)


def test_the_spreadsheet_holds_what_is_seen(office: Client, town: Town) -> None:
    elsewhere = District.objects.create(branch=town.branch, name="Южный")
    away = Street.objects.create(district=elsewhere, name="Садовая")
    Building.objects.create(branch=town.branch, street=away, number="1")
    response = office.get("/buildings/?street=лен&sort=-address&export=xlsx")
    assert response["Content-Disposition"] == 'attachment; filename="buildings.xlsx"'
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.getvalue())).get_sheet_by_index(0).to_python()
    assert rows[0][0] == "Address"
    assert [row[0] for row in rows[1:]] == ["ул. Ленина, д. 12", "ул. Ленина, д. 2а"]
    assert rows[1][4] == 220.0


def test_a_name_that_looks_like_a_formula_stays_a_name(office: Client, town: Town) -> None:
    town.street.name = "=2+3"
    town.street.save()
    response = office.get("/buildings/?export=xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.getvalue())).get_sheet_by_index(0).to_python()
    assert rows[1][0] == "ул. =2+3, д. 2а"


def test_more_rows_come_without_the_page_around_them(office: Client, town: Town) -> None:
    for number in range(100, 160):
        Building.objects.create(branch=town.branch, street=town.street, number=str(number))
    first = office.get("/buildings/").content.decode()
    query = first.split('hx-get="?')[-1].split('"')[0].replace("&amp;", "&")
    more = office.get(f"/buildings/?{query}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in more
    assert more.count("<tr>") == 12


def test_the_filter_by_branch(office: Client, town: Town) -> None:
    other = Branch.objects.create(supplier=Supplier.objects.get(), code="02", name="Сельское")
    Building.objects.create(branch=other, street=town.street, number="77")
    page = office.get(f"/buildings/?branch={other.pk}").content.decode()
    assert "д. 77" in page
    assert "д. 12" not in page


def test_a_filter_that_makes_no_sense_is_left_out(office: Client, town: Town) -> None:
    assert "д. 12" in office.get("/buildings/?branch=999&kind=x").content.decode()
