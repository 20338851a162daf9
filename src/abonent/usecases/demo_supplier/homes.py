"""Who lives in some of the buildings, and on what terms: premises, people, accounts."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from abonent.gateways.bulk_load import Column
from abonent.usecases.demo_supplier import names
from abonent.usecases.demo_supplier.cases import UNITS_OF, BuildingCase, UnitCase
from abonent.usecases.demo_supplier.town import (
    ACCOUNT_DIGITS,
    APARTMENT,
    FIRST_SERIAL,
    URBAN_ELECTRIC,
    Sample,
)

# A table and what goes into it.
Rows = tuple[str, pl.DataFrame | dict[str, Column]]

FLAT, SHOP, WHOLE = 0, 1, 2
_ROOM_AREAS_M2 = np.array([[0, 0], [29, 38], [42, 56], [57, 76], [74, 95], [90, 130], [110, 180]])
_DAY = np.timedelta64(1, "D")
_FLATS_OF_A_LANDING = 4
_ALWAYS = np.datetime64("2000-01-01", "D")
_FIRST_ACCOUNTS = np.datetime64("2006-01-01", "D")


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

    A row (unit) is a flat, a shop, or the building as a whole where it has a meter. `building` is a place in
    `buildings`, `starts` the first unit of each; `premise_id` is 0 for the whole.
    """

    buildings: pl.DataFrame
    starts: np.ndarray
    building: np.ndarray
    kind: np.ndarray
    case: np.ndarray
    premise_id: np.ndarray
    residents: np.ndarray
    metered: np.ndarray
    common_area_dm2: np.ndarray
    accounts: pl.DataFrame  # id, number, payer and address in the order of the flats

    def of(self, column: str) -> np.ndarray:
        """Spread a column of the buildings over the units."""
        return self.buildings[column].to_numpy()[self.building]


