"""The meters of some of the buildings and the places where they stand."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from abonent.usecases.demo_supplier.cases import BuildingCase, UnitCase
from abonent.usecases.demo_supplier.homes import Homes, Ids, Rows
from abonent.usecases.demo_supplier.layout import HEATING, SHOP, WHOLE
from abonent.usecases.demo_supplier.town import HEATED, Sample

# name, zones, phases, digits; ids follow the order
MODELS = (
    ("Меркурий 201.5", 1, 1, 5),
    ("Энергомера CE101", 1, 1, 5),
    ("Нева 101", 1, 1, 6),
    ("Меркурий 206 N", 2, 1, 6),
    ("Энергомера CE102М", 3, 1, 6),
    ("Меркурий 230 AM-03", 1, 3, 6),
    ("Меркурий 234 ART-03", 2, 3, 6),
    ("Энергомера CE303", 3, 3, 6),
)
_ZONES, _DIGITS = np.array([(0, 0), *((zones, digits) for _, zones, _, digits in MODELS)]).T
# by number of zones
_OF_FLATS = np.array([[0, 0, 0], [1, 2, 3], [4, 4, 4], [5, 5, 5]])
_OF_BUILDINGS = np.array([0, 6, 7, 8])
_FIRST_OF_THREE_PHASES = 6
_YEARS_OF_ONE_PHASE, _YEARS_OF_THREE_PHASES = 16, 10
_ZONE_NUMBERS = np.array([[0, 0, 0], [1, 0, 0], [21, 22, 0], [31, 32, 33]])
_SEALED_DAYS, _FIRST_SEAL = 6 * 365, 100_000_000
_DAY = np.timedelta64(1, "D")
_OPEN = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Registers:
    """Scales of meters in their places, row by row; `unit` is a row of the homes.

    `zones` is how many the meter has, `turn` which of them this is. A `successor` replaced another meter.
    """

    id: np.ndarray
    unit: np.ndarray
    zones: np.ndarray
    turn: np.ndarray
    digits: np.ndarray
    ratio: np.ndarray
    begins_on: np.ndarray
    successor: np.ndarray


@dataclass(frozen=True)
class Meters:
    """Devices row by row; `of_unit` is the row of the one that stands in a unit by now, −1 where none does."""

    id: np.ndarray
    of_unit: np.ndarray
    model: np.ndarray
    serial: np.ndarray
    verified_on: np.ndarray
    due_on: np.ndarray
    begins_on: np.ndarray

    def facts(self, row: int) -> dict[str, str | int]:
        """Return what an act says of a meter."""
        name, _zones, phases, _digits = MODELS[self.model[row] - 1]
        return {
            "model": name,
            "serial": str(self.serial[row]),
            "phases": phases,
            "verified_on": str(self.verified_on[row]),
            "verification_due_on": str(self.due_on[row]),
        }


def swapped_on(sample: Sample) -> np.datetime64:
    """The day a meter is replaced in the middle of the period."""
    return np.datetime64(sample.period.first_day, "D") + 15 * _DAY


def install(
    sample: Sample, draw: np.random.Generator, homes: Homes, ids: Ids
) -> tuple[Meters, Registers, list[Rows]]:
    """Put meters into homes; return them with their registers, and the rows."""
    metered = np.flatnonzero(homes.metered)
    models = _models(draw, homes)[metered]
    verified_on, begins_on = _dates(sample, draw, models, overdue=homes.case[metered] == UnitCase.OVERDUE)
    replaced = homes.case[metered] == UnitCase.METER_REPLACED
    ends_on = np.where(replaced, swapped_on(sample), _OPEN)
    count = int(replaced.sum())
    unit = np.concatenate([metered, metered[replaced]])
    models = np.concatenate([models, models[replaced]])
    verified_on = np.concatenate([verified_on, np.full(count, swapped_on(sample) - 70 * _DAY)])
    begins_on = np.concatenate([begins_on, np.full(count, swapped_on(sample))])
    ends_on = np.concatenate([ends_on, np.full(count, _OPEN)])

    points = ids.take("metering_meteringpoint", len(homes.kind))
    meter_id = ids.take("metering_meter", len(unit))
    serials = draw.integers(10**7, 10**8, len(unit))
    of = np.repeat(np.arange(len(unit)), _ZONES[models])
    turn = np.arange(len(of)) - np.searchsorted(of, of)
    zones = _ZONES[models][of]
    id = ids.take("metering_register", len(of))
    registers = Registers(
        id=id,
        unit=unit[of],
        zones=zones,
        turn=turn,
        digits=_DIGITS[models][of],
        ratio=np.where(homes.kind == WHOLE, homes.of("ratio"), 1)[unit[of]],
        begins_on=begins_on[of],
        successor=(np.arange(len(unit)) >= len(metered))[of],
    )
    zone = _ZONE_NUMBERS[zones, turn]
    of_unit = np.full(len(homes.kind), -1)
    of_unit[unit] = np.arange(len(unit))  # a successor comes later and overwrites
    meters = Meters(meter_id, of_unit, models, serials, verified_on, _due_on(models, verified_on), begins_on)
    rows: list[Rows] = [
        *_points(homes, points),
        _meters(meters),
        (
            "metering_register",
            {"id": id, "meter_id": meter_id[of], "zone": zone, "digits": registers.digits},
        ),
        *_installations(homes, registers, meter_id[of], points[unit[of]], zone, ends_on[of]),
        *_seals(sample, meters, ids),
        _search(homes, meters),
    ]
    return meters, registers, rows


def _models(draw: np.random.Generator, homes: Homes) -> np.ndarray:
    count = len(homes.kind)
    zones = draw.choice([1, 2, 3], count, p=[0.8, 0.15, 0.05])
    zones[(homes.kind == SHOP) | (homes.kind == HEATING)] = 1
    of_building = homes.of("case")
    zones[(of_building > 0) & (of_building != BuildingCase.THREE_ZONES)] = 1
    zones[of_building == BuildingCase.THREE_ZONES] = 3
    zones[homes.kind == WHOLE] = homes.of("zones")[homes.kind == WHOLE]
    large = np.isin(homes.kind, (SHOP, HEATING, WHOLE))
    models = np.where(large, _OF_BUILDINGS[zones], _OF_FLATS[zones, draw.integers(3, size=count)])
    # five digits would roll over within two years of electric heating
    models[(homes.of("tariff_group_id") == HEATED) & (models < _OF_FLATS[1, -1])] = _OF_FLATS[1, -1]
    models[homes.case == UnitCase.ROLLED_OVER] = 1
    models[(homes.case == UnitCase.SPIKE) | (homes.case == UnitCase.BELOW_PREVIOUS)] = 3
    return models


def _dates(
    sample: Sample, draw: np.random.Generator, models: np.ndarray, *, overdue: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the days of verification and installation, all before the history; a few verifications have expired."""
    interval = np.where(models < _FIRST_OF_THREE_PHASES, _YEARS_OF_ONE_PHASE, _YEARS_OF_THREE_PHASES) * 365
    today = np.datetime64(sample.period.last_day, "D")
    least = int((today - np.datetime64(sample.opening.first_day, "D")) / _DAY) + 120
    age = draw.integers(least, interval)
    expired = (draw.random(len(models)) < 0.04) | overdue
    age[expired] = (interval + draw.integers(10, 700, len(models)))[expired]
    verified_on = today - age * _DAY
    return verified_on, verified_on + draw.integers(10, 100, len(models)) * _DAY


