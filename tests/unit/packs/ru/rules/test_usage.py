"""Metered, spread over a gap, averaged; handed over; settled by an inspector."""

from tests.unit.packs.ru.rules.shard import Shard, told

from abonent.kernel.periods import Month

OCTOBER = Month(2026, 10)
METERED, AVERAGE, NORM, SPREAD = 1, 2, 3, 8
INSPECTOR, INSTALLATION, REMOVAL, HANDOVER = 2, 7, 8, 9


def shard(month: Month = OCTOBER) -> Shard:
    return Shard(month).price(4.20)


def test_between_two_monthly_readings() -> None:
    found = shard().flat(1, 10).meter(1, 1, [("2026-09-20", 100), ("2026-10-21", 250)]).lines()
    assert found == [(10, METERED, 150, 630.00)]


def test_a_gap_is_spread_by_the_days_of_its_months() -> None:
    # September has 30 days and October 31: 61 kWh of two months
    found = shard().flat(1, 10).meter(1, 1, [("2026-08-20", 100), ("2026-10-21", 161)]).rated()
    assert told(found) == [(10, SPREAD, 31, 130.20)]
    assert found.reopened.rows() == [(1, 1, 202609)]


def test_a_month_of_a_gap_known_afterwards() -> None:
    september = shard(Month(2026, 9)).flat(1, 10).meter(1, 1, [("2026-08-20", 100), ("2026-10-21", 161)])
    found = september.rated()
    assert told(found) == [(10, SPREAD, 30, 126.00)]
    assert found.reopened.is_empty()


def test_months_at_once_are_the_months_one_by_one() -> None:
    readings = [("2026-04-20", 0), ("2026-05-20", 50), ("2026-08-22", 350), ("2026-09-20", 390)]
    months = [Month(2026, number) for number in range(5, 11)]
    many = Shard(months[0]).price(4.20, until="2026-07-01").price(4.60, since="2026-07-01")
    many.flat(1, 10, until="2026-11-01").meter(7, 1, readings).flat(2, 20, until="2026-11-01", residents=3)
    together = many.rated_months(months)
    for month in months:
        one = Shard(month).price(4.20, until="2026-07-01").price(4.60, since="2026-07-01")
        one.flat(1, 10).meter(7, 1, readings).flat(2, 20, residents=3)
        alone = one.rated()
        assert together[month].lines.rows() == alone.lines.rows()
        assert together[month].estimates.rows() == alone.estimates.rows()
        assert together[month].reopened.rows() == alone.reopened.rows()


def test_average_of_six_months() -> None:
    used = (100, 120, 110, 130, 90, 110)
    readings, face = [("2026-03-31", 1000.0)], 1000
    for month, kwh in enumerate(used, start=4):
        face += kwh
        readings.append((f"2026-{month:02d}-28", float(face)))
    assert shard().flat(1, 10).meter(1, 1, readings).lines() == [(10, AVERAGE, 110, 462.00)]


def test_average_of_a_longer_span_when_readings_are_rare() -> None:
    found = shard().flat(1, 10).meter(1, 1, [("2026-01-20", 0), ("2026-09-20", 800)]).lines()
    assert found == [(10, AVERAGE, 100, 420.00)]


def test_no_average_of_two_months() -> None:
    found = shard().flat(1, 10).meter(1, 1, [("2026-07-20", 0), ("2026-09-20", 800)]).lines()
    assert found == [(10, NORM, 120, 504.00)]


def test_a_fall_is_settled_where_an_inspector_read_it() -> None:
    readings = [("2026-09-20", 500), ("2026-10-21", 450, INSPECTOR)]
    assert shard().flat(1, 10).meter(1, 1, readings).lines() == [(10, METERED, -50, -210.00)]


def test_a_fall_a_subscriber_tells_is_a_problem() -> None:
    found = shard().flat(1, 10).meter(1, 1, [("2026-09-20", 500), ("2026-10-21", 450)]).rated()
    assert found.exceptions["code"].to_list() == ["negative_usage"]
    assert found.lines.is_empty()


def test_roll_over() -> None:
    found = shard().flat(1, 10).meter(1, 1, [("2026-09-20", 9950), ("2026-10-21", 50)], digits=4).lines()
    assert found == [(10, METERED, 100, 420.00)]


def test_a_handover_parts_the_month() -> None:
    moved = shard().flat(1, 10, until="2026-10-11").flat(1, 11, since="2026-10-11")
    moved.meter(1, 1, [("2026-09-20", 100), ("2026-10-10", 130, HANDOVER), ("2026-10-25", 220)])
    assert moved.lines() == [(10, METERED, 30, 126.00), (11, METERED, 90, 378.00)]


