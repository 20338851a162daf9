"""A register kept in a file: what it printed stays printed, whatever happens to the process, the disk or the file."""

import json
import multiprocessing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from abonent.gateways import fiscal
from abonent.gateways.fiscal import (
    AnswerLost,
    FileRegister,
    Offline,
    OutOfPaper,
    RegisterDamaged,
    RegisterRefused,
    SettingsRefused,
)
from abonent.gateways.fiscal.faults import Faults

AT = datetime.fromisoformat("2026-11-22T12:00:00+03:00")
CASHIER = {"1021": "Кассирова"}


def receipt(amount_minor: int = 10_000, *, kind: int = 1) -> dict[str, Any]:
    item = {"1030": "Электроснабжение", "1023": 1, "1079": amount_minor, "1043": amount_minor}
    sums = {"1020": amount_minor, "1031": amount_minor, "1081": 0, "1215": 0, "1216": 0, "1217": 0}
    return {"1054": kind, "1059": [item], **sums}


def register(folder: Path) -> FileRegister:
    return FileRegister(path=folder / "desk.jsonl", registration="0" * 16, storage="9" * 16)


@pytest.fixture
def opened(tmp_path: Path) -> FileRegister:
    made = register(tmp_path)
    made.open_shift(key="open", tags=CASHIER, at=AT)
    return made


def lines(made: FileRegister) -> list[dict[str, Any]]:
    return [json.loads(line) for line in made.path.read_text(encoding="utf-8").splitlines()]


def test_documents_are_numbered_and_signed(opened: FileRegister) -> None:
    first = opened.print_receipt(key="a", tags=receipt(), at=AT)
    second = opened.print_receipt(key="b", tags=receipt(500), at=AT)
    # the registration and the opening of the shift are documents too
    assert [(one["1040"], one["1042"], one["1038"]) for one in (first, second)] == [(3, 1, 1), (4, 2, 1)]
    assert first["1209"] == 4
    assert first["1077"] != second["1077"]
    assert [line["form"] for line in lines(opened)] == [1, 2, 3, 3]


def test_the_same_key_is_the_same_receipt(opened: FileRegister) -> None:
    first = opened.print_receipt(key="a", tags=receipt(), at=AT)
    assert opened.print_receipt(key="a", tags=receipt(), at=AT + timedelta(hours=1)) == first
    assert len(lines(opened)) == 3


def test_it_remembers_after_a_restart(opened: FileRegister, tmp_path: Path) -> None:
    first = opened.print_receipt(key="a", tags=receipt(), at=AT)
    again = FileRegister(
        path=tmp_path / ".." / tmp_path.name / "desk.jsonl", registration="0" * 16, storage="9" * 16
    )
    assert again.answer("a") == first
    assert again.state().receipts == 1
    assert again.print_receipt(key="b", tags=receipt(), at=AT)["1042"] == 2


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_line_was_never_printed(opened: FileRegister, tmp_path: Path, cut: int) -> None:
    opened.print_receipt(key="a", tags=receipt(), at=AT)
    opened.print_receipt(key="b", tags=receipt(), at=AT)
    content = opened.path.read_bytes()
    opened.path.write_bytes(content[:-cut])
    again = FileRegister(
        path=tmp_path / "." / "x" / ".." / "desk.jsonl", registration="0" * 16, storage="9" * 16
    )
    (tmp_path / "x").mkdir()
    assert again.answer("a") is not None
    assert again.answer("b") is None
    assert again.print_receipt(key="b", tags=receipt(), at=AT)["1042"] == 2
    assert [line["tags"]["1040"] for line in lines(again)] == [1, 2, 3, 4]


def test_a_file_shortened_behind_its_back_is_read_anew(opened: FileRegister) -> None:
    opened.print_receipt(key="a", tags=receipt(), at=AT)
    content = opened.path.read_bytes()
    opened.print_receipt(key="b", tags=receipt(), at=AT)
    opened.path.write_bytes(content)
    assert opened.answer("b") is None
    assert opened.state().receipts == 1


@pytest.mark.parametrize("change", [(b'"1020":10000', b'"1020":10001'), (b'"tags"', b'"tugs"'), (b"{", b"[")])
def test_a_line_that_was_changed_stops_it(
    opened: FileRegister, tmp_path: Path, change: tuple[bytes, bytes]
) -> None:
    opened.print_receipt(key="a", tags=receipt(), at=AT)
    opened.print_receipt(key="b", tags=receipt(), at=AT)
    copy = tmp_path / "copy.jsonl"
    first, second, third, last = opened.path.read_bytes().splitlines(keepends=True)
    copy.write_bytes(first + second + third.replace(*change, 1) + last)
    with pytest.raises(RegisterDamaged):
        FileRegister(path=copy, registration="0" * 16, storage="9" * 16).state()


