"""Penalties against published calculations and a day-by-day count in fractions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.packs.ru.rules.penalties import (
    DEBTS,
    REPAYMENTS,
    SPANS,
    SUSPENSIONS,
    Law,
    RateOf,
    accrue,
    read_law,
)  # fmt: skip
from abonent.usecases.packs import pack_parameters

HOUSEHOLD, CONSUMER, CONDOMINIUM, MANAGER = 1, 2, 3, 4
LAW = read_law(pack_parameters(), on=date(2026, 8, 1))
A_DAY = timedelta(days=1)


def frame(rows: Sequence[tuple[object, ...]], schema: object) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema), orient="row")  # type: ignore[call-overload]


def spans(
    roubles: float, due: str, until: str, *payments: tuple[str, float], debtor: int = HOUSEHOLD, law: Law = LAW,
    rate_of: RateOf = RateOf.DAY_OF_PAYMENT, halted: Sequence[tuple[str, str]] = (), since: str | None = None,
    moratoria: bool = True, rate_on: str | None = None,
) -> pl.DataFrame:  # fmt: skip
    return accrue(
        frame([(0, 7, debtor, moratoria, date.fromisoformat(due), round(roubles * 100))], DEBTS),
        frame([(0, date.fromisoformat(day), round(paid * 100)) for day, paid in payments], REPAYMENTS),
        frame(
            [(7, date.fromisoformat(first), date.fromisoformat(end)) for first, end in halted], SUSPENSIONS
        ),
        law,
        until=date.fromisoformat(until),
        since=date.fromisoformat(since) if since else None,
        rate_of=rate_of,
        rate_on=date.fromisoformat(rate_on) if rate_on else None,
    )


def total(found: pl.DataFrame) -> float:
    return float(found["amount_minor"].sum()) / 100


def at_constant(rate: float, *moratoria: tuple[str, str]) -> Law:
    """The law with one rate for ever and other moratoria (days included)."""
    return replace(
        LAW,
        rates=LAW.rates.unique("debtor").sort("debtor").with_columns(
            since=pl.lit(date(2000, 1, 1)), rate_e2=pl.lit(round(rate * 100), dtype=pl.Int64)
        ),
        moratoria=frame(
            [
                (HOUSEHOLD, date.fromisoformat(first), date.fromisoformat(last) + A_DAY, date.max)
                for first, last in moratoria
            ],
            dict(LAW.moratoria.schema),
        ),
    )  # fmt: skip


def test_the_public_calculator_with_its_own_moratoria() -> None:
    """1 000 for May 2019, 100 paid on 01.01.2020, up to 18.04.2024: 835,05."""
    law = at_constant(9.5, ("2020-04-06", "2021-01-01"), ("2022-03-31", "2022-10-01"))
    found = spans(1000, "2019-06-10", "2024-04-18", ("2020-01-01", 100), law=law)
    assert total(found) == 835.05
    paying = found.filter(~pl.col("suspended"))
    by_divisor = dict(paying.group_by("divisor").agg(pl.col("days").sum()).rows())
    assert by_divisor == {300: 60, 130: 1684 - 456}


def test_the_public_calculator_with_the_lawful_moratoria() -> None:
    law = at_constant(9.5, ("2020-04-06", "2020-12-31"), ("2022-04-01", "2022-10-01"))
    assert total(spans(1000, "2019-06-10", "2024-04-18", ("2020-01-01", 100), law=law)) == 836.37


@pytest.mark.parametrize(
    ("debtor", "roubles", "due", "until", "expected"),
    [
        (HOUSEHOLD, 5000, "2025-03-10", "2025-07-01", 179.04),
        (HOUSEHOLD, 5000, "2026-04-15", "2026-08-01", 160.77),
        (CONSUMER, 100_000, "2024-03-18", "2024-04-30", 5292.31),
        (MANAGER, 100_000, "2025-01-15", "2025-05-15", 5768.78),
        (CONDOMINIUM, 100_000, "2025-01-15", "2025-05-15", 4092.31),
    ],
)
def test_worked_figures(debtor: int, roubles: float, due: str, until: str, expected: float) -> None:
    assert total(spans(roubles, due, until, debtor=debtor)) == expected


def test_thirty_days_cost_a_household_nothing() -> None:
    assert spans(5000, "2025-03-10", "2025-04-09").is_empty()
    assert spans(5000, "2025-03-10", "2025-04-10")["days"].to_list() == [1]


def test_a_debt_paid_in_advance_or_in_time_costs_nothing() -> None:
    assert spans(5000, "2025-03-10", "2025-07-01", ("2025-03-01", 5000)).is_empty()
    assert total(spans(5000, "2025-03-10", "2025-07-01", ("2025-03-10", 6000))) == 0


def test_the_day_of_payment_still_costs() -> None:
    found = spans(1000, "2025-03-10", "2025-12-01", ("2025-04-20", 1000))
    assert found.select("begins_on", "ends_on", "days").rows() == [(date(2025, 4, 10), date(2025, 4, 21), 11)]


def test_parts_paid_at_different_rates_are_told_apart() -> None:
    found = spans(1000, "2024-08-01", "2024-11-01", ("2024-08-10", 400), debtor=CONSUMER)
    assert [(row["base_minor"], row["rate_e2"], row["days"]) for row in found.iter_rows(named=True)] == [
        (40_000, 1800, 9), (60_000, 2100, 9), (60_000, 2100, 83),
    ]  # fmt: skip


def test_a_dispute_halts_the_penalty() -> None:
    whole = total(spans(5000, "2025-03-10", "2025-07-01"))
    halted = spans(5000, "2025-03-10", "2025-07-01", halted=[("2025-05-01", "2025-06-01")])
    assert halted.filter("suspended")["days"].sum() == 31
    assert total(halted) == pytest.approx(whole - 5000 * 0.095 / 300 * 31, abs=0.02)


def test_month_by_month_is_the_whole() -> None:
    whole = spans(100_000, "2025-01-15", "2025-06-30", debtor=MANAGER)
    months = [("2025-01-16", "2025-01-31"), ("2025-02-01", "2025-02-28"), ("2025-03-01", "2025-06-30")]
    parts = [spans(100_000, "2025-01-15", until, debtor=MANAGER, since=since) for since, until in months]
    assert sum(part["days"].sum() for part in parts) == whole["days"].sum()
    assert sum(total(part) for part in parts) == pytest.approx(total(whole), abs=0.03)


def test_nothing_late() -> None:
    assert spans(5000, "2026-07-15", "2026-07-10").schema == SPANS


def test_without_moratoria_every_day_counts() -> None:
    kept = spans(1000, "2022-01-10", "2022-12-31")
    assert kept.filter("suspended")["days"].sum() == 184
    without = spans(1000, "2022-01-10", "2022-12-31", moratoria=False)
    assert not without["suspended"].any()
    assert total(without) > total(kept)


def test_the_rate_of_a_day_of_judgement_counts_for_everything() -> None:
    found = spans(
        1000, "2024-08-01", "2024-12-01", ("2024-10-01", 400),
        debtor=CONSUMER, rate_of=RateOf.ON_A_DAY, rate_on="2024-11-20",
    )  # fmt: skip
    assert found.select("base_minor", "rate_e2", "days").rows() == [(100_000, 2100, 61), (60_000, 2100, 61)]


def test_a_fixed_rate_needs_its_day_and_only_it() -> None:
    with pytest.raises(ValueError, match="fixed day"):
        spans(1000, "2024-08-01", "2024-12-01", rate_of=RateOf.ON_A_DAY)
    with pytest.raises(ValueError, match="fixed day"):
        spans(1000, "2024-08-01", "2024-12-01", rate_on="2024-11-20")


def test_debts_are_numbered_by_their_rows() -> None:
    with pytest.raises(ValueError, match="numbered"):
        accrue(
            frame([(5, 7, 1, True, date(2025, 1, 10), 100)], DEBTS),
            frame([], REPAYMENTS), frame([], SUSPENSIONS), LAW, until=date(2025, 6, 1),
        )  # fmt: skip


DEBT = st.tuples(
    st.integers(1, 4),  # account
    st.sampled_from([HOUSEHOLD, CONSUMER, CONDOMINIUM, MANAGER]),
    st.booleans(),
    st.dates(date(2018, 1, 1), date(2026, 1, 1)),
    st.integers(1, 10_000_000),
    st.lists(st.tuples(st.integers(-40, 600), st.integers(1, 4_000_000)), max_size=4),
)


@settings(max_examples=80, deadline=None)
@given(
    debts=st.lists(DEBT, min_size=1, max_size=4),
    until=st.dates(date(2018, 6, 1), date(2026, 8, 1)),
    halts=st.lists(
        st.tuples(st.integers(1, 4), st.dates(date(2018, 1, 1), date(2026, 1, 1)), st.integers(1, 400)),
        max_size=3,
    ),
    rate_of=st.sampled_from(list(RateOf)),
)
def test_the_spans_are_what_a_count_day_by_day_gives(
    debts: list[tuple[int, int, bool, date, int, list[tuple[int, int]]]],
    until: date,
    halts: list[tuple[int, date, int]],
    rate_of: RateOf,
) -> None:
    rate_on = date(2025, 6, 30) if rate_of == RateOf.ON_A_DAY else None
    halted = [(account, first, first + timedelta(days=days)) for account, first, days in halts]
    found = accrue(
        frame([(number, *debt[:5]) for number, debt in enumerate(debts)], DEBTS),
        frame(
            [(number, debt[3] + timedelta(days=after), amount)
             for number, debt in enumerate(debts) for after, amount in debt[5]],
            REPAYMENTS,
        ),
        frame(halted, SUSPENSIONS),
        LAW,
        until=until,
        rate_of=rate_of,
        rate_on=rate_on,
    )  # fmt: skip
    for number, (account, debtor, moratoria, due, minor, payments) in enumerate(debts):
        paid = [(due + timedelta(days=after), amount) for after, amount in payments]
        mine = [(first, end) for of, first, end in halted if of == account]
        exact = _day_by_day(debtor, moratoria, minor, due, until, paid, mine, rate_of, rate_on)
        spans = found.filter(debt_id=number)
        assert abs(Fraction(int(spans["amount_minor"].sum())) - exact) <= Fraction(spans.height, 2)


def _day_by_day(
    debtor: int, moratoria: bool, minor: int, due: date, until: date, paid: list[tuple[date, int]],
    halted: list[tuple[date, date]], rate_of: RateOf, rate_on: date | None,
) -> Fraction:  # fmt: skip
    """Kopecks, unrounded."""
    bands = {row[1]: row[2] for row in LAW.bands.filter(pl.col("debtor") == debtor).rows()}
    halts = [
        (first, end)
        for _, first, end, arisen in LAW.moratoria.filter(pl.col("debtor") == debtor).rows()
        if moratoria and due < arisen
    ] + halted
    rates = [(row[1], row[2]) for row in LAW.rates.filter(pl.col("debtor") == debtor).rows()]

    def rate(day: date) -> int:
        return max((since, value) for since, value in rates if since <= day)[1]

    parts, left = [], minor
    for day, amount in sorted(paid):
        if day <= until:
            part = min(amount, left)
            parts.append((part, day))
            left -= part
    parts.append((left, until))
    exact, day = Fraction(0), due + A_DAY
    while day <= until:
        late = (day - due).days
        divisor = max(((first, value) for first, value in bands.items() if first <= late), default=(0, 0))[1]
        if divisor and not any(first <= day < end for first, end in halts):
            for part, last_day in parts:
                if last_day >= day:
                    of = rate_on or (last_day if rate_of == RateOf.DAY_OF_PAYMENT else day)
                    exact += Fraction(part * rate(of), divisor * 10_000)
        day += A_DAY
    return exact
