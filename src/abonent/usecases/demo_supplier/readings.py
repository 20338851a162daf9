"""The energy used in some of the buildings month by month, and what was read on their meters."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from abonent.gateways.bulk_load import Column
from abonent.kernel.periods import Month
from abonent.usecases.demo_supplier.cases import BuildingCase, UnitCase
from abonent.usecases.demo_supplier.homes import Homes, Ids, Rows
from abonent.usecases.demo_supplier.layout import COMMON, COMMUNAL, HEATING, ROOM, SECTION, SHOP, WHOLE
from abonent.usecases.demo_supplier.meters import Registers, swapped_on
from abonent.usecases.demo_supplier.town import APARTMENT, HEATED, RURAL, URBAN_ELECTRIC, Sample

_SUBSCRIBER, _INSPECTOR, _EXECUTOR, _AMR, _IMPORT, _INSTALLATION, _REMOVAL, _HANDOVER = 1, 2, 3, 4, 5, 7, 8, 9
_FIRST_DAY, _LAST_DAY, _DAY_OF_BUILDINGS = 15, 26, 25
# January to December, around 1
_SEASON = np.array([1.17, 1.12, 1.04, 0.98, 0.91, 0.86, 0.84, 0.87, 0.94, 1.02, 1.1, 1.15])
_SEASON_OF_STAIRS = np.array([1.25, 1.15, 1.03, 0.92, 0.82, 0.75, 0.77, 0.86, 0.98, 1.08, 1.17, 1.22])
# what stairs, lifts and pumps use, kWh per m² in a month, by category of the norm (0.72, –, 3.94, 1.781)
_STAIRS_KWH = np.array([[0, 0], [2.0, 2.6], [0, 0], [1.5, 2.7], [1.0, 1.35]])
_STAIRS_BY_ZONE = np.array([0.24, 0.36, 0.40])
_KWH = 1000
_DAY = np.timedelta64(1, "D")
_LAST_BEFORE_ROLLING_KWH, _FIRST_AFTER_ROLLING_KWH = 99_980, 120
_SPIKE_KWH, _FALL_KWH = 50_000, 350
_KITCHEN_KWH, _CORRIDOR_KWH = 45, 12
_HEATED_KWH, _ABOVE_RANGES_KWH, _MOST_KWH = 2_400, 7_000, 9_500
_OVERSTATED = 1.6  # of a month's usage, what the subscriber said too much before the inspector came
_DEFICIT = -0.35  # what a building in deficit leaves for its stairs, of what they use
_SKIPPED = 0.045  # of the flats every month, to be read again the month after


def read(
    sample: Sample,
    draw: np.random.Generator,
    homes: Homes,
    registers: Registers,
    ids: Ids,
    *,
    at: datetime,
) -> Iterator[Rows]:
    """Yield what was read in the months of the sample, month by month, then the readings out of turn.

    Nothing was entered after `at`, not even where the period lies ahead.
    """
    now = np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "s")
    months = list(sample.opening.until(sample.period.next()))
    usage = _register_usage(_usage(draw, homes, months[1:]), registers)
    source = _sources(draw, homes)[registers.unit]
    first_silent = _first_silent(draw, homes, len(months))[registers.unit]
    skipped = _skipped(draw, homes, len(months))[registers.unit]
    never = (first_silent == 0) & ~registers.successor
    values = _faces(
        draw, sample, homes, registers, usage, fine=(source == _AMR) | (registers.ratio > 1), never=never
    )
    days = _days(draw, homes, source, registers, len(months))
    building_id = homes.of("id")[registers.unit]
    replaced = homes.case[registers.unit] == UnitCase.METER_REPLACED

    def rows(
        mine: np.ndarray, taken_on: np.ndarray, value_wh: np.ndarray, source: np.ndarray
    ) -> dict[str, Column]:
        count = len(taken_on)
        entered_at = taken_on.astype("datetime64[s]") + draw.integers(6 * 3600, 18 * 3600, count)
        return {
            "id": ids.take("metering_reading", count),
            "installation_id": registers.id[mine],
            "building_id": building_id[mine],
            "taken_on": taken_on,
            "value_wh": value_wh,
            "source": source,
            "status": np.ones(count, int),
            "entered_at": np.minimum(entered_at, now),
            "reason": "",
        }

    last = len(months) - 1
    for place, month in enumerate(months):
        mine = (first_silent > place) & ~skipped[:, place] & ~registers.successor
        if place == last:
            mine &= ~replaced
        taken_on = np.datetime64(month.first_day, "D") + (days[mine, place] - 1) * _DAY
        by = source[mine]
        if place == last:
            by = np.where(homes.case[registers.unit][mine] == UnitCase.CONTROL_FELL, _INSPECTOR, by)
        yield partition(month), rows(mine, taken_on, values[mine, place], by)

    def out_of_turn(mine: np.ndarray, taken_on: np.ndarray, value_wh: np.ndarray, source: int) -> Rows:
        return "metering_reading", rows(mine, taken_on, value_wh, np.full(len(taken_on), source))

    yield out_of_turn(never, registers.begins_on[never], values[never, 0], _INSTALLATION)
    handed = ~np.isnat(homes.layout.handover_on[registers.unit])
    on = homes.layout.handover_on[registers.unit[handed]]
    yield out_of_turn(handed, on, _between(months, days[handed], values[handed], on), _HANDOVER)
    swapped = np.full(int(registers.successor.sum()), swapped_on(sample))
    old, new = replaced & ~registers.successor, registers.successor
    half = values[old, last - 1] + (values[old, last] - values[old, last - 1]) // 2 // _KWH * _KWH
    yield out_of_turn(old, swapped, half, _REMOVAL)
    yield out_of_turn(new, swapped, np.zeros(len(swapped), int), _INSTALLATION)
    yield out_of_turn(new, swapped + 9 * _DAY, values[old, last] - half, _SUBSCRIBER)


def partition(month: Month) -> str:
    """The table of the readings of a month (`contexts.metering.partitions`)."""
    return f"metering_reading_{int(month)}"


def _between(months: list[Month], days: np.ndarray, values: np.ndarray, on: np.ndarray) -> np.ndarray:
    """Return whole kWh on faces on days before the readings of their months, in proportion to the days."""
    firsts = np.array([month.first_day for month in months], "M8[D]")
    place, row = np.searchsorted(firsts, on, side="right") - 1, np.arange(len(on))
    before = firsts[place - 1] + (days[row, place - 1] - 1) * _DAY
    after = firsts[place] + (days[row, place] - 1) * _DAY
    counted = values[row, place] - values[row, place - 1]
    part = (on - before).astype(int) / (after - before).astype(int)
    return values[row, place - 1] + (counted * part).astype(int) // _KWH * _KWH


def _usage(draw: np.random.Generator, homes: Homes, months: list[Month]) -> np.ndarray:
    """Return kWh by unit, zone (peak, semi-peak, night) and month; of a whole building: the sum and its stairs."""
    count = len(homes.kind)
    base = _base(draw, homes)
    at = [month.month - 1 for month in months]
    kwh = base[:, None] * _SEASON[at] * np.exp(draw.normal(0, 0.1, (count, len(at))))
    kwh = np.minimum(kwh, _MOST_KWH)
    kwh[homes.of("case") == BuildingCase.ABOVE_RANGES, -1] = _ABOVE_RANGES_KWH
    peak, night = 0.26 + 0.1 * draw.random(count), 0.2 + 0.18 * draw.random(count)
    share = np.stack([peak, 1 - peak - night, night], axis=1)
    usage = kwh[:, None, :] * share[:, :, None]

    rolled = np.flatnonzero(homes.case == UnitCase.ROLLED_OVER)
    in_the_period = 100_000 + _FIRST_AFTER_ROLLING_KWH - _LAST_BEFORE_ROLLING_KWH
    usage[rolled, :, -1] = in_the_period * share[rolled]
    whole = homes.kind == WHOLE
    usage[whole] = 0
    supplied = np.add.reduceat(usage, homes.layout.starts, axis=0)
    category = homes.buildings["common_norm_category"].to_numpy()
    least, most = _STAIRS_KWH[category].T
    stairs = (least + (most - least) * draw.random(len(category))) * homes.common_area_dm2 / 100
    by_month = (
        stairs[:, None] * _SEASON_OF_STAIRS[at] * np.exp(draw.normal(0, 0.04, (len(category), len(at))))
    )
    # the flats add up to more than the meter of these buildings counts: of some every third month, of one always
    every_third = np.arange(len(at)) % 3 == (len(at) - 2) % 3
    by_month[homes.buildings["in_deficit"].to_numpy()[:, None] & every_third] *= _DEFICIT
    supplied += by_month[:, None, :] * _STAIRS_BY_ZONE[:, None]
    supplied[homes.buildings["case"].to_numpy() == BuildingCase.FLATS_EXCEED_METER] *= 0.84
    usage[whole] = supplied[homes.building[whole]]
    # what a communal flat or a section counts is that of its parts as well
    for part in (ROOM, SECTION):
        mine = np.flatnonzero(homes.kind == part)
        np.add.at(usage, homes.layout.parent[mine], usage[mine])
    return usage


def _base(draw: np.random.Generator, homes: Homes) -> np.ndarray:
    """Draw kWh a month by unit: by people, stove, dwelling and chance."""
    count, block = len(homes.kind), homes.buildings["kind"].to_numpy() == APARTMENT
    group = homes.of("tariff_group_id")
    people = np.where(homes.residents > 0, 55 + 48 * homes.residents, 25)
    people[homes.kind == COMMUNAL], people[homes.kind == SECTION] = _KITCHEN_KWH, _CORRIDOR_KWH
    base = people * np.where(group == URBAN_ELECTRIC, 1.45, 1) * np.where(group == RURAL, 1.15, 1)
    base *= np.where(block[homes.building], 1, 1.25) * np.where(homes.metered, 1, 0.75)
    base *= np.exp(draw.normal(0, 0.27, count))
    heated = group == HEATED
    base[heated] = _HEATED_KWH * np.exp(draw.normal(0, 0.45, int(heated.sum())))
    large = (homes.kind == SHOP) | (homes.kind == HEATING)
    base[large] = np.exp(draw.normal(6.6, 0.6, int(large.sum())))
    agreed = homes.agreed_kwh > 0
    base[agreed] = homes.agreed_kwh[agreed]
    base[homes.kind == COMMON] = 0
    return base


def _register_usage(usage: np.ndarray, registers: Registers) -> np.ndarray:
    """Return kWh on the face of each register by month: single rate, day and night, or three zones."""
    of = usage[registers.unit]
    zones, turn = registers.zones[:, None], registers.turn[:, None]
    two = np.where(turn == 0, of[:, 0] + of[:, 1], of[:, 2])
    three = np.take_along_axis(of, registers.turn[:, None, None], axis=1)[:, 0]
    counted = np.select([zones == 1, zones == 2], [of.sum(axis=1), two], three)
    return counted / registers.ratio[:, None]


def _sources(draw: np.random.Generator, homes: Homes) -> np.ndarray:
    count = len(homes.kind)
    of_flats = draw.choice([_SUBSCRIBER, _INSPECTOR, _AMR, _IMPORT], count, p=[0.72, 0.05, 0.13, 0.1])
    of_buildings = draw.choice([_EXECUTOR, _AMR], count, p=[0.4, 0.6])
    large = (homes.kind == SHOP) | (homes.kind == HEATING)
    source = np.select([homes.kind == WHOLE, large], [of_buildings, _IMPORT], of_flats)
    source[homes.case > 0] = _SUBSCRIBER
    return source


def _faces(
    draw: np.random.Generator,
    sample: Sample,
    homes: Homes,
    registers: Registers,
    usage: np.ndarray,
    *,
    fine: np.ndarray,
    never: np.ndarray,
) -> np.ndarray:
    """Return watt-hours on the faces at the reading of each month, the opening one first.

    What is `fine` is read to 10 Wh, the rest to whole kWh; `never` were read on installation only.
    """
    capacity_kwh = 10.0**registers.digits
    opening = np.datetime64(sample.opening.first_day, "D")
    age_months = np.maximum(0, (opening - registers.begins_on).astype(int) / 30.4)
    total = usage.sum(axis=1)
    start = age_months * usage.mean(axis=1) * (0.9 + 0.2 * draw.random(len(total)))
    start = 2 * _FALL_KWH + start % np.maximum(1, capacity_kwh * 0.98 - total - 2 * _FALL_KWH)
    case = np.where(registers.successor, 0, homes.case[registers.unit])
    rolled = case == UnitCase.ROLLED_OVER
    start[rolled] = _LAST_BEFORE_ROLLING_KWH + 0.5 - usage[rolled, :-1].sum(axis=1)
    start[never] = 3
    kwh = start[:, None] + np.concatenate([np.zeros((len(total), 1)), np.cumsum(usage, axis=1)], axis=1)
    wh = np.where(fine[:, None], np.floor(kwh * 100) * 10, np.floor(kwh) * _KWH).astype(np.int64)
    wh %= (capacity_kwh * _KWH).astype(np.int64)[:, None]
    wh[case == UnitCase.SPIKE, -1] += _SPIKE_KWH * _KWH
    # said too much a month ago, which an inspector finds out
    overstated = np.flatnonzero(case == UnitCase.CONTROL_FELL)
    wh[overstated, -2] += (_OVERSTATED * usage[overstated, -1]).astype(int) * _KWH
    fallen = case == UnitCase.BELOW_PREVIOUS
    wh[fallen, -1] = wh[fallen, -2] - _FALL_KWH * _KWH
    return wh


def _first_silent(draw: np.random.Generator, homes: Homes, months: int) -> np.ndarray:
    """Return the first month with no reading, by unit: some stopped one to four months ago, a few never began."""
    count = len(homes.kind)
    luck = draw.random(count)
    ordinary = homes.ordinary
    silent_months = np.where(ordinary & (luck < 0.05), draw.integers(1, 5, count), 0)
    silent_months[(homes.of("case") == BuildingCase.NONE) & (homes.kind == WHOLE) & (luck < 0.01)] = 1
    silent_months[homes.case == UnitCase.STOPPED] = 2
    first = np.maximum(1, months - silent_months)
    first[ordinary & (luck > 0.998) | (homes.case == UnitCase.NEVER_SENT)] = 0
    return first


def _skipped(draw: np.random.Generator, homes: Homes, months: int) -> np.ndarray:
    """Tell the months some were not read in, by unit: the reading after closes the gap. The first is always there."""
    skipped = (draw.random((len(homes.kind), months)) < _SKIPPED) & homes.ordinary[:, None]
    skipped[homes.case == UnitCase.GAP_CLOSED, -2] = True
    skipped[homes.case == UnitCase.SENT_IN_FILE, -1] = True
    skipped[:, 0] = False
    return skipped


def _days(
    draw: np.random.Generator, homes: Homes, source: np.ndarray, registers: Registers, months: int
) -> np.ndarray:
    """Return the days of the month readings were taken on: everybody has a habit and keeps it roughly."""
    habit = draw.integers(_FIRST_DAY, _LAST_DAY + 1, len(homes.kind))
    strays = draw.integers(-1, 2, (len(homes.kind), months))
    days = np.clip(habit[:, None] + strays, _FIRST_DAY, _LAST_DAY)[registers.unit]
    days[(source == _AMR) | (homes.kind[registers.unit] == WHOLE)] = _DAY_OF_BUILDINGS
    return days
