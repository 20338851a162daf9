"""Whose an unidentified payment may be, and the order of payment set from a day on."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from tests.money import covered_by, owe
from tests.town import MONTH, Town, build

from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.payments.models import AgentKind, AllocationPolicy, Payment
from abonent.usecases import take_payment
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.policy import preview_policy, set_policy
from abonent.usecases.take_payment.suggest import Reason, suggest

AT = datetime(2026, 10, 28, 9, tzinfo=UTC)
DAY = date(2026, 10, 28)


@pytest.fixture
def town(db: None) -> Town:
    return build()


@pytest.fixture
def take(town: Town) -> Callable[..., Payment]:
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


class TestSuggestions:
    """The town's accounts: 0770000016 Иванова, flat 1; …024 Петров, 2; …032 Сидоров, 3; …040 Кузнецова, 10."""

    def ask(self, payment: Payment) -> list[tuple[str, set[Reason]]]:
        found = suggest(payment=payment, on=DAY)
        return [(one.number, {reason for reason, _text in one.reasons}) for one in found]

    def test_a_number_in_the_words(self, take: Callable[..., Payment]) -> None:
        payment = take(None, 100, purpose="ОПЛАТА ЗА Э/Э Л/С 0770000032 НДС 18-00")
        assert self.ask(payment) == [("0770000032", {Reason.NUMBER})]

    def test_a_number_without_its_zeros_or_with_gaps(self, take: Callable[..., Payment]) -> None:
        for written in ("770000032", "077-000-0032"):
            assert self.ask(take(None, 100, purpose=f"лс {written}")) == [("0770000032", {Reason.NUMBER})]

    @pytest.mark.parametrize("written", ["0770000042", "0770000023", "0707000032"])
    def test_a_slip_of_the_pen_is_weaker(self, take: Callable[..., Payment], written: str) -> None:
        """One digit wrong, or two neighbours swapped."""
        (one,) = (
            one
            for one in suggest(payment=take(None, 100, account_text=written), on=DAY)
            if one.number == "0770000032"
        )
        assert {reason for reason, _text in one.reasons} == {Reason.MISTYPED}
        assert one.confidence <= 55

    def test_name_and_address_outweigh_each_alone(self, take: Callable[..., Payment]) -> None:
        payment = take(None, 100, payer="СИДОРОВ ОЛЕГ ЛЬВОВИЧ", address="ул. Ленина, д. 12, кв. 3")
        ((number, reasons),) = self.ask(payment)
        assert (number, reasons) == ("0770000032", {Reason.NAME_AND_ADDRESS})
        by_name = suggest(payment=take(None, 100, payer="СИДОРОВ ОЛЕГ ЛЬВОВИЧ"), on=DAY)
        assert [one.number for one in by_name] == ["0770000032"]
        assert by_name[0].confidence < 50

    def test_inn_and_phone_of_the_payer(self, town: Town, take: Callable[..., Payment]) -> None:
        party = town.accounts["2"].party
        party.inn, party.phone = "500100732259", "+7 912 345-67-89"
        party.save()
        assert self.ask(take(None, 100, payer_inn="500100732259")) == [("0770000024", {Reason.INN})]
        assert self.ask(take(None, 100, purpose="тел. 8(912)345-67-89")) == [("0770000024", {Reason.PHONE})]

    def test_what_a_person_decided_about_the_payer(self, town: Town, take: Callable[..., Payment]) -> None:
        first = take(None, 100, payer="ООО «Ромашка»")
        assert self.ask(first) == []
        take_payment.identify(
            payment_id=first.pk, account_id=town.accounts["10"].pk, booked_on=DAY, actor_id=None, at=AT
        )
        assert self.ask(take(None, 200, payer="ООО «Ромашка»")) == [("0770000040", {Reason.EARLIER})]

    def test_nothing_speaks_for_anybody(self, take: Callable[..., Payment]) -> None:
        assert self.ask(take(None, 100, payer="НЕИЗВЕСТНЫЙ", purpose="перевод 12345, ул. Ленина")) == []


