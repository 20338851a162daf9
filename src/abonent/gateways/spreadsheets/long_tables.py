"""Long tables in a workbook: XlsxWriter makes everything but their rows, and those are made a column at a time.

A cell written by a library costs a microsecond or more, and a sheet holds ten million; as text made of whole columns it
costs a tenth of that. In the workbook each table has one row whose cells are formatted and empty; here that row is
replaced by the rows of frames.
"""

import re
import string
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

SHEET_ROWS = 1_048_576
_ROWS_AT_ONCE = 20_000
_LEVEL = 1  # speed before size: nobody keeps these
_STYLE = re.compile(r'<c r="([A-Z]+)\d+"(?: s="(\d+)")?')
_DAY_ZERO = 25_569  # 1 January 1970 as spreadsheets count days
_FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1f]"


class NoSuchRow(LookupError):
    """The row that was to be replaced is not in the sheet, or not as wide as the table."""


@dataclass(frozen=True)
class Place:
    """Where rows go: the sheet's number, from 1, the line of the empty row, from 1, and how many there are."""

    sheet: int
    line: int
    rows: int


def fill(
    workbook: Path,
    target: Path,
    *,
    frames: Iterable[pl.DataFrame],
    scales: Mapping[str, int],
    places: Sequence[Place],
) -> None:
    """Copy a workbook with the rows of frames in the places, which they fill in their order.

    Columns: whole numbers, shown divided by `scales` (100 for kopecks), days, texts. Raises NoSuchRow, and ValueError
    when there are more or fewer rows than the places take.
    """
    of_sheet = {f"xl/worksheets/sheet{place.sheet}.xml": place for place in places}
    rows = _Rows(frames)
    with (
        zipfile.ZipFile(workbook) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as copy,
        ThreadPoolExecutor(1) as packer,
    ):
        # the sheets in their order, so that the rows come in theirs
        for name in sorted(source.namelist(), key=lambda name: (name in of_sheet, len(name), name)):
            place = of_sheet.get(name)
            if place is None:
                copy.writestr(name, source.read(name))
                continue
            head, styles, tail = _parted(source.read(name).decode(), place.line)
            with copy.open(name, "w", force_zip64=True) as part:
                part.write(head.encode())
                packed: Future[int] | None = None
                for frame, line in rows.take(place.rows, first_line=place.line):
                    text = _text(frame, line, styles, scales)
                    if packed is not None:
                        packed.result()
                    # the next rows are made while these are packed
                    packed = packer.submit(part.write, text)
                if packed is not None:
                    packed.result()
                part.write(tail.encode())
        rows.end()


class _Rows:
    """Frames cut into pieces for one sheet after another."""

    def __init__(self, frames: Iterable[pl.DataFrame]) -> None:
        self._frames, self._left = _ahead(frames), pl.DataFrame()

    def take(self, rows: int, *, first_line: int) -> Iterator[tuple[pl.DataFrame, int]]:
        line, end = first_line, first_line + rows
        while line < end:
            if self._left.is_empty():
                frame = next(self._frames, None)
                if frame is None:
                    raise ValueError(f"{end - line} rows are missing")
                self._left = frame
                continue
            piece = self._left[: min(_ROWS_AT_ONCE, end - line)]
            self._left = self._left[piece.height :]
            yield piece, line
            line += piece.height

    def end(self) -> None:
        if not self._left.is_empty() or any(not frame.is_empty() for frame in self._frames):
            raise ValueError("there are more rows than places for them")


def _ahead(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield frames while the next one is already being read."""
    coming = iter(frames)
    with ThreadPoolExecutor(1) as reader:
        frame = reader.submit(next, coming, None)
        while (found := frame.result()) is not None:
            frame = reader.submit(next, coming, None)
            yield found


def _parted(xml: str, line: int) -> tuple[str, list[str], str]:
    """Return what stands before the row, the styles of its cells, and what stands after it."""
    found = re.search(rf'<row r="{line}"[^>]*>(.*?)</row>', xml, re.DOTALL)
    if found is None:
        raise NoSuchRow(f"line {line}")
    styles = [style for _column, style in _STYLE.findall(found[1])]
    return xml[: found.start()], styles, xml[found.end() :]


def _text(frame: pl.DataFrame, line: int, styles: Sequence[str], scales: Mapping[str, int]) -> bytes:
    """Return rows as the sheet's XML."""
    if len(styles) != frame.width:
        raise NoSuchRow(f"{len(styles)} cells are prepared for {frame.width} columns")
    numbered = frame.with_columns(pl.int_range(line, line + frame.height).cast(pl.String).alias("_line"))
    cells = [
        _cell(name, frame.schema[name], letters(number), style, scales.get(name, 1))
        for number, (name, style) in enumerate(zip(frame.columns, styles, strict=True))
    ]
    row = pl.concat_str(pl.lit('<row r="'), pl.col("_line"), pl.lit('">'), *cells, pl.lit("</row>"))
    return str(numbered.select(row.str.join("")).item()).encode()


def _cell(name: str, kind: pl.DataType, column: str, style: str, scale: int) -> pl.Expr:
    """Return the XML of a column's cells; nothing is no cell."""
    head = pl.concat_str(pl.lit(f'<c r="{column}'), pl.col("_line"), pl.lit(f'" s="{style}"'))
    value = pl.col(name)
    if kind == pl.String:
        safe = value.str.replace_all("&", "&amp;", literal=True).str.replace_all("<", "&lt;", literal=True)
        safe = safe.str.replace_all(_FORBIDDEN, "")
        text = pl.lit(' t="inlineStr"><is><t xml:space="preserve">'), safe, pl.lit("</t></is></c>")
        return pl.when(value != "").then(pl.concat_str(head, *text)).otherwise(pl.lit(""))
    if kind == pl.Date:
        number = (value.to_physical() + _DAY_ZERO).cast(pl.String)
    elif scale == 1:
        number = value.cast(pl.String)
    else:
        # written out of whole numbers: a quotient has digits that nobody meant
        sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
        part = (value.abs() % scale + scale).cast(pl.String).str.slice(1)
        number = pl.concat_str(sign, (value.abs() // scale).cast(pl.String), pl.lit("."), part)
    return pl.concat_str(head, pl.lit("><v>"), number, pl.lit("</v></c>")).fill_null("")


def letters(number: int) -> str:
    """Return the letters of a column counted from 0: A, …, Z, AA."""
    text = ""
    number += 1
    while number:
        number, place = divmod(number - 1, 26)
        text = string.ascii_uppercase[place] + text
    return text
