"""Rules of settling one by one, each on an account an accountant can add up in his head."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from abonent.engine.frames import SchemaMismatch, empty
from abonent.engine.settle import (
    ALLOCATIONS,
    COURT_COST,
    CREDITS,
    HELD,
    ITEMS,
    NETTING,
    PENALTY,
    PRINCIPAL,
    Policy,
    settle,
)

JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)
LAWFUL = Policy(limitation_months=36)

Debt = tuple[date, int, int, int, int]  # month, service, debt, owed, covered


def items(*debts: Debt, account: int = 1) -> pl.DataFrame:
    return pl.DataFrame([(account, *debt) for debt in debts], schema=dict(ITEMS), orient="row")


def debt(period: date, owed: int, *, covered: int = 0, service: int = 1, kind: int = PRINCIPAL) -> Debt:
    return period, service, kind, owed, covered


def money(*sums: dict[str, Any]) -> pl.DataFrame:
    rows = [
        (
            one.get("account", 1),
            number,
            one.get("day", date(2026, 9, 10)),
            one["free"],
            one.get("period"),
            one.get("debt", 0),
            one.get("service", 0),
        )
        for number, one in enumerate(sums, start=101)
    ]
    return pl.DataFrame(rows, schema=dict(CREDITS), orient="row")


def holds(*rows: tuple[int, date, Debt, int]) -> pl.DataFrame:
    """Payment, its day, the debt it covers, how much."""
    found = [(1, payment, day, of[0], of[1], of[2], amount) for payment, day, of, amount in rows]
    return pl.DataFrame(found, schema=dict(HELD), orient="row")


def settled(
    debts: pl.DataFrame, credits: pl.DataFrame, held: pl.DataFrame | None = None, *, policy: Policy = LAWFUL
) -> list[tuple[int, date, int, int, int]]:
    made = settle(debts, credits, empty(HELD) if held is None else held, policy=policy)
    assert made.schema == pl.Schema(ALLOCATIONS)
    return list(made.drop("account_id").sort("payment_id", "period", "service", "debt").iter_rows())


def test_nothing_comes_of_nothing() -> None:
    assert settled(empty(ITEMS), empty(CREDITS)) == []
    assert settled(items(debt(JUNE, 100)), empty(CREDITS)) == []
    assert settled(empty(ITEMS), money({"free": 100})) == []


def test_a_frame_of_another_shape_is_refused() -> None:
    with pytest.raises(SchemaMismatch):
        settle(items(debt(JUNE, 100)).drop("debt"), empty(CREDITS), empty(HELD), policy=LAWFUL)


class TestOrder:
    """ГК РФ ст. 319: издержки, основной долг, неустойка; ст. 319.1 п. 3: сначала то, срок чего наступил раньше."""

    DEBTS = items(
        debt(JUNE, 100),
        debt(JUNE, 5, kind=PENALTY),
        debt(JULY, 200),
        debt(JULY, 40, service=2),
        debt(AUGUST, 30, kind=COURT_COST),
    )

    def test_court_costs_then_principal_by_months_and_services_then_penalties(self) -> None:
        assert settled(self.DEBTS, money({"free": 335})) == [
            (101, JUNE, 1, PRINCIPAL, 100),
            (101, JULY, 1, PRINCIPAL, 200),
            (101, JULY, 2, PRINCIPAL, 5),
            (101, AUGUST, 1, COURT_COST, 30),
        ]

    def test_the_earliest_month_with_all_its_debts_first_where_the_contract_says_so(self) -> None:
        assert settled(self.DEBTS, money({"free": 110}), policy=Policy(period_before_debt=True)) == [
            (101, JUNE, 1, PRINCIPAL, 100),
            (101, JUNE, 1, PENALTY, 5),
            (101, JULY, 1, PRINCIPAL, 5),
        ]

    def test_what_the_order_does_not_name_comes_last(self) -> None:
        policy = Policy(debt_order=(PENALTY,), service_order=(2,))
        assert settled(self.DEBTS, money({"free": 310}), policy=policy) == [
            (101, JUNE, 1, PRINCIPAL, 100),
            (101, JUNE, 1, PENALTY, 5),
            (101, JULY, 1, PRINCIPAL, 165),
            (101, JULY, 2, PRINCIPAL, 40),
        ]

    def test_debts_the_order_does_not_name_follow_by_their_codes(self) -> None:
        debts = items(debt(JUNE, 10, kind=COURT_COST), debt(AUGUST, 10))
        made = settled(debts, money({"free": 15}), policy=Policy(debt_order=(PENALTY,)))
        assert made == [(101, JUNE, 1, COURT_COST, 5), (101, AUGUST, 1, PRINCIPAL, 10)]

    def test_the_payment_of_the_earlier_day_goes_first_whichever_was_entered_first(self) -> None:
        sums = money({"free": 60, "day": date(2026, 9, 12)}, {"free": 60, "day": date(2026, 9, 11)})
        assert settled(items(debt(JUNE, 100)), sums) == [
            (101, JUNE, 1, PRINCIPAL, 40),
            (102, JUNE, 1, PRINCIPAL, 60),
        ]


class TestNamed:
    """ГК РФ ст. 319.1 п. 1; ПП ВС РФ № 22 п. 32: за какой период платит, говорит плательщик."""

    DEBTS = items(debt(JUNE, 100), debt(JULY, 100), debt(JULY, 7, kind=PENALTY), debt(JULY, 50, service=2))

    @pytest.mark.parametrize(
        ("named", "first"),
        [
            ({"period": JULY}, (JULY, 1, PRINCIPAL)),
            ({"debt": PENALTY}, (JULY, 1, PENALTY)),
            ({"service": 2}, (JULY, 2, PRINCIPAL)),
            ({"period": JULY, "service": 2}, (JULY, 2, PRINCIPAL)),
            ({"period": AUGUST}, (JUNE, 1, PRINCIPAL)),  # nothing is owed for it: as if nothing were named
        ],
    )
    def test_what_is_named_is_paid_first(self, named: dict[str, Any], first: tuple[date, int, int]) -> None:
        assert settled(self.DEBTS, money({"free": 5} | named)) == [(101, *first, 5)]

    def test_what_is_left_follows_the_order(self) -> None:
        assert settled(self.DEBTS, money({"free": 110, "debt": PENALTY})) == [
            (101, JUNE, 1, PRINCIPAL, 100),
            (101, JULY, 1, PRINCIPAL, 3),
            (101, JULY, 1, PENALTY, 7),
        ]

    def test_a_policy_may_leave_named_months_aside(self) -> None:
        made = settled(
            self.DEBTS, money({"free": 5, "period": JULY}), policy=Policy(honours_named_period=False)
        )
        assert made == [(101, JUNE, 1, PRINCIPAL, 5)]

    def test_each_payment_is_asked_what_it_named(self) -> None:
        days = [date(2026, 9, day) for day in (1, 2, 3, 4)]
        sums = money(
            {"free": 30, "day": days[0], "period": JULY},
            {"free": 30, "day": days[1]},
            {"free": 30, "day": days[2], "period": JULY},
            {"free": 30, "day": days[3]},
        )
        assert settled(items(debt(JUNE, 100), debt(JULY, 100)), sums) == [
            (101, JULY, 1, PRINCIPAL, 30),
            (102, JUNE, 1, PRINCIPAL, 30),
            (103, JULY, 1, PRINCIPAL, 30),
            (104, JUNE, 1, PRINCIPAL, 30),
        ]


class TestLimitation:
    """ПП ВС РФ № 22 п. 32: без указания периода – за периоды, по которым срок исковой давности не истёк."""

    OLD = date(2023, 5, 1)  # due in June 2023; can be claimed until June 2026 is over
    DEBTS = items(debt(OLD, 100), debt(AUGUST, 100))

    @pytest.mark.parametrize(
        ("day", "named", "first"),
        [
            (date(2026, 6, 30), None, OLD),
            (date(2026, 7, 1), None, AUGUST),
            (date(2026, 7, 1), OLD, OLD),
        ],
    )
    def test_debts_past_limitation_come_last_unless_they_are_named(
        self, day: date, named: date | None, first: date
    ) -> None:
        made = settled(self.DEBTS, money({"free": 10, "day": day, "period": named}))
        assert made == [(101, first, 1, PRINCIPAL, 10)]

    def test_each_payment_is_judged_on_its_own_day(self) -> None:
        sums = money({"free": 10, "day": date(2026, 6, 30)}, {"free": 150, "day": date(2026, 7, 1)})
        assert settled(self.DEBTS, sums) == [
            (101, self.OLD, 1, PRINCIPAL, 10),
            (102, self.OLD, 1, PRINCIPAL, 50),
            (102, AUGUST, 1, PRINCIPAL, 100),
        ]


class TestTakenBack:
    EARLY, LATE = date(2026, 7, 10), date(2026, 8, 10)

    def test_the_latest_payment_gives_back_first(self) -> None:
        june = debt(JUNE, 70, covered=100)
        held = holds((102, self.EARLY, june, 60), (101, self.LATE, june, 40))
        sums = money({"free": 0, "day": self.LATE}, {"free": 0, "day": self.EARLY})
        assert settled(items(june), sums, held) == [(101, JUNE, 1, PRINCIPAL, -30)]

    def test_what_is_given_back_covers_the_next_debt(self) -> None:
        june = debt(JUNE, 70, covered=100)
        made = settled(items(june, debt(JULY, 20)), money({"free": 0}), holds((101, self.EARLY, june, 100)))
        assert made == [(101, JUNE, 1, PRINCIPAL, -30), (101, JULY, 1, PRINCIPAL, 20)]

    def test_a_refunded_payment_leaves_first_what_it_came_to_last(self) -> None:
        june, july = debt(JUNE, 100, covered=100), debt(JULY, 100, covered=100)
        held = holds((101, self.EARLY, june, 100), (101, self.EARLY, july, 100))
        assert settled(items(june, july), money({"free": -130}), held) == [
            (101, JUNE, 1, PRINCIPAL, -30),
            (101, JULY, 1, PRINCIPAL, -100),
        ]

    def test_netting_gives_back_after_all_payments(self) -> None:
        june, july = debt(JUNE, -50, covered=-50), debt(JULY, 60, covered=100)
        held = holds(
            (NETTING, self.EARLY, june, -50), (NETTING, self.EARLY, july, 50), (101, self.EARLY, july, 50)
        )
        assert settled(items(june, july), money({"free": 0}), held) == [(101, JULY, 1, PRINCIPAL, -40)]


class TestNetting:
    def test_a_credit_covers_the_first_debts_in_the_order_before_money_does(self) -> None:
        debts = items(debt(JUNE, 40), debt(JULY, 100), debt(AUGUST, -60))
        assert settled(debts, money({"free": 50})) == [
            (NETTING, JUNE, 1, PRINCIPAL, 40),
            (NETTING, JULY, 1, PRINCIPAL, 20),
            (NETTING, AUGUST, 1, PRINCIPAL, -60),
            (101, JULY, 1, PRINCIPAL, 50),
        ]

    def test_the_earliest_credit_is_used_first_and_the_latest_released_first(self) -> None:
        debts = items(debt(JUNE, -30), debt(JULY, -30), debt(AUGUST, 40))
        assert settled(debts, empty(CREDITS)) == [
            (NETTING, JUNE, 1, PRINCIPAL, -30),
            (NETTING, JULY, 1, PRINCIPAL, -10),
            (NETTING, AUGUST, 1, PRINCIPAL, 40),
        ]
        june, july, august = (
            debt(JUNE, -30, covered=-30),
            debt(JULY, -30, covered=-10),
            debt(AUGUST, 25, covered=40),
        )
        held = holds(*((NETTING, JUNE, one, one[4]) for one in (june, july, august)))
        assert settled(items(june, july, august), empty(CREDITS), held) == [
            (NETTING, JUNE, 1, PRINCIPAL, 5),
            (NETTING, JULY, 1, PRINCIPAL, 10),
            (NETTING, AUGUST, 1, PRINCIPAL, -15),
        ]

    def test_the_latest_credit_is_released_first_whatever_it_is_of(self) -> None:
        june, july = debt(JUNE, -10, covered=-10, kind=PENALTY), debt(JULY, -10, covered=-10)
        august = debt(AUGUST, 15, covered=20)
        held = holds(*((NETTING, JUNE, one, one[4]) for one in (june, july, august)))
        assert settled(items(june, july, august), empty(CREDITS), held) == [
            (NETTING, JULY, 1, PRINCIPAL, 5),
            (NETTING, AUGUST, 1, PRINCIPAL, -5),
        ]

    def test_a_credit_that_became_a_debt_is_given_back(self) -> None:
        june, july = debt(JUNE, 20, covered=-30), debt(JULY, 100, covered=30)
        held = holds((NETTING, JUNE, june, -30), (NETTING, JUNE, july, 30))
        assert settled(items(june, july), empty(CREDITS), held) == [
            (NETTING, JUNE, 1, PRINCIPAL, 30),
            (NETTING, JULY, 1, PRINCIPAL, -30),
        ]


def test_accounts_do_not_touch_each_other() -> None:
    debts = pl.concat([items(debt(JUNE, 100), account=account) for account in (1, 2, 3)])
    sums = money({"account": 1, "free": 30}, {"account": 3, "free": 130})
    made = settle(debts, sums, empty(HELD), policy=LAWFUL)
    assert list(made.select("account_id", "payment_id", "amount_minor").iter_rows()) == [
        (1, 101, 30),
        (3, 102, 100),
    ]
