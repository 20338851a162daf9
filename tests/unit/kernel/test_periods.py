from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abonent.kernel.periods import DateRange, Month

months = st.builds(Month, st.integers(1900, 2200), st.integers(1, 12))
days = st.dates(date(1900, 1, 1), date(2200, 1, 1))


@st.composite
def ranges(draw: st.DrawFn) -> DateRange:
    start = draw(days)
    length = draw(st.none() | st.integers(1, 400))
    return DateRange(start, None if length is None else start + timedelta(days=length))


def test_month_is_written_three_ways() -> None:
    month = Month.parse("2026-10")
    assert (str(month), int(month), month.first_day) == ("2026-10", 202610, date(2026, 10, 1))
    assert (month.next().first_day, month.last_day, month.days) == (date(2026, 11, 1), date(2026, 10, 31), 31)


def test_december_is_followed_by_january() -> None:
    assert Month(2026, 12).next() == Month(2027, 1)
    assert Month(2027, 1).previous() == Month(2026, 12)


def test_february_of_a_leap_year_has_29_days() -> None:
    assert (Month(2024, 2).days, Month(2026, 2).days) == (29, 28)


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "10.2026", "", "2026-10-01", "0000-01"])
def test_month_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="not a month"):
        Month.parse(text)


def test_month_refuses_thirteen() -> None:
    with pytest.raises(ValueError, match="month"):
        Month(2026, 13)


@given(months)
def test_month_survives_writing(month: Month) -> None:
    assert Month.parse(str(month)) == month == Month.from_int(int(month))


@given(months, st.integers(-1000, 1000))
def test_shifting_there_and_back(month: Month, shift: int) -> None:
    assert month.shift(shift).shift(-shift) == month


@given(months, months)
def test_months_order_as_their_first_days(one: Month, other: Month) -> None:
    assert (one < other) == (one.first_day < other.first_day)


@given(months)
def test_month_holds_its_days_and_no_others(month: Month) -> None:
    assert list(month.range)[-1] == month.last_day
    assert all(day in month for day in month.range)
    assert month.first_day - timedelta(days=1) not in month
    assert month.next().first_day not in month


def test_until_stops_before_the_end() -> None:
    assert list(Month(2026, 11).until(Month(2027, 2))) == [Month(2026, 11), Month(2026, 12), Month(2027, 1)]


def test_range_is_half_open_and_prints_as_postgresql_does() -> None:
    stay = DateRange(date(2026, 10, 1), date(2026, 10, 3))
    assert date(2026, 10, 1) in stay
    assert date(2026, 10, 3) not in stay
    assert str(stay) == "[2026-10-01,2026-10-03)"
    assert str(DateRange(date(2026, 10, 1))) == "[2026-10-01,)"


def test_neighbouring_ranges_do_not_overlap() -> None:
    noon = date(2026, 10, 12)
    assert not DateRange(date(2026, 10, 1), noon).overlaps(DateRange(noon))


@pytest.mark.parametrize("end", [date(2026, 10, 1), date(2026, 9, 30)])
def test_range_refuses_to_be_empty(end: date) -> None:
    with pytest.raises(ValueError, match="end after it starts"):
        DateRange(date(2026, 10, 1), end)


def test_an_open_range_has_no_number_of_days() -> None:
    with pytest.raises(ValueError, match="open"):
        _ = DateRange(date(2026, 10, 1)).days


@given(ranges(), ranges(), days)
def test_intersection_holds_exactly_the_days_of_both(one: DateRange, other: DateRange, day: date) -> None:
    common = one.intersection(other)
    for probe in (day, one.start, other.start, one.start + timedelta(days=1)):
        assert (common is not None and probe in common) == (probe in one and probe in other)
    assert common == other.intersection(one)
