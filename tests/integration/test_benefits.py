"""Benefits from a holder to a registry that was sent; subsidies from a registry to the books and back."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import shapefile
import xlsxwriter
from django.db import IntegrityError, connection, transaction
from python_calamine import CalamineWorkbook
from tests import town as towns
from tests.money import pay
from tests.town import MONTH, Town

from abonent.contexts.charging.models import (
    BenefitRegistry,
    BillingPeriod,
    Compensation,
    Recalculation,
    RecalculationCause,
    RegistryState,
    Run,
    RunKind,
    RunShard,
    RunState,
)
from abonent.contexts.charging.partitions import ensure_shared_slot
from abonent.contexts.contracts.models import BenefitCategory, BenefitHolder, PremiseTerms
from abonent.contexts.ledger.models import Batch, Entry, EntryKind, SubsidyFile, SubsidyRow, SubsidyRowState
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import AgentKind, Payment
from abonent.kernel.periods import Month
from abonent.usecases import account_history, books_check, packs
from abonent.usecases.benefits import (
    debts,
    holder_files,
    holders,
    registry,
    registry_files,
    subsidies,
    tables,
)
from abonent.usecases.billing_run import PeriodClosed

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
NOVEMBER = MONTH.next()

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "ensure_home", lambda: tmp_path)


@pytest.fixture
def town(db: None) -> Town:
    town = towns.build()
    holders.take_over_categories(parameters=packs.pack_parameters(), on=MONTH.first_day)
    return town


def category(code: str = "disabled") -> BenefitCategory:
    return BenefitCategory.objects.get(code=code)


def hold(
    town: Town,
    flat: str = "1",
    *,
    code: str = "disabled",
    name: str = "Иванова Мария Петровна",
    begins_on: date = date(2020, 1, 1),
    ends_on: date | None = None,
    people: int = 1,
    at: datetime = AT,
) -> int:
    return holders.add(
        account=town.accounts[flat],
        category=category(code),
        name=name,
        document="справка МСЭ-2019 № 17",
        begins_on=begins_on,
        ends_on=ends_on,
        people=people,
        actor_id=None,
        at=at,
    )


def charge(
    town: Town,
    flat: str,
    *lines: tuple[int, int],
    month: Month = MONTH,
    booked: Month = MONTH,
    rule: int = 1,
    at: datetime = AT,
) -> None:
    """Post lines of (Wh, price) to an account as a run does."""
    account = town.accounts[flat]
    with connection.cursor() as cursor:
        slot = ensure_shared_slot(cursor, booked)
        run = Run.objects.create(
            supplier=town.supplier,
            kind=RunKind.BILLING,
            period=month.first_day,
            booked_period=booked.first_day,
            state=RunState.POSTED,
            slot=slot,
            pack_version="1",
            parameter_hash="h",
            created_at=at,
            posted_at=at,
        )
        batch = Batch.objects.create(
            slot=slot,
            origin=f"run:{run.pk}",
            shard_no=1,
            booked_period=booked.first_day,
            booked_on=booked.first_day,
            lines=len(lines),
            created_at=at,
        )
        RunShard.objects.create(
            run=run,
            shard_no=1,
            period=month.first_day,
            branch_id=town.branch.pk,
            buildings=(account.building_id, account.building_id + 1),
            active=False,
            done=True,
            batch_id=batch.pk,
        )
        for number, (usage_wh, price_e5) in enumerate(lines, start=1):
            cursor.execute(
                "INSERT INTO charging_chargeline (slot, batch_id, line_no, account_id, building_id, service, rule,"
                " zone, period, begins_on, ends_on, quantity_wh, price_e5, amount_minor, price_id, because,"
                " reverses_batch_id, reverses_line_no)"
                " VALUES (%s, %s, %s, %s, %s, 1, %s, 1, %s, %s, %s, %s, %s, %s, 0, '{0,0,0,0,0,0}', 0, 0)",
                [
                    *(slot, batch.pk, number, account.pk, account.building_id, rule),
                    *(month.first_day, month.first_day, month.next().first_day, usage_wh, price_e5),
                    usage_wh * price_e5 // 1_000_000,
                ],
            )


def make(
    town: Town, month: Month = MONTH, *, at: datetime = AT, since: Month | None = None
) -> BenefitRegistry:
    registry_id = registry.create(
        supplier_id=town.supplier.pk, period=month, actor_id=None, at=at, since=since
    )
    registry.make(registry_id, parameters=packs.pack_parameters(), clock=lambda: at)
    return BenefitRegistry.objects.get(pk=registry_id)


def rows(made: BenefitRegistry) -> list[tuple[str, str, int, int]]:
    """Account, month, due and amount of every row."""
    found = made.compensations.order_by("period", "account__number", "holder_id").values_list(
        "account__number", "period", "due_minor", "amount_minor"
    )
    return [(number, str(Month.of(period)), due, amount) for number, period, due, amount in found]


FLAT_1, FLAT_2 = "0770000016", "0770000024"


def test_the_worked_example_is_reported(town: Town) -> None:
    hold(town)
    charge(town, "1", (240_000, 420_000))
    look = registry.preview(supplier_id=town.supplier.pk, period=MONTH, parameters=packs.pack_parameters())
    assert (look.month.rows, look.month.amount_minor, look.earlier.rows) == (1, 15_750, 0)
    assert look.by_category == {category().pk: registry.Sum(1, 15_750)}
    assert not Compensation.objects.exists()
    made = make(town)
    assert (made.state, made.rows, made.amount_minor) == (RegistryState.MADE, 1, 15_750)
    row = made.compensations.get()
    assert (row.usage_wh, row.residents, row.within_norm_wh) == (240_000, 3, 75_000)


def test_sanctions_and_common_needs_are_not_compensated(town: Town) -> None:
    hold(town)
    charge(town, "1", (240_000, 420_000))
    charge(town, "1", (500_000, 420_000), rule=4)
    charge(town, "1", (900_000, 420_000), rule=10)
    assert make(town).amount_minor == 15_750


def test_a_benefit_of_some_days_counts_by_days(town: Town) -> None:
    hold(town, begins_on=date(2026, 10, 17))
    charge(town, "1", (240_000, 420_000))
    assert make(town).amount_minor == 7_621  # 157,50 × 15 ÷ 31 = 76,209…


def test_an_account_that_was_not_billed_is_listed_with_nothing(town: Town) -> None:
    hold(town)
    hold(town, "2", name="Петров Пётр Ильич")
    charge(town, "1", (240_000, 420_000))
    assert rows(make(town)) == [(FLAT_1, "2026-10", 15_750, 15_750), (FLAT_2, "2026-10", 0, 0)]


def test_two_holders_of_an_account_are_reported_once_each(town: Town) -> None:
    hold(town)
    hold(town, name="Иванов Пётр Ильич", code="chernobyl")
    charge(town, "1", (240_000, 420_000))
    first = make(town)
    assert [(number, due) for number, _, due, _ in rows(first)] == [(FLAT_1, 15_750)] * 2
    assert (first.accounts_total, first.accounts_done, first.rows) == (1, 1, 2)


def test_what_changes_later_is_a_difference_in_the_next_registry(town: Town) -> None:
    hold(town)
    charge(town, "1", (240_000, 420_000))
    first = make(town)
    registry.send(registry_id=first.pk, actor_id=None, at=AT)
    later = AT + timedelta(days=30)
    charge(town, "1", (-90_000, 420_000), booked=NOVEMBER, at=later)  # 150 kWh stand: 50 a head
    charge(town, "1", (240_000, 420_000), month=NOVEMBER, booked=NOVEMBER, at=later)
    second = make(town, NOVEMBER, at=later)
    assert rows(second) == [(FLAT_1, "2026-10", 10_500, -5_250), (FLAT_1, "2026-11", 15_750, 15_750)]
    assert rows(first) == [(FLAT_1, "2026-10", 15_750, 15_750)]
    december = NOVEMBER.next()
    charge(town, "1", (240_000, 420_000), month=december, booked=december, at=later + timedelta(days=30))
    assert rows(make(town, december, at=later + timedelta(days=31))) == [(FLAT_1, "2026-12", 15_750, 15_750)]


@pytest.mark.parametrize("change", ["ended", "removed", "residents", "asked"])
def test_every_kind_of_change_is_found(town: Town, change: str) -> None:
    holder = hold(town, at=AT - timedelta(days=9))
    charge(town, "1", (240_000, 420_000), at=AT - timedelta(days=9))
    make(town)
    later = AT + timedelta(days=30)
    charge(town, "1", (240_000, 420_000), month=NOVEMBER, booked=NOVEMBER, at=later)
    since, expected = None, [(FLAT_1, "2026-10", 0, -15_750)]
    if change == "ended":
        holders.change(
            holder_id=holder,
            category=category(),
            name="Иванова Мария Петровна",
            document="справка",
            begins_on=date(2020, 1, 1),
            ends_on=date(2026, 10, 1),
            end_document="свидетельство о смерти",
            people=1,
            actor_id=None,
            at=later,
        )
    elif change == "removed":
        holders.remove(holder_id=holder, document="внесён по ошибке", actor_id=None, at=later)
        assert BenefitHolder.objects.get(pk=holder).during.isempty
        assert not [
            item for item in account_history.history(account=town.accounts["1"]) if item.kind == "benefit"
        ]
    else:
        PremiseTerms.objects.filter(premise=town.accounts["1"].premise).update(residents=4)
        expected = [(FLAT_1, "2026-10", 12_600, -3_150), (FLAT_1, "2026-11", 12_600, 12_600)]
        if change == "asked":
            since = MONTH
        else:
            Recalculation.objects.create(
                building=town.building,
                premise=town.accounts["1"].premise,
                period=MONTH.first_day,
                cause=RecalculationCause.RESIDENTS,
                noted_at=later,
            )
    assert rows(make(town, NOVEMBER, at=later, since=since)) == expected


def test_what_was_not_touched_is_not_looked_at(town: Town) -> None:
    """Residents who changed without anybody noting it are not found, unless all months are asked for."""
    hold(town, at=AT - timedelta(days=9))
    charge(town, "1", (240_000, 420_000), at=AT - timedelta(days=9))
    make(town)
    later = AT + timedelta(days=30)
    charge(town, "1", (240_000, 420_000), month=NOVEMBER, booked=NOVEMBER, at=later)
    PremiseTerms.objects.filter(premise=town.accounts["1"].premise).update(residents=4)
    assert rows(make(town, NOVEMBER, at=later)) == [(FLAT_1, "2026-11", 12_600, 12_600)]


def test_a_holder_entered_late_is_reported_back_to_the_first_registry(town: Town) -> None:
    charge(town, "1", (240_000, 420_000))
    make(town)
    later = AT + timedelta(days=30)
    hold(town, at=later)
    charge(town, "1", (240_000, 420_000), month=NOVEMBER, booked=NOVEMBER, at=later)
    assert rows(make(town, NOVEMBER, at=later)) == [
        (FLAT_1, "2026-10", 15_750, 15_750),
        (FLAT_1, "2026-11", 15_750, 15_750),
    ]


def test_a_sent_registry_is_never_changed(town: Town) -> None:
    hold(town)
    charge(town, "1", (240_000, 420_000))
    made = make(town)
    registry.send(registry_id=made.pk, actor_id=None, at=AT)
    for sql in (
        f"UPDATE charging_benefitregistry SET amount_minor = 0 WHERE id = {made.pk}",
        f"DELETE FROM charging_benefitregistry WHERE id = {made.pk}",
        "UPDATE charging_compensation SET amount_minor = 0",
        "DELETE FROM charging_compensation",
    ):
        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
    with pytest.raises(registry.RegistryRefused, match="not_made"):
        registry.drop(registry_id=made.pk)
    with pytest.raises(registry.RegistryRefused, match="known"):
        make(town)


def test_a_registry_not_sent_can_be_dropped_and_made_again(town: Town) -> None:
    hold(town)
    charge(town, "1", (240_000, 420_000))
    registry.drop(registry_id=make(town).pk)
    assert not Compensation.objects.exists()
    first = make(town)
    charge(town, "1", (1_000, 420_000), month=NOVEMBER, booked=NOVEMBER)
    make(town, NOVEMBER)
    with pytest.raises(registry.RegistryRefused, match="not_last"):
        registry.drop(registry_id=first.pk)


def test_registries_go_in_order_and_only_of_billed_months(town: Town) -> None:
    with pytest.raises(registry.RegistryRefused, match="not_billed"):
        make(town)
    assert registry.next_period(supplier_id=town.supplier.pk) is None
    charge(town, "1", (240_000, 420_000))
    charge(town, "1", (240_000, 420_000), month=MONTH.previous())
    assert registry.next_period(supplier_id=town.supplier.pk) == MONTH
    make(town)
    with pytest.raises(registry.RegistryRefused, match="earlier"):
        make(town, MONTH.previous())


def test_chunks_make_the_same_registry(town: Town) -> None:
    for flat in ("1", "2", "3", "10"):
        hold(town, flat, name=f"Льготник {flat}")
        charge(town, flat, (100_000 + 7_000 * int(flat), 420_000))
    whole = rows(make(town))
    registry.drop(registry_id=BenefitRegistry.objects.get().pk)
    registry_id = registry.create(supplier_id=town.supplier.pk, period=MONTH, actor_id=None, at=AT)
    registry.make(registry_id, parameters=packs.pack_parameters(), clock=lambda: AT, chunk_accounts=1)
    made = BenefitRegistry.objects.get()
    assert rows(made) == whole
    assert (made.accounts_done, made.accounts_total, made.rows) == (4, 4, 4)


def test_the_files_hold_the_same_rows_and_totals(town: Town) -> None:
    hold(town, name="=Иванова; «Мария»")
    hold(town, "2", name="Петров Пётр Ильич", code="hero", people=2)
    charge(town, "1", (240_000, 420_000))
    charge(town, "2", (100_500, 420_000))
    made = make(town)
    files = {}
    for kind in registry_files.KINDS:
        files[kind] = io.BytesIO()
        registry_files.write(registry_id=made.pk, kind=kind, to=files[kind])
    sheet = (
        CalamineWorkbook.from_filelike(io.BytesIO(files["xlsx"].getvalue())).get_sheet_by_index(0).to_python()
    )
    listed = list(csv.reader(io.StringIO(files["csv"].getvalue().decode("utf-8-sig")), delimiter=";"))
    with shapefile.Reader(dbf=io.BytesIO(files["dbf"].getvalue()), encoding="cp866") as table:
        records = [list(record) for record in table.iterRecords()]
    for read in (
        [row[12] for row in sheet[1:]],
        [row[12] for row in listed[1:]],
        [row[12] for row in records],
    ):
        assert [round(float(cell) * 100) for cell in read] == [15_750, 28_140, 43_890]
    for read in (sheet[1], listed[1], records[0]):
        assert list(map(str, read[:2])) == [FLAT_1, "=Иванова; «Мария»"] or read is records[0]
        assert float(read[9]) == 240
    assert records[0][0] == FLAT_1
    assert files["dbf"].getvalue()[29] == 0x65


# --- holders


@pytest.mark.parametrize(
    ("code", "field", "changes"),
    [
        ("held_already", "name", {}),
        ("held_already", "name", {"code": "chernobyl"}),
        ("no_name", "name", {"name": "  "}),
        ("ends_before", "ends_on", {"ends_on": date(2019, 12, 1)}),
        ("before_account", "ends_on", {"begins_on": date(2019, 1, 1), "ends_on": date(2020, 1, 1)}),
    ],
)
def test_a_holder_that_cannot_be_is_refused(town: Town, code: str, field: str, changes: dict) -> None:
    hold(town)
    with pytest.raises(holders.HolderRefused) as refused:
        hold(town, **changes)
    assert (refused.value.code, refused.value.field) == (code, field)


def workbook(tmp_path: Path, table: list[list[object]], name: str = "in.xlsx") -> Path:
    source = tmp_path / name
    book = xlsxwriter.Workbook(source)
    sheet = book.add_worksheet()
    for number, row in enumerate(table):
        sheet.write_row(number, 0, row)
    book.close()
    return tables.keep(source.read_bytes(), name=name)


HEADINGS = [
    "№",
    "Лицевой счёт",
    "ФИО льготника",
    "Категория",
    "Документ",
    "Дата начала",
    "Дата окончания",
    "Чел.",
]


def take(town: Town, path: Path, **options: object) -> holder_files.Imported:
    return holder_files.import_holders(
        path=path, name=path.name, supplier_id=town.supplier.pk, actor_id=None, at=AT, **options
    )


def test_a_registry_of_holders_is_taken_in_once(town: Town, tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        [
            ["Реестр льготников"],
            [],
            HEADINGS,
            [1, FLAT_1, "Иванова Мария Петровна", "disabled", "справка 1", "01.02.2024", "", 1],
            [
                2,
                FLAT_2,
                "Петров Пётр Ильич",
                "Герои и полные кавалеры ордена Славы",
                "книжка",
                "2024-03-01",
                "31.12.2026",
                2,
            ],
            [3, "0000000000", "Никто", "disabled", "справка", "01.02.2024", "", 1],
            [4, FLAT_1, "Другой", "герой", "справка", "01.02.2024", "", 1],
            [5, FLAT_1, "Другой", "disabled", "справка", "31.02.2024", "", 1],
            [6, FLAT_1, "Другой", "disabled", "", "01.02.2024", "", 1],
            [7, FLAT_1, "Другой", "disabled", "справка", "01.02.2024", "01.01.2024", 1],
            [8, FLAT_1, "Другой", "disabled", "справка", "01.02.2024", "", "много"],
            [9, FLAT_1, "иванова мария петровна", "chernobyl", "справка", "01.02.2025", "", 1],
        ],
    )
    dry = take(town, path, dry_run=True)
    assert not BenefitHolder.objects.exists()
    done = take(town, path)
    assert (dry.added, dry.errors) == (done.added, done.errors)
    assert (done.rows, done.added, done.changed, done.unchanged) == (9, 2, 0, 0)
    assert [(error.row, error.field, error.code) for error in done.errors] == [
        (6, "account", "unknown_account"),
        (7, "category", "unknown_category"),
        (8, "begins_on", "not_a_day"),
        (9, "document", "no_document"),
        (10, "ends_on", "ends_before"),
        (11, "people", "not_people"),
        (12, "name", "held_already"),
    ]
    hero = BenefitHolder.objects.get(category__code="hero")
    assert (hero.during.lower, hero.during.upper, hero.people) == (date(2024, 3, 1), date(2027, 1, 1), 2)
    at = set(BenefitHolder.objects.values_list("id", "changed_at"))
    again = take(town, path)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    assert set(BenefitHolder.objects.values_list("id", "changed_at")) == at


def test_a_registry_brings_holders_up_to_date(town: Town, tmp_path: Path) -> None:
    hold(town, "2", code="hero", name="Петров Пётр Ильич", people=2)
    path = workbook(
        tmp_path,
        [HEADINGS, [1, FLAT_2, "Петров Пётр Ильич", "hero", "книжка", "01.05.2026", "30.06.2027", 2]],
    )
    assert take(town, path).changed == 1
    holder = BenefitHolder.objects.get()
    assert (holder.during.lower, holder.during.upper) == (date(2020, 1, 1), date(2027, 7, 1)), (
        "2020 is not cut off"
    )
    more = workbook(
        tmp_path,
        [HEADINGS, [1, FLAT_2, "Петров Пётр Ильич", "hero", "книжка", "01.09.2026", "30.06.2027", 3]],
        "more.xlsx",
    )
    assert (take(town, more).changed, take(town, more).unchanged) == (1, 1)
    spans = BenefitHolder.objects.order_by("during").values_list("people", "during")
    assert [(people, during.lower, during.upper) for people, during in spans] == [
        (2, date(2020, 1, 1), date(2026, 9, 1)),
        (3, date(2026, 9, 1), date(2027, 7, 1)),
    ]


def test_columns_can_be_named_and_other_formats_read(town: Town) -> None:
    text = f"a;b;c;d;e\r\n{FLAT_1};Иванова Мария;disabled;справка;01.02.2024\r\n".encode("cp1251")
    path = tables.keep(text, name="in.csv")
    with pytest.raises(tables.BadFile, match="no_headings"):
        take(town, path)
    columns = {"account": "a", "name": "2", "category": "c", "document": "d", "begins_on": "e"}
    assert take(town, path, columns=columns).added == 1
    table = io.BytesIO()
    with shapefile.Writer(dbf=table, encoding="cp866") as writer:
        for name in ("LS", "FIO", "KOD", "DOC", "DATE_BEG"):
            writer.field(name, "D" if name == "DATE_BEG" else "C", size=60)
        writer.record(FLAT_1, "Иванова Мария", "disabled", "справка", date(2024, 2, 1))
    assert take(town, tables.keep(table.getvalue(), name="in.dbf")).unchanged == 1
    with pytest.raises(tables.BadFile):
        take(town, tables.keep(b"\x00\x01", name="in.xlsx"))


# --- subsidies

PAID = ["Лицевой счёт", "Получатель", "Месяц", "Сумма", "Решение"]


def subsidy(tmp_path: Path, table: list[list[object]], name: str = "subsidies.xlsx") -> Path:
    return workbook(tmp_path, [PAID, *table], name)


@pytest.fixture
def take_subsidies(town: Town) -> Callable[..., int]:
    def store(path: Path, **options: object) -> int:
        given: dict = {
            "document": "письмо № 5",
            "supplier_id": town.supplier.pk,
            "booked_period": MONTH,
            "today": AT.date(),
            "actor_id": None,
            "at": AT,
        }
        return subsidies.store(path=path, name=path.name, **(given | options))

    return store


ROWS = [
    [FLAT_1, "Иванова М. П.", "10.2026", 512.40, "77"],
    [FLAT_2, "Петров П. И.", "2026-10", 300, "78"],
    [FLAT_2, "Петров П. И.", "2026-10", 300, "78"],
    ["9999999999", "Неизвестный", "10.2026", 100.10, "79"],
    ["Итого", "", "", 1212.50, ""],
]


def disagreements() -> dict[str, tuple]:
    return {one.check.name: one.rows for one in books_check.check_books() if one.disagreements}


def test_subsidies_lower_what_is_owed(town: Town, tmp_path: Path, take_subsidies: Callable[..., int]) -> None:
    file = SubsidyFile.objects.get(
        pk=take_subsidies(subsidy(tmp_path, ROWS), expected_rows=4, expected_minor=121_250)
    )
    assert (file.rows, file.amount_minor) == (4, 121_250)
    assert balance_minor(account_id=town.accounts["1"].pk) == -51_240
    assert balance_minor(account_id=town.accounts["2"].pk) == -30_000
    entries = Entry.objects.filter(kind=EntryKind.SUBSIDY)
    assert sorted(entries.values_list("amount_minor", flat=True)) == [-51_240, -30_000]
    assert Batch.objects.get(origin=f"subsidies:{file.pk}").amount_minor == -81_240
    payments = Payment.objects.order_by("entry_no").values_list("amount_minor", "named_period", "agent__kind")
    assert list(payments) == [
        (51_240, MONTH.first_day, AgentKind.SUBSIDY),
        (30_000, MONTH.first_day, AgentKind.SUBSIDY),
    ]
    held = file.file_rows.filter(state=SubsidyRowState.HELD).order_by("row_no")
    assert [(row.row_no, row.problem, row.amount_minor) for row in held] == [
        (4, "paid_before", 30_000),
        (5, "unknown_account", 10_010),
    ]
    assert not disagreements()


def test_a_registry_of_subsidies_is_taken_once(
    town: Town, tmp_path: Path, take_subsidies: Callable[..., int]
) -> None:
    path = subsidy(tmp_path, ROWS)
    first = take_subsidies(path)
    with pytest.raises(subsidies.SubsidiesRefused, match="known") as refused:
        take_subsidies(path)
    assert refused.value.facts == {"file_id": first}
    resent = take_subsidies(
        subsidy(tmp_path, [*ROWS[:2], [FLAT_1, "Иванова М. П.", "11.2026", 1, "77"]], "again.xlsx")
    )
    assert list(
        SubsidyRow.objects.filter(file_id=resent).order_by("row_no").values_list("problem", flat=True)
    ) == ["paid_before", "paid_before", ""]
    assert balance_minor(account_id=town.accounts["1"].pk) == -51_340


def test_a_registry_that_does_not_add_up_or_cannot_be_read_changes_nothing(
    town: Town, tmp_path: Path, take_subsidies: Callable[..., int]
) -> None:
    for options in ({"expected_rows": 5}, {"expected_minor": 1}):
        with pytest.raises(subsidies.SubsidiesRefused, match="totals"):
            take_subsidies(subsidy(tmp_path, ROWS), **options)
    with pytest.raises(subsidies.SubsidiesRefused, match="totals"):
        take_subsidies(subsidy(tmp_path, [*ROWS[:4], ["", "Всего", "", 5, ""]], "total.xlsx"))
    bad = [
        [FLAT_1, "И", "10.2026", "сто", ""],
        [FLAT_1, "И", "13.2026", 5, ""],
        [FLAT_1, "И", "10.2026", -5, ""],
    ]
    with pytest.raises(subsidies.SubsidiesRefused, match="rows") as refused:
        take_subsidies(subsidy(tmp_path, bad, "bad.xlsx"))
    assert [(error.row, error.field) for error in refused.value.errors] == [
        (2, "amount"),
        (3, "period"),
        (4, "amount"),
    ]
    BillingPeriod.objects.filter(month=MONTH.first_day).update(state=2)
    with pytest.raises(PeriodClosed):
        take_subsidies(subsidy(tmp_path, ROWS))
    assert not SubsidyFile.objects.exists()
    assert not Batch.objects.exists()


def decided() -> dict:
    return {"actor_id": None, "at": AT}


def test_a_held_row_finds_its_account_or_goes_back(
    town: Town, tmp_path: Path, take_subsidies: Callable[..., int]
) -> None:
    file = take_subsidies(subsidy(tmp_path, ROWS))
    twice, unknown = SubsidyRow.objects.filter(file_id=file, state=SubsidyRowState.HELD).order_by("row_no")
    when = {"booked_period": MONTH, "today": AT.date()} | decided()
    with pytest.raises(subsidies.SubsidiesRefused, match="unknown_account"):
        subsidies.place(row_id=unknown.pk, account_number="1", **when)
    subsidies.place(row_id=unknown.pk, account_number=town.accounts["10"].number, **when)
    subsidies.give_back(row_id=twice.pk, note="повтор", **decided())
    assert balance_minor(account_id=town.accounts["10"].pk) == -10_010
    for row in (twice, unknown):
        with pytest.raises(subsidies.SubsidiesRefused, match="not_held"):
            subsidies.give_back(row_id=row.pk, note="", **decided())
    assert not disagreements()


def test_a_registry_is_reversed_whole_and_may_come_again(
    town: Town, tmp_path: Path, take_subsidies: Callable[..., int]
) -> None:
    path = subsidy(tmp_path, ROWS)
    file = take_subsidies(path)
    unknown = SubsidyRow.objects.get(file_id=file, problem="unknown_account")
    when = {"booked_period": MONTH, "today": AT.date()} | decided()
    subsidies.place(row_id=unknown.pk, account_number=town.accounts["10"].number, **when)
    subsidies.reverse(file_id=file, reason="не тот поставщик", **when)
    for flat in ("1", "2", "10"):
        assert balance_minor(account_id=town.accounts[flat].pk) == 0
    with pytest.raises(subsidies.SubsidiesRefused, match="reversed"):
        subsidies.reverse(file_id=file, reason="", **when)
    with pytest.raises(subsidies.SubsidiesRefused, match="reversed"):
        subsidies.give_back(
            row_id=SubsidyRow.objects.get(file_id=file, problem="paid_before").pk, note="", **decided()
        )
    assert not disagreements()
    take_subsidies(path)
    assert balance_minor(account_id=town.accounts["1"].pk) == -51_240
    assert not disagreements()


# --- debts


@pytest.fixture
def owing(town: Town) -> Town:
    """Flat 1 was charged 100 in each of August to October and paid 150; flat 2 owes an opening balance."""
    first, second = town.accounts["1"].pk, town.accounts["2"].pk
    for number, month in enumerate((MONTH.shift(-2), MONTH.shift(-1), MONTH)):
        post_batch(
            origin=f"t:{number}",
            postings=[Posting(first, 1, EntryKind.CHARGE, month.first_day, 10_000)],
            booked_period=month,
            booked_on=month.first_day,
            at=AT,
        )
    post_batch(
        origin="t:opening",
        postings=[Posting(second, 1, EntryKind.OPENING, MONTH.first_day, 7_000)],
        booked_period=MONTH,
        booked_on=MONTH.first_day,
        at=AT,
    )
    pay(town.accounts["1"], 15_000, paid_on=MONTH.first_day)
    return town


def test_a_debt_is_as_old_as_the_charges_that_cover_it(owing: Town) -> None:
    def ask(*numbers: str, until: Month = MONTH) -> list[debts.Debt]:
        return debts.debts(
            supplier_id=owing.supplier.pk, whom=debts.Whom.LISTED, until=until, numbers=numbers
        )

    second, unknown, first = ask(FLAT_2, "123", FLAT_1)
    assert (first.debt_minor, first.months, first.oldest, first.is_older) == (
        15_000,
        2,
        date(2026, 9, 1),
        False,
    )
    assert (second.debt_minor, second.months, second.is_older) == (7_000, 0, True)
    assert (unknown.account_id, unknown.number) == (0, "123")
    (september,) = ask(FLAT_1, until=MONTH.previous())
    assert (september.debt_minor, september.months) == (20_000, 2)
    assert first.payer == "Иванова Мария Петровна"
    assert first.address == "ул. Ленина, д. 12, кв. 1"


def test_the_answer_is_about_who_gets_something(
    owing: Town, tmp_path: Path, take_subsidies: Callable[..., int]
) -> None:
    take_subsidies(subsidy(tmp_path, ROWS[:1]))
    hold(owing, "2", name="Петров Пётр Ильич")

    def numbers(whom: debts.Whom) -> list[str]:
        return [row.number for row in debts.debts(supplier_id=owing.supplier.pk, whom=whom, until=MONTH)]

    assert numbers(debts.Whom.SUBSIDIES) == [FLAT_1]
    assert numbers(debts.Whom.BENEFITS) == [FLAT_2]
    answer = debts.debts(supplier_id=owing.supplier.pk, whom=debts.Whom.SUBSIDIES, until=MONTH)
    with debts.spreadsheet(answer, until=MONTH) as file:
        cells = CalamineWorkbook.from_filelike(io.BytesIO(file.read())).get_sheet_by_index(0).to_python()
    row = next(row for row in cells if row[0] == FLAT_1)
    assert row[3:5] == [0, 0], "what was paid is more than what was charged"
    (owed,) = debts.debts(supplier_id=owing.supplier.pk, whom=debts.Whom.BENEFITS, until=MONTH)
    assert owed.debt_minor == 7_000
