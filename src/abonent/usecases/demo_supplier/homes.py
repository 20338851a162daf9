"""Who lives in some of the buildings: premises, people, accounts, and what is known of each from the beginning."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from abonent.gateways.bulk_load import Column
from abonent.usecases.demo_supplier import people
from abonent.usecases.demo_supplier.cases import BuildingCase, UnitCase
from abonent.usecases.demo_supplier.layout import (
    AGREED,
    ALL_METERED,
    COMMON,
    COMMUNAL,
    FLAT,
    ROOM,
    SHOP,
    WHOLE,
    Layout,
    lay_out,
)
from abonent.usecases.demo_supplier.town import (
    ACCOUNT_DIGITS,
    APARTMENT,
    BY_EXECUTOR,
    FIRST_SERIAL,
    URBAN_ELECTRIC,
    Sample,
)

# A table and what goes into it.
Rows = tuple[str, pl.DataFrame | dict[str, Column]]

# flat, shop, whole building, room, communal flat, section, common property, heating: as `places` numbers them
_PREMISE_KINDS = np.array([1, 2, 0, 6, 1, 5, 3, 4])
_ROOM_AREAS_M2 = np.array([[0, 0], [29, 38], [42, 56], [57, 76], [74, 95], [90, 130], [110, 180]])
_NO_METER, _REFUSED = 1, 2
_DAY = np.timedelta64(1, "D")
_FLATS_OF_A_LANDING = 4
_ALWAYS = np.datetime64("2000-01-01", "D")
_FIRST_ACCOUNTS = np.datetime64("2006-01-01", "D")
# people by the case
_RESIDENTS = {
    UnitCase.RESIDENTS_CHANGED: 2,
    UnitCase.NO_METER: 3,
    UnitCase.ADMISSION_REFUSED: 3,
    UnitCase.ABSENT: 3,
    UnitCase.TAMPERING: 2,
    UnitCase.UNAUTHORISED_UNKNOWN: 1,
    UnitCase.BENEFITS: 3,
    UnitCase.LISTED: 3,
}


class Ids:
    """Gives ids that follow each other, table by table."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def take(self, table: str, count: int) -> np.ndarray:
        last = self._last.get(table, 0)
        self._last[table] = last + count
        return np.arange(last + 1, last + count + 1)


@dataclass(frozen=True)
class Homes:
    """What the energy of some buildings is used in, row by row in the order of the buildings.

    A row (unit) is a premise, or the building as a whole where it has a meter: see `Layout`. `premise_id` is 0 for
    the whole; `since` is the day its first account began; `uplift` is a cause known from the beginning.
    """

    buildings: pl.DataFrame
    layout: Layout
    premise_id: np.ndarray
    rooms: np.ndarray
    area: np.ndarray
    residents: np.ndarray
    owners: np.ndarray
    metered: np.ndarray
    uplift: np.ndarray
    since: np.ndarray
    agreed_kwh: np.ndarray
    common_area_dm2: np.ndarray
    accounts: pl.DataFrame  # id, number, payer and address in the order of the accounts

    @property
    def kind(self) -> np.ndarray:
        return self.layout.kind

    @property
    def case(self) -> np.ndarray:
        return self.layout.case

    @property
    def building(self) -> np.ndarray:
        return self.layout.building

    def of(self, column: str) -> np.ndarray:
        """Spread a column of the buildings over the units."""
        return self.buildings[column].to_numpy()[self.layout.building]

    @property
    def ordinary(self) -> np.ndarray:
        """Flats of one household in buildings where nothing is remarkable."""
        alone = np.isnat(self.layout.handover_on)
        return (self.kind == FLAT) & alone & (self.of("case") == BuildingCase.NONE)