def test_a_newcomer_who_has_not_read_yet() -> None:
    moved = shard().flat(1, 10, until="2026-10-11").flat(1, 11, since="2026-10-11")
    moved.meter(1, 1, [("2026-09-20", 100), ("2026-10-10", 130, HANDOVER)])
    assert moved.lines() == [(10, METERED, 30, 126.00), (11, METERED, 0, 0.00)]


def test_what_the_newcomer_read_a_month_later() -> None:
    # 22 days of October from the 10th to the 31st, 30 of November: 52 kWh
    readings = [("2026-09-20", 100), ("2026-10-09", 130, HANDOVER), ("2026-11-20", 182)]
    moved = shard().flat(1, 10, until="2026-10-10").flat(1, 11, since="2026-10-10").meter(1, 1, readings)
    assert moved.lines() == [(10, METERED, 30, 126.00), (11, SPREAD, 22, 92.40)]
    after = shard(Month(2026, 11)).flat(1, 11).meter(1, 1, readings).rated()
    assert told(after) == [(11, SPREAD, 30, 126.00)]
    assert after.reopened.rows() == [(1, 1, 202610)]


def test_a_replaced_meter() -> None:
    replaced = shard().flat(1, 10)
    replaced.meter(1, 1, [("2026-09-20", 100), ("2026-10-10", 150, REMOVAL)], until="2026-10-10")
    replaced.meter(2, 1, [("2026-10-10", 7, INSTALLATION), ("2026-10-25", 37)], since="2026-10-10")
    assert replaced.lines() == [(10, METERED, 50, 210.00), (10, METERED, 30, 126.00)]


def test_days_before_a_first_meter_go_by_norm() -> None:
    # 15 of 31 days: 2 people × 60 kWh × 15 / 31
    first = shard().flat(1, 10)
    first.meter(1, 1, [("2026-10-16", 0, INSTALLATION), ("2026-10-30", 40)], since="2026-10-16")
    assert first.lines() == [(10, METERED, 40, 168.00), (10, NORM, 58.065, 243.87)]


def test_days_after_a_meter_was_taken_down_go_by_its_average() -> None:
    readings = [(f"2026-{month:02d}-20", 100.0 * (month - 2)) for month in range(2, 10)]
    gone = shard().flat(1, 10).meter(1, 1, [*readings, ("2026-10-16", 760, REMOVAL)], until="2026-10-16")
    assert gone.lines() == [(10, METERED, 60, 252.00), (10, AVERAGE, 51.613, 216.77)]


def test_months_after_a_meter_was_taken_down_go_by_its_average() -> None:
    readings = [(f"2026-{month:02d}-20", 100.0 * (month - 1)) for month in range(1, 8)]
    gone = shard().flat(1, 10).meter(1, 1, [*readings, ("2026-08-16", 680, REMOVAL)], until="2026-08-16")
    # the last removal reading and that of six months before: (680 − 100) ÷ 6
    assert gone.lines() == [(10, AVERAGE, 96.667, 406.00)]


def test_without_history_months_after_a_removal_go_by_norm() -> None:
    gone = (
        shard().flat(1, 10).meter(1, 1, [("2026-07-20", 0), ("2026-08-16", 50, REMOVAL)], until="2026-08-16")
    )
    assert gone.lines() == [(10, NORM, 120, 504.00)]


def test_a_check_that_finds_less_after_a_gap_is_settled_in_its_month() -> None:
    readings = [("2026-08-20", 500), ("2026-10-21", 450, INSPECTOR)]
    assert shard().flat(1, 10).meter(1, 1, readings).lines() == [(10, METERED, -50, -210.00)]
    september = Shard(Month(2026, 9)).price(4.20).flat(1, 10).meter(1, 1, readings)
    assert september.lines() == [(10, SPREAD, 0, 0.00)]


def test_every_month_of_a_gap_takes_the_last_reading_of_the_month_that_closes_it() -> None:
    readings = [("2026-08-20", 0), ("2026-10-05", 500), ("2026-10-28", 610)]
    september = Shard(Month(2026, 9)).price(4.20).flat(1, 10).meter(1, 1, readings)
    assert [line[2] for line in september.lines()] == [300]
    assert [line[2] for line in shard().flat(1, 10).meter(1, 1, readings).lines()] == [310]


