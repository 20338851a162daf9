"""Rows, totals and subtotals of a report's tables out of the database, all of one moment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import polars as pl
from django.db import OperationalError, connection, transaction
from psycopg import errors

from abonent.gateways.named_rows import named_rows
from abonent.usecases.reports.model import Asked, Column, Row, Table

_CHUNK_ROWS = 2_000
_FRAME_BYTES = 4 << 20
_TYPES: dict[str, Any] = {"text": pl.String, "day": pl.Date, "month": pl.Date}


class TooLong(Exception):
    """It was not answered in the time allowed."""


@contextmanager
def moment(*, seconds: int | None = None) -> Iterator[Any]:
    """Give a cursor whose queries all see the database as it is now. Raises TooLong after so many seconds."""
    outermost = not connection.in_atomic_block
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            if seconds is not None:
                cursor.execute(f"SET LOCAL statement_timeout = {seconds * 1000}")
            yield cursor
            if seconds is not None and not outermost:
                cursor.execute("SET LOCAL statement_timeout = 0")
    except OperationalError as error:
        if isinstance(error.__cause__, errors.QueryCanceled):
            raise TooLong from error
        raise


class Part(IntEnum):
    """What a line of a report is."""

    ROW = 1
    SUBTOTAL = 2
    TOTAL = 3


@dataclass(frozen=True, slots=True)
class Line:
    part: Part
    row: Row


@dataclass(frozen=True)
class Totals:
    """What the rows of a table add up to, and how many they are."""

    rows: int
    of: Row


def totals(cursor: Any, table: Table, asked: Asked) -> Totals:
    """Add the whole table up."""
    sums = "".join(f", {column.total_sql} AS {column.name}" for column in table.totalled)
    query = f"SELECT count(*) AS _rows{sums} FROM ({table.sql}) report"
    (row,) = named_rows(cursor, query, _values(table, asked))
    return Totals(row.pop("_rows"), row)


def subtotals(cursor: Any, table: Table, asked: Asked) -> dict[Any, Row]:
    """Add the table up by its groups; nothing for a table that has none."""
    if not table.grouped_by:
        return {}
    sums = "".join(f", {column.total_sql} AS {column.name}" for column in table.totalled)
    query = f"SELECT {table.grouped_by} AS _group{sums} FROM ({table.sql}) report GROUP BY {table.grouped_by}"
    return {row.pop("_group"): row for row in named_rows(cursor, query, _values(table, asked))}


def first_page(
    cursor: Any, table: Table, asked: Asked, *, sort: str = "", limit: int
) -> tuple[list[Row], Totals]:
    """Return the first rows in the order asked for, complete, and the totals of all; the query is worked out once."""
    sums = "".join(f", {column.total_sql} AS _total_{column.name}" for column in table.totalled)
    first = f"SELECT * FROM report ORDER BY {_order(table, sort)} LIMIT {int(limit)}"
    query = f"""
        WITH report AS MATERIALIZED ({table.sql})
        SELECT first_rows.*, sums.* FROM (SELECT count(*) AS _rows{sums} FROM report) sums
        LEFT JOIN LATERAL ({_named(table, first)}) first_rows ON true ORDER BY {_order(table, sort)}"""
    rows = named_rows(cursor, query, _values(table, asked))
    found = Totals(
        rows[0]["_rows"], {column.name: rows[0][f"_total_{column.name}"] for column in table.totalled}
    )
    if not found.rows:
        return [], found
    if table.complete:
        table.complete(cursor, rows, asked)
    return rows, found


def page(
    cursor: Any, table: Table, asked: Asked, *, sort: str = "", limit: int, offset: int = 0
) -> list[Row]:
    """Return some rows of the table in the order asked for, complete."""
    some = f"SELECT * FROM ({table.sql}) report ORDER BY {_order(table, sort)} LIMIT {int(limit)} OFFSET {int(offset)}"
    query = f"SELECT * FROM ({_named(table, some)}) report ORDER BY {_order(table, sort)}"
    rows = named_rows(cursor, query, _values(table, asked))
    if table.complete:
        table.complete(cursor, rows, asked)
    return rows


def every_row(cursor: Any, table: Table, asked: Asked, *, sort: str = "") -> Iterator[Row]:
    """Yield all rows in the order asked for, complete, without holding more than a few of them."""
    with connection.chunked_cursor() as stream:
        stream.execute(_ordered(table, sort), _values(table, asked))
        while chunk := stream.fetchmany(_CHUNK_ROWS):
            names = [column[0] for column in stream.description]
            rows = [dict(zip(names, row, strict=True)) for row in chunk]
            if table.complete:
                table.complete(cursor, rows, asked)
            yield from rows


def frames(cursor: Any, table: Table, asked: Asked, *, sort: str = "") -> Iterator[pl.DataFrame]:
    """Yield all rows in the order asked for as columns, as figures are stored; for a table that `is_plain`."""
    names = ", ".join(column.name for column in table.columns)
    schema = {column.name: _TYPES.get(column.kind, pl.Int64) for column in table.columns}
    query = f"COPY (SELECT {names} FROM ({_ordered(table, sort)}) ordered) TO STDOUT (FORMAT csv)"
    with cursor.copy(query, _values(table, asked)) as copied:
        text = bytearray()
        for block in copied:
            text += block
            if len(text) >= _FRAME_BYTES:
                yield _frame(text, schema)
                text = bytearray()
        if text:
            yield _frame(text, schema)


def _frame(text: bytearray, schema: dict[str, Any]) -> pl.DataFrame:
    return pl.read_csv(bytes(text), has_header=False, schema=schema)


def lines(cursor: Any, table: Table, asked: Asked, total: Totals, *, sort: str = "") -> Iterator[Line]:
    """Yield all rows with a subtotal after each group and the total at the end."""
    sums = subtotals(cursor, table, asked)
    group: Any = None
    counted = 0
    for row in every_row(cursor, table, asked, sort=sort):
        if table.grouped_by and counted and row[table.grouped_by] != group:
            yield Line(Part.SUBTOTAL, {**sums[group], table.grouped_by: group})
        group = row.get(table.grouped_by)
        counted += 1
        yield Line(Part.ROW, row)
    if table.grouped_by and counted:
        yield Line(Part.SUBTOTAL, {**sums[group], table.grouped_by: group})
    if table.totalled:
        yield Line(Part.TOTAL, total.of)


def sorted_columns(table: Table, sort: str) -> tuple[Sequence[str], str]:
    """Return what `sort` (a column's name, "-" before it for the other way) orders by, and "DESC" or ""."""
    chosen = _sortable(table).get(sort.lstrip("-"))
    if chosen is None:
        return table.order, ""
    return chosen.sorted_by, "DESC" if sort.startswith("-") else ""


def _sortable(table: Table) -> dict[str, Column]:
    return {column.name: column for column in table.columns if column.sorted_by}


def _ordered(table: Table, sort: str) -> str:
    return f"SELECT * FROM ({_named(table, table.sql)}) report ORDER BY {_order(table, sort)}"


def _named(table: Table, rows: str) -> str:
    return table.named(rows) if table.named else rows


def _order(table: Table, sort: str) -> str:
    names, way = sorted_columns(table, sort)
    group = [table.grouped_by] if table.grouped_by else []
    rest = [name for name in (*table.order, *table.unique) if name not in names]
    chosen = [f"{name} {way} NULLS {'LAST' if way else 'FIRST'}" for name in names if name not in group]
    if table.grouped_by in names:
        group = [f"{table.grouped_by} {way}"]
    return ", ".join([*group, *chosen, *(name for name in rest if name not in group)])


def _values(table: Table, asked: Asked) -> dict[str, Any]:
    return {**asked.values, **table.values}
