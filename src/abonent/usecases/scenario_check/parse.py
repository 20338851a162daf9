"""From a scenario file to a scenario. docs/scenarios.md describes the file for its authors."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from abonent.engine import parameters, strict_yaml
from abonent.kernel.periods import Month
from abonent.kernel.quantities import format_wh, parse_kwh, parse_price
from abonent.usecases import packs
from abonent.usecases.scenario_check import model
from abonent.usecases.scenario_check.expectations import parse_expectations
from abonent.usecases.scenario_check.nodes import LONG_AGO, Node, Problem, ScenarioError
from abonent.usecases.scenario_check.places import PlacesReader

_BANDS = {"none": 0, "ranges": 1, "social_norm": 2}
_DWELLINGS = {"ordinary": 1, "electric_heating": 2}
_NORMS = {"gas": 1, "electric": 2, "gas_dormitory": 3, "electric_dormitory": 4}
_FIRST_OWN_CATEGORY = 101  # below it are the pack's own tables
_NORM_PEOPLE = 5  # tables of norms end with "five and more"
_PRICE_ZONES = {
    "single": (model.SINGLE,),
    "day": (model.DAY,),
    "night": (model.NIGHT, model.NIGHT_OF_THREE),
    "peak": (model.PEAK,),
    "semi_peak": (model.SEMI_PEAK,),
}

Rows = list[dict[str, str]]


def read(file: Path) -> model.Scenario:
    """Read a scenario file. Raises ScenarioError with everything that is wrong with it."""
    try:
        document = strict_yaml.read(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([Problem(str(file), 1, "", "", f"cannot be read: {error}")]) from error
    except strict_yaml.YamlError as error:
        raise ScenarioError([Problem(str(file), error.line, "", "", error.reason)]) from error
    node = Node(file, document, document.data)
    scenario = _Reader(node).scenario()
    if node.problems:
        raise ScenarioError(node.problems)
    return scenario


class _Reader:
    """Reads one file; gathers the norms it brings along, which become a parameter."""

    def __init__(self, top: Node) -> None:
        self.top = top
        self.norms: Rows = []

    def scenario(self) -> model.Scenario:
        top = self.top
        top.keys(
            "scenario", "about", "source", "periods", "parameters", "tariffs", "buildings", "expect",
            required=("scenario", "source", "periods", "tariffs", "buildings"),
        )  # fmt: skip
        periods = top.months = self._periods(top.get("periods"))
        tariffs = self._tariffs(top.get("tariffs"))
        places = PlacesReader([tariff.name for tariff in tariffs])
        buildings = places.buildings(top)
        title, about, source = (top.get(key) for key in ("scenario", "about", "source"))
        return model.Scenario(
            file=top.file,
            title=title.text() if title else "",
            about=about.text(longest=5000) if about else "",
            source=source.text(longest=5000) if source else "",
            periods=periods,
            parameters=self._parameters(top.get("parameters"), places.common_norms),
            tariffs=tariffs,
            buildings=buildings,
            expectations=parse_expectations(top.get("expect"), periods, buildings),
        )

    def _periods(self, node: Node | None) -> tuple[Month, ...]:
        months = tuple(item.month() for item in node.items()) if node else ()
        if node and not months:
            node.refuse("at least one month is needed")
        if node and any(later <= earlier for earlier, later in pairwise(months)):
            node.refuse("the months must come one after another")
        return months

    def _tariffs(self, node: Node | None) -> tuple[model.Tariff, ...]:
        found = []
        for name, item in node.entries() if node else ():
            item.keys("prices", "norms", "bands", "dwelling", required=("prices",))
            prices, norms, bands, dwelling = (
                item.get(key) for key in ("prices", "norms", "bands", "dwelling")
            )
            found.append(
                model.Tariff(
                    name,
                    norm_category=self._norms(norms) if norms else _NORMS["gas"],
                    prices=self._prices(prices) if prices else (),
                    banding=bands.choice(_BANDS) if bands else _BANDS["none"],
                    band_category=dwelling.choice(_DWELLINGS) if dwelling else _DWELLINGS["ordinary"],
                )
            )
        return tuple(found)

    def _prices(self, node: Node) -> tuple[model.PriceSpan, ...]:
        spans = []
        for item in node.items() if isinstance(node.value, list) else [node]:
            if not item.keys("from", "until", *_PRICE_ZONES, "band", "entered"):
                continue
            band = item.get("band")
            facts = (item.during(), band.whole(least=1, most=3) if band else 1, item.entered())
            for zone, codes in _PRICE_ZONES.items():
                if child := item.get(zone):
                    price_e5 = child.figure(parse_price)
                    spans += [(child, model.PriceSpan(code, price_e5, *facts)) for code in codes]
        for place, (child, span) in enumerate(spans):
            for _, other in spans[:place]:
                same = (span.zone, span.band) == (other.zone, other.band)
                if same and span.during.overlaps(other.during) and span.known_in is None:
                    child.refuse(f"another price of this zone is in force then: {other.during}")
                    break
        return tuple(span for _, span in spans)

    def _norms(self, node: Node) -> int:
        """Return the category of a table of the pack, of one norm for everybody, or of a table in the file."""
        if isinstance(node.value, str) and node.value in _NORMS:
            return _NORMS[node.value]
        category = _FIRST_OWN_CATEGORY + len({row["norm_category"] for row in self.norms})
        table: dict[int, dict[int, str]] = {}
        if isinstance(node.value, list):
            for item in node.items():
                if item.keys("rooms", "residents", "kwh", required=("rooms", "residents", "kwh")):
                    rooms, residents, kwh = (item.get(key) for key in ("rooms", "residents", "kwh"))
                    if rooms and residents and kwh:
                        of_rooms = table.setdefault(rooms.whole(least=1), {})
                        of_rooms[residents.whole(least=1, most=_NORM_PEOPLE)] = _kwh(kwh)
        else:
            table = {1: {1: _kwh(node)}}
        for rooms_no, by_people in table.items():
            for people in range(1, _NORM_PEOPLE + 1):
                # a household larger than the table goes by its last row
                nearest = max((n for n in by_people if n <= people), default=min(by_people))
                self.norms.append(
                    {
                        "norm_category": str(category),
                        "rooms": str(rooms_no),
                        "residents": str(people),
                        "kwh_per_person": by_people[nearest],
                    }
                )
        return category

    def _parameters(self, node: Node | None, common_norms: Rows) -> tuple[parameters.Parameter, ...]:
        found = {}
        known = packs.pack_parameters()
        for id, item in node.entries() if node else ():
            if id not in known.parameters:
                item.refuse(f"there is no such parameter; there are {', '.join(known.parameters)}")
            elif parameter := self._parameter(known.parameters[id], item):
                found[id] = parameter
        for id, rows in (
            ("ru.electricity.norms", self.norms),
            ("ru.electricity.common_norms", common_norms),
        ):
            if rows:
                found[id] = _with_rows(found.get(id, known.parameters[id]), rows)
        return tuple(found.values())

    def _parameter(self, pack: parameters.Parameter, node: Node) -> parameters.Parameter | None:
        """Return the parameter with these rows, or this value, at all times."""
        version: dict[str, object] = {"source": _SOURCE}
        if isinstance(node.value, list):
            version["rows"] = [
                {key: _text(value) for key, value in item.value.items()}
                for item in node.items()
                if isinstance(item.value, Mapping)
            ]
        else:
            version["value"] = _text(node.value)
        content = {**pack.content, "versions": {str(LONG_AGO): version}}
        try:
            return parameters.from_content(content, name=pack.id)
        except parameters.ParameterError as error:
            for problem in error.problems:
                node.refuse(f"{problem.where} {problem.field}: {problem.reason}".strip())
        return None


_SOURCE = {
    "act": "set by a scenario",
    "url": "https://abonent.example/scenarios",
    "published": LONG_AGO,
    "confidence": "low",
}


def _with_rows(parameter: parameters.Parameter, rows: Rows) -> parameters.Parameter:
    """Return a parameter whose every version has these rows too, and one from long ago on with nothing else."""
    versions: dict[str, object] = {str(LONG_AGO): {"source": _SOURCE, "rows": rows}}
    for day, version in parameter.content["versions"].items():
        versions[day] = {**version, "rows": [*version["rows"], *rows]}
    return parameters.from_content({**parameter.content, "versions": versions}, name=parameter.id)


def _kwh(node: Node) -> str:
    """Read a figure and write it as parameters want it."""
    return format_wh(node.figure(parse_kwh))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
