"""Rows out of PostgreSQL as columns: binary COPY, read by ADBC into Arrow without a Python object a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import adbc_driver_postgresql.dbapi
import polars as pl

from abonent.engine.frames import Schema


@contextmanager
def snapshot(dsn: str) -> Iterator[Any]:
    """Open a connection whose queries all see the database as it is now."""
    with adbc_driver_postgresql.dbapi.connect(dsn) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield connection
        connection.rollback()


@contextmanager
def scratch(dsn: str, *, snapshot_of: Any = None) -> Iterator[Any]:
    """Open a connection for queries over `put_frame` tables, in one snapshot; what was put is gone with it.

    `snapshot_of`: another such connection, to see the database exactly as it does.
    """
    with adbc_driver_postgresql.dbapi.connect(dsn) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            if snapshot_of is not None:
                with snapshot_of.cursor() as other:
                    other.execute("SELECT pg_export_snapshot()")
                    name = other.fetchone()[0]
                cursor.execute(f"SET TRANSACTION SNAPSHOT '{name}'")
        yield connection
        connection.rollback()


def put_frame(connection: Any, name: str, frame: pl.DataFrame) -> None:
    """Make a temporary table of a frame and let the planner know what is in it."""
    with connection.cursor() as cursor:
        cursor.adbc_ingest(name, frame.to_arrow(), mode="create", temporary=True)
        cursor.execute(f"ANALYZE {name}")


def read_frame(connection: Any, query: str, schema: Schema) -> pl.DataFrame:
    """Return the rows of a query as a frame of `schema`; its columns come in the order of the schema.

    Raises ConnectionError when the server is gone.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute(query)
            rows = cursor.fetch_arrow_table()
        except adbc_driver_postgresql.dbapi.OperationalError as error:
            raise ConnectionError(str(error)) from error
        frame = pl.from_arrow(rows.rename_columns(list(schema)))
    assert isinstance(frame, pl.DataFrame)
    return frame.cast(dict(schema), strict=True)
