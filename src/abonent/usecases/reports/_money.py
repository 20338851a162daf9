"""What the reports about money share: whose accounts are meant, what they add up to, and where the books stand."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.contexts.ledger.models import BatchState, EntryKind
from abonent.contexts.ledger.operations import COLUMN_OF
from abonent.usecases.reports import _places
from abonent.usecases.reports._people import PAYER
from abonent.usecases.reports.model import Asked, Card, Column, Text

ROLES = frozenset(Role) - {Role.OPERATOR}
OF_AGENT = "JOIN payments_agent agent ON agent.id = sums.agent_id"
BY_ACCOUNT = ("account", _("accounts"))

# kinds of entries that are money, and those that make debts: a debt is told by its period, service and kind
MONEY = ", ".join(str(int(kind)) for kind, column in COLUMN_OF.items() if column == "paid_minor")
PENALTY, COURT = int(EntryKind.PENALTY), int(EntryKind.COURT_COST)
DEBT = f"CASE kind WHEN {PENALTY} THEN 2 WHEN {COURT} THEN 3 ELSE 1 END"


def _account_level() -> _places.Level:
    return _places.Level(
        keys={"account_id": "account.id", "account": "account.number"},
        names=f"{_places.ADDRESS} AS address, premise.number AS premise, {PAYER} AS payer",
        joins=f"""JOIN contracts_account named_account ON named_account.id = sums.account_id
            JOIN parties_party party ON party.id = named_account.party_id
            LEFT JOIN places_premise premise ON premise.id = named_account.premise_id
            JOIN places_building building ON building.id = named_account.building_id {_places.JOIN_STREET}""",
        order=("account",),
        columns=(
            Column(
                name="account",
                title=_("Account"),
                opens=Card(of="account_statement", key="account", dated=True),
            ),
            Column(name="address", title=_("Address"), late=True, minor_on_phone=True),
            Column(name="premise", title=_("Premise"), late=True, minor_on_phone=True),
            Column(name="payer", title=_("Payer"), late=True, minor_on_phone=True),
        ),
    )


LEVELS: Mapping[str, _places.Level] = {
    name: replace(
        level, keys={key: value.replace("street.", "building.") for key, value in level.keys.items()}
    )
    for name, level in {**_places.levels(deepest="account"), "account": _account_level()}.items()
}


def buildings(asked: Asked) -> str:
    """Return SQL of the buildings meant, as `building`: id, branch_id, district_id."""
    return f"""(SELECT building.id, building.branch_id, street.district_id FROM places_building building
        {_places.JOIN_STREET} WHERE {_places.meant(asked)}) building"""


def only_some(asked: Asked, column: str = "account_id") -> str:
    """Return a condition that spares reading everybody's rows when one building is asked for."""
    if asked.building_id is None:
        return ""
    return f"AND {column} = ANY (ARRAY(SELECT id FROM contracts_account WHERE building_id = %(building)s))"


def by_level(level: _places.Level, rows: str, figures: Mapping[str, str], asked: Asked) -> str:
    """Add up `rows`, which have an `account_id`, to a level: `figures` are SQL over them by name.

    The level's names are added where they are cheap; those of accounts are left to `Table.named`.
    """
    is_account = "account_id" in level.keys
    shown = ", ".join(
        f"{f'({sql})' if is_account else f'coalesce(sum({sql}), 0)::bigint'} AS {name}"
        for name, sql in figures.items()
    )
    group = "" if is_account else f"GROUP BY {level.group}"
    count = "" if is_account else "count(*) AS accounts,"
    sums = f"""SELECT {level.select}, {count} {shown} FROM ({rows}) sums
        JOIN contracts_account account ON account.id = sums.account_id
        JOIN {buildings(asked)} ON building.id = account.building_id {group}"""
    return sums if is_account else level.named(sums)


def counted(level: _places.Level) -> tuple[Column, ...]:
    """The columns of a level, with how many accounts stand behind a row that is not one."""
    if "account_id" in level.keys:
        return tuple(level.columns)
    accounts = Column(name="accounts", title=_("Accounts"), kind="count", total=True, minor_on_phone=True)
    return (*level.columns, accounts)


def naming(level: _places.Level) -> Any:
    return level.named if "account_id" in level.keys else None


def slots(cursor: Any, asked: Asked) -> dict[str, Any]:
    """Return where the books of the month stand (`slots`), with those of the months before (`slots_all`).

    `month_slot` is where allocations of the month stand. For all accounts the query gets room to work in memory.
    """
    if asked.building_id is None:
        cursor.execute("SET LOCAL work_mem = '192MB'")
    cursor.execute(
        """SELECT DISTINCT slot, booked_period < %(period)s FROM ledger_batch
           WHERE booked_period <= %(period)s AND state = %(posted)s""",
        {**asked.values, "posted": BatchState.POSTED},
    )
    found = cursor.fetchall()
    before = sorted({slot for slot, is_before in found if is_before})
    within = sorted({slot for slot, is_before in found if not is_before})
    month_slot = int(asked.period) if asked.period else 0
    return {"slots": within, "slots_all": sorted({*before, *within}), "month_slot": month_slot}


def money(name: str, title: Text, **more: Any) -> Column:
    """A sum in the smallest unit, added up."""
    return Column(name=name, title=title, kind="minor", **{"total": True, **more})


def share(part: str, whole: str) -> str:
    """Return SQL for hundredths of a percent; nothing of nothing is nothing."""
    return f"round(10000.0 * ({part}) / nullif({whole}, 0))::bigint"
