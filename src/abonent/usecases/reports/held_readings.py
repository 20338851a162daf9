"""Readings of files that were not simply accepted: what they said, why they were held, and what was decided."""

from typing import Any

from django.db.models import IntegerChoices
from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.contexts.metering.models import ReadingStatus, RowDecision, Zone
from abonent.usecases import reading_reasons
from abonent.usecases.reports import _people, _places, _sections
from abonent.usecases.reports.model import (
    PLACES,
    Answer,
    Ask,
    Asked,
    Card,
    Choice,
    Column,
    Report,
    Row,
    Table,
    Text,
)

_STATUS = Choice(
    name="status",
    title=_("Readings"),
    answers=(
        ("all", _("all")),
        ("rejected", ReadingStatus.REJECTED.label),
        ("doubtful", ReadingStatus.DOUBTFUL.label),
    ),
)
_DECISION = Choice(
    name="decision",
    title=_("Decision"),
    answers=(
        ("all", _("any")),
        ("waiting", RowDecision.WAITING.label),
        ("accepted", RowDecision.ACCEPTED.label),
        ("refused", RowDecision.REFUSED.label),
    ),
)
_PLACED = ("branch_id", "district_id", "building_id")


def _answer(_cursor: Any, asked: Asked) -> Answer:
    conditions = [_chosen(_STATUS, asked, "held.status", ReadingStatus)]
    conditions.append(_chosen(_DECISION, asked, "held.decision", RowDecision))
    # a row nobody could place is shown as long as no place is asked for
    if any(getattr(asked, name) is not None for name in _PLACED):
        conditions.append(_places.meant(asked))
    sql = f"""
        SELECT held.id AS held_id, file.created_at AS received_at, file.name AS file_name, sender.name AS sender,
               held.row_no, held.building_id, place.premise_id, {_places.PLACE_COLUMNS},
               coalesce(premise.number, '') AS premise,
               coalesce(premise.sort_key, 0) AS premise_order, coalesce(meter.serial, held.said ->> 'serial') AS serial,
               held.said ->> 'account' AS said_account, place.zone, held.taken_on, held.previous_on, held.previous_wh,
               held.value_wh, (held.value_wh - held.previous_wh) * place.ratio AS difference_wh, held.average_wh,
               held.status, held.reasons, held.decision, held.decided_at, held.decided_by_id
        FROM metering_readingfilerow held
        JOIN metering_readingfile file ON file.id = held.file_id
        LEFT JOIN metering_readingsender sender ON sender.id = file.sender_id
        LEFT JOIN metering_installation place ON place.id = held.installation_id
        LEFT JOIN metering_meter meter ON meter.id = place.meter_id
        LEFT JOIN places_premise premise ON premise.id = place.premise_id
        LEFT JOIN places_building building ON building.id = held.building_id
        LEFT JOIN places_street street ON street.id = building.street_id
        LEFT JOIN places_district district ON district.id = street.district_id
        WHERE file.created_at >= %(period)s::timestamp AT TIME ZONE %(time_zone)s
          AND file.created_at < %(end)s::timestamp AT TIME ZONE %(time_zone)s AND {" AND ".join(conditions)}"""
    table = Table(
        name="held_readings",
        columns=_COLUMNS,
        sql=sql,
        order=(*_places.PLACE_ORDER, "premise_order", "premise", "serial", "zone"),
        unique=("held_id",),
        values={"time_zone": _time_zone(_cursor, asked)},
        complete=_complete,
        empty=_("No reading was held in the files of this month."),
    )
    return Answer(tables=(table,))


def _chosen(choice: Choice, asked: Asked, column: str, codes: type[IntegerChoices]) -> str:
    answer = choice.answer(asked)
    return "true" if answer == "all" else f"{column} = {codes[answer.upper()].value}"


def _time_zone(cursor: Any, asked: Asked) -> str:
    cursor.execute("SELECT time_zone FROM parties_supplier WHERE id = %s", [asked.supplier_id])
    return str(cursor.fetchone()[0])


def _complete(cursor: Any, rows: list[Row], asked: Asked) -> None:
    _people.add_accounts(cursor, rows, on=asked.today)
    for row in rows:
        row["account"] = row["account"] or row["said_account"]


def _in_words(reasons: list[str]) -> Text:
    return ", ".join(reading_reasons.reason(code).title for code in reasons)


_COLUMNS = (
    _places.address_column(),
    Column(name="premise", title=_("Premise"), order=("premise_order", "premise")),
    Column(name="account", title=_("Account"), late=True, opens=Card(of="account", key="account")),
    Column(name="payer", title=_("Payer"), late=True, minor_on_phone=True),
    _places.district_column(),
    Column(name="serial", title=_("Meter")),
    Column(name="zone", title=_("Zone"), words=lambda zone: Zone(zone).label, minor_on_phone=True),
    Column(name="taken_on", title=_("Taken on"), kind="day"),
    Column(name="previous_on", title=_("Previous, day"), kind="day", minor_on_phone=True),
    Column(name="previous_wh", title=_("Previous, kWh"), kind="kwh", minor_on_phone=True),
    Column(name="value_wh", title=_("New, kWh"), kind="kwh"),
    Column(name="difference_wh", title=_("Difference, kWh"), kind="kwh"),
    Column(name="average_wh", title=_("Average of a month, kWh"), kind="kwh", minor_on_phone=True),
    Column(
        name="status",
        title=_("Status"),
        words=lambda status: ReadingStatus(status).label,
        minor_on_phone=True,
    ),
    Column(name="reasons", title=_("Why"), words=_in_words),
    Column(name="decision", title=_("Decision"), words=lambda decision: RowDecision(decision).label),
    Column(name="decided_at", title=_("Decided"), kind="moment", minor_on_phone=True),
    Column(name="sender", title=_("Sender"), minor_on_phone=True),
    Column(name="file_name", title=_("File"), minor_on_phone=True),
    Column(name="row_no", title=_("Row"), kind="count", minor_on_phone=True),
)

REPORT = Report(
    code="held_readings",
    title=_("Rejected readings"),
    about=_(
        "Readings of the month's files that were rejected or doubted, why, and what was decided about them."
    ),
    section=_sections.READINGS,
    roles=frozenset(Role),
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_STATUS, _DECISION),
    answer=_answer,
)
