"""Whatever bytes come, a reader of bank files gives a sound result or Malformed, and nothing else."""

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bank_files import (
    OTHER_OF_OURS,
    OURS,
    THEIRS,
    TODAY,
    Entry,
    Notice,
    Paid,
    Row,
    camt053,
    gis,
    sber,
    statement_1c,
    workbook,
)

from abonent.gateways.bank_files import PRESETS, Malformed, Registry, Statement, detect, read
from abonent.gateways.bank_files.model import EARLIEST, MOST_MINOR

_1C = statement_1c(
    [Paid(THEIRS, OURS, 105_298), Paid(OURS, OTHER_OF_OURS, 700, number="2")], accounts=[OURS, OTHER_OF_OURS]
)
_SBER = sber([Row(857_532), Row(223_121, operation="2", commission_minor=5)])
_TABLE = (
    "Реестр\nДата;Номер;ЛС;ФИО;Сумма;Комиссия;Период\n"
    '20.11.2026;A1;1001;"Иванов; И";1 000,00;10,00;10.2026\n20.11.2026;A2;1002;Петров;500,5;;\n'
    "ИТОГО;2;;;1500,50;10,00;\n"
)
_LAYOUT = {
    "columns": {
        "paid_on": "Дата",
        "external_id": "Номер",
        "account_text": "ЛС",
        "payer": "ФИО",
        "amount": "Сумма",
        "commission": "Комиссия",
        "period": "Период",
    },
    "control": {"begins": "ИТОГО", "rows": 2, "amount": 5, "commission": 6},
}
_BANK = (
    "ЄДРПОУ;Рахунок;Валюта;Дата операції;Код операції;МФО банка;Рахунок кореспондента;ЄДРПОУ кореспондента;"
    "Кореспондент;Номер документа;Дата документа;Дебет;Кредит;Призначення платежу\n"
    "1;UA1;UAH;15.01.2026 09:08:00;T_A;320984;UA2;2;Хтось;45;14.01.2026 11:21:00;100.00;;Комісія\n"
    "1;UA1;UAH;16.01.2026 09:08:00;T_A;320984;UA2;2;Хтось;46;14.01.2026 11:21:00;;7.50;За світло\n"
)
_FIXED = {
    "widths": [8, 12, 10],
    "columns": {"paid_on": 1, "account_text": 2, "amount": 3},
    "dates": ["ddmmyyyy"],
}
_WORKBOOK = workbook([["Дата", "Сумма"], [date(2026, 11, 20), 100.5], [date(2026, 11, 19), 7]])
SEEDS: dict[str, tuple[bytes, dict | None]] = {
    "1c": (_1C.encode("cp1251"), None),
    "1c of utf-8": (_1C.encode(), None),
    "sber": (_SBER.encode("cp1251"), None),
    "table": (_TABLE.encode("cp1251"), _LAYOUT),
    "fixed width": (b"20112026      100101   8575.32\n20112026      100102      0.50\n", _FIXED),
    "statement as a table": (_BANK.encode("cp1251"), {"preset": "ua_procredit_business"}),
    "camt053": (camt053([Entry(105_298), Entry(600, False, parts=(100, 500))], version=8).encode(), None),
    "gis": (gis([Notice("1" * 32, 157_050), Notice("2" * 32, 50)]).encode(), None),
}
_TASTY = [
    b"0",
    b"-",
    b"9" * 30,
    b"\0",
    b"\xff",
    b";",
    b"=",
    b'"',
    b"\r",
    b"\n",
    b"\x1a",
    b"1e9",
    b"<",
    b"&",
    b"]]>",
]
_TASTY += [
    "СекцияДокумент=".encode("cp1251"),
    "КонецФайла".encode("cp1251"),
    b"\xd0\x98",
    b"\xef\xbb\xbf",
    b"31.02.2026",
]


def look(path: Path, content: bytes, layout: dict | None) -> bool:
    """Read changed bytes; tell whether they were taken. What is taken must be sound."""
    path.write_bytes(content)
    try:
        detect(path)
        found = read(path, name="file", today=TODAY, layout=layout, currency="")
    except Malformed as error:
        refusal = error
    else:
        check(found)
        return True
    assert refusal.code.isidentifier()
    assert refusal.row >= 0
    return False


