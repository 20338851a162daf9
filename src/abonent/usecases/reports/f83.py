"""Form Ф-83: how the electricity of an apartment building was shared out in a month, premise by premise.

The building's figures are those of the balance that stands, the premises' those of the lines that stand for the
month. Zones are the form's: day (with peak and semi-peak), night, and all day for single-rate meters.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.contexts.metering.models import PointRole, ReadingSource, ReadingStatus
from abonent.contexts.places.models import PremiseKind
from abonent.gateways.named_rows import named_rows
from abonent.usecases.reports import _sections, imbalance
from abonent.usecases.reports._people import PAYER
from abonent.usecases.reports.model import (
    PLACES,
    Answer,
    Ask,
    Asked,
    Card,
    Column,
    Fact,
    NotReady,
    Report,
    Row,
    Table,
    Text,
)
from abonent.usecases.reports.rule_groups import Basis, resting_on

_ZONE = (
    "CASE WHEN {0}.zone IN (21, 31, 32) THEN 'day' WHEN {0}.zone IN (22, 33) THEN 'night' ELSE 'whole' END"
)
_ZONES: dict[str, Text] = {"day": _("day"), "night": _("night"), "whole": _("all day")}
_OWN = (Basis.READINGS, Basis.AVERAGE, Basis.NORM, Basis.AGREED)
_SHARED = (Basis.COMMON, Basis.RETURNED)

_ACTUAL = f"status = {int(ReadingStatus.ACCEPTED)} AND source <> {int(ReadingSource.ESTIMATE)}"
# what a register `place` counted in the month, between the last readings before it and in it
_METERED = "(ended.value_wh - began.value_wh) * place.ratio"
_METERED_FROM = f"""
    CROSS JOIN LATERAL (SELECT value_wh FROM metering_reading WHERE installation_id = place.id AND {_ACTUAL}
        AND taken_on >= %(period)s AND taken_on < %(end)s ORDER BY taken_on DESC LIMIT 1) ended
    CROSS JOIN LATERAL (SELECT value_wh FROM metering_reading WHERE installation_id = place.id AND {_ACTUAL}
        AND taken_on < %(period)s ORDER BY taken_on DESC LIMIT 1) began"""
_WITHOUT_ACCOUNT = f"""
    SELECT premise.id FROM places_premise premise
    WHERE premise.building_id = %(building)s AND premise.kind = {int(PremiseKind.NONLIVING)} AND NOT EXISTS (
        SELECT FROM contracts_account account
        WHERE account.premise_id = premise.id AND account.during && daterange(%(period)s, %(end)s))"""


@dataclass(frozen=True)
class _House:
    """The building in the month: the balance that stands and its terms."""

    balance: Row
    values: dict[str, Any]


def _answer(cursor: Any, asked: Asked) -> Answer:
    house = _house(cursor, asked)
    return Answer(
        tables=(_meters(house), _premises("nonliving", house), _premises("living", house)),
        facts=_facts(cursor, asked, house),
    )


def _house(cursor: Any, asked: Asked) -> _House:
    balances = named_rows(
        cursor, imbalance.STANDING.format(only="AND balance.building_id = %(building)s"), asked.values
    )
    if not balances:
        raise NotReady(_now("This building was not balanced for the month. Make a run and approve it first."))
    cursor.execute(
        "SELECT DISTINCT slot FROM ledger_batch WHERE booked_period >= %(period)s AND state = 2", asked.values
    )
    slots = [slot for (slot,) in cursor.fetchall()]
    return _House(balances[0], {"slots": slots, "area": balances[0]["area_dm2"]})


def _facts(cursor: Any, asked: Asked, house: _House) -> list[Fact]:
    (areas,) = named_rows(
        cursor,
        f"""SELECT sum(terms.area_dm2) FILTER (WHERE premise.kind = {int(PremiseKind.LIVING)})::bigint AS living,
                   sum(terms.area_dm2) FILTER (WHERE premise.kind = {int(PremiseKind.NONLIVING)})::bigint AS nonliving
            FROM contracts_premiseterms terms JOIN places_premise premise ON premise.id = terms.premise_id
            WHERE terms.building_id = %(building)s AND terms.during @> %(period)s::date""",
        asked.values,
    )
    common = named_rows(
        cursor,
        """SELECT common_area_dm2 AS common FROM places_buildingterms
           WHERE building_id = %(building)s AND during @> %(period)s::date""",
        asked.values,
    )
    balance = house.balance
    facts = [
        Fact(title=_("Area of the premises, m²"), value=balance["area_dm2"], kind="area"),
        Fact(title=_("living premises, m²"), value=areas["living"], kind="area"),
        Fact(title=_("non-living premises, m²"), value=areas["nonliving"], kind="area"),
        Fact(title=_("common property, m²"), value=common[0]["common"] if common else None, kind="area"),
        Fact(title=_("Determined"), value=str(imbalance.METHODS[balance["method"]])),
        Fact(title=_("Norm of common needs, kWh"), value=balance["cap_wh"], kind="kwh"),
        Fact(title=_("Shared out to consumers, kWh"), value=balance["distributed_wh"], kind="kwh"),
    ]
    seldom = {
        "heating_wh": _("Heating equipment (п. 54), kWh"),
        "executor_wh": _("Above the norm, to the executor, kWh"),
        "unassigned_wh": _("Nobody to charge, kWh"),
        "negative_wh": _("Negative, returned by residents (п. 47), kWh"),
        "unreturned_wh": _("Could not be returned, kWh"),
        "carried_in_wh": _("Carried over from before, kWh"),
        "carried_wh": _("Carried over, kWh"),
    }
    return facts + [
        Fact(title=title, value=balance[name], kind="kwh") for name, title in seldom.items() if balance[name]
    ]


def _meters(house: _House) -> Table:
    """The building's registers, with what was used inside and in common by zone; the totals are the balance's."""
    balance = house.balance
    last = (
        "LEFT JOIN LATERAL (SELECT taken_on, value_wh FROM metering_reading WHERE installation_id = place.id "
        f"AND {_ACTUAL} AND {{0}} ORDER BY taken_on DESC LIMIT 1) {{1}} ON true"
    )
    # a register hung in the month begins with its reading of that day
    sql = f"""
        WITH register AS (
            SELECT {_ZONE.format("place")} AS zone, meter.serial, place.ratio, began.value_wh AS from_wh,
                   ended.value_wh AS to_wh,
                   CASE WHEN ended.value_wh >= began.value_wh THEN ended.value_wh - began.value_wh
                        ELSE ended.value_wh - began.value_wh + 1000 * 10::bigint ^ place.digits END::bigint
                       * place.ratio AS building_wh,
                   row_number() OVER (PARTITION BY {_ZONE.format("place")} ORDER BY lower(place.during), place.id)
                       AS nth
            FROM metering_installation place JOIN metering_meter meter ON meter.id = place.meter_id
            {last.format("taken_on < %(period)s", "before")}
            LEFT JOIN LATERAL (SELECT value_wh FROM metering_reading WHERE installation_id = place.id AND {_ACTUAL}
                AND taken_on >= %(period)s AND taken_on < %(end)s ORDER BY taken_on LIMIT 1) hung ON true
            CROSS JOIN LATERAL (SELECT coalesce(before.value_wh, hung.value_wh) AS value_wh) began
            {last.format("taken_on >= %(period)s AND taken_on < %(end)s", "ended")}
            WHERE place.building_id = %(building)s AND place.role = {int(PointRole.BUILDING)}
              AND place.during && daterange(%(period)s, %(end)s)
        ), inside AS (
            SELECT zone, sum(wh)::bigint AS inside_wh
            FROM (
                SELECT zone, inside_wh AS wh FROM ({_used("zone")}) used
                UNION ALL
                SELECT {_ZONE.format("place")}, {_METERED}
                FROM metering_installation place {_METERED_FROM}
                WHERE place.building_id = %(building)s AND place.during && daterange(%(period)s, %(end)s)
                  AND place.premise_id = ANY (ARRAY({_WITHOUT_ACCOUNT}))
            ) part
            WHERE wh <> 0 GROUP BY zone
        ), whole AS (SELECT zone, sum(building_wh)::bigint AS building_wh FROM register GROUP BY zone)
        SELECT zone, coalesce(register.nth, 1) AS nth, serial, ratio, from_wh, to_wh, register.building_wh,
               CASE WHEN coalesce(nth, 1) = 1 THEN coalesce(inside_wh, 0) END AS inside_wh,
               CASE WHEN coalesce(nth, 1) = 1 AND %(by_meter)s
                    THEN coalesce(whole.building_wh, 0) - coalesce(inside_wh, 0) END AS common_wh,
               array_position(ARRAY['day', 'night', 'whole'], zone) AS zone_order
        FROM register FULL JOIN inside USING (zone) LEFT JOIN whole USING (zone)"""
    inside = balance["nonliving_wh"] + balance["norm_wh"] + balance["metered_wh"]
    return Table(
        name="meters",
        title=_("Building meters"),
        columns=_METER_COLUMNS,
        sql=sql,
        order=("zone_order", "nth"),
        unique=("serial",),
        values={
            **house.values,
            "supplied_wh": balance["supplied_wh"],
            "inside_wh": inside,
            "common_wh": balance["common_wh"],
            "by_meter": balance["method"] == imbalance.BY_METER,
        },
        empty=_("There is no building meter."),
    )


def _used(key: str) -> str:
    """Return SQL of what the accounts of the building used in the month by themselves and in common, by `key`."""
    own, shared = resting_on(*_OWN), resting_on(*_SHARED)
    of_zone = "".join(
        f", coalesce(sum(quantity_wh) FILTER (WHERE {shared} AND {_ZONE.format('line')} = '{zone}'), 0)"
        f"::bigint AS common_{zone}_wh"
        for zone in _ZONES
    )
    group = _ZONE.format("line") if key == "zone" else f"line.{key}"
    return f"""
        SELECT {group} AS {key}, sum(quantity_wh) FILTER (WHERE {own})::bigint AS inside_wh,
               sum(quantity_wh) FILTER (WHERE {shared})::bigint AS common_wh
               {of_zone if key != "zone" else ""}
        FROM charging_chargeline line
        WHERE line.slot = ANY(%(slots)s) AND line.period = %(period)s
          AND line.account_id = ANY (ARRAY(SELECT id FROM contracts_account WHERE building_id = %(building)s))
        GROUP BY {group}"""


def _premises(name: str, house: _House) -> Table:
    """The premises with their accounts; a non-living one without an account is told by its meter."""
    kinds = (
        (PremiseKind.LIVING, PremiseKind.ROOM)
        if name == "living"
        else (PremiseKind.NONLIVING, PremiseKind.COMMON)
    )
    by_meter = f"""(
            SELECT sum({_METERED})::bigint FROM metering_installation place {_METERED_FROM}
            WHERE place.premise_id = premise.id AND place.during && daterange(%(period)s, %(end)s))"""
    commons = ", ".join(f"used.common_{zone}_wh" for zone in _ZONES)
    sql = f"""
        SELECT premise.id AS premise_id, premise.number AS premise, premise.sort_key AS premise_order, account.id AS
               account_id, account.number AS account, account.share_no, {PAYER} AS payer, terms.area_dm2,
               CASE WHEN premise.kind <> {int(PremiseKind.COMMON)}
                    THEN round(1000000.0 * terms.area_dm2 / nullif(%(area)s, 0))::bigint END AS share_e6,
               coalesce(used.inside_wh, CASE WHEN account.id IS NULL THEN {by_meter} END) AS own_wh, {commons},
               used.common_wh
        FROM places_premise premise
        LEFT JOIN contracts_account account
          ON account.premise_id = premise.id AND account.during && daterange(%(period)s, %(end)s)
        LEFT JOIN parties_party party ON party.id = account.party_id
        LEFT JOIN LATERAL (
            SELECT area_dm2 FROM contracts_premiseterms terms
            WHERE terms.premise_id = premise.id AND terms.during && daterange(%(period)s, %(end)s)
            ORDER BY lower(terms.during) DESC LIMIT 1
        ) terms ON true
        LEFT JOIN ({_used("account_id")}) used ON used.account_id = account.id
        WHERE premise.building_id = %(building)s AND premise.kind IN ({", ".join(str(int(kind)) for kind in kinds)})
          AND (account.id IS NOT NULL OR premise.kind = {int(PremiseKind.NONLIVING)})"""
    is_living = name == "living"
    return Table(
        name=name,
        title=_("Common needs of living premises") if is_living else _("Common needs of non-living premises"),
        columns=(
            Column(name="premise", title=_("Premise"), order=("premise_order", "premise", "share_no")),
            Column(
                name="account",
                title=_("Account") if is_living else _("Contract"),
                opens=Card(of="account", key="account"),
            ),
            Column(name="payer", title=_("Payer") if is_living else _("Counterparty"), minor_on_phone=True),
            Column(name="area_dm2", title=_("Area, m²"), kind="area", total=True, minor_on_phone=True),
            Column(name="share_e6", title=_("Coefficient S÷Sоб"), kind="ratio", minor_on_phone=True),
            Column(name="own_wh", title=_("Individual use, kWh"), kind="kwh", total=True),
            *(
                Column(
                    name=f"common_{zone}_wh",
                    title=title,
                    band=_("Common needs, kWh"),
                    kind="kwh",
                    total=True,
                    minor_on_phone=True,
                )
                for zone, title in _ZONES.items()
            ),
            Column(name="common_wh", title=_("in all"), band=_("Common needs, kWh"), kind="kwh", total=True),
        ),
        sql=sql,
        order=("premise_order", "premise", "share_no"),
        unique=("premise_id", "account_id"),
        values=house.values,
        empty=_("There are none."),
    )


_METER_COLUMNS = (
    Column(name="serial", title=_("Meter, serial number")),
    Column(name="ratio", title=_("Ratio"), kind="count", minor_on_phone=True),
    Column(name="zone", title=_("Zone"), words=lambda zone: _ZONES[zone], order=("zone_order", "nth")),
    Column(name="from_wh", title=_("at the beginning"), band=_("Readings, kWh"), kind="kwh"),
    Column(name="to_wh", title=_("at the end"), band=_("Readings, kWh"), kind="kwh"),
    Column(
        name="additional_wh",
        title=_("Additional use, kWh"),
        kind="kwh",
        total="%(supplied_wh)s::bigint - coalesce(sum(building_wh), 0)::bigint",
        late=True,
        minor_on_phone=True,
    ),
    Column(name="building_wh", title=_("Building, kWh"), kind="kwh", total="%(supplied_wh)s::bigint"),
    Column(
        name="inside_wh",
        title=_("Living and non-living premises, kWh"),
        kind="kwh",
        total="%(inside_wh)s::bigint",
    ),
    Column(name="common_wh", title=_("Common needs, kWh"), kind="kwh", total="%(common_wh)s::bigint"),
)

REPORT = Report(
    code="f83",
    title=_("Form Ф-83: common needs of an apartment building in detail"),
    about=_(
        "One building and month: the building meter by zones, then every premise with its area, share, own use and "
        "common needs."
    ),
    section=_sections.COMMON_NEEDS,
    roles=frozenset(Role),
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD, Ask.BUILDING),
    answer=_answer,
)
