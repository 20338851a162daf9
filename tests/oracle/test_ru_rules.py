"""A month of random buildings: every line of the pack against a second calculator in fractions."""

import pytest
from tests.oracle import pack_month, random_buildings
from tests.oracle import ru_month as oracle

from abonent.engine.parameters import ParameterSet
from abonent.usecases import packs

BUILDINGS_OF_A_MONTH = 100


@pytest.fixture(scope="module")
def parameters() -> ParameterSet:
    return packs.pack_parameters("ru")


@pytest.mark.parametrize("later", [0, 2], ids=["at once", "two months later"])
@pytest.mark.parametrize("number", range(len(random_buildings.MONTHS)))
def test_a_month_is_rated_as_the_second_calculator_does(
    parameters: ParameterSet, number: int, later: int
) -> None:
    month = random_buildings.month(number)
    law = pack_month.law_of(parameters, month)
    known_until = random_buildings.known_until(month, later)
    prices = random_buildings.Builder(number + 1, month).prices()
    seeds = range(1000 * (number + 1), 1000 * (number + 1) + BUILDINGS_OF_A_MONTH)
    expected, buildings = {}, {}
    for seed in seeds:
        try:
            drawn = random_buildings.building(seed, month, law, prices=prices)
            expected[seed] = oracle.bill(drawn, law, known_until)
        except oracle.Unknown:
            continue
        buildings[seed] = drawn
    assert len(buildings) > BUILDINGS_OF_A_MONTH / 2
    rated = pack_month.rate(buildings, prices, parameters, known_until)
    parked = {seed for seed, bill in expected.items() if bill.parked}
    assert set(rated.exceptions["building_id"]) == parked, rated.exceptions
    lines = pack_month.lines_by_pack(rated)
    for seed, bill in expected.items():
        assert lines.get(seed, {}) == pack_month.lines_by_oracle(bill), f"building {seed} of {month}"
    balances = {row["building_id"]: row for row in rated.building_balances.iter_rows(named=True)}
    for seed, bill in expected.items():
        if bill.balance is not None:
            assert {name: balances[seed][name] for name in bill.balance} == bill.balance, seed
