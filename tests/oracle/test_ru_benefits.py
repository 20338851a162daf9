"""Compensations of random households against the formula in fractions, one holder at a time."""

from datetime import date
from fractions import Fraction
from math import floor

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.engine import frames
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.rules import benefits
from abonent.usecases import packs

MONTH = Month(2026, 10)
DAY = MONTH.first_day
NORM = {1: 110_000, 2: 75_000}


@pytest.fixture(scope="module")
def parameters() -> ParameterSet:
    return packs.pack_parameters("ru")


def half_away(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))  # nothing compensated is below zero


def by_the_formula(account: dict[str, int], holder: dict[str, int]) -> Fraction:
    """ЕДК of one holder, before it is rounded: price a kilowatt-hour, volume a head, people, days."""
    if account["usage_wh"] <= 0 or account["amount_minor"] <= 0 or not account["residents"]:
        return Fraction(0)
    price = Fraction(account["amount_minor"], account["usage_wh"])
    share = Fraction(account["share_numerator"], account["share_denominator"])
    a_head = account["usage_wh"] / share / account["residents"]
    if holder["within_norm"]:
        norm_wh = NORM[min(account["residents"], 2)] * Fraction(account["days"], account["days_in_month"])
        a_head = min(a_head, norm_wh)
    people = min(holder["people"], account["residents"])
    part = Fraction(min(holder["holder_days"], account["days"]), account["days"])
    return Fraction(holder["percent"], 100) * a_head * price * people * part


accounts = st.fixed_dictionaries(
    {
        "usage_wh": st.integers(-50_000, 40_000_000),
        "amount_minor": st.integers(-20_000, 90_000_000),
        "residents": st.integers(0, 9),
        "share": st.sampled_from([(1, 1), (1, 2), (1, 3), (2, 3), (17, 400)]),
        "days": st.integers(1, 31),
    }
)
holders = st.lists(
    st.fixed_dictionaries(
        {
            "percent": st.integers(1, 100),
            "within_norm": st.booleans(),
            "people": st.integers(1, 12),
            "holder_days": st.integers(0, 31),
        }
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(households=st.lists(st.tuples(accounts, holders), min_size=1, max_size=5))
def test_every_compensation_is_the_formula_rounded_once(
    parameters: ParameterSet, households: list[tuple[dict, list[dict]]]
) -> None:
    charged, entitled, expected = [], [], {}
    for number, (account, people) in enumerate(households, start=1):
        numerator, denominator = account["share"]
        facts = account | {
            "share_numerator": numerator,
            "share_denominator": denominator,
            "days_in_month": MONTH.days,
        }
        charged.append(
            (
                *(number, DAY, account["usage_wh"], account["amount_minor"], 1, account["residents"]),
                *(numerator, denominator, account["days"], MONTH.days),
            )
        )
        for place, holder in enumerate(people):
            key = number * 10 + place
            entitled.append(
                (
                    key,
                    number,
                    DAY,
                    *(holder[name] for name in ("percent", "within_norm", "people", "holder_days")),
                )
            )
            expected[key] = (number, by_the_formula(facts, holder))
    found = benefits.compensate(
        pl.DataFrame(charged, schema=dict(benefits.CHARGED), orient="row"),
        pl.DataFrame(entitled, schema=dict(benefits.HOLDERS), orient="row"),
        benefits.norms(parameters, [MONTH]),
    )
    due = dict(found.select("holder_id", "due_minor").iter_rows())
    assert due.keys() == expected.keys()
    for number, (account, _people) in enumerate(households, start=1):
        own = {key: half_away(value) for key, (owner, value) in expected.items() if owner == number}
        together, charge = sum(own.values()), max(account["amount_minor"], 0)
        if together <= charge:
            assert {key: due[key] for key in own} == own
        else:
            assert sum(due[key] for key in own) == charge
            for key, alone in own.items():
                assert abs(due[key] - Fraction(alone * charge, together)) < 1


def one(parameters: ParameterSet, **changes: object) -> int:
    """The compensation of the worked example, with something changed: 240 kWh at 4,20, three people, one holder."""
    facts = {"usage_wh": 240_000, "amount_minor": 100_800, "residents": 3, "percent": 50, "people": 1}
    facts |= {"within_norm": True, "norm_category": 1} | changes
    charged = (1, DAY, facts["usage_wh"], facts["amount_minor"], facts["norm_category"], facts["residents"])
    holder = (1, 1, DAY, facts["percent"], facts["within_norm"], facts["people"], 31)
    found = benefits.compensate(
        pl.DataFrame([(*charged, 1, 1, 31, 31)], schema=dict(benefits.CHARGED), orient="row"),
        pl.DataFrame([holder], schema=dict(benefits.HOLDERS), orient="row"),
        benefits.norms(parameters, [MONTH]),
    )
    return found["due_minor"].item()


def test_the_worked_example(parameters: ParameterSet) -> None:
    assert one(parameters) == 15_750  # 0,5 × min(240 ÷ 3, 75) × 4,20
    assert one(parameters, within_norm=False) == 16_800  # 0,5 × 80 × 4,20
    assert one(parameters, people=3) == 47_250
    assert one(parameters, people=7) == 47_250, "no more people than live there"
    assert one(parameters, residents=4) == 12_600  # 60 kWh a head lie below the norm
    assert one(parameters, percent=100, within_norm=False, people=3) == 100_800
    assert one(parameters, residents=1, usage_wh=110_000, amount_minor=46_200) == 23_100, "alone: 110"


def test_zones_make_an_average_price(parameters: ParameterSet) -> None:
    """160 kWh by day at 4,83 and 80 by night at 1,50 are 240 kWh for 892,80: 3,72 a kWh."""
    assert one(parameters, amount_minor=89_280) == 13_950


def test_nothing_used_nothing_compensated(parameters: ParameterSet) -> None:
    assert one(parameters, usage_wh=0, amount_minor=0) == 0
    assert one(parameters, usage_wh=-5_000, amount_minor=-2_100) == 0
    assert one(parameters, residents=0) == 0


def test_a_household_without_a_norm_is_refused(parameters: ParameterSet) -> None:
    with pytest.raises(benefits.NormMissing, match="norm category 9"):
        one(parameters, norm_category=9)


def test_the_norm_is_that_of_the_month(parameters: ParameterSet) -> None:
    table = benefits.norms(parameters, [MONTH, MONTH.next()])
    assert set(table["period"]) == {date(2026, 10, 1), date(2026, 11, 1)}
    with pytest.raises(LookupError):
        benefits.norms(parameters, [Month(2010, 1)])


def test_frames_of_another_shape_are_refused(parameters: ParameterSet) -> None:
    with pytest.raises(frames.SchemaMismatch):
        benefits.compensate(
            frames.empty(benefits.HOLDERS),
            frames.empty(benefits.HOLDERS),
            benefits.norms(parameters, [MONTH]),
        )
