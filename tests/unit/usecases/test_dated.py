"""Facts that hold from a day to a day, without a database."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abonent.kernel.periods import DateRange
from abonent.usecases.premises.dated import Span, changed, cut, difference, overlaid, put

JANUARY, MARCH, JUNE = date(2026, 1, 1), date(2026, 3, 1), date(2026, 6, 1)


def spans(*rows: tuple[date, date | None, int, int]) -> list[Span]:
    return [
        Span(DateRange(start, end), {"area": area, "people": people}) for start, end, area, people in rows
    ]


def test_a_change_closes_a_row_and_opens_the_next() -> None:
    found = changed(spans((JANUARY, None, 50, 2)), on=MARCH, values={"people": 3})
    assert found == spans((JANUARY, MARCH, 50, 2), (MARCH, None, 50, 3))


def test_a_change_put_into_the_past_leaves_later_changes_of_the_same_fact() -> None:
    before = spans((JANUARY, JUNE, 50, 2), (JUNE, None, 50, 4))
    found = changed(before, on=MARCH, values={"people": 3})
    assert found == spans((JANUARY, MARCH, 50, 2), (MARCH, JUNE, 50, 3), (JUNE, None, 50, 4))


def test_it_reaches_over_changes_of_other_facts() -> None:
    before = spans((JANUARY, JUNE, 50, 2), (JUNE, None, 50, 4))
    found = changed(before, on=MARCH, values={"area": 60})
    assert found == spans((JANUARY, MARCH, 50, 2), (MARCH, JUNE, 60, 2), (JUNE, None, 60, 4))


def test_before_the_first_row_it_holds_until_that_row() -> None:
    found = changed(spans((MARCH, None, 50, 2)), on=JANUARY, values={"people": 1})
    assert found == spans((JANUARY, MARCH, 50, 1), (MARCH, None, 50, 2))


def test_a_change_back_joins_the_rows_again() -> None:
    before = spans((JANUARY, MARCH, 50, 2), (MARCH, None, 50, 3))
    assert changed(before, on=MARCH, values={"people": 2}) == spans((JANUARY, None, 50, 2))


@pytest.mark.parametrize("rows", [[], spans((JANUARY, MARCH, 50, 2))])
def test_where_nothing_holds_nothing_can_be_changed(rows: list[Span]) -> None:
    with pytest.raises(LookupError):
        changed(rows, on=JUNE, values={"people": 3})


def test_cut_and_put() -> None:
    assert cut(spans((JANUARY, None, 1, 1)), DateRange(MARCH, JUNE)) == spans(
        (JANUARY, MARCH, 1, 1), (JUNE, None, 1, 1)
    )
    assert put(spans((JANUARY, MARCH, 1, 1)), DateRange(MARCH, None), {"area": 1, "people": 1}) == spans(
        (JANUARY, None, 1, 1)
    )


def test_the_difference_is_from_the_first_day_to_the_last() -> None:
    old = spans((JANUARY, None, 50, 2))
    new = spans((JANUARY, MARCH, 50, 2), (MARCH, JUNE, 50, 3), (JUNE, None, 50, 2))
    assert difference(old, new) == DateRange(MARCH, JUNE)
    assert difference(old, old) is None
    assert difference(old, []) == DateRange(JANUARY, None)


days = st.integers(0, 400).map(lambda shift: date.fromordinal(JANUARY.toordinal() + shift))


@given(st.lists(st.tuples(days, st.integers(1, 3), st.integers(0, 3)), max_size=8))
def test_whatever_is_changed_one_row_holds_on_every_day(changes: list[tuple[date, int, int]]) -> None:
    found = spans((JANUARY, None, 1, 0))
    for on, area, people in changes:
        found = changed(found, on=on, values={"area": area, "people": people})
        assert {"area": area, "people": people} == next(span.values for span in found if on in span.during)
    assert found[0].during.start == JANUARY
    assert found[-1].during.end is None
    for before, after in pairwise(found):
        assert before.during.end == after.during.start
        assert before.values != after.values


@given(days, days)
def test_overlaying_keeps_the_days_of_rows(first: date, second: date) -> None:
    start, end = sorted((first, second))
    if start == end:
        return
    rows = spans((JANUARY, MARCH, 1, 1), (JUNE, None, 2, 2))
    found = overlaid(rows, [Span(DateRange(start, end), {"people": 9})])
    for shift in range(0, 400, 7):
        day = date.fromordinal(JANUARY.toordinal() + shift)
        was = next((span.values for span in rows if day in span.during), None)
        now = next((span.values for span in found if day in span.during), None)
        if was is None:
            assert now is None
        else:
            assert now == {**was, "people": 9 if start <= day < end else was["people"]}
