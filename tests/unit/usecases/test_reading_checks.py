"""The checks of a reading: each reason at its edge, and one reading judged alone as among others."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.packs.ru.reading_checks import read_checks
from abonent.usecases import packs
from abonent.usecases.import_readings import checks
from abonent.usecases.reading_reasons import CODES, DOUBTS

TODAY = date(2026, 11, 22)
RULES = checks.Rules(TODAY, read_checks(packs.pack_parameters(), TODAY), (15, 26))
SUBSCRIBER, INSPECTOR, AMR, IMPORT, REMOVAL = 1, 2, 4, 5, 8
KWH = 1000


def claim(value_kwh: float, **others: Any) -> dict[str, Any]:
    """A reading of register 1, five digits, on 20 November 2026."""
    return {
        "claim": 0,
        "installation_id": 1,
        "digits": 5,
        "ratio": 1,
        "begins_on": date(2020, 1, 1),
        "ends_on": None,
        "taken_on": date(2026, 11, 20),
        "value_wh": round(value_kwh * KWH),
        "source": IMPORT,
        "reasons": [],
        "doubt_confirmed": False,
        "fall_confirmed": False,
        **others,
    }


def past(*readings: tuple[date, float] | tuple[date, float, int]) -> list[tuple[Any, ...]]:
    return [(1, day, round(kwh * KWH), *(rest or [SUBSCRIBER])) for day, kwh, *rest in readings]


def judge(
    claims: list[dict[str, Any]], history: list[tuple[Any, ...]], rules: checks.Rules = RULES
) -> list[dict[str, Any]]:
    rows = [{**one, "claim": place} for place, one in enumerate(claims)]
    known = [(*row, place + 1) for place, row in enumerate(history)]
    judged = checks.judge(
        pl.DataFrame(rows, schema=checks.CLAIM),
        pl.DataFrame(known, schema=checks.HISTORY, orient="row"),
        rules,
    )
    return judged.to_dicts()


def one(history: list[tuple[Any, ...]], value_kwh: float, **others: Any) -> tuple[str, list[str]]:
    (row,) = judge([claim(value_kwh, **others)], history)
    return row["status"], row["reasons"]


OCTOBER = past((date(2026, 10, 20), 5000))
STEADY = past(
    *((date(2025, 10, 20) + timedelta(days=30 * month), 1000 + 100 * month) for month in range(13))
)  # 100 kWh in 30 days, to 2200 on 2026-10-15


@pytest.mark.parametrize(
    ("value_kwh", "others", "reasons"),
    [
        (5100, {}, []),
        (5000, {}, []),
        (5000 + 360 * 31, {}, []),
        (5000 + 360 * 31 + 0.001, {}, ["spike"]),
        (4999.999, {}, ["below_previous"]),
        (99_999.999, {"ratio": 1}, ["spike"]),
        (100_000, {}, ["above_capacity", "spike"]),
        (5100, {"taken_on": date(2026, 11, 22)}, []),
        (5100, {"taken_on": date(2026, 11, 23)}, ["in_future"]),
        (5100, {"taken_on": date(2026, 11, 14)}, ["outside_window"]),
        (5100, {"taken_on": date(2026, 11, 14), "source": AMR}, []),
        (5100, {"taken_on": date(2026, 11, 14), "source": INSPECTOR}, []),
        (5100, {"begins_on": date(2026, 11, 20)}, []),
        (5100, {"begins_on": date(2026, 11, 21)}, ["before_installation"]),
        (5100, {"ends_on": date(2026, 11, 20)}, []),
        (5100, {"ends_on": date(2026, 11, 19)}, ["after_removal"]),
        (4000, {"source": INSPECTOR}, ["control_below"]),
        (4000, {"fall_confirmed": True}, []),
        (5100, {"reasons": ["total_differs"]}, ["total_differs"]),
        (5100, {"reasons": ["total_differs"], "doubt_confirmed": True}, []),
        (4000, {"doubt_confirmed": True}, ["below_previous"]),
    ],
)
def test_a_reading_beside_the_one_before(
    value_kwh: float, others: dict[str, Any], reasons: list[str]
) -> None:
    status, found = one(OCTOBER, value_kwh, **others)
    assert found == reasons
    expected = "accepted" if not reasons else "doubtful" if set(reasons) <= DOUBTS else "rejected"
    assert status == expected


def test_the_ages_of_readings() -> None:
    old = past((date(2023, 10, 20), 5000))
    assert one(old, 5100, taken_on=date(2023, 11, 22)) == ("accepted", [])
    assert one(old, 5100, taken_on=date(2023, 11, 21)) == ("doubtful", ["too_old"])


@pytest.mark.parametrize(
    ("value_kwh", "reason"), [(50, "rollover"), (3050, "rollover"), (3051, "below_previous")]
)
def test_a_fall_is_a_roll_over_while_it_is_believable(value_kwh: float, reason: str) -> None:
    full = past((date(2026, 10, 20), 99_950))  # 31 days, at most 100 kWh a day
    assert one(full, value_kwh)[1] == [reason]


def test_a_roll_over_that_is_confirmed_is_accepted_with_its_usage() -> None:
    (row,) = judge([claim(50, doubt_confirmed=True, fall_confirmed=True)], past((date(2026, 10, 20), 99_950)))
    assert (row["status"], row["usage_wh"]) == ("accepted", 100 * KWH)


def test_between_two_readings() -> None:
    later = past((date(2026, 9, 20), 5000), (date(2026, 11, 21), 5200))
    assert one(later, 5200) == ("accepted", [])
    assert one(later, 5201) == ("rejected", ["above_next"])


def test_an_account_is_held_against_its_own_average() -> None:
    # 36 days since the last reading: 120 kWh are usual
    assert one(STEADY, 2200 + 360) == ("accepted", [])
    assert one(STEADY, 2200 + 361) == ("doubtful", ["spike"])
    (row,) = judge([claim(2300)], STEADY)
    assert (row["previous_on"], row["previous_wh"], row["average_wh"]) == (
        date(2026, 10, 15),
        2200 * KWH,
        100 * KWH,
    )


def test_a_small_usage_many_times_the_average_is_not_asked_about() -> None:
    dacha = past((date(2025, 10, 20), 100), (date(2026, 10, 21), 112))
    assert one(dacha, 112 + 299) == ("accepted", [])
    assert one(dacha, 112 + 301) == ("doubtful", ["spike"])


def test_the_same_months_of_last_year_count_as_well() -> None:
    # 500 kWh between mid-October and mid-November of last year, little in summer
    heating = past(
        (date(2025, 10, 16), 1000),
        (date(2025, 11, 15), 1500),
        (date(2026, 9, 15), 2000),
        (date(2026, 10, 21), 2040),
    )
    assert one(heating, 2040 + 1500) == ("accepted", [])
    assert one(heating, 2040 + 1501) == ("doubtful", ["spike"])


def test_nothing_used_is_asked_about_where_something_always_was() -> None:
    assert one(STEADY, 2200) == ("doubtful", ["zero"])
    idle = past((date(2025, 10, 16), 1000), (date(2025, 11, 15), 1000), (date(2026, 10, 15), 2200))
    assert one(idle, 2200) == ("accepted", []), "last year it stood still at this time too"


def test_the_ratio_of_transformers_makes_small_figures_large() -> None:
    quiet = past((date(2025, 10, 20), 100), (date(2026, 10, 21), 112))
    assert one(quiet, 112 + 15, ratio=30) == ("doubtful", ["spike"])
    assert one(quiet, 112, ratio=60) == ("doubtful", ["zero"])


@pytest.mark.parametrize(
    ("standing", "source", "value_kwh", "expected"),
    [
        (SUBSCRIBER, IMPORT, 5100, ("known", [])),
        (SUBSCRIBER, IMPORT, 5101, ("doubtful", ["other_value_same_day"])),
        (SUBSCRIBER, INSPECTOR, 5101, ("accepted", [])),
        (INSPECTOR, IMPORT, 5101, ("rejected", ["outranked"])),
        (INSPECTOR, INSPECTOR, 5101, ("doubtful", ["other_value_same_day"])),
        (INSPECTOR, IMPORT, 5100, ("known", [])),
        (REMOVAL, IMPORT, 5101, ("rejected", ["outranked"])),
    ],
)
def test_a_day_that_has_a_reading(
    standing: int, source: int, value_kwh: float, expected: tuple[str, list[str]]
) -> None:
    history = [*OCTOBER, *past((date(2026, 11, 20), 5100, standing))]
    (row,) = judge([claim(value_kwh, source=source)], history)
    assert (row["status"], row["reasons"]) == expected
    assert row["replaces_id"] == (None if value_kwh == 5100 else 2)


def test_what_is_known_is_not_asked_about_again() -> None:
    history = past((date(2026, 10, 20), 5000), (date(2026, 11, 14), 60_000))
    (row,) = judge([claim(60_000, taken_on=date(2026, 11, 14))], history)
    assert (row["status"], row["reasons"]) == ("known", [])


def test_a_claim_that_is_wrong_by_itself_is_not_known() -> None:
    (row,) = judge([claim(5000, taken_on=date(2026, 10, 20), reasons=["too_precise"])], OCTOBER)
    assert row["status"] == "rejected"


def test_the_same_reading_twice_in_a_file() -> None:
    assert [row["status"] for row in judge([claim(5100), claim(5100)], OCTOBER)] == ["accepted", "known"]


def test_two_readings_of_a_day_in_a_file_are_both_rejected() -> None:
    rows = judge([claim(5100), claim(5200), claim(5100)], OCTOBER)
    assert [row["reasons"] for row in rows] == [["duplicate_differs"]] * 3


def test_a_control_reading_stands_against_another_in_the_file() -> None:
    rows = judge([claim(5100), claim(5200, source=INSPECTOR), claim(5200)], OCTOBER)
    assert [(row["status"], row["reasons"]) for row in rows] == [
        ("rejected", ["outranked"]),
        ("accepted", []),
        ("known", []),
    ]


def test_an_accepted_reading_is_history_for_the_next_in_the_file() -> None:
    later = date(2026, 11, 22)
    rows = judge(
        [claim(5150, taken_on=later), claim(5100), claim(5050, taken_on=later, installation_id=2)], OCTOBER
    )
    assert [row["status"] for row in rows] == ["accepted"] * 3
    assert rows[0]["previous_wh"] == 5100 * KWH
    falls = judge([claim(5099, taken_on=later), claim(5100)], OCTOBER)
    assert falls[0]["reasons"] == ["below_previous"]
    unharmed = judge([claim(5099, taken_on=later), claim(4000)], OCTOBER)
    assert [row["status"] for row in unharmed] == ["accepted", "rejected"], "a rejected one is no history"


def test_estimates_are_no_part_of_the_history_they_are_asked_without() -> None:
    assert checks.season(checks.Month(2026, 11)) == (date(2025, 10, 1), date(2025, 11, 30))
    assert checks.recent(checks.Month(2026, 11)) == date(2026, 9, 1)


def test_a_register_without_history() -> None:
    assert one([], 5100) == ("accepted", [])


def test_nobody_at_all() -> None:
    assert judge([], OCTOBER) == []


def test_every_code_has_words() -> None:
    codes = (
        set(checks._of_itself(RULES))
        | set(checks._against_history(RULES.checks))
        | DOUBTS
        | {"duplicate_differs"}
    )
    assert codes <= CODES


DAYS = st.dates(date(2025, 9, 1), date(2026, 11, 25))
CLAIMS = st.lists(
    st.tuples(
        st.integers(1, 3), DAYS, st.integers(0, 1200), st.sampled_from([SUBSCRIBER, INSPECTOR, IMPORT])
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: (one[0], one[1]),
)


@given(CLAIMS, CLAIMS)
@settings(max_examples=40, deadline=None)
def test_alone_or_among_others_a_reading_is_judged_alike(
    shown: list[tuple[int, date, int, int]], known: list[tuple[int, date, int, int]]
) -> None:
    history = [(register, day, kwh * KWH, source) for register, day, kwh, source in known]
    claims = [
        claim(kwh, installation_id=register, taken_on=day, source=source, digits=3)
        for register, day, kwh, source in shown
    ]
    together = judge(claims, history)
    for place, row in enumerate(claims):
        if sum(other["installation_id"] == row["installation_id"] for other in claims) == 1:
            (alone,) = judge([row], history)
            assert {**alone, "claim": place} == together[place]