def given(town: Town, **more: Any) -> dict[str, Any]:
    return {
        "supplier_id": town.supplier.pk,
        "begins_on": date(2026, 10, 1),
        "debt_order": [2, 1, 3],
        "service_order": [1, 2],
        "honours_named_period": True,
        "period_before_debt": False,
        "write_off_below_minor": 0,
        "source": "договор",
        "booked_on": DAY,
        "actor_id": None,
        "at": AT,
    } | more


class TestOrder:
    @pytest.fixture
    def owing(self, town: Town) -> Town:
        """Flat 1 owes 100 for September and a penalty of 30."""
        owe(town.accounts["1"], MONTH.previous(), 10_000)
        owe(town.accounts["1"], MONTH, 3_000, kind=EntryKind.PENALTY)
        return town

    def covers(self, payment: Payment) -> dict[int, int]:
        """What a payment covers, by kind of debt."""
        assert payment.account is not None
        return {
            debt: minor for (_month, _service, debt), minor in covered_by(payment, payment.account).items()
        }

    def test_what_was_booked_since_is_given_out_anew(self, owing: Town, take: Callable[..., Payment]) -> None:
        payment = take("1", 5_000)
        assert self.covers(payment) == {1: 5_000}
        said = preview_policy(**given(owing))
        assert (said.payments, said.accounts, said.changed_minor) == (1, 1, 3_000)
        assert self.covers(payment) == {1: 5_000}
        assert not AllocationPolicy.objects.exists()
        assert set_policy(**given(owing)) == said
        assert self.covers(payment) == {
            1: 2_000,
            2: 3_000,
        }

    def test_an_order_to_come_changes_nothing_yet(self, owing: Town, take: Callable[..., Payment]) -> None:
        payment = take("1", 5_000)
        assert set_policy(**given(owing, begins_on=date(2026, 11, 1))).payments == 0
        assert self.covers(payment) == {1: 5_000}

    def test_one_ends_where_the_next_begins(self, town: Town) -> None:
        set_policy(**given(town, begins_on=date(2026, 1, 1)))
        set_policy(**given(town, begins_on=date(2026, 12, 1)))
        set_policy(**given(town, begins_on=date(2026, 6, 1)))
        rows = AllocationPolicy.objects.order_by("during").values_list("during", flat=True)
        assert [(row.lower, row.upper) for row in rows] == [
            (date(2026, 1, 1), date(2026, 6, 1)),
            (date(2026, 6, 1), date(2026, 12, 1)),
            (date(2026, 12, 1), None),
        ]

    def test_what_held_is_not_rewritten(self, town: Town) -> None:
        set_policy(**given(town))
        with pytest.raises(PaymentRefused) as refusal:
            set_policy(**given(town, debt_order=[1, 2, 3]))
        assert refusal.value.code == "begun"
        set_policy(**given(town, begins_on=DAY))
        set_policy(**given(town, begins_on=DAY, debt_order=[1, 2, 3]))
        assert AllocationPolicy.objects.get(during__startswith=DAY).debt_order == [1, 2, 3]

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"debt_order": [1, 2]}, "bad_order"),
            ({"source": " "}, "no_source"),
            ({"begins_on": date(2026, 10, 10)}, "too_early"),
        ],
    )
    def test_what_is_no_order_is_refused(self, town: Town, more: dict[str, Any], code: str) -> None:
        take_payment.lock_days(
            supplier_id=town.supplier.pk,
            through=date(2026, 10, 10),
            reason="",
            today=DAY,
            actor_id=None,
            at=AT,
        )
        with pytest.raises(PaymentRefused) as refusal:
            set_policy(**given(town, begins_on=date(2026, 10, 11)) | more)
        assert refusal.value.code == code
