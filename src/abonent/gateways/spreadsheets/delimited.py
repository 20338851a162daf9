"""Text with delimiters: the encoding found by decoding, the delimiter by trying, quotes only where there are any."""

import codecs
import csv
import re
from collections import Counter
from itertools import islice
from pathlib import Path

import polars as pl

from abonent.gateways.spreadsheets.table import BadTable, Table

_CHUNK = 4 << 20
_LONGEST_LINE = 1 << 20
_SAMPLE_ROWS = 50
_WIDEST = 500
_DELIMITERS = ";\t|,"
_BOM, _BOMS_16 = codecs.BOM_UTF8, (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BEYOND_ASCII = re.compile(rb"[^\x00-\x7f]")


def read(path: Path) -> Table:
    """Read a file; a cell that is empty or white is null. Raises BadTable."""
    raw = path.read_bytes()
    encoding = _encoding(raw)
    data = _utf8(raw, encoding)
    del raw
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    if b"\0" in data:
        raise BadTable("not_text", row=data[: data.index(b"\0")].count(b"\n") + 1)
    _check_lines(data)
    quoted = b'"' in data
    if quoted:
        _check_quotes(data)
    sample = (
        b"".join(islice(data.splitlines(keepends=True), 4 * _SAMPLE_ROWS))
        if len(data) < _CHUNK
        else data[:_CHUNK]
    )
    delimiter, width = _shape(sample.decode(errors="ignore"))
    if width > _WIDEST:
        raise BadTable("damaged", cause=f"{width} columns")
    names = [str(place) for place in range(1, width + 2)]  # one more, to see what spills over
    try:
        frame = pl.read_csv(
            # a first line of our own: the number of columns must not hang on that of the file, often a title
            delimiter.join(names).encode() + b"\n" + data,
            separator=delimiter,
            quote_char='"' if quoted else None,
            infer_schema=False,
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError as error:
        raise BadTable("damaged", cause=str(error).splitlines()[0]) from error
    spilled = frame.with_row_index().filter(pl.col(names[-1]).is_not_null())["index"]
    return Table("csv", frame.drop(names[-1]), encoding, delimiter, spilled=frozenset(spilled))


def _encoding(raw: bytes) -> str:
    """Return utf-8, utf-16 or cp1251. Raises BadTable for a text of two encodings, or of none of these."""
    if raw.startswith(_BOMS_16):
        return "utf-16"
    bad = _first_undecodable(raw, "utf-8")
    if bad is None:
        return "utf-8"
    clean, foreign = 0, 0
    for number, line in enumerate(raw.splitlines(), 1):
        if not _BEYOND_ASCII.search(line):
            continue
        try:
            line.decode()
            clean = clean or number
        except UnicodeDecodeError:
            foreign = foreign or number
        if clean and foreign:
            raise BadTable("mixed_encodings", row=max(clean, foreign), other_row=min(clean, foreign))
    bad = _first_undecodable(raw, "cp1251")
    if bad is not None:
        raise BadTable("undecodable", row=raw[:bad].count(b"\n") + 1)
    return "cp1251"


def _first_undecodable(raw: bytes, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(raw), _CHUNK):
        last = start + _CHUNK >= len(raw)
        try:
            decoder.decode(raw[start : start + _CHUNK], final=last)
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def _utf8(raw: bytes, encoding: str) -> bytes:
    if encoding == "utf-8":
        return raw.removeprefix(_BOM)
    try:
        return raw.decode(encoding).encode()
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise BadTable("undecodable", row=1) from error


def _check_lines(data: bytes) -> None:
    """Refuse a line that no table has, before anything tries to make a row of it."""
    start, row = 0, 1
    while start < len(data):
        window = data[start : start + _LONGEST_LINE]
        end = window.rfind(b"\n")
        if end < 0 and len(window) == _LONGEST_LINE:
            raise BadTable("line_too_long", row=row, most=_LONGEST_LINE)
        if end < 0:
            return
        row += window.count(b"\n", 0, end + 1)
        start += end + 1


def _check_quotes(data: bytes) -> None:
    """Refuse a quotation mark that is opened and never closed: it would swallow the rows that follow."""
    if data.count(b'"') % 2 == 0:
        return
    for row, line in enumerate(data.split(b"\n"), 1):
        if line.count(b'"') % 2:
            raise BadTable("open_quote", row=row)


def _shape(sample: str) -> tuple[str, int]:
    """Return the delimiter and the number of columns: the same number in most rows, the more columns the better."""
    best = (0.0, 0, ";")
    for place, delimiter in enumerate(_DELIMITERS):
        try:
            rows = list(islice(csv.reader(sample.splitlines(), delimiter=delimiter), _SAMPLE_ROWS))
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
        if not widths:
            continue
        usual, times = max(widths.items(), key=lambda item: (item[1], item[0]))
        widest = max(width for width, count in widths.items() if count * 10 >= times)
        if usual > 1:
            # a comma inside decimal figures must not outvote the real delimiter: the list is in order of trust
            score = times / widths.total() - 0.15 * (place == len(_DELIMITERS) - 1)
            best = max(best, (score, widest, delimiter), key=lambda one: (round(one[0], 1), one[1]))
    return best[2], max(best[1], 1)
