"""Rows of frames in a workbook: what another reader finds there, over several sheets."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from abonent.gateways.spreadsheets import long_tables
from abonent.gateways.spreadsheets.long_tables import Place

FRAME = pl.DataFrame(
    {
        "name": ["a < b & c", "=1+1", "", None, "tab\x07bell  "],
        "minor": [12_345, -5, 0, None, 9_007_199_254_740_993],
        "count": [1, 2, 3, 4, 5],
        "day": [date(2026, 10, 31), None, date(1970, 1, 1), date(2024, 2, 29), date(1999, 12, 31)],
    }
)


def _workbook(path: Path, sheets: int) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    money, day = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "dd.mm.yyyy"})
    for _number in range(sheets):
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "head")
        for column, style in enumerate((book.add_format({"num_format": "@"}), money, money, day)):
            sheet.write_blank(2, column, None, style)
        sheet.write_string(9, 0, "foot")
    book.close()


def test_rows_are_read_back_over_two_sheets(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty.xlsx", tmp_path / "full.xlsx"
    _workbook(empty, 2)
    frames = [FRAME[:1], FRAME[1:]]
    places = [Place(1, 3, 2), Place(2, 3, 3)]
    long_tables.fill(empty, full, frames=frames, scales={"minor": 100}, places=places)
    book = CalamineWorkbook.from_path(full)
    first, second = (book.get_sheet_by_index(number).to_python(skip_empty_area=False) for number in (0, 1))
    assert first[0][0] == "head"
    assert first[9][0] == "foot"
    assert first[2] == ["a < b & c", 123.45, 1.0, date(2026, 10, 31)]
    assert first[3] == ["=1+1", -0.05, 2.0, ""]
    assert second[2] == ["", 0.0, 3.0, date(1970, 1, 1)]
    assert second[3] == ["", "", 4.0, date(2024, 2, 29)]
    assert second[4] == ["tabbell  ", 90_071_992_547_409.93, 5.0, date(1999, 12, 31)]


def test_rows_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty.xlsx", tmp_path / "full.xlsx"
    _workbook(empty, 1)
    with pytest.raises(ValueError, match="missing"):
        long_tables.fill(empty, full, frames=[FRAME], scales={}, places=[Place(1, 3, 6)])
    with pytest.raises(ValueError, match="more rows"):
        long_tables.fill(empty, full, frames=[FRAME], scales={}, places=[Place(1, 3, 4)])
    with pytest.raises(long_tables.NoSuchRow):
        long_tables.fill(empty, full, frames=[FRAME], scales={}, places=[Place(1, 4, 5)])
    with pytest.raises(long_tables.NoSuchRow):
        long_tables.fill(empty, full, frames=[FRAME.drop("day")], scales={}, places=[Place(1, 3, 5)])


@pytest.mark.parametrize(("number", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_letters(number: int, text: str) -> None:
    assert long_tables.letters(number) == text
