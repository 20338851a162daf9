"""The cells of a sender's table, whatever it came as: delimited or fixed text, a workbook, a dBase table."""

import csv
import io
from pathlib import Path
from typing import Any

import polars as pl

from abonent.gateways import spreadsheets
from abonent.gateways.bank_files import text
from abonent.gateways.bank_files.layout import Layout
from abonent.gateways.bank_files.model import Malformed

MOST_COLUMNS = 200
_DELIMITERS = ";\t|,"
_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DBASE = frozenset({0x02, 0x03, 0x04, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5, 0xFB})
_CODES = {
    "unknown_kind": "unknown_format",
    "too_many_rows": "too_large",
    "too_much_memory": "bomb",
    "no_sheet": "no_documents",
}
_UNIT = b"\x1f"
WORKBOOKS = frozenset({"xlsx", "xls", "dbf"})


def kind_of(path: Path) -> str:
    """Return xlsx, xls, dbf or text: by the bytes alone."""
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(_ZIP):
        return "xlsx"
    if head.startswith(_COMPOUND):
        return "xls"
    # a dBase table begins with its version and the day it was changed: bytes that no text has
    if len(head) >= 33 and head[0] in _DBASE and 1 <= head[2] <= 12 and 1 <= head[3] <= 31 and b"\0" in head:
        return "dbf"
    return "text"


def read(path: Path, *, layout: Layout) -> tuple[pl.DataFrame, str, str]:
    """Return the rows with `row_no` and columns "1", "2", … of text, null where empty; the encoding; the kind.

    Raises Malformed.
    """
    kind = kind_of(path)
    if kind == "text":
        content, encoding = text.decode(text.load(path), encoding=layout.encoding)
        return _of_text(content, layout), encoding, kind
    try:
        table = spreadsheets.read(path, name=f"table.{kind}")
    except spreadsheets.BadTable as error:
        facts: dict[str, Any] = dict(error.facts)
        raise Malformed(_CODES.get(error.code, error.code), row=facts.pop("row", 0), **facts) from error
    frame = table.frame.with_row_index("row_no", offset=1)
    if frame.width > MOST_COLUMNS:
        raise Malformed("fields", found=frame.width, most=MOST_COLUMNS)
    return frame, table.encoding, kind


def lines_of(data: bytes) -> pl.DataFrame:
    """Return the lines of a UTF-8 text as `line`, null where blank, with their numbers as `row_no`."""
    frame = pl.read_csv(
        data.replace(_UNIT, b" ") if _UNIT in data else data,
        separator=_UNIT.decode(),
        has_header=False,
        quote_char=None,
        infer_schema=False,
        new_columns=["line"],
    )
    blank = pl.col("line").str.strip_chars() == ""
    return frame.with_row_index("row_no", offset=1).with_columns(pl.when(~blank).then("line").alias("line"))


def cut(data: bytes, *, delimiter: str, width: int) -> pl.DataFrame:
    """Return the cells of every line as "1", "2", … beside `row_no`, null where empty; quotation marks are letters."""
    names = [str(place) for place in range(1, width + 1)]
    frame = pl.read_csv(
        delimiter.join(names).encode() + b"\n" + data,
        separator=delimiter,
        quote_char=None,
        infer_schema=False,
        truncate_ragged_lines=True,
    )
    return frame.with_row_index("row_no", offset=1)


def _of_text(content: str, layout: Layout) -> pl.DataFrame:
    if not content.strip():
        raise Malformed("empty")
    data = content.encode()
    lines = lines_of(data)
    if layout.widths:
        return lines.select("row_no", *_cut(layout.widths)).with_columns(_nothing())
    delimiter = layout.delimiter or _delimiter(lines)
    delimiters = lines["line"].str.count_matches(delimiter, literal=True)
    most: Any = delimiters.max()
    width = 1 + (most or 0)
    if width > MOST_COLUMNS:
        row = lines["row_no"].filter(delimiters == most)[0]
        raise Malformed("fields", row=row, found=width, most=MOST_COLUMNS)
    if lines["line"].str.contains(rf'(?:^|{_escaped(delimiter)})"').any():
        return _quoted(content, delimiter)
    return cut(data, delimiter=delimiter, width=width).with_columns(_nothing())


def _escaped(delimiter: str) -> str:
    return "\\" + delimiter if delimiter in "|^" else delimiter


def _nothing() -> pl.Expr:
    """Cells without the spaces around them; those that are empty then are null."""
    stripped = pl.col(pl.String).str.strip_chars()
    return pl.when(stripped != "").then(stripped).name.keep()


def _cut(widths: tuple[int, ...]) -> list[pl.Expr]:
    start, made = 0, []
    for place, width in enumerate(widths, 1):
        made.append(pl.col("line").str.slice(start, width).alias(str(place)))
        start += width
    return made


def _delimiter(lines: pl.DataFrame) -> str:
    """Return the delimiter that most lines have the same number of; the list is in the order of trust."""
    sample = lines["line"].head(400).drop_nulls().head(200)
    best, chosen = 0, ";"
    for delimiter in _DELIMITERS:
        counts = sample.str.count_matches(delimiter, literal=True)
        usual = counts.filter(counts > 0).mode()
        alike = int((counts == usual[0]).sum()) if len(usual) else 0
        if alike > best:
            best, chosen = alike, delimiter
    return chosen


def _quoted(content: str, delimiter: str) -> pl.DataFrame:
    """Cells in quotation marks, which may hold the delimiter and line ends; a mark inside of a cell is a mark."""
    rows: list[tuple[int, list[str]]] = []
    widest = 1
    reader = csv.reader(io.StringIO(content), delimiter=delimiter, strict=True)
    begun = 1
    try:
        for cells in reader:
            if cells:
                rows.append((begun, cells))
                widest = max(widest, len(cells))
            begun = reader.line_num + 1
    except csv.Error as error:
        raise Malformed("open_quote", row=begun, cause=str(error)) from error
    if widest > MOST_COLUMNS:
        raise Malformed("fields", found=widest, most=MOST_COLUMNS)
    made: dict[str, list[object]] = {"row_no": [row for row, _cells in rows]}
    for place in range(widest):
        made[str(place + 1)] = [cells[place] if place < len(cells) else None for _row, cells in rows]
    schema = {name: pl.UInt32 if name == "row_no" else pl.String for name in made}
    return pl.DataFrame(made, schema=schema).with_columns(_nothing())
