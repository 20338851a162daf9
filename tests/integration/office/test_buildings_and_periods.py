"""The building card with its balance, and opening and closing months."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.charging.models import BillingPeriod

from .conftest import draft_run

HTMX = {"HX-Request": "true"}


def test_the_building_and_its_balance(office: Client, billed: tuple[Town, int]) -> None:
    page = office.get(f"/buildings/{billed[0].building.pk}/").content.decode()
    for words in (
        "ул. Ленина, д. 12",
        "Городское отделение",
        "220",
        "Counted by the building meter",
        "October 2026",
    ):
        assert words in page
    assert "proposal" not in page
    flats = [page.index(f">{number}<") for number in ("0770000016", "0770000024", "0770000032", "0770000040")]
    assert flats == sorted(flats), "flat 10 comes after flat 3"


def test_a_run_not_approved_is_shown_as_a_proposal(office: Client, rated: tuple[Town, int]) -> None:
    assert "proposal" in office.get(f"/buildings/{rated[0].building.pk}/").content.decode()


@pytest.mark.django_db
def test_a_building_not_balanced_yet(office: Client, town: Town) -> None:
    page = office.get(f"/buildings/{town.building.pk}/?period=2026-10").content.decode()
    assert "No run has balanced this building" in page
    assert office.get("/buildings/999999/").status_code == 404


@pytest.mark.django_db
def test_a_month_is_opened_and_closed(office: Client, town: Town) -> None:
    assert "Open November 2026" in office.get("/periods/").content.decode()
    office.post("/periods/open/", {"month": "2026-11"}, headers=HTMX)
    assert BillingPeriod.objects.get(month=date(2026, 11, 1)).state == 1
    office.post("/periods/close/", {"month": "2026-11"}, headers=HTMX)
    period = BillingPeriod.objects.get(month=date(2026, 11, 1))
    assert period.state == 2
    assert period.closed_at is not None
    office.post("/periods/open/", {"month": "2026-11"}, headers=HTMX)
    assert BillingPeriod.objects.get(month=date(2026, 11, 1)).state == 1


@pytest.mark.django_db
def test_what_cannot_be_opened_or_closed_is_told(office: Client, town: Town) -> None:
    again = office.post("/periods/open/", {"month": "2026-10"}, headers=HTMX)
    assert (again.status_code, "10.2026 is open already" in again.content.decode()) == (422, True)
    never = office.post("/periods/close/", {"month": "2031-01"}, headers=HTMX)
    assert (never.status_code, "01.2031 is not open" in never.content.decode()) == (422, True)
    run_id = draft_run(town)
    busy = office.post("/periods/close/", {"month": "2026-10"}, headers=HTMX)
    assert busy.status_code == 422
    assert f"runs that are not finished: № {run_id}" in busy.content.decode()
    assert office.get("/periods/close/", {"month": "soon"}, headers=HTMX).status_code == 404


@pytest.mark.django_db
def test_an_operator_sees_periods_and_touches_none(sign_in: Callable[..., Client], town: Town) -> None:
    client = sign_in(Role.OPERATOR)
    assert "/periods/close/" not in client.get("/periods/").content.decode()
    assert client.post("/periods/close/", {"month": "2026-10"}).status_code == 403
    assert BillingPeriod.objects.get(month=date(2026, 10, 1)).state == 1


@pytest.mark.django_db
def test_the_desk(office: Client, town: Town) -> None:
    page = office.get("/").content.decode()
    assert "October 2026" in page
    assert "No run has been made yet" in page