def _points(homes: Homes, points: np.ndarray) -> Iterator[Rows]:
    """Yield a supply point and a metering point for every premise, metered or not, and for buildings with a meter."""
    building_id = homes.of("id")
    for mine in (homes.kind != WHOLE, homes.kind == WHOLE):
        columns = {"id": points[mine], "building_id": building_id[mine]}
        if homes.premise_id[mine].any():
            columns["premise_id"] = homes.premise_id[mine]
        yield "metering_supplypoint", columns
        role = 1 + (homes.kind[mine] == WHOLE)
        yield "metering_meteringpoint", {**columns, "supply_point_id": points[mine], "role": role}


def _due_on(models: np.ndarray, verified_on: np.ndarray) -> np.ndarray:
    one_phase = pl.Series(models < _FIRST_OF_THREE_PHASES)
    day = pl.Series(verified_on)
    due = day.dt.offset_by(f"{_YEARS_OF_THREE_PHASES}y").zip_with(
        ~one_phase, day.dt.offset_by(f"{_YEARS_OF_ONE_PHASE}y")
    )
    return due.to_numpy()


def _meters(meters: Meters) -> Rows:
    return "metering_meter", {
        "id": meters.id,
        "model_id": meters.model,
        "serial": meters.serial.astype("S8"),
        "verified_on": meters.verified_on,
        "verification_due_on": meters.due_on,
    }