def test_a_gap_closed_by_a_handover_ends_there() -> None:
    # September's 30 days and the leaver's 10 of October
    readings = [("2026-08-20", 0), ("2026-10-05", 100), ("2026-10-10", 400, HANDOVER), ("2026-10-28", 610)]
    september = Shard(Month(2026, 9)).price(4.20).flat(1, 10).meter(1, 1, readings)
    assert [line[2] for line in september.lines()] == [300]
    october = shard().flat(1, 10, until="2026-10-11").flat(1, 11, since="2026-10-11").meter(1, 1, readings)
    assert [line[:3] for line in october.lines()] == [(10, SPREAD, 100), (11, METERED, 210)]


def test_an_average_begins_with_the_last_reading_of_its_first_month() -> None:
    readings = [("2026-04-06", 500), ("2026-04-19", 700), ("2026-07-17", 1000)]
    assert [line[2] for line in shard().flat(1, 10).meter(1, 1, readings).lines()] == [100]


def test_readings_after_a_check_that_found_less() -> None:
    readings = [("2026-03-25", 1000), ("2026-06-11", 900, INSPECTOR), ("2026-06-25", 950)]
    june = Shard(Month(2026, 6)).price(4.20).flat(1, 10).meter(1, 1, readings)
    assert june.lines() == [(10, METERED, -50, -210.00)]
    april = Shard(Month(2026, 4)).price(4.20).flat(1, 10).meter(1, 1, readings)
    assert april.lines() == [(10, SPREAD, 0, 0.00)]


def test_no_average_of_a_history_below_zero() -> None:
    readings = [("2026-03-25", 1000), ("2026-06-11", 900, INSPECTOR)]
    july = Shard(Month(2026, 7)).price(4.20).flat(1, 10).meter(1, 1, readings)
    assert july.lines() == [(10, NORM, 120, 504.00)]


def test_an_average_over_a_roll_over() -> None:
    readings = [("2026-03-20", 9900), ("2026-06-20", 20), ("2026-09-20", 560)]
    assert shard().flat(1, 10).meter(1, 1, readings, digits=4).lines() == [(10, AVERAGE, 110, 462.00)]


def test_a_fall_an_act_of_removal_tells_is_settled() -> None:
    gone = shard().flat(1, 10, until="2026-10-16")
    gone.meter(1, 1, [("2026-09-20", 500), ("2026-10-16", 480, REMOVAL)], until="2026-10-16")
    assert gone.lines() == [(10, METERED, -20, -84.00)]


def test_more_a_day_than_anybody_uses_is_told() -> None:
    found = shard().flat(1, 10).meter(1, 1, [("2026-09-20", 0), ("2026-10-20", 20_000)]).rated()
    assert found.exceptions["code"].to_list() == ["usage_above_limit"]


def test_more_digits_than_the_meter_has_is_told() -> None:
    found = shard().flat(1, 10).meter(1, 1, [("2026-09-20", 0), ("2026-10-20", 100_000)], digits=4).rated()
    assert found.exceptions["code"].to_list() == ["reading_above_capacity"]


def test_a_fall_of_one_meter_is_no_doubt_about_another() -> None:
    made = shard().flat(1, 10).meter(1, 1, [("2026-09-20", 500), ("2026-10-21", 450)])
    made.flat(2, 20).meter(2, 2, [("2026-09-20", 500), ("2026-10-21", 450, INSPECTOR)])
    found = made.rated()
    assert found.exceptions["account_id"].to_list() == [10]
    assert found.lines.select("account_id", "quantity_wh").rows() == [(20, -50_000)]


def test_what_a_silent_meter_is_taken_to_show() -> None:
    readings = [(f"2026-{month:02d}-20", 100.0 * month) for month in range(1, 9)]
    found = shard().flat(1, 10).meter(1, 1, readings).rated()
    line = found.lines.row(0, named=True)
    assert (line["because_1"], line["because_2"]) == (900_000, 1_000_000)
    assert found.estimates.rows() == [(1, 1, 1_000_000)]


def test_a_meter_taken_down_on_the_first_without_a_reading_of_the_month_before() -> None:
    taken_down = shard().flat(1, 10).meter(1, 1, [("2026-03-20", 0), ("2026-09-20", 600)], until="2026-10-01")
    taken_down.meter(2, 1, [("2026-10-01", 0, INSTALLATION), ("2026-10-25", 30)], since="2026-10-01")
    assert taken_down.rated().exceptions.is_empty()


def test_a_meter_taken_down_in_the_month_needs_its_reading() -> None:
    found = shard().flat(1, 10).meter(1, 1, [("2026-09-20", 600)], until="2026-10-12").rated()
    assert found.exceptions["code"].to_list() == ["removed_without_reading"]
