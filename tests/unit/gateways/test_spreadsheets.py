"""Tables that people send: what is read out of them, and what is refused and how."""

import io
import struct
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from abonent.gateways import spreadsheets
from abonent.gateways.spreadsheets import BadTable, answering

CSV = "ЛС;ПУ;Показание\n77;123;12,5\n78;124;13\n"


def read(folder: Path, content: bytes, name: str = "file.csv") -> spreadsheets.Table:
    path = folder / "file"
    path.write_bytes(content)
    return spreadsheets.read(path, name=name)


def refusal(folder: Path, content: bytes, name: str = "file.csv") -> BadTable:
    with pytest.raises(BadTable) as caught:
        read(folder, content, name)
    return caught.value


def workbook(rows: list[list[object]], *, first_row: int = 0, first_column: int = 0) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("Показания")
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            where = (first_row + number, first_column + place)
            if isinstance(cell, date):
                sheet.write_datetime(*where, cell, day)
            else:
                sheet.write(*where, cell)
    book.add_worksheet("Справочник").write(0, 0, "другое")
    book.close()
    return target.getvalue()


def dbf(
    fields: list[tuple[str, str, int, int]], rows: list[list[str]], *, language: int, encoding: str
) -> bytes:
    """A dBase III table; `rows` hold cells as they are written, a leading * marks a deleted record."""
    width = 1 + sum(size for _name, _kind, size, _places in fields)
    head = struct.pack("<BBBBIHH", 3, 126, 10, 20, len(rows), 33 + 32 * len(fields), width)
    made = head.ljust(29, b"\0") + bytes([language]) + b"\0\0"
    for name, kind, size, places in fields:
        made += name.encode().ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([size, places]) + bytes(14)
    made += b"\r"
    for deleted, *cells in rows:
        made += deleted.encode()
        made += b"".join(
            cell.encode(encoding).ljust(size) for cell, (_n, _k, size, _p) in zip(cells, fields, strict=True)
        )
    return made + b"\x1a"


FIELDS = [("LS", "C", 12, 0), ("FIO", "C", 10, 0), ("DATA", "D", 8, 0), ("POKAZ", "N", 10, 2)]
RECORDS = [
    [" ", "7700000001", "Ёлкин", "20261020", "12345.50"],
    ["*", "7700000002", "Удалён", "20261020", "1.00"],
    [" ", "7700000003", "Щукин", "", ""],
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_the_encoding_of_a_text_is_found_by_decoding(tmp_path: Path, encoding: str) -> None:
    table = read(tmp_path, CSV.encode(encoding))
    assert table.frame.rows() == [("ЛС", "ПУ", "Показание"), ("77", "123", "12,5"), ("78", "124", "13")]
    assert table.encoding == encoding.removesuffix("-sig")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_decimal_comma_is_no_delimiter(tmp_path: Path, delimiter: str) -> None:
    table = read(tmp_path, CSV.replace(";", delimiter).encode())
    assert (table.delimiter, table.frame.row(1)) == (delimiter, ("77", "123", "12,5"))


def test_commas_that_are_delimiters(tmp_path: Path) -> None:
    assert read(tmp_path, b"account,meter,reading\n77,123,12.5\n").frame.row(1) == ("77", "123", "12.5")


def test_rows_stay_where_the_sender_sees_them(tmp_path: Path) -> None:
    table = read(tmp_path, "Реестр\r\n\r\nЛС;Показание\r\n77;1\r\n\r\n78;2".encode())
    assert [row[0] for row in table.frame.rows()] == ["Реестр", None, "ЛС", "77", None, "78"]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    table = read(tmp_path, b'a;b\n"1;2";"x ""y"""\n"3\n4";z\n')
    assert table.frame.rows() == [("a", "b"), ("1;2", 'x "y"'), ("3\n4", "z")]


def test_a_row_with_more_cells_than_the_others_is_told(tmp_path: Path) -> None:
    table = read(tmp_path, b"a;b\n" + b"1;2\n" * 60 + b"1;2;3;4\n")
    assert table.spilled == {61}


@pytest.mark.parametrize(
    ("content", "name", "code", "row"),
    [
        (b"", "file.csv", "empty", None),
        (b" ; \n;;\n", "file.csv", "empty", None),
        (b"\n\n\n", "file.csv", "empty", None),
        (b"a;b\nx\0y;2\n", "file.csv", "not_text", 2),
        (CSV.encode() + "79;Ж-5;1\n".encode("cp1251"), "file.csv", "mixed_encodings", 4),
        (b"a;b\n1;2\n\x98\xd0;3\n", "file.csv", "undecodable", 3),
        (b"a;b\n1;" + b"2" * 3_000_000, "file.csv", "line_too_long", 2),
        (b'a;b\n1;2\n"3;4\n5;6\n', "file.csv", "open_quote", 3),
        (b"%PDF-1.4", "file.pdf", "unknown_kind", None),
        (CSV.encode(), "file.xlsx", "damaged", None),
        (b"\x03no table at all", "file.dbf", "damaged", None),
        (b"PK\x03\x04 cut off", "file.xlsx", "damaged", None),
    ],
)
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, content: bytes, name: str, code: str, row: int | None
) -> None:
    found = refusal(tmp_path, content, name)
    assert (found.code, found.facts.get("row")) == (code, row)