def settle(
    sample: Sample, draw: np.random.Generator, buildings: pl.DataFrame, streets: pl.DataFrame, ids: Ids
) -> tuple[Homes, list[Rows]]:
    """Fill buildings with people; return what metering needs to know, and the rows."""
    flats, shops = buildings["flats"].to_numpy(), buildings["shops"].to_numpy()
    counts = flats + shops + buildings["metered"].to_numpy()
    starts = np.cumsum(counts) - counts
    building = np.repeat(np.arange(buildings.height), counts)
    place = np.arange(len(building)) - starts[building]
    kind = (place >= flats[building]).astype(int) + (place >= (flats + shops)[building])
    case = _unit_cases(buildings["case"].to_numpy()[building], place, kind)
    premise_id = np.zeros(len(building), int)
    premise_id[kind != WHOLE] = ids.take("places_premise", int((kind != WHOLE).sum()))

    is_flat = kind == FLAT
    rooms, area = _dwellings(draw, buildings, building, place, kind)
    residents = np.minimum(
        draw.choice(7, len(building), p=[0.03, 0.3, 0.3, 0.2, 0.12, 0.04, 0.01]), rooms + 2
    )
    residents[case == UnitCase.RESIDENTS_CHANGED] = 2
    residents[(case == UnitCase.NO_METER) | (case == UnitCase.ADMISSION_REFUSED)] = 3
    metered = ~is_flat | (draw.random(len(building)) >= 0.06)
    metered |= buildings["case"].to_numpy()[building] > 0
    metered &= (case != UnitCase.NO_METER) & (case != UnitCase.ADMISSION_REFUSED)
    uplift = np.where(metered, 0, draw.choice(3, len(building), p=[0.4, 0.35, 0.25]))
    uplift[case == UnitCase.NO_METER] = 0
    uplift[case == UnitCase.ADMISSION_REFUSED] = 2

    premises_area, common_area = _passport(draw, buildings, building, area)
    building_id = buildings["id"].to_numpy()[building]
    numbers = pl.DataFrame(
        {
            "id": premise_id,
            "building_id": building_id,
            "place": place + 1 - np.where(kind == SHOP, flats[building], 0),
            "kind": kind + 1,
            "sort_key": place + 1,
            "house": (buildings["kind"].to_numpy() != APARTMENT)[building],
        }
    ).filter(pl.col("id") > 0)
    premises = numbers.select(
        "id",
        "building_id",
        number=pl.when("house")
        .then(pl.lit(""))
        .otherwise(
            pl.col("place").cast(pl.String)
            + pl.when(pl.col("kind") == 2).then(pl.lit("Н")).otherwise(pl.lit(""))
        ),
        sort_key="sort_key",
        kind="kind",
    )
    flat = _Flats(
        premise_id=premise_id[is_flat],
        building_id=building_id[is_flat],
        since=_since(sample, draw, int(is_flat.sum())),
        group=buildings["tariff_group_id"].to_numpy()[building[is_flat]],
        area=area[is_flat],
        rooms=rooms[is_flat],
        residents=residents[is_flat],
        owners=draw.integers(1, 4, int(is_flat.sum())),
        uplift=uplift[is_flat],
        case=case[is_flat],
        common=(buildings["common_needs"].to_numpy() == 1)[building[is_flat]],
    )
    people = _people(draw, len(flat.premise_id))
    accounts = _accounts(buildings, streets, premises.filter(pl.col("kind") == 1), people)
    rows: list[Rows] = [
        (
            "places_building",
            buildings.select(
                "id",
                "branch_id",
                "street_id",
                "number",
                "kind",
                "floors",
                entrances=pl.max_horizontal(1, pl.col("flats") // (pl.col("floors") * _FLATS_OF_A_LANDING)),
                stove=1 + (pl.col("tariff_group_id") == URBAN_ELECTRIC),
            ),
        ),
        _building_terms(buildings, premises_area, common_area, ids),
        ("places_premise", premises),
        ("parties_party", people.insert_column(0, accounts["id"])),
        ("contracts_account", _account_columns(accounts, flat)),
        *_terms(sample, draw, flat, ids),
        ("contracts_accountservice", _services(accounts["id"].to_numpy(), flat, ids)),
    ]
    homes = Homes(
        buildings, starts, building, kind, case, premise_id, residents, metered, common_area, accounts
    )
    return homes, rows


@dataclass(frozen=True)
class _Flats:
    premise_id: np.ndarray
    building_id: np.ndarray
    since: np.ndarray
    group: np.ndarray
    area: np.ndarray
    rooms: np.ndarray
    residents: np.ndarray
    owners: np.ndarray
    uplift: np.ndarray
    case: np.ndarray
    common: np.ndarray


def _unit_cases(building_case: np.ndarray, place: np.ndarray, kind: np.ndarray) -> np.ndarray:
    case = np.zeros(len(place), int)
    for of_building, units in UNITS_OF.items():
        mine = np.flatnonzero((building_case == of_building) & (kind == FLAT) & (place < len(units)))
        case[mine] = np.array(units)[place[mine]]
    return case


def _dwellings(
    draw: np.random.Generator,
    buildings: pl.DataFrame,
    building: np.ndarray,
    place: np.ndarray,
    kind: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw rooms and areas in dm²: flats above each other are alike."""
    risers = 12
    block = buildings["kind"].to_numpy() == APARTMENT
    of_flats = draw.choice([1, 2, 3, 4], (len(block), risers), p=[0.26, 0.42, 0.27, 0.05])
    of_houses = draw.choice([2, 3, 4, 5, 6], (len(block), risers), p=[0.2, 0.35, 0.25, 0.15, 0.05])
    rooms_of = np.where(block[:, None], of_flats, of_houses)
    least, most = _ROOM_AREAS_M2[rooms_of].transpose(2, 0, 1)
    area_of = np.round((least + (most - least) * draw.random(rooms_of.shape)) * 10)
    riser = place % risers
    rooms, area = rooms_of[building, riser], area_of[building, riser] + draw.integers(-3, 4, len(building))
    area[kind == SHOP] = draw.integers(400, 3000, int((kind == SHOP).sum()))
    area[kind == WHOLE] = 0
    return rooms, (area * 10).astype(int)


def _passport(
    draw: np.random.Generator, buildings: pl.DataFrame, building: np.ndarray, area: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the area of all premises, a little more than those that are known, and of the common property."""
    block = buildings["kind"].to_numpy() == APARTMENT
    known = np.bincount(building, area, minlength=buildings.height)
    spare = known * np.where(block & (draw.random(len(known)) < 0.3), 0.006, 0) * draw.random(len(known))
    premises = known + np.round(spare / 10) * 10
    common = np.where(block, np.round(premises * (0.12 + 0.08 * draw.random(len(known))) / 10) * 10, 0)
    there = buildings["case"].to_numpy() != BuildingCase.NO_AREA
    return (premises * there).astype(int), (common * there).astype(int)


def _building_terms(
    buildings: pl.DataFrame, premises_area: np.ndarray, common_area: np.ndarray, ids: Ids
) -> Rows:
    block = buildings["kind"].to_numpy() == APARTMENT
    count = int(block.sum())
    return "places_buildingterms", {
        "id": ids.take("places_buildingterms", count),
        "building_id": buildings["id"].to_numpy()[block],
        "during": np.full(count, _ALWAYS),
        "premises_area_dm2": premises_area[block],
        "common_area_dm2": common_area[block],
        "common_norm_category": buildings["common_norm_category"].to_numpy()[block],
        "common_needs": buildings["common_needs"].to_numpy()[block],
        "common_basis": np.ones(count, int),
        "excess_to_consumers": buildings["excess_to_consumers"].to_numpy()[block],
        "decision": "",
    }


def _since(sample: Sample, draw: np.random.Generator, count: int) -> np.ndarray:
    last = np.datetime64(sample.opening.first_day) - 30 * _DAY
    return _FIRST_ACCOUNTS + draw.integers(0, int((last - _FIRST_ACCOUNTS) / _DAY), count) * _DAY


@cache
def _falling(count: int) -> np.ndarray:
    """Return probabilities that fall as names in a frequency list do."""
    weights = 1 / (np.arange(count) + 12)
    return weights / weights.sum()


def _people(draw: np.random.Generator, count: int) -> pl.DataFrame:
    woman = draw.random(count) < 0.54

    def pick(of_men: list[str], of_women: list[str]) -> pl.Series:
        chosen = np.where(
            woman,
            draw.choice(len(of_women), count, p=_falling(len(of_women))) + len(of_men),
            draw.choice(len(of_men), count, p=_falling(len(of_men))),
        )
        return pl.Series(of_men + of_women).gather(chosen)

    figures = pl.Series(draw.integers(10**7, 10**8, count)).cast(pl.String)
    # the area code 000 does not exist: nobody is ever called
    phones = (
        "+7 000 " + figures.str.slice(1, 3) + "-" + figures.str.slice(4, 2) + "-" + figures.str.slice(6, 2)
    )
    return pl.DataFrame(
        {
            "kind": np.ones(count, int),
            "last_name": pick(names.SURNAMES_OF_MEN, names.SURNAMES_OF_WOMEN),
            "first_name": pick(names.MEN, names.WOMEN),
            "middle_name": pick(names.SONS_OF, names.DAUGHTERS_OF),
            "name": "",
            "inn": "",
            "phone": phones.set(pl.Series(draw.random(count) < 0.25), ""),
            "email": "",
        }
    )


def _accounts(
    buildings: pl.DataFrame, streets: pl.DataFrame, flats: pl.DataFrame, people: pl.DataFrame
) -> pl.DataFrame:
    first = int(buildings["first_account"][0])
    addresses = buildings.join(
        streets.select(street_id="id", street_kind="kind", street="name"),
        on="street_id",
        how="left",
        maintain_order="left",
    ).select(building_id="id", house=pl.format("{} {}, д. {}", "street_kind", "street", "number"))
    placed = flats.join(addresses, on="building_id", how="left", maintain_order="left")
    return placed.select(
        id=pl.int_range(pl.len(), dtype=pl.Int64) + first + 1,
        address=pl.when(pl.col("number") == "")
        .then("house")
        .otherwise(pl.format("{}, кв. {}", "house", "number")),
    ).with_columns(
        number=pl.Series(account_numbers(FIRST_SERIAL + first + np.arange(flats.height))).cast(pl.String),
        payer=people.select(
            pl.concat_str("last_name", "first_name", "middle_name", separator=" ")
        ).to_series(),
    )


def account_numbers(serials: np.ndarray) -> np.ndarray:
    """Return account numbers as numbers: what `kernel.identifiers.account_number` does, a column at a time."""
    total = np.zeros(len(serials), int)
    for place in range(ACCOUNT_DIGITS - 1):
        digit = serials // 10**place % 10
        doubled = digit * (2 - place % 2)
        total += doubled // 10 + doubled % 10
    return serials * 10 + -total % 10


def _account_columns(accounts: pl.DataFrame, flat: _Flats) -> dict[str, Column]:
    id = accounts["id"].to_numpy()
    return {
        "id": id,
        "number": accounts["number"].to_numpy().astype(f"S{ACCOUNT_DIGITS}"),
        "premise_id": flat.premise_id,
        "building_id": flat.building_id,
        "party_id": id,
        "share_no": np.ones(len(id), int),
        "during": flat.since,
    }


def _services(account_id: np.ndarray, flat: _Flats, ids: Ids) -> dict[str, Column]:
    """Electricity for everybody; for common needs where the consumers pay them."""
    times = 1 + flat.common
    of = np.repeat(np.arange(len(account_id)), times)
    service = np.ones(len(of), int)
    service[1:][of[1:] == of[:-1]] = 2
    return {
        "id": ids.take("contracts_accountservice", len(of)),
        "account_id": account_id[of],
        "premise_id": flat.premise_id[of],
        "building_id": flat.building_id[of],
        "service": service,
        "during": flat.since[of],
        "share_numerator": np.ones(len(of), int),
        "share_denominator": np.ones(len(of), int),
    }


def _terms(sample: Sample, draw: np.random.Generator, flat: _Flats, ids: Ids) -> Iterator[Rows]:
    """Yield the terms: one row for most, two where the residents changed within the history."""
    count = len(flat.premise_id)
    first, last = (np.datetime64(month.first_day) for month in (sample.opening.next(), sample.period))
    changed_on = first + draw.integers(1, int((last - first) / _DAY), count) * _DAY
    at_random = (draw.random(count) < 0.025) & (flat.case == UnitCase.NONE)
    on_purpose = flat.case == UnitCase.RESIDENTS_CHANGED
    changed_on[on_purpose] = np.datetime64(sample.period.first_day) + 14 * _DAY
    changed = at_random | on_purpose
    residents_now = np.abs(flat.residents + draw.choice([-1, 1], count))
    residents_now[on_purpose] = 3

    def columns(rows: np.ndarray, residents: np.ndarray) -> dict[str, Any]:
        return {
            "id": ids.take("contracts_premiseterms", int(rows.sum())),
            "premise_id": flat.premise_id[rows],
            "building_id": flat.building_id[rows],
            "tariff_group_id": flat.group[rows],
            "area_dm2": flat.area[rows],
            "rooms": flat.rooms[rows],
            "residents": residents[rows],
            "owners": flat.owners[rows],
            "uplift_cause": flat.uplift[rows],
            "room_meters_agreed": np.zeros(int(rows.sum()), bool),
            "agreed_wh_per_month": np.zeros(int(rows.sum()), int),
        }

    everybody = np.ones(count, bool)
    table = "contracts_premiseterms"
    before = {**columns(changed, flat.residents), "since": flat.since[changed], "until": changed_on[changed]}
    yield (
        table,
        pl.DataFrame(before).select(
            pl.exclude("since", "until"), during=pl.format("[{},{})", "since", "until")
        ),
    )
    now = columns(everybody, np.where(changed, residents_now, flat.residents))
    yield table, {**now, "during": np.where(changed, changed_on, flat.since)}
