"""Rows by the million into PostgreSQL: COPY, in its binary format wherever the widths of a row are fixed."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from psycopg import sql

Column = np.ndarray | Sequence[np.ndarray] | str

_CHUNK_BYTES = 4 << 20
_CSV_ROWS = 100_000
_EPOCH = {"date": np.datetime64("2000-01-01", "D"), "timestamptz": np.datetime64("2000-01-01", "us")}
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"

# Types of one value of a fixed width: what it is written as, and the kinds of numpy values that fit it.
_SCALARS = {
    "int2": (">i2", "iu"),
    "int4": (">i4", "iu"),
    "int8": (">i8", "iu"),
    "date": (">i4", "M"),
    "timestamptz": (">i8", "M"),
    "bool": ("i1", "b"),
    "float8": (">f8", "fiu"),
}
_TEXTS = frozenset({"text", "varchar", "bpchar"})
# An array: its dimensions, whether it has nulls, the type of its items, their number, the first subscript; items.
_ARRAY_HEAD = np.dtype((">i4", 5))
_ARRAY_ITEM = np.dtype([("width", ">i4"), ("value", ">i8")])
_BIGINT = 20
# A range from a day on: flags (the first day is in it, there is no end), the width of the day, the day.
_RANGE = np.dtype([("flags", "i1"), ("width", ">i4"), ("value", ">i4")])
_FROM_DAY_ON = (0x02 | 0x10, 4, 0)


@dataclass(frozen=True)
class _Field:
    """A column as it is written: `body` with all that never changes filled in, and where `values` go in it."""

    body: np.ndarray
    path: tuple[str, ...] = ()
    values: np.ndarray | None = None


def copy_frame(
    cursor: Any,
    table: str,
    columns: Sequence[str],
    frame: pl.DataFrame | Mapping[str, Column],
    *,
    freeze: bool = False,
) -> int:
    """
    COPY `columns` of a frame into a table; return the number of rows.

    A mapping holds numpy arrays of one length, and is written in the binary format: `datetime64` for dates and
    UTC instants; for a `bigint[]` column a list of k integer arrays, or one of shape (n, k); for a `daterange`
    the first days of ranges without an end; for text an array of bytes all of one length, or a `str` that is
    the same on every row. A DataFrame of whole numbers, floats, booleans, dates, instants and
    `pl.Array(pl.Int64, k)` without nulls is written so too; any other goes as CSV, with ranges as text such as
    "[2026-01-01,)".
    `freeze` needs a table made or truncated in this transaction, and spares a later rewrite of its pages.

    Raises ValueError, before anything is sent, for columns that are missing, differ in length, have an unfit
    type or hold a value their column has no room for. Errors of the database come through as they are.
    """
    types = _column_types(cursor, table, columns)
    if isinstance(frame, pl.DataFrame):
        frame = frame.select(columns)
        if not all(_has_fixed_width(frame[name], types[name]) for name in columns):
            return _copy_csv(cursor, _statement(table, columns, "csv", freeze), frame)
        frame = {name: frame[name].to_numpy() for name in columns}
    fields = [_field(name, frame[name], types[name]) for name in columns]
    counts = {len(field.values) for field in fields if field.values is not None}
    if len(counts) != 1:
        raise ValueError(f"the columns for {table} differ in length: {sorted(counts)}")
    (rows,) = counts
    with cursor.copy(_statement(table, columns, "binary", freeze)) as copy:
        copy.write(_HEADER)
        for chunk in _binary_chunks(fields, rows):
            copy.write(chunk)
        copy.write(_TRAILER)
    return rows


def _statement(table: str, columns: Sequence[str], form: str, freeze: bool) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT {}, FREEZE {})").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(form),
        sql.SQL(str(freeze)),
    )


def _column_types(cursor: Any, table: str, columns: Sequence[str]) -> dict[str, str]:
    cursor.execute(
        "SELECT attname, typname FROM pg_attribute JOIN pg_type t ON t.oid = atttypid "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [table],
    )
    found: dict[str, str] = dict(cursor.fetchall())
    if missing := [name for name in columns if name not in found]:
        raise ValueError(f"{table} has no column {', '.join(missing)}")
    return {name: found[name] for name in columns}


def _has_fixed_width(series: pl.Series, type_name: str) -> bool:
    fits = series.dtype.is_numeric() or isinstance(
        series.dtype, pl.Boolean | pl.Date | pl.Datetime | pl.Array
    )
    return type_name in (*_SCALARS, "_int8") and fits and not series.null_count()


def _copy_csv(cursor: Any, statement: sql.Composed, frame: pl.DataFrame) -> int:
    with cursor.copy(statement) as copy:
        for rows in frame.iter_slices(_CSV_ROWS):
            buffer = io.BytesIO()
            rows.write_csv(buffer, include_header=False)  # a null is empty, an empty text is ""
            copy.write(buffer.getvalue())
    return frame.height


def _field(name: str, value: Column, type_name: str) -> _Field:
    if isinstance(value, str):
        if type_name not in _TEXTS:
            raise ValueError(f"{name}: one text for every row does not fit the type {type_name}")
        return _Field(np.array(value.encode(), f"V{len(value.encode())}"))
    if type_name == "_int8":
        array = value if isinstance(value, np.ndarray) else np.stack(value, axis=1)
        if array.ndim != 2 or array.dtype.kind not in "iu" or not array.shape[1]:
            raise _misfit(name, array, type_name)
        length = array.shape[1]
        body = np.zeros((), [("head", _ARRAY_HEAD), ("items", _ARRAY_ITEM, (length,))])
        body["head"] = (1, 0, _BIGINT, length, 1)
        body["items"]["width"] = 8
        return _Field(body, ("items", "value"), _within(name, array, np.dtype(">i8"), type_name))
    column = np.asarray(value)
    if type_name in _TEXTS:
        if column.ndim != 1 or column.dtype.kind != "S":
            raise _misfit(name, column, type_name)
        if column.size and np.char.str_len(column).min() < column.dtype.itemsize:
            raise ValueError(f"{name}: texts of different lengths have no fixed width; give a DataFrame")
        return _Field(np.zeros((), column.dtype), (), column)
    if type_name == "daterange":
        return _Field(np.array(_FROM_DAY_ON, _RANGE), ("value",), _scalars(name, column, "date"))
    if type_name not in _SCALARS:
        raise ValueError(f"{name}: a column of type {type_name} has no fixed width; give a DataFrame")
    return _Field(np.zeros((), _SCALARS[type_name][0]), (), _scalars(name, column, type_name))


def _scalars(name: str, column: np.ndarray, type_name: str) -> np.ndarray:
    """Return the numbers the server keeps for these values, checked."""
    target, kinds = _SCALARS[type_name]
    if column.ndim != 1 or column.dtype.kind not in kinds:
        raise _misfit(name, column, type_name)
    if type_name in _EPOCH:
        if np.isnat(column).any():
            raise ValueError(f"{name}: a day or an instant is missing")
        epoch = _EPOCH[type_name]
        column = (column.astype(epoch.dtype) - epoch).astype(np.int64)
    return _within(name, column, np.dtype(target), type_name)


def _within(name: str, column: np.ndarray, target: np.dtype, type_name: str) -> np.ndarray:
    if column.dtype.kind in "iu" and column.size and not np.can_cast(column.dtype, target):
        limit, low, high = np.iinfo(target), column.min(), column.max()
        if low < limit.min or high > limit.max:
            raise ValueError(f"{name}: {low}…{high} does not fit the type {type_name}")
    return column


def _misfit(name: str, column: np.ndarray, type_name: str) -> ValueError:
    return ValueError(f"{name}: {column.dtype} of shape {column.shape} does not fit the type {type_name}")


def _binary_chunks(fields: Sequence[_Field], rows: int) -> Iterator[memoryview]:
    """Yield tuples as COPY wants them: the number of fields, then width and value of each, big-endian.

    One structured array of a chunk's length is filled again and again: what never changes is written once.
    """
    layout = [("fields", ">i2")]
    for place, field in enumerate(fields):
        layout += [(f"width{place}", ">i4"), (f"body{place}", field.body.dtype)]
    row = np.dtype(layout)
    chunk = np.zeros(min(rows, max(1, _CHUNK_BYTES // row.itemsize)), row)
    chunk["fields"] = len(fields)
    for place, field in enumerate(fields):
        chunk[f"width{place}"] = field.body.itemsize
        chunk[f"body{place}"] = field.body
    for start in range(0, rows, max(1, len(chunk))):
        part = chunk[: min(len(chunk), rows - start)]
        for place, field in enumerate(fields):
            if field.values is not None:
                target = part[f"body{place}"]
                for step in field.path:
                    target = target[step]
                target[:] = field.values[start : start + len(part)]
        yield memoryview(part.view(np.uint8))
