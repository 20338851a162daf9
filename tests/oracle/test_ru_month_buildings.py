"""The second calculator of communal apartments and common needs against worked examples."""

from dataclasses import replace

import pytest
from tests.oracle import ru_month as oracle
from tests.oracle.example_town import LAW, building, flat, kwh, register, told
from tests.oracle.ru_month.town import (
    BY_AVERAGE,
    BY_EXECUTOR,
    BY_NORM,
    BY_READINGS,
    COMMON_METERED,
    COMMON_NORM,
    COMMON_PROPERTY,
    COMMUNAL,
    CONSUMERS,
    EXECUTOR,
    HOUSING,
    HOUSING_AVERAGE,
    HOUSING_METERED,
    HOUSING_NORM,
    METERED,
    NEGATIVE,
    NONLIVING,
    ROOM,
    SECTION,
    TRUE_UP,
    PastYear,
    Premise,
    Register,
)


def room(number: int, residents: int, used: float | None, *, parent: int = 1) -> Premise:
    meters = [] if used is None else [register({"2022-05-31": 0.0, "2022-06-30": used}, id=number)]
    return flat(*meters, id=number, residents=residents, kind=ROOM, parent=parent)


def communal_flat(used: float | None, *, id: int = 1, agreed: bool = False, **more: object) -> Premise:
    meters = [] if used is None else [register({"2022-05-31": 0.0, "2022-06-30": used}, id=id)]
    whole = flat(*meters, id=id, payers=[], **more)
    return replace(whole, terms=[replace(whole.terms[0], room_meters_agreed=agreed)])


def charged(bill: oracle.Bill) -> dict[int, float]:
    found: dict[int, float] = {}
    for line in bill.lines:
        found[line.account] = found.get(line.account, 0) + line.quantity_wh / 1000
    return found


def test_a_communal_flat_without_room_meters_goes_by_residents() -> None:
    bill = oracle.bill(
        building(communal_flat(300), room(11, 2, None), room(12, 1, None), room(13, 3, None)), LAW
    )
    assert charged(bill) == {11: 100, 12: 50, 13: 150}
    assert {line.rule for line in bill.lines} == {COMMUNAL}


def test_a_communal_flat_with_meters_in_all_rooms_shares_the_rest() -> None:
    bill = oracle.bill(building(communal_flat(300), room(11, 2, 80), room(12, 1, 60), room(13, 3, 100)), LAW)
    assert charged(bill) == {11: 100, 12: 70, 13: 130}
    assert sum(line.amount_minor for line in bill.lines) == 126_000


def test_some_rooms_metered_count_only_by_agreement() -> None:
    rooms = [room(11, 2, 80), room(12, 1, None), room(13, 3, None)]
    assert charged(oracle.bill(building(communal_flat(300), *rooms), LAW)) == {11: 100, 12: 50, 13: 150}
    agreed = oracle.bill(building(communal_flat(300, agreed=True), *rooms), LAW)
    # 220 kWh are left over by the one meter: 2, 1 and 3 sixths
    assert {account: round(wh, 3) for account, wh in charged(agreed).items()} == {
        11: 153.333,
        12: 36.667,
        13: 110,
    }


def test_a_rest_below_zero_counts_as_zero_and_no_flat_meter_leaves_rooms_alone() -> None:
    rooms = [room(11, 2, 80), room(12, 1, 60)]
    assert charged(oracle.bill(building(communal_flat(120), *rooms), LAW)) == {11: 80, 12: 60}
    rooms = [room(11, 2, 80), room(12, 1, None)]
    alone = oracle.bill(building(communal_flat(None), *rooms), LAW)
    assert charged(alone) == {11: 80, 12: 96}


def test_sections_inside_a_floor() -> None:
    floor = communal_flat(1000)
    a = communal_flat(500, id=2, kind=SECTION, parent=1)
    b = communal_flat(300, id=3, kind=SECTION, parent=1)
    rooms = [room(21, 2, 60, parent=2), room(22, 10, 320, parent=2), room(31, 8, 200, parent=3)]
    bill = oracle.bill(building(floor, a, b, *rooms), LAW)
    # 60 + 120 · 2/12 + 200 · 2/20; 320 + 100 + 100; 200 + 100 + 80
    assert charged(bill) == {21: 100, 22: 520, 31: 380}
    assert sum(charged(bill).values()) == 1000


