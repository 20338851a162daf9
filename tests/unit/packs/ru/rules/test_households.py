"""Communal apartments, co-owners, absences, violations, bands."""

import pytest
from tests.unit.packs.ru.rules.shard import Shard, told

from abonent.kernel.periods import Month

OCTOBER = Month(2026, 10)
METERED, AVERAGE, NORM, UPLIFT, SPREAD, ABSENCE, UNAUTHORISED, SHARE, AGREED = 1, 2, 3, 4, 8, 9, 10, 11, 19
NONLIVING, SECTION, ROOM = 2, 5, 6
FLAT = 100


def shard(**facts: object) -> Shard:
    return Shard(OCTOBER, **facts).price(4.20)  # type: ignore[arg-type]


def month_of(kwh: float) -> list[tuple[str, float]]:
    return [("2026-09-20", 1000), ("2026-10-20", 1000 + kwh)]


def amounts(lines: list[tuple[int, int, float, float]]) -> dict[int, float]:
    found: dict[int, float] = {}
    for account, _, _, roubles in lines:
        found[account] = round(found.get(account, 0) + roubles, 2)
    return found


def communal(*rooms: tuple[int, float | None], agreed: bool = False, flat_kwh: float | None = 300) -> Shard:
    made = shard()
    made.flat(FLAT, None, agreed=agreed)
    if flat_kwh is not None:
        made.meter(1, FLAT, month_of(flat_kwh))
    for place, (residents, kwh) in enumerate(rooms, start=1):
        made.flat(FLAT + place, 10 * place, kind=ROOM, parent=FLAT, residents=residents)
        if kwh is not None:
            made.meter(place + 1, FLAT + place, month_of(kwh))
    return made


def test_rooms_without_meters_share_by_residents() -> None:
    assert communal((2, None), (1, None), (3, None)).lines() == [
        (10, SHARE, 100, 420.00),
        (20, SHARE, 50, 210.00),
        (30, SHARE, 150, 630.00),
    ]


def test_all_rooms_metered() -> None:
    lines = communal((2, 80), (1, 60), (3, 100)).lines()
    assert lines[:2] == [(10, METERED, 80, 336.00), (10, SHARE, 20, 84.00)]
    assert amounts(lines) == {10: 420.00, 20: 294.00, 30: 546.00}


def test_one_metered_room_counts_only_by_agreement() -> None:
    without = communal((2, 80), (1, None), (3, None)).lines()
    assert without == [(10, SHARE, 100, 420.00), (20, SHARE, 50, 210.00), (30, SHARE, 150, 630.00)]
    # 300 − 80 = 220 kWh by 2 : 1 : 3
    agreed = communal((2, 80), (1, None), (3, None), agreed=True).lines()
    assert [(account, kwh) for account, _, kwh, _ in agreed] == [
        (10, 80), (10, 73.333), (20, 36.667), (30, 110),
    ]  # fmt: skip


def test_rooms_that_used_more_than_their_flat() -> None:
    assert communal((2, 200), (1, 150), flat_kwh=300).lines() == [
        (10, METERED, 200, 840.00),
        (20, METERED, 150, 630.00),
    ]


def test_rooms_without_a_meter_above_them_stand_alone() -> None:
    assert communal((2, 80), (1, None), flat_kwh=None).lines() == [
        (10, METERED, 80, 336.00),
        (20, NORM, 96, 403.20),
    ]


def test_sections() -> None:
    made = shard().flat(FLAT, None).meter(1, FLAT, month_of(1000))
    made.flat(200, None, kind=SECTION, parent=FLAT, root=FLAT, terms=False).meter(2, 200, month_of(500))
    made.flat(300, None, kind=SECTION, parent=FLAT, root=FLAT, terms=False).meter(3, 300, month_of(300))
    made.flat(201, 21, kind=ROOM, parent=200, root=FLAT, residents=2).meter(4, 201, month_of(60))
    made.flat(202, 22, kind=ROOM, parent=200, root=FLAT, residents=10).meter(5, 202, month_of(320))
    made.flat(301, 31, kind=ROOM, parent=300, root=FLAT, residents=8).meter(6, 301, month_of(250))
    kwh: dict[int, float] = {}
    for account, _, quantity, _ in made.lines():
        kwh[account] = kwh.get(account, 0) + quantity
    # the room of the dossier: 60 + 120·2/12 + 120·2/12; all of it is the floor's 1 000
    assert kwh == {21: 100, 22: 520, 31: 380}


def test_a_problem_in_a_room_holds_the_flat() -> None:
    made = communal((2, 80), (1, 60))
    made.flat(150, 50, kind=ROOM, parent=FLAT).meter(9, 150, [("2026-09-20", 500), ("2026-10-20", 400)])
    found = made.rated()
    assert found.lines.is_empty()
    assert set(found.exceptions["account_id"]) == {10, 20, 50}


