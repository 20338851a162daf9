"""Common needs in all their forms."""

from typing import Any

import pytest
from tests.unit.packs.ru.rules.shard import Shard

from abonent.kernel.periods import Month

OCTOBER, JANUARY = Month(2026, 10), Month(2027, 1)
METERED, COMMON_METERED, COMMON_NORM, NEGATIVE = 1, 5, 6, 7
EXECUTOR, EXECUTOR_NORM, HOUSING, HOUSING_NORM, HOUSING_AVERAGE, TRUE_UP, AGREED, EXCESS = (
    12,
    13,
    14,
    15,
    16,
    17,
    19,
    20,
)
CONSUMERS, BY_EXECUTOR, AS_HOUSING = 1, 2, 3
NONLIVING, COMMON, HEATING = 2, 3, 4
NORM = 1.0  # category 1 of the parameter: kWh per m² of common property


def month_of(kwh: float, month: str = "2026-10", before: str = "2026-09") -> list[tuple[str, float]]:
    return [(f"{before}-20", 1000), (f"{month}-20", 1000 + kwh)]


def house(supplied: float | None = None, *, flats: tuple[float, ...] = (100, 60), **facts: Any) -> Shard:
    """Flats of 50 and 30 m² of a house of 100 m² with 50 m² of stairs."""
    made = Shard(OCTOBER, **({"premises_area": 100, "common_area": 50, "common_needs": CONSUMERS} | facts))
    made.price(4)
    if supplied is not None:
        made.meter(90, 0, month_of(supplied), digits=8)
    for place, (kwh, area) in enumerate(zip(flats, (50, 30), strict=True), start=1):
        made.flat(place, 10 * place, area=area).meter(place, place, month_of(kwh))
    return made


def of(lines: list[tuple[int, int, float, float]], *rules: int) -> list[tuple[int, int, float]]:
    return [(account, rule, kwh) for account, rule, kwh, _ in lines if rule in rules]


def norm_kwh() -> float:
    """What the parameter gives for the stairs."""
    rated = house(None).rated()
    return float(rated.building_balances["cap_wh"][0]) / 1000


def test_shops_heating_and_agreed_volumes_are_taken_out() -> None:
    made = house(700).flat(3, None, kind=NONLIVING).meter(3, 3, month_of(200))
    made.flat(4, None, kind=HEATING).meter(4, 4, month_of(150))
    made.flat(5, None, kind=NONLIVING, area=20, agreed_kwh=90)
    balance = made.rated().building_balances.row(0, named=True)
    assert (balance["nonliving_wh"], balance["heating_wh"], balance["metered_wh"]) == (
        290_000,
        150_000,
        160_000,
    )
    assert balance["common_wh"] == 100_000


def test_what_exceeds_the_norm_is_the_executors() -> None:
    cap = norm_kwh()
    made = house(160 + cap + 40).flat(9, 99, kind=COMMON, area=0)
    lines = made.lines()
    assert of(lines, EXCESS) == [(99, EXCESS, 40)]
    assert sum(kwh for _, _, kwh in of(lines, COMMON_METERED)) == pytest.approx(cap * 0.8)


def test_an_executor_pays_for_the_whole_building() -> None:
    made = house(260, common_needs=BY_EXECUTOR).flat(9, 99, kind=COMMON, area=0)
    assert of(made.lines(), EXECUTOR) == [(99, EXECUTOR, 100)]


def test_an_executors_deficit_is_carried_over() -> None:
    # the dossier: −400, then +1 000
    may = house(60, flats=(300, 160), common_needs=BY_EXECUTOR).flat(9, 99, kind=COMMON, area=0)
    parked = may.rated()
    assert parked.exceptions["code"].to_list() == ["building_unbalanced"]
    may = house(4000, flats=(2800, 1600), common_needs=BY_EXECUTOR).flat(9, 99, kind=COMMON, area=0).rated()
    balance = may.building_balances.row(0, named=True)
    assert (balance["executor_wh"], balance["carried_in_wh"], balance["carried_wh"]) == (0, 0, 400_000)
    june = house(1160, common_needs=BY_EXECUTOR).flat(9, 99, kind=COMMON, area=0).history(carried=400)
    rated = june.rated()
    assert of(june.lines(), EXECUTOR) == [(99, EXECUTOR, 600)]
    assert rated.building_balances["carried_wh"].to_list() == [0]


def test_a_deficit_larger_than_the_month() -> None:
    june = house(260, common_needs=BY_EXECUTOR).flat(9, 99, kind=COMMON, area=0).history(carried=400)
    assert of(june.lines(), EXECUTOR) == []
    assert june.rated().building_balances["carried_wh"].to_list() == [300_000]


def test_an_executor_without_building_meter_pays_the_norm() -> None:
    made = house(None, common_needs=BY_EXECUTOR).flat(9, 99, kind=COMMON, area=0).history(carried=400)
    assert of(made.lines(), EXECUTOR_NORM) == [(99, EXECUTOR_NORM, norm_kwh())]
    assert made.rated().building_balances["carried_wh"].to_list() == [400_000]


def test_housing_by_readings_is_capped_and_gives_nothing_back() -> None:
    cap = norm_kwh()
    lines = house(160 + 2 * cap, common_needs=AS_HOUSING).lines()
    assert of(lines, HOUSING) == [(10, HOUSING, cap / 2), (20, HOUSING, round(cap * 0.3, 3))]
    assert of(house(150, common_needs=AS_HOUSING).lines(), HOUSING, NEGATIVE) == []


