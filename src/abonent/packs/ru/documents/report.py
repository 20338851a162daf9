"""Reports on paper: tables of any length on A4 lying on its side, each page with its headings and its number.

The pages are broken here and not by the typesetter, so that they can be set by several processes at once and every
page knows how many there are. Texts are measured by the widths of kinds of letters, a little on the wide side.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PAGE_WIDTH_MM, _PAGE_HEIGHT_MM = 277.0, 193.0 - 5.0  # within the margins; the foot takes five
_MM_IN_POINT = 0.3528
_SIZES_PT = (8.0, 7.5, 7.0, 6.5, 6.0, 5.5)
_LINE, _ROW_ROOM_MM, _CELL_ROOM_MM = 1.18, 1.5, 2.0
_NARROWEST_TEXT_MM, _WIDEST_WORD_MM = 16.0, 36.0
_TITLE_MM, _EMPTY_MM = 7.0, 6.0
_FIRST_HEAD_MM, _HEAD_MM, _FACT_MM, _FACTS_IN_LINE = 13.0, 6.5, 3.9, 3

# how wide the letters of PT Sans are, in hundredths of the letter size
_LETTERS = {
    22: ".:',",
    28: "ij і\xa0·;()їlIJІЇ[]!",
    36: "frt/-гґ",
    42: "²тs",
    45: "зГҐсczьуэяyє",
    49: "кkv«»чавлъaеёe−÷+",
    54: "хxFLSбднопрЕЁЗbdgopquE",
    57: "ийцБУhnZ0123456789₽РТЬPTYСЯCVАВЭBЄR",
    63: "ЧКGKЛХXЪмDUжыП–",
    69: "ДНHNфИЙОOQЦ",
    76: "юwшщ",
    82: "Ы%ФМMЖm—W",
    91: "ШЮЩ",
    102: "№",
}
_WIDTHS = {letter: width for width, letters in _LETTERS.items() for letter in letters}
_BOLD = 1.04


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportColumn:
    """A column: its heading, what stands over it and its neighbours, and whether it holds figures."""

    title: str
    band: str = ""
    is_figure: bool = False


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row of texts; `strong` ones are totals."""

    cells: Sequence[str]
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table; `empty` is told in place of one without rows."""

    columns: Sequence[ReportColumn]
    rows: Sequence[ReportRow]
    title: str = ""
    empty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDocument:
    """A report in words: `facts` stand under the title, `scope` beside it on later pages, `made` at the foot."""

    title: str
    supplier: str
    scope: str
    made: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[ReportTable]
    page_of: str = "{page} / {pages}"


@dataclass(slots=True)
class _Block:
    layout: "_Layout"
    title: str = ""
    empty: str = ""
    rows: list[ReportRow] = field(default_factory=list)
    heights_mm: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One page, ready to be set."""

    number: int
    head_mm: float
    facts: Sequence[tuple[str, str]]
    blocks: Sequence[_Block]
    folio: str


@dataclass(frozen=True, slots=True)
class ReportSheet:
    """How a report is printed in one language."""

    document: ReportDocument
    language: str = "ru"
    template: Path = field(default=Path(__file__).with_name("report.typ"), init=False)

    @property
    def title(self) -> str:
        return self.document.title

    @property
    def shared(self) -> dict[str, Any]:
        return {
            "language": self.language,
            "supplier": self.document.supplier,
            "scope": self.document.scope,
            "made": self.document.made,
        }

    def page(self, page: ReportPage, /) -> dict[str, Any]:
        """Return one page as the template reads it."""
        return {
            "number": page.number,
            "head": round(page.head_mm, 2),
            "facts": [list(fact) for fact in page.facts],
            "folio": page.folio,
            "blocks": [block.layout.block(block) for block in page.blocks],
        }


