"""A building's list of readings: what is stored, what stays in its field and why, and what is asked before."""

from datetime import date

import pytest
from django.test import Client
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.metering.models import Reading

HTMX = {"HX-Request": "true"}
DAY = "2026-11-20"


def address(town: Town, end: str = "") -> str:
    return f"/buildings/{town.building.pk}/readings/{end}"


def values(town: Town, **kwh: str) -> dict[str, str]:
    """What is typed: flat1="3300", flat2_21="7930"; the building's own meter is `building`."""
    typed = {}
    for name, text in kwh.items():
        flat, _underscore, zone = name.removeprefix("flat").partition("_")
        typed[f"value_{town.installations[flat, int(zone or 1)].pk}"] = text
    return {"taken_on": DAY, "source": "1", **typed}


WHOLE = {
    "building": "53000",
    "flat1": "3300",
    "flat2_21": "7930",
    "flat2_22": "3250",
    "flat10": "2400",
}


def stored() -> dict[str, int]:
    return {
        reading.installation.meter.serial + (f"/{zone}" if (zone := reading.installation.zone) > 1 else ""): (
            reading.value_wh
        )
        for reading in Reading.objects.filter(taken_on=date(2026, 11, 20))
    }


@pytest.mark.django_db
def test_every_register_stands_in_the_order_of_the_flats(office: Client, town: Town) -> None:
    page = office.get(address(town), {"taken_on": DAY}).content.decode()
    places = [page.index(f'data-row="{town.installations[key].pk}"') for key in (
        ("building", 1), ("1", 1), ("2", 21), ("2", 22), ("10", 1),
    )]  # fmt: skip
    assert places == sorted(places)
    assert "Петров\xa0П.\xa0И." in page
    assert page.count("Петров\xa0П.\xa0И.") == 2, "once on a desk and once on a phone, not at every zone"
    assert "0 of 5" in page
    assert "20200002" in page
    assert "7\xa0730" in page


@pytest.mark.django_db
def test_a_complete_list_is_stored_at_once(office: Client, town: Town) -> None:
    response = office.post(address(town, "send/"), values(town, **WHOLE), headers=HTMX)
    assert response.status_code == 200, response.content.decode()
    assert stored() == {
        "23400077": 53_000_000,
        "20100001": 3_300_000,
        "20200002/21": 7_930_000,
        "20200002/22": 3_250_000,
        "20100010": 2_400_000,
    }
    part = response.content.decode()
    assert "5 readings are stored" in part
    assert part.count("data-read") == 5
    assert "5 of 5" in part


@pytest.mark.django_db
def test_a_list_with_gaps_is_asked_about_first(office: Client, town: Town) -> None:
    some = values(town, flat1="3300")
    asked = office.post(address(town, "send/"), some, headers=HTMX)
    assert asked["HX-Retarget"] == "#dialog"
    assert "4 of 5 have neither a reading of this month nor a new value" in asked.content.decode()
    assert not stored()
    office.post(address(town, "send/"), {**some, "partly": "1"}, headers=HTMX)
    assert stored() == {"20100001": 3_300_000}


@pytest.mark.django_db
def test_what_was_read_this_month_is_no_gap(office: Client, town: Town) -> None:
    rest = dict(WHOLE)
    office.post(
        address(town, "send/"), {**values(town, flat1=rest.pop("flat1")), "partly": "1"}, headers=HTMX
    )
    response = office.post(address(town, "send/"), values(town, **rest), headers=HTMX)
    assert "HX-Retarget" not in response
    assert len(stored()) == 5


@pytest.mark.django_db
def test_a_refusal_stays_in_its_field_and_the_rest_is_stored(office: Client, town: Town) -> None:
    typed = {**values(town, **{**WHOLE, "flat1": "12,5", "flat10": "abc"}), "partly": "1"}
    response = office.post(address(town, "send/"), typed, headers=HTMX)
    part = response.content.decode()
    assert response.status_code == 422
    assert len(stored()) == 3
    assert 'value="12,5"' in part, "what was typed is still there"
    assert "Below the previous reading" in part
    assert 'value="abc"' in part
    assert "Write a number" in part
    assert part.count("is-invalid") == 2
    assert "3 readings are stored" in part
    assert "2 are not stored" in part
    forgotten = part.split('data-forget="')[1].split('"')[0].split()
    assert len(forgotten) == 3, "the browser forgets only what is stored"
    assert str(town.installations["1", 1].pk) not in forgotten


@pytest.mark.django_db
def test_a_doubtful_value_is_stored_when_it_is_confirmed(office: Client, town: Town) -> None:
    typed = {**values(town, flat1="9900"), "partly": "1"}
    refused = office.post(address(town, "send/"), typed, headers=HTMX)
    assert "Far more than is usual" in refused.content.decode()
    assert 'name="confirmed"' in refused.content.decode()
    assert not stored()
    office.post(
        address(town, "send/"), {**typed, "confirmed": str(town.installations["1", 1].pk)}, headers=HTMX
    )
    assert stored() == {"20100001": 9_900_000}


@pytest.mark.django_db
def test_looking_at_a_value_stores_nothing(office: Client, town: Town) -> None:
    told = office.post(address(town, "check/"), values(town, flat1="9900", flat10="2400")).json()
    assert told[str(town.installations["1", 1].pk)].startswith("Far more than is usual")
    assert told[str(town.installations["10", 1].pk)] == ""
    assert not stored()


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2100-01-01", "", "yesterday"])
def test_a_day_that_cannot_be_is_refused(office: Client, town: Town, day: str) -> None:
    response = office.post(address(town, "send/"), {**values(town, **WHOLE), "taken_on": day}, headers=HTMX)
    assert response.status_code == 422
    assert 'value="3300"' in response.content.decode()
    assert not stored()


@pytest.mark.django_db
def test_nothing_typed_is_said(office: Client, town: Town) -> None:
    response = office.post(address(town, "send/"), values(town), headers=HTMX)
    assert response.status_code == 422
    assert "Nothing is filled in yet" in response.content.decode()


@pytest.mark.django_db
def test_a_register_of_another_building_is_not_found(office: Client, town: Town) -> None:
    typed = {**values(town, house="9999999"), "partly": "1"}
    assert office.post(address(town, "send/"), typed, headers=HTMX).status_code == 404


@pytest.mark.django_db
def test_an_auditor_looks_and_does_not_send(sign_in: object, town: Town) -> None:
    auditor: Client = sign_in(Role.AUDITOR)  # type: ignore[operator]
    page = auditor.get(address(town)).content.decode()
    assert 'id="send"' not in page
    assert page.count(" disabled>") == 5
    assert auditor.post(address(town, "send/"), values(town, **WHOLE)).status_code == 403
