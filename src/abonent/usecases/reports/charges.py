"""Charges of a month by branch, district, sector, building and account; each level leads to the next.

What is charged and what is recalculated is told apart by the ledger's own entries, so the totals are its turnover.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.contexts.contracts.models import Service
from abonent.contexts.ledger.models import BatchState, EntryKind
from abonent.contexts.places.models import BuildingKind
from abonent.usecases.reports import _places, _sections
from abonent.usecases.reports._people import PAYER
from abonent.usecases.reports.model import (
    PLACES,
    Answer,
    Ask,
    Asked,
    Card,
    Choice,
    Column,
    Drill,
    Report,
    Table,
)
from abonent.usecases.reports.rule_groups import Basis, resting_on

_BY = _places.by(
    _places.BY_DISTRICT,
    _places.BY_BRANCH,
    ("sector", _("apartment buildings and private houses")),
    _places.BY_BUILDING,
    ("account", _("accounts")),
)
_SECTOR = Choice(
    name="sector",
    title=_("Sector"),
    answers=(
        ("all", _("all")),
        ("apartments", _("apartment buildings")),
        ("private", _("private houses")),
    ),
)
_CONDITIONS = {
    "all": "true",
    "apartments": f"building.kind = {int(BuildingKind.APARTMENT)}",
    "private": f"building.kind = {int(BuildingKind.PRIVATE)}",
}

_OWN = (Basis.READINGS, Basis.AVERAGE, Basis.NORM, Basis.AGREED, Basis.RETURNED)
_USED = {
    "readings_wh": (Basis.READINGS,),
    "average_wh": (Basis.AVERAGE,),
    "norm_wh": (Basis.NORM,),
    "other_wh": (Basis.AGREED, Basis.RETURNED),
    "own_wh": _OWN,
    "common_wh": (Basis.COMMON,),
}
_LEVELS = {
    **_places.levels(deepest="account"),
    "sector": _places.Level(
        keys={
            "branch_id": "building.branch_id",
            "district_id": "street.district_id",
            "kind": "building.kind",
        },
        names="branch.name AS branch_name, district.name AS district_name, "
        "CASE sums.kind WHEN 1 THEN 'apartments' ELSE 'private' END AS sector",
        joins=_places.OF_DISTRICT,
        order=("branch_name", "district_name", "sector"),
        columns=(
            Column(name="district_name", title=_("District")),
            Column(
                name="sector",
                title=_("Sector"),
                words=lambda sector: dict(_SECTOR.answers)[sector],
                opens=Drill(sets={"by": "building"}, takes={"district": "district_id", "sector": "sector"}),
            ),
            Column(name="branch_name", title=_("Branch"), minor_on_phone=True),
        ),
    ),
    "account": _places.Level(
        keys={"account_id": "line.account_id"},
        names=f"building.id AS building_id, {_places.PLACE_COLUMNS}, premise.number AS premise, "
        f" premise.sort_key AS premise_order, account.number AS account, {PAYER} AS payer",
        joins=f"""JOIN contracts_account account ON account.id = sums.account_id
            JOIN places_premise premise ON premise.id = account.premise_id
            JOIN parties_party party ON party.id = account.party_id
            JOIN places_building building ON building.id = account.building_id {_places.JOINS}""",
        order=(*_places.PLACE_ORDER, "premise_order", "premise"),
        columns=(
            _places.address_column(),
            Column(name="premise", title=_("Premise"), order=("premise_order", "premise")),
            Column(name="account", title=_("Account"), opens=Card(of="account", key="account")),
            Column(name="payer", title=_("Payer"), minor_on_phone=True),
        ),
    ),
}


def _answer(cursor: Any, asked: Asked) -> Answer:
    level = _LEVELS[_BY.answer(asked)]
    table = Table(
        name="charges",
        columns=(*level.columns, *(_columns()[1:] if level is _LEVELS["account"] else _columns())),
        sql=level.named(_sums(level, asked)),
        order=level.order,
        unique=tuple(level.keys),
        values={"slots": _slots(cursor, asked)},
        empty=_("Nothing is charged here for this month. Make a run and approve it first."),
    )
    return Answer(tables=(table,))


def _sums(level: _places.Level, asked: Asked) -> str:
    """Add the lines booked in the month up: what went into an entry that is not a charge is a recalculation."""
    charged, adjusted = "adjusted.batch_id IS NULL", "adjusted.batch_id IS NOT NULL"
    own, penalty = f"line.service = {int(Service.ELECTRICITY)}", resting_on(Basis.PENALTY)
    used = {name: f"{charged} AND {resting_on(*bases)}" for name, bases in _USED.items()}
    used["recalculated_wh"] = f"{adjusted} AND NOT {penalty}"
    money = {
        "penalty_minor": f"{charged} AND {penalty}",
        "own_minor": f"{charged} AND {own} AND NOT {penalty}",
        "common_minor": f"{charged} AND NOT {own}",
        "charged_minor": charged,
        "recalculated_own_minor": f"{adjusted} AND {own}",
        "recalculated_common_minor": f"{adjusted} AND NOT {own}",
        "total_minor": "true",
    }
    figures = ", ".join(
        f"coalesce(sum(line.{what}) FILTER (WHERE {which}), 0)::bigint AS {name}"
        for what, conditions in (("quantity_wh", used), ("amount_minor", money))
        for name, which in conditions.items()
    )
    shares = ", ".join(
        f"{_share(f'{name}_wh', 'own_wh')} AS {name}_share" for name in ("readings", "average", "norm")
    )
    few = (
        "AND line.account_id = ANY (ARRAY(SELECT id FROM contracts_account WHERE building_id = %(building)s))"
        if asked.building_id is not None
        else ""
    )
    return f"""
        SELECT sums.*, {shares}
        FROM (
            SELECT {level.select}, count(DISTINCT line.account_id) AS accounts, {figures}
            FROM charging_chargeline line
            LEFT JOIN (
                SELECT DISTINCT batch_id, account_id, service, period FROM ledger_entry
                WHERE slot = ANY(%(slots)s) AND kind <> {int(EntryKind.CHARGE)}
            ) adjusted ON adjusted.batch_id = line.batch_id AND adjusted.account_id = line.account_id
                AND adjusted.service = line.service AND adjusted.period = line.period
            JOIN places_building building ON building.id = line.building_id
            {_places.JOIN_STREET}
            WHERE line.slot = ANY(%(slots)s) {few} AND {_places.meant(asked)}
              AND {_CONDITIONS[_SECTOR.answer(asked)]}
            GROUP BY {level.group}
        ) sums"""


def _share(part: str, whole: str) -> str:
    return f"round(10000.0 * greatest({part}, 0) / nullif(greatest({whole}, 0), 0))::bigint"


def _slots(cursor: Any, asked: Asked) -> list[int]:
    """Return where the books of the month stand."""
    cursor.execute(
        "SELECT DISTINCT slot FROM ledger_batch WHERE booked_period = %(period)s AND state = %(posted)s",
        {**asked.values, "posted": BatchState.POSTED},
    )
    return [slot for (slot,) in cursor.fetchall()]


def _columns() -> list[Column]:
    used, sums, recalculated, shares = (
        _("Used, kWh"),
        _("Charged, ₽"),
        _("Recalculated"),
        _("Share of own use, %"),
    )

    def figure(name: str, title: Any, band: Any, *, kind: str = "kwh", minor: bool = True) -> Column:
        return Column(name=name, title=title, band=band, kind=kind, total=True, minor_on_phone=minor)

    return [
        Column(name="accounts", title=_("Accounts"), kind="count", total=True, minor_on_phone=True),
        figure("readings_wh", _("by readings"), used),
        figure("average_wh", _("by average"), used),
        figure("norm_wh", _("by norm"), used),
        figure("other_wh", _("agreed and returned"), used),
        figure("own_wh", _("own use"), used, minor=False),
        figure("common_wh", _("common needs"), used),
        figure("own_minor", _("own use"), sums, kind="minor"),
        figure("penalty_minor", _("raised norm, unmetered use"), sums, kind="minor"),
        figure("common_minor", _("common needs"), sums, kind="minor"),
        figure("charged_minor", _("charged in all"), sums, kind="minor"),
        figure("recalculated_wh", _("kWh"), recalculated),
        figure("recalculated_own_minor", _("own use, ₽"), recalculated, kind="minor"),
        figure("recalculated_common_minor", _("common needs, ₽"), recalculated, kind="minor"),
        Column(name="total_minor", title=_("In all, ₽"), kind="minor", total=True),
        *(
            Column(
                name=f"{name}_share",
                title=title,
                band=shares,
                kind="percent",
                total=_share(f"sum({name}_wh)", "sum(own_wh)"),
                minor_on_phone=True,
            )
            for name, title in (("readings", _("readings")), ("average", _("average")), ("norm", _("norm")))
        ),
    ]


REPORT = Report(
    code="charges",
    title=_("Charges"),
    about=_(
        "What is charged and recalculated in a month: energy by readings, average and norm, sums by service; from a "
        "branch down to the account."
    ),
    section=_sections.CHARGES,
    roles=frozenset(Role) - {Role.OPERATOR},
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_BY, _SECTOR),
    answer=_answer,
)
