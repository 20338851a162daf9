"""The screens of the cash desk: what they show, refuse and hand out as files."""

import io
from collections.abc import Callable
from uuid import uuid4

import pypdfium2
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from python_calamine import CalamineWorkbook
from tests import money, tills
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.payments.models import CashDesk, CashOrder, CashShift
from abonent.kernel.periods import Month

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(sign_in: Callable[..., Client]) -> Client:
    return sign_in(Role.ADMINISTRATOR)


@pytest.fixture
def till(town: Town) -> CashDesk:
    today = Month.of(timezone.localdate())
    BillingPeriod.objects.get_or_create(supplier=town.supplier, month=today.first_day, defaults={"state": 1})
    return tills.desk(town)


@pytest.fixture
def shift(office: Client, till: CashDesk) -> CashShift:
    """A shift of whoever is signed in, opened by the form."""
    answer = office.post(f"/cash/desks/{till.pk}/open/", {"opening": "1000"})
    assert answer["HX-Redirect"] == "/cash/till/"
    return CashShift.objects.get()


def pay(office: Client, town: Town, **fields: str) -> CashOrder:
    sent = {"key": str(uuid4()), "account": str(town.accounts["1"].pk), "amount": "500"} | fields
    answer = office.post("/cash/till/pay/", sent)
    assert answer.status_code == 200, answer.content.decode()
    return CashOrder.objects.latest("id")


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def test_without_a_shift_the_till_sends_to_the_desks(office: Client, till: CashDesk) -> None:
    assert office.get("/cash/till/")["Location"] == "/cash/"
    assert "Open a shift" in office.get("/cash/").content.decode()


def test_an_auditor_looks_and_takes_no_money(
    sign_in: Callable[..., Client], shift: CashShift, town: Town
) -> None:
    auditor = sign_in(Role.AUDITOR)
    assert auditor.get(f"/cash/shifts/{shift.pk}/").status_code == 200
    assert "To the till" not in auditor.get(f"/cash/shifts/{shift.pk}/").content.decode()
    assert auditor.post("/cash/till/pay/", {}).status_code == 403