def _seals(sample: Sample, meters: Meters, ids: Ids) -> Iterator[Rows]:
    """Yield a seal on the terminal cover of every meter put in within some years."""
    since = np.datetime64(sample.opening.first_day, "D") - _SEALED_DAYS * _DAY
    sealed = meters.begins_on >= since
    if sealed.any():
        id = ids.take("metering_seal", int(sealed.sum()))
        yield (
            "metering_seal",
            {
                "id": id,
                "meter_id": meters.id[sealed],
                "number": (_FIRST_SEAL + id).astype("S9"),
                "place": "клеммная крышка",
                "state": np.ones(len(id), int),
                "set_on": meters.begins_on[sealed],
            },
        )


def _installations(
    homes: Homes,
    registers: Registers,
    meter_id: np.ndarray,
    point_id: np.ndarray,
    zone: np.ndarray,
    ends_on: np.ndarray,
) -> Iterator[Rows]:
    """Yield the open ones of premises, then of whole buildings, then those that ended."""
    kind = homes.kind[registers.unit]
    columns = {
        "id": registers.id,
        "register_id": registers.id,
        "meter_id": meter_id,
        "metering_point_id": point_id,
        "building_id": homes.of("id")[registers.unit],
        "premise_id": homes.premise_id[registers.unit],
        "role": 1 + (kind == WHOLE),
        "zone": zone,
        "digits": registers.digits,
        "ratio": registers.ratio,
    }
    ended = ~np.isnat(ends_on)
    for mine in (~ended & (kind != WHOLE), ~ended & (kind == WHOLE)):
        chosen = {name: column[mine] for name, column in columns.items()}
        if not chosen["premise_id"].any():
            del chosen["premise_id"]
        yield "metering_installation", {**chosen, "during": registers.begins_on[mine]}
    closed = {name: column[ended] for name, column in columns.items()}
    dates = {"since": registers.begins_on[ended], "until": ends_on[ended]}
    yield (
        "metering_installation",
        pl.DataFrame({**closed, **dates}).select(
            pl.exclude("since", "until"), during=pl.format("[{},{})", "since", "until")
        ),
    )


def _search(homes: Homes, meters: Meters) -> Rows:
    """What `contexts.contracts.search.search_text` writes, a column at a time: the meter that stands there now."""
    row = meters.of_unit[homes.layout.unit]
    serial = pl.Series(np.where(row >= 0, meters.serial[row], 0))
    text = pl.concat_str(
        "number",
        "payer",
        "address",
        pl.when(serial > 0).then(serial.cast(pl.String)),
        separator=" ",
        ignore_nulls=True,
    )
    return "contracts_accountsearch", homes.accounts.select(
        account_id="id", text=text.str.to_lowercase().str.replace_all("ё", "е", literal=True)
    )
