"""What days acts of violation amount to, and from what day one is charged."""

from datetime import date
from pathlib import Path

import pytest

from abonent.contexts.contracts.models import UpliftCause
from abonent.contexts.metering.models import ActKind
from abonent.engine import parameters
from abonent.packs import ru
from abonent.usecases.device_acts.violations import Happened, Span, begins_on, brought_to_an_end, spans

PARAMETERS = parameters.load(Path(ru.__file__).parent)


def act(number: int, kind: ActKind, month: int, day: int, **facts: object) -> Happened:
    return Happened(act_id=number, kind=kind, drawn_on=date(2026, month, day), **facts)


def days(found: list[Span]) -> list[tuple[int, date, date | None]]:
    return [(int(span.cause), span.start, span.end) for span in found]


def test_one_refusal_changes_nothing():
    assert spans([act(1, ActKind.ACCESS_REFUSED, 3, 10)]) == []


def test_the_second_refusal_counts_from_the_first_day_of_its_month_until_access():
    refusals = [act(1, ActKind.ACCESS_REFUSED, 3, 10), act(2, ActKind.ACCESS_REFUSED, 5, 20)]
    assert days(spans(refusals)) == [(2, date(2026, 5, 1), None)]
    checked = [*refusals, act(3, ActKind.CHECK, 7, 3)]
    assert days(spans(checked)) == [(2, date(2026, 5, 1), date(2026, 7, 3))]


def test_a_third_refusal_adds_nothing():
    three = [act(number, ActKind.ACCESS_REFUSED, 2 + number, 10) for number in (1, 2, 3)]
    assert days(spans(three)) == [(2, date(2026, 4, 1), None)]


def test_access_between_two_refusals_begins_the_count_anew():
    acts = [
        act(1, ActKind.ACCESS_REFUSED, 3, 10),
        act(2, ActKind.CHECK, 4, 1),
        act(3, ActKind.ACCESS_REFUSED, 5, 20),
    ]
    assert spans(acts) == []


@pytest.mark.parametrize(
    ("later", "end"),
    [
        ([], None),
        ([act(2, ActKind.CHECK, 6, 1, meter_id=7, is_sound=False)], None),
        ([act(2, ActKind.CHECK, 6, 1, meter_id=8, is_sound=True)], None),
        ([act(2, ActKind.CHECK, 6, 1, meter_id=7, is_sound=True)], date(2026, 6, 1)),
        ([act(2, ActKind.REPLACEMENT, 6, 2, meter_id=7)], date(2026, 6, 2)),
    ],
)
def test_tampering_lasts_until_the_meter_is_in_order(later: list[Happened], end: date | None):
    tampered = act(1, ActKind.TAMPERING, 5, 20, meter_id=7, begins_on=date(2026, 3, 1))
    assert days(spans([tampered, *later])) == [(3, date(2026, 3, 1), end)]


def test_what_was_put_right_on_a_known_day_ends_then():
    connected = act(
        1,
        ActKind.UNAUTHORISED,
        5,
        20,
        begins_on=date(2026, 4, 1),
        removed_on=date(2026, 5, 25),
        power_w=2_000,
    )
    (span,) = spans([connected, act(2, ActKind.CHECK, 6, 1, is_sound=True)])
    assert (span.end, span.power_w) == (date(2026, 5, 25), 2_000)


def test_a_new_meter_does_not_end_a_connection_past_it():
    connected = act(1, ActKind.UNAUTHORISED, 5, 20, begins_on=date(2026, 4, 1))
    (span,) = spans([connected, act(2, ActKind.ADMISSION, 6, 1, meter_id=7)])
    assert span.end is None


def test_a_violation_put_right_before_it_is_charged_is_no_violation():
    found = act(
        1, ActKind.TAMPERING, 5, 20, begins_on=date(2026, 5, 20), removed_on=date(2026, 5, 20), meter_id=7
    )
    assert spans([found]) == []


def test_what_another_system_knew_ends_by_the_first_act_after_it():
    known = Span(UpliftCause.ADMISSION_REFUSED, date(2026, 1, 1), None, 0)
    (span,) = brought_to_an_end([known], [act(1, ActKind.CHECK, 4, 5)])
    assert span.end == date(2026, 4, 5)
    assert brought_to_an_end([known], []) == [known]


@pytest.mark.parametrize(
    ("cause", "found_on", "known_from", "last_check", "first"),
    [
        # no more than three months back from the day (п. 81(11)); the check before cuts it short
        (UpliftCause.TAMPERING, date(2026, 5, 20), None, None, date(2026, 2, 20)),
        (UpliftCause.TAMPERING, date(2026, 5, 31), None, None, date(2026, 2, 28)),
        (UpliftCause.TAMPERING, date(2026, 5, 20), None, date(2025, 1, 1), date(2026, 2, 20)),
        (UpliftCause.TAMPERING, date(2026, 5, 20), None, date(2026, 4, 7), date(2026, 4, 7)),
        # three months before the month it was found in (п. 62)
        (UpliftCause.UNAUTHORISED, date(2026, 5, 20), None, None, date(2026, 2, 1)),
        (UpliftCause.UNAUTHORISED, date(2026, 5, 20), date(2026, 5, 2), date(2026, 1, 1), date(2026, 5, 2)),
        (UpliftCause.UNAUTHORISED, date(2026, 5, 20), date(2025, 5, 2), None, date(2026, 2, 1)),
        # six months before 2016
        (UpliftCause.UNAUTHORISED, date(2015, 12, 20), None, None, date(2015, 6, 1)),
        (UpliftCause.UNAUTHORISED, date(2015, 12, 20), date(2015, 1, 1), None, date(2015, 1, 1)),
    ],
)
def test_how_far_back_a_violation_is_charged(
    cause: UpliftCause, found_on: date, known_from: date | None, last_check: date | None, first: date
):
    assert (
        begins_on(
            cause=cause,
            found_on=found_on,
            known_from=known_from,
            last_check=last_check,
            parameters=PARAMETERS,
        )
        == first
    )
