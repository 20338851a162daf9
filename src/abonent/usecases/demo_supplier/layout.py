"""How the accounts of some buildings lie in premises: flats, communal ones with their rooms, what nobody lives in.

Accounts are counted, premises follow from them: the rooms of a communal flat, co-owners, and payers who follow each
other have an account each. What comes now and then is drawn for blocks of four accounts on end.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from abonent.usecases.demo_supplier.cases import ACCOUNTS_OF, COMMUNAL_CASES, UNITS_OF, BuildingCase, UnitCase
from abonent.usecases.demo_supplier.town import APARTMENT, Sample

FLAT, SHOP, WHOLE, ROOM, COMMUNAL, SECTION, COMMON, HEATING = range(8)
# the forms of communal flats: what is metered
FLAT_METER, ALL_METERED, AGREED, SECTIONS = range(1, 5)

_BLOCK = 4
# of the blocks; of the flats it is a quarter of that
_UP_TO_FLAT_METER, _UP_TO_ALL_METERED, _UP_TO_AGREED, _UP_TO_SECTIONS = 0.016, 0.028, 0.034, 0.04
_UP_TO_CO_OWNERS, _UP_TO_HANDOVERS = 0.08, 0.11
_HALF_EACH, _TWO_TO_ONE = (1, 1, 2), (2, 1, 3)
_FIRST_HANDOVER_DAY, _LAST_HANDOVER_DAY, _HANDOVER_DAY_OF_CASE = 4, 13, 12

# What an account brings with it; the last of it is what the account is of.
_OWN, _FIRST_ROOM, _NEXT_ROOM, _FIRST_OF_SECTIONS, _NEXT_SECTION, _SAME, _EXECUTOR, _SHOP = range(8)
_NONE = -1
_BRINGS = np.array(
    [
        (FLAT, _NONE, _NONE),
        (COMMUNAL, ROOM, _NONE),
        (ROOM, _NONE, _NONE),
        (COMMUNAL, SECTION, ROOM),
        (SECTION, ROOM, _NONE),
        (_NONE, _NONE, _NONE),
        (COMMON, _NONE, _NONE),
        (SHOP, _NONE, _NONE),
    ]
)


@dataclass(frozen=True)
class Layout:
    """Units (premises, and a building as a whole where it has a meter) in the order of the buildings, and accounts.

    Of units: `building` is a place in the buildings, `starts` the first unit of each, `parent` the unit one is part of
    or −1, `form` that of a communal flat, `handover_on` the last day of its first payer. Of accounts: `unit`, the
    parts `share` of `whole` they bear, `turn` among the accounts of a premise or a communal flat.
    """

    starts: np.ndarray
    building: np.ndarray
    kind: np.ndarray
    case: np.ndarray
    form: np.ndarray
    parent: np.ndarray
    number: pl.Series
    sort_key: np.ndarray
    handover_on: np.ndarray
    unit: np.ndarray
    share: np.ndarray
    whole: np.ndarray
    turn: np.ndarray
    with_account: np.ndarray

    @property
    def leaves(self) -> np.ndarray:
        """Which accounts end on the day of a handover."""
        return ~np.isnat(self.handover_on[self.unit]) & (self.turn == 0)

    @property
    def follows(self) -> np.ndarray:
        """Which accounts begin on the day after a handover."""
        return ~np.isnat(self.handover_on[self.unit]) & (self.turn == 1)


@dataclass(frozen=True)
class _Accounts:
    building: np.ndarray
    case: np.ndarray
    form: np.ndarray
    turn: np.ndarray
    owned: np.ndarray
    handed: np.ndarray
    brings: np.ndarray


def lay_out(sample: Sample, draw: np.random.Generator, buildings: pl.DataFrame) -> Layout:
    """Draw which accounts share a flat, and list the units of the buildings."""
    accounts = _accounts(draw, buildings)
    kinds = _BRINGS[accounts.brings]
    counts = (kinds != _NONE).sum(axis=1)
    of = np.repeat(np.arange(len(counts)), counts)
    slot = np.arange(len(of)) - np.searchsorted(of, of)

    # what nobody has an account of stands behind the premises of its building
    inhabited = np.bincount(accounts.building, counts, minlength=buildings.height).astype(int)
    shops, heating, metered = (
        buildings[name].to_numpy().astype(int) for name in ("shops", "heating", "metered")
    )
    sizes = inhabited + shops + heating + metered
    starts = np.cumsum(sizes) - sizes
    building = np.repeat(np.arange(buildings.height), sizes)
    behind = np.arange(len(building)) - (starts + inhabited)[building]
    kind = np.select(
        [behind < shops[building], behind < (shops + heating)[building]], [SHOP, HEATING], default=WHOLE
    )
    mine = np.flatnonzero(behind < 0)
    kind[mine] = kinds[of, slot]

    def spread(values: np.ndarray, fill: int = 0) -> np.ndarray:
        found = np.full(len(kind), fill)
        found[mine] = values[of]
        return found

    unit = mine[np.cumsum(counts) - 1]
    share, whole = _shares(draw, accounts)
    handed = spread(accounts.handed).astype(bool)
    number, sort_key = _numbers(buildings, starts, building, kind)
    return Layout(
        starts=starts,
        building=building,
        kind=kind,
        case=spread(accounts.case),
        form=spread(accounts.form),
        parent=_parents(kind),
        number=number,
        sort_key=sort_key,
        handover_on=_handovers(sample, draw, handed, spread(accounts.case)),
        unit=unit,
        share=share,
        whole=whole,
        turn=accounts.turn,
        with_account=np.bincount(unit, minlength=len(kind)) > 0,
    )


def _accounts(draw: np.random.Generator, buildings: pl.DataFrame) -> _Accounts:
    flats, case_of = buildings["flats"].to_numpy(), buildings["case"].to_numpy()
    building = np.repeat(np.arange(buildings.height), flats)
    first = np.cumsum(flats) - flats
    place = np.arange(len(building)) - first[building]
    block_turn = place % _BLOCK
    ordinary = (case_of == BuildingCase.NONE) & (buildings["kind"].to_numpy() == APARTMENT)
    # the last two may be a shop's and the executor's
    whole = ordinary[building] & (place - block_turn + _BLOCK <= flats[building] - 2)
    luck = np.where(whole, draw.random(len(place))[np.arange(len(place)) - block_turn], 1.0)
    bounds = [_UP_TO_FLAT_METER, _UP_TO_ALL_METERED, _UP_TO_AGREED, _UP_TO_SECTIONS]
    form = (np.searchsorted(bounds, luck, side="right") + 1) % (len(bounds) + 1)
    form[(form != SECTIONS) & (block_turn == _BLOCK - 1)] = 0
    pair = (luck >= _UP_TO_SECTIONS) & (block_turn < 2)
    owned, handed = (
        pair & (luck < _UP_TO_CO_OWNERS),
        pair & (luck >= _UP_TO_CO_OWNERS) & (luck < _UP_TO_HANDOVERS),
    )
    turn = np.where((form > 0) | owned | handed, block_turn, 0)
    case = np.zeros(len(place), int)
    for row in np.flatnonzero(np.isin(case_of, [int(one) for one in UNITS_OF])):
        at = first[row]
        for unit_case in UNITS_OF[BuildingCase(case_of[row])]:
            mine = slice(at, at + ACCOUNTS_OF.get(unit_case, 1))
            case[mine] = unit_case
            turn[mine] = np.arange(mine.stop - mine.start)
            form[mine] = COMMUNAL_CASES.index(unit_case) + 1 if unit_case in COMMUNAL_CASES else 0
            at = mine.stop
    owned |= case == UnitCase.CO_OWNERS
    handed |= case == UnitCase.HANDOVER
    last = flats[building] - 1 - place
    executor = buildings["executor"].to_numpy()[building] & (last == 0)
    shop = buildings["agreed_shop"].to_numpy()[building] & (last == 1) | (case == UnitCase.SHOP_BY_AGREEMENT)
    brings = np.select(
        [
            executor,
            shop,
            (form == SECTIONS) & (turn == 0),
            (form == SECTIONS) & (turn == 2),
            (form > 0) & (turn == 0),
            form > 0,
            (owned | handed) & (turn == 1),
        ],
        [_EXECUTOR, _SHOP, _FIRST_OF_SECTIONS, _NEXT_SECTION, _FIRST_ROOM, _NEXT_ROOM, _SAME],
        default=_OWN,
    )
    return _Accounts(building, case, form, turn, owned, handed, brings)


def _shares(draw: np.random.Generator, accounts: _Accounts) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of every account and what it is a part of: halves, or two thirds and one."""
    uneven = draw.random(len(accounts.turn)) < 0.4
    uneven = uneven[np.arange(len(uneven)) - accounts.turn] | (accounts.case == UnitCase.CO_OWNERS)
    shares = np.where(uneven[:, None], _TWO_TO_ONE, _HALF_EACH)
    mine = np.where(accounts.turn == 0, shares[:, 0], shares[:, 1])
    return np.where(accounts.owned, mine, 1), np.where(accounts.owned, shares[:, 2], 1)


