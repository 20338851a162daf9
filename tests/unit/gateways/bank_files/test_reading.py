"""What a file is told by, and files that are made to harm."""

import io
import os
import resource
import zipfile
from datetime import date
from pathlib import Path
from time import perf_counter

import pytest
from tests.bank_files import TODAY, Entry, Notice, Paid, Row, camt053, gis, sber, statement_1c, workbook

from abonent.gateways.bank_files import Malformed, detect, read
from abonent.gateways.bank_files.text import is_encoded_twice

LAYOUT = {"columns": {"paid_on": "Дата", "amount": "Сумма"}}


def refusal(path: Path, **options: object) -> Malformed:
    with pytest.raises(Malformed) as caught:
        read(path, name=path.name, today=TODAY, **options)
    return caught.value


class TestDetect:
    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (statement_1c([Paid("1", "2", 1)]).encode("cp1251"), "1c"),
            (b"\xef\xbb\xbf" + statement_1c([]).encode(), "1c"),
            (statement_1c([]).encode("utf-16"), "1c"),
            (sber([Row(1)]).encode("cp1251"), "sber"),
            (b"\xef\xbb\xbf" + sber([Row(1)]).encode(), "sber"),
            (b"=0;0,00;0,00;0,00;1;01-01-2026\r\n", "sber"),
            (camt053([Entry(1)]).encode(), "camt053"),
            (gis([Notice("1", 1)]).encode(), "gis"),
            (workbook([["Дата", "Сумма"], [date(2026, 11, 20), 1]]), "table"),
            ("Дата;Сумма\n".encode("cp1251"), "table"),
        ],
    )
    def test_by_content_whatever_the_name(self, tmp_path, content, kind):
        path = tmp_path / "photo.jpg"
        path.write_bytes(content)
        assert detect(path) == kind

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty"),
            (b"<html><body>", "unknown_format"),
            (b"<", "damaged"),
            (b"<?xml version='1.0'?><a xmlns='urn:other'/>", "unknown_format"),
        ],
    )
    def test_what_is_nothing_of_it(self, tmp_path, content, code):
        path = tmp_path / "file"
        path.write_bytes(content)
        with pytest.raises(Malformed) as caught:
            detect(path)
        assert caught.value.code == code


class TestEncodedTwice:
    @pytest.mark.parametrize("errors", ["replace", "ignore"])
    @pytest.mark.parametrize(
        "content", [sber([Row(1)]), camt053([Entry(1)]), gis([Notice("1", 1)]), "Дата;Сумма\nПлательщик\n"]
    )
    def test_is_refused_as_names_would_be_lost(self, tmp_path, content, errors):
        path = tmp_path / "file"
        path.write_text(content.encode().decode("cp1251", errors=errors))
        assert refusal(path, **({"layout": LAYOUT} if "Сумма" in content else {})).code == "undecodable"

    def test_true_words_are_no_such_thing(self):
        said = "ООО «РОСНЕФТЬ», ГОСТ Р № 5, С… РІК СІЧЕНЬ Рё рС 100\xa0Р\xa0" * 20
        assert not is_encoded_twice(said)
        assert is_encoded_twice("Иванов Пётр, дом № 5".encode().decode("cp1251", errors="replace"))


class TestHarm:
    def test_two_gigabytes_of_one_line(self, tmp_path):
        path = tmp_path / "line"
        with path.open("wb") as file:
            file.write("Дата;Сумма".encode())
            os.truncate(file.fileno(), 2 << 30)  # a hole: it takes no room on the disk
        before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, perf_counter()
        assert refusal(path, layout=LAYOUT).code == "too_large"
        assert refusal(path).code in {"no_layout", "too_large"}
        assert perf_counter() - begun < 5
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10

    @pytest.mark.parametrize(
        "head", ["1CClientBankExchange\r\nНомер=", sber([Row(1)], control=""), "Дата;Сумма\n"]
    )
    def test_a_long_line_within_the_limit_of_size(self, tmp_path, head):
        path = tmp_path / "line"
        path.write_bytes(head.encode() + b"x" * (8 << 20))
        wrong = refusal(path, **({"layout": LAYOUT} if head.startswith("Дата") else {}))
        assert (wrong.code, wrong.row) == ("line_too_long", 2)

    def test_a_bomb_of_a_workbook(self, tmp_path, monkeypatch):
        monkeypatch.setattr("abonent.gateways.spreadsheets.workbook.MOST_UNPACKED_BYTES", 1 << 20)
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", "<a/>")
            archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (2 << 20))
        path = tmp_path / "bomb.xlsx"
        path.write_bytes(target.getvalue())
        assert refusal(path, layout=LAYOUT).code == "bomb"

    @pytest.mark.parametrize(
        "content", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 10, b"\x03\x7e\x0b\x14" + b"\0" * 40]
    )
    def test_no_workbook_in_it(self, tmp_path, content):
        path = tmp_path / "file"
        path.write_bytes(content)
        assert refusal(path, layout=LAYOUT).code in {"damaged", "empty"}

    def test_a_registry_with_a_layout_of_its_own_is_read_by_it(self, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(sber([Row(100)], control="").encode())
        layout = {"columns": {"paid_on": 1, "account_text": 6, "amount": 10}, "dates": ["dd-mm-yyyy"]}
        assert read(path, name="x", today=TODAY, layout=layout).format == "table"