def test_two_gigabytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2 << 30)  # a hole: it takes no room
    with pytest.raises(BadTable) as caught:
        spreadsheets.read(path, name=path.name)
    assert caught.value.code == "too_large"


def test_a_workbook_gives_what_a_person_sees(tmp_path: Path) -> None:
    content = workbook(
        [
            ["ЛС", "Дата", "Показание"],
            ["0077", date(2026, 10, 20), 0.1 + 0.2],
            [77.0, "20.10.2026", 12345.678],
        ]
    )
    table = read(tmp_path, content, "Реестр.xlsx")
    assert table.frame.rows()[1:] == [
        ("0077", "2026-10-20 00:00:00", "0.3"),
        ("77", "20.10.2026", "12345.678"),
    ]
    assert table.sheet == "Показания"


def test_a_workbook_is_known_by_its_bytes_and_keeps_its_row_numbers(tmp_path: Path) -> None:
    table = read(tmp_path, workbook([["a", "b"], [1, 2]], first_row=3), "Реестр.csv")
    assert (table.kind, table.frame.rows()) == ("xlsx", [(None, None)] * 3 + [("a", "b"), ("1", "2")])


def test_a_workbook_cut_off_is_refused(tmp_path: Path) -> None:
    content = workbook([["a", "b"]] * 50)
    for length in (60, len(content) // 2, len(content) - 10):
        assert refusal(tmp_path, content[:length], "file.xlsx").code == "damaged"


def test_a_workbook_changed_on_its_way_is_refused(tmp_path: Path) -> None:
    content = bytearray(workbook([[str(number), "x"] for number in range(500)]))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    middle = part.header_offset + 60 + part.compress_size // 2
    content[middle : middle + 4] = b"\0\0\0\0"
    assert refusal(tmp_path, bytes(content), "file.xlsx").code == "damaged"


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(1025):
                part.write(bytes(1 << 20))
    assert len(target.getvalue()) < 2_000_000
    assert refusal(tmp_path, target.getvalue(), "file.xlsx").code == "bomb"


def test_a_sheet_of_two_cells_a_world_apart_does_not_take_the_memory(tmp_path: Path) -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    sheet.write(0, 0, "a")
    sheet.write(1_048_575, 16_383, "z")
    book.close()
    assert refusal(tmp_path, target.getvalue(), "file.xlsx").code == "too_much_memory"


def test_a_workbook_with_nothing_on_it(tmp_path: Path) -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    book.add_worksheet()
    book.close()
    assert refusal(tmp_path, target.getvalue(), "file.xlsx").code == "no_sheet"


@pytest.mark.parametrize(
    ("language", "encoding"), [(0x26, "cp866"), (0xC9, "cp1251"), (0, "cp866"), (0, "cp1251")]
)
def test_a_dbase_table_in_either_russian_encoding(tmp_path: Path, language: int, encoding: str) -> None:
    table = read(tmp_path, dbf(FIELDS, RECORDS, language=language, encoding=encoding), "file.dbf")
    assert table.frame.rows() == [
        ("LS", "FIO", "DATA", "POKAZ"),
        ("7700000001", "Ёлкин", "2026-10-20", "12345.5"),
        (None,) * 4,
        ("7700000003", "Щукин", None, None),
    ]


def test_a_dbase_table_cut_off_is_refused(tmp_path: Path) -> None:
    content = dbf(FIELDS, RECORDS, language=0x26, encoding="cp866")
    assert refusal(tmp_path, content[:-45], "file.dbf").facts["cause"] == "it ends before its 3 records do"


FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def tries(folder: Path, content: bytes, name: str) -> None:
    """Whatever comes in, it is a table or it is refused; nothing else is raised."""
    try:
        table = read(folder, content, name)
    except BadTable:
        return
    assert table.rows
    assert table.frame.width


@given(st.binary(max_size=400) | st.text(alphabet='1,;"\n\r\t|аЯ x.', max_size=200).map(str.encode))
@settings(FUZZ, max_examples=150)
def test_any_bytes_are_a_csv_or_refused(tmp_path: Path, content: bytes) -> None:
    tries(tmp_path, content, "file.csv")


def spoilt(content: bytes, places: list[tuple[int, int]]) -> bytes:
    made = bytearray(content)
    for place, value in places:
        made[place % len(made)] = value
    return bytes(made)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6), st.integers(0, 300))