def meter(used: float) -> list[Register]:
    return [register({"2022-05-31": 0.0, "2022-06-30": used}, id=900, ratio=1)]


def shop(used: float, **more: object) -> Premise:
    return flat(
        register({"2022-05-31": 0.0, "2022-06-30": used}, id=91), id=91, payers=[], kind=NONLIVING, **more
    )


def neighbours(used: float) -> Premise:
    return flat(register({"2022-05-31": 0.0, "2022-06-30": used}, id=92), id=92, area_m2=2340)


def test_common_needs_as_published() -> None:
    # formula 12: 12 000 − 1 000 − 9 000 = 2 000 · 60/2 400 = 50 kWh at 1.936
    one = flat(register({"2022-05-31": 12_345.0, "2022-06-30": 12_495.0}))
    town = building(
        one,
        neighbours(8850),
        shop(1000),
        price=1.936,
        meter=meter(12_000),
        common_needs=CONSUMERS,
        excess_to_consumers=True,
    )
    bill = oracle.bill(town, LAW)
    assert told(bill.of(1, METERED, COMMON_METERED)) == [(METERED, 150, 290.40), (COMMON_METERED, 50, 96.80)]
    # formula 15: 3.94 · 1 426 · 60/2 400 = 140.461
    by_norm = oracle.bill(replace(town, meter=[], common_norm_category=3), LAW)
    assert told(by_norm.of(1, COMMON_NORM)) == [(COMMON_NORM, 140.461, 271.93)]
    # the cap: 0.9 · 1 426 = 1 283.4, the executor bears 716.6
    capped = oracle.bill(replace(town, excess_to_consumers=False), LAW)
    assert told(capped.of(1, COMMON_METERED))[0][1] == 32.085
    assert capped.balance is not None
    assert capped.balance["executor_wh"] == 716_600


def test_a_negative_balance_goes_back_by_residents() -> None:
    one = flat(register({"2022-05-31": 0.0, "2022-06-30": 50.0}), residents=3)
    others = flat(register({"2022-05-31": 0.0, "2022-06-30": 9950.0}, id=92), id=92, residents=37)
    bill = oracle.bill(building(one, others, meter=meter(9000), common_needs=CONSUMERS), LAW)
    assert told(bill.of(1, NEGATIVE)) == [(NEGATIVE, -50, -210.00)]
    assert bill.balance is not None
    assert bill.balance["unreturned_wh"] == 25_000


def executor(used: float, supplied: float, carried_in: float) -> oracle.Bill:
    property = flat(id=90, kind=COMMON_PROPERTY, area_m2=0)
    town = building(
        flat(register({"2022-05-31": 0.0, "2022-06-30": used})),
        property,
        meter=meter(supplied),
        common_needs=BY_EXECUTOR,
        carried_in_wh=round(carried_in * 1000),
    )
    return oracle.bill(town, LAW)


def test_an_executors_deficit_is_carried_over() -> None:
    may, june = executor(2400, 2000, 0), executor(2000, 3000, 400)
    assert [line.quantity_wh for line in may.of(90, EXECUTOR)] == [0]
    assert may.balance is not None
    assert may.balance["carried_wh"] == 400_000
    assert told(june.of(90, EXECUTOR)) == [(EXECUTOR, 600, 2520.00)]
    assert june.balance is not None
    assert june.balance["carried_wh"] == 0


@pytest.mark.parametrize(
    ("basis", "rule", "share"),
    [(BY_READINGS, HOUSING_METERED, 25), (BY_NORM, HOUSING_NORM, 32.085), (BY_AVERAGE, HOUSING_AVERAGE, 20)],
)
def test_common_needs_within_the_housing_service(basis: int, rule: int, share: float) -> None:
    one = flat(register({"2022-05-31": 0.0, "2022-06-30": 150.0}))
    town = building(
        one,
        meter=meter(1150),
        common_needs=HOUSING,
        basis=basis,
        past_year=PastYear(months=12, common_wh=9_600_000, cap_wh=15_400_800, charged_wh=15_400_800),
        true_up=True,
    )
    bill = oracle.bill(town, LAW)
    assert [line.quantity_wh for line in bill.of(1, rule)] == kwh(share)
    # a fortieth of 9 600 − 15 400.8
    trued_up = [] if basis == BY_READINGS else kwh(-145.02)
    assert [line.quantity_wh for line in bill.of(1, TRUE_UP)] == trued_up