def _parents(kind: np.ndarray) -> np.ndarray:
    place = np.arange(len(kind))
    communal = np.maximum.accumulate(np.where(kind == COMMUNAL, place, -1))
    section = np.maximum.accumulate(np.where(kind == SECTION, place, -1))
    # a section begun after the flat is of the flat
    of_room = np.maximum(communal, section)
    return np.select([kind == ROOM, kind == SECTION], [of_room, communal], default=-1)


def _numbers(
    buildings: pl.DataFrame, starts: np.ndarray, building: np.ndarray, kind: np.ndarray
) -> tuple[pl.Series, np.ndarray]:
    """Number flats 1, 2, …, the rooms of the second 2/1, 2/2, …, its sections 2/с1, …, shops 1Н, …"""

    def counted(mine: np.ndarray, since: np.ndarray) -> np.ndarray:
        """Count along the units; `since` is where the count of each began."""
        so_far = np.cumsum(mine)
        return so_far - so_far[since] + mine[since]

    begin = starts[building]
    is_flat = (kind == FLAT) | (kind == COMMUNAL)
    flat, shop = counted(is_flat, begin), counted(kind == SHOP, begin)
    communal = np.maximum(np.maximum.accumulate(np.where(kind == COMMUNAL, np.arange(len(kind)), -1)), 0)
    room, section = counted(kind == ROOM, communal), counted(kind == SECTION, communal)
    house = (buildings["kind"].to_numpy() != APARTMENT)[building]
    told = pl.DataFrame(
        {"kind": kind, "flat": flat, "shop": shop, "room": room, "section": section, "house": house}
    )
    of_kind = pl.col("kind")
    number = told.select(
        pl.when("house")
        .then(pl.lit(""))
        .when(of_kind == ROOM)
        .then(pl.format("{}/{}", "flat", "room"))
        .when(of_kind == SECTION)
        .then(pl.format("{}/с{}", "flat", "section"))
        .when(of_kind == SHOP)
        .then(pl.format("{}Н", "shop"))
        .when(of_kind == COMMON)
        .then(pl.lit("МОП"))
        .when(of_kind == HEATING)
        .then(pl.lit("ИТП"))
        .otherwise(pl.col("flat").cast(pl.String))
    ).to_series()
    last = np.maximum.reduceat(flat, starts)[building]
    sort_key = np.select(
        [kind == SHOP, kind == COMMON, kind == HEATING], [last + shop, last + 100, last + 101], default=flat
    )
    return number, sort_key


def _handovers(sample: Sample, draw: np.random.Generator, handed: np.ndarray, case: np.ndarray) -> np.ndarray:
    """Draw the days on which payers follow each other: before the readings of the month are taken."""
    months = np.array(
        [month.first_day for month in sample.opening.next().until(sample.period.next())], "M8[D]"
    )
    day = draw.integers(_FIRST_HANDOVER_DAY, _LAST_HANDOVER_DAY + 1, len(handed))
    month = draw.integers(len(months), size=len(handed))
    of_case = case == UnitCase.HANDOVER
    day[of_case], month[of_case] = _HANDOVER_DAY_OF_CASE, len(months) - 1
    days = months[month] + (day - 1) * np.timedelta64(1, "D")
    return np.where(handed, days, np.datetime64("NaT", "D"))