def test_housing_by_norm_whatever_the_meter_says() -> None:
    cap = norm_kwh()
    rated = house(160 + 5 * cap, common_needs=AS_HOUSING, common_basis=2)
    assert of(rated.lines(), HOUSING_NORM) == [
        (10, HOUSING_NORM, cap / 2),
        (20, HOUSING_NORM, round(cap * 0.3, 3)),
    ]
    balance = rated.rated().building_balances.row(0, named=True)
    assert (balance["common_wh"], balance["executor_wh"]) == (round(5000 * cap), 0)


def test_housing_by_last_years_average() -> None:
    made = house(200, common_needs=AS_HOUSING, common_basis=3, excess_to_consumers=True)
    made.history(months=10, used=1000)
    assert of(made.lines(), HOUSING_AVERAGE) == [(10, HOUSING_AVERAGE, 50), (20, HOUSING_AVERAGE, 30)]


@pytest.mark.parametrize(("used", "due"), [(1300, 100), (900, -300), (5000, 800)])
def test_housing_is_trued_up_in_january(used: int, due: int) -> None:
    """Never above the year's norm of 2 000 kWh."""
    made = Shard(JANUARY, premises_area=100, common_area=50, common_needs=AS_HOUSING, common_basis=2).price(4)
    for place, area in ((1, 50), (2, 50)):
        made.flat(place, 10 * place, area=area).meter(place, place, month_of(100, "2027-01", "2026-12"))
    made.history(months=12, used=used, charged=1200, cap=2000)
    assert of(made.lines(), TRUE_UP) == [(10, TRUE_UP, due / 2), (20, TRUE_UP, due / 2)]


def test_a_negative_balance_goes_back_by_residents() -> None:
    lines = house(150).lines()
    assert of(lines, NEGATIVE) == [(10, NEGATIVE, -5), (20, NEGATIVE, -5)]


def test_an_executor_billed_by_the_zones_of_the_building_meter() -> None:
    made = Shard(OCTOBER, premises_area=100, common_area=50, common_needs=BY_EXECUTOR)
    made.meter(90, 0, month_of(300), zone=21).meter(91, 0, month_of(100), zone=22)
    made.flat(1, 10, area=50).meter(1, 1, month_of(200)).flat(9, 99, kind=COMMON, area=0).price(4)
    assert of(made.lines(), EXECUTOR) == [(99, EXECUTOR, 200)]
    made.price(5, zone=21).price(2, zone=22)
    assert of(made.lines(), EXECUTOR) == [(99, EXECUTOR, 150), (99, EXECUTOR, 50)]


def test_nothing_is_given_back_of_an_increase() -> None:
    made = house(100, flats=(0, 0))
    made.flat(3, 30, area=10, cause=3)
    returned = of(made.lines(), NEGATIVE)
    assert sum(kwh for account, _, kwh in returned if account == 30) >= -120


def test_common_property_has_no_part_of_the_area() -> None:
    plain = of(house(200).flat(9, 99, kind=COMMON, area=0).lines(), COMMON_METERED)
    assert of(house(200).flat(9, 99, kind=COMMON, area=40).lines(), COMMON_METERED) == plain


def test_zones_with_a_flat_that_has_a_norm_for_some_days() -> None:
    made = Shard(OCTOBER, premises_area=100, common_area=500, common_needs=CONSUMERS)
    for zone, kwh in ((21, 300), (22, 100)):
        made.meter(90 + zone, 0, month_of(kwh), zone=zone).price(4, zone=zone)
    made.price(4).flat(1, 10, area=100)
    for zone in (21, 22):
        made.meter(zone, 1, [("2026-10-16", 0, 7), ("2026-10-30", 40)], zone=zone, since="2026-10-16")
    shares = [kwh for _, _, kwh in of(made.lines(), COMMON_METERED)]
    assert shares[0] == pytest.approx(3 * shares[1], abs=0.003)


def test_how_a_building_was_counted() -> None:
    assert house(None).rated().building_balances["method"].to_list() == [2]
    assert house(200).rated().building_balances["method"].to_list() == [1]
    silent = Shard(OCTOBER, premises_area=100, common_area=50, common_needs=CONSUMERS).price(4)
    silent.meter(90, 0, [("2026-03-20", 0), ("2026-09-20", 1200)]).flat(1, 10, area=50)
    silent.meter(1, 1, month_of(150))
    assert silent.rated().building_balances["method"].to_list() == [3]


def test_an_average_of_one_month_and_one_below_zero() -> None:
    made = house(200, common_needs=AS_HOUSING, common_basis=3, excess_to_consumers=True).history(
        months=1, used=60
    )
    assert sum(kwh for _, _, kwh in of(made.lines(), HOUSING_AVERAGE)) == 48
    below = house(200, common_needs=AS_HOUSING, common_basis=3, excess_to_consumers=True).history(
        months=5, used=-60
    )
    assert of(below.lines(), HOUSING_AVERAGE, HOUSING_NORM) == []
    capped = house(200, common_needs=AS_HOUSING, common_basis=3).history(months=10, used=90_000)
    assert sum(kwh for _, _, kwh in of(capped.lines(), HOUSING_AVERAGE)) == pytest.approx(norm_kwh() * 0.8)


def test_what_cannot_be_given_back_is_told() -> None:
    balance = house(150, flats=(158, 2)).rated().building_balances.row(0, named=True)
    assert balance["negative_wh"] == 10_000
    assert balance["unreturned_wh"] == 3_000