@settings(FUZZ, max_examples=150)
def test_any_spoilt_dbf_is_read_or_refused(tmp_path: Path, places: list[tuple[int, int]], cut: int) -> None:
    content = spoilt(dbf(FIELDS, RECORDS, language=0x26, encoding="cp866"), places)
    tries(tmp_path, content[: len(content) - cut] or b"\3", "file.dbf")


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), min_size=1, max_size=3))
@settings(FUZZ, max_examples=12)  # each starts a process
def test_any_spoilt_workbook_is_read_or_refused(tmp_path: Path, places: list[tuple[int, int]]) -> None:
    tries(tmp_path, spoilt(workbook([["a", "b"], [1, 2.5]]), places), "file.xlsx")


def test_a_workbook_comes_back_as_it_was_with_a_column_more(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    path.write_bytes(
        workbook([["ЛС", "Показание"], ["77", 12.5], ["78", 1], ["79", 2]], first_row=1, first_column=1)
    )
    path.write_bytes(answering.workbook(path, "Показания", {2: "Что с ним", 4: 'меньше <"прежнего"> & всё'}))
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Показания").to_python(skip_empty_area=False)
    assert rows[1:] == [
        ["", "ЛС", "Показание", "Что с ним"],
        ["", "77", 12.5, ""],
        ["", "78", 1.0, 'меньше <"прежнего"> & всё'],
        ["", "79", 2.0, ""],
    ]
    assert CalamineWorkbook.from_path(path).get_sheet_by_name("Справочник").to_python() == [["другое"]]


def test_a_csv_comes_back_in_its_encoding_and_delimiter(tmp_path: Path) -> None:
    table = read(tmp_path, CSV.encode("cp1251"))
    lines = answering.delimited(table, {1: "Что с ним", 3: "Отклонено; дважды"}).decode("cp1251").splitlines()
    assert lines == ["ЛС;ПУ;Показание;Что с ним", "77;123;12,5;", '78;124;13;"Отклонено; дважды"']


def test_another_table_comes_back_as_a_workbook(tmp_path: Path) -> None:
    table = read(tmp_path, dbf(FIELDS, RECORDS, language=0x26, encoding="cp866"), "file.dbf")
    rows = CalamineWorkbook.from_filelike(
        io.BytesIO(answering.plain(table, {2: "Отклонено"}))
    ).get_sheet_by_index(0)
    assert rows.to_python()[1] == ["7700000001", "Ёлкин", "2026-10-20", "12345.5", "Отклонено"]