def pages(document: ReportDocument) -> list[ReportPage]:
    """Break a report into pages: rows stay whole, headings are repeated, every page knows how many there are."""
    broken = list(_break(document))
    last = len(broken)
    return [
        ReportPage(
            number,
            _head_mm(document) if number == 1 else _HEAD_MM,
            document.facts if number == 1 else (),
            blocks,
            document.page_of.format(page=number, pages=last),
        )
        for number, blocks in enumerate(broken, start=1)
    ]


def _head_mm(document: ReportDocument) -> float:
    return _FIRST_HEAD_MM + _FACT_MM * math.ceil(len(document.facts) / _FACTS_IN_LINE)


def _break(document: ReportDocument) -> Iterator[list[_Block]]:
    page: list[_Block] = []
    left_mm = _PAGE_HEIGHT_MM - _head_mm(document)
    for table in document.tables:
        layout = _Layout.of(table)
        title_mm = _TITLE_MM if table.title else 0.0
        rows = iter(table.rows)
        row = next(rows, None)
        opening_mm = title_mm + (layout.head_mm + layout.height_mm(row) if row else _EMPTY_MM)
        if page and opening_mm > left_mm:
            yield page
            page, left_mm = [], _PAGE_HEIGHT_MM - _HEAD_MM
        left_mm -= title_mm
        block = _Block(layout, table.title)
        page.append(block)
        if row is None:
            block.empty = table.empty
            left_mm -= _EMPTY_MM
            continue
        left_mm -= layout.head_mm
        while row is not None:
            height_mm = layout.height_mm(row)
            if height_mm > left_mm and block.rows:
                yield page
                block = _Block(layout)
                page, left_mm = [block], _PAGE_HEIGHT_MM - _HEAD_MM - layout.head_mm
            block.rows.append(row)
            block.heights_mm.append(height_mm)
            left_mm -= height_mm
            row = next(rows, None)
    yield page


@dataclass(frozen=True, slots=True)
class _Layout:
    """A table's letter size, its columns' widths and its headings' heights, the same on every page."""

    columns: Sequence[ReportColumn]
    size_pt: float
    widths_mm: Sequence[float]
    band_mm: float
    titles_mm: float

    @classmethod
    def of(cls, table: ReportTable) -> "_Layout":
        ems = [
            max((_ems(row.cells[number]) for row in table.rows), default=0.0)
            for number in range(len(table.columns))
        ]
        words = [
            max(
                (_ems(word) for word in {word for row in table.rows for word in row.cells[number].split()}),
                default=0.0,
            )
            for number in range(len(table.columns))
        ]
        for size_pt in _SIZES_PT:
            widths_mm = _widths(table.columns, ems, words, size_pt)
            if sum(widths_mm) <= _PAGE_WIDTH_MM + 0.01:
                break
        else:
            share = _PAGE_WIDTH_MM / sum(widths_mm)
            widths_mm = [width * share for width in widths_mm]
        has_bands = any(column.band for column in table.columns)
        titles = max(
            _lines(column.title, width, size_pt - 0.5)
            for column, width in zip(table.columns, widths_mm, strict=True)
        )
        bands = 0
        for first, count, band in _bands(table.columns):
            if band:
                bands = max(bands, _lines(band, sum(widths_mm[first : first + count]), size_pt - 0.5))
        line_mm = (size_pt - 0.5) * _LINE * _MM_IN_POINT
        return cls(
            table.columns,
            size_pt,
            widths_mm,
            bands * line_mm + _ROW_ROOM_MM if has_bands else 0.0,
            titles * line_mm + 2 * _ROW_ROOM_MM,
        )

    @property
    def head_mm(self) -> float:
        return self.band_mm + self.titles_mm

    def height_mm(self, row: ReportRow) -> float:
        """Return how tall a row is: as its tallest cell."""
        bold = _BOLD if row.strong else 1.0
        lines = max(
            1 if column.is_figure else _lines(cell, width / bold, self.size_pt)
            for column, cell, width in zip(self.columns, row.cells, self.widths_mm, strict=True)
        )
        return lines * self.size_pt * _LINE * _MM_IN_POINT + _ROW_ROOM_MM

    def block(self, block: _Block) -> dict[str, Any]:
        """Return a stretch of the table as the template reads it."""
        if block.empty:
            return {"title": block.title, "empty": block.empty}
        banded = self.band_mm > 0
        headings = 2 if banded else 1
        bands: list[tuple[str, int, int]] = []
        titles = []
        for first, count, band in _bands(self.columns):
            own = [column.title for column in self.columns[first : first + count]]
            if banded and not band:
                bands += [(title, 1, 2) for title in own]
            else:
                titles += own
                if banded:
                    bands.append((band, count, 1))
        heights = [self.band_mm] * banded + [self.titles_mm]
        return {
            "title": block.title,
            "empty": "",
            "size": self.size_pt,
            "widths": [round(width, 2) for width in self.widths_mm],
            "figures": [column.is_figure for column in self.columns],
            "headings": headings,
            "heights": [round(height, 2) for height in (*heights, *block.heights_mm)],
            "bands": bands,
            "titles": titles,
            "rows": [list(row.cells) for row in block.rows],
            "strong": [number + headings for number, row in enumerate(block.rows) if row.strong],
        }


