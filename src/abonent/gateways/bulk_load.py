"""Rows by the million into PostgreSQL: COPY, in its binary format wherever the widths of a row are fixed."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from psycopg import sql

Column = np.ndarray | Sequence[np.ndarray]

_CHUNK_BYTES = 4 << 20
_CSV_ROWS = 100_000
_BIG_INTEGER = 20  # oid of bigint, named inside an array value
_EPOCH = {"date": np.datetime64("2000-01-01", "D"), "timestamptz": np.datetime64("2000-01-01", "us")}
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"

# Types of a fixed width: what a value is written as, and the kinds of numpy values that fit it.
_WIDTHS: dict[str, tuple[str, str]] = {
    "int2": (">i2", "iu"),
    "int4": (">i4", "iu"),
    "int8": (">i8", "iu"),
    "date": (">i4", "M"),
    "timestamptz": (">i8", "M"),
    "bool": ("i1", "b"),
    "float8": (">f8", "fiu"),
    "_int8": (">i8", "iu"),
}
_ARRAY_HEAD = np.dtype((">i4", 5))
_ARRAY_ITEM = np.dtype([("width", ">i4"), ("value", ">i8")])


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

    A mapping holds numpy arrays of one length, dates and UTC instants as `datetime64`; a `bigint[]` column is
    a list of k integer arrays, or one of shape (n, k). It is written in the binary format. So is a DataFrame
    of whole numbers, floats, booleans, dates, instants and `pl.Array(pl.Int64, k)` without nulls; any other
    goes as CSV, with ranges as text such as "[2026-01-01,)".
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
    values = [_fit(name, frame[name], types[name]) for name in columns]
    counts = {len(value) for value in values}
    if len(counts) != 1:
        raise ValueError(f"the columns for {table} differ in length: {sorted(counts)}")
    (rows,) = counts
    widths = [np.dtype(_WIDTHS[types[name]][0]) for name in columns]
    with cursor.copy(_statement(table, columns, "binary", freeze)) as copy:
        copy.write(_HEADER)
        for chunk in _binary_chunks(values, widths, rows):
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
    return type_name in _WIDTHS and fits and not series.null_count()


def _copy_csv(cursor: Any, statement: sql.Composed, frame: pl.DataFrame) -> int:
    with cursor.copy(statement) as copy:
        for rows in frame.iter_slices(_CSV_ROWS):
            buffer = io.BytesIO()
            rows.write_csv(buffer, include_header=False)  # a null is empty, an empty text is ""
            copy.write(buffer.getvalue())
    return frame.height


def _fit(name: str, value: Column, type_name: str) -> np.ndarray:
    """Return the column as numbers the server understands, checked; of two dimensions for an array column."""
    if type_name not in _WIDTHS:
        raise ValueError(f"{name}: a column of type {type_name} has no fixed width; give a DataFrame")
    is_array = type_name == "_int8"
    column = value if isinstance(value, np.ndarray) else np.stack(value, axis=1 if is_array else 0)
    target, kinds = np.dtype(_WIDTHS[type_name][0]), _WIDTHS[type_name][1]
    if column.ndim != 1 + is_array or column.dtype.kind not in kinds or 0 in column.shape[1:]:
        raise ValueError(f"{name}: {column.dtype} of shape {column.shape} does not fit the type {type_name}")
    if type_name in _EPOCH:
        if np.isnat(column).any():
            raise ValueError(f"{name}: a day or an instant is missing")
        epoch = _EPOCH[type_name]
        column = (column.astype(epoch.dtype) - epoch).astype(np.int64)
    if column.dtype.kind in "iu" and column.size and not np.can_cast(column.dtype, target):
        limit, low, high = np.iinfo(target), column.min(), column.max()
        if low < limit.min or high > limit.max:
            raise ValueError(f"{name}: {low}…{high} does not fit the type {type_name}")
    return column


def _binary_chunks(
    values: Sequence[np.ndarray], widths: Sequence[np.dtype], rows: int
) -> Iterator[memoryview]:
    """Yield tuples as COPY wants them: the number of fields, then width and value of each, big-endian.

    One structured array of a chunk's length is filled again and again: what never changes is written once.
    """
    fields: list[tuple[Any, ...]] = [("fields", ">i2")]
    for place, (value, width) in enumerate(zip(values, widths, strict=True)):
        fields.append((f"width{place}", ">i4"))
        if value.ndim == 2:
            fields += [(f"head{place}", _ARRAY_HEAD), (f"value{place}", _ARRAY_ITEM, (value.shape[1],))]
        else:
            fields.append((f"value{place}", width))
    layout = np.dtype(fields)
    chunk = np.zeros(min(rows, max(1, _CHUNK_BYTES // layout.itemsize)), layout)
    chunk["fields"] = len(values)
    for place, value in enumerate(values):
        if value.ndim == 2:
            items = value.shape[1]
            chunk[f"width{place}"] = _ARRAY_HEAD.itemsize + items * _ARRAY_ITEM.itemsize
            # dimensions, whether there are nulls, type of the items, their number, first subscript
            chunk[f"head{place}"] = (1, 0, _BIG_INTEGER, items, 1)
            chunk[f"value{place}"]["width"] = _ARRAY_ITEM["value"].itemsize
        else:
            chunk[f"width{place}"] = widths[place].itemsize
    for start in range(0, rows, max(1, len(chunk))):
        part = chunk[: min(len(chunk), rows - start)]
        for place, value in enumerate(values):
            target = part[f"value{place}"]
            (target["value"] if value.ndim == 2 else target)[:] = value[start : start + len(part)]
        yield memoryview(part.view(np.uint8))
