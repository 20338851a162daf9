"""The second calculator of a single premise against worked examples, published ones and ours."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from tests.oracle import ru_month as oracle
from tests.oracle.example_town import (
    ALWAYS,
    FOREVER,
    JUNE,
    LAW,
    LONG_AGO,
    building,
    flat,
    kwh,
    register,
    told,
)
from tests.oracle.ru_month.arithmetic import share_owned, spread
from tests.oracle.ru_month.town import (
    ABSENT,
    AVERAGE,
    HANDOVER,
    INSPECTOR,
    INSTALLATION,
    METERED,
    NORM,
    RANGES,
    REFUSED,
    REMOVAL,
    SINGLE,
    SOCIAL_NORM,
    SPREAD,
    TAMPERING,
    UNAUTHORISED,
    UPLIFT,
    Absence,
    Equipment,
    Group,
    Payer,
    Price,
)

MONTHS = [oracle.month_of(2021, 12), *(oracle.month_of(2022, month) for month in range(1, 7))]
AUTUMN = {
    "2021-05-31": 340.0,
    "2021-06-30": 440.0,
    "2021-07-31": 560.0,
    "2021-08-31": 670.0,
    "2021-09-30": 800.0,
    "2021-10-31": 890.0,
    "2021-11-30": 1000.0,
}


def test_the_average_of_six_months_stands_until_a_reading_comes() -> None:
    one = register(AUTUMN)
    for month in MONTHS:
        assert told(oracle.bill(building(flat(one), month=month), LAW).lines) == [(AVERAGE, 110, 462.00)]


def test_the_average_may_stand_for_three_months_only() -> None:
    law = replace(LAW, average_most=3)
    rules = [
        oracle.bill(building(flat(register(AUTUMN)), month=month), law).lines[0].rule for month in MONTHS
    ]
    assert rules == [AVERAGE] * 3 + [NORM] * 4


def test_the_latest_reading_at_least_six_months_back_begins_the_average() -> None:
    readings = {"2021-01-25": 0.0, "2021-03-25": 100.0, "2021-09-25": 700.0, "2021-10-25": 840.0}
    # seven months from March to October: 740 / 7 = 105.714
    (line,) = oracle.bill(building(flat(register(readings)), month=MONTHS[0]), LAW).lines
    assert (line.rule, line.quantity_wh) == (AVERAGE, 105_714)


def test_a_shorter_history_of_three_months_will_do_and_of_two_will_not() -> None:
    three = {"2022-02-25": 50.0, "2022-03-25": 160.0, "2022-04-25": 270.0, "2022-05-25": 380.0}
    assert told(oracle.bill(building(flat(register(three))), LAW).lines) == [(AVERAGE, 110, 462.00)]
    del three["2022-02-25"]
    assert told(oracle.bill(building(flat(register(three))), LAW).lines) == [(NORM, 120, 504.00)]


def test_a_gap_is_spread_over_its_days() -> None:
    one = register({**AUTUMN, "2022-03-31": 1500.0})
    lines = [
        oracle.bill(building(flat(one), month=month), LAW, date(2022, 4, 1)).lines[0] for month in MONTHS[:4]
    ]
    # 500 kWh over 121 days: 31, 31, 28, 31 of them, the sums rounded
    assert [line.quantity_wh for line in lines] == kwh(128.099, 128.099, 115.703, 128.099)
    assert {line.rule for line in lines} == {SPREAD}
    known_in_february = oracle.bill(building(flat(one), month=MONTHS[0]), LAW, date(2022, 3, 1)).lines
    assert told(known_in_february) == [(AVERAGE, 110, 462.00)]


def test_days_that_do_not_divide_add_up_all_the_same() -> None:
    span = date(2022, 1, 1), date(2022, 4, 1)
    parts = [spread(100, span, oracle.month_of(2022, month)) for month in (1, 2, 3)]
    assert parts == [34, 32, 34]  # 34.44 → 34; 65.56 → 66, less 34; 100 less 66


def test_from_installation_and_to_removal_by_the_day() -> None:
    old = register(
        {"2022-04-25": 100.0, "2022-06-16": 146.0},
        span=(LONG_AGO, date(2022, 6, 16)),
        d20220616=REMOVAL,
    )
    new = register(
        {"2022-06-16": 0.0, "2022-07-25": 46.0},
        id=2,
        span=(date(2022, 6, 16), FOREVER),
        d20220616=INSTALLATION,
    )
    bill = oracle.bill(building(flat(old, new)), LAW, date(2022, 8, 1))
    # 46 days, 15 of them in June: 15 kWh; 46 days of the new one too, 15 of them in June
    assert told(bill.lines) == [(SPREAD, 15, 63.00), (SPREAD, 15, 63.00)]


def test_an_inspectors_lower_reading_settles_in_the_month_of_the_check() -> None:
    one = register({"2022-05-31": 1000.0, "2022-06-20": 900.0}, d20220620=INSPECTOR)
    assert told(oracle.bill(building(flat(one)), LAW).lines) == [(METERED, -100, -420.00)]
    late = register({"2022-04-30": 1000.0, "2022-06-20": 900.0}, d20220620=INSPECTOR)
    may = oracle.bill(building(flat(late), month=MONTHS[5]), LAW, JUNE[1])
    assert sum(line.quantity_wh for line in may.lines) == 0
    assert told(oracle.bill(building(flat(late)), LAW).lines) == [(METERED, -100, -420.00)]


def test_what_is_read_after_a_check_in_its_month_counts_with_it() -> None:
    one = register({"2022-05-31": 1000.0, "2022-06-20": 900.0, "2022-06-30": 950.0}, d20220620=INSPECTOR)
    assert told(oracle.bill(building(flat(one)), LAW).lines) == [(METERED, -50, -210.00)]


def test_what_an_inspector_took_back_leaves_no_average() -> None:
    one = register({"2022-01-31": 1000.0, "2022-05-20": 900.0}, d20220520=INSPECTOR)
    assert told(oracle.bill(building(flat(one)), LAW).lines) == [(NORM, 120, 504.00)]


def test_a_meter_taken_down_on_the_first_is_still_read_for_that_day() -> None:
    old = register(
        {"2022-05-25": 100.0, "2022-06-01": 120.0}, span=(LONG_AGO, date(2022, 6, 1)), d20220601=REMOVAL
    )
    new = register(
        {"2022-06-01": 0.0, "2022-06-30": 80.0},
        id=2,
        span=(date(2022, 6, 1), FOREVER),
        d20220601=INSTALLATION,
    )
    bill = oracle.bill(building(flat(old, new)), LAW)
    assert told(bill.lines) == [(METERED, 20, 84.00), (METERED, 80, 336.00)]


def test_a_handover_parts_the_month() -> None:
    readings = {"2022-05-31": 100.0, "2022-06-10": 130.0, "2022-06-30": 200.0}
    payers = [Payer(1, (LONG_AGO, date(2022, 6, 11))), Payer(2, (date(2022, 6, 11), FOREVER))]
    bill = oracle.bill(building(flat(register(readings, d20220610=HANDOVER), payers=payers)), LAW)
    assert [(line.account, line.quantity_wh) for line in bill.lines] == [(1, 30_000), (2, 70_000)]


def test_days_before_a_first_meter_go_by_norm_and_after_the_last_by_average() -> None:
    first = register(
        {"2022-06-16": 0.0, "2022-06-30": 46.0}, span=(date(2022, 6, 16), FOREVER), d20220616=INSTALLATION
    )
    assert told(oracle.bill(building(flat(first)), LAW).lines) == [(METERED, 46, 193.20), (NORM, 60, 252.00)]
    gone = register(
        {"2021-12-25": 0.0, "2022-05-31": 550.0, "2022-06-16": 610.0},
        span=(LONG_AGO, date(2022, 6, 16)),
        d20220616=REMOVAL,
    )
    # 550 kWh from December to May: 110 a month, 15 days of 30
    bill = oracle.bill(building(flat(gone)), LAW)
    assert [(line.rule, line.quantity_wh) for line in bill.lines] == [(METERED, 60_000), (AVERAGE, 55_000)]


def test_refused_access_counts_on_its_days_only() -> None:
    one = flat(register({"2022-05-31": 0.0, "2022-06-30": 90.0}))
    day = date(2022, 6, 21)
    (terms,) = one.terms
    refused = replace(
        one,
        terms=[
            replace(terms, span=(LONG_AGO, day)),
            replace(terms, span=(day, FOREVER), cause=REFUSED),
        ],
    )
    # 60 kWh of 20 days stay; ten days by norm 2 · 60 · 10/30 = 40, and half as much again
    assert sorted(
        told(
            oracle.bill(building(refused), price=4.20) if False else oracle.bill(building(refused), LAW).lines
        )
    ) == [
        (METERED, 60, 252.00),
        (NORM, 40, 168.00),
        (UPLIFT, 20, 84.00),
    ]


def test_tampering_costs_ten_norms() -> None:
    one = flat(register({"2022-05-31": 0.0, "2022-06-30": 90.0}), cause=TAMPERING)
    assert told(oracle.bill(building(one), LAW).lines) == [(NORM, 120, 504.00), (UPLIFT, 1080, 4536.00)]


def test_equipment_past_the_meter_counts_around_the_clock() -> None:
    # the acceptance case: 0.75 kW · 24 h · 81 days = 1458 kWh at 2.45 = 3572.10, here in three months
    used = Equipment(750, (date(2022, 5, 11), date(2022, 7, 31)))
    amounts, energy = 0, 0
    for month in (5, 6, 7):
        one = flat(register({"2022-04-30": 0.0, "2022-07-31": 0.0}), equipment=[used])
        bill = oracle.bill(
            building(one, month=oracle.month_of(2022, month), price=2.45), LAW, date(2022, 8, 1)
        )
        (line,) = bill.of(1, UNAUTHORISED)
        amounts, energy = amounts + line.amount_minor, energy + line.quantity_wh
    assert (energy, amounts) == (1_458_000, 357_210)


def test_an_absence_of_more_than_five_full_days_is_credited() -> None:
    ten_days = Absence(1, date(2022, 6, 9), date(2022, 6, 20))
    bill = oracle.bill(building(flat(absences=[ten_days])), LAW)
    assert told(bill.lines) == [(NORM, 120, 504.00), (ABSENT, -20, -84.00)]
    five_days = Absence(1, date(2022, 6, 9), date(2022, 6, 15))
    assert not oracle.bill(building(flat(absences=[five_days])), LAW).of(1, ABSENT)
    metered = flat(register({"2022-05-31": 0.0, "2022-06-30": 90.0}), absences=[ten_days])
    assert not oracle.bill(building(metered), LAW).of(1, ABSENT)


def test_an_absence_over_two_months_is_one_absence() -> None:
    across = Absence(2, date(2022, 5, 29), date(2022, 6, 4))  # 30 and 31 May, 1 to 3 June: five days
    assert not oracle.bill(building(flat(absences=[across])), LAW).of(1, ABSENT)
    longer = replace(across, returned_on=date(2022, 6, 5))
    (line,) = oracle.bill(building(flat(absences=[longer])), LAW).of(1, ABSENT)
    assert line.quantity_wh == -16_000  # 2 · 60 · 4/30


def test_three_equal_owners_of_a_thousand_roubles() -> None:
    assert share_owned(100_000, [Fraction(1, 3)] * 3) == [33_334, 33_333, 33_333]
    assert share_owned(-100_000, [Fraction(1, 4), Fraction(1, 2), Fraction(1, 4)]) == [
        -25_000,
        -50_000,
        -25_000,
    ]
    assert share_owned(101, [Fraction(1, 4), Fraction(1, 2), Fraction(1, 4)]) == [25, 51, 25]
    payers = [Payer(account, ALWAYS, Fraction(1, 3)) for account in (1, 2, 3)]
    one = flat(register({"2022-05-31": 0.0, "2022-06-30": 1000.0}), payers=payers)
    bill = oracle.bill(building(one, price=1.00), LAW)
    assert [line.amount_minor for line in bill.lines] == [33_334, 33_333, 33_333]
    assert [line.quantity_wh for line in bill.lines] == [333_334, 333_333, 333_333]


BANDS = [Price(band, 1, SINGLE, price * 100_000, ALWAYS, band) for band, price in ((1, 5), (2, 7), (3, 11))]


def test_ranges_of_consumption() -> None:
    one = flat(register({"2022-05-31": 0.0, "2022-06-30": 6500.0}))
    bill = oracle.bill(building(one, prices=BANDS, groups={1: Group(1, RANGES)}), LAW)
    assert told(bill.lines) == [(METERED, 3900, 19_500), (METERED, 2100, 14_700), (METERED, 500, 5_500)]
    assert sum(line.amount_minor for line in bill.lines) == 3_970_000


@pytest.mark.parametrize(("people", "within"), [(1, 110), (2, 150), (3, 200)])
def test_the_social_norm(people: int, within: float) -> None:
    one = flat(register({"2022-05-31": 0.0, "2022-06-30": 200.0}), residents=people)
    bill = oracle.bill(building(one, prices=BANDS, groups={1: Group(1, SOCIAL_NORM)}), LAW)
    assert [line.quantity_wh for line in bill.lines if line.price_id == 1] == kwh(within)
    assert sum(line.quantity_wh for line in bill.lines) == 200_000
