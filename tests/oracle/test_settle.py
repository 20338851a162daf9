"""Settling frames of accounts is what an accountant does with each of them, kopeck by kopeck."""

from datetime import date
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle.accountant import Accountant, Key, Paid, Rules

from abonent.engine.frames import Schema
from abonent.engine.settle import ALLOCATIONS, CREDITS, HELD, ITEMS, Policy, settle

MONTHS = [date(2022, 10, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
DAYS = [date(2025, 11, 30), date(2025, 12, 1), date(2026, 1, 15), date(2026, 1, 31), date(2026, 3, 1)]

months, days = st.sampled_from(MONTHS), st.sampled_from(DAYS)
# few keys, so that things happen to the same one again and again
keys = st.sampled_from(
    [(month, 1, 1) for month in MONTHS] * 2 + [(MONTHS[2], 2, 1), (MONTHS[1], 7, 2), (MONTHS[2], 1, 3)]
)
rules = st.builds(
    Rules,
    debts=st.sampled_from([(3, 1, 2), (1, 2, 3), (2,), ()]),
    services=st.sampled_from([(1, 2), (2, 1), (7,)]),
    named_period=st.booleans(),
    period_first=st.booleans(),
    limitation_months=st.sampled_from([0, 36]),
)
named = st.fixed_dictionaries(
    {},
    optional={"period": months, "debt": st.sampled_from([1, 2, 3]), "service": st.sampled_from([1, 2])},
)
news = st.one_of(
    st.tuples(st.just("entry"), keys, st.integers(1, 40)),
    st.tuples(st.just("entry"), keys, st.integers(-30, -1)),
    st.tuples(st.just("payment"), days, st.integers(1, 60), named),
    st.tuples(st.just("out"), st.integers(0, 9), st.integers(1, 60)),
)
histories = st.lists(st.lists(news, min_size=2, max_size=8), min_size=2, max_size=4)


def befall(accountant: Accountant, event: tuple[Any, ...], number: int) -> None:
    """Let something happen to an account before it is settled."""
    match event:
        case ("entry", key, amount):
            accountant.owed[key] += amount
        case ("payment", day, amount, naming):
            accountant.payments[number] = Paid(number, day, amount, **naming)
        case ("out", which, amount) if accountant.payments:
            paid = list(accountant.payments.values())[which % len(accountant.payments)]
            paid.amount = max(paid.amount - amount, 0)


def frame(rows: list[tuple[Any, ...]], schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema), orient="row")


def state(
    accounts: dict[int, Accountant], *, troubled_only: bool
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    items, credits, held = [], [], []
    for account, books in accounts.items():
        mine: list[tuple[Any, ...]] = []
        covered: dict[Key, int] = dict.fromkeys(books.owed, 0)
        for (number, key), amount in books.covers.items():
            covered[key] = covered.get(key, 0) + amount
            day = books.payments[number].day if number else date(1970, 1, 1)
            if amount:
                mine.append((account, number, day, *key, amount))
        paid = [(one, books.free(one)) for one in books.payments.values()]
        trouble = any(owed < 0 or not 0 <= covered[key] <= owed for key, owed in books.owed.items()) or any(
            free < 0 for _, free in paid
        )
        if trouble or not troubled_only:
            held += mine
        items += [(account, *key, books.owed[key], amount) for key, amount in covered.items()]
        credits += [
            (account, one.number, one.day, free, one.period, one.debt, one.service) for one, free in paid
        ]
    return frame(items, ITEMS), frame(credits, CREDITS), frame(held, HELD)


def policy_of(rules: Rules) -> Policy:
    return Policy(
        debt_order=rules.debts,
        service_order=rules.services,
        honours_named_period=rules.named_period,
        period_before_debt=rules.period_first,
        limitation_months=rules.limitation_months,
    )


def as_lines(made: pl.DataFrame, account: int) -> dict[tuple[int, Key], int]:
    rows = made.filter(pl.col("account_id") == account).drop("account_id").iter_rows()
    return {(payment, (period, service, debt)): amount for payment, period, service, debt, amount in rows}


@settings(max_examples=150, deadline=None)
@given(st.lists(histories, min_size=1, max_size=3), st.lists(rules, min_size=4, max_size=4), st.booleans())
def test_as_an_accountant_does(
    lives: list[list[list[tuple[Any, ...]]]], orders: list[Rules], troubled_only: bool
) -> None:
    accounts = {number: Accountant() for number, _ in enumerate(lives, start=1)}
    numbers = iter(range(1, 10_000))
    for step, order in enumerate(orders):
        for account, life in enumerate(lives, start=1):
            for event in life[step] if step < len(life) else []:
                befall(accounts[account], event, next(numbers))
        made = settle(*state(accounts, troubled_only=troubled_only), policy=policy_of(order))
        assert made.schema == pl.Schema(ALLOCATIONS)
        for account, books in accounts.items():
            assert as_lines(made, account) == books.settle(order)
            invariants(books)
        again = settle(*state(accounts, troubled_only=troubled_only), policy=policy_of(orders[step - 1]))
        assert again.is_empty()


def invariants(books: Accountant) -> None:
    """Nothing is covered beyond what is owed, nothing gives more than it has; money and debt do not wait together."""
    for key, owed in books.owed.items():
        cover = sum(amount for (_, of), amount in books.covers.items() if of == key)
        assert min(owed, 0) <= cover <= max(owed, 0)
    free = {one.number: books.free(one) for one in books.payments.values()}
    assert all(0 <= amount <= books.payments[number].amount for number, amount in free.items())
    assert sum(amount for (number, _), amount in books.covers.items() if number == 0) == 0
    assert not (books.open() and any(free.values()))
    # whatever came in is either on a debt or an advance
    paid = sum(one.amount for one in books.payments.values())
    credit = sum(-owed for owed in books.owed.values() if owed < 0)
    used = sum(-amount for (number, _), amount in books.covers.items() if number == 0 and amount < 0)
    balance = sum(books.owed.values()) - paid
    assert balance == sum(books.open().values()) - sum(free.values()) - (credit - used)
