"""dBase tables, which banks and older programs still write."""

import io
import struct
from pathlib import Path
from typing import Any

import polars as pl
import shapefile

from abonent.gateways.spreadsheets.table import BadTable, Table, named

_HEAD = struct.Struct("<BBBBIHH")
_VERSIONS = frozenset({0x02, 0x03, 0x04, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5, 0xFB})
_LANGUAGE_BYTE = 29
_ENCODINGS = {0x26: "cp866", 0x65: "cp866", 0xC9: "cp1251", 0x57: "cp1251"}
_SAMPLE = 1 << 20


def read(path: Path) -> Table:
    """Read the records that are not deleted; a deleted one stays as an empty row. Raises BadTable."""
    data = path.read_bytes()
    if len(data) < _HEAD.size + 1 or data[0] not in _VERSIONS:
        raise BadTable("damaged", cause="this is no dBase table")
    _version, _year, _month, _day, records, header_bytes, record_bytes = _HEAD.unpack_from(data)
    if record_bytes < 2 or header_bytes < 33 or header_bytes + records * record_bytes > len(data) + 1:
        raise BadTable("damaged", cause=f"it ends before its {records} records do")
    encoding = _ENCODINGS.get(data[_LANGUAGE_BYTE]) or _guess(data[header_bytes : header_bytes + _SAMPLE])
    try:
        with shapefile.Reader(dbf=io.BytesIO(data), encoding=encoding, encodingErrors="replace") as reader:
            names = [field.name for field in reader.fields if field.name != "DeletionFlag"]
            rows: list[list[str | None]] = [list(names)]
            for place in range(records):
                record = reader.record(place)
                rows.append([None] * len(names) if record is None else [_text(cell) for cell in record])
    except (
        shapefile.ShapefileException,
        struct.error,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        OSError,
    ) as error:
        raise BadTable("damaged", cause=str(error) or type(error).__name__) from error
    if not names:
        raise BadTable("damaged", cause="it has no fields")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(map(str, range(len(names))), pl.String), orient="row")
    return Table("dbf", named(frame), encoding)


def _guess(sample: bytes) -> str:
    """Tell cp866 from cp1251 where the table does not: their capital letters lie apart."""
    counts = [0] * 256
    for byte in sample:
        counts[byte] += 1
    return "cp866" if sum(counts[0x80:0xB0]) > sum(counts[0xC0:0xE0]) + sum(counts[0xF0:0x100]) else "cp1251"


def _text(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, float):
        return f"{cell:.9f}".rstrip("0").rstrip(".")
    return str(cell)
