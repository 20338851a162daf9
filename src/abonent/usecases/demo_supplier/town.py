"""The plan of the sample town: its branches, streets and buildings, drawn from a seed; no people yet."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from abonent.kernel.identifiers import account_number
from abonent.kernel.periods import Month
from abonent.usecases.demo_supplier import names
from abonent.usecases.demo_supplier.cases import (
    ACCOUNTS_OF,
    APARTMENT_CASES,
    COMMUNAL_CASES,
    EXECUTOR_CASES,
    FLATS_OF_A_CASE,
    HOUSE_CASES,
    HOUSING_BASES,
    UNITS_OF,
    BuildingCase,
    UnitCase,
)

FEWEST_ACCOUNTS, MOST_ACCOUNTS = 1_000, 10_000_000
FIRST_SERIAL = 500_000_001  # of the account with id 1
ACCOUNT_DIGITS = 10
APARTMENT, PRIVATE = 1, 2
# ids of the tariff groups
URBAN, URBAN_ELECTRIC, RURAL, GARDEN, HEATED, SOCIAL_NORM = range(1, 7)
BY_CONSUMERS, BY_EXECUTOR, AS_HOUSING = 1, 2, 3

_ACCOUNTS_OF_A_BRANCH = 250_000
_ACCOUNTS_OF_A_DISTRICT = 25_000
_HOUSES_OF_A_VILLAGE = 2_500
_BUILDINGS_OF_A_STREET = 10
_HOUSES_OF_A_STREET = 45
_SHARE_OF_HOUSES = 0.2
# floors, entrances, flats on a floor
_PROJECTS = [
    (floors, entrances, flats)
    for floors in (4, 5, 9, 10, 12, 16)
    for entrances in range(1, 9)
    for flats in (3, 4, 6)
    if 40 <= floors * entrances * flats <= 250
]


@dataclass(frozen=True)
class Sample:
    """Which sample supplier: the same figures give the same one, to the last reading."""

    accounts: int
    seed: int
    months: int
    period: Month

    @property
    def opening(self) -> Month:
        """The month of the first readings, before the history that can be billed."""
        return self.period.shift(-self.months - 1)

    def generator(self, *place: int) -> np.random.Generator:
        """Return the generator of one part of the town: it does not depend on what was drawn elsewhere."""
        return np.random.default_rng([self.seed, self.accounts, *place])


@dataclass(frozen=True)
class Town:
    """Frames with the columns of their tables; `buildings` has a few more, from which all the rest is drawn."""

    sample: Sample
    branches: int
    districts: pl.DataFrame
    streets: pl.DataFrame
    buildings: pl.DataFrame

    def chunks(self, *, accounts: int) -> Iterator[pl.DataFrame]:
        """Yield the buildings in order, whole ones, about so many accounts at a time."""
        parts = self.buildings.with_columns(part=pl.col("first_account") // accounts)
        for (_,), part in parts.group_by(["part"], maintain_order=True):
            yield part.drop("part")


@dataclass(frozen=True)
class SpecialCase:
    """Where a case is to be seen; `account` is empty for a building."""

    case: BuildingCase | UnitCase
    address: str
    account: str = ""


def plan(sample: Sample) -> Town:
    """Draw the town. Raises ValueError for a size it cannot have."""
    if not FEWEST_ACCOUNTS <= sample.accounts <= MOST_ACCOUNTS:
        raise ValueError(f"a sample supplier has {FEWEST_ACCOUNTS} to {MOST_ACCOUNTS} accounts")
    apartments = _apartments(sample)
    houses = apartments.clear(sample.accounts - int(apartments["flats"].sum())).with_columns(
        floors=pl.lit(1, pl.Int64), flats=pl.lit(1, pl.Int64), case=pl.lit(0, pl.Int64)
    )
    branches = max(1, round(sample.accounts / _ACCOUNTS_OF_A_BRANCH))
    districts, streets, placed = _place(sample, branches, apartments, houses)
    return Town(sample, branches, districts, streets, _furnish(sample, placed))


def special_cases(town: Town) -> list[SpecialCase]:
    """Return where each case is to be seen, with the address as the office writes it; a row for each account of it."""
    found = []
    remarkable = town.buildings.filter(pl.col("case") > 0).join(
        town.streets.select(street_id="id", street_kind="kind", street="name"), on="street_id", how="left"
    )
    for row in remarkable.iter_rows(named=True):
        case = BuildingCase(row["case"])
        address = f"{row['street_kind']} {row['street']}, д. {row['number']}"
        if case in HOUSE_CASES:
            found.append(SpecialCase(case, address, account_of(row["first_account"])))
        elif case in EXECUTOR_CASES:
            found.append(SpecialCase(case, address, account_of(row["first_account"] + row["flats"] - 1)))
        elif case not in UNITS_OF or case == BuildingCase.HEATING_METER:
            found.append(SpecialCase(case, address))
        found += _units(case, address, row["first_account"])
    return found


def _units(case: BuildingCase, address: str, first_account: int) -> Iterator[SpecialCase]:
    flat, account = 1, first_account
    for unit in UNITS_OF.get(case, ()):
        for turn in range(ACCOUNTS_OF.get(unit, 1)):
            number = f"{flat}/{turn + 1}" if unit in COMMUNAL_CASES else str(flat)
            if unit == UnitCase.SHOP_BY_AGREEMENT:
                number = "1Н"
            yield SpecialCase(unit, f"{address}, кв. {number}", account_of(account))
            account += 1
        flat += unit != UnitCase.SHOP_BY_AGREEMENT


def account_of(place: int) -> str:
    """Return the number of the account so many accounts after the first."""
    return account_number(FIRST_SERIAL + place, digits=ACCOUNT_DIGITS)


def _apartments(sample: Sample) -> pl.DataFrame:
    """Draw apartment buildings: floors, flats, case. What is left over of the accounts lives in houses."""
    draw = sample.generator(1)
    wanted = round(sample.accounts * (1 - _SHARE_OF_HOUSES))
    special = len(APARTMENT_CASES)
    most = special + max(0, wanted - special * FLATS_OF_A_CASE) // 40 + 1
    floors, entrances, flats = np.array(_PROJECTS)[draw.integers(len(_PROJECTS), size=most)].T
    flats = floors * entrances * flats
    floors[:special], flats[:special] = 5, FLATS_OF_A_CASE
    case = np.zeros(most, int)
    case[:special] = APARTMENT_CASES
    count = int(np.searchsorted(np.cumsum(flats), wanted, side="right"))
    return pl.DataFrame({"floors": floors[:count], "flats": flats[:count], "case": case[:count]})


def _place(
    sample: Sample, branches: int, apartments: pl.DataFrame, houses: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Put the buildings into branches, districts and streets, whose ids rise in that order.

    A branch is a town, where half of its houses stand behind the apartment buildings, with villages around it.
    """
    draw = sample.generator(2)
    districts: list[tuple[int, int, str]] = []
    streets: list[tuple[int, int, str, str]] = []
    placed: list[pl.DataFrame] = []
    for branch in range(branches):
        blocks = _part(apartments, branches, branch)
        homes = _part(houses, branches, branch)
        in_villages = homes.head(homes.height // 2)
        in_town = homes.head(homes.height - in_villages.height)
        towns = max(2, round(int(blocks["flats"].sum()) / _ACCOUNTS_OF_A_DISTRICT))
        villages = max(1, round(in_villages.height / _HOUSES_OF_A_VILLAGE))
        parts = [(f"{_nth(names.DISTRICTS, place)} район", False, place) for place in range(towns)]
        parts += [(f"с. {_nth(names.VILLAGES, place)}", True, place) for place in range(villages)]
        for name, rural, place in parts:
            districts.append((len(districts) + 1, branch + 1, name))
            here = [
                (PRIVATE, _part(in_villages, villages, place), _HOUSES_OF_A_STREET),
            ]
            if not rural:
                here = [
                    (APARTMENT, _part(blocks, towns, place), _BUILDINGS_OF_A_STREET),
                    (PRIVATE, _part(in_town, towns, place), _HOUSES_OF_A_STREET),
                ]
            names_left = iter(draw.permutation(len(names.STREETS)))
            for kind, buildings, on_a_street in here:
                street = np.arange(buildings.height) // on_a_street + len(streets) + 1
                placed.append(
                    buildings.with_columns(
                        kind=pl.lit(kind), branch_id=pl.lit(branch + 1), rural=pl.lit(rural), street_id=street
                    )
                )
                for id in np.unique(street):
                    streets.append((int(id), len(districts), *names.STREETS[next(names_left)]))
    return (
        pl.DataFrame(districts, schema=["id", "branch_id", "name"], orient="row"),
        pl.DataFrame(streets, schema=["id", "district_id", "kind", "name"], orient="row"),
        pl.concat(placed),
    )


def _part(frame: pl.DataFrame, parts: int, place: int) -> pl.DataFrame:
    """Return one of `parts` pieces of nearly the same length."""
    start = frame.height * place // parts
    return frame.slice(start, frame.height * (place + 1) // parts - start)


def _nth(of: list[str], place: int) -> str:
    again = place // len(of)
    return of[place % len(of)] + (f"-{again + 1}" if again else "")


def _furnish(sample: Sample, placed: pl.DataFrame) -> pl.DataFrame:
    """Draw what a building's passport and its building meter are made of."""
    draw = sample.generator(3)
    rows = placed.height
    case, floors = placed["case"].to_numpy().copy(), placed["floors"].to_numpy()
    block, rural = placed["kind"].to_numpy() == APARTMENT, placed["rural"].to_numpy()
    case[np.flatnonzero(~block)[: len(HOUSE_CASES)]] = HOUSE_CASES

    def chance(share: float) -> np.ndarray:
        return draw.random(rows) < share

    plain = case == BuildingCase.NONE
    electric = np.where(block, (floors >= 10) | chance(0.25), chance(0.12))
    group = np.where(rural, RURAL, np.where(electric & plain, URBAN_ELECTRIC, URBAN))
    # together five accounts in a hundred
    group[plain & ~block & ~rural & chance(0.3)] = HEATED
    group[plain & block & chance(0.025)] = SOCIAL_NORM
    for house, of_house in zip(HOUSE_CASES, (GARDEN, HEATED, SOCIAL_NORM), strict=True):
        group[case == house] = of_house
    without_meter = (BuildingCase.NO_METER, BuildingCase.EXECUTOR_WITHOUT_METER)
    metered = block & np.where(plain, chance(0.85), ~np.isin(case, without_meter))
    zones = np.where(plain, draw.choice([1, 2, 3], rows, p=[0.86, 0.11, 0.03]), 1)
    zones[case == BuildingCase.THREE_ZONES] = 3
    ratio = draw.choice([20, 30, 40, 60], rows)
    ratio[case == BuildingCase.LARGE_RATIO] = 60
    # 1 and 4 for low buildings, 3 for those with lifts: parameter ru.electricity.common_norms
    norm_category = np.where(floors > 5, 3, 4)
    norm_category[case == BuildingCase.ABOVE_NORM] = 1
    needs = np.where(
        plain, draw.choice([BY_CONSUMERS, BY_EXECUTOR, AS_HOUSING], rows, p=[0.75, 0.2, 0.05]), 1
    )
    needs[np.isin(case, (BuildingCase.EXECUTOR_DEFICIT, BuildingCase.EXECUTOR_WITHOUT_METER))] = BY_EXECUTOR
    basis = np.where(plain & (needs == AS_HOUSING), draw.choice([1, 2, 3], rows, p=[0.2, 0.4, 0.4]), 1)
    for housing, of_housing in HOUSING_BASES.items():
        needs[case == housing], basis[case == housing] = AS_HOUSING, of_housing
    shops = np.where(block & (plain & chance(0.4) | ~plain & (case % 2 == 1)), draw.integers(1, 5, rows), 0)
    step = draw.choice([1, 2], rows, p=[0.85, 0.15])
    corner = draw.choice(["", "А", "Б", "/1"], rows, p=[0.9, 0.06, 0.02, 0.02])
    rows_drawn = placed.with_columns(step=step, corner=corner)
    return rows_drawn.with_columns(
        id=np.arange(1, rows + 1),
        case=case,
        number=pl.col("step").cum_sum().over("street_id").cast(pl.String) + pl.col("corner"),
        shops=shops,
        agreed_shop=plain & (shops > 0) & chance(0.1),
        heating=block & (plain & chance(0.01) | (case == BuildingCase.HEATING_METER)),
        executor=block & (plain & (needs == BY_EXECUTOR) | np.isin(case, EXECUTOR_CASES)),
        # in some months the flats of such a building add up to more than its meter counts
        in_deficit=plain & (needs == BY_EXECUTOR) & chance(0.15) | (case == BuildingCase.EXECUTOR_DEFICIT),
        tariff_group_id=group,
        metered=metered,
        zones=zones,
        ratio=ratio,
        common_needs=np.where(block, needs, 0),
        common_basis=basis,
        common_norm_category=norm_category,
        excess_to_consumers=plain & chance(0.03),
        first_account=placed["flats"].cum_sum() - placed["flats"],
    ).drop("step", "corner")
