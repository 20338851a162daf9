"""Buildings, premises and accounts changed from the office, and what is printed of them."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pypdfium2
import pytest
from django.test import Client
from django.utils import timezone
from tests.town import Town

from abonent.contexts.access.models import Role, User
from abonent.contexts.contracts.models import Absence, AbsenceState, Account, PremiseTerms, Resident
from abonent.contexts.places.models import Building, Premise

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the second of November 2026."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    return re.sub(r"\s+", " ", text)


def send(office: Client, address: str, **values: object) -> str:
    """Send a form; return the text of the page that follows."""
    response = office.post(address, values, follow=True)
    assert response.status_code == 200, re.findall(
        r'invalid-feedback d-block">([^<]*)', response.content.decode()
    )
    return response.content.decode()


def refused(office: Client, address: str, **values: object) -> str:
    response = office.post(address, values)
    assert response.status_code == 422
    return response.content.decode()


EMPTY = {"rooms": 0, "residents": 0, "owners": 0}
TERMS = {"area_dm2": "54,3", "rooms": 2, "residents": 2, "owners": 1, "agreed_wh_per_month": "0"}


def test_a_building_with_its_premises_and_first_account(office: Client, town: Town) -> None:
    page = send(
        office,
        "/buildings/new/",
        district=town.street.district_id,
        street_kind="пер.",
        street="Тихий",
        number="3",
        kind=1,
        opened_on="2026-10-01",
        floors=2,
        entrances=1,
        stove=1,
        premises_area_dm2="100",
        common_area_dm2="12,5",
        common_needs=1,
        common_basis=1,
        common_norm_category=4,
    )
    assert "0 m² of 100 m² in the passport" in page
    building = Building.objects.get(street__name="Тихий")
    page = send(
        office,
        f"/buildings/{building.pk}/premises/new/",
        kind=1,
        number="1",
        since="2026-10-01",
        tariff_group=town.group.pk,
        **TERMS,
    )
    premise = Premise.objects.get(building=building)
    assert premise.address in page
    page = send(
        office,
        f"/premises/{premise.pk}/account/",
        opens_on="2026-10-01",
        share="1",
        last_name="Белов",
        first_name="Олег",
    )
    assert "Белов Олег" in page
    assert "пер. Тихий, д. 3, кв. 1" in page
    printed = text_of(office.get(f"/buildings/{building.pk}/passport.pdf").content)
    assert "Паспорт дома" in printed
    assert "54,3" in printed
    assert "12,5 м²" in printed
    send(office, f"/buildings/{building.pk}/premises/new/", kind=4, number="ИТП", since="2026-10-01", **EMPTY)
    bare = refused(
        office, f"/buildings/{building.pk}/premises/new/", kind=1, number="2", since="2026-10-01", **EMPTY
    )
    assert bare.count("Without it nothing can be charged here.") == 2
    second = refused(
        office,
        f"/buildings/{building.pk}/premises/new/",
        kind=1,
        number="1",
        since="2026-10-01",
        tariff_group=town.group.pk,
        **TERMS,
    )
    assert "The building has a premise of this number already." in second


def test_the_excess_needs_the_owners_minutes(office: Client, town: Town) -> None:
    values = {
        "on": "2026-11-01",
        "premises_area_dm2": "220",
        "common_area_dm2": "40",
        "common_needs": 1,
        "common_basis": 1,
        "common_norm_category": 1,
        "excess_to_consumers": 1,
    }
    address = f"/buildings/{town.building.pk}/terms/"
    assert "Name the minutes" in refused(office, address, **values)
    page = send(office, address, **values, decision="протокол № 1 от 12.09.2026")
    assert "The terms of the building are changed." in page
    october = office.get(f"/buildings/{town.building.pk}/?period=2026-10").content.decode()
    assert "протокол № 1" not in october
    assert "протокол № 1" in office.get(f"/buildings/{town.building.pk}/?period=2026-11").content.decode()


def test_only_what_was_changed_is_changed_in_the_past(office: Client, town: Town) -> None:
    premise = town.accounts["3"].premise
    page = office.get(f"/premises/{premise.pk}/terms/").content.decode()
    assert 'value="55"' in page
    values = {"tariff_group": town.group.pk, **TERMS, "area_dm2": "55", "residents": 3}
    send(office, f"/premises/{premise.pk}/terms/", on="2026-10-20", **{**values, "residents": 5})
    send(office, f"/premises/{premise.pk}/terms/", on="2026-10-01", **{**values, "residents": 5, "rooms": 3})
    rows = PremiseTerms.objects.filter(premise=premise).order_by("during")
    assert [(row.during.lower, row.rooms, row.residents) for row in rows] == [
        (date(2020, 1, 1), 2, 3),
        (date(2026, 10, 1), 3, 3),
        (date(2026, 10, 20), 3, 5),
    ]


def test_shares_that_do_not_add_up_are_refused_in_words(office: Client, town: Town) -> None:
    first = town.accounts["1"]
    address = f"/premises/{first.premise_id}/account/"
    values = {"opens_on": "2026-11-01", "share": "1/3", "last_name": "Белова"}
    assert "add up to 4/3 instead of 1" in refused(office, address, **values, **{f"share_{first.pk}": "1"})
    assert "Write a share as 1/2" in refused(office, address, **{**values, "share": "треть"})
    send(office, address, **values, **{f"share_{first.pk}": "2/3"})
    page = office.get(f"/premises/{first.premise_id}/").content.decode()
    assert "2/3" in page
    assert "1/3" in page


def test_people_by_name(office: Client, town: Town) -> None:
    premise = town.accounts["3"].premise
    page = send(office, f"/premises/{premise.pk}/residents/", name="Сидорова Ева", kind=1, since="2026-10-16")
    assert "Сидорова Ева" in page
    assert page.count("not named") == 3
    again = {"name": "сидорова Ева", "kind": 1, "since": "2026-10-20"}
    assert "lives here since 16 Oct 2026 already" in refused(
        office, f"/premises/{premise.pk}/residents/", **again
    )
    eva = Resident.objects.get(name="Сидорова Ева")
    send(office, f"/residents/{eva.pk}/leave/", last_day="2026-10-25")
    rows = PremiseTerms.objects.filter(premise=premise).order_by("during")
    assert [row.residents for row in rows] == [3, 4, 3]
    page = refused(office, f"/residents/{eva.pk}/leave/", last_day="2026-10-10")
    assert "lives here since 16 Oct 2026" in page
    unnamed = Resident.objects.filter(name="").first()
    assert unnamed is not None
    assert "Сидоров Лев" in send(office, f"/residents/{unnamed.pk}/name/", name="Сидоров Лев")
    send(office, f"/residents/{eva.pk}/strike/")
    assert not Resident.objects.filter(pk=eva.pk).exists()


def test_an_absence_from_application_to_answer(
    sign_in: Callable[..., Client], office: Client, town: Town
) -> None:
    premise = town.accounts["3"].premise
    values = {
        "people": 1,
        "left_on": "2026-10-01",
        "applied_on": "2026-10-30",
        "document": "посадочный талон",
    }
    page = send(office, f"/premises/{premise.pk}/absence/", returned_on="2026-10-06", **values)
    assert "4 full days away; only more than 5" in page
    assert ">Approve<" not in page
    short = Absence.objects.get()
    address = f"/absences/{short.pk}/approve/"
    assert "4 full days away" in refused(office, address)
    page = send(office, f"/absences/{short.pk}/refuse/", reason="менее пяти дней")
    assert "refused" in page
    assert "В перерасчёте отказано: менее пяти дней" in text_of(
        office.get(f"/absences/{short.pk}/answer.pdf").content
    )
    send(office, f"/premises/{premise.pk}/absence/", returned_on="2026-10-12", **values)
    good = Absence.objects.get(state=AbsenceState.APPLIED)
    assert sign_in(Role.OPERATOR).post(f"/absences/{good.pk}/approve/").status_code == 403
    send(office, f"/absences/{good.pk}/approve/")
    assert "за 10 полных календарных дней" in text_of(office.get(f"/absences/{good.pk}/answer.pdf").content)
    listed = office.get("/absences/").content.decode()
    assert listed.index("approved") < listed.index("refused")
    send(office, f"/absences/{good.pk}/withdraw/", reason="ошибка")
    good.refresh_from_db()
    assert good.state == AbsenceState.WITHDRAWN


def test_a_handover_tells_what_is_wrong_with_a_reading_at_its_field(office: Client, town: Town) -> None:
    place = town.installations["1", 1]
    values = {"last_day": "2026-10-25", "last_name": "Орлов", "people": 2}
    page = refused(office, "/accounts/0770000016/move/", **values, **{f"value_{place.pk}": "7"})
    assert "Below the reading of 20 Oct 2026" in page
    page = send(office, "/accounts/0770000016/move/", **values, **{f"value_{place.pk}": "3200"})
    assert "There is no final bill yet. Not billed yet:" in page
    assert "closed" in page
    newcomer = Account.objects.get(premise=place.premise, during__upper_inf=True)
    act = text_of(office.get("/accounts/0770000016/handover.pdf").content)
    assert "Акт передачи помещения при смене плательщика" in act
    assert "20100001 сутки 3 200" in act
    assert f"Орлов, лицевой счёт {newcomer.number}" in act
    assert office.get("/accounts/0770000024/handover.pdf").status_code == 404
    history = office.get(f"/accounts/{newcomer.number}/history/").content.decode()
    assert "Taken over from account 0770000016" in history
    assert "Reading of meter 20100001:" in history, re.findall(r"Reading of meter[^<]*", history)


def test_who_left_without_a_final_bill(office: Client, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    send(office, "/accounts/0770000016/close/", last_day="2026-10-31")
    assert "Nobody" in office.get("/departures/").content.decode()
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=9))
    office.force_login(User.objects.get())
    page = office.get("/departures/").content.decode()
    assert "0770000016" in page
    assert "Final bill" in page


def test_a_service_off_and_another_payer_stand_in_the_history(office: Client, town: Town) -> None:
    number = town.accounts["3"].number
    send(
        office,
        f"/accounts/{number}/service/",
        service=1,
        turn="off",
        since="2026-10-05",
        last_day="2026-10-10",
        document="заявление",
    )
    send(
        office, f"/accounts/{number}/payer/", on="2026-11-01", last_name="Наследник", document="свидетельство"
    )
    page = office.get(f"/accounts/{number}/history/").content.decode()
    assert "Switched off: electricity" in page
    assert "→ Наследник" in page
    assert "свидетельство" in page
    only = office.get(f"/accounts/{number}/history/?kind=service").content.decode()
    assert "Switched off: electricity" in only
    assert "→ Наследник" not in only


def test_closing_a_building_names_what_hinders(office: Client, town: Town) -> None:
    page = refused(office, f"/buildings/{town.house.pk}/close/", last_day="2026-10-31")
    assert "1 accounts of the building are still open then" in page