class TestPaying:
    def test_a_double_click_is_one_order(self, office: Client, shift: CashShift, town: Town) -> None:
        key = str(uuid4())
        first, second = pay(office, town, key=key), pay(office, town, key=key)
        assert first.pk == second.pk
        assert CashOrder.objects.count() == 1

    def test_what_is_due_stands_in_the_field(self, office: Client, shift: CashShift, town: Town) -> None:
        money.owe(town.accounts["1"], Month(2026, 9), 123_456)
        page = office.get("/cash/till/find/", {"q": town.accounts["1"].number}).content.decode()
        assert 'value="1234,56"' in page
        assert "September 2026" in page

    def test_a_scanned_bill_brings_its_sum(self, office: Client, shift: CashShift, town: Town) -> None:
        money.owe(town.accounts["1"], Month(2026, 9), 123_456)
        number = town.accounts["1"].number
        code = (
            "ST00012|Name=x|PersonalAcc=40702810900000000001|BankName=y|BIC=044525225|CorrespAcc=0"
            f"|persacc={number}|Sum=70000|PaymPeriod=092026"
        )
        page = office.get("/cash/till/find/", {"q": code}).content.decode()
        assert 'value="700,00"' in page
        assert 'value="2026-09-01"' in page

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("ST00012|Name=x|PersonalAcc=1", "read in part only"),
            ("0770000025", "check digit"),
            ("нетакогоимени", "Nobody is found"),
        ],
    )
    def test_what_is_not_found_is_told(self, office: Client, shift: CashShift, text: str, words: str) -> None:
        assert words in office.get("/cash/till/find/", {"q": text}).content.decode()

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"amount": ""}, "This field is required"),
            ({"amount": "0"}, "above zero"),
            ({"amount": "abc"}, "Write a number"),
            ({"tendered": "100"}, "400.00 ₽ are missing"),
            ({"card": "501"}, "More than the sum"),
            ({"contact": "someone"}, "+79001234567"),
            ({"account": "999999999"}, "no account"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_taken(
        self, office: Client, shift: CashShift, town: Town, fields: dict[str, str], words: str
    ) -> None:
        sent = {"key": str(uuid4()), "account": str(town.accounts["1"].pk), "amount": "500"} | fields
        answer = office.post("/cash/till/pay/", sent)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert not CashOrder.objects.exists()

    def test_a_find_and_a_payment_ask_the_database_seldom(
        self,
        office: Client,
        shift: CashShift,
        town: Town,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        pay(office, town)  # the first receipt of a month makes its partitions
        with django_assert_max_num_queries(8):
            office.get("/cash/till/find/", {"q": town.accounts["1"].number})
        with django_assert_max_num_queries(60):
            pay(office, town)


class TestPapers:
    def test_an_order_and_its_slip(self, office: Client, shift: CashShift, town: Town) -> None:
        order = pay(office, town, amount="1592,34", tendered="2000", contact="+79000000000")
        paper = text_of(office.get(f"/cash/orders/{order.pk}/order.pdf").content)
        assert "0310001" in paper
        assert "Одна тысяча пятьсот девяносто два" in paper
        assert "Иванова Мария Петровна" in paper
        slip = text_of(office.get(f"/cash/orders/{order.pk}/slip.pdf").content)
        assert "КАССОВЫЙ ЧЕК" in slip
        assert "407,66" in slip
        assert str(order.fiscal["1077"]) in slip

    def test_a_receipt_not_printed_is_no_fiscal_one(
        self, office: Client, shift: CashShift, town: Town, till: CashDesk
    ) -> None:
        tills.faults(till).set("offline")
        order = pay(office, town)
        assert "НЕ ФИСКАЛЬНЫЙ" in text_of(office.get(f"/cash/orders/{order.pk}/slip.pdf").content)

    def test_nothing_in_cash_has_no_cash_order(self, office: Client, shift: CashShift, town: Town) -> None:
        order = pay(office, town, card="500")
        assert office.get(f"/cash/orders/{order.pk}/order.pdf").status_code == 404

    def test_money_given_back_is_a_ko_2(self, office: Client, shift: CashShift, town: Town) -> None:
        receipt = pay(office, town)
        sent = {"key": str(uuid4()), "cash": "200", "reason": "Переплата", "refund": "1"}
        answer = office.post(f"/cash/orders/{receipt.pk}/undo/", sent)
        assert answer["HX-Redirect"] == f"/cash/shifts/{shift.pk}/"
        back = CashOrder.objects.latest("id")
        paper = text_of(office.get(f"/cash/orders/{back.pk}/order.pdf").content)
        assert "0310002" in paper
        assert "Двести" in paper

    def test_the_report_says_the_same_in_both_forms(
        self, office: Client, shift: CashShift, town: Town
    ) -> None:
        pay(office, town, amount="1592,34")
        pay(office, town, amount="100", card="100")
        report = text_of(office.get(f"/cash/shifts/{shift.pk}/report.pdf").content)
        assert "2 592,34" in report.replace("\u00a0", " ")
        sheets = CalamineWorkbook.from_filelike(
            io.BytesIO(office.get(f"/cash/shifts/{shift.pk}/report.xlsx").content)
        )
        first = {row[0]: row[1:] for row in sheets.get_sheet_by_name("Смена").to_python()}
        assert first["Должно быть в кассе"][0] == 2592.34
        assert first["Итого за смену"] == [1592.34, 100, 1692.34]
        assert len(sheets.get_sheet_by_name("Ордера").to_python()) == 3


class TestShifts:
    def test_the_drawer_is_counted_and_a_difference_explained(
        self, office: Client, shift: CashShift, town: Town
    ) -> None:
        pay(office, town)
        address = f"/cash/shifts/{shift.pk}/close/"
        refused = office.post(address, {"count_50000": "2", "count_10000": "4"})
        assert refused.status_code == 422
        assert "−100.00" in refused.content.decode()
        done = office.post(address, {"count_50000": "2", "count_10000": "4", "note": "недостача"})
        assert done["Location"] == f"/cash/shifts/{shift.pk}/"
        shift.refresh_from_db()
        assert shift.counted == {"50000": 2, "10000": 4}
        assert office.get(address)["Location"] == f"/cash/shifts/{shift.pk}/"

    def test_an_operator_does_not_close_anothers_shift_an_accountant_does(
        self, sign_in: Callable[..., Client], shift: CashShift
    ) -> None:
        fields = {"count_100000": "1"}
        assert sign_in(Role.OPERATOR).post(f"/cash/shifts/{shift.pk}/close/", fields).status_code == 422
        assert sign_in(Role.ACCOUNTANT).post(f"/cash/shifts/{shift.pk}/close/", fields).status_code == 302

    def test_orders_are_filtered_and_exported(
        self, office: Client, shift: CashShift, town: Town, till: CashDesk
    ) -> None:
        pay(office, town)
        tills.faults(till).set("offline")
        pay(office, town, account=str(town.accounts["2"].pk))
        waiting = office.get(f"/cash/shifts/{shift.pk}/", {"waiting": "1"}).content.decode()
        assert "Петров Пётр Ильич" in waiting
        assert "Иванова Мария" not in waiting
        exported = office.get(f"/cash/shifts/{shift.pk}/", {"export": "xlsx", "text": "иванова"})
        rows = (
            CalamineWorkbook.from_filelike(io.BytesIO(exported.getvalue())).get_sheet_by_index(0).to_python()
        )
        assert len(rows) == 2

    def test_money_moved_is_an_order(self, office: Client, shift: CashShift) -> None:
        fields = {"key": str(uuid4()), "amount": "300", "ground": "Ведомость 1"}
        answer = office.post(f"/cash/shifts/{shift.pk}/collection/", fields)
        assert answer["HX-Redirect"] == f"/cash/shifts/{shift.pk}/"
        too_much = office.post(
            f"/cash/shifts/{shift.pk}/collection/", fields | {"key": str(uuid4()), "amount": "701"}
        )
        assert "Only 700.00" in too_much.content.decode()
        assert office.get(f"/cash/shifts/{shift.pk}/elsewhere/").status_code == 404

    def test_a_shift_asks_as_often_with_many_orders(
        self,
        office: Client,
        shift: CashShift,
        town: Town,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _ in range(5):
            pay(office, town)
        with django_assert_max_num_queries(9):
            office.get(f"/cash/shifts/{shift.pk}/")
        with django_assert_max_num_queries(8):
            office.get("/cash/till/")


class TestSettings:
    FIELDS = {
        "name": "Касса 7",
        "kind": "file",
        "file": "desk-7.jsonl",
        "registration": "0000000001047959",
        "storage": "9999078900000001",
        "active": "1",
    }

    def test_a_desk_is_made_and_changed(self, office: Client, town: Town) -> None:
        fields = self.FIELDS | {"branch": str(town.branch.pk), "accountant": "Иванова М. П."}
        assert office.post("/cash/desks/new/", fields)["Location"] == "/cash/desks/"
        desk = CashDesk.objects.get()
        assert (desk.agent.name, desk.papers["accountant"]) == ("Касса 7", "Иванова М. П.")
        office.post(f"/cash/desks/{desk.pk}/", fields | {"name": "Касса 8"})
        desk.refresh_from_db()
        assert (desk.name, desk.agent.name) == ("Касса 8", "Касса 8")

    @pytest.mark.parametrize(
        ("field", "value"),
        [("file", "../etc/passwd"), ("file", "a.txt"), ("registration", "12"), ("storage", "x" * 16)],
    )
    def test_settings_no_register_has_are_refused(
        self, office: Client, town: Town, field: str, value: str
    ) -> None:
        answer = office.post("/cash/desks/new/", self.FIELDS | {"branch": str(town.branch.pk), field: value})
        assert answer.status_code == 422
        assert not CashDesk.objects.exists()

    def test_two_desks_do_not_share_a_register(self, office: Client, town: Town) -> None:
        fields = self.FIELDS | {"branch": str(town.branch.pk)}
        office.post("/cash/desks/new/", fields)
        assert office.post("/cash/desks/new/", fields | {"name": "Касса 8"}).status_code == 422
