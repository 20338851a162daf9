"""Screens of acts and devices: the form in one go, refusals at their fields, the printed page, lists, annulment."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pypdfium2
import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.charging.models import Recalculation, RecalculationCause
from abonent.contexts.metering.models import Act, Installation, Meter, Reading, Seal

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def place(town: Town, flat: str | None, meter: bool = True) -> dict[str, str]:
    premise = town.accounts[flat].premise if flat else None
    asked = {"building": str(town.building.pk)}
    if premise:
        asked["premise"] = str(premise.pk)
    if meter:
        zone = 21 if flat == "2" else 1
        asked["meter"] = str(town.installations[flat or "building", zone].meter_id)
    return asked


def new_meter(**changes: str) -> dict[str, str]:
    return {
        "drawn_on": "2026-11-10",
        "model": "Меркурий 201",
        "serial": "77000001",
        "zones": "1",
        "ratio": "1",
        "new_1": "0,5",
        "inspector": "Кузнецов И. В.",
        **changes,
    }


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def sheet(rows: list[list[object]]) -> SimpleUploadedFile:
    data = BytesIO()
    book = xlsxwriter.Workbook(data)
    page = book.add_worksheet()
    for number, row in enumerate(rows):
        for place_, cell in enumerate(row):
            page.write(number, place_, cell)
    book.close()
    return SimpleUploadedFile("поверка.xlsx", data.getvalue())


HEADER = ["Заводской номер", "Дата поверки", "Действительна до", "Свидетельство"]


def test_a_meter_is_admitted_and_its_form_printed(office: Client, town: Town) -> None:
    asked = place(town, "3", meter=False)
    form = office.get("/acts/new/admission/", asked).content.decode()
    assert "Admission of a meter" in form
    assert "кв. 3" in form
    given = {**asked, **new_meter(seal_number_1="А-1", seal_place_1="крышка зажимов")}
    response = office.post("/acts/new/admission/", given)
    act = Act.objects.get()
    assert response["Location"] == f"/acts/{act.pk}/"
    page = office.get(f"/acts/{act.pk}/").content.decode()
    assert "Act № 2026-000001 is drawn up." in page
    assert "77000001" in page
    assert "А-1" in page
    pdf = office.get(f"/acts/{act.pk}/form.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    printed = text_of(pdf.content)
    for words in (
        "Акт допуска прибора учёта",
        "№ 2026-000001",
        "Сидоров Олег Львович",
        "77000001",
        "0,5",
        "А-1",
    ):
        assert words in printed


def test_the_next_act_is_by_the_same_inspector(office: Client, town: Town) -> None:
    office.post("/acts/new/admission/", {**place(town, "3", meter=False), **new_meter()})
    form = office.get("/acts/new/check/", place(town, "1")).content.decode()
    assert "Кузнецов И. В." in form


def test_previous_readings_and_digits_are_shown(office: Client, town: Town) -> None:
    form = office.get("/acts/new/check/", place(town, "2")).content.decode()
    assert "7\xa0730 on 20 Oct 2026, 6 digits" in form
    assert form.count('name="old_') == 2
    assert 'maxlength="10"' in form


@pytest.mark.parametrize(
    ("kind", "flat", "changes", "words"),
    [
        ("admission", "1", {}, "Meter 20100001 stands here"),
        ("admission", "3", {"new_1": ""}, "Write what the register begins with"),
        ("admission", "3", {"new_1": "100000"}, "The meter has 5 digits"),
        ("admission", "3", {"new_1": "x"}, "Write a number"),
        ("admission", "3", {"model": "Нева"}, "It is a new model: add it"),
        ("admission", "3", {"serial": ""}, "This field is required"),
        ("admission", "3", {"ratio": "0"}, "greater than or equal to 1"),
        ("admission", "3", {"drawn_on": "2100-01-01"}, "This day has not come yet"),
        ("removal", "1", {"old_1": "12"}, "Below the reading of 20 Oct 2026, which is 3\xa0150"),
        ("removal", "1", {"old_1": ""}, "This field is required"),
        ("removal", "1", {"drawn_on": "", "old_1": "3200"}, "This field is required"),
        ("check", "1", {"verdict": "sound"}, "Write what every register shows"),
        ("check", "1", {"verdict": "perhaps", "old_1": "3200"}, "Select a valid choice"),
        ("seals", "1", {}, "Write at least one seal"),
        ("seals", "1", {"seal_number_1": "5"}, "Write where each seal is set"),
        ("verification", "1", {"verified_on": "2026-11-01", "is_fit": "fit"}, "until what day"),
        ("unauthorised", "1", {"power": "0"}, "The power is above zero"),
        ("unauthorised", "1", {"power": "2", "connected_on": "2026-11-11"}, "later than the act"),
        ("tampering", "1", {"removed_on": "2026-11-01"}, "no earlier than it was found"),
    ],
)
def test_a_refusal_is_told_and_nothing_is_stored(
    office: Client, town: Town, kind: str, flat: str, changes: dict[str, str], words: str
) -> None:
    given = new_meter() if kind == "admission" else {"drawn_on": "2026-11-10"}
    asked = place(town, flat, meter=kind not in ("admission", "unauthorised"))
    response = office.post(f"/acts/new/{kind}/", {**asked, **given, **changes})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Act.objects.exists()


def test_what_was_typed_stays_after_a_refusal(office: Client, town: Town) -> None:
    given = {**place(town, "3", meter=False), **new_meter(model="Нева", note="у входа")}
    refused = office.post("/acts/new/admission/", given).content.decode()
    assert 'value="77000001"' in refused
    assert "у входа" in refused
    office.post("/acts/new/admission/", {**given, "is_new_model": "on"})
    assert Meter.objects.get(serial="77000001").model.name == "Нева"


def test_sent_twice_the_second_is_refused(office: Client, town: Town) -> None:
    given = {**place(town, "1"), "drawn_on": "2026-11-10", "old_1": "3200", "verdict": "sound"}
    assert office.post("/acts/new/check/", given).status_code == 302
    again = office.post("/acts/new/check/", given)
    assert again.status_code == 422
    assert "Act № 2026-000001 of this kind and day is drawn up already" in again.content.decode()
    assert Reading.objects.filter(taken_on=date(2026, 11, 10)).count() == 1


@pytest.mark.parametrize(
    ("kind", "changes", "title"),
    [
        ("removal", {"old_1": "3200"}, "Акт снятия прибора учёта"),
        ("check", {"old_1": "3200", "verdict": "sound"}, "Акт проверки прибора учёта"),
        ("check", {"verdict": "unsound"}, "непригоден для расчётов"),
        ("access-refused", {}, "Отказ первый"),
        ("tampering", {}, "п. 81(11)"),
        ("unauthorised", {"power": "2,5", "equipment": "Обогреватель"}, "2,5 кВт"),
        ("unauthorised", {}, "не установлена"),
        ("seals", {"seal_number_1": "К-1", "seal_place_1": "кожух"}, "установлена"),
        (
            "verification",
            {"verified_on": "2026-11-01", "verification_due_on": "2042-11-01", "is_fit": "fit"},
            "01.11.2042",
        ),
    ],
)
def test_every_kind_is_drawn_up_and_printed(
    office: Client, town: Town, kind: str, changes: dict[str, str], title: str
) -> None:
    asked = place(town, "1", meter=kind != "unauthorised")
    response = office.post(f"/acts/new/{kind}/", {**asked, "drawn_on": "2026-11-10", **changes})
    assert response.status_code == 302, response.content.decode()
    act = Act.objects.get()
    printed = " ".join(text_of(office.get(f"/acts/{act.pk}/form.pdf").content).split())
    assert title in printed
    assert "Иванова Мария Петровна" in printed
    assert office.get(f"/acts/{act.pk}/").status_code == 200


def test_the_same_form_is_the_same_file(office: Client, town: Town) -> None:
    office.post("/acts/new/access-refused/", {**place(town, "1"), "drawn_on": "2026-11-10"})
    address = f"/acts/{Act.objects.get().pk}/form.pdf"
    assert office.get(address).content == office.get(address).content


def test_an_act_is_annulled_with_a_reason(office: Client, town: Town) -> None:
    given = {**place(town, "1"), "drawn_on": "2026-11-10", "old_1": "3200"}
    office.post("/acts/new/removal/", given)
    act = Act.objects.get()
    address = f"/acts/{act.pk}/annul/"
    assert "2026-000001" in office.get(address, headers=HTMX).content.decode()
    assert office.post(address, {"reason": ""}, headers=HTMX).status_code == 422
    done = office.post(address, {"reason": "не тот прибор"}, headers=HTMX)
    assert done["HX-Redirect"] == f"/acts/{act.pk}/"
    assert Installation.objects.get(pk=town.installations["1", 1].pk).during.upper is None
    assert "не тот прибор" in office.get(f"/acts/{act.pk}/").content.decode()
    assert "Аннулирован" in text_of(office.get(f"/acts/{act.pk}/form.pdf").content)
    again = office.post(address, {"reason": "ещё раз"}, headers=HTMX)
    assert again.status_code == 422
    assert "is annulled already" in again.content.decode()


def test_the_devices_of_an_account_a_premise_and_a_building(office: Client, town: Town) -> None:
    office.post(
        "/acts/new/seals/",
        {**place(town, "1"), "drawn_on": "2026-11-10", "seal_number_1": "К-1", "seal_place_1": "кожух"},
    )
    premise = town.accounts["1"].premise_id
    for address in (f"/accounts/{town.accounts['1'].number}/devices/", f"/premises/{premise}/devices/"):
        page = office.get(address).content.decode()
        for words in ("20100001", "К-1", "2026-000001", "Replace"):
            assert words in page, address
    page = office.get(f"/buildings/{town.building.pk}/devices/").content.decode()
    for words in ("23400077", "20200002", "Devices of the building"):
        assert words in page


def test_who_may_not_write_is_not_offered_it(sign_in: Callable[..., Client], town: Town) -> None:
    page = sign_in(Role.AUDITOR).get(f"/accounts/{town.accounts['1'].number}/devices/").content.decode()
    assert "20100001" in page
    assert "Replace" not in page


def test_seals_are_listed_filtered_and_undone(office: Client, town: Town) -> None:
    for flat, number in (("1", "К-1"), ("2", "Б-2")):
        given = {"drawn_on": "2026-11-10", "seal_number_1": number, "seal_place_1": "кожух"}
        office.post("/acts/new/seals/", {**place(town, flat), **given})
    whole = office.get("/seals/").content.decode()
    assert "К-1" in whole
    assert "Б-2" in whole
    assert "Б-2" not in office.get("/seals/", {"number": "К"}).content.decode()
    assert "Б-2" in office.get("/seals/", {"number": "2020"}).content.decode()
    assert "К-1" not in office.get("/seals/", {"state": "3"}).content.decode()
    assert "К-1" in office.get("/seals/", {"street": "Лен", "house": "12"}).content.decode()
    assert office.get("/seals/", {"export": "xlsx"})["Content-Type"].endswith("sheet")
    office.post(f"/seals/{Seal.objects.get(number='К-1').pk}/undo/", {"state": "1"})
    assert not Seal.objects.filter(number="К-1").exists()


def test_meters_without_a_seal(office: Client, town: Town) -> None:
    before = office.get("/meters/unsealed/").content.decode()
    assert "20100001" in before
    given = {"drawn_on": "2026-11-10", "seal_number_1": "К-1", "seal_place_1": "кожух"}
    office.post("/acts/new/seals/", {**place(town, "1"), **given})
    after = office.get("/meters/unsealed/").content.decode()
    assert "20100001" not in after
    assert "20200002" in after
    assert "23400077" not in office.get("/meters/unsealed/", {"role": "1"}).content.decode()


def test_acts_are_listed_and_filtered(office: Client, town: Town) -> None:
    office.post("/acts/new/access-refused/", {**place(town, "1"), "drawn_on": "2026-11-10"})
    office.post("/acts/new/tampering/", {**place(town, "2"), "drawn_on": "2026-11-11"})
    whole = office.get("/acts/").content.decode()
    assert "Refused access to a meter" in whole
    assert "Tampering with a meter" in whole
    one = office.get("/acts/", {"kind": "5"}, headers=HTMX).content.decode()
    assert "Tampering with a meter" not in one
    assert (
        "Refused access" not in office.get("/acts/", {"since": "2026-11-11"}, headers=HTMX).content.decode()
    )


def test_verification_that_ends(office: Client, town: Town) -> None:
    Meter.objects.filter(serial="20100001").update(verification_due_on=date(2020, 1, 1))
    overdue = office.get("/verifications/", {"due": "overdue"}).content.decode()
    assert "20100001" in overdue
    assert "overdue by" in overdue
    assert "20200002" not in overdue
    assert "20100001" in office.get("/verifications/").content.decode()
    assert "20100001" not in office.get("/verifications/", {"due": "12"}).content.decode()


class TestVerificationFile:
    def send(self, office: Client, rows: list[list[object]]) -> str:
        response = office.post("/verifications/file/", {"file": sheet([HEADER, *rows])})
        return response.content.decode()

    def test_taken_known_and_refused_by_row_and_column(self, office: Client, town: Town) -> None:
        rows = [
            ["20100001", "01.11.2026", "01.11.2042", "С-1"],
            ["20200002", "2026-11-02", "2042-11-02", ""],
            ["нет такого", "01.11.2026", "01.11.2042", ""],
            ["20100010", "31.02.2026", "01.11.2042", ""],
            ["20100010", "01.11.2026", "", ""],
            ["20100009", "01.11.2100", "01.11.2116", ""],
            ["20100001", "01.11.2026", "01.11.2043", ""],
            ["23400077", "01.11.2019", "01.11.2035", ""],
        ]
        page = self.send(office, rows)
        assert "8 rows, 2 taken, 0 known already" in page
        for words in (
            "No meter of this number stands anywhere",
            "Write a day as 20.10.2026",
            "Write until what day the verification holds",
            "The verification is later than the act",
            "This meter is in the file twice",
            "The meter was verified later, on 1 Jan 2020",
        ):
            assert words in page
        assert Meter.objects.get(serial="20100001").verification_due_on == date(2042, 11, 1)
        assert sorted(Act.objects.values_list("number", flat=True)) == ["2026-000001", "2026-000002"]

    def test_sent_again_it_changes_nothing(self, office: Client, town: Town) -> None:
        rows = [["20100001", "01.11.2026", "01.11.2042", "С-1"]]
        self.send(office, rows)
        assert "1 rows, 0 taken, 1 known already" in self.send(office, rows)
        assert Act.objects.count() == 1

    def test_csv_too(self, office: Client, town: Town) -> None:
        text = "Зав. №;Поверен;Valid until\n20100001;01.11.2026;01.11.2042\n"
        given = SimpleUploadedFile("п.csv", text.encode("cp1251"))
        page = office.post("/verifications/file/", {"file": given}).content.decode()
        assert "1 rows, 1 taken" in page

    @pytest.mark.parametrize(
        ("name", "data", "words"),
        [
            ("п.csv", "номер;дата\n1;2\n".encode(), "The first row must name these columns"),
            ("п.pdf", b"%PDF-1.7", "Send a table"),
            ("п.xlsx", b"PK\x03\x04nonsense", "damaged"),
        ],
    )
    def test_what_is_no_such_table_is_refused(
        self, office: Client, town: Town, name: str, data: bytes, words: str
    ) -> None:
        response = office.post("/verifications/file/", {"file": SimpleUploadedFile(name, data)})
        assert response.status_code == 422
        assert words in response.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/acts/new/nonsense/",
        "/acts/new/check/?building=x",
        "/acts/new/check/?building=999999",
        "/acts/999999/",
    ],
)
def test_what_is_not_there(office: Client, town: Town, address: str) -> None:
    assert office.get(address).status_code == 404


def test_a_meter_of_another_premise_is_not_dealt_with_here(office: Client, town: Town) -> None:
    asked = {**place(town, "3", meter=False), "meter": str(town.installations["1", 1].meter_id)}
    assert office.get("/acts/new/check/", asked).status_code == 404


@pytest.mark.parametrize("flat", ["1", None])
def test_billed_months_wait_for_recalculation(
    office: Client, billed: tuple[Town, int], flat: str | None
) -> None:
    town = billed[0]
    given = {**place(town, flat), "drawn_on": "2026-10-25", "old_1": "60000" if flat is None else "3200"}
    page = office.post("/acts/new/check/", {**given, "verdict": "sound"}, follow=True).content.decode()
    assert "1 billed month waits for recalculation." in page
    assert ("October 2026" in page) == (flat is not None)
    waiting = Recalculation.objects.get()
    assert (waiting.premise_id is None) == (flat is None)
    assert waiting.period == date(2026, 10, 1)


def test_a_second_refusal_makes_its_month_wait(office: Client, billed: tuple[Town, int]) -> None:
    town = billed[0]
    for day in ("2026-10-05", "2026-10-25"):
        assert not Recalculation.objects.exists()
        office.post("/acts/new/access-refused/", {**place(town, "1"), "drawn_on": day})
    assert Recalculation.objects.get().cause == RecalculationCause.VIOLATION


def test_a_meter_taken_down_on_a_first_day_changes_the_month_before(
    office: Client, billed: tuple[Town, int]
) -> None:
    given = {**place(billed[0], "1"), "drawn_on": "2026-11-01", "old_1": "3200"}
    office.post("/acts/new/removal/", given)
    assert Recalculation.objects.get().period == date(2026, 10, 1)
    Recalculation.objects.all().delete()
    office.post(f"/acts/{Act.objects.get().pk}/annul/", {"reason": "не тот"}, headers=HTMX)
    assert Recalculation.objects.get().period == date(2026, 10, 1)
