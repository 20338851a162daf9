"""A cashier's day by the use-case: every order, once; the drawer; the books; what the register printed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from tests import money
from tests import town as towns
from tests.tills import AT, by_notes, cashier, desk, faults, opened, received, register
from tests.town import Town

from abonent.contexts.access.models import User
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import (
    CashDesk,
    CashOrder,
    CashOrderKind,
    CashShift,
    Payment,
    PaymentChange,
    PaymentState,
)
from abonent.kernel.periods import Month
from abonent.usecases import cash_desk, take_payment
from abonent.usecases.cash_desk import CashRefused, Tendered

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


@pytest.fixture
def anna(town: Town) -> User:
    return cashier()


@pytest.fixture
def till(town: Town) -> CashDesk:
    return desk(town)


@pytest.fixture
def shift(till: CashDesk, anna: User) -> CashShift:
    return opened(till, anna)


class Refuses:
    """`with refuses("code")`: the use-case says no for this reason."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, refusal: object, _trace: object) -> bool:
        assert isinstance(refusal, CashRefused), f"not refused: {refusal}"
        assert refusal.code == self.code
        return True


class TestReceipts:
    def test_money_is_in_the_drawer_the_books_and_the_register(
        self, shift: CashShift, town: Town, till: CashDesk
    ) -> None:
        money.owe(town.accounts["1"], Month(2026, 9), 40_000)
        order = received(shift, town, cash_minor=50_000, tendered_minor=100_000)
        assert (order.number, order.cash_minor, order.tendered_minor) == (1, 50_000, 100_000)
        assert balance_minor(account_id=town.accounts["1"].pk) == -10_000
        assert cash_desk.totals(shift.pk).expected_minor == 150_000
        names = [(item["1043"], item["1212"], item["1214"]) for item in order.fiscal["1059"]]
        assert names == [(40_000, 4, 4), (10_000, 10, 3)]
        assert order.fiscal == register(till).answer(str(order.key))
        assert (order.fiscal["1020"], order.fiscal["1031"], order.fiscal["1081"]) == (50_000, 50_000, 0)

    def test_a_form_sent_twice_is_one_order(self, shift: CashShift, town: Town, till: CashDesk) -> None:
        key = uuid4()
        first, second = received(shift, town, key=key), received(shift, town, key=key)
        assert first.pk == second.pk
        assert (CashOrder.objects.count(), Payment.objects.count()) == (1, 1)
        assert register(till).state().receipts == 1

    def test_a_key_is_not_taken_for_another_payment(self, shift: CashShift, town: Town) -> None:
        key = uuid4()
        received(shift, town, key=key)
        with Refuses("other_order"):
            received(shift, town, key=key, flat="2")
        with Refuses("other_order"):
            received(shift, town, key=key, cash_minor=50_001)

    def test_orders_are_numbered_without_holes(self, shift: CashShift, town: Town) -> None:
        received(shift, town)
        with Refuses("unknown_account"):
            cash_desk.receive(
                shift_id=shift.pk,
                account_id=10**9,
                tendered=Tendered(cash_minor=1, tendered_minor=1),
                key=uuid4(),
                actor_id=shift.cashier_id,
                at=AT,
            )
        received(shift, town)
        assert list(CashOrder.objects.order_by("id").values_list("number", flat=True)) == [1, 2]

    @pytest.mark.parametrize(
        ("tendered", "code"),
        [
            (Tendered(), "not_positive"),
            (Tendered(cash_minor=100, tendered_minor=99), "tendered_short"),
            (Tendered(cash_minor=-100, card_minor=200), "not_positive"),
        ],
    )
    def test_sums_that_are_none(self, shift: CashShift, town: Town, tendered: Tendered, code: str) -> None:
        with Refuses(code):
            cash_desk.receive(
                shift_id=shift.pk,
                account_id=town.accounts["1"].pk,
                tendered=tendered,
                key=uuid4(),
                actor_id=shift.cashier_id,
                at=AT,
            )
        assert not Payment.objects.exists()

    def test_cash_and_card_at_once(self, shift: CashShift, town: Town) -> None:
        order = received(shift, town, cash_minor=30_000, card_minor=20_000)
        assert (order.fiscal["1031"], order.fiscal["1081"]) == (30_000, 20_000)
        assert cash_desk.totals(shift.pk).expected_minor == 130_000

    def test_after_midnight_a_shift_takes_nothing(self, shift: CashShift, town: Town) -> None:
        with Refuses("shift_over"):
            received(shift, town, at=AT + timedelta(hours=13))
        assert not CashOrder.objects.exists()

    def test_a_locked_day_takes_nothing(self, shift: CashShift, town: Town) -> None:
        take_payment.lock_days(
            supplier_id=town.supplier.pk, through=shift.day, reason="", today=shift.day, actor_id=None, at=AT
        )
        with pytest.raises(take_payment.DayLocked):
            received(shift, town)
        with pytest.raises(take_payment.DayLocked):
            cash_desk.deposit(
                shift_id=shift.pk,
                amount_minor=1,
                key=uuid4(),
                actor_id=shift.cashier_id,
                at=AT,
                ground="размен",
            )
        assert not CashOrder.objects.exists()

    def test_another_cashier_does_not_use_the_shift(self, shift: CashShift, town: Town) -> None:
        with Refuses("not_yours"):
            cash_desk.receive(
                shift_id=shift.pk,
                account_id=town.accounts["1"].pk,
                tendered=Tendered(card_minor=1),
                key=uuid4(),
                actor_id=cashier("other").pk,
                at=AT,
            )