@pytest.mark.parametrize(
    ("shares", "kopecks"),
    [
        (("1/3", "1/3", "1/3"), [33334, 33333, 33333]),
        (("1/2", "1/4", "1/4"), [50000, 25000, 25000]),
        (("1/7", "2/7", "4/7"), [14285, 28571, 57144]),
    ],
)
def test_co_owners(shares: tuple[str, ...], kopecks: list[int]) -> None:
    made = Shard(OCTOBER).price(4.00)
    for place, share in enumerate(shares, start=1):
        made.flat(1, 10 * place, share=share, terms=place == 1)
    found = made.meter(1, 1, month_of(250)).rated()
    assert found.exceptions.is_empty()
    assert found.lines["amount_minor"].to_list() == kopecks
    assert found.lines["quantity_wh"].sum() == 250_000


def test_shares_that_do_not_add_up() -> None:
    found = (
        shard()
        .flat(1, 10, share="1/3")
        .flat(1, 20, share="1/3", terms=False)
        .meter(1, 1, month_of(250))
        .rated()
    )
    assert found.lines.is_empty()
    assert sorted(found.exceptions.select("account_id", "code").rows()) == [
        (10, "shares_do_not_add_up"),
        (20, "shares_do_not_add_up"),
    ]


def test_absence() -> None:
    # the dossier: 30 days, one of two away 10 full days: 120 − 20 kWh
    november = Shard(Month(2026, 11)).price(4.20).flat(1, 10).away(1, "2026-11-04", "2026-11-15")
    assert november.lines() == [(10, NORM, 120, 504.00), (10, ABSENCE, -20, -84.00)]


def test_five_days_are_not_an_absence() -> None:
    november = Shard(Month(2026, 11)).price(4.20).flat(1, 10).away(1, "2026-11-04", "2026-11-10")
    assert november.lines() == [(10, NORM, 120, 504.00)]


def test_nothing_back_where_a_meter_could_be() -> None:
    assert shard().flat(1, 10, cause=1).away(1, "2026-10-04", "2026-10-30").lines() == [
        (10, NORM, 120, 504.00)
    ]


def test_refused_access() -> None:
    lines = shard().flat(1, 10, cause=2).meter(1, 1, month_of(500)).lines()
    assert lines == [(10, NORM, 120, 504.00), (10, UPLIFT, 60, 252.00)]


def test_tampering_for_a_part_of_the_month() -> None:
    # 21 of 31 days by the meter, 10 by norm × 10
    made = shard().flat(1, 10, until="2026-10-22").flat(1, 10, since="2026-10-22", cause=3)
    lines = made.meter(1, 1, month_of(310)).lines()
    assert lines == [
        (10, METERED, 210, 882.00),
        (10, NORM, 38.710, 162.58),
        (10, UPLIFT, 348.387, 1463.23),
    ]


def test_unauthorised_connection_of_known_power() -> None:
    # the dossier: 0,75 kW · 24 · 31 days
    made = shard().flat(1, 10).meter(1, 1, month_of(100)).past_the_meter(1, 750, "2026-10-01", "2026-11-01")
    assert made.lines() == [(10, METERED, 100, 420.00), (10, UNAUTHORISED, 558, 2343.60)]


def test_ranges() -> None:
    made = Shard(OCTOBER, banding=1).price(5).price(7, band=2).price(11, band=3)
    lines = made.flat(1, 10).meter(1, 1, month_of(6500)).lines()
    assert [(kwh, roubles) for _, _, kwh, roubles in lines] == [(3900, 19500), (2100, 14700), (500, 5500)]
    assert amounts(lines) == {10: 39_700.00}


def test_ranges_of_zones() -> None:
    made = Shard(OCTOBER, banding=1)
    for zone in (21, 22):
        made.price(5, zone=zone).price(7, zone=zone, band=2).price(11, zone=zone, band=3)
    made.flat(1, 10).meter(1, 1, month_of(3000), zone=21).meter(2, 1, month_of(2200), zone=22)
    assert [kwh for _, _, kwh, _ in made.lines()] == [2250, 750, 1650, 550]


def test_ranges_of_a_part_of_the_month() -> None:
    made = Shard(OCTOBER, banding=1).price(5).price(7, band=2).price(11, band=3)
    made.flat(1, 10, since="2026-10-22").meter(
        1, 1, [("2026-10-22", 0, 7), ("2026-10-30", 2000)], since="2026-10-22"
    )
    assert [kwh for _, _, kwh, _ in made.lines()] == [1258.065, 677.419, 64.516]


def test_social_norm() -> None:
    made = Shard(OCTOBER, banding=2).price(2).price(4, band=2)
    made.flat(1, 10, residents=3).meter(1, 1, month_of(400)).flat(2, 20, residents=1).meter(
        2, 2, month_of(100)
    )
    assert made.lines() == [
        (10, METERED, 225, 450.00),
        (10, METERED, 175, 700.00),
        (20, METERED, 100, 200.00),
    ]


