"""From bookings and payments to penalties, against a count day by day in fractions that shares no code with it."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.engine.frames import Schema
from abonent.kernel.periods import Month
from abonent.packs.ru.payment_term import due_on
from abonent.packs.ru.rules.penalties import SUSPENSIONS, RateOf
from abonent.usecases.packs import pack_parameters
from abonent.usecases.penalties.counting import count, rules_of
from abonent.usecases.penalties.debts import CHARGED, DEBTORS, PAID, POSTED, Books

PARAMETERS = pack_parameters()
UNTIL = date(2026, 6, 30)
RULES = rules_of(PARAMETERS, on=UNTIL)
FIRST = Month(2024, 1)
A_DAY = timedelta(days=1)
HOUSEHOLD = {31: 300, 91: 130}
CONSUMER = {1: 130}


def frame(rows: object, schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema), orient="row")


BOOKING = st.tuples(
    st.integers(1, 3),  # account
    st.integers(0, 6),  # month
    st.integers(0, 8),  # booked so many months later
    st.integers(-200_000, 400_000),
)
PAYMENT = st.tuples(st.integers(1, 3), st.integers(0, 6), st.integers(-60, 700), st.integers(1, 300_000))


@settings(max_examples=80, deadline=None)
@given(
    bookings=st.lists(BOOKING, min_size=1, max_size=10, unique_by=lambda row: row[:3]),
    payments=st.lists(PAYMENT, max_size=6, unique_by=lambda row: row[:3]),
    consumer_since=st.none() | st.integers(0, 8),
    posted_minor=st.integers(-500, 5_000),
    rate_on=st.none() | st.just(date(2025, 12, 1)),
)
def test_the_whole_way_is_what_a_count_day_by_day_gives(
    bookings: list[tuple[int, int, int, int]],
    payments: list[tuple[int, int, int, int]],
    consumer_since: int | None,
    posted_minor: int,
    rate_on: date | None,
) -> None:
    charged = [
        (account, 1, FIRST.shift(month).first_day, FIRST.shift(month + later).first_day, amount)
        for account, month, later, amount in bookings
    ]
    paid = [
        (
            account,
            1,
            FIRST.shift(month).first_day,
            FIRST.shift(month).first_day + timedelta(days=after),
            amount,
        )
        for account, month, after, amount in payments
    ]
    since = None if consumer_since is None else FIRST.shift(consumer_since).first_day
    books = Books(
        charged=frame(charged, CHARGED),
        paid=frame(paid, PAID),
        debtors=frame([(2, since, date.max, 2, 18, 1)] if since else [], DEBTORS),
        suspensions=frame([(3, date(2025, 1, 1), date(2025, 5, 1))], SUSPENSIONS),
        posted=frame([(1, 1, FIRST.first_day, posted_minor)], POSTED),
    )
    found = count(
        books, RULES, until=UNTIL, rate_of=RateOf.ON_A_DAY if rate_on else RateOf.EACH_DAY, rate_on=rate_on
    )
    exact = _day_by_day(charged, paid, since, rate_on)
    for (account, period), penalty in exact.items():
        lines = found.lines.filter(account_id=account, period=period)
        assert abs(Fraction(int(lines["amount_minor"].sum())) - penalty) <= Fraction(lines.height, 2)
    asked = dict(found.lines.group_by("key").agg(pl.col("amount_minor").sum()).rows())
    for row in found.differences.iter_rows(named=True):
        assert row["asked_minor"] == asked.get(row["key"], 0)
        assert row["amount_minor"] == row["asked_minor"] - row["posted_minor"] != 0


def _day_by_day(
    charged: list[tuple[int, int, date, date, int]],
    paid: list[tuple[int, int, date, date, int]],
    consumer_since: date | None,
    rate_on: date | None,
) -> dict[tuple[int, date], Fraction]:
    exact: dict[tuple[int, date], Fraction] = defaultdict(Fraction)
    for account, period in {(row[0], row[2]) for row in charged}:
        stack = _stack(
            sorted((booked, amount) for a, _, p, booked, amount in charged if (a, p) == (account, period))
        )
        money = sorted((day, amount) for a, _, p, day, amount in paid if (a, p) == (account, period))
        debts = []
        for month, amount in stack:
            end = month.next().first_day - A_DAY
            is_consumer = account == 2 and consumer_since is not None and consumer_since <= end
            due = (
                _after_days_off(month.next().first_day.replace(day=18))
                if is_consumer
                else due_on(month, parameters=PARAMETERS)
            )
            debts.append((due, amount, CONSUMER if is_consumer else HOUSEHOLD, 2 if is_consumer else 1))
        debts.sort(key=lambda debt: debt[0])
        day = min((debt[0] for debt in debts), default=UNTIL)
        while (day := day + A_DAY) <= UNTIL:
            left_of_payments = sum(amount for paid_on, amount in money if paid_on < day)
            for due, amount, bands, debtor in debts:
                covered = min(amount, left_of_payments)
                left_of_payments -= covered
                delay = (day - due).days
                divisor = max(
                    ((first, part) for first, part in bands.items() if first <= delay), default=(0, 0)
                )[1]
                halted = account == 3 and date(2025, 1, 1) <= day < date(2025, 5, 1)
                if divisor and not halted:
                    rate = _rate(rate_on or day, capped=debtor == 1)
                    exact[account, period] += Fraction((amount - covered) * rate, divisor * 10_000)
    return exact


def _stack(bookings: list[tuple[date, int]]) -> list[tuple[Month, int]]:
    """What was added last is taken off first; what is taken off beyond all that stands is made up for later."""
    stack: list[tuple[Month, int]] = []
    lacking = 0
    for booked, amount in bookings:
        if amount >= 0:
            filled = min(lacking, amount)
            lacking -= filled
            stack.append((Month.of(booked), amount - filled))
            continue
        away = -amount
        while stack and away:
            month, standing = stack.pop()
            taken = min(away, standing)
            away -= taken
            if standing > taken:
                stack.append((month, standing - taken))
        lacking += away
    return [one for one in stack if one[1]]


def _rate(day: date, *, capped: bool) -> int:
    known = [one for one in PARAMETERS.versions("ru.key_rate") if one.effective_from <= day]
    rate = round(float(known[-1].value or 0) * 100)
    return min(rate, 950) if capped else rate


def _after_days_off(day: date) -> date:
    """The 18th is never a holiday: only weekends move it."""
    while day.weekday() >= 5:
        day += A_DAY
    return day
