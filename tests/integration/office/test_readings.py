"""A reading entered by hand: refusals at their fields, what it changes, storing and undoing."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.charging.models import BillingPeriod, Run
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.metering.models import Reading

ENTER = "/accounts/0770000024/readings/enter/"
HTMX = {"HX-Request": "true"}


def form(town: Town, day: str = "7800", night: str = "3200", **others: str) -> dict[str, str]:
    """A reading of the two-zone meter of flat 2, which showed 7730 and 3170 on 20 October."""
    return {
        "taken_on": "2026-10-25",
        "source": "1",
        f"value_{town.installations['2', 21].pk}": day,
        f"value_{town.installations['2', 22].pk}": night,
        **others,
    }


def stored() -> int:
    return Reading.objects.filter(taken_on=date(2026, 10, 25)).count()


@pytest.mark.django_db
def test_the_form_shows_every_register_with_its_last_reading(office: Client, town: Town) -> None:
    part = office.get(ENTER, headers=HTMX).content.decode()
    assert part.count('name="value_') == 2
    assert "7\xa0730 on 20 Oct 2026" in part


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"day": "12"}, "Below the reading of 20 Oct 2026, which is 7\xa0730"),
        ({"day": "abc"}, "Write a number"),
        ({"day": "7800.1234"}, "No more than three decimal places"),
        ({"day": "-5"}, "A reading is not below zero"),
        ({"day": "1000000"}, "The meter has 6 digits"),
        ({"taken_on": "2100-01-01"}, "This day has not come yet"),
        ({"taken_on": "2019-12-31"}, "The meter was installed on 1 Jan 2020"),
        ({"taken_on": "2026-10-20"}, "There is a reading of this day already"),
        ({"taken_on": "2026-09-25"}, "Above the later reading of 20 Oct 2026"),
        ({"taken_on": ""}, "This field is required"),
        ({"source": "6"}, "Select a valid choice"),
    ],
)
def test_a_refusal_stands_at_its_field(
    office: Client, town: Town, values: dict[str, str], words: str
) -> None:
    response = office.post(ENTER, form(town, **values, confirmed="1"), headers=HTMX)
    part = response.content.decode()
    assert response.status_code == 422
    assert words in part
    assert not stored()


@pytest.mark.django_db
def test_a_fall_is_taken_when_the_roll_over_is_confirmed(office: Client, town: Town) -> None:
    refused = office.post(ENTER, form(town, day="12"), headers=HTMX).content.decode()
    assert 'name="confirmed_rollover"' in refused
    seen = office.post(ENTER, form(town, day="12", confirmed_rollover="1"), headers=HTMX)
    assert seen.status_code == 200
    assert "The reading is below the previous one" in seen.content.decode()


@pytest.mark.django_db
def test_looking_stores_nothing(office: Client, town: Town) -> None:
    part = office.post(ENTER, form(town), headers=HTMX).content.decode()
    assert "280" in part
    assert "no lines" in part, "nothing is billed yet"
    assert not stored()


def test_old_and_new_lines_side_by_side(office: Client, billed: tuple[Town, int]) -> None:
    part = office.post(ENTER, form(billed[0]), headers=HTMX).content.decode()
    for figure in ("1\xa0585.50", "2\xa0114.00", "+626.90"):
        assert figure in part
    assert part.count('class="changed"') == 4


def test_a_line_that_stays_is_not_marked(office: Client, billed: tuple[Town, int]) -> None:
    part = office.post(ENTER, form(billed[0], night="3170"), headers=HTMX).content.decode()
    assert part.count('class="changed"') == 2


def test_confirmed_it_is_stored_and_the_difference_posted(office: Client, billed: tuple[Town, int]) -> None:
    town = billed[0]
    before = balance_minor(account_id=town.accounts["2"].pk)
    response = office.post(ENTER, form(town, confirmed="1"), headers=HTMX)
    assert response["HX-Redirect"] == "/accounts/0770000024/"
    assert stored() == 2
    assert balance_minor(account_id=town.accounts["2"].pk) == before + 62_690
    page = office.get("/accounts/0770000024/").content.decode()
    assert "Posted to the account: +626.90" in page
    assert "Undo" in page
    assert "Undo" not in office.get("/accounts/0770000024/").content.decode(), "it is offered once"


def test_undone_the_balance_is_what_it_was(office: Client, billed: tuple[Town, int]) -> None:
    town = billed[0]
    before = balance_minor(account_id=town.accounts["2"].pk)
    office.post(ENTER, form(town, confirmed="1"), headers=HTMX)
    entered = office.session["entered"]
    undo = {"reading": entered["reading_ids"], "taken_on": entered["taken_on"]}
    response = office.post("/accounts/0770000024/readings/undo/", undo, headers=HTMX)
    assert response["HX-Redirect"] == "/accounts/0770000024/readings/"
    assert balance_minor(account_id=town.accounts["2"].pk) == before
    again = office.post("/accounts/0770000024/readings/undo/", undo, headers=HTMX)
    assert again.status_code == 422
    assert "annulled already" in again.content.decode()


@pytest.mark.django_db
def test_a_reading_of_the_history_is_annulled_with_a_reason(office: Client, town: Town) -> None:
    reading = Reading.objects.get(installation=town.installations["2", 21], taken_on=date(2026, 10, 20))
    address = "/accounts/0770000024/readings/annul/"
    asked = office.get(address, {"reading": reading.id, "taken_on": "2026-10-20"}, headers=HTMX)
    assert "20 Oct 2026" in asked.content.decode()
    given = {"reading": str(reading.id), "taken_on": "2026-10-20"}
    assert office.post(address, given, headers=HTMX).status_code == 422, "a reason is needed"
    office.post(address, {**given, "reason": "misread"}, headers=HTMX)
    reading = Reading.objects.get(pk=reading.pk)
    assert (reading.status, reading.reason) == (4, "misread")


@pytest.mark.django_db
def test_another_accounts_reading_is_not_annulled_here(office: Client, town: Town) -> None:
    other = Reading.objects.get(installation=town.installations["1", 1], taken_on=date(2026, 10, 20))
    given = {"reading": str(other.id), "taken_on": "2026-10-20", "reason": "misread"}
    assert office.post("/accounts/0770000024/readings/annul/", given, headers=HTMX).status_code == 422
    assert Reading.objects.get(pk=other.pk).status == 1


def test_a_closed_month_is_corrected_in_the_open_one(office: Client, billed: tuple[Town, int]) -> None:
    town, run_id = billed
    BillingPeriod.objects.filter(month=date(2026, 10, 1)).update(state=2)
    BillingPeriod.objects.create(supplier=town.supplier, month=date(2026, 11, 1))
    office.post(ENTER, form(town, confirmed="1"), headers=HTMX)
    correction = Run.objects.exclude(pk=run_id).get()
    assert (correction.period, correction.booked_period) == (date(2026, 10, 1), date(2026, 11, 1))


def test_with_no_month_open_it_is_refused_with_advice(office: Client, billed: tuple[Town, int]) -> None:
    BillingPeriod.objects.update(state=2)
    response = office.post(ENTER, form(billed[0], confirmed="1"), headers=HTMX)
    assert response.status_code == 422
    assert "Open a month and book there" in response.content.decode()
    assert not stored()


@pytest.mark.django_db
def test_a_premise_without_a_meter_has_nothing_to_read(office: Client, town: Town) -> None:
    part = office.get("/accounts/0770000032/readings/enter/", headers=HTMX).content.decode()
    assert "nothing to read" in part


@pytest.mark.django_db
def test_a_meter_of_another_premise_is_not_offered(office: Client, town: Town) -> None:
    other = town.installations["1", 1].meter_id
    assert office.get(ENTER, {"meter": other}, headers=HTMX).status_code == 404


@pytest.mark.django_db
def test_who_may_not_enter_is_not_offered_it(sign_in: Callable[..., Client], town: Town) -> None:
    page = sign_in(Role.AUDITOR).get("/accounts/0770000024/").content.decode()
    assert "Enter a reading" not in page


def correction(town: Town, day: str, reason: str = "misread", **others: str) -> dict[str, str]:
    """The reading of 20 October, 7730 and 3170, corrected."""
    return form(
        town, day=day, night="3170", taken_on="2026-10-20", instead="2026-10-20", reason=reason, **others
    )


@pytest.mark.django_db
def test_a_correction_begins_with_what_was_read(office: Client, town: Town) -> None:
    meter = town.installations["2", 21].meter_id
    part = office.get(f"{ENTER}?meter={meter}&instead=2026-10-20", headers=HTMX).content.decode()
    assert "Correct the reading of 20 Oct 2026" in part
    assert 'value="7\xa0730"' in part
    assert 'value="2026-10-20"' in part


@pytest.mark.django_db
def test_a_correction_asks_why(office: Client, town: Town) -> None:
    response = office.post(ENTER, correction(town, "7720", reason="", confirmed="1"), headers=HTMX)
    assert response.status_code == 422
    assert "This field is required" in response.content.decode()


@pytest.mark.django_db
def test_a_corrected_reading_stays_in_the_history_with_the_reason(office: Client, town: Town) -> None:
    office.post(ENTER, correction(town, "7720", confirmed="1"), headers=HTMX)
    readings = Reading.objects.filter(installation=town.installations["2", 21], taken_on=date(2026, 10, 20))
    assert sorted(readings.values_list("value_wh", "status", "reason")) == [
        (7_720_000, 1, ""),
        (7_730_000, 4, "misread"),
    ]


def test_a_correction_posts_one_difference(office: Client, billed: tuple[Town, int]) -> None:
    town = billed[0]
    before = balance_minor(account_id=town.accounts["2"].pk)
    seen = office.post(ENTER, correction(town, "7740"), headers=HTMX).content.decode()
    assert "+75.50" in seen, "10 kWh by day at 7.55"
    office.post(ENTER, correction(town, "7740", confirmed="1"), headers=HTMX)
    assert balance_minor(account_id=town.accounts["2"].pk) == before + 7_550


@pytest.mark.django_db
def test_a_day_without_a_reading_is_not_corrected(office: Client, town: Town) -> None:
    asked = {**correction(town, "7740"), "instead": "2026-10-21"}
    assert office.post(ENTER, asked, headers=HTMX).status_code == 404


@pytest.mark.django_db
def test_a_control_reading_takes_the_place_of_the_subscribers(office: Client, town: Town) -> None:
    control = form(town, day="7700", night="3160", taken_on="2026-10-20", source="2", confirmed="1")
    assert office.post(ENTER, control, headers=HTMX)["HX-Redirect"]
    of_day = Reading.objects.filter(installation=town.installations["2", 21], taken_on=date(2026, 10, 20))
    assert of_day.get(status=1).value_wh == 7_700_000
    assert of_day.get(status=4).reason == "a control reading outranks it"

    entered = office.session["entered"]
    undo = {"reading": entered["reading_ids"], "taken_on": entered["taken_on"]}
    office.post("/accounts/0770000024/readings/undo/", undo, headers=HTMX)
    assert of_day.get(status=1).value_wh == 7_730_000, "annulled, it gives the place back"


@pytest.mark.django_db
def test_a_second_control_reading_of_a_day_is_refused(office: Client, town: Town) -> None:
    control = form(town, day="7700", night="3160", taken_on="2026-10-20", source="2", confirmed="1")
    office.post(ENTER, control, headers=HTMX)
    refused = office.post(ENTER, control, headers=HTMX)
    assert "There is a reading of this day already" in refused.content.decode()