def test_a_band_without_price_is_told() -> None:
    found = Shard(OCTOBER, banding=1).price(5).flat(1, 10).meter(1, 1, month_of(5000)).rated()
    assert found.exceptions["code"].to_list() == ["no_price"]
    assert found.lines.is_empty()


def test_agreed_volume_of_a_shop() -> None:
    lines = (
        shard()
        .flat(1, 10, kind=NONLIVING, agreed_kwh=310)
        .flat(2, 20, kind=NONLIVING, until="2026-10-11", agreed_kwh=310)
        .lines()
    )
    assert lines == [(10, AGREED, 310, 1302.00), (20, AGREED, 100, 420.00)]


def test_a_shop_without_meter_and_agreement() -> None:
    found = shard().flat(1, 10, kind=NONLIVING).rated()
    assert found.exceptions["code"].to_list() == ["nonliving_without_meter"]


def test_spread_of_one_flat_is_told() -> None:
    found = shard().flat(1, 10).meter(1, 1, [("2026-08-20", 0), ("2026-10-20", 610)]).rated()
    assert told(found) == [(10, SPREAD, 310, 1302.00)]


def test_zones_of_a_communal_flat_are_shared_zone_by_zone() -> None:
    made = Shard(OCTOBER).price(5, zone=21).price(2, zone=22)
    made.flat(FLAT, None).meter(1, FLAT, month_of(300), zone=21).meter(2, FLAT, month_of(100), zone=22)
    for place, (residents, day, night) in enumerate(((1, 60, 40), (3, 80, 40)), start=1):
        made.flat(FLAT + place, 10 * place, kind=ROOM, parent=FLAT, residents=residents)
        made.meter(place * 10, FLAT + place, month_of(day), zone=21)
        made.meter(place * 10 + 1, FLAT + place, month_of(night), zone=22)
    # left by day 160, by night 20
    shares = [(account, kwh) for account, rule, kwh, _ in made.lines() if rule == SHARE]
    assert shares == [(10, 40), (10, 5), (20, 120), (20, 15)]


def test_single_rate_rooms_behind_a_flat_of_two_zones() -> None:
    made = Shard(OCTOBER).price(4).price(5, zone=21).price(2, zone=22)
    made.flat(FLAT, None).meter(1, FLAT, month_of(300), zone=21).meter(2, FLAT, month_of(100), zone=22)
    made.flat(FLAT + 1, 10, kind=ROOM, parent=FLAT).meter(3, FLAT + 1, month_of(360))
    assert made.lines() == [(10, METERED, 360, 1440), (10, SHARE, 30, 150), (10, SHARE, 10, 20)]


def test_an_increase_of_the_norm_follows_its_bands() -> None:
    # norm 2 × 60 = 120 kWh, social norm of one who lives alone aside: 150 kWh; three people 138 of 225
    made = Shard(OCTOBER, banding=1).price(5).price(7, band=2)
    lines = made.flat(1, 10, cause=2).lines()
    assert [(rule, kwh, roubles) for _, rule, kwh, roubles in lines] == [(NORM, 120, 600), (UPLIFT, 60, 300)]
    above = Shard(OCTOBER, banding=2).price(5).price(7, band=2)
    lines = above.flat(1, 10, residents=1, rooms=1, cause=2).lines()
    norm = sum(kwh for _, rule, kwh, _ in lines if rule == NORM)
    assert norm > 0
    by_rule = {rule: [kwh for _, one, kwh, _ in lines if one == rule] for rule in (NORM, UPLIFT)}
    assert [kwh / 2 for kwh in by_rule[NORM]] == pytest.approx(by_rule[UPLIFT], abs=0.001)


def test_a_communal_flat_whose_meter_fell_silent() -> None:
    made = communal((2, None), (1, 60), flat_kwh=None).meter(
        90, FLAT, [("2026-08-20", 0), ("2026-09-20", 50)]
    )
    assert made.lines() == [(10, NORM, 120, 504.00), (20, METERED, 60, 252.00)]


def test_the_norm_of_more_rooms_and_of_none() -> None:
    of_rooms = {rooms: shard().flat(1, 10, rooms=rooms).lines()[0][2] for rooms in (0, 1, 2, 9)}
    assert of_rooms[0] == of_rooms[1]
    assert of_rooms[9] > 0


def test_a_part_without_a_meter_hands_on_what_comes_from_above() -> None:
    made = shard().flat(FLAT, None).meter(1, FLAT, month_of(300))
    made.flat(200, None, kind=SECTION, parent=FLAT, root=FLAT, terms=False)
    made.flat(201, 21, kind=ROOM, parent=200, root=FLAT, residents=2)
    made.flat(102, 12, kind=ROOM, parent=FLAT, residents=1)
    assert made.lines() == [(12, SHARE, 100, 420.00), (21, SHARE, 200, 840.00)]