class TestShifts:
    def test_yesterdays_shift_is_closed_first(self, shift: CashShift, till: CashDesk, anna: User) -> None:
        tomorrow = AT + timedelta(days=1)
        with Refuses("desk_busy"):
            opened(till, cashier("other"), at=tomorrow)
        cash_desk.close_shift(shift_id=shift.pk, counted=by_notes(100_000), actor_id=anna.pk, at=tomorrow)
        assert opened(till, anna, at=tomorrow).number == 2

    def test_a_cashier_has_one_shift(self, shift: CashShift, town: Town, anna: User) -> None:
        with Refuses("cashier_busy"):
            opened(desk(town, name="Касса 2"), anna)

    def test_what_the_last_shift_left_is_what_this_one_begins_with(
        self, shift: CashShift, till: CashDesk, anna: User
    ) -> None:
        cash_desk.close_shift(shift_id=shift.pk, counted=by_notes(100_000), actor_id=anna.pk, at=AT)
        with Refuses("opening_differs"):
            opened(till, anna, opening_minor=90_000)
        again = cash_desk.open_shift(
            desk_id=till.pk,
            cashier_id=anna.pk,
            opening_minor=90_000,
            day=AT.date(),
            at=AT,
            note="сдано в банк",
        )
        assert again.note == "сдано в банк"

    def test_a_count_that_differs_is_explained(self, shift: CashShift, town: Town, anna: User) -> None:
        received(shift, town, cash_minor=12_345)
        with Refuses("difference"):
            cash_desk.close_shift(shift_id=shift.pk, counted=by_notes(112_340), actor_id=anna.pk, at=AT)
        closed = cash_desk.close_shift(
            shift_id=shift.pk, counted=by_notes(112_340), actor_id=anna.pk, at=AT, note="нет мелочи"
        )
        assert (closed.expected_minor, closed.counted_minor, closed.note) == (112_345, 112_340, "нет мелочи")
        with Refuses("shift_closed"):
            received(shift, town)

    def test_the_registers_shift_goes_along(
        self, shift: CashShift, town: Town, till: CashDesk, anna: User
    ) -> None:
        received(shift, town, cash_minor=12_300)
        assert register(till).state().shift == 1
        closed = cash_desk.close_shift(shift_id=shift.pk, counted=by_notes(112_300), actor_id=anna.pk, at=AT)
        assert not register(till).state().is_open
        counters = closed.fiscal["closed"]["1194"]["1129"]
        assert (counters["1135"], counters["1201"], counters["1136"]) == (1, 12_300, 12_300)

    def test_only_notes_and_coins_that_are(self, shift: CashShift, anna: User) -> None:
        for counted in ({300: 1}, {100: -1}):
            with Refuses("not_a_note"):
                cash_desk.close_shift(shift_id=shift.pk, counted=counted, actor_id=anna.pk, at=AT)

    def test_cash_goes_to_the_bank_and_change_comes(self, shift: CashShift, anna: User) -> None:
        common = {
            "shift_id": shift.pk,
            "actor_id": anna.pk,
            "at": AT,
            "ground": "препроводительная ведомость 7",
        }
        with Refuses("drawer_short"):
            cash_desk.collect(amount_minor=100_001, key=uuid4(), **common)
        key = uuid4()
        cash_desk.collect(amount_minor=80_000, key=key, **common)
        cash_desk.collect(amount_minor=80_000, key=key, **common)
        cash_desk.deposit(amount_minor=5_000, key=uuid4(), **common)
        assert cash_desk.totals(shift.pk).expected_minor == 25_000
        assert CashOrder.objects.filter(kind=CashOrderKind.COLLECTION).count() == 1


