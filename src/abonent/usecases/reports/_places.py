"""What several reports say of places: which of them are meant, their addresses, and the levels they add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from abonent.usecases.reports.model import Asked, Card, Choice, Column, Drill, Text

# for queries with `building` and `street` in them
ADDRESS = "street.kind || ' ' || street.name || ', д. ' || building.number"
HOUSE_ORDER = "coalesce(substring(building.number FROM '^\\d+')::int, 0)"
JOIN_STREET = "JOIN places_street street ON street.id = building.street_id"
# villages of one district office have streets of the same name, so the district comes first
PLACE_ORDER = ("district_name", "street_name", "house_order", "house")
PLACE_COLUMNS = (
    f"{ADDRESS} AS address, district.name AS district_name, street.name AS street_name, {HOUSE_ORDER} AS house_order, "
    "building.number AS house"
)


def meant(asked: Asked) -> str:
    """Return the condition on `building` and `street` that keeps to what was asked; never empty."""
    parts = ["building.branch_id IN (SELECT id FROM parties_branch WHERE supplier_id = %(supplier)s)"]
    if asked.branch_id is not None:
        parts.append("building.branch_id = %(branch)s")
    if asked.district_id is not None:
        parts.append("street.district_id = %(district)s")
    if asked.building_id is not None:
        parts.append("building.id = %(building)s")
    return " AND ".join(parts)


def address_column(*, title: Text | None = None, opens: Card | Drill | None = None) -> Column:
    return Column(
        name="address",
        title=title or _("Address"),
        order=PLACE_ORDER,
        opens=opens or Card(of="building", key="building_id"),
    )


def district_column() -> Column:
    return Column(name="district_name", title=_("District"), minor_on_phone=True)


@dataclass(frozen=True, kw_only=True)
class Level:
    """What rows are added up to. The keys are taken from `building`, `street` and, for accounts, `line`."""

    keys: Mapping[str, str]
    names: str
    joins: str
    order: Sequence[str]
    columns: Sequence[Column]

    @property
    def select(self) -> str:
        return ", ".join(f"{expression} AS {key}" for key, expression in self.keys.items())

    @property
    def group(self) -> str:
        return ", ".join(self.keys.values())

    def named(self, sums: str) -> str:
        """Return SQL that adds names to rows with the keys in them; they are added up before they are named."""
        return f"SELECT {self.names}, sums.* FROM ({sums}) sums {self.joins}"


JOINS = f"""{JOIN_STREET}
    JOIN places_district district ON district.id = street.district_id
    JOIN parties_branch branch ON branch.id = building.branch_id"""
OF_BRANCH = "JOIN parties_branch branch ON branch.id = sums.branch_id"
OF_DISTRICT = f"{OF_BRANCH} JOIN places_district district ON district.id = sums.district_id"
OF_BUILDING = f"JOIN places_building building ON building.id = sums.building_id {JOINS}"


def levels(*, deepest: str) -> dict[str, Level]:
    """Return branch, district and building as levels; a building leads to `deepest`, or to its card without one."""
    down = Drill(sets={"by": deepest}, takes={"building": "building_id"})
    branch = Column(
        name="branch_name",
        title=_("Branch"),
        opens=Drill(sets={"by": "district"}, takes={"branch": "branch_id"}),
    )
    district = Column(
        name="district_name",
        title=_("District"),
        opens=Drill(sets={"by": "building"}, takes={"branch": "branch_id", "district": "district_id"}),
    )
    return {
        "branch": Level(
            keys={"branch_id": "building.branch_id"},
            names="branch.name AS branch_name",
            joins=OF_BRANCH,
            order=("branch_name",),
            columns=(branch,),
        ),
        "district": Level(
            keys={"branch_id": "building.branch_id", "district_id": "street.district_id"},
            names="branch.name AS branch_name, district.name AS district_name",
            joins=OF_DISTRICT,
            order=("branch_name", "district_name"),
            columns=(district, replace(branch, minor_on_phone=True)),
        ),
        "building": Level(
            keys={"building_id": "building.id"},
            names=PLACE_COLUMNS,
            joins=OF_BUILDING,
            order=PLACE_ORDER,
            columns=(address_column(opens=down if deepest else None), district_column()),
        ),
    }


def by(*answers: tuple[str, Text]) -> Choice:
    return Choice(name="by", title=_("By"), answers=answers)


BY_BRANCH = ("branch", _("branches"))
BY_DISTRICT = ("district", _("districts"))
BY_BUILDING = ("building", _("buildings"))
