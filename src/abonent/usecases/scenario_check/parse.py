"""From a scenario file to a scenario. docs/scenarios.md describes the file for its authors."""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path

from abonent.engine import parameters, strict_yaml
from abonent.kernel.periods import DateRange, Month
from abonent.kernel.quantities import format_wh, parse_area, parse_kwh, parse_price
from abonent.usecases import packs
from abonent.usecases.scenario_check import model
from abonent.usecases.scenario_check.expectations import parse_expectations
from abonent.usecases.scenario_check.meters import parse_meters
from abonent.usecases.scenario_check.nodes import Node, Problem, ScenarioError

_UPLIFTS = {"none": 0, "no_meter": 1, "access_refused": 2}
_PAYERS = {"none": 0, "consumers": 1, "executor": 2}
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
_TERMS = ("tariff", "area", "rooms", "residents", "owners", "uplift")

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
    """Reads one file; gathers the norms it brings along, which become parameters."""

    def __init__(self, top: Node) -> None:
        self.top = top
        self.norms: Rows = []
        self.common_norms: Rows = []
        self.accounts: set[str] = set()

    def scenario(self) -> model.Scenario:
        top = self.top
        top.keys(
            "scenario", "about", "source", "periods", "parameters", "tariffs", "buildings", "expect",
            required=("scenario", "source", "periods", "tariffs", "buildings"),
        )  # fmt: skip
        periods = self._periods(top.get("periods"))
        tariffs = self._tariffs(top.get("tariffs"))
        buildings = self._buildings(top.get("buildings"), {tariff.name for tariff in tariffs})
        title, about, source = (top.get(key) for key in ("scenario", "about", "source"))
        return model.Scenario(
            file=top.file,
            title=title.text() if title else "",
            about=about.text(longest=5000) if about else "",
            source=source.text(longest=5000) if source else "",
            periods=periods,
            parameters=self._parameters(top.get("parameters")),
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
            item.keys("prices", "norms", required=("prices",))
            prices, norms = item.get("prices"), item.get("norms")
            category = self._norms(norms) if norms else _NORMS["gas"]
            found.append(model.Tariff(name, category, self._prices(prices) if prices else ()))
        return tuple(found)

    def _prices(self, node: Node) -> tuple[model.PriceSpan, ...]:
        spans = []
        for item in node.items() if isinstance(node.value, list) else [node]:
            if not item.keys("from", "until", *_PRICE_ZONES):
                continue
            during = _during(item)
            for zone, codes in _PRICE_ZONES.items():
                if child := item.get(zone):
                    price_e5 = child.figure(parse_price)
                    spans += [(child, model.PriceSpan(code, price_e5, during)) for code in codes]
        for place, (child, span) in enumerate(spans):
            for _, other in spans[:place]:
                if span.zone == other.zone and span.during.overlaps(other.during):
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

    def _buildings(self, node: Node | None, tariffs: set[str]) -> tuple[model.Building, ...]:
        found = tuple(self._building(item, tariffs) for item in node.items()) if node else ()
        names = [building.name for building in found]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.top.refuse(f"two buildings are called {name}", key="buildings")
        return found

    def _building(self, node: Node, tariffs: set[str]) -> model.Building:
        node.keys(
            "name", "kind", "premises_area", "common_area", "common_norm", "common_needs", "excess", "meters",
            "premises", required=("name", "premises"),
        )  # fmt: skip
        name, kind, excess = node.get("name"), node.get("kind"), node.get("excess")
        area, common_area, payer = (
            node.get("premises_area"),
            node.get("common_area"),
            node.get("common_needs"),
        )
        premises = node.get("premises")
        flats = tuple(self._premise(item, tariffs) for item in premises.items()) if premises else ()
        numbers = [flat.number for flat in flats]
        for number in sorted({number for number in numbers if numbers.count(number) > 1}):
            node.refuse(f"two premises are called {number}", key="premises")
        return model.Building(
            name=name.text() if name else "",
            apartments=kind.choice({"apartments": True, "private": False}) if kind else True,
            premises_area_dm2=area.figure(parse_area) if area else 0,
            common_area_dm2=common_area.figure(parse_area) if common_area else 0,
            common_norm_category=self._common_norm(node.get("common_norm")),
            common_needs=payer.choice(_PAYERS) if payer else _PAYERS["none"],
            excess_to_consumers=excess.choice({"executor": False, "consumers": True}) if excess else False,
            meters=parse_meters(node.get("meters")),
            premises=flats,
        )

    def _common_norm(self, node: Node | None) -> int:
        if node is None:
            return 1
        category = _FIRST_OWN_CATEGORY + len(self.common_norms)
        self.common_norms.append({"category": str(category), "kwh_per_m2": _kwh(node)})
        return category

    def _premise(self, node: Node, tariffs: set[str]) -> model.Premise:
        node.keys(
            "number", "use", "account", "from", "until", *_TERMS, "changes", "meters", required=("number",)
        )  # fmt: skip
        number, use, account = node.get("number"), node.get("use"), node.get("account")
        name = account.text(longest=16) if account else None
        if account and name in self.accounts:
            account.refuse(f"two premises have the account {name}")
        if name:
            self.accounts.add(name)
            if node.get("tariff") is None:
                node.refuse("it is missing", key="tariff")
        return model.Premise(
            number=number.text(longest=12) if number else "",
            living=use.choice({"living": True, "nonliving": False}) if use else True,
            account=name,
            billed=_during(node),
            terms=self._terms(node, tariffs) if name else (),
            meters=parse_meters(node.get("meters")),
        )

    def _terms(self, node: Node, tariffs: set[str]) -> tuple[model.Terms, ...]:
        """Return the stretches between changes, each with everything that holds in it."""
        changes = node.get("changes")
        starts: list[date] = [model.LONG_AGO]
        facts: list[dict[str, int | str]] = [self._facts(node, tariffs)]
        for item in changes.items() if changes else ():
            if not item.keys("from", *_TERMS, required=("from",)) or (day := item.get("from")) is None:
                continue
            if day.day() <= starts[-1]:
                day.refuse("changes must come one after another")
                continue
            starts.append(day.day())
            facts.append({**facts[-1], **self._facts(item, tariffs)})
        defaults: dict[str, int | str] = {
            "area_dm2": 0,
            "rooms": 1,
            "residents": 0,
            "owners": 1,
            "uplift_cause": 0,
        }
        return tuple(
            model.Terms(during=DateRange(start, end), **{"tariff": "", **defaults, **values})  # type: ignore[arg-type]
            for start, end, values in zip(starts, [*starts[1:], None], facts, strict=True)
        )

    def _facts(self, node: Node, tariffs: set[str]) -> dict[str, int | str]:
        found: dict[str, int | str] = {}
        if tariff := node.get("tariff"):
            found["tariff"] = tariff.text()
            if found["tariff"] not in tariffs:
                tariff.refuse(f"there is no tariff {found['tariff']} in this file")
        if area := node.get("area"):
            found["area_dm2"] = area.figure(parse_area)
        for key in ("rooms", "residents", "owners"):
            if child := node.get(key):
                found[key] = child.whole()
        if uplift := node.get("uplift"):
            found["uplift_cause"] = uplift.choice(_UPLIFTS)
        return found

    def _parameters(self, node: Node | None) -> tuple[parameters.Parameter, ...]:
        found = {}
        known = packs.pack_parameters()
        for id, item in node.entries() if node else ():
            if id not in known.parameters:
                item.refuse(f"there is no such parameter; there are {', '.join(known.parameters)}")
            elif parameter := self._parameter(known.parameters[id], item):
                found[id] = parameter
        for id, rows in (
            ("ru.electricity.norms", self.norms),
            ("ru.electricity.common_norms", self.common_norms),
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
        content = {**pack.content, "versions": {str(model.LONG_AGO): version}}
        try:
            return parameters.from_content(content, name=pack.id)
        except parameters.ParameterError as error:
            for problem in error.problems:
                node.refuse(f"{problem.where} {problem.field}: {problem.reason}".strip())
        return None


_SOURCE = {
    "act": "set by a scenario",
    "url": "https://abonent.example/scenarios",
    "published": model.LONG_AGO,
    "confidence": "low",
}


def _with_rows(parameter: parameters.Parameter, rows: Rows) -> parameters.Parameter:
    """Return a parameter whose every version has these rows too, and one from long ago on with nothing else."""
    versions: dict[str, object] = {str(model.LONG_AGO): {"source": _SOURCE, "rows": rows}}
    for day, version in parameter.content["versions"].items():
        versions[day] = {**version, "rows": [*version["rows"], *rows]}
    return parameters.from_content({**parameter.content, "versions": versions}, name=parameter.id)


def _during(node: Node) -> DateRange:
    begins, ends = node.get("from"), node.get("until")
    start, end = begins.day() if begins else model.LONG_AGO, ends.day() if ends else None
    if ends and end is not None and end <= start:
        ends.refuse(f"it ends on {end}, before it begins")
        end = None
    return DateRange(start, end)


def _kwh(node: Node) -> str:
    """Read a figure and write it as parameters want it."""
    return format_wh(node.figure(parse_kwh))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