def settle(
    sample: Sample, draw: np.random.Generator, buildings: pl.DataFrame, streets: pl.DataFrame, ids: Ids
) -> tuple[Homes, list[Rows]]:
    """Fill buildings with people; return what is known of their homes, and the rows."""
    layout = lay_out(sample, draw, buildings)
    kind, case = layout.kind, layout.case
    count = len(kind)
    premise_id = np.zeros(count, int)
    premise_id[kind != WHOLE] = ids.take("places_premise", int((kind != WHOLE).sum()))

    rooms, area = _dwellings(draw, buildings, layout)
    residents = np.minimum(draw.choice(7, count, p=[0.03, 0.3, 0.3, 0.2, 0.12, 0.04, 0.01]), rooms + 2)
    for of_case, people_of_case in _RESIDENTS.items():
        residents[case == of_case] = people_of_case
    residents[(kind != FLAT) & (kind != ROOM)] = 0
    residents[kind == ROOM] = np.clip(residents[kind == ROOM], 1, 3)
    metered = _metered(draw, buildings, layout)
    uplift = np.where((kind == FLAT) & ~metered, draw.choice([0, _NO_METER], count, p=[0.55, 0.45]), 0)
    uplift[case > 0] = 0

    premises_area, common_area = _passport(draw, buildings, layout, area)
    parties = people.organisations(
        people.people(draw, len(layout.unit)),
        draw,
        executors=kind[layout.unit] == COMMON,
        shops=kind[layout.unit] == SHOP,
    )
    homes = Homes(
        buildings=buildings,
        layout=layout,
        premise_id=premise_id,
        rooms=rooms,
        area=area,
        residents=residents,
        owners=draw.integers(1, 4, count),
        metered=metered,
        uplift=uplift,
        since=_since(sample, draw, count),
        agreed_kwh=np.where((kind == SHOP) & ~metered, draw.integers(15, 90, count) * 10, 0),
        common_area_dm2=common_area,
        accounts=_accounts(buildings, streets, layout, people.payers(parties)),
    )
    rows: list[Rows] = [
        _buildings(buildings),
        _building_terms(buildings, premises_area, common_area, ids),
        _premises(homes),
        ("parties_party", parties.insert_column(0, homes.accounts["id"])),
        *_account_rows(homes),
        *_services(homes, ids),
    ]
    return homes, rows


def _metered(draw: np.random.Generator, buildings: pl.DataFrame, layout: Layout) -> np.ndarray:
    """Draw what has a meter: most flats, of communal ones what their form says, all the rest but common property."""
    kind, case, count = layout.kind, layout.case, len(layout.kind)
    of_flats = (draw.random(count) >= 0.06) | (buildings["case"].to_numpy()[layout.building] > 0)
    of_flats &= ~np.isin(case, (UnitCase.NO_METER, UnitCase.ABSENT))
    # of the rooms that agreed to it every second one has a meter
    room = (layout.form == ALL_METERED) | (layout.form == AGREED) & (np.cumsum(kind == ROOM) % 2 == 0)
    return np.select([kind == FLAT, kind == ROOM, kind == COMMON], [of_flats, room, False], default=True) & ~(
        (kind == SHOP) & layout.with_account
    )


def _dwellings(
    draw: np.random.Generator, buildings: pl.DataFrame, layout: Layout
) -> tuple[np.ndarray, np.ndarray]:
    """Draw rooms and areas in dm²: flats above each other are alike; a communal flat is as large as its rooms."""
    risers = 12
    kind, building, count = layout.kind, layout.building, len(layout.kind)
    block = buildings["kind"].to_numpy() == APARTMENT
    of_flats = draw.choice([1, 2, 3, 4], (len(block), risers), p=[0.26, 0.42, 0.27, 0.05])
    of_houses = draw.choice([2, 3, 4, 5, 6], (len(block), risers), p=[0.2, 0.35, 0.25, 0.15, 0.05])
    rooms_of = np.where(block[:, None], of_flats, of_houses)
    least, most = _ROOM_AREAS_M2[rooms_of].transpose(2, 0, 1)
    area_of = np.round((least + (most - least) * draw.random(rooms_of.shape)) * 10)
    riser = layout.sort_key % risers
    rooms, area = rooms_of[building, riser], area_of[building, riser] + draw.integers(-3, 4, count)
    area[kind == SHOP] = draw.integers(400, 3000, int((kind == SHOP).sum()))
    area[kind == ROOM] = draw.integers(120, 230, int((kind == ROOM).sum()))
    area[(kind != FLAT) & (kind != SHOP) & (kind != ROOM)] = 0
    rooms[kind != FLAT] = 1
    rooms[kind == COMMUNAL] = 0
    for_all = layout.parent[kind == ROOM]
    root = np.where(kind[for_all] == COMMUNAL, for_all, layout.parent[for_all])
    np.add.at(area, root, area[kind == ROOM])
    np.add.at(rooms, root, 1)
    return rooms, (area * 10).astype(int)


