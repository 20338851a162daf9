"""What must hold of the pack whatever the figures: shares and months add up, the order of rating changes nothing."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.oracle import pack_month, random_buildings
from tests.oracle import ru_month as oracle
from tests.oracle.random_buildings import ALWAYS, GROUPS, Builder
from tests.oracle.random_metering import LONG_AGO
from tests.oracle.ru_month.arithmetic import Span, next_month
from tests.oracle.ru_month.town import (
    METERED,
    NOBODY,
    SPREAD,
    Building,
    Payer,
    Premise,
    Price,
    Register,
    Terms,
)

from abonent.engine import frames
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import packs

JUNE = oracle.month_of(2026, 6)
MONTHS = [oracle.month_of(2026, month) for month in range(2, 8)]
FLATS = 80


@pytest.fixture(scope="module")
def parameters() -> ParameterSet:
    return packs.pack_parameters("ru")


def town(month: Span, premises: list[Premise], prices: list[Price]) -> Building:
    return Building(month, premises, prices, GROUPS, [], 0, 0, 1, NOBODY, excess_to_consumers=False)


def register(id: int, taken: dict[date, int], ratio: int = 1) -> Register:
    return Register(id, 1, 6, ratio, ALWAYS, {day: (wh, 1) for day, wh in taken.items()})


def plain_terms(residents: int = 2) -> Terms:
    return Terms(ALWAYS, 1, 5000, 2, residents)


owners = st.lists(st.integers(1, 40), min_size=1, max_size=8).map(
    lambda parts: [Fraction(part, sum(parts)) for part in parts]
)


@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(
    shares=owners,
    used_wh=st.integers(0, 2_000_000),
    residents=st.integers(1, 7),
    price_e5=st.integers(1, 10**6),
)
def test_owners_pay_together_what_one_would_pay_alone(
    parameters: ParameterSet, shares: list[Fraction], used_wh: int, residents: int, price_e5: int
) -> None:
    prices = [Price(1, 1, 1, price_e5, ALWAYS)]
    meter = register(1, {date(2026, 5, 25): 0, date(2026, 6, 25): used_wh})
    several = [Payer(100 + number, ALWAYS, share) for number, share in enumerate(shares)]
    flats = [
        Premise(1, [Payer(50, ALWAYS)], [plain_terms()], [meter]),
        Premise(2, several, [plain_terms()], [replace(meter, id=2)]),
        Premise(3, [Payer(60, ALWAYS)], [plain_terms(residents)], []),
        Premise(
            4,
            [replace(payer, account=payer.account + 100) for payer in several],
            [plain_terms(residents)],
            [],
        ),
    ]
    lines = pack_month.lines_by_pack(pack_month.rate({7: town(JUNE, flats, prices)}, prices, parameters))
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for (account, *_), rows in lines.get(7, {}).items():
        for quantity_wh, amount_minor in rows:
            group = account if account < 100 else account // 100 * 100
            found[group][0] += quantity_wh
            found[group][1] += amount_minor
    assert found[50] == found[100]
    assert found[60] == found[200]


gaps = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 28), st.integers(0, 400_000)), min_size=2, max_size=6
)


@settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(rows=gaps, ratio=st.sampled_from([1, 20]))
def test_the_months_of_gaps_add_up_to_the_difference_of_the_readings(
    parameters: ParameterSet, rows: list[tuple[int, int, int]], ratio: int
) -> None:
    taken: dict[date, int] = {}
    face_wh = 0
    for month, day in sorted({(month, day) for month, day, _ in rows}):
        face_wh += next(wh for *at, wh in rows if at == [month, day])
        taken[MONTHS[month][0].replace(day=day)] = face_wh
    first, last = min(taken), max(taken)
    prices = [Price(1, 1, 1, 420_000, ALWAYS)]
    flats = [Premise(1, [Payer(50, ALWAYS)], [plain_terms()], [register(1, taken, ratio)])]
    found = 0
    for month in MONTHS:
        if first < month[0] <= last:
            building = town(month, flats, prices)
            lines = pack_month.lines_by_pack(
                pack_month.rate({7: building}, prices, parameters, MONTHS[-1][1])
            )
            found += sum(
                wh
                for (_, rule, *_), rows in lines.get(7, {}).items()
                for wh, _ in rows
                if rule in (METERED, SPREAD)
            )
    closing_of_first = taken[max(day for day in taken if day < next_month(first))]
    assert found == (taken[last] - closing_of_first) * ratio


def flats_read_now_and_then() -> list[Premise]:
    """Flats whose meters are read in some of the months, replaced, handed over or silent."""
    some = Builder(77, MONTHS[3])
    found = []
    for number in range(FLATS):
        zones = [1] if some.whole(0, 2) else [21, 22]
        kind = str(some.choice("read", "silent", "gap", "gap", "replaced", "installed", "removed", "none"))
        registers = some.metering(kind, zones)
        if kind in ("read", "gap"):
            kept = Random(number)
            registers = [
                replace(
                    one,
                    readings={
                        day: reading
                        for day, reading in one.readings.items()
                        if day < MONTHS[0][0] or kept.random() < 0.6
                    },
                )
                for one in registers[:1]
            ]
        payers = [Payer(1000 + number, (LONG_AGO, ALWAYS[1]))]
        terms = [some.terms(span, groups=False) for span in some.spans()]
        found.append(Premise(number + 1, payers, terms, registers))
    return found


def individual_lines(
    flats: list[Premise], prices: list[Price], parameters: ParameterSet, month: Span, known_until: date
) -> tuple[dict[int, list[tuple[object, ...]]], list[tuple[int, int]], set[int]]:
    """Return the lines of a month by premise, what it reopened (premise, first month), and who was set aside."""
    rated = pack_month.rate({7: town(month, flats, prices)}, prices, parameters, known_until)
    lines: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    for (account, *key), rows in pack_month.lines_by_pack(rated).get(7, {}).items():
        lines[account - 999].append((*key, *rows))
    reopened = [(row["premise_id"], row["from_month"]) for row in rated.reopened.iter_rows(named=True)]
    return (
        {premise: sorted(rows, key=str) for premise, rows in lines.items()},
        reopened,
        {account - 999 for account in rated.exceptions["account_id"]},
    )


def test_billing_month_by_month_comes_to_what_all_is_known_at_once_comes_to(parameters: ParameterSet) -> None:
    prices = Builder(3, MONTHS[0]).prices()
    prices = [replace(price, span=ALWAYS) for price in prices if price.span[1] == ALWAYS[1]]
    flats = flats_read_now_and_then()
    standing: dict[Span, dict[int, list[tuple[object, ...]]]] = {}
    held: set[int] = set()
    rated_again = 0
    for booked in MONTHS:
        lines, reopened, parked = individual_lines(flats, prices, parameters, booked, booked[1])
        standing[booked] = lines
        held |= parked
        first_again = {premise: date(month // 100, month % 100, 1) for premise, month in reopened}
        for month in MONTHS:
            again = [flat for flat in flats if first_again.get(flat.id, booked[0]) <= month[0] < booked[0]]
            if again:
                lines, _, parked = individual_lines(again, prices, parameters, month, booked[1])
                held |= parked
                rated_again += len(again)
                for flat in again:
                    standing[month][flat.id] = lines.get(flat.id, [])
    for month in reversed(MONTHS):
        at_once, _, parked = individual_lines(flats, prices, parameters, month, MONTHS[-1][1])
        held |= parked
        for flat in flats:
            if flat.id not in held:
                assert standing[month].get(flat.id, []) == at_once.get(flat.id, []), (flat, month[0])
    assert rated_again > FLATS / 2
    assert len(held) < FLATS / 4


def test_the_order_of_rows_changes_nothing(parameters: ParameterSet) -> None:
    """Ties are broken by what the rows say: a month that is rated again must not move a watt-hour."""
    month = random_buildings.month(0)
    law, prices = pack_month.law_of(parameters, month), Builder(1, month).prices()
    known_until = random_buildings.known_until(month, 1)
    buildings = {}
    for seed in range(1200, 1260):
        with suppress(oracle.Unknown):
            buildings[seed] = random_buildings.building(seed, month, law, prices=prices)
    inputs = pack_month.inputs_of(buildings, prices, known_until)
    rated = packs.pack("ru").rate(inputs, parameters, Month.of(month[0]))
    for seed in (7, 207, 1, 2, 3, 4):
        shuffled = frames.Inputs(
            **{
                one.name: getattr(inputs, one.name).sample(fraction=1, shuffle=True, seed=seed)
                for one in fields(frames.Inputs)
            }
        )
        again = packs.pack("ru").rate(shuffled, parameters, Month.of(month[0]))
        assert pack_month.lines_by_pack(again) == pack_month.lines_by_pack(rated)
