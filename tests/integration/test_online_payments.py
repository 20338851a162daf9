"""Payments online, over HTTP with an acquirer that fails in every way: each kopeck once in the books."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from tests import town as towns
from tests.acquirer import PASSWORD, TERMINAL, Bank, Paid, sign
from tests.money import covered_by, owe
from tests.town import Town

from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import Entry, EntryKind
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    OnlineNotice,
    OnlineOrder,
    OnlineOrderState,
    OnlineRefund,
    OnlineRefundState,
    Payment,
    PaymentState,
    Recognition,
)
from abonent.kernel.periods import Month
from abonent.usecases import books_check, online_payments, take_payment
from abonent.usecases.import_payments.keys import digests
from abonent.usecases.online_payments import OnlineRefused, Way, polling
from abonent.usecases.online_payments.holding import payment_key

NOW = datetime.now(UTC).replace(microsecond=0)
MONTH = Month.of(NOW.date())
State, Refund = OnlineOrderState, OnlineRefundState


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    bank = Bank()
    for name, value in {"URL": bank.url, "TERMINAL": TERMINAL, "PASSWORD": PASSWORD}.items():
        monkeypatch.setenv(f"ABONENT_ACQUIRING_CARD_{name}", value)
    yield bank
    bank.stop()


@pytest.fixture
def town(transactional_db: None) -> Town:
    return towns.build(month=MONTH)


@pytest.fixture
def agent(town: Town) -> Agent:
    return Agent.objects.create(
        supplier=town.supplier, code="card", name="Оплата картой", kind=AgentKind.ACQUIRING
    )


@pytest.fixture
def account(town: Town) -> Account:
    """An account that owes 1 000,00 of the month before."""
    account = town.accounts["1"]
    owe(account, MONTH.previous(), 100_000, kind=EntryKind.OPENING)
    return account


@pytest.fixture
def way(live_server: LiveServer) -> Way:
    return Way(
        back=f"{live_server.url}/pay/{{order}}/", notices=f"{live_server.url}/webhooks/acquiring/card/"
    )


@pytest.fixture
def begin(agent: Agent, account: Account, bank: Bank, way: Way) -> Callable[..., OnlineOrder]:
    def begun(amount_minor: int = 60_000, *, key: UUID | None = None, **more: Any) -> OnlineOrder:
        return online_payments.begin(
            agent_id=agent.pk,
            account_id=account.pk,
            amount_minor=amount_minor,
            key=key or uuid4(),
            way=way,
            actor_id=None,
            at=NOW,
            **more,
        )

    return begun


Begin = Callable[..., OnlineOrder]


def at_bank(bank: Bank, order: OnlineOrder) -> Paid:
    return bank.of_order(order.pk)[-1]


def fresh(order: OnlineOrder) -> OnlineOrder:
    return OnlineOrder.objects.select_related("payment").get(pk=order.pk)


def books_agree() -> bool:
    wrong = {one.check.name: one.rows for one in books_check.check_books() if one.disagreements}
    assert wrong == {}
    return True


def at_once(act: Callable[[], Any], *, times: int) -> list[Any]:
    barrier = Barrier(times)

    def run(_number: int) -> Any:
        try:
            barrier.wait(10)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


class TestPaying:
    def test_a_paid_order_is_a_payment_that_covers_the_debt(
        self, bank: Bank, begin: Begin, account: Account
    ) -> None:
        order = begin()
        assert (order.state, order.pay_url) == (State.OPEN, f"{bank.address}/pay/{at_bank(bank, order).id}")
        bank.pay(at_bank(bank, order))
        assert [(status, text) for _body, status, text in bank.told] == [(200, "OK"), (200, "OK")]
        order = fresh(order)
        payment = order.payment
        assert payment is not None
        assert (order.state, order.told_status, order.error) == (State.PAID, "CONFIRMED", "")
        assert (payment.amount_minor, payment.external_id) == (60_000, order.external_id)
        assert (payment.state, payment.recognition) == (PaymentState.POSTED, Recognition.CHANNEL)
        assert balance_minor(account_id=account.pk) == 40_000
        assert covered_by(payment, account) == {(str(MONTH.previous()), 1, 1): 60_000}
        assert books_agree()

    def test_a_form_sent_twice_begins_one_payment(self, bank: Bank, begin: Begin) -> None:
        key = uuid4()
        first, second = begin(key=key), begin(key=key)
        assert first.pk == second.pk
        assert len(bank.payments) == 1
        with pytest.raises(OnlineRefused) as refusal:
            begin(50_000, key=key)
        assert refusal.value.code == "other_order"

    def test_a_form_sent_by_eight_at_once_begins_one_payment(self, bank: Bank, begin: Begin) -> None:
        key = uuid4()
        orders = at_once(lambda: begin(key=key), times=8)
        assert len({order.pk for order in orders}) == 1
        assert len(bank.payments) == 1

    def test_a_refused_one_is_shown_and_may_be_paid_after_all(self, bank: Bank, begin: Begin) -> None:
        order = begin()
        bank.refuse(at_bank(bank, order))
        assert fresh(order).state == State.REFUSED
        bank.pay(at_bank(bank, order))
        assert fresh(order).state == State.PAID
        assert Payment.objects.count() == 1

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"amount_minor": 0}, "not_positive"),
            ({"contact": "nobody"}, "bad_contact"),
            ({"contact": "@"}, "bad_contact"),
        ],
    )
    def test_what_is_no_order_is_refused(
        self, bank: Bank, begin: Begin, given: dict[str, Any], code: str
    ) -> None:
        with pytest.raises(OnlineRefused) as refusal:
            begin(**given)
        assert refusal.value.code == code
        assert not OnlineOrder.objects.exists()
        assert not bank.asked

    def test_without_its_secrets_nothing_is_begun(
        self, begin: Begin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ABONENT_ACQUIRING_CARD_PASSWORD")
        with pytest.raises(OnlineRefused) as refusal:
            begin()
        assert refusal.value.code == "not_set_up"

    def test_a_receipt_is_asked_for_where_the_acquirer_prints_them(
        self, agent: Agent, bank: Bank, begin: Begin
    ) -> None:
        online_payments.keep_terms(agent, online_payments.Terms(hours=5, receipts=True))
        agent.save()
        with pytest.raises(OnlineRefused):
            begin(120_000)
        order = begin(120_000, contact="payer@mail.example")
        receipt = at_bank(bank, order).receipt
        assert receipt is not None
        assert [(item["Amount"], item["PaymentMethod"]) for item in receipt["Items"]] == [
            (100_000, "full_payment"),
            (20_000, "advance"),
        ]
        assert order.expires_at == NOW + timedelta(hours=5)


class TestLostAnswers:
    @pytest.mark.parametrize("fault", ["before", "lost", "500", "garbage"])
    def test_an_order_whose_answer_was_lost_is_begun_once_more_and_payable_once(
        self, bank: Bank, begin: Begin, way: Way, fault: str
    ) -> None:
        bank.faults["Init"] = [fault]
        order = begin()
        assert (order.state, order.error) == (State.NEW, "bank_silent")
        order = online_payments.open_order(order_id=order.pk, way=way, at=NOW)
        assert (order.state, order.error) == (State.OPEN, "")
        payable = [paid for paid in bank.of_order(order.pk) if paid.status == "NEW"]
        assert [str(paid.id) for paid in payable] == [order.external_id]
        bank.pay(payable[0])
        assert fresh(order).state == State.PAID
        assert Payment.objects.get().amount_minor == 60_000

    def test_one_that_was_paid_meanwhile_is_not_begun_again(self, bank: Bank, begin: Begin, way: Way) -> None:
        bank.faults["Init"] = ["lost"]
        order = begin()
        bank.silent = True
        bank.pay(at_bank(bank, order))
        order = online_payments.open_order(order_id=order.pk, way=way, at=NOW)
        assert (order.state, len(bank.payments)) == (State.PAID, 1)

    def test_the_bank_says_no(self, bank: Bank, begin: Begin) -> None:
        bank.faults["Init"] = ["refuse"]
        order = begin()
        assert (order.state, order.error) == (State.REFUSED, "bank_refused:99 Отказ банка")

    def test_no_notice_at_all_and_the_poll_finds_it(self, bank: Bank, begin: Begin) -> None:
        order, other = begin(), begin(5_000)
        bank.silent = True
        bank.pay(at_bank(bank, order))
        assert online_payments.poll_stale(at=NOW + timedelta(seconds=30)) == 0
        assert online_payments.poll_stale(at=NOW + timedelta(minutes=3)) == 2
        assert (fresh(order).state, fresh(other).state) == (State.PAID, State.OPEN)
        assert online_payments.poll_stale(at=NOW + timedelta(minutes=4)) == 0

    def test_orders_that_cannot_be_asked_for_hold_up_no_others(
        self, bank: Bank, begin: Begin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A channel whose password is gone from the server, with older orders than the next one's."""
        gone, order = begin(), begin(5_000)
        OnlineOrder.objects.filter(pk=gone.pk).update(asked_at=NOW - timedelta(minutes=1))
        bank.silent = True
        bank.pay(at_bank(bank, order))
        poll = online_payments.poll

        def poll_some(*, order_id: UUID, at: datetime) -> OnlineOrder:
            if order_id == gone.pk:
                raise OnlineRefused("not_set_up")
            return poll(order_id=order_id, at=at)

        monkeypatch.setattr(polling, "poll", poll_some)
        monkeypatch.setattr(polling, "MOST_AT_ONCE", 1)
        for minutes in (3, 4):
            online_payments.poll_stale(at=NOW + timedelta(minutes=minutes))
        assert fresh(order).state == State.PAID

    def test_what_nobody_paid_expires_and_may_be_paid_late(self, bank: Bank, begin: Begin) -> None:
        order = begin()
        later = NOW + timedelta(hours=74)
        online_payments.poll_stale(at=later)
        assert fresh(order).state == State.EXPIRED
        bank.pay(at_bank(bank, order))
        assert fresh(order).state == State.PAID

    def test_killed_before_it_asked_the_bank(self, bank: Bank, begin: Begin, way: Way) -> None:
        bank.faults["Init"] = ["before"]
        order = begin()
        OnlineOrder.objects.filter(pk=order.pk).update(asked_at=None, error="")
        assert online_payments.open_order(order_id=order.pk, way=way, at=NOW).state == State.OPEN
        assert [method for method, _body in bank.asked] == ["Init"]

    def test_killed_between_the_answer_and_the_books(
        self, bank: Bank, begin: Begin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The notice is stored, the process dies before the payment is; the bank's next notice brings it."""
        order = begin()

        def dies(**_given: object) -> None:
            raise SystemError("killed")

        paid = at_bank(bank, order)
        paid.status = "CONFIRMED"
        with monkeypatch.context() as killed:
            killed.setattr(take_payment, "take", dies)
            with pytest.raises(SystemError):
                online_payments.hear(agent_code="card", body=bank.notice(paid), at=NOW)
        assert (fresh(order).state, Payment.objects.count()) == (State.OPEN, 0)
        bank.tell(at_bank(bank, order))
        assert fresh(order).state == State.PAID


class TestNotices:
    def test_the_same_notice_from_eight_at_once_is_one_payment(
        self, bank: Bank, begin: Begin, account: Account
    ) -> None:
        order = begin()
        bank.silent = True
        bank.pay(at_bank(bank, order))
        body = bank.notice(at_bank(bank, order))
        answers = at_once(lambda: bank.send(at_bank(bank, order).notify, body), times=8)
        assert answers == [(200, "OK")] * 8
        assert Payment.objects.count() == 1
        assert balance_minor(account_id=account.pk) == 40_000
        assert OnlineNotice.objects.filter(order=order, accepted=True).count() == 8
        assert books_agree()

    def test_notices_polls_and_a_refund_at_one_instant(
        self, bank: Bank, begin: Begin, account: Account
    ) -> None:
        order = begin()
        bank.silent = True
        paid = at_bank(bank, order)
        bank.pay(paid)
        confirmed = bank.notice(paid)
        bank.give_back(paid, 60_000)
        refunded = bank.notice(paid)
        turns = iter([confirmed, refunded, None] * 3)

        def act() -> None:
            body = next(turns)
            if body is None:
                with suppress(OnlineRefused):  # busy: somebody else is polling
                    online_payments.poll(order_id=order.pk, at=NOW)
            else:
                assert bank.send(paid.notify, body) == (200, "OK")

        at_once(act, times=9)
        assert (fresh(order).state, fresh(order).refunded_minor) == (State.REFUNDED, 60_000)
        assert balance_minor(account_id=account.pk) == 100_000
        assert Payment.objects.count() == 1
        assert books_agree()

    def test_confirmed_before_authorised(self, bank: Bank, begin: Begin) -> None:
        order = begin()
        paid = at_bank(bank, order)
        paid.status = "CONFIRMED"
        bank.tell(paid)
        for late in ("AUTHORIZED", "REJECTED", "DEADLINE_EXPIRED"):
            bank.tell(paid, Status=late)
        order = fresh(order)
        assert (order.state, order.told_status) == (State.PAID, "CONFIRMED")

    def test_refunded_before_confirmed(self, bank: Bank, begin: Begin, account: Account) -> None:
        order = begin()
        paid = at_bank(bank, order)
        paid.status = "CONFIRMED"
        confirmed = bank.notice(paid)
        bank.give_back(paid, 60_000)
        bank.send(paid.notify, confirmed)
        order = fresh(order)
        assert (order.state, order.refunded_minor, order.told_status) == (State.REFUNDED, 60_000, "REFUNDED")
        assert balance_minor(account_id=account.pk) == 100_000
        assert books_agree()

    @pytest.mark.parametrize("changed", [{"Amount": 1}, {"Amount": 60_001}, {"Amount": None}])
    def test_another_sum_is_not_booked_and_is_shown(
        self, bank: Bank, begin: Begin, changed: dict[str, Any]
    ) -> None:
        order = begin()
        paid = at_bank(bank, order)
        paid.status = "CONFIRMED"
        assert bank.tell(paid, **changed) == (200, "OK")
        assert fresh(order).error == f"wrong_amount:{changed['Amount'] or 0}"
        assert not Payment.objects.exists()

    def test_a_forged_one_changes_nothing_and_is_kept(self, bank: Bank, begin: Begin, way: Way) -> None:
        order = begin()
        paid = at_bank(bank, order)
        paid.status = "CONFIRMED"
        body = bank.notice(paid)
        assert bank.send(way.notices, body | {"Token": sign(body, "guessed")}) == (403, "not believed")
        assert fresh(order).state == State.OPEN
        notice = OnlineNotice.objects.get(order=order)
        assert (notice.accepted, notice.body["refused"]) == (False, "bad_signature")

    def test_no_card_no_token_and_no_terminal_is_kept(self, bank: Bank, begin: Begin) -> None:
        order = begin()
        bank.pay(at_bank(bank, order))
        for notice in OnlineNotice.objects.filter(order=order):
            assert set(notice.body) == {"OrderId", "PaymentId", "Status", "Success", "ErrorCode", "Amount"}

    def test_an_order_of_somebody_else_is_answered_and_forgotten(
        self, bank: Bank, begin: Begin, way: Way
    ) -> None:
        order = begin()
        body = bank.notice(at_bank(bank, order), OrderId=str(uuid4()), Status="CONFIRMED")
        assert bank.send(way.notices, body) == (200, "OK")
        notice = OnlineNotice.objects.get()
        assert (notice.order, notice.accepted) == (None, False)

    def test_money_that_came_twice_is_shown(self, bank: Bank, begin: Begin) -> None:
        order = begin()
        paid = at_bank(bank, order)
        bank.pay(paid)
        bank.tell(paid, PaymentId=800_000_001)
        assert fresh(order).error == "paid_twice:800000001"
        assert Payment.objects.count() == 1

    def test_a_page_nobody_saw_does_not_close_the_order(self, bank: Bank, begin: Begin, way: Way) -> None:
        bank.faults["Init"] = ["lost"]
        order = begin()
        first = at_bank(bank, order)
        order = online_payments.open_order(order_id=order.pk, way=way, at=NOW)
        assert bank.send(way.notices, bank.notice(first, Status="CANCELED")) == (200, "OK")
        assert fresh(order).state == State.OPEN

    def test_on_a_locked_day_it_waits_for_the_day(
        self, town: Town, bank: Bank, begin: Begin, account: Account
    ) -> None:
        order = begin()
        today = NOW.date() + timedelta(days=1)
        lock = {"supplier_id": town.supplier.pk, "today": today, "actor_id": None, "at": NOW}
        take_payment.lock_days(through=today, reason="", **lock)
        bank.pay(at_bank(bank, order))
        assert fresh(order).error == "not_booked:day_locked"
        assert bank.told[-1][1:] == (200, "OK")
        take_payment.lock_days(through=date(2020, 1, 1), reason="забыт платёж", **lock)
        online_payments.poll_stale(at=datetime.now(UTC) + timedelta(minutes=3))
        order = fresh(order)
        assert (order.state, order.error) == (State.PAID, "")
        assert balance_minor(account_id=account.pk) == 40_000

    def test_what_a_registry_brought_before_the_notice_is_the_orders_payment(
        self, bank: Bank, begin: Begin, account: Account
    ) -> None:
        order = begin()
        brought = take_payment.take(
            supplier_id=order.agent.supplier_id,
            agent_id=order.agent_id,
            account_id=account.pk,
            amount_minor=60_000,
            paid_on=NOW.date(),
            booked_on=NOW.date(),
            key=payment_key(agent_id=order.agent_id, external_id=order.external_id),
            external_id=order.external_id,
            actor_id=None,
            at=NOW,
        )
        bank.pay(at_bank(bank, order))
        order = fresh(order)
        assert (order.state, order.payment_id) == (State.PAID, brought.pk)
        assert balance_minor(account_id=account.pk) == 40_000
        assert books_agree()

    def test_a_registry_knows_the_payment_by_the_same_key(self, agent: Agent) -> None:
        (digest,) = digests([f"{agent.pk}\x1foperation\x1f700000001"])
        assert payment_key(agent_id=agent.pk, external_id="700000001") == UUID(digest)


class TestTheDoor:
    """The webhook itself: what it answers to those it does not know."""

    @pytest.fixture
    def post(self, agent: Agent, bank: Bank, client: Client) -> Callable[..., Any]:
        cache.clear()  # what was counted of other tests

        def post(body: Any, *, code: str = "card") -> Any:
            return client.post(f"/webhooks/acquiring/{code}/", body, content_type="application/json")

        return post

    def test_what_is_no_notice(self, post: Callable[..., Any], client: Client) -> None:
        assert post("[1]").status_code == 400
        assert post("{").status_code == 400
        assert post("[" * 50_000).status_code == 400
        assert post('{"Amount": ' + "9" * 5_000 + "}").status_code == 400
        assert post(b"\xff\xfe").status_code == 400
        assert post("{}", code="nobody").status_code == 404
        assert post("x" * 65_537).status_code == 413
        assert client.get("/webhooks/acquiring/card/").status_code == 405
        assert not OnlineNotice.objects.exists()

    def test_a_flood_of_forged_ones_is_not_kept(self, post: Callable[..., Any]) -> None:
        answers = [post({"OrderId": "a", "Token": "b"}).status_code for _number in range(30)]
        assert answers == [403] * 20 + [429] * 10
        assert OnlineNotice.objects.count() == 20

    def test_and_does_not_keep_a_right_one_out(
        self, post: Callable[..., Any], bank: Bank, begin: Begin
    ) -> None:
        for _number in range(25):
            post({"Token": "b"})
        order = begin()
        bank.pay(at_bank(bank, order))
        assert fresh(order).state == State.PAID

    def test_strange_values_are_kept_short(self, post: Callable[..., Any]) -> None:
        strange = r'{"OrderId": "a\u0000\ud800", "Amount": %s, "Status": {"a": [1]}, "Pan": "43", "Token": "\ud800"}'
        assert post(strange % 10**400).status_code == 403
        body = OnlineNotice.objects.get().body
        assert set(body) == {"OrderId", "Amount", "Status", "refused"}
        assert all(len(str(value)) <= 80 for value in body.values())


class TestRefunds:
    @pytest.fixture
    def order(self, bank: Bank, begin: Begin) -> OnlineOrder:
        order = begin()
        bank.pay(at_bank(bank, order))
        return fresh(order)

    @pytest.fixture
    def refund(self, order: OnlineOrder) -> Callable[..., OnlineRefund]:
        def refund(amount_minor: int, *, key: UUID | None = None, **more: Any) -> OnlineRefund:
            given = {"reason": "заявление", "actor_id": None, "at": datetime.now(UTC)} | more
            return online_payments.refund(
                order_id=order.pk, amount_minor=amount_minor, key=key or uuid4(), **given
            )

        return refund

    def test_a_part_and_then_the_rest(
        self, bank: Bank, order: OnlineOrder, account: Account, refund: Callable[..., OnlineRefund]
    ) -> None:
        assert refund(10_000).state == Refund.DONE
        assert (fresh(order).state, fresh(order).refunded_minor) == (State.REFUNDED_PARTLY, 10_000)
        assert balance_minor(account_id=account.pk) == 50_000
        assert refund(50_000).state == Refund.DONE
        assert fresh(order).state == State.REFUNDED
        assert at_bank(bank, order).refunded == 60_000
        refunds = Entry.objects.filter(account_id=account.pk, kind=EntryKind.REFUND)
        assert sorted(refunds.values_list("amount_minor", flat=True)) == [10_000, 50_000]
        assert books_agree()

    def test_sent_twice_it_is_given_back_once(
        self, bank: Bank, order: OnlineOrder, refund: Callable[..., OnlineRefund]
    ) -> None:
        key = uuid4()
        found = at_once(lambda: refund(10_000, key=key), times=6)
        assert len({one.pk for one in found}) == 1
        assert at_bank(bank, order).refunded == 10_000
        assert fresh(order).refunded_minor == 10_000

    def test_more_than_was_paid_by_many_at_once(
        self, bank: Bank, order: OnlineOrder, refund: Callable[..., OnlineRefund]
    ) -> None:
        def act() -> str:
            try:
                one = refund(25_000)
                if one.state == Refund.ASKED:  # somebody else was talking to the bank
                    one = online_payments.push(refund_id=one.pk, at=datetime.now(UTC))
                return "given"
            except OnlineRefused as refusal:
                return refusal.code

        assert sorted(at_once(act, times=6)) == ["given"] * 2 + ["too_much"] * 4
        online_payments.poll_stale(at=datetime.now(UTC) + timedelta(minutes=5))
        assert at_bank(bank, order).refunded == fresh(order).refunded_minor == 50_000
        assert books_agree()

    @pytest.mark.parametrize("fault", ["before", "lost", "500", "garbage"])
    @pytest.mark.parametrize("amount_minor", [10_000, 60_000])
    def test_a_lost_answer_gives_back_once(
        self,
        bank: Bank,
        order: OnlineOrder,
        refund: Callable[..., OnlineRefund],
        fault: str,
        amount_minor: int,
    ) -> None:
        bank.silent = True
        bank.faults["Cancel"] = [fault]
        asked = refund(amount_minor)
        assert (asked.state, asked.error) == (Refund.ASKED, "bank_silent")
        assert fresh(order).refunded_minor == 0
        online_payments.poll_stale(at=datetime.now(UTC) + timedelta(minutes=5))
        asked.refresh_from_db()
        assert asked.state == Refund.DONE
        assert at_bank(bank, order).refunded == fresh(order).refunded_minor == amount_minor
        assert books_agree()

    def test_a_second_part_whose_answer_was_lost(
        self, bank: Bank, order: OnlineOrder, refund: Callable[..., OnlineRefund]
    ) -> None:
        refund(5_000)
        bank.faults["Cancel"] = ["lost"]
        refund(7_000)
        online_payments.poll_stale(at=datetime.now(UTC) + timedelta(minutes=5))
        assert at_bank(bank, order).refunded == fresh(order).refunded_minor == 12_000

    def test_the_bank_says_no(
        self, bank: Bank, order: OnlineOrder, refund: Callable[..., OnlineRefund]
    ) -> None:
        bank.faults["Cancel"] = ["refuse"]
        refused = refund(10_000)
        assert (refused.state, refused.error) == (Refund.REFUSED, "bank_refused:99 Отказ банка")
        assert (fresh(order).state, fresh(order).refunded_minor) == (State.PAID, 0)
        assert refund(60_000).state == Refund.DONE

    def test_the_whole_given_back_in_the_banks_cabinet(
        self, bank: Bank, order: OnlineOrder, account: Account, refund: Callable[..., OnlineRefund]
    ) -> None:
        refund(10_000)
        bank.give_back(at_bank(bank, order), 50_000)
        bank.tell(at_bank(bank, order))
        assert (fresh(order).state, fresh(order).refunded_minor) == (State.REFUNDED, 60_000)
        assert balance_minor(account_id=account.pk) == 100_000
        assert OnlineRefund.objects.get(at_bank=True).amount_minor == 50_000
        assert books_agree()

    def test_a_part_given_back_in_the_banks_cabinet_waits_for_a_person(
        self, bank: Bank, order: OnlineOrder, account: Account, refund: Callable[..., OnlineRefund]
    ) -> None:
        bank.give_back(at_bank(bank, order), 15_000)
        assert fresh(order).error == "refunded_at_bank:45000"
        calls = len(bank.asked)
        assert refund(15_000, at_bank=True).state == Refund.DONE
        assert len(bank.asked) == calls
        assert (fresh(order).state, fresh(order).error) == (State.REFUNDED_PARTLY, "")
        assert balance_minor(account_id=account.pk) == 55_000

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"amount_minor": 60_001}, "too_much"),
            ({"amount_minor": 0}, "not_positive"),
            ({"amount_minor": 5, "reason": " "}, "no_reason"),
        ],
    )
    def test_what_is_no_refund_is_refused(
        self, bank: Bank, refund: Callable[..., OnlineRefund], given: dict[str, Any], code: str
    ) -> None:
        with pytest.raises(OnlineRefused) as refusal:
            refund(**given)
        assert refusal.value.code == code
        assert "Cancel" not in [method for method, _body in bank.asked]

    def test_what_was_moved_here_is_not_given_back_at_the_bank(
        self, town: Town, bank: Bank, order: OnlineOrder, refund: Callable[..., OnlineRefund]
    ) -> None:
        assert order.payment_id
        take_payment.transfer(
            payment_id=order.payment_id,
            to_account_id=town.accounts["2"].pk,
            amount_minor=40_000,
            reason="ошибка",
            booked_on=NOW.date(),
            key=uuid4(),
            actor_id=None,
            at=NOW,
        )
        with pytest.raises(OnlineRefused) as refusal:
            refund(30_000)
        assert refusal.value.facts == {"left_minor": 20_000}

    def test_nothing_is_given_back_of_what_nobody_paid(self, begin: Begin) -> None:
        with pytest.raises(OnlineRefused) as refusal:
            online_payments.refund(
                order_id=begin().pk, amount_minor=5, reason="r", key=uuid4(), actor_id=None, at=NOW
            )
        assert refusal.value.code == "not_paid"
