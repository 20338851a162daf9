"""Bad files of every sort, the way files of money are taken in: refused in words, and nothing is written."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from tests import bank_files as made
from tests import payment_files as samples
from tests import town as towns
from tests.bank_files import Entry, Notice, Paid, Row

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.payments.models import Agent, AgentKind
from abonent.gateways.bank_files import CODES
from abonent.usecases import import_payments
from abonent.usecases.import_payments import FileRefused, words

TODAY = made.TODAY
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
OURS = made.OURS
LAYOUT = {
    "columns": {"paid_on": "Дата", "external_id": "Номер", "account_text": "ЛС", "amount": "Сумма"},
    "control": {"begins": "ИТОГО", "rows": 2, "amount": 4},
}
TABLE = "Дата;Номер;ЛС;Сумма\n20.11.2026;A1;1001;1000,00\n20.11.2026;A2;1002;500,50\nИТОГО;2;;1500,50\n"
THEIRS = made.THEIRS
ROWS = [Row(857_532), Row(223_121, operation="2", account="1002")]
PAID = [Paid(THEIRS, OURS, 105_298), Paid(OURS, THEIRS, 700, number="2")]
ENTRIES = [
    Entry(105_298),
    Entry(700, incoming=False, reference="R2"),
    Entry(600, parts=(100, 500), reference="R3"),
]

# format → the agent it comes from, the sound file, and what may be done to it: (what, how)
Spoil = Callable[[str], str | bytes]
COMMON: list[Spoil] = [
    lambda text: "",
    lambda text: text[: len(text) // 2],
    lambda text: text[:-12],
    lambda text: text + text,
    lambda text: text.replace("20", "\0", 1),
    lambda text: text.encode().decode("cp1251", errors="replace"),  # encoded twice
    lambda text: b"\xff\xfe" + text.encode(),
    lambda text: b"PK\x03\x04" + text.encode(),
    lambda text: text[: len(text) // 2] + "x" * (2 << 20) + text[len(text) // 2 :],
]
CASES: dict[str, tuple[AgentKind, dict[str, Any], str, list[Spoil]]] = {
    "sber": (
        AgentKind.REGISTRY,
        {},
        made.sber(ROWS),
        [
            lambda text: made.sber(ROWS[:1], control=text.splitlines()[-1]),  # a row taken away
            lambda text: made.sber([*ROWS, ROWS[1]]),  # a row doubled, with right totals
            lambda text: made.sber([ROWS[0], replace(ROWS[1], amount_minor=-5)]),
            lambda text: made.sber([ROWS[0], replace(ROWS[1], amount_minor=0)]),
            lambda text: made.sber([replace(ROWS[0], day=date(2027, 1, 1))]),
            lambda text: made.sber([replace(ROWS[0], day=date(1026, 1, 1))]),
            lambda text: text.replace("8575,32;8575,32", "9" * 30 + ";8575,32"),
            lambda text: text.replace("=2;", "=1;"),
            lambda text: text.replace("10806,53", "10806,54"),
            lambda text: text.encode("cp1251") + "ИВАНОВ".encode(),
        ],
    ),
    "table": (
        AgentKind.REGISTRY,
        {"table": LAYOUT},
        TABLE,
        [
            lambda text: text.replace("1500,50", "1500,51"),
            lambda text: text.replace("ИТОГО;2", "ИТОГО;3"),
            lambda text: text.replace("500,50\nИ", "-500,50\nИ"),
            lambda text: text.replace("1000,00", "1.000"),
            lambda text: text.replace("20.11.2026;A2", "20.11.2062;A2"),
            lambda text: text.replace("Сумма", "Итого"),
            lambda text: text.replace("A2;1002", 'A2;"1002'),
            lambda text: made.workbook([["Дата"], [date(2026, 11, 20)]]),
            lambda text: made.workbook([["a"]])[:300],
        ],
    ),
    "1c": (
        AgentKind.BANK,
        {},
        made.statement_1c(PAID),
        [
            lambda text: made.statement_1c(PAID, received_minor={OURS: 105_299}),
            lambda text: made.statement_1c(PAID, closing_minor={OURS: 1}),
            lambda text: made.statement_1c(PAID, accounts=[made.OTHER_OF_OURS]),
            lambda text: made.statement_1c(
                [Paid(THEIRS, made.OTHER_OF_OURS, 1)], accounts=[made.OTHER_OF_OURS]
            ),
            lambda text: text.replace("Сумма=1052.98", "Сумма=-1052.98"),
            lambda text: text.replace("Дата=20.11.2026", "Дата=20.11.2027"),
            lambda text: text.replace(OURS, OURS[:5] + "840" + OURS[8:]),
            lambda text: text.replace("КонецДокумента", "", 1),
            lambda text: text.replace("КонецФайла", ""),
        ],
    ),
    "camt053": (
        AgentKind.BANK,
        {"own_accounts": [OURS[:-1] + "1"]},
        made.camt053(ENTRIES),
        [
            lambda text: made.camt053(ENTRIES, closing_minor=1),
            lambda text: made.camt053([Entry(600, parts=(100, 501))]),
            lambda text: made.camt053([Entry(600, currency="USD")]),
            lambda text: made.camt053([Entry(600, day=date(2027, 1, 1))]),
            lambda text: made.camt053(ENTRIES, account="40702810000000000999"),
            lambda text: text.replace("<Document", "<!DOCTYPE a [<!ENTITY b 'c'>]><Document"),
            lambda text: text.replace("camt.053", "camt.052"),
        ],
    ),
    "gis": (
        AgentKind.PORTAL,
        {"notices": {"post": True, "days": 0}},
        made.gis([Notice("1" * 32, 157_050), Notice("2" * 32, 50)]),
        [
            lambda text: made.gis([Notice("1" * 32, 1), Notice("1" * 32, 1)]),
            lambda text: made.gis([Notice("1" * 32, -1)]),
            lambda text: made.gis([Notice("1" * 32, 1, day=date(2027, 1, 1))]),
            lambda text: made.gis([Notice("1" * 32, 1, month=13)]),
            lambda text: made.gis([]),
        ],
    ),
}


@pytest.fixture
def written(db: None) -> Callable[[], dict[str, int]]:
    """How many rows every table of money has."""

    def count() -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
                r"AND relname ~ '^(payments|ledger)_' ORDER BY 1"
            )
            tables = [name for (name,) in cursor.fetchall()]
            assert {"payments_payment", "payments_paymentfile", "payments_bankline", "ledger_entry"} <= set(
                tables
            )
            counts = {}
            for name in tables:
                cursor.execute(f"SELECT count(*) FROM {name}")
                counts[name] = cursor.fetchone()[0]
            return counts

    return count


@pytest.fixture
def agent_of(db: None) -> Callable[[AgentKind, dict[str, Any]], Agent]:
    supplier = towns.build().supplier
    supplier.bank_account = OURS
    supplier.save(update_fields=["bank_account"])
    BillingPeriod.objects.get_or_create(supplier=supplier, month=date(2026, 11, 1), defaults={"state": 1})

    def make(kind: AgentKind, layout: dict[str, Any]) -> Agent:
        return Agent.objects.create(supplier=supplier, code=f"a{kind}", name="A", kind=kind, layout=layout)

    return make


def take_in(agent: Agent, path: Path) -> Any:
    return import_payments.begin(
        sha256=import_payments.keep(path),
        name=path.name,
        agent_id=agent.pk,
        booked_on=TODAY,
        today=TODAY,
        actor_id=None,
        at=AT,
    )


def refused(step: Callable[[], object]) -> FileRefused | None:
    try:
        with transaction.atomic():
            step()
    except FileRefused as refusal:
        return refusal
    return None


def spoilt(format_: str) -> Iterator[tuple[int, bytes]]:
    _kind, _layout, sound, own = CASES[format_]
    for number, spoil in enumerate([*COMMON, *own]):
        content = spoil(sound)
        yield number, content if isinstance(content, bytes) else content.encode("utf-8", errors="replace")


@pytest.mark.parametrize("format_", CASES)
def test_the_sound_file_is_taken(tmp_path: Path, agent_of: Any, written: Any, format_: str) -> None:
    kind, layout, sound, _own = CASES[format_]
    agent, path = agent_of(kind, layout), samples.write(tmp_path, sound.encode())
    look = import_payments.look(path=path, name=path.name, agent_id=agent.pk, today=TODAY)
    assert look.format == format_
    assert look.rows.height + look.lines.height > 0
    before = written()
    take_in(agent, path)
    assert written()["payments_paymentfile"] == before["payments_paymentfile"] + 1


@pytest.mark.parametrize("format_", CASES)
def test_bad_ones_are_refused_in_words_and_leave_nothing(
    tmp_path: Path, agent_of: Any, written: Any, format_: str
) -> None:
    kind, layout, _sound, _own = CASES[format_]
    agent, before = agent_of(kind, layout), written()
    for number, content in spoilt(format_):
        path = samples.write(tmp_path, content, f"{number}.bin")
        for step in (
            lambda path=path: import_payments.look(path=path, name=path.name, agent_id=agent.pk, today=TODAY),
            lambda path=path: take_in(agent, path),
        ):
            refusal = refused(step)
            assert refusal, f"{format_} {number} was taken"
            assert words.tell_file(refusal) not in ("", refusal.code)
    assert written() == before


def test_every_reason_has_its_words() -> None:
    assert words._REASONS.keys() >= CODES
