"""The statement of how the buildings' imbalance was shared out: a row for each building's balance of the month."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.contexts.charging.models import RunState
from abonent.usecases.reports import _places, _sections
from abonent.usecases.reports.model import PLACES, Answer, Ask, Asked, Choice, Column, Drill, Report, Table

BY_METER, BY_NORM, BY_AVERAGE = 1, 2, 3
METHODS = {
    BY_METER: _("building meter"),
    BY_NORM: _("norm"),
    BY_AVERAGE: _("average of the building meter"),
}
_WHICH = Choice(
    name="which",
    title=_("Buildings"),
    answers=(
        ("all", _("all")),
        ("excess", _("above the norm")),
        ("negative", _("negative")),
        ("by_norm", _("charged by norm")),
    ),
)
_CONDITIONS = {
    "all": "true",
    "excess": "balance.common_wh > balance.cap_wh",
    "negative": "balance.common_wh < 0",
    "by_norm": f"balance.method = {BY_NORM}",
}
# the balance that stands: of the latest posted run that judged the building
STANDING = f"""
    SELECT DISTINCT ON (balance.building_id) balance.*
    FROM charging_buildingbalance balance JOIN charging_run run ON run.id = balance.run_id
    WHERE run.state = {int(RunState.POSTED)} AND run.booked_period >= %(period)s AND balance.period = %(period)s
    {{only}}
    ORDER BY balance.building_id, balance.run_id DESC"""
_FIGURES = (
    "supplied_wh",
    "nonliving_wh",
    "norm_wh",
    "metered_wh",
    "heating_wh",
    "common_wh",
    "cap_wh",
    "distributed_wh",
    "executor_wh",
    "unassigned_wh",
    "negative_wh",
    "unreturned_wh",
    "carried_in_wh",
    "carried_wh",
    "true_up_wh",
)


def _answer(cursor: Any, asked: Asked) -> Answer:
    only = "AND balance.building_id = %(building)s" if asked.building_id is not None else ""
    figures = ", ".join(f"balance.{name}" for name in _FIGURES)
    sql = f"""
        SELECT building.id AS building_id, street.district_id, {_places.PLACE_COLUMNS}, balance.method, {figures},
               balance.nonliving_wh + balance.norm_wh + balance.metered_wh AS inside_wh
        FROM ({STANDING.format(only=only)}) balance
        JOIN places_building building ON building.id = balance.building_id
        {_places.JOINS}
        WHERE {_places.meant(asked)} AND {_CONDITIONS[_WHICH.answer(asked)]}"""
    table = Table(
        name="imbalance",
        columns=_COLUMNS,
        sql=sql,
        order=_places.PLACE_ORDER,
        unique=("building_id",),
        grouped_by="district_name",
        empty=_("No building was balanced for this month. Make a run and approve it first."),
    )
    return Answer(tables=(table,))


def _figure(name: str, title: Any, band: Any = "", *, minor: bool = True) -> Column:
    return Column(name=name, title=title, band=band, kind="kwh", total=True, minor_on_phone=minor)


_INSIDE, _SHARED, _BELOW = _("Used inside, kWh"), _("Common needs, kWh"), _("Below zero, kWh")
_COLUMNS = (
    _places.address_column(),
    Column(
        name="method",
        title=_("Determined"),
        words=lambda method: METHODS.get(method, method),
        minor_on_phone=True,
    ),
    _figure("supplied_wh", _("Building meter, kWh")),
    _figure("nonliving_wh", _("non-living"), _INSIDE),
    _figure("norm_wh", _("living by norm"), _INSIDE),
    _figure("metered_wh", _("living by meters"), _INSIDE),
    _figure("inside_wh", _("in all"), _INSIDE),
    _figure("heating_wh", _("Heating equipment, kWh")),
    replace(
        _figure("common_wh", _("in fact"), _SHARED, minor=False),
        opens=Drill(report="f83", takes={"building": "building_id"}),
    ),
    _figure("cap_wh", _("norm"), _SHARED),
    _figure("distributed_wh", _("shared out"), _SHARED, minor=False),
    _figure("executor_wh", _("above the norm, to the executor"), _SHARED),
    _figure("unassigned_wh", _("nobody to charge"), _SHARED),
    _figure("negative_wh", _("negative"), _BELOW),
    _figure("unreturned_wh", _("could not be returned"), _BELOW),
    _figure("carried_in_wh", _("carried over from before"), _BELOW),
    _figure("carried_wh", _("carried over"), _BELOW),
    _figure("true_up_wh", _("True-up of the year, kWh")),
)

REPORT = Report(
    code="imbalance",
    title=_("Distribution of the buildings' imbalance"),
    about=_(
        "By building: what the building meter counted, what was used inside, common needs in fact and by norm, what "
        "was shared out, left to the executor, returned and carried over."
    ),
    section=_sections.COMMON_NEEDS,
    roles=frozenset(Role),
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_WHICH,),
    answer=_answer,
)
