"""Buildings of a scenario file: their premises, who pays for them, what changes about them and when."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction

from abonent.kernel.decimals import parse_scaled
from abonent.kernel.periods import DateRange
from abonent.kernel.quantities import format_wh, parse_area, parse_kwh
from abonent.usecases.scenario_check import model
from abonent.usecases.scenario_check.meters import parse_meters
from abonent.usecases.scenario_check.nodes import LONG_AGO, Node

LIVING, SECTION, ROOM = 1, 5, 6
_USES = {"living": LIVING, "nonliving": 2, "common": 3, "heating": 4}
_UPLIFTS = {"none": 0, "no_meter": 1, "access_refused": 2, "tampering": 3, "unauthorised": 4}
_NEEDS = {"none": 0, "consumers": 1, "executor": 2, "housing": 3}
_BASES = {"readings": 1, "norm": 2, "average": 3}
_FIRST_OWN_CATEGORY = 101  # below it are the pack's own tables
_BUILDING_FACTS = (
    "premises_area", "common_area", "common_norm", "common_needs", "common_basis", "excess",
)  # fmt: skip
_FACTS = ("tariff", "area", "rooms", "residents", "owners", "uplift", "room_meters_agreed", "agreed")
_PLACE = ("number", "meters")
_HELD = ("account", "accounts", "from", "until", *_FACTS, "changes", "absences", "equipment", "benefits")

Rows = list[dict[str, str]]
Facts = dict[str, int | str | bool]


class PlacesReader:
    """Reads the buildings; gathers the norms of common needs they bring along, which become a parameter."""

    def __init__(self, tariffs: list[str]) -> None:
        self.tariffs = tariffs
        self.common_norms: Rows = []
        self.accounts: set[str] = set()

    def buildings(self, top: Node) -> tuple[model.Building, ...]:
        node = top.get("buildings")
        found = tuple(self._building(item) for item in node.items()) if node else ()
        _refuse_doubles(top, "buildings", "buildings", [building.name for building in found])
        return found

    def _building(self, node: Node) -> model.Building:
        node.keys(
            "name", "kind", *_BUILDING_FACTS, "changes", "meters", "premises", required=("name", "premises")
        )
        name, kind, premises = node.get("name"), node.get("kind"), node.get("premises")
        inside = tuple(one for item in premises.items() for one in self._premise(item)) if premises else ()
        _refuse_doubles(node, "premises", "premises", [premise.number for premise in inside])
        return model.Building(
            name=name.text() if name else "",
            apartments=kind.choice({"apartments": True, "private": False}) if kind else True,
            changes=self._changes(node, _BUILDING_FACTS, self._building_facts),
            meters=parse_meters(node.get("meters")),
            premises=inside,
        )

    def _building_facts(self, node: Node) -> Facts:
        found: Facts = {}
        for key in ("premises_area", "common_area"):
            if child := node.get(key):
                found[f"{key}_dm2"] = child.figure(parse_area)
        if norm := node.get("common_norm"):
            found["common_norm_category"] = self._common_norm(norm)
        if payer := node.get("common_needs"):
            found["common_needs"] = payer.choice(_NEEDS)
        if basis := node.get("common_basis"):
            found["common_basis"] = basis.choice(_BASES)
        if excess := node.get("excess"):
            found["excess_to_consumers"] = excess.choice({"executor": False, "consumers": True})
        return found

    def _common_norm(self, node: Node) -> int:
        category = _FIRST_OWN_CATEGORY + len(self.common_norms)
        self.common_norms.append({"category": str(category), "kwh_per_m2": format_wh(node.figure(parse_kwh))})
        return category

    def _premise(self, node: Node) -> list[model.Premise]:
        """Return a premise, and all that is inside a communal apartment."""
        use = node.get("use")
        kind = use.choice(_USES) if use else LIVING
        node.keys(*_PLACE, "use", *_HELD, *(("parts",) if kind == LIVING else ()), required=("number",))
        whole = self._one(node, kind, None)
        return [whole, *self._parts(node, whole)]

    def _parts(self, node: Node, whole: model.Premise) -> list[model.Premise]:
        """Return the rooms of an apartment or a section; what has parts of its own is a section."""
        found = []
        parts = node.get("parts")
        if parts and whole.accounts:
            node.refuse("a communal apartment has no account of its own, its rooms have", key="parts")
        for item in parts.items() if parts else ():
            section = whole.kind == LIVING and item.get("parts") is not None
            item.keys(*_PLACE, *(("parts",) if section else _HELD), required=("number",))
            part = self._one(item, SECTION if section else ROOM, whole.number)
            found += [part, *self._parts(item, part)]
        return found

    def _one(self, node: Node, kind: int, parent: str | None) -> model.Premise:
        number, absences, equipment, benefits = (
            node.get(key) for key in ("number", "absences", "equipment", "benefits")
        )
        accounts = self._accounts(node)
        described = any(node.get(key) for key in (*_FACTS, "changes"))
        if accounts and node.get("tariff") is None:
            node.refuse("it is missing", key="tariff")
        return model.Premise(
            number=number.text(longest=12) if number else "",
            kind=kind,
            parent=parent,
            accounts=accounts,
            changes=self._changes(node, _FACTS, self._facts) if accounts or described else (),
            meters=parse_meters(node.get("meters")),
            absences=tuple(_absence(item) for item in absences.items()) if absences else (),
            equipment=tuple(_equipment(item) for item in equipment.items()) if equipment else (),
            benefits=tuple(_benefit(item, accounts) for item in benefits.items()) if benefits else (),
        )

    def _accounts(self, node: Node) -> tuple[model.Holding, ...]:
        """Return who pays: one account, or several with their shares and days."""
        one, several = node.get("account"), node.get("accounts")
        if one and several:
            several.refuse("there is an account already; name all of them here")
        if several:
            return tuple(self._holding(item) for item in several.items() if _is_holding(item))
        if one:
            return (model.Holding(self._name(one), node.during()),)
        return ()

    def _holding(self, node: Node) -> model.Holding:
        name, share = node.get("account"), node.get("share")
        return model.Holding(
            self._name(name) if name else "", node.during(), _share(share) if share else Fraction(1)
        )

    def _name(self, node: Node) -> str:
        name = node.text(longest=16)
        if name in self.accounts:
            node.refuse(f"the account {name} stands twice")
        self.accounts.add(name)
        return name

    def _changes(
        self, node: Node, known: tuple[str, ...], facts_of: Callable[[Node], Facts]
    ) -> tuple[model.Change, ...]:
        """Return what holds from the beginning, and every change of it."""
        found = [model.Change(LONG_AGO, facts_of(node))]
        changes = node.get("changes")
        for item in changes.items() if changes else ():
            if (
                not item.keys("from", "entered", *known, required=("from",))
                or (day := item.get("from")) is None
            ):
                continue
            if day.day() <= found[-1].begins_on:
                day.refuse("changes must come one after another")
                continue
            found.append(model.Change(day.day(), facts_of(item), item.entered()))
        return tuple(found)

    def _facts(self, node: Node) -> Facts:
        found: Facts = {}
        if tariff := node.get("tariff"):
            found["tariff"] = tariff.text()
            if found["tariff"] not in self.tariffs:
                tariff.refuse(f"there is no tariff {found['tariff']} in this file")
        if area := node.get("area"):
            found["area_dm2"] = area.figure(parse_area)
        for key in ("rooms", "residents", "owners"):
            if child := node.get(key):
                found[key] = child.whole()
        if uplift := node.get("uplift"):
            found["uplift_cause"] = uplift.choice(_UPLIFTS)
        if agreed := node.get("agreed"):
            found["agreed_wh_per_month"] = agreed.figure(parse_kwh)
        if meters := node.get("room_meters_agreed"):
            found["room_meters_agreed"] = meters.flag()
        return found


def _is_holding(node: Node) -> bool:
    return node.keys("account", "share", "from", "until", required=("account",))


def _share(node: Node) -> Fraction:
    try:
        share = Fraction(str(node.value))
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if not 0 < share <= 1 or share.denominator > 30_000:
        node.refuse(f"a share written as 1/3 is needed, above 0 and not above 1, not {node.value}")
        return Fraction(1)
    return share


def _absence(node: Node) -> model.Absence:
    node.keys("people", "left", "returned", "entered", required=("left", "returned"))
    people, left, returned = node.get("people"), node.get("left"), node.get("returned")
    left_on = left.day() if left else LONG_AGO
    returned_on = returned.day() if returned else date.max
    if returned and returned_on <= left_on:
        returned.refuse(f"it ends on {returned_on}, before it begins")
    return model.Absence(people.whole(least=1) if people else 1, left_on, returned_on, node.entered())


def _equipment(node: Node) -> model.Equipment:
    node.keys("kw", "from", "until", "entered", required=("kw", "from", "until"))
    power = node.get("kw")
    days = node.during() if node.get("from") else DateRange(LONG_AGO)
    return model.Equipment(power.figure(_parse_kw) if power else 1, days, node.entered())


def _benefit(node: Node, accounts: tuple[model.Holding, ...]) -> model.Benefit:
    node.keys(
        "account", "percent", "people", "within_norm", "from", "until", "entered", required=("percent",)
    )  # fmt: skip
    account, percent, people, within = (
        node.get(key) for key in ("account", "percent", "people", "within_norm")
    )
    names = [holding.name for holding in accounts]
    if not account and len(names) != 1:
        node.refuse("it is missing; the premise has not exactly one account", key="account")
    name = account.text() if account else names[0] if names else ""
    if account and name not in names:
        account.refuse(f"the premise has no account {name}")
    return model.Benefit(
        account=name,
        percent=percent.whole(least=1, most=100) if percent else 1,
        people=people.whole(least=1) if people else 1,
        within_norm=within.flag() if within else True,
        during=node.during(),
        known_in=node.entered(),
    )


def _parse_kw(text: str, /) -> int:
    """ "0,75" -> 750 (W). Raises FigureError."""
    return parse_scaled(text, places=3, what="kW")


def _refuse_doubles(node: Node, key: str, what: str, names: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        node.refuse(f"two {what} are called {name}", key=key)