def _widths(
    columns: Sequence[ReportColumn], ems: Sequence[float], words: Sequence[float], size_pt: float
) -> list[float]:
    """Give figures what they need and share the rest among texts; more than a page's width if they do not fit.

    `ems` and `words` are the widths of each column's longest text and longest word.
    """
    em_mm = size_pt * _MM_IN_POINT
    needs = [em * em_mm + _CELL_ROOM_MM for em in ems]
    titles = [
        max((_ems(word) for word in column.title.split()), default=0.0) * (em_mm - 0.5 * _MM_IN_POINT)
        + _CELL_ROOM_MM
        for column in columns
    ]
    least = [
        max(need * _BOLD, title)
        if column.is_figure
        else max(min(need, _NARROWEST_TEXT_MM), min(word * em_mm + _CELL_ROOM_MM, _WIDEST_WORD_MM), title)
        for column, need, word, title in zip(columns, needs, words, titles, strict=True)
    ]
    left_mm = _PAGE_WIDTH_MM - sum(least)
    if left_mm <= 0:
        return least
    wanted = [
        0.0 if column.is_figure else max(need - width, 0.0)
        for column, need, width in zip(columns, needs, least, strict=True)
    ]
    if sum(wanted) > left_mm:
        return [width + left_mm * want / sum(wanted) for width, want in zip(least, wanted, strict=True)]
    grown = [width + want for width, want in zip(least, wanted, strict=True)]
    share = (_PAGE_WIDTH_MM - sum(grown)) / len(grown)
    return [width + share for width in grown]


def _lines(text: str, width_mm: float, size_pt: float) -> int:
    """Return how many lines a text takes when it is folded between words."""
    room = (width_mm - _CELL_ROOM_MM) / (size_pt * _MM_IN_POINT)
    lines, used = 1, 0.0
    for word in text.split(" "):
        need = _ems(word)
        if used and used + 0.28 + need > room:
            lines, used = lines + 1, need
        else:
            used += need + (0.28 if used else 0.0)
        if used > room > 0:  # a word longer than the line is folded inside
            lines += int(used / room)
            used %= room
    return lines


def _ems(text: str) -> float:
    """Return how wide a text is, in widths of the letter size."""
    return sum(_WIDTHS.get(letter, 60) for letter in text) / 100


def _bands(columns: Sequence[ReportColumn]) -> list[tuple[int, int, str]]:
    """Return stretches of neighbours under one band: first column, how many, band."""
    found: list[tuple[int, int, str]] = []
    for number, column in enumerate(columns):
        if found and found[-1][2] == column.band:
            first, count, band = found[-1]
            found[-1] = (first, count + 1, band)
        else:
            found.append((number, 1, column.band))
    return found
