"""How far premises and buildings are fitted with meters."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.contexts.contracts.models import UpliftCause
from abonent.contexts.metering.models import PointRole
from abonent.contexts.places.models import BuildingKind, PremiseKind
from abonent.usecases.reports import _places, _sections
from abonent.usecases.reports.model import PLACES, Answer, Ask, Asked, Column, Report, Table

_BY = _places.by(_places.BY_DISTRICT, _places.BY_BRANCH, _places.BY_BUILDING)
_LEVELS = _places.levels(deepest="")
_LIVING = f"premise.kind IN ({int(PremiseKind.LIVING)}, {int(PremiseKind.ROOM)})"
_NONLIVING = f"premise.kind = {int(PremiseKind.NONLIVING)}"
_FITTED = "metered.premise_id IS NOT NULL"
_CAN = f"terms.uplift_cause = {int(UpliftCause.NO_METER)}"
_COUNTED = {
    "living": _LIVING,
    "living_fitted": f"{_LIVING} AND {_FITTED}",
    "living_can": f"{_LIVING} AND NOT {_FITTED} AND {_CAN}",
    "living_cannot": f"{_LIVING} AND NOT {_FITTED} AND {_CAN} IS NOT TRUE",
    "nonliving": _NONLIVING,
    "nonliving_fitted": f"{_NONLIVING} AND {_FITTED}",
}


def _answer(_cursor: Any, asked: Asked) -> Answer:
    level = _LEVELS[_BY.answer(asked)]
    counts = ", ".join(f"count(*) FILTER (WHERE {which}) AS {name}" for name, which in _COUNTED.items())
    mine = "AND premise.building_id = %(building)s" if asked.building_id is not None else ""
    figures = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in _COUNTED)
    shares = ", ".join(f"{_share(f'{name}_fitted', name)} AS {name}_share" for name in _SHARED)
    sums = f"""
        SELECT counted.*, {shares}
        FROM (
            SELECT {level.select}, {figures}, count(*) FILTER (WHERE {_APARTMENTS})::bigint AS apartments,
                   count(*) FILTER (WHERE {_APARTMENTS} AND own.building_id IS NOT NULL)::bigint AS apartments_fitted
            FROM places_building building
            {_places.JOIN_STREET}
            LEFT JOIN (
                SELECT premise.building_id, {counts}
                FROM places_premise premise
                LEFT JOIN contracts_premiseterms terms
                  ON terms.premise_id = premise.id AND terms.during @> %(last_day)s::date
                LEFT JOIN (
                    SELECT DISTINCT premise_id FROM metering_installation
                    WHERE during @> %(last_day)s::date AND premise_id IS NOT NULL
                ) metered ON metered.premise_id = premise.id
                WHERE true {mine}
                GROUP BY premise.building_id
            ) premises ON premises.building_id = building.id
            LEFT JOIN (
                SELECT DISTINCT building_id FROM metering_installation
                WHERE during @> %(last_day)s::date AND role = {int(PointRole.BUILDING)}
            ) own ON own.building_id = building.id
            WHERE {_places.meant(asked)} AND coalesce(building.closed_on > %(last_day)s, true)
            GROUP BY {level.group}
        ) counted"""
    table = Table(
        name="coverage",
        columns=(*level.columns, *_COLUMNS),
        sql=level.named(sums),
        order=level.order,
        unique=tuple(level.keys),
    )
    return Answer(tables=(table,))


def _share(part: str, whole: str) -> str:
    return f"round(10000.0 * {part} / nullif({whole}, 0))::bigint"


_SHARED = ("living", "nonliving", "apartments")
_APARTMENTS = f"building.kind = {int(BuildingKind.APARTMENT)}"
_FLATS, _SHOPS, _BUILDINGS = _("Flats, rooms and houses"), _("Non-living premises"), _("Apartment buildings")


def _count(name: str, title: Any, band: Any, *, minor: bool = True) -> Column:
    return Column(name=name, title=title, band=band, kind="count", total=True, minor_on_phone=minor)


def _percent(name: str, band: Any) -> Column:
    total = _share(f"sum({name}_fitted)", f"sum({name})")
    return Column(
        name=f"{name}_share",
        title=_("fitted, %"),
        band=band,
        kind="percent",
        total=total,
        minor_on_phone=name != "living",
    )


_COLUMNS = (
    _count("living", _("in all"), _FLATS, minor=False),
    _count("living_fitted", _("with a meter"), _FLATS),
    _count("living_can", _("without, one can be fitted"), _FLATS),
    _count("living_cannot", _("without, none can be fitted"), _FLATS),
    _percent("living", _FLATS),
    _count("nonliving", _("in all"), _SHOPS),
    _count("nonliving_fitted", _("with a meter"), _SHOPS),
    _percent("nonliving", _SHOPS),
    _count("apartments", _("in all"), _BUILDINGS),
    _count("apartments_fitted", _("with a building meter"), _BUILDINGS),
    _percent("apartments", _BUILDINGS),
)

REPORT = Report(
    code="coverage",
    title=_("Fitting with meters"),
    about=_(
        "How many flats, houses, non-living premises and apartment buildings have a meter at the end of the month."
    ),
    section=_sections.METERS,
    roles=frozenset(Role),
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_BY,),
    answer=_answer,
)
