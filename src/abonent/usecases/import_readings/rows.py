"""What is read from the database to judge readings: many rows through columns, or a few in the open transaction."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from typing import Any, Protocol, TypeVar

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


_First = TypeVar("_First")
_Second = TypeVar("_Second")


class Rows(Protocol):
    """Somewhere to ask. `relation` makes rows of a frame something a query can take from, under their own names.

    `both` asks two things, side by side where there are two connections.
    """

    def read(self, query: str, schema: Schema) -> pl.DataFrame: ...

    def relation(self, frame: pl.DataFrame) -> str: ...

    def both(
        self, first: Callable[["Rows"], _First], second: Callable[["Rows"], _Second]
    ) -> tuple[_First, _Second]: ...


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

    def both(
        self, first: Callable[[Rows], _First], second: Callable[[Rows], _Second]
    ) -> tuple[_First, _Second]:
        return first(self), second(self)


class Many:
    """Asks through connections of its own, in one snapshot; relations are tables that vanish with them."""

    def __init__(self, opened: Any, beside: "Many | None" = None) -> None:
        self._opened, self._beside, self._tables = opened, beside, 0

    def read(self, query: str, schema: Schema) -> pl.DataFrame:
        return columnar.read_frame(self._opened, query, schema)

    def relation(self, frame: pl.DataFrame) -> str:
        self._tables += 1
        name = f"given_{self._tables}"
        columnar.put_frame(self._opened, name, frame)
        return f"{name} AS given"

    def both(
        self, first: Callable[[Rows], _First], second: Callable[[Rows], _Second]
    ) -> tuple[_First, _Second]:
        if self._beside is None:
            return first(self), second(self)
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(second, self._beside)
            return first(self), coming.result()


def _literal(cell: object) -> str:
    if isinstance(cell, date):
        return f"DATE '{cell}'"
    assert isinstance(cell, int)
    return str(cell)


@contextmanager
def many() -> Iterator[Many]:
    with columnar.scratch(dsn()) as opened, columnar.scratch(dsn(), snapshot_of=opened) as beside:
        yield Many(opened, Many(beside))


def history(rows: Rows, registers: pl.DataFrame) -> pl.DataFrame:
    """Return the readings that `checks.judge` asks for. `registers`: installation_id and taken_on of the claims."""
    found = [pl.DataFrame(schema=checks.HISTORY)]
    months = registers.with_columns(month=pl.col("taken_on").dt.month_start())
    for (first,), part in months.group_by("month"):
        assert isinstance(first, date)
        found += _history_of_month(rows, part, Month.of(first))
    return pl.concat(found)


def _history_of_month(rows: Rows, part: pl.DataFrame, month: Month) -> list[pl.DataFrame]:
    wanted = part.select("installation_id")
    if part["installation_id"].is_duplicated().any():
        wanted = wanted.unique()
    columns = "r.installation_id, r.taken_on, r.value_wh, r.source, r.id"
    actual = f"r.status = {_ACCEPTED} AND r.source <> {_ESTIMATE}"
    first, last = checks.season(month)
    since = checks.recent(month)

    def taken(when: str) -> Callable[[Rows], pl.DataFrame]:
        return lambda side: side.read(
            f"SELECT {columns} FROM {side.relation(wanted)} JOIN metering_reading r USING (installation_id) "
            f"WHERE {actual} AND r.taken_on {when}",
            checks.HISTORY,
        )

    recent, of_season = rows.both(
        taken(f">= DATE '{since}'"), taken(f"BETWEEN DATE '{first}' AND DATE '{last}'")
    )
    # most registers have one before the first of all claims; only the rest are looked at one by one
    lacking = wanted.join(
        recent.filter(pl.col("taken_on") < part["taken_on"].min()), on="installation_id", how="anti"
    )
    if lacking.height:
        earliest = part.group_by("installation_id").agg(pl.col("taken_on").min().alias("day"))
        bracketed = recent.join(earliest, on="installation_id").filter(pl.col("taken_on") < pl.col("day"))
        lacking = lacking.join(bracketed, on="installation_id", how="anti")
    if lacking.is_empty():
        return [recent, of_season]
    older = rows.read(
        f"""SELECT {columns} FROM {rows.relation(lacking)} CROSS JOIN LATERAL (
                SELECT * FROM metering_reading r
                WHERE r.installation_id = given.installation_id AND {actual} AND r.taken_on < DATE '{since}'
                ORDER BY r.taken_on DESC LIMIT 1
            ) r""",
        checks.HISTORY,
    )
    return [recent, of_season, older]
