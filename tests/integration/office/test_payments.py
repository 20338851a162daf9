"""The screens of money: lists and files of what is seen, cards, payments by hand, the queue, locked days, the order."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from python_calamine import CalamineWorkbook
from tests.money import owe
from tests.town import MONTH, Town

from abonent.contexts.access.models import Role
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import (
    AgentKind,
    AllocationPolicy,
    DayLock,
    Payment,
    PaymentState,
)
from abonent.usecases import take_payment

HTMX = {"HX-Request": "true"}
AT = datetime(2026, 10, 28, 9, tzinfo=UTC)
DAY = date(2026, 10, 20)
Take = Callable[..., Payment]


@pytest.fixture
def take(town: Town) -> Take:
    agent = take_payment.own_agent(supplier_id=town.supplier.pk, kind=AgentKind.BY_HAND)

    def taken(flat: str | None, amount_minor: int, **more: Any) -> Payment:
        given: dict[str, Any] = {"paid_on": DAY, "booked_on": DAY, "key": uuid4(), "actor_id": None, "at": AT}
        return take_payment.take(
            supplier_id=town.supplier.pk,
            agent_id=agent.pk,
            account_id=town.accounts[flat].pk if flat else None,
            amount_minor=amount_minor,
            **(given | more),
        )

    return taken


def owes(town: Town, flat: str) -> int:
    return balance_minor(account_id=town.accounts[flat].pk)


class TestList:
    @pytest.fixture
    def several(self, take: Take) -> list[Payment]:
        return [
            take("1", 10_000, payer="Иванова"),
            take("2", 20_000, payer="=1+1", booked_on=date(2026, 10, 21)),
            take(None, 30_050, payer="Некто", purpose="перевод"),
        ]

    @pytest.mark.parametrize(
        ("query", "amounts"),
        [
            ("", {"100.00", "200.00", "300.50"}),
            ("since=2026-10-21", {"200.00"}),
            ("until=2026-10-20", {"100.00", "300.50"}),
            ("account=0770000016", {"100.00"}),
            ("state=1", {"300.50"}),
            ("least=150&most=250", {"200.00"}),
            ("text=перевод&since=2026-10-01", {"300.50"}),
            ("least=сто", {"100.00", "200.00", "300.50"}),
        ],
    )
    def test_it_is_narrowed(
        self, office: Client, several: list[Payment], query: str, amounts: set[str]
    ) -> None:
        text = office.get(f"/payments/?{query}").text
        assert {amount for amount in ("100.00", "200.00", "300.50") if f">{amount}<" in text} == amounts

    def test_the_files_hold_exactly_what_is_seen(self, office: Client, several: list[Payment]) -> None:
        query = "since=2026-10-01&least=150&sort=amount_minor"
        page = office.get(f"/payments/?{query}").text
        assert "500.50 ₽" in page
        assert page.index(">200.00<") < page.index(">300.50<")
        csv = b"".join(office.get(f"/payments/?{query}&export=csv").streaming_content).decode("utf-8-sig")
        head, *lines = [line.split(";") for line in csv.splitlines()]
        place = head.index("Amount")
        assert [line[place] for line in lines] == ["200,00", "300,50"]
        assert "'=1+1" in csv, "no formula for a spreadsheet"
        content = b"".join(office.get(f"/payments/?{query}&export=xlsx").streaming_content)
        rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
        assert [row[place] for row in rows[1:]] == [200.0, 300.5]

    def test_pages_go_by_key(self, office: Client, take: Take) -> None:
        for number in range(60):
            take(None, 100 + number, payer=f"Плательщик {number}")
        page = office.get("/payments/").text
        assert page.count("/payments/") > 50
        more = page.split('hx-get="?after=')[1].split('"')[0]
        rest = office.get(f"/payments/?after={more}", headers=HTMX).text
        assert rest.count("<tr>") == 10
        assert "Плательщик 59" not in rest
        assert "Плательщик 0<" in rest


class TestCard:
    def test_it_tells_what_is_covered_on_any_day(self, office: Client, town: Town, take: Take) -> None:
        owe(town.accounts["1"], MONTH, 4_000, booked_on=date(2026, 10, 5))
        payment = take("1", 10_000)
        take_payment.reverse(
            payment_id=payment.pk, reason="отозван", booked_on=date(2026, 10, 25), actor_id=None, at=AT
        )
        now = office.get(f"/payments/{payment.pk}/").text
        assert "It covers nothing." in now
        assert "отозван" in now
        assert "reversed" in now
        then = office.get(f"/payments/{payment.pk}/?on=2026-10-24", headers=HTMX).text
        assert ">40.00<" in then
        assert ">60.00<" in then, "the advance"

    def test_a_refusal_stays_in_the_dialog_at_its_field(self, office: Client, town: Town, take: Take) -> None:
        payment = take("1", 10_000)
        form = {
            "account": town.accounts["2"].number,
            "amount": "100,01",
            "booked_on": "2026-10-28",
            "reason": "не тот счёт",
            "key": str(uuid4()),
        }
        answer = office.post(f"/payments/{payment.pk}/transfer/", form, headers=HTMX)
        assert answer.status_code == 422
        assert "Only 100.00 ₽ are left of this payment." in answer.text
        assert owes(town, "1") == -10_000

    def test_a_double_click_moves_once(self, office: Client, town: Town, take: Take) -> None:
        payment = take("1", 10_000)
        form = {
            "account": town.accounts["2"].number,
            "amount": "60",
            "booked_on": "2026-10-28",
            "reason": "не тот счёт",
            "key": str(uuid4()),
        }
        places = {
            office.post(f"/payments/{payment.pk}/transfer/", form, headers=HTMX)["HX-Redirect"]
            for _ in range(2)
        }
        assert len(places) == 1
        assert (owes(town, "1"), owes(town, "2")) == (-4_000, -6_000)

    @pytest.mark.parametrize(
        ("act", "more", "left"),
        [
            ("reverse", {}, 0),
            ("refund", {"amount": "30", "key": str(uuid4())}, -7_000),
            ("unidentify", {}, 0),
            ("purpose", {"period": "2026-10"}, -10_000),
        ],
    )
    def test_the_acts_do_what_they_say(
        self, office: Client, town: Town, take: Take, act: str, more: dict[str, str], left: int
    ) -> None:
        payment = take("1", 10_000)
        url = f"/payments/{payment.pk}/{act}/"
        assert office.get(url, headers=HTMX).status_code == 200
        form = {"booked_on": "2026-10-28", "reason": "проверка"} | more
        assert "HX-Redirect" in office.post(url, form, headers=HTMX)
        assert owes(town, "1") == left

    def test_a_closed_month_and_a_locked_day_are_told(self, office: Client, town: Town, take: Take) -> None:
        payment = take("1", 10_000)
        url = f"/payments/{payment.pk}/reverse/"
        closed = office.post(url, {"booked_on": "2026-09-28", "reason": "р"}, headers=HTMX)
        assert closed.status_code == 422
        take_payment.lock_days(
            supplier_id=town.supplier.pk,
            through=DAY,
            reason="",
            today=date(2026, 11, 1),
            actor_id=None,
            at=AT,
        )
        locked = office.post(url, {"booked_on": "2026-10-20", "reason": "р"}, headers=HTMX)
        assert locked.status_code == 422
        assert "20.10.2026 is locked" in locked.text


class TestByHand:
    def form(self, **more: str) -> dict[str, str]:
        agent = take_payment.own_agent(supplier_id=1, kind=AgentKind.BY_HAND) if "agent" not in more else None
        return {
            "key": str(uuid4()),
            "account": "0770000016",
            "amount": "150",
            "paid_on": "2026-10-20",
            "booked_on": "2026-10-20",
            "agent": str(agent.pk) if agent else "",
        } | more

    def test_what_it_would_cover_is_seen_and_nothing_is_stored(
        self, office: Client, town: Town, take: Take
    ) -> None:
        owe(town.accounts["1"], MONTH, 4_000, booked_on=date(2026, 10, 5))
        agent = take(None, 1).agent_id
        seen = office.get("/payments/new/preview/", self.form(agent=str(agent)), headers=HTMX).text
        assert "Иванова Мария Петровна" in seen
        assert "<strong>40.00</strong>" in seen
        assert "110.00 ₽" in seen, "the advance"
        assert Payment.objects.count() == 1
        assert owes(town, "1") == 4_000

    def test_the_same_form_counts_once(self, office: Client, town: Town, take: Take) -> None:
        form = self.form(agent=str(take(None, 1).agent_id))
        places = {office.post("/payments/new/", form)["Location"] for _ in range(2)}
        assert len(places) == 1
        assert owes(town, "1") == -15_000

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"account": "1"}, "There is no account with this number."),
            ({"amount": "0"}, "The sum must be above zero."),
            ({"amount": "9" * 17}, "That is too much for one sum."),
            ({"paid_on": "2026-10-21"}, "has not come yet"),
            ({"booked_on": "2026-01-20", "paid_on": "2026-01-20"}, "closed"),
        ],
    )
    def test_what_is_wrong_is_told(
        self, office: Client, town: Town, take: Take, more: dict[str, str], said: str
    ) -> None:
        answer = office.post("/payments/new/", self.form(agent=str(take(None, 1).agent_id), **more))
        assert answer.status_code == 422
        assert said in answer.text
        assert owes(town, "1") == 0


class TestQueue:
    def test_suggestions_bear_their_keys(self, office: Client, take: Take) -> None:
        payment = take(None, 100, purpose="лс 0770000016")
        text = office.get(f"/payments/{payment.pk}/suggestions/", headers=HTMX).text
        assert 'data-key="1"' in text
        assert "0770000016" in text
        assert "90 %" in text

    def test_one_key_decides_and_undoes(self, office: Client, town: Town, take: Take) -> None:
        payment = take(None, 100)
        row = office.post(
            f"/payments/{payment.pk}/identify/",
            {"suggested": "0770000016", "why": "account number"},
            headers=HTMX,
        ).text
        assert 'data-key="u"' in row
        assert owes(town, "1") == -100
        again = office.post(f"/payments/{payment.pk}/undo/", headers=HTMX).text
        assert "data-waiting" in again
        assert f'id="payment-{payment.pk}"' not in again, "another payment stands in its place"
        assert owes(town, "1") == 0
        assert Payment.objects.filter(state=PaymentState.UNIDENTIFIED).count() == 1

    def test_decided_by_somebody_else_meanwhile(self, office: Client, town: Town, take: Take) -> None:
        payment = take(None, 100)
        url = f"/payments/{payment.pk}/identify/"
        office.post(url, {"suggested": "0770000016"}, headers=HTMX)
        late = office.post(url, {"suggested": "0770000024"}, headers=HTMX)
        assert late.status_code == 422
        assert "Somebody has decided on this payment already." in late.text
        assert (owes(town, "1"), owes(town, "2")) == (-100, 0)

    def test_the_dialog_leaves_the_queue_where_it_is(self, office: Client, town: Town, take: Take) -> None:
        payment = take(None, 100)
        form = {"booked_on": "2026-10-28", "reason": "не наш", "document": "п/п 7"}
        here = HTMX | {"HX-Current-URL": "http://testserver/payments/unidentified/?text="}
        answer = office.post(f"/payments/{payment.pk}/return/", form, headers=here)
        assert (answer.text, answer["HX-Trigger"]) == ("", f"payment-{payment.pk}")
        assert "returned to the payer" in office.get(f"/payments/{payment.pk}/row/", headers=HTMX).text

    def test_a_row_asks_the_same_however_many_there_are(
        self, office: Client, take: Take, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(20):
            take(None, 100 + number)
        with django_assert_max_num_queries(8):
            office.get("/payments/unidentified/")


class TestAccount:
    def test_every_debt_tells_what_paid_it(self, office: Client, town: Town, take: Take) -> None:
        owe(town.accounts["1"], MONTH, 4_000, booked_on=date(2026, 10, 5))
        payment = take("1", 10_000)
        page = office.get("/accounts/0770000016/payments/").text
        assert f'href="/payments/{payment.pk}/"' in page
        assert ">40.00<" in page
        assert "60.00 ₽" in page, "the advance"
        before = office.get("/accounts/0770000016/payments/?on=2026-10-06", headers=HTMX).text
        assert "40.00 ₽" in before, "open then"

    def test_sorting_the_payments_brings_only_them(self, office: Client, town: Town, take: Take) -> None:
        take("1", 10_000)
        part = office.get(
            "/accounts/0770000016/payments/?sort=amount_minor", headers=HTMX | {"HX-Target": "list"}
        ).text
        assert part.count('id="list"') == 1
        assert 'id="paid"' not in part

    def test_a_small_remainder_is_written_off(self, office: Client, town: Town, take: Take) -> None:
        owe(town.accounts["1"], MONTH, 400, booked_on=date(2026, 10, 5))
        form = {"booked_on": "2026-10-28", "reason": "мелочь", "key": str(uuid4())}
        refused = office.post("/accounts/0770000016/write-off/", form, headers=HTMX)
        assert "No limit for small remainders is set" in refused.text
        policy(office, limit="5")
        assert "HX-Redirect" in office.post("/accounts/0770000016/write-off/", form, headers=HTMX)
        assert owes(town, "1") == 0


def policy(office: Client, **more: str) -> Any:
    form = {
        "begins_on": "2026-10-01",
        "debts": "312",
        "services": "12",
        "by": "debt",
        "honours": "on",
        "source": "приказ № 7",
        "confirmed": "1",
    }
    return office.post("/payments/order/new/", form | more)


class TestSettings:
    def test_an_order_is_looked_at_then_set(self, office: Client, town: Town) -> None:
        form = {
            "begins_on": "2026-10-01",
            "debts": "213",
            "services": "12",
            "by": "period",
            "source": "договор",
        }
        looked = office.post("/payments/order/new/", form).text
        assert "No payment that is booked already would cover other debts." in looked
        assert not AllocationPolicy.objects.exists()
        assert policy(office, debts="213", by="period").status_code == 302
        assert "penalty → principal → court costs" in office.get("/payments/order/").text

    def test_days_are_locked_and_unlocked_with_a_reason(self, office: Client, town: Town) -> None:
        assert "HX-Redirect" in office.post("/payments/locks/lock/", {"through": "2026-10-20"}, headers=HTMX)
        refused = office.post("/payments/locks/lock/", {"through": "2026-10-10"}, headers=HTMX)
        assert (refused.status_code, "Write the reason." in refused.text) == (422, True)
        office.post(
            "/payments/locks/lock/", {"through": "2026-10-10", "reason": "забыт платёж"}, headers=HTMX
        )
        assert DayLock.objects.count() == 2
        assert "забыт платёж" in office.get("/payments/locks/").text

    def test_all_small_remainders_at_once(self, office: Client, town: Town, take: Take) -> None:
        owe(town.accounts["1"], MONTH, 400, booked_on=date(2026, 10, 5))
        take("2", 300)
        assert "No limit" in office.get("/payments/remainders/").text
        policy(office, limit="5")
        AllocationPolicy.objects.update(during="[2026-01-01,)")
        page = office.get("/payments/remainders/").text
        assert "1, 4.00 ₽" in page
        assert "1, 3.00 ₽" in page
        form = {"booked_on": "2026-10-28", "reason": "мелочь", "key": str(uuid4())}
        assert office.post("/payments/remainders/", form).status_code == 302
        assert (owes(town, "1"), owes(town, "2")) == (0, 0)


def test_an_auditor_reads_everything_and_changes_nothing(
    sign_in: Callable[..., Client], town: Town, take: Take
) -> None:
    auditor = sign_in(Role.AUDITOR)
    payment = take("1", 100)
    page = auditor.get(f"/payments/{payment.pk}/").text
    assert "/reverse/" not in page
    assert "/transfer/" not in page
    assert "data-key" not in auditor.get(f"/payments/{take(None, 5).pk}/row/", headers=HTMX).text
    assert auditor.post(f"/payments/{payment.pk}/reverse/", {"reason": "х"}).status_code == 403
