"""Readings to ГИС ЖКХ, and the names by which it knows meters and houses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import polars as pl
from django.db import connection, transaction

from abonent.gateways import spreadsheets
from abonent.kernel.periods import Month
from abonent.kernel.quantities import format_wh
from abonent.packs.ru.formats import gis_readings
from abonent.packs.ru.formats.gis_readings import GisReading
from abonent.usecases.import_readings.model import BadFile

_INSPECTOR = 2
# T1, T2, T3 of a register by its zone
_PLACE = {1: 0, 21: 0, 22: 1, 31: 0, 33: 1, 32: 2}
_GUID = r"(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


def _is_guid(text: Any) -> Any:
    return text.str.contains(_GUID)


@dataclass(frozen=True)
class Sent:
    """`requests`: XML, made as they are asked for. `unnamed`: readings whose meter or house has no GUID."""

    requests: Iterator[bytes]
    unnamed: int


@dataclass(frozen=True)
class Learnt:
    meters: int
    houses: int
    unknown: int


def requests(*, month: Month) -> Sent:
    """Return the accepted actual readings of a month: of each meter the last current one and its control readings.

    A value keeps its transport GUID however often it is sent.
    """
    actual = f"""FROM metering_reading r JOIN metering_installation i ON i.id = r.installation_id
        JOIN metering_meter m ON m.id = i.meter_id JOIN places_building b ON b.id = i.building_id
        WHERE r.taken_on >= '{month.first_day}' AND r.taken_on < '{month.next().first_day}' AND r.status = 1
          AND r.source IN (1, 2, 3, 4, 5)"""
    named = "m.gis_guid IS NOT NULL AND b.fias_guid IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {actual} AND NOT ({named})")
        unnamed = cursor.fetchone()[0]
        cursor.execute(
            f"SELECT b.fias_guid, m.gis_guid, r.taken_on, r.source = {_INSPECTOR}, i.zone, r.value_wh "
            f"{actual} AND {named} ORDER BY b.fias_guid, m.gis_guid, r.taken_on, i.zone"
        )
        rows = cursor.fetchall()
    shown: dict[tuple[UUID, UUID, date, bool], list[str]] = {}
    for house, meter, taken_on, control, zone, value_wh in rows:
        values = shown.setdefault((house, meter, taken_on, control), ["", "", ""])
        values[_PLACE[zone]] = format_wh(value_wh)
    last = {(house, meter): taken_on for house, meter, taken_on, control in shown if not control}
    readings = (
        GisReading(
            house=str(house),
            meter=str(meter),
            taken_on=taken_on,
            values=tuple(values),
            control=control,
            transport=str(uuid5(NAMESPACE_URL, f"{meter} {taken_on} {control} {' '.join(values)}")),
        )
        for (house, meter, taken_on, control), values in shown.items()
        if (control or last[house, meter] == taken_on) and values[0]
    )
    return Sent(gis_readings.write(readings), unnamed)


def learn_names(*, path: Path, name: str) -> Learnt:
    """Read a table of meter number, the meter's GUID and the house's ФИАС GUID, in this order; the house may lack.

    Raises BadFile.
    """
    try:
        table = spreadsheets.read(path, name=name)
    except spreadsheets.BadTable as error:
        raise BadFile(error.code, **{"file": name, **error.facts}) from error
    if table.frame.width < 2:
        raise BadFile("columns_missing", file=name, fields=["serial"])
    houses = pl.col("3") if table.frame.width > 2 else pl.lit(None, dtype=pl.String)
    rows = table.frame.select(serial=pl.col("1").str.strip_chars(), meter="2", house=houses)
    rows = rows.slice(0 if _is_guid(rows["meter"].head(1)).any() else 1)  # below the header
    good = rows.filter(_is_guid(pl.col("meter")), _is_guid(pl.col("house")).fill_null(True)).rows()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """WITH given AS (SELECT * FROM unnest(%s::text[], %s::uuid[]) AS g (serial, guid)),
                    alone AS (SELECT g.guid, min(m.id) AS id FROM given g JOIN metering_meter m ON m.serial = g.serial
                              GROUP BY g.guid HAVING count(*) = 1)
               UPDATE metering_meter m SET gis_guid = a.guid FROM alone a WHERE a.id = m.id""",
            [[row[0] for row in good], [row[1] for row in good]],
        )
        meters = cursor.rowcount
        housed = [(serial, house) for serial, _meter, house in good if house]
        cursor.execute(
            """WITH given AS (SELECT * FROM unnest(%s::text[], %s::uuid[]) AS g (serial, guid)),
                    mine AS (SELECT DISTINCT ON (i.building_id) i.building_id, g.guid FROM given g
                             JOIN metering_meter m ON m.serial = g.serial
                             JOIN metering_installation i ON i.meter_id = m.id)
               UPDATE places_building b SET fias_guid = mine.guid FROM mine WHERE mine.building_id = b.id""",
            [[serial for serial, _house in housed], [house for _serial, house in housed]],
        )
        return Learnt(meters, cursor.rowcount, rows.height - len(good))
