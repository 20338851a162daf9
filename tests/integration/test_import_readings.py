"""Files of readings in the database: stored whole or not at all, once; decided upon, taken back, answered."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
import xlsxwriter
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import translation
from tests import town as towns
from tests.town import MONTH, Town

from abonent.contexts.charging.models import Recalculation, Run, RunKind, RunState
from abonent.contexts.contracts.models import Account
from abonent.contexts.metering.models import (
    Installation,
    Meter,
    Reading,
    ReadingFile,
    ReadingFileRow,
    ReadingFileState,
    ReadingSource,
    ReadingStatus,
    Register,
    RowDecision,
)
from abonent.contexts.places.models import Building, Premise
from abonent.usecases import billing_run, import_readings, packs
from abonent.usecases.import_readings import BadFile, DecisionRefused, FileBusy, Stored, booking, gis
from abonent.usecases.import_readings.files import kept_in

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)
DAY = date(2026, 11, 20)
HEADER = "ЛС;№ ПУ;Дата;Показание Т1;Показание Т2"
FLAT_1, FLAT_2, FLAT_10, HOUSE = "20100001", "20200002", "20100010", "20100009"


@pytest.fixture
def town() -> Town:
    return towns.build()


@pytest.fixture
def send(tmp_path: Path) -> Callable[..., tuple[ReadingFile, Stored]]:
    """Receive and store a file of these lines."""

    def sent(
        *lines: str, header: str = HEADER, name: str = "Ноябрь.csv", **others: int
    ) -> tuple[ReadingFile, Stored]:
        return store_bytes(tmp_path, "\n".join([header, *lines]).encode(), name, **others)

    return sent


def receive(folder: Path, content: bytes, name: str, sender_id: int | None = None) -> ReadingFile:
    path = folder / "coming"
    path.write_bytes(content)
    return import_readings.receive(path=path, name=name, sender_id=sender_id, actor_id=None, at=AT)


def store(file: ReadingFile, today: date = TODAY) -> Stored:
    return import_readings.store(file_id=file.pk, today=today, at=AT, parameters=packs.pack_parameters())


def store_bytes(
    folder: Path, content: bytes, name: str, sender_id: int | None = None
) -> tuple[ReadingFile, Stored]:
    file = receive(folder, content, name, sender_id)
    stored = store(file)
    file.refresh_from_db()
    return file, stored


def shown(day: date = DAY, **others: object) -> dict[tuple[str, int], int]:
    """Accepted readings of a day: meter and zone → kWh."""
    rows = Reading.objects.filter(taken_on=day, status=ReadingStatus.ACCEPTED, **others)
    return {
        (row.installation.meter.serial, row.installation.zone): row.value_wh // 1000
        for row in rows.select_related("installation__meter")
    }


def held() -> dict[tuple[int, int], list[str]]:
    return {(row.row_no, row.part): row.reasons for row in ReadingFileRow.objects.order_by("row_no", "part")}


def decide(*rows: ReadingFileRow, accept: bool = True, **others: object) -> import_readings.Decided:
    return import_readings.decide(
        row_ids=[row.pk for row in rows],
        accept=accept,
        actor_id=7,
        at=AT,
        today=TODAY,
        parameters=packs.pack_parameters(),
        **others,  # type: ignore[arg-type]
    )


def test_a_file_is_stored_with_everything_it_says(town: Town, send: Callable) -> None:
    number = town.accounts["1"].number
    file, stored = send(
        f"{number};{FLAT_1};20.11.2026;3300;",
        f";{FLAT_2};20.11.2026;7900,5;3250",
        f"{town.accounts['house'].number};;20.11.2026;13200;",
    )
    assert (stored.rows, stored.accepted, stored.doubtful, stored.rejected, stored.known) == (3, 4, 0, 0, 0)
    assert (file.state, file.rows_done, file.accepted) == (ReadingFileState.STORED, 3, 4)
    assert shown() == {(FLAT_1, 1): 3300, (FLAT_2, 21): 7900, (FLAT_2, 22): 3250, (HOUSE, 1): 13200}
    assert set(Reading.objects.filter(taken_on=DAY).values_list("file_id", "source", "entered_at")) == {
        (file.pk, ReadingSource.IMPORT, AT)
    }


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        ("999;;20.11.2026;5;", ["unknown_account"]),
        (";999;20.11.2026;5;", ["unknown_meter"]),
        ("{flat_3};;20.11.2026;5;", ["no_meter_here"]),
        ("{flat_1};20200002;20.11.2026;5;5", ["mismatch"]),
        (";20100001;20.11.2026;;5", ["no_such_zone"]),
        (";20100001;20.11.2019;5;", ["before_installation"]),
        (";20100001;20.11.2026;3000;", ["below_previous"]),
        (";20100001;20.11.2026;123456;", ["above_capacity", "spike"]),
        (";20100001;23.11.2026;3300;", ["in_future"]),
        (";20100001;10.11.2026;3300;", ["outside_window"]),
        (";20100001;20.11.2026;9000;", ["spike"]),
        (";20100001;20.11.2026;3150;", ["zero"]),
        (";20100001;20.10.2026;3151;", ["other_value_same_day"]),
        (";20100001;15.10.2026;3200;", ["above_next"]),
    ],
)
def test_a_row_is_held_with_its_reason(town: Town, send: Callable, line: str, reasons: list[str]) -> None:
    before = Reading.objects.count()
    numbers = {f"flat_{flat}": account.number for flat, account in town.accounts.items()}
    send(line.format(**numbers))
    (row,) = ReadingFileRow.objects.all()
    assert [code for code in row.reasons if code != "too_old"] == reasons
    assert row.row_no == 2
    assert row.said["taken_on"] == line.split(";")[2]
    assert Reading.objects.count() == before


def test_an_account_and_a_meter_lose_their_zeros_in_a_spreadsheet(town: Town, tmp_path: Path) -> None:
    Meter.objects.filter(serial=FLAT_1).update(serial="00" + FLAT_1)
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    sheet.write_row(0, 0, ["Лицевой счёт", "Номер ПУ", "Дата", "Показание"])
    for row, (account, serial, kwh) in enumerate([("1", FLAT_1, 3300.5), ("house", HOUSE, 13200)], 1):
        sheet.write_number(row, 0, int(town.accounts[account].number))
        sheet.write_number(row, 1, int(serial))
        sheet.write_datetime(row, 2, DAY, day)
        sheet.write_number(row, 3, kwh)
    book.close()
    _file, stored = store_bytes(tmp_path, target.getvalue(), "Ноябрь.xlsx")
    assert stored.accepted == 2, held()
    assert shown() == {("00" + FLAT_1, 1): 3300, (HOUSE, 1): 13200}


def test_the_same_file_is_received_and_stored_once(town: Town, send: Callable) -> None:
    file, first = send(f";{FLAT_1};20.11.2026;3300;", ";999;20.11.2026;5;")
    again, second = send(f";{FLAT_1};20.11.2026;3300;", ";999;20.11.2026;5;", name="Ещё раз.csv")
    assert again.pk == file.pk
    assert second.was_stored
    assert (second.accepted, second.rejected, second.by_reason) == (1, 1, first.by_reason)
    assert Reading.objects.filter(taken_on=DAY).count() == 1
    assert ReadingFileRow.objects.count() == 1


def test_a_row_that_is_known_already_changes_nothing(town: Town, send: Callable) -> None:
    send(f";{FLAT_1};20.11.2026;3300;")
    _file, stored = send(f";{FLAT_1};20.11.2026;3300;", f";{FLAT_10};20.11.2026;2600;")
    assert (stored.known, stored.accepted) == (1, 1)
    assert Reading.objects.filter(taken_on=DAY).count() == 2


def test_a_control_reading_takes_the_place_of_a_subscribers(town: Town, send: Callable) -> None:
    send(f";{FLAT_1};20.11.2026;3300;")
    header = "№ ПУ;Вид показания;Дата;Показание"
    _file, stored = send(f"{FLAT_1};Контрольное;20.11.2026;3290", header=header)
    assert (stored.accepted, stored.replaced) == (1, 1)
    assert shown(source=ReadingSource.INSPECTOR) == {(FLAT_1, 1): 3290}
    _file, stored = send(f";{FLAT_1};20.11.2026;3295;")
    assert stored.by_reason == {"outranked": 1}


def test_an_estimate_gives_way(town: Town, send: Callable) -> None:
    place = town.installations["1", 1]
    for day in (date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 30), date(2026, 12, 31)):
        Reading.objects.create(
            installation=place,
            building=town.building,
            taken_on=day,
            value_wh=9,
            source=6,
            entered_at=AT,
            run_id=1,
        )
    _file, stored = send(f";{FLAT_1};20.11.2026;3300;")
    assert stored.accepted == 1
    left = Reading.objects.filter(source=ReadingSource.ESTIMATE, status=ReadingStatus.ACCEPTED)
    assert sorted(left.values_list("taken_on", flat=True)) == [date(2026, 11, 19), date(2026, 12, 31)]


def test_a_meter_of_two_zones_is_taken_whole(town: Town, send: Callable) -> None:
    _file, stored = send(f";{FLAT_2};20.11.2026;7900;", f";{FLAT_1};20.11.2026;3300;0")
    assert held() == {(2, 1): ["zones_incomplete"]}
    assert stored.accepted == 1, "a zero in the column of a zone that is not there"
    header = "№ ПУ;Зона;Дата;Показание"
    send(f"{FLAT_2};ночь;20.11.2026;1", f"{FLAT_2};день;20.11.2026;7900", header=header)
    assert held() == {(2, 0): ["below_previous"], (2, 1): ["zones_incomplete"], (3, 0): ["other_zone_held"]}


def test_a_total_is_the_sum_of_the_zones(town: Town, send: Callable) -> None:
    header = "№ ПУ;Дата;Т1;Т2;Итого"
    send(f"{FLAT_2};20.11.2026;7900;3250;11151", header=header)
    assert held() == {(2, 1): ["total_differs"], (2, 2): ["total_differs"]}
    _file, stored = send(f"{FLAT_2};20.11.2026;7900;3250;11150", header=header)
    assert stored.accepted == 2


def test_a_sender_has_his_own_columns_and_source(town: Town, send: Callable) -> None:
    sender = import_readings.save_sender(
        name="УК «Уют»",
        columns={"serial": "прибор", "value": 3, "taken_on": "когда"},
        source=ReadingSource.EXECUTOR,
    )
    _file, stored = send(f"x;{FLAT_1};3300;20.11.2026", header="a;Прибор;b;Когда", sender_id=sender.pk)
    assert stored.accepted == 1
    assert shown(source=ReadingSource.EXECUTOR) == {(FLAT_1, 1): 3300}


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (
            "ФИО;Адрес\nа;б\n",
            "a.csv",
            "a.csv: columns not found: meter number or account, reading, day of reading",
        ),
        ("ЛС;Дата;Показание\n", "a.csv", "a.csv: there is nothing in it"),
        ('ЛС;Дата;Показание\n1;"2;3\n', "a.csv", "a.csv: row 2: a quotation mark is opened and never closed"),
        ("<a/>", "a.xml", "a.xml: there are no readings of electricity meters in it"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    town: Town, tmp_path: Path, content: str, name: str, error: str
) -> None:
    file = receive(tmp_path, content.encode(), name)
    with translation.override("en"), pytest.raises(BadFile):
        store(file)
    file.refresh_from_db()
    assert (file.state, file.error) == (ReadingFileState.FAILED, error)


def test_a_kind_of_file_that_is_not_known_is_not_kept(town: Town, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="unknown_kind"):
        receive(tmp_path, b"%PDF", "a.pdf")
    assert not ReadingFile.objects.exists()


def test_a_failure_in_the_middle_leaves_nothing(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = f"{HEADER}\n;{FLAT_1};20.11.2026;3300;\n;999;20.11.2026;5;\n".encode()
    file = receive(tmp_path, content, "a.csv")

    def fail(*arguments: object, **others: object) -> int:
        assert shown() == {(FLAT_1, 1): 3300}, "the readings are in already"
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(booking, "note_changed", fail)
        with pytest.raises(OSError, match="disk full"):
            store(file)
    file.refresh_from_db()
    assert file.state == ReadingFileState.FAILED
    assert not shown()
    assert not held()
    assert store(file).accepted == 1


KILLED = """
import os, signal, sys, django
django.setup()
from datetime import date, datetime, UTC
from django.db import connection
from abonent.usecases import import_readings, packs
from abonent.usecases.import_readings import booking
connection.settings_dict["NAME"] = sys.argv[1]
booking.note_changed = lambda *rows, **others: os.kill(os.getpid(), signal.SIGKILL)
import_readings.store(file_id=int(sys.argv[2]), today=date(2026, 11, 22), at=datetime(2026, 11, 22, 9, tzinfo=UTC),
                      parameters=packs.pack_parameters())