class TestRefusals:
    def test_without_a_shift(self, tmp_path: Path) -> None:
        for act in (register(tmp_path).print_receipt, register(tmp_path).close_shift):
            with pytest.raises(RegisterRefused, match="shift_closed"):
                act(key="a", tags=receipt(), at=AT)

    def test_a_second_shift(self, opened: FileRegister) -> None:
        with pytest.raises(RegisterRefused, match="shift_open"):
            opened.open_shift(key="again", tags=CASHIER, at=AT)

    def test_a_shift_of_a_day_ago(self, opened: FileRegister) -> None:
        late = AT + timedelta(hours=24)
        opened.print_receipt(key="a", tags=receipt(), at=late - timedelta(seconds=1))
        with pytest.raises(RegisterRefused, match="shift_expired"):
            opened.print_receipt(key="b", tags=receipt(), at=late)
        assert opened.state().is_expired(late)
        opened.close_shift(key="close", tags=CASHIER, at=late)
        assert not opened.state().is_open

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"1020": 1}, "wrong_sum"),
            ({"1031": 1}, "wrong_sum"),
            ({"1054": 3}, "bad_document"),
            ({"1059": []}, "bad_document"),
            ({"1059": [{"1030": "", "1023": 1, "1079": 10_000, "1043": 10_000}]}, "bad_document"),
            ({"1059": [{"1030": "x"}]}, "bad_document"),
        ],
    )
    def test_sums_that_are_none(self, opened: FileRegister, change: dict[str, Any], code: str) -> None:
        with pytest.raises(RegisterRefused, match=code):
            opened.print_receipt(key="a", tags=receipt() | change, at=AT)
        assert opened.state().receipts == 0


class TestFaults:
    @pytest.mark.parametrize(("word", "error"), [("offline", Offline), ("out_of_paper", OutOfPaper)])
    def test_nothing_is_printed_while_it_fails(
        self, opened: FileRegister, word: str, error: type[Exception]
    ) -> None:
        Faults(opened.path).set(word)
        with pytest.raises(error):
            opened.print_receipt(key="a", tags=receipt(), at=AT)
        Faults(opened.path).clear()
        assert opened.answer("a") is None

    def test_a_lost_answer_is_asked_for_again(self, opened: FileRegister) -> None:
        Faults(opened.path).set("answer_lost")
        with pytest.raises(AnswerLost):
            opened.print_receipt(key="a", tags=receipt(), at=AT)
        assert opened.print_receipt(key="a", tags=receipt(), at=AT)["1042"] == 1
        assert opened.state().receipts == 1

    def test_a_full_disk_is_no_paper(self, opened: FileRegister, monkeypatch: pytest.MonkeyPatch) -> None:
        opened.print_receipt(key="a", tags=receipt(), at=AT)

        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("abonent.gateways.fiscal.file_register.os.fsync", full)
            with pytest.raises(OutOfPaper):
                opened.print_receipt(key="b", tags=receipt(), at=AT)
        # it may stand in the file after all: then it is what is answered, and only once
        opened.print_receipt(key="b", tags=receipt(), at=AT)
        assert [line["key"] for line in lines(opened)].count("b") == 1


def test_counters_of_a_shift(opened: FileRegister) -> None:
    opened.print_receipt(key="a", tags=receipt(10_000), at=AT)
    opened.print_receipt(key="b", tags=receipt(500), at=AT)
    opened.print_receipt(key="c", tags=receipt(300, kind=2), at=AT)
    closed = opened.close_shift(key="close", tags=CASHIER, at=AT)
    assert (closed["1118"], closed["1111"]) == (3, 5)
    income, back = closed["1194"]["1129"], closed["1194"]["1130"]
    assert (income["1135"], income["1201"], income["1136"]) == (2, 10_500, 10_500)
    assert (back["1135"], back["1201"]) == (1, 300)
    opened.open_shift(key="next", tags=CASHIER, at=AT)
    assert opened.state().receipts == 0


def _print(folder: str, names: list[str]) -> None:
    for name in names:
        register(Path(folder)).print_receipt(key=name, tags=receipt(), at=AT)


def test_many_at_once_print_each_receipt_once(opened: FileRegister, tmp_path: Path) -> None:
    names = [f"receipt {number}" for number in range(40)]
    processes = [
        multiprocessing.get_context("spawn").Process(target=_print, args=[str(tmp_path), names])
        for _ in range(2)
    ]
    threads = [Thread(target=_print, args=[str(tmp_path), names]) for _ in range(4)]
    for one in (*processes, *threads):
        one.start()
    for one in (*processes, *threads):
        one.join(60)
    keys = [line["key"] for line in lines(opened) if line["form"] == 3]
    assert sorted(keys) == sorted(names)
    assert [line["tags"]["1040"] for line in lines(opened)] == list(range(1, 43))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({}, "kind"),
        ({"kind": "atol"}, "kind"),
        ({"kind": "file", "file": "../desk.jsonl"}, "file"),
        ({"kind": "file", "file": "desk.jsonl", "registration": "12"}, "registration"),
        ({"kind": "file", "file": "desk.jsonl", "registration": "0" * 16, "storage": "x" * 16}, "storage"),
    ],
)
def test_settings_no_register_has(settings: dict[str, str], field: str) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        fiscal.register_of(settings)
    assert refusal.value.field == field
