"""The sender's own table back with one column more: a note on some of its rows."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl
import xlsxwriter
from lxml import etree

from abonent.gateways.spreadsheets.table import Table

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT_MAIN = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_ROW = re.compile(rb"<((?:\w+:)?)row\b([^>]*?)(/?)>")
_NUMBER = re.compile(rb'\br="(\d+)"')
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})\d+"')
_SPANS = re.compile(rb'\s+spans="[^"]*"')
_LEVEL = 1  # an answer is read once: speed before size
_CHUNK = 4 << 20
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


class UnusualWorkbook(ValueError):
    """A workbook whose parts are not where they usually are."""


def delimited(table: Table, notes: Mapping[int, str]) -> bytes:
    """Return a csv in its own encoding and delimiter, with the note of row n (from 1) after its last column."""
    column = pl.DataFrame(
        {"row": list(notes), "note": list(notes.values())}, schema={"row": pl.UInt32, "note": pl.String}
    )
    frame = (
        table.frame.with_row_index("row", offset=1)
        .join(column, on="row", how="left", maintain_order="left")
        .drop("row")
    )
    text = frame.write_csv(include_header=False, separator=table.delimiter)
    if table.encoding == "cp1251":
        return text.encode("cp1251", errors="replace")
    if table.encoding == "utf-16":
        return text.encode("utf-16")
    return text.encode("utf-8-sig")  # with its mark, by which Excel knows the encoding


def plain(table: Table, notes: Mapping[int, str]) -> bytes:
    """Return any table as a new workbook of texts, with the notes."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    width = table.frame.width
    for row, cells in enumerate(table.frame.iter_rows()):
        for column, cell in enumerate(cells):
            if cell is not None:
                sheet.write_string(row, column, cell)
        if (note := notes.get(row + 1)) is not None:
            sheet.write_string(row, width, note)
    book.close()
    return target.getvalue()


def workbook(source: Path, sheet: str, notes: Mapping[int, str]) -> bytes:
    """Return the very workbook, with the notes in cells after the last column of its sheet; nothing else changes.

    Raises UnusualWorkbook.
    """
    target = io.BytesIO()
    with (
        zipfile.ZipFile(source) as given,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as made,
    ):
        part = _part_of(given, sheet)
        for one in given.infolist():
            with made.open(one.filename, "w", force_zip64=one.file_size > 1 << 31) as written:
                if one.filename == part:
                    _annotate(given.read(one), notes, written)
                    continue
                with given.open(one) as read:
                    while chunk := read.read(_CHUNK):
                        written.write(chunk)
    return target.getvalue()


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part that holds a sheet."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        book = etree.fromstring(archive.read("xl/workbook.xml"), parser)
        links = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
    except (KeyError, etree.XMLSyntaxError) as error:
        raise UnusualWorkbook(str(error)) from error
    for one in book.iter(f"{_MAIN}sheet", f"{_STRICT_MAIN}sheet"):
        if one.get("name") == sheet:
            id = next((value for name, value in one.attrib.items() if name.endswith("}id")), "")
            targets = {link.get("Id"): link.get("Target") for link in links}
            part = str(targets.get(id) or "")
            part = part.removeprefix("/") if part.startswith("/") else f"xl/{part}"
            if part in archive.namelist():
                return part
    raise UnusualWorkbook(f"no part for the sheet {sheet}")


def _annotate(xml: bytes, notes: Mapping[int, str], target: Any) -> None:
    """Write the sheet with a cell more in the rows that have a note."""
    spots: list[tuple[int, re.Match[bytes], int]] = []  # row, its opening tag, where its closing tag begins
    number, widest = 0, 0
    for match in _ROW.finditer(xml):
        found = _NUMBER.search(match[2])
        number = int(found[1]) if found else number + 1
        if number not in notes or match[3]:
            continue
        end = xml.find(b"</" + match[1] + b"row>", match.end())
        if end < 0:
            raise UnusualWorkbook(f"row {number} has no end")
        spots.append((number, match, end))
        cells = _CELL.findall(xml, match.end(), end)
        widest = max(widest, _place(cells[-1]) if cells else 0)
    column = _letters(widest + 1)
    view, done = memoryview(xml), 0
    for number, match, end in spots:
        prefix = match[1]
        target.write(view[done : match.start()])
        target.write(b"<" + prefix + b"row" + _SPANS.sub(b"", match[2]) + b">")
        target.write(view[match.end() : end])
        target.write(_inline(prefix.decode(), f"{column}{number}", notes[number]))
        done = end
    target.write(view[done:])


def _inline(prefix: str, place: str, text: str) -> bytes:
    words = escape(_CONTROLS.sub(" ", text))
    cell = f'<{prefix}c r="{place}" t="inlineStr"><{prefix}is><{prefix}t>{words}</{prefix}t></{prefix}is></{prefix}c>'
    return cell.encode()


def _place(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place


def _letters(place: int) -> str:
    letters = ""
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