def check(found: Statement | Registry) -> None:
    if isinstance(found, Registry):
        frame, counted = found.frame, found.counted
        assert frame.filter(frame["amount_minor"] > 0).height == frame.height
        assert all(EARLIEST <= day <= TODAY for day in frame["paid_on"])
        for name in ("rows", "amount_minor", "transferred_minor", "commission_minor"):
            assert getattr(found.stated, name) in (None, getattr(counted, name))
        return
    assert all(0 < one.amount_minor <= MOST_MINOR for one in found.documents)
    assert all(one.booked_on is None or EARLIEST <= one.booked_on <= TODAY for one in found.documents)
    for account in found.accounts:
        came = sum(d.amount_minor for d in found.documents if d.incoming and d.own_account == account.number)
        same = [one for one in found.accounts if one.number == account.number]
        if len(same) == 1 and account.received_minor is not None:
            assert came == account.received_minor


def changed(content: bytes, chance: random.Random) -> bytes:
    """Change a few places as transmission, editors and ill will do."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(made) + 1)
        end = min(len(made), start + chance.choice([1, 1, 2, 8, 64, 512]))
        match chance.randrange(7):
            case 0:
                made[start:end] = b""
            case 1:
                made[start:start] = made[start:end]
            case 2:
                made[start:start] = chance.choice(_TASTY)
            case 3 if start < len(made):
                made[start] ^= 1 << chance.randrange(8)
            case 4:
                made[start:end] = chance.randbytes(end - start)
            case 5:
                lines = made.split(b"\n")
                one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
                lines[one], lines[other] = lines[other], lines[one]
                made = bytearray(b"\n".join(lines))
            case 6:
                figures = [place for place, byte in enumerate(made) if 48 <= byte <= 57]
                if figures:
                    made[chance.choice(figures)] = 48 + chance.randrange(10)
    return bytes(made)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.mark.parametrize("kind", SEEDS)
def test_a_valid_file_is_taken(path: Path, kind: str) -> None:
    assert look(path, *SEEDS[kind])


@pytest.mark.parametrize("kind", SEEDS)
def test_changed_files(
    path: Path, kind: str, fuzz_seconds: float, fuzz_seed: int, record_property: Callable
) -> None:
    content, layout = SEEDS[kind]
    looked, taken, until = 0, 0, monotonic() + fuzz_seconds
    while monotonic() < until:
        seed = fuzz_seed + looked
        hostile = changed(content, random.Random(seed))
        try:
            taken += look(path, hostile, layout)
        except BaseException as error:
            error.add_note(f"--fuzz-seed {seed} {kind}: {hostile!r}")
            raise
        looked += 1
    record_property("looked", looked)
    print(f"{kind}: {looked} files in {fuzz_seconds:.0f} s, {taken} of them taken")  # shown with -s or -rP
    assert looked > 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("kind", SEEDS)
def test_any_bytes_after_a_true_beginning(path: Path, kind: str, data: st.DataObject) -> None:
    content, layout = SEEDS[kind]
    keep = data.draw(st.integers(0, len(content)))
    tail = data.draw(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
    look(path, content[:keep] + tail, layout)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=400), st.text(max_size=300).map(str.encode)))
def test_any_bytes(path: Path, content: bytes) -> None:
    look(path, content, None)
    look(path, content, _LAYOUT)
    for preset in PRESETS:
        look(path, content, {"preset": preset})


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_changed_workbooks(path: Path, seed: int) -> None:
    """Few, as each is read in a process of its own."""
    look(path, changed(_WORKBOOK, random.Random(seed)), {"columns": {"paid_on": "Дата", "amount": "Сумма"}})


@settings(max_examples=200, deadline=None)
@given(
    said=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-5, 10**20), st.floats(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    key=st.sampled_from(
        [*_LAYOUT, "widths", "dates", "accept", "preset", "delimiter", "own_account_pattern", "kind"]
    ),
)
def test_any_layout(tmp_path_factory: pytest.TempPathFactory, said: object, key: str) -> None:
    path = tmp_path_factory.mktemp("layout") / "file"
    look(path, SEEDS["table"][0], {**_LAYOUT, key: said})
