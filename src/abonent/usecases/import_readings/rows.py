"""What is read from the database to judge readings: many rows through columns, or a few in the open transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Protocol

import polars as pl
from django.db import connection

from abonent.engine.frames import Schema
from abonent.gateways import columnar
from abonent.kernel.periods import Month
from abonent.usecases.billing_run.shards import dsn
from abonent.usecases.import_readings import checks

INSTALLATIONS: Schema = {
    "installation_id": pl.Int64,
    "meter_id": pl.Int64,
    "building_id": pl.Int64,
    "premise_id": pl.Int64,
    "role": pl.Int16,
    "zone": pl.Int16,
    "digits": pl.Int16,
    "ratio": pl.Int32,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
}
INSTALLATION_COLUMNS = (
    "i.id, i.meter_id, i.building_id, coalesce(i.premise_id, 0), i.role, i.zone, i.digits, i.ratio, "
    "lower(i.during), upper(i.during)"
)
_ESTIMATE, _ACCEPTED = 6, 1


class Rows(Protocol):
    """Somewhere to ask. `relation` makes rows of a frame something a query can take from, under their own names."""

    def read(self, query: str, schema: Schema) -> pl.DataFrame: ...

    def relation(self, frame: pl.DataFrame) -> str: ...


class Few:
    """Asks inside the transaction that is open; relations hold whole numbers and days only."""

    def read(self, query: str, schema: Schema) -> pl.DataFrame:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return pl.DataFrame(cursor.fetchall(), schema=dict(schema), orient="row")

    def relation(self, frame: pl.DataFrame) -> str:
        names = ", ".join(frame.columns)
        if frame.is_empty():
            return f"(SELECT {', '.join(f'0::bigint AS {name}' for name in frame.columns)} LIMIT 0) AS given"
        rows = ", ".join(f"({', '.join(map(_literal, row))})" for row in frame.iter_rows())
        return f"(VALUES {rows}) AS given ({names})"


class Many:
    """Asks through a connection of its own, in one snapshot; relations are tables that vanish with it."""

    def __init__(self, opened: Any) -> None:
        self._opened, self._tables = opened, 0

    def read(self, query: str, schema: Schema) -> pl.DataFrame:
        return columnar.read_frame(self._opened, query, schema)

    def relation(self, frame: pl.DataFrame) -> str:
        self._tables += 1
        name = f"given_{self._tables}"
        columnar.put_frame(self._opened, name, frame)
        return f"{name} AS given"


def _literal(cell: object) -> str:
    if isinstance(cell, date):
        return f"DATE '{cell}'"
    assert isinstance(cell, int)
    return str(cell)


@contextmanager
def many() -> Iterator[Many]:
    with columnar.scratch(dsn()) as opened:
        yield Many(opened)


def history(rows: Rows, registers: pl.DataFrame) -> pl.DataFrame:
    """Return the readings that `checks.judge` asks for. `registers`: installation_id and taken_on of the claims."""
    found = [pl.DataFrame(schema=checks.HISTORY)]
    months = registers.with_columns(month=pl.col("taken_on").dt.month_start())
    for (first,), part in months.group_by("month"):
        assert isinstance(first, date)
        found += _history_of_month(rows, part, Month.of(first))
    return pl.concat(found).unique("reading_id")


def _history_of_month(rows: Rows, part: pl.DataFrame, month: Month) -> Iterator[pl.DataFrame]:
    wanted = part.select("installation_id").unique()
    given = rows.relation(wanted)
    columns = "r.installation_id, r.taken_on, r.value_wh, r.source, r.id"
    actual = f"r.status = {_ACCEPTED} AND r.source <> {_ESTIMATE}"
    first, last = checks.season(month)
    since = checks.recent(month)
    joined = f"FROM {given} JOIN metering_reading r USING (installation_id) WHERE {actual}"
    recent = rows.read(f"SELECT {columns} {joined} AND r.taken_on >= DATE '{since}'", checks.HISTORY)
    yield recent
    yield rows.read(
        f"SELECT {columns} {joined} AND r.taken_on BETWEEN DATE '{first}' AND DATE '{last}'", checks.HISTORY
    )
    earliest = part.group_by("installation_id").agg(pl.col("taken_on").min().alias("day"))
    bracketed = recent.join(earliest, on="installation_id").filter(pl.col("taken_on") < pl.col("day"))
    lacking = wanted.join(bracketed, on="installation_id", how="anti")
    if lacking.height:
        yield rows.read(
            f"""SELECT {columns} FROM {rows.relation(lacking)} CROSS JOIN LATERAL (
                    SELECT * FROM metering_reading r
                    WHERE r.installation_id = given.installation_id AND {actual} AND r.taken_on < DATE '{since}'
                    ORDER BY r.taken_on DESC LIMIT 1
                ) r""",
            checks.HISTORY,
        )