class TestGivingBack:
    def test_a_receipt_of_the_shift_is_reversed(self, shift: CashShift, town: Town, till: CashDesk) -> None:
        receipt = received(shift, town, cash_minor=30_000, card_minor=20_000)
        key = uuid4()
        common = {
            "order_id": receipt.pk,
            "shift_id": shift.pk,
            "actor_id": shift.cashier_id,
            "at": AT,
            "key": key,
        }
        back = cash_desk.reverse(reason="не тот счёт", **common)
        assert cash_desk.reverse(reason="не тот счёт", **common).pk == back.pk
        assert (back.number, back.cash_minor, back.card_minor) == (1, 30_000, 20_000)
        assert back.change is not None
        assert Payment.objects.get().state == PaymentState.REVERSED
        assert balance_minor(account_id=town.accounts["1"].pk) == 0
        assert cash_desk.totals(shift.pk).expected_minor == 100_000
        assert back.fiscal["1054"] == 2
        assert register(till).state().receipts == 2

    def test_a_receipt_of_another_shift_is_only_refunded(
        self, shift: CashShift, town: Town, till: CashDesk, anna: User
    ) -> None:
        receipt = received(shift, town, cash_minor=50_000)
        cash_desk.close_shift(shift_id=shift.pk, counted=by_notes(150_000), actor_id=anna.pk, at=AT)
        later = AT + timedelta(days=1)
        next_shift = opened(till, anna, opening_minor=150_000, at=later)
        common = {"order_id": receipt.pk, "shift_id": next_shift.pk, "actor_id": anna.pk, "at": later}
        with Refuses("other_shift"):
            cash_desk.reverse(reason="ошибка", key=uuid4(), **common)
        cash_desk.refund(cash_minor=20_000, card_minor=0, reason="переплата", key=uuid4(), **common)
        with Refuses("too_much"):
            cash_desk.refund(cash_minor=30_001, card_minor=0, reason="переплата", key=uuid4(), **common)
        with Refuses("too_much"):
            cash_desk.refund(cash_minor=0, card_minor=1, reason="переплата", key=uuid4(), **common)
        assert balance_minor(account_id=town.accounts["1"].pk) == -30_000
        assert cash_desk.totals(next_shift.pk).expected_minor == 130_000
        assert PaymentChange.objects.get().amount_minor == 20_000

    def test_what_the_office_gave_back_is_not_given_back_again(self, shift: CashShift, town: Town) -> None:
        receipt = received(shift, town, cash_minor=50_000)
        assert receipt.payment is not None
        take_payment.refund(
            payment_id=receipt.payment.pk,
            amount_minor=20_000,
            reason="на карту",
            booked_on=shift.day,
            key=uuid4(),
            actor_id=None,
            at=AT,
        )
        common = {"order_id": receipt.pk, "shift_id": shift.pk, "actor_id": shift.cashier_id, "at": AT}
        with Refuses("given_back"):
            cash_desk.reverse(reason="ошибка", key=uuid4(), **common)
        with pytest.raises(take_payment.PaymentRefused, match="too_much"):
            cash_desk.refund(cash_minor=30_001, card_minor=0, reason="ошибка", key=uuid4(), **common)
        cash_desk.refund(cash_minor=30_000, card_minor=0, reason="ошибка", key=uuid4(), **common)
        assert balance_minor(account_id=town.accounts["1"].pk) == 0
        assert cash_desk.totals(shift.pk).expected_minor == 120_000

    def test_no_more_cash_than_the_drawer_has(self, shift: CashShift, town: Town, anna: User) -> None:
        receipt = received(shift, town, cash_minor=50_000)
        cash_desk.collect(
            shift_id=shift.pk, amount_minor=120_000, key=uuid4(), actor_id=anna.pk, at=AT, ground="банк"
        )
        with Refuses("drawer_short"):
            cash_desk.reverse(
                order_id=receipt.pk, shift_id=shift.pk, reason="ошибка", key=uuid4(), actor_id=anna.pk, at=AT
            )
        assert Payment.objects.get().state == PaymentState.POSTED


