"""Rows out of PostgreSQL as columns: COPY in the binary format, read by ADBC into Arrow without a Python object a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import adbc_driver_postgresql.dbapi
import polars as pl


@contextmanager
def snapshot(dsn: str) -> Iterator[Any]:
    """Open a connection whose queries all see the database as it is now."""
    with adbc_driver_postgresql.dbapi.connect(dsn) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield connection
        connection.rollback()


def read_frame(connection: Any, query: str, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    """Return the rows of a query as a frame of `schema`; its columns come in the order of the schema."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        frame = pl.from_arrow(cursor.fetch_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    frame.columns = list(schema)
    return frame.cast(schema, strict=True)  # type: ignore[arg-type]
