"""Rows out of an open transaction as columns: binary COPY into numpy, so that what it wrote itself is seen."""

from typing import Any

import numpy as np
import polars as pl

from abonent.engine.frames import Schema

_HEADER_BYTES = 19
_TRAILER_BYTES = 2
_WIRE: dict[Any, tuple[str, int]] = {
    pl.Int64: (">i8", 8),
    pl.Int32: (">i4", 4),
    pl.Int16: (">i2", 2),
    pl.Date: (">i4", 4),
}
_EPOCH_DAYS = 10_957  # PostgreSQL counts days from 2000, numpy and Polars from 1970


def read_out(cursor: Any, query: str, schema: Schema) -> pl.DataFrame:
    """Return the rows of a query as a frame of `schema`: whole numbers and dates, none of them NULL.

    Its columns come in the order of the schema, each of the very width. Raises ValueError for anything else.
    """
    with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
        data = b"".join(bytes(part) for part in copy)
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in schema.items():
        layout += [(f"width of {name}", ">i4"), (name, _WIRE[kind][0])]
    row = np.dtype(layout)
    body = memoryview(data)[_HEADER_BYTES : len(data) - _TRAILER_BYTES]
    if len(body) % row.itemsize:
        raise ValueError(f"rows are not of the width of {list(schema)}")
    rows = np.frombuffer(body, row)
    columns: dict[str, pl.Series] = {}
    for name, kind in schema.items():
        if (rows[f"width of {name}"] != _WIRE[kind][1]).any():
            raise ValueError(f"{name} is not a {kind} in every row")
        values = rows[name].astype(row[name].newbyteorder("="))
        series = pl.Series(name, values + _EPOCH_DAYS if kind == pl.Date else values)
        columns[name] = series.cast(kind)
    return pl.DataFrame(columns)