def _passport(
    draw: np.random.Generator, buildings: pl.DataFrame, layout: Layout, area: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the area of all premises, a little more than those that are known, and of the common property."""
    block = buildings["kind"].to_numpy() == APARTMENT
    parts = np.where(layout.kind == ROOM, 0, area)
    known = np.bincount(layout.building, parts, minlength=buildings.height)
    spare = known * np.where(block & (draw.random(len(known)) < 0.3), 0.006, 0) * draw.random(len(known))
    premises = known + np.round(spare / 10) * 10
    common = np.where(block, np.round(premises * (0.12 + 0.08 * draw.random(len(known))) / 10) * 10, 0)
    there = buildings["case"].to_numpy() != BuildingCase.NO_AREA
    return (premises * there).astype(int), (common * there).astype(int)


def _buildings(buildings: pl.DataFrame) -> Rows:
    return "places_building", buildings.select(
        "id",
        "branch_id",
        "street_id",
        "number",
        "kind",
        "floors",
        entrances=pl.max_horizontal(1, pl.col("flats") // (pl.col("floors") * _FLATS_OF_A_LANDING)),
        stove=1 + (pl.col("tariff_group_id") == URBAN_ELECTRIC),
    )


def _building_terms(
    buildings: pl.DataFrame, premises_area: np.ndarray, common_area: np.ndarray, ids: Ids
) -> Rows:
    block = buildings["kind"].to_numpy() == APARTMENT
    count = int(block.sum())
    as_drawn = ("common_norm_category", "common_needs", "common_basis", "excess_to_consumers")
    return "places_buildingterms", {
        "id": ids.take("places_buildingterms", count),
        "building_id": buildings["id"].to_numpy()[block],
        "during": np.full(count, _ALWAYS),
        "premises_area_dm2": premises_area[block],
        "common_area_dm2": common_area[block],
        **{name: buildings[name].to_numpy()[block] for name in as_drawn},
        "decision": "",
    }


def _premises(homes: Homes) -> Rows:
    layout = homes.layout
    parent = np.where(layout.parent >= 0, homes.premise_id[layout.parent], 0)
    every_unit = pl.DataFrame(
        {
            "id": homes.premise_id,
            "building_id": homes.of("id"),
            "number": layout.number,
            "sort_key": layout.sort_key,
            "kind": _PREMISE_KINDS[layout.kind],
            "parent_id": parent,
        }
    )
    return "places_premise", every_unit.filter(pl.col("id") > 0).with_columns(
        parent_id=pl.when(pl.col("parent_id") > 0).then("parent_id")
    )


def _since(sample: Sample, draw: np.random.Generator, count: int) -> np.ndarray:
    last = np.datetime64(sample.opening.first_day) - 30 * _DAY
    return _FIRST_ACCOUNTS + draw.integers(0, int((last - _FIRST_ACCOUNTS) / _DAY), count) * _DAY


def _accounts(
    buildings: pl.DataFrame, streets: pl.DataFrame, layout: Layout, payers: pl.Series
) -> pl.DataFrame:
    first, count = int(buildings["first_account"][0]), len(layout.unit)
    addresses = buildings.join(
        streets.select(street_id="id", street_kind="kind", street="name"),
        on="street_id",
        how="left",
        maintain_order="left",
    ).select(house=pl.format("{} {}, д. {}", "street_kind", "street", "number"))
    placed = pl.DataFrame(
        {
            "id": first + 1 + np.arange(count),
            "house": addresses["house"].gather(layout.building[layout.unit]),
            "flat": layout.number.gather(layout.unit),
            "number": pl.Series(people.account_numbers(FIRST_SERIAL + first + np.arange(count))).cast(
                pl.String
            ),
            "payer": payers,
        }
    )
    return placed.select(
        "id",
        address=pl.when(pl.col("flat") == "")
        .then("house")
        .otherwise(pl.format("{}, кв. {}", "house", "flat")),
        number="number",
        payer="payer",
    )


def begins(homes: Homes) -> np.ndarray:
    """Return the first day of every account."""
    unit = homes.layout.unit
    return np.where(homes.layout.follows, homes.layout.handover_on[unit] + _DAY, homes.since[unit])


def _account_rows(homes: Homes) -> Iterator[Rows]:
    """Yield the accounts that stand, then those that ended with a handover."""
    layout, leaves = homes.layout, homes.layout.leaves
    id = homes.accounts["id"].to_numpy()
    columns = {
        "id": id,
        "premise_id": homes.premise_id[layout.unit],
        "building_id": homes.of("id")[layout.unit],
        "party_id": id,
        "share_no": np.where(layout.whole > 1, layout.turn + 1, 1),
    }
    number = homes.accounts["number"]
    stand = {name: column[~leaves] for name, column in columns.items()}
    yield (
        "contracts_account",
        {
            **stand,
            "number": number.to_numpy().astype(f"S{ACCOUNT_DIGITS}")[~leaves],
            "during": begins(homes)[~leaves],
        },
    )
    ended = {name: column[leaves] for name, column in columns.items()}
    yield (
        "contracts_account",
        pl.DataFrame({**ended, "number": number.filter(pl.Series(leaves)), "during": _ended(homes, leaves)}),
    )


def _ended(homes: Homes, accounts: np.ndarray) -> pl.Series:
    """Return the days of accounts that ended with a handover, as PostgreSQL writes a range."""
    unit = homes.layout.unit[accounts]
    days = {"since": homes.since[unit], "until": homes.layout.handover_on[unit] + _DAY}
    return pl.DataFrame(days).select(pl.format("[{},{})", "since", "until")).to_series()


def _services(homes: Homes, ids: Ids) -> Iterator[Rows]:
    """Electricity for everybody; for common needs where the consumers pay them, or the executor does."""
    layout = homes.layout
    account_id = homes.accounts["id"].to_numpy()
    shared = (homes.of("common_needs") > 0)[layout.unit]
    by_executor = (homes.of("common_needs") == BY_EXECUTOR)[layout.unit]
    times = 1 + (shared & (~by_executor | (layout.kind[layout.unit] == COMMON)))
    of = np.repeat(np.arange(len(account_id)), times)
    service = np.ones(len(of), int)
    service[1:][of[1:] == of[:-1]] = 2
    columns = {
        "id": ids.take("contracts_accountservice", len(of)),
        "account_id": account_id[of],
        "premise_id": homes.premise_id[layout.unit][of],
        "building_id": homes.of("id")[layout.unit][of],
        "service": service,
        "share_numerator": layout.share[of],
        "share_denominator": layout.whole[of],
    }
    leaves = layout.leaves[of]
    stand = {name: column[~leaves] for name, column in columns.items()}
    yield "contracts_accountservice", {**stand, "during": begins(homes)[of][~leaves]}
    ended = {name: column[leaves] for name, column in columns.items()}
    yield "contracts_accountservice", pl.DataFrame({**ended, "during": _ended(homes, of[leaves])})