class TestRegisterFails:
    @pytest.mark.parametrize("word", ["offline", "out_of_paper"])
    def test_what_is_not_printed_is_printed_later_once(
        self, shift: CashShift, town: Town, till: CashDesk, word: str
    ) -> None:
        faults(till).set(word)
        order = received(shift, town)
        assert (order.fiscal, order.fiscal_error) == ({}, word)
        assert Payment.objects.get().state == PaymentState.POSTED
        faults(till).clear()
        assert cash_desk.print_waiting(desk_id=till.pk, at=AT).printed == 1
        assert cash_desk.print_waiting(desk_id=till.pk, at=AT).printed == 0
        order.refresh_from_db()
        assert (order.fiscal["1042"], order.fiscal_error) == (1, "")

    def test_an_answer_lost_after_printing_prints_nothing_twice(
        self, shift: CashShift, town: Town, till: CashDesk
    ) -> None:
        faults(till).set("answer_lost")
        order = received(shift, town)
        assert (order.fiscal, order.fiscal_error) == ({}, "answer_lost")
        cash_desk.print_waiting(desk_id=till.pk, at=AT)
        order.refresh_from_db()
        assert order.fiscal["1042"] == 1
        assert register(till).state().receipts == 1

    def test_a_return_waits_for_its_receipt(self, shift: CashShift, town: Town, till: CashDesk) -> None:
        faults(till).set("offline")
        receipt = received(shift, town)
        back = cash_desk.reverse(
            order_id=receipt.pk,
            shift_id=shift.pk,
            reason="ошибка",
            key=uuid4(),
            actor_id=shift.cashier_id,
            at=AT,
        )
        faults(till).clear()
        assert cash_desk.print_everywhere(at=AT) == 2
        receipt.refresh_from_db()
        back.refresh_from_db()
        assert (receipt.fiscal["1042"], back.fiscal["1042"]) == (1, 2)

    def test_a_receipt_of_yesterday_is_a_correction(
        self, shift: CashShift, town: Town, till: CashDesk, anna: User
    ) -> None:
        faults(till).set("offline")
        order = received(shift, town)
        with Refuses("not_printed"):
            cash_desk.close_shift(shift_id=shift.pk, counted=by_notes(150_000), actor_id=anna.pk, at=AT)
        with Refuses("no_reason"):
            cash_desk.close_shift(
                shift_id=shift.pk, counted=by_notes(150_000), actor_id=anna.pk, at=AT, leave_unprinted=True
            )
        cash_desk.close_shift(
            shift_id=shift.pk,
            counted=by_notes(150_000),
            actor_id=anna.pk,
            at=AT,
            note="касса не отвечала",
            leave_unprinted=True,
        )
        faults(till).clear()
        opened(till, anna, opening_minor=150_000, at=AT + timedelta(days=1))
        order.refresh_from_db()
        assert (order.fiscal["1173"], order.fiscal["1174"]["1178"]) == (0, "2026-10-22")
        state = register(till).state()
        assert (state.shift, state.receipts) == (2, 1)

    def test_a_shift_the_register_did_not_close_is_closed_by_the_next(
        self, shift: CashShift, till: CashDesk, anna: User
    ) -> None:
        faults(till).set("offline")
        closed = cash_desk.close_shift(shift_id=shift.pk, counted=by_notes(100_000), actor_id=anna.pk, at=AT)
        assert "closed" not in closed.fiscal
        faults(till).clear()
        opened(till, anna, at=AT + timedelta(days=1))
        shift.refresh_from_db()
        assert shift.fiscal["closed"]["1038"] == 1
        assert register(till).state().shift == 2

    def test_a_shift_closed_at_the_device_is_opened_again(
        self, shift: CashShift, town: Town, till: CashDesk
    ) -> None:
        register(till).close_shift(key="by hand", tags={}, at=AT)
        order = received(shift, town)
        assert (order.fiscal["1038"], order.fiscal["1042"]) == (2, 1)
