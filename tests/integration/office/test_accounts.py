"""The account card and its tabs."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from tests.town import MONTH, Town

from abonent.contexts.charging.models import Bill
from abonent.contexts.charging.queries import account_exceptions
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.metering.models import Reading
from abonent.usecases import billing_run, packs

from .conftest import AT, draft_run

CARD = "/accounts/0770000024/"
HTMX = {"HX-Request": "true"}


@pytest.mark.django_db
def test_the_card_of_an_account_not_billed_yet(office: Client, town: Town) -> None:
    page = office.get(CARD).content.decode()
    for words in (
        "Петров Пётр Ильич",
        "ул. Ленина, д. 12, кв. 2",
        "20200002",
        "nothing owed",
        "Nothing charged yet",
    ):
        assert words in page
    assert "7\xa0730" in page


@pytest.mark.django_db
def test_an_unknown_account(office: Client) -> None:
    assert office.get("/accounts/1/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("amount_minor", "words"), [(12_345, "to pay"), (-500, "paid in advance")])
def test_the_balance(office: Client, town: Town, amount_minor: int, words: str) -> None:
    account = town.accounts["2"]
    posting = Posting(account.pk, 1, EntryKind.OPENING, MONTH.first_day, amount_minor)
    post_batch(
        origin="import:opening",
        postings=[posting],
        booked_period=MONTH,
        booked_on=MONTH.first_day,
        at=datetime(2026, 10, 1, tzinfo=UTC),
    )
    page = office.get(CARD).content.decode()
    assert words in page
    ledger = office.get(f"{CARD}ledger/").content.decode()
    assert "opening balance" in ledger
    assert "import: opening" in ledger


def test_lines_come_with_what_they_were_made_of(office: Client, billed: tuple[Town, int]) -> None:
    page = office.get(CARD).content.decode()
    assert f"{CARD}charges/2026-10/" in page
    part = office.get(f"{CARD}charges/2026-10/", headers=HTMX).content.decode()
    assert "<html" not in part
    assert "1\xa0585.50" in part
    assert "354" in part, "the act"
    assert f"/runs/{billed[1]}/" in part
    assert office.get(f"{CARD}charges/2026-99/").status_code == 404


def test_lines_taken_back_stand_apart(office: Client, billed: tuple[Town, int]) -> None:
    billing_run.cancel(run_id=billed[1], actor_id=None, at=AT, reason="a wrong price")
    part = office.get(f"{CARD}charges/2026-10/", headers=HTMX).content.decode()
    standing, undone = part.split('class="undone"')
    assert "1\xa0585.50" not in standing
    assert undone.count("1\xa0585.50") >= 2
    assert "reversal" in undone


def test_the_chart_shows_the_months_charged(office: Client, billed: tuple[Town, int]) -> None:
    page = office.get(CARD).content.decode()
    assert '"10.26"' in page
    assert "210.0" in page
    assert "90.0" in page


@pytest.mark.django_db
def test_the_history_of_readings(office: Client, town: Town) -> None:
    Reading.objects.filter(installation=town.installations["2", 21], taken_on=date(2026, 9, 20)).update(
        status=4
    )
    page = office.get(f"{CARD}readings/").content.decode()
    assert "28 rows" in page
    assert page.count("annulled") == 1
    assert page.count("/readings/annul/?reading=") == 27


@pytest.mark.django_db
def test_a_sorted_tab_comes_alone(office: Client, town: Town) -> None:
    part = office.get(f"{CARD}readings/?sort=value_wh", headers=HTMX).content.decode()
    assert "<html" not in part
    assert part.index("2\xa0000") < part.index("7\xa0730")


@pytest.mark.django_db
def test_bills(office: Client, town: Town) -> None:
    Bill.objects.create(
        account=town.accounts["2"],
        period=MONTH.first_day,
        number="0770000024-202610",
        opening_minor=100,
        charged_minor=200_000,
        recalculated_minor=0,
        paid_minor=0,
        total_minor=200_100,
        due_on=date(2026, 11, 16),
        issued_on=date(2026, 11, 2),
    )
    page = office.get(f"{CARD}bills/").content.decode()
    assert "2\xa0001.00" in page
    assert "16 Nov 2026" in page


def test_what_was_parked_is_told_until_a_later_run_judges_it(
    office: Client, transactional_db: None, town: Town
) -> None:
    reading = Reading.objects.get(installation=town.installations["1", 1], taken_on=date(2026, 10, 20))
    Reading.objects.filter(pk=reading.pk).update(status=4)
    Reading.objects.create(
        id=9_001,
        installation=reading.installation,
        building=town.building,
        taken_on=reading.taken_on,
        value_wh=1_000,
        source=1,
        entered_at=reading.entered_at,
    )
    run_id = draft_run(town)
    billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=lambda: AT)
    page = office.get("/accounts/0770000016/").content.decode()
    assert "The reading is below the previous one" in page
    assert f"/runs/{run_id}/" in page
    billing_run.discard(run_id=run_id)
    Reading.objects.filter(id=9_001).update(status=4)
    billing_run.rate(again := draft_run(town), parameters=packs.pack_parameters(), clock=lambda: AT)
    assert again > run_id
    assert not account_exceptions(account_id=town.accounts["1"].pk)


@pytest.mark.django_db
def test_the_list_of_accounts(office: Client, town: Town) -> None:
    page = office.get("/accounts/").content.decode()
    assert "5 rows" in page
    assert "sort=payer" not in page, "by payer only where a street keeps the list short"
    few = office.get("/accounts/?street=лен&house=12&sort=-payer").content.decode()
    assert "4 rows" in few
    assert few.index("Сидоров") < few.index("Петров") < few.index("Кузнецова") < few.index("Иванова")
