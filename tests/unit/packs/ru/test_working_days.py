"""Days off against the published production calendars, and the due days that fall on them."""

from datetime import date

import pytest

from abonent.kernel.periods import Month
from abonent.packs.ru.payment_term import due_on
from abonent.packs.ru.working_days import is_day_off, working_day_from
from abonent.usecases.packs import pack_parameters

PARAMETERS = pack_parameters()


def days_off(year: int) -> int:
    return sum(
        is_day_off(date.fromordinal(day), parameters=PARAMETERS)
        for day in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
    )


@pytest.mark.parametrize(
    ("year", "off"),
    # days off of a five-day week in the production calendars
    [(2019, 118), (2020, 118), (2021, 118), (2022, 118), (2023, 118), (2024, 118), (2025, 118), (2026, 118)],
)
def test_a_year_has_as_many_days_off_as_its_calendar(year: int, off: int) -> None:
    assert days_off(year) == off


@pytest.mark.parametrize(
    ("day", "off"),
    [
        ("2025-02-24", False),  # the weekend of 23 February went to 8 May
        ("2025-03-10", False),  # that of 8 March to 13 June
        ("2025-06-13", True),
        ("2025-11-01", False),  # a working Saturday
        ("2024-12-28", False),
        ("2024-05-10", True),
        ("2020-02-24", True),  # moved by itself: 23 February was a Sunday
        ("2021-05-10", True),
        ("2027-02-22", False),  # no decree yet: the plain rule
        ("2027-05-03", True),
    ],
)
def test_a_day(day: str, off: bool) -> None:
    assert is_day_off(date.fromisoformat(day), parameters=PARAMETERS) is off


@pytest.mark.parametrize(
    ("month", "due"),
    [
        ("2019-05", "2019-06-10"),
        ("2025-02", "2025-03-10"),
        ("2024-04", "2024-05-13"),  # 10 May was moved to, 11 and 12 are a weekend
        ("2026-01", "2026-02-10"),
        ("2026-02", "2026-03-10"),  # still the 10th
        ("2026-03", "2026-04-15"),
        ("2026-10", "2026-11-16"),  # the 15th is a Sunday
    ],
)
def test_a_due_day_off_moves_to_the_next_working_day(month: str, due: str) -> None:
    assert due_on(Month.parse(month), parameters=PARAMETERS) == date.fromisoformat(due)


def test_a_working_day_stays() -> None:
    assert working_day_from(date(2026, 11, 16), parameters=PARAMETERS) == date(2026, 11, 16)