"""


def test_a_process_killed_in_the_middle_leaves_nothing_and_is_taken_up_again(
    town: Town, tmp_path: Path
) -> None:
    file = receive(tmp_path, f"{HEADER}\n;{FLAT_1};20.11.2026;3300;\n".encode(), "a.csv")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "abonent.project.settings"}
    arguments = [sys.executable, "-c", KILLED, str(connection.settings_dict["NAME"]), str(file.pk)]
    killed = subprocess.run(arguments, env=environment, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    file.refresh_from_db()
    assert file.state == ReadingFileState.READING
    assert not shown()
    assert when_let_go(file).accepted == 1
    assert shown() == {(FLAT_1, 1): 3300}


def when_let_go(file: ReadingFile) -> Stored:
    """Store as soon as the server has noticed that the process is gone."""
    for _ in range(100):
        try:
            return store(file)
        except FileBusy:
            time.sleep(0.1)
    raise AssertionError("the file is still held")


def test_two_at_once_do_not_store_the_same_file(town: Town, tmp_path: Path) -> None:
    file = receive(tmp_path, f"{HEADER}\n;{FLAT_1};20.11.2026;3300;\n".encode(), "a.csv")
    seen: list[str] = []

    def second(progress: import_readings.Progress) -> None:
        if progress.phase != "storing":
            return
        arguments = [sys.executable, "-c", KILLED, str(connection.settings_dict["NAME"]), str(file.pk)]
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "abonent.project.settings"}
        done = subprocess.run(arguments, env=environment, capture_output=True, check=False)
        seen.append(done.stderr.decode().strip().rpartition("\n")[2].rpartition(".")[2])

    import_readings.store(
        file_id=file.pk, today=TODAY, at=AT, parameters=packs.pack_parameters(), on_progress=second
    )
    assert seen == [FileBusy.__name__]


def test_a_reading_entered_meanwhile_is_seen(town: Town, tmp_path: Path) -> None:
    file = receive(
        tmp_path, f"{HEADER}\n;{FLAT_1};20.11.2026;3300;\n;{FLAT_10};20.11.2026;2600;\n".encode(), "a.csv"
    )
    entered = []

    def enter(progress: import_readings.Progress) -> None:
        if progress.phase == "storing" and not entered:
            entered.append(
                Reading.objects.create(
                    installation=town.installations["1", 1],
                    building=town.building,
                    taken_on=DAY,
                    value_wh=3_301_000,
                    source=ReadingSource.SUBSCRIBER,
                    entered_at=AT,
                )
            )

    stored = import_readings.store(
        file_id=file.pk, today=TODAY, at=AT, parameters=packs.pack_parameters(), on_progress=enter
    )
    assert (stored.accepted, stored.by_reason) == (1, {"other_value_same_day": 1})
    assert shown() == {(FLAT_1, 1): 3301, (FLAT_10, 1): 2600}


def test_a_doubt_is_accepted_or_refused_and_taken_back(town: Town, send: Callable) -> None:
    send(f";{FLAT_1};20.11.2026;9000;", f";{FLAT_10};20.11.2026;9000;")
    first, second = ReadingFileRow.objects.order_by("row_no")
    assert first.average_wh is not None
    done = decide(first)
    assert done.decided == (first.pk,)
    assert shown() == {(FLAT_1, 1): 9000}
    first.refresh_from_db()
    assert (first.decision, first.decided_by_id, first.reading_id) == (
        RowDecision.ACCEPTED,
        7,
        done.reading_ids[0],
    )
    decide(second, accept=False)
    assert decide(first, second).refused == {first.pk: ("decided_already",), second.pk: ("decided_already",)}
    for row in (first, second):
        import_readings.undo_decision(row_id=row.pk, actor_id=7, at=AT)
    assert not shown()
    assert set(ReadingFileRow.objects.values_list("decision", "reading_id")) == {(RowDecision.WAITING, None)}
    with pytest.raises(DecisionRefused, match="not_decided"):
        import_readings.undo_decision(row_id=first.pk, actor_id=7, at=AT)
    assert decide(first, second).decided == (first.pk, second.pk), "and decided again"


def test_a_rejected_reading_is_accepted_once_it_is_mended(town: Town, send: Callable) -> None:
    send(
        f";{FLAT_1};20.11.2026;нет;", f";{FLAT_10};20.11.2026;100;", ";999;20.11.2026;5;", f";{HOUSE};;13200;"
    )
    text, fall, unknown, dateless = ReadingFileRow.objects.order_by("row_no")
    assert decide(text, fall, unknown).refused == {
        text.pk: ("not_a_number",),
        fall.pk: ("below_previous",),
        unknown.pk: ("unknown_meter",),
    }
    assert decide(text, value_wh=100_000).refused == {text.pk: ("below_previous",)}
    assert decide(text, value_wh=3_300_000).decided == (text.pk,)
    assert decide(fall, confirmed_rollover=True).decided == (fall.pk,)
    assert decide(dateless, taken_on=DAY).decided == (dateless.pk,)
    assert shown() == {(FLAT_1, 1): 3300, (FLAT_10, 1): 100, (HOUSE, 1): 13200}
    with pytest.raises(ValueError, match="single row"):
        decide(text, fall, value_wh=5)


def test_one_of_two_different_readings_is_chosen(town: Town, send: Callable) -> None:
    send(f";{FLAT_1};20.11.2026;3300;", f";{FLAT_1};20.11.2026;3310;")
    first, second = ReadingFileRow.objects.order_by("row_no")
    assert set(decide(first, second).refused) == {first.pk, second.pk}, "both cannot be"
    assert decide(second).decided == (second.pk,)
    assert shown() == {(FLAT_1, 1): 3310}


def test_other_zones_are_accepted_along(town: Town, send: Callable) -> None:
    send(f";{FLAT_2};20.11.2026;15000;3250")
    spike, waits = ReadingFileRow.objects.order_by("part")
    assert (spike.reasons, waits.reasons) == (["spike"], ["other_zone_held"])
    done = decide(spike)
    assert (set(done.decided), done.along) == ({spike.pk, waits.pk}, (waits.pk,))
    assert shown() == {(FLAT_2, 21): 15000, (FLAT_2, 22): 3250}


def test_a_decision_that_replaces_a_reading_brings_it_back_when_undone(town: Town, send: Callable) -> None:
    send(f";{FLAT_1};20.10.2026;3151;")
    (row,) = ReadingFileRow.objects.all()
    decide(row)
    october = date(2026, 10, 20)
    assert shown(october)[FLAT_1, 1] == 3151
    import_readings.undo_decision(row_id=row.pk, actor_id=7, at=AT)
    assert shown(october)[FLAT_1, 1] == 3150


def bill(town: Town, at: datetime) -> None:
    pack = packs.pack()
    run_id = billing_run.create(
        scope=billing_run.Scope(town.supplier.pk),
        period=MONTH,
        at=at,
        pack_version=pack.version,
        parameter_hash=packs.pack_parameters().hash,
    )
    billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=lambda: at)
    billing_run.approve(run_id=run_id, actor_id=None, at=at)


def test_billed_months_wait_and_a_bill_keeps_a_decision(town: Town, send: Callable) -> None:
    bill(town, AT)
    _file, stored = send(f";{FLAT_10};18.10.2026;2600;", f";{FLAT_1};20.10.2026;3151;")
    assert stored.months_to_recalculate >= 1
    premise_ids = set(Recalculation.objects.values_list("premise_id", flat=True))
    assert premise_ids == {town.accounts["10"].premise_id}
    (row,) = ReadingFileRow.objects.all()
    assert decide(row).months_to_recalculate == 1
    Run.objects.filter(kind=RunKind.BILLING, state=RunState.POSTED).update(posted_at=AT)
    with pytest.raises(DecisionRefused, match="used"):
        import_readings.undo_decision(row_id=row.pk, actor_id=7, at=AT)


def test_the_answer_is_the_senders_file_with_a_column_of_reasons(town: Town, tmp_path: Path) -> None:
    lines = [HEADER, f";{FLAT_1};20.11.2026;3300;", ";999;20.11.2026;5;", f";{FLAT_2};20.11.2026;7900;1"]
    file, _stored = store_bytes(tmp_path, "\n".join(lines).encode("cp1251"), "Ноябрь.csv")
    answer = import_readings.reasons_file(file_id=file.pk, language="en")
    assert answer.content.decode("cp1251").splitlines() == [
        HEADER + ";What became of it",
        lines[1] + ";",
        lines[2] + ";Rejected: There is no meter with this number",
        lines[3] + ";Rejected: T2: Below the previous reading",
    ]
    kept_in(file).unlink()
    with pytest.raises(BadFile, match="gone"):
        import_readings.reasons_file(file_id=file.pk)


LIST = {"actor_id": 7, "today": TODAY, "at": AT}


def enter(town: Town, values: dict[int, int], **others: object) -> import_readings.ListEntered:
    return import_readings.enter_list(
        building_id=town.building.pk,
        taken_on=DAY,
        values=values,
        source=ReadingSource.SUBSCRIBER,
        parameters=packs.pack_parameters(),
        **LIST,
        **others,  # type: ignore[arg-type]
    )


def test_a_list_stores_all_that_can_be_and_tells_of_the_rest(town: Town) -> None:
    one, ten = town.installations["1", 1].pk, town.installations["10", 1].pk
    day, night = town.installations["2", 21].pk, town.installations["2", 22].pk
    values = {one: 3_300_000, ten: 9_000_000, day: 7_900_000, night: 1_000}
    looked = enter(town, values, dry_run=True)
    assert [row.status for row in looked.rows] == ["accepted", "doubtful", "doubtful", "rejected"]
    assert not shown()
    done = enter(town, values, confirmed=[ten])
    assert [(row.status, row.reasons) for row in done.rows] == [
        ("accepted", ()),
        ("accepted", ()),
        ("doubtful", ("other_zone_held",)),
        ("rejected", ("below_previous",)),
    ]
    assert (done.stored, shown()) == (2, {(FLAT_1, 1): 3300, (FLAT_10, 1): 9000})
    again = enter(town, {one: 3_300_000, day: 7_900_000, night: 3_250_000})
    assert (again.stored, again.known) == (2, 1)


def test_a_list_shows_every_register_with_what_was_before(town: Town) -> None:
    enter(town, {town.installations["1", 1].pk: 3_300_000})
    rows = import_readings.list_registers(
        building_id=town.building.pk, taken_on=DAY, parameters=packs.pack_parameters()
    )
    assert [(row.premise, row.serial, row.zone) for row in rows] == [
        ("", "23400077", 1),
        ("1", FLAT_1, 1),
        ("2", FLAT_2, 21),
        ("2", FLAT_2, 22),
        ("10", FLAT_10, 1),
    ]
    flat = rows[1]
    assert (flat.account, flat.previous_on, flat.previous_wh) == (
        town.accounts["1"].number,
        date(2026, 10, 20),
        3_150_000,
    )
    assert (flat.today_wh, flat.today_source) == (3_300_000, ReadingSource.SUBSCRIBER)
    assert flat.average_wh is not None
    assert abs(flat.average_wh - 148_000) < 2_000, "150 kWh a month"


def test_a_list_is_of_one_building(town: Town) -> None:
    with pytest.raises(ValueError, match="another building"):
        enter(town, {town.installations["house", 1].pk: 13_200_000})
    with pytest.raises(ValueError, match="no such installation"):
        enter(town, {10**9: 1})


def test_readings_go_to_gis_and_come_from_there(town: Town, tmp_path: Path) -> None:
    meter, house = "0b000000-0000-4000-8000-000000000002", "0a000000-0000-4000-8000-000000000001"
    names = f"ПУ;GUID;Дом\n{FLAT_2};{meter};{house}\n999;x;y\n"
    path = tmp_path / "names.csv"
    path.write_text(names)
    learnt = gis.learn_names(path=path, name=path.name)
    assert (learnt.meters, learnt.houses, learnt.unknown) == (1, 1, 1)
    assert Building.objects.get(pk=town.building.pk).fias_guid == UUID(house)
    sent = gis.requests(month=MONTH)
    (request,) = list(sent.requests)
    assert sent.unnamed == 4 - 1
    assert b"<mdb:MeteringValueT1>7730.0000000</mdb:MeteringValueT1>" in request
    assert request == next(gis.requests(month=MONTH).requests), "sent again it bears the same transport GUID"
    coming = (
        request.replace(b"2026-10-20", b"2026-11-20")
        .replace(b"7730.0", b"7900.0")
        .replace(b"3170.0", b"3250.5")
    )
    _file, stored = store_bytes(tmp_path, coming, "Показания.xml")
    assert stored.accepted == 2, held()
    assert shown() == {(FLAT_2, 21): 7900, (FLAT_2, 22): 3250}


def test_a_room_pays_by_the_meter_of_its_flat_and_common_property_by_the_buildings(
    town: Town, send: Callable
) -> None:
    flat = town.accounts["1"].premise
    room = Premise.objects.create(building=town.building, number="1/1", kind=6, parent=flat)
    common = Premise.objects.create(building=town.building, number="МОП", kind=3)
    for premise, number in ((room, "0770000901"), (common, "0770000902")):
        party = town.accounts["1"].party
        Account.objects.create(
            number=number,
            premise=premise,
            building=town.building,
            party=party,
            during=town.accounts["1"].during,
        )
    send(
        f"0770000901;{FLAT_1};20.11.2026;3300;",
        f"0770000901;{FLAT_10};20.11.2026;2600;",
        "0770000902;23400077;20.11.2026;52600;",
        f"{town.accounts['1'].number};23400077;20.11.2026;52600;",
    )
    assert held() == {(3, 1): ["mismatch"], (5, 1): ["mismatch"]}
    assert shown() == {(FLAT_1, 1): 3300, ("23400077", 1): 52600}


def test_a_serial_two_meters_bear_takes_the_account_as_well(town: Town, send: Callable) -> None:
    Meter.objects.filter(serial=FLAT_10).update(serial=FLAT_1)
    send(f";{FLAT_1};20.11.2026;3300;", f"{town.accounts['10'].number};{FLAT_1};20.11.2026;2600;")
    assert held() == {(2, 1): ["ambiguous_meter"]}
    assert shown() == {(FLAT_1, 1): 2600}


def test_a_meter_replaced_is_told_from_its_successor(town: Town, send: Callable) -> None:
    old = town.installations["1", 1]
    Installation.objects.filter(pk=old.pk).update(during=DateRange(date(2020, 1, 1), date(2026, 11, 10)))
    meter = Meter.objects.create(model=old.meter.model, serial="NEW-1")
    Installation.objects.create(
        register=Register.objects.create(meter=meter, digits=5),
        meter=meter,
        metering_point=old.metering_point,
        building=town.building,
        premise=old.premise,
        digits=5,
        during=DateRange(date(2026, 11, 10), None),
    )
    account = town.accounts["1"].number
    send(
        f"{account};;20.11.2026;25;",
        f"{account};new-1;19.11.2026;24;",
        f"{account};{FLAT_1};20.11.2026;3300;",
        f"{account};{FLAT_1};10.11.2026;3200;",
        header=HEADER,
    )
    assert held() == {(4, 1): ["after_removal"], (5, 1): ["outside_window"]}
    assert shown() == {("NEW-1", 1): 25}
