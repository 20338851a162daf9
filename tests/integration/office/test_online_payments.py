"""The office's screens of payments online, and the page the payer sees."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from tests import town as towns
from tests.acquirer import PASSWORD, TERMINAL, Bank
from tests.money import owe
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    BankLine,
    OnlineOrder,
    OnlineOrderState,
    OnlineRefund,
    PaymentFile,
    Reconciliation,
)
from abonent.gateways import queue
from abonent.kernel.money import parse_minor
from abonent.kernel.periods import Month

NOW = datetime.now(UTC)
MONTH = Month.of(NOW.date())


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    cache.clear()
    bank = Bank()
    bank.silent = True  # these tests carry its notices themselves
    for name, value in {"URL": bank.url, "TERMINAL": TERMINAL, "PASSWORD": PASSWORD}.items():
        monkeypatch.setenv(f"ABONENT_ACQUIRING_CARD_{name}", value)
    yield bank
    bank.stop()


@pytest.fixture
def town(db: None, bank: Bank) -> Town:
    town = towns.build(month=MONTH)
    owe(town.accounts["1"], MONTH.previous(), 100_050, kind=EntryKind.OPENING)
    Agent.objects.create(
        supplier=town.supplier, code="card", name="Оплата картой", kind=AgentKind.ACQUIRING, inn="7710140679"
    )
    return town


@pytest.fixture
def number(town: Town) -> str:
    return town.accounts["1"].number


def pay_link(office: Client, number: str, **changed: Any) -> Any:
    form = {
        "agent": Agent.objects.get(code="card").pk,
        "amount": "600,50",
        "contact": "",
        "key": str(uuid4()),
    }
    return office.post(f"/accounts/{number}/pay-link/", form | changed)


@pytest.fixture
def order(office: Client, number: str) -> OnlineOrder:
    assert pay_link(office, number).status_code == 200
    return OnlineOrder.objects.get()


@pytest.fixture
def paid(office: Client, bank: Bank, order: OnlineOrder) -> OnlineOrder:
    told(bank, order, "CONFIRMED")
    return OnlineOrder.objects.get()


def told(bank: Bank, order: OnlineOrder, status: str) -> None:
    (payment,) = bank.of_order(order.pk)
    payment.status = status
    answer = Client().post(
        payment.notify.replace("http://testserver", ""), bank.notice(payment), "application/json"
    )
    assert (answer.status_code, answer.content) == (200, b"OK")


class TestLink:
    def test_the_debt_is_offered(self, office: Client, number: str) -> None:
        text = office.get(f"/accounts/{number}/pay-link/").content.decode()
        offered = re.search(r'name="amount" value="([^"]+)"', text)
        assert offered
        assert parse_minor(offered[1]) == 100_050

    def test_a_link_is_made_once_however_often_it_is_sent(
        self, office: Client, number: str, bank: Bank
    ) -> None:
        key = str(uuid4())
        answers = [pay_link(office, number, key=key)["HX-Redirect"] for _time in range(3)]
        order = OnlineOrder.objects.get()
        assert answers == [f"/payments/online/{order.pk}/"] * 3
        assert (order.amount_minor, len(bank.payments)) == (60_050, 1)
        (payment,) = bank.payments.values()
        assert payment.notify == "http://testserver/webhooks/acquiring/card/"
        assert payment.success == f"http://testserver/pay/{order.pk}/"

    def test_links_are_under_the_public_address(
        self, office: Client, number: str, bank: Bank, settings: Any
    ) -> None:
        settings.PUBLIC_URL = "https://pay.example"
        pay_link(office, number)
        (payment,) = bank.payments.values()
        assert payment.notify == "https://pay.example/webhooks/acquiring/card/"
        order = OnlineOrder.objects.get()
        assert payment.success == f"https://pay.example/pay/{order.pk}/"
        assert payment.success in office.get(f"/payments/online/{order.pk}/").content.decode()

    @pytest.mark.parametrize(
        ("changed", "text"),
        [
            ({"amount": "0"}, "The sum must be above zero."),
            ({"amount": "ten"}, "Write a number"),
            ({"contact": "nobody"}, "Write an e-mail"),
        ],
    )
    def test_what_is_wrong_is_told_at_its_field(
        self, office: Client, number: str, changed: dict[str, str], text: str
    ) -> None:
        answer = pay_link(office, number, **changed)
        assert answer.status_code == 422
        assert text in answer.content.decode()
        assert not OnlineOrder.objects.exists()

    def test_without_secrets_it_says_who_sets_them(
        self, office: Client, number: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ABONENT_ACQUIRING_CARD_TERMINAL")
        assert "the administrator sets them" in pay_link(office, number).content.decode()
        assert "key and password are missing" in office.get("/payments/online/settings/").content.decode()


class TestPayer:
    def test_the_page_leads_to_the_bank_and_tells_no_name(self, client: Client, order: OnlineOrder) -> None:
        answer = client.get(f"/pay/{order.pk}/")
        text = answer.content.decode()
        assert f'href="{order.pay_url}"' in text
        assert "600,50" in text
        assert "Иванова" not in text
        assert "Ленина, д. 12" not in text
        # the address is what lets in: it does not travel to the bank in a Referer, nor is it found by a search
        assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == ("same-origin", "noindex")
        assert "no-store" in answer["Cache-Control"]

    def test_paid_it_says_so_and_leads_nowhere(self, client: Client, paid: OnlineOrder) -> None:
        text = client.get(f"/pay/{paid.pk}/").content.decode()
        assert "Оплачено" in text
        assert "/pay/7" not in text

    def test_refused_it_may_be_tried_again(self, client: Client, bank: Bank, order: OnlineOrder) -> None:
        told(bank, order, "REJECTED")
        text = client.get(f"/pay/{order.pk}/").content.decode()
        assert "Банк отклонил" in text
        assert order.pay_url in text

    def test_run_out_it_leads_nowhere(self, client: Client, order: OnlineOrder) -> None:
        OnlineOrder.objects.update(expires_at=NOW - timedelta(minutes=1))
        assert order.pay_url not in client.get(f"/pay/{order.pk}/").content.decode()

    def test_without_the_banks_answer_it_asks_again(
        self, office: Client, client: Client, number: str, bank: Bank
    ) -> None:
        bank.faults["Init"] = ["lost", "lost"]
        pay_link(office, number)
        order = OnlineOrder.objects.get()
        assert '<form method="post">' in client.get(f"/pay/{order.pk}/").content.decode()
        for _time in range(2):
            client.post(f"/pay/{order.pk}/")
        order.refresh_from_db()
        assert order.state == OnlineOrderState.OPEN
        assert order.pay_url in client.get(f"/pay/{order.pk}/").content.decode()

    def test_a_link_nobody_made_is_not_found(self, client: Client, town: Town) -> None:
        assert client.get(f"/pay/{uuid4()}/").status_code == 404


class TestOrders:
    def test_the_list_adds_up_what_it_shows(self, office: Client, paid: OnlineOrder, number: str) -> None:
        pay_link(office, number, amount="10")
        assert "Asked for 610.50 ₽, paid 600.50 ₽, given back 0.00 ₽" in office.get(
            "/payments/online/"
        ).content.decode().replace("\xa0", " ")
        state = OnlineOrderState.PAID
        narrow = office.get(
            f"/payments/online/?state={state}", headers={"HX-Request": "true"}
        ).content.decode()
        assert "Asked for 600.50" in narrow.replace("\xa0", " ")
        assert 'hx-swap-oob="true"' in narrow
        assert number in narrow
        assert office.get("/payments/online/?export=xlsx").status_code == 200

    def test_the_list_finds_what_must_be_looked_at(
        self, office: Client, bank: Bank, order: OnlineOrder
    ) -> None:
        assert str(order.pk) not in office.get("/payments/online/?look=yes").content.decode()
        (payment,) = bank.payments.values()
        body = bank.notice(payment, Status="CONFIRMED", Amount=5)
        Client().post("/webhooks/acquiring/card/", body, "application/json")
        text = office.get("/payments/online/?look=yes").content.decode()
        assert str(order.pk) in text
        assert "The acquirer says 0.05 ₽ were paid" in text.replace("\xa0", " ")

    def test_the_card_shows_the_notices_and_the_link(
        self, office: Client, bank: Bank, order: OnlineOrder
    ) -> None:
        text = office.get(f"/payments/online/{order.pk}/").content.decode()
        assert f"http://testserver/pay/{order.pk}/" in text
        told(bank, order, "CONFIRMED")
        text = office.get(f"/payments/online/{order.pk}/").content.decode()
        assert "CONFIRMED" in text
        assert f"http://testserver/pay/{order.pk}/" not in text

    def test_asking_the_acquirer_finds_a_payment_nobody_told_of(
        self, office: Client, bank: Bank, order: OnlineOrder
    ) -> None:
        (payment,) = bank.payments.values()
        bank.pay(payment)
        office.post(f"/payments/online/{order.pk}/ask/")
        order.refresh_from_db()
        assert order.state == OnlineOrderState.PAID

    def test_an_order_nobody_began_is_not_found(self, office: Client, town: Town) -> None:
        assert office.get(f"/payments/online/{uuid4()}/").status_code == 404


class TestRefund:
    def give_back(self, office: Client, order: OnlineOrder, **changed: Any) -> Any:
        form = {"amount": "100", "reason": "заявление", "key": str(uuid4())} | changed
        return office.post(f"/payments/online/{order.pk}/refund/", form)

    def test_a_part_is_given_back_once(self, office: Client, bank: Bank, paid: OnlineOrder) -> None:
        key = str(uuid4())
        for _time in range(2):
            answer = self.give_back(office, paid, key=key)
            assert answer["HX-Redirect"] == f"/payments/online/{paid.pk}/"
        (payment,) = bank.payments.values()
        assert payment.refunded == 10_000
        text = office.get(f"/payments/online/{paid.pk}/").content.decode()
        assert "500.50" in text
        assert "заявление" in text

    @pytest.mark.parametrize(
        ("changed", "text"),
        [
            ({"amount": "600,51"}, "Only 600.50 ₽ are left of this payment."),
            ({"reason": " "}, "This field is required."),
        ],
    )
    def test_what_is_wrong_is_told(
        self, office: Client, bank: Bank, paid: OnlineOrder, changed: dict[str, str], text: str
    ) -> None:
        answer = self.give_back(office, paid, **changed)
        assert answer.status_code == 422
        assert text in answer.content.decode().replace("\xa0", " ")
        assert not OnlineRefund.objects.exists()

    def test_a_silent_bank_is_told(self, office: Client, bank: Bank, paid: OnlineOrder) -> None:
        bank.faults["Cancel"] = ["lost"]
        self.give_back(office, paid)
        text = office.get(f"/payments/online/{paid.pk}/").content.decode()
        assert "has not answered yet" in text
        assert "asked of the acquirer" in text
        office.post(f"/payments/online/{paid.pk}/ask/")
        assert OnlineOrder.objects.get().refunded_minor == 10_000

    def test_only_keepers_of_money_give_back(self, sign_in: Callable[..., Client], paid: OnlineOrder) -> None:
        assert self.give_back(sign_in(Role.OPERATOR), paid).status_code == 403
        assert not OnlineRefund.objects.exists()


class TestDay:
    def address(self) -> str:
        today = datetime.now().astimezone().date()
        return f"/payments/online/days/?agent={Agent.objects.get(code='card').pk}&day={today.isoformat()}"

    def test_orders_registry_and_bank_agree(self, office: Client, town: Town, paid: OnlineOrder) -> None:
        registry(paid, amount_minor=60_050, commission_minor=601, arrived_minor=59_449)
        text = office.get(self.address()).content.decode().replace("\xa0", " ")
        for sum_shown in ("600.50", "6.01", "594.49"):
            assert sum_shown in text
        assert "say the same" in text
        assert not re.search(r'class="num text-red"', text)

    def test_what_differs_is_shown(self, office: Client, bank: Bank, town: Town, paid: OnlineOrder) -> None:
        registry(paid, amount_minor=70_050, commission_minor=601, arrived_minor=60_000)
        (payment,) = bank.payments.values()
        payment.status = "CANCELED"
        office.post(f"/payments/online/{paid.pk}/ask/")
        text = office.get(self.address()).content.decode().replace("\xa0", " ")
        assert "+100.00" in text
        assert "−94.49" in text
        assert "The acquirer says CANCELED." in text

    def test_the_acquirer_is_asked_for_the_day_in_the_background(self, office: Client, town: Town) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
        agent = Agent.objects.get(code="card")
        answer = office.post("/payments/online/days/ask/", {"agent": agent.pk, "day": "2026-11-20"})
        assert answer["Location"] == f"/payments/online/days/?agent={agent.pk}&day=2026-11-20"
        assert queue.unfinished("online.poll_day", agent_id=agent.pk, day="2026-11-20")

    def test_without_a_channel_it_says_so(self, office: Client, town: Town) -> None:
        Agent.objects.filter(code="card").delete()
        assert "No channel for payments online" in office.get("/payments/online/days/").content.decode()


def registry(order: OnlineOrder, *, amount_minor: int, commission_minor: int, arrived_minor: int) -> None:
    """What the acquirer's registry of today says, and what the bank transferred."""
    today = datetime.now().astimezone().date()
    given: dict[str, Any] = {
        "supplier_id": order.agent.supplier_id,
        "agent": order.agent,
        "booked_on": today,
        "received_at": NOW,
        "state": 2,
    }
    file = PaymentFile.objects.create(
        **given,
        format="table",
        name="registry.csv",
        sha256="a" * 64,
        dated_on=today,
        rows=1,
        amount_minor=amount_minor,
        commission_minor=commission_minor,
        transferred_minor=amount_minor - commission_minor,
    )
    statement = PaymentFile.objects.create(**given, format="1c", name="bank.txt", sha256="b" * 64)
    line = BankLine.objects.create(
        supplier_id=order.agent.supplier_id,
        file=statement,
        row_no=1,
        key=uuid4(),
        own_account="4070",
        incoming=True,
        made_on=today,
        booked_on=today,
        amount_minor=arrived_minor,
        state=3,
    )
    Reconciliation.objects.create(bank_line=line, file=file, amount_minor=arrived_minor, made_at=NOW)


class TestSettings:
    def test_a_channel_is_added_and_changed(self, office: Client, town: Town) -> None:
        form = {"code": "sbp", "name": "СБП", "hours": "24", "active": "on", "inn": ""}
        assert office.post("/payments/online/settings/new/", form).status_code == 302
        agent = Agent.objects.get(code="sbp")
        assert agent.layout == {"acquiring": {"hours": 24, "receipts": False}}
        office.post(f"/payments/online/settings/{agent.pk}/", form | {"receipts": "on", "hours": "48"})
        agent.refresh_from_db()
        assert agent.layout == {"acquiring": {"hours": 48, "receipts": True}}
        assert (
            "http://testserver/webhooks/acquiring/sbp/"
            in office.get("/payments/online/settings/").content.decode()
        )

    def test_a_code_that_is_taken_or_in_use_stays(self, office: Client, order: OnlineOrder) -> None:
        form = {"code": "card", "name": "Ещё", "hours": "24"}
        answer = office.post("/payments/online/settings/new/", form)
        assert (answer.status_code, Agent.objects.filter(name="Ещё").count()) == (422, 0)
        office.post(f"/payments/online/settings/{order.agent_id}/", form | {"code": "other"})
        assert Agent.objects.get(pk=order.agent_id).code == "card"
