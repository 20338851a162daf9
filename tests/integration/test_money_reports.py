"""Reports about money tie to the ledger: sums worked out by hand or straight from its entries, another way round."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from pypdfium2 import PdfDocument
from python_calamine import CalamineWorkbook
from tests import street
from tests.street import MONTH, Built
from typer.testing import CliRunner

from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import Entry, EntryKind, Turnover
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.parties.models import Party, PartyKind
from abonent.contexts.payments.models import Agent, Allocation, Payment, PaymentState
from abonent.contexts.payments.queries import advance_minor, debts_of
from abonent.interfaces.cli import accounting as command
from abonent.interfaces.tasks import reports as tasks
from abonent.usecases import accounting_export, reports, statements, take_payment
from abonent.usecases.accounting_export import Wanted, What
from abonent.usecases.reports import Asked, Drill, Edition, Format, openings, reading
from abonent.usecases.reports import _sections as reports_sections
from abonent.usecases.reports import ageing as reports_ageing

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)
BY_HAND_MINOR = 50_000 + 12_345
ALL_MINOR = BY_HAND_MINOR + 50_000 + 30_000 + 900_000 + 40_000 + 77_700 + 25_000
AT = datetime(2026, 11, 1, 10, tzinfo=UTC)
MONEY = [EntryKind.PAYMENT, EntryKind.SUBSIDY, EntryKind.REFUND, EntryKind.TRANSFER]
Row = dict[str, Any]


def pay(built: Built, agent: Agent, name: str | None, minor: int, day: int, **more: Any) -> Payment:
    on = date(2026, 10, day)
    return take_payment.take(
        supplier_id=built.supplier.pk,
        agent_id=agent.pk,
        account_id=built.accounts[name].pk if name else None,
        amount_minor=minor,
        paid_on=on,
        booked_on=on,
        key=uuid4(),
        actor_id=None,
        at=AT,
        external_id=f"op-{day}-{minor}",
        **more,
    )


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[Built]:
    """The street with October billed and paid: in part, too much, taken back, moved, and one nobody can place.

    10/1 and 10/10 paid by hand; 10/5 has an entry of money with no payment behind it; the private house belongs to a
    company.
    """
    with django_db_blocker.unblock():
        try:
            made = street.build()
            sber, till = (
                Agent.objects.create(supplier=made.supplier, code=code, name=name, kind=kind)
                for code, name, kind in (("sber", "Сбербанк", 3), ("till", "Касса", 1))
            )
            pay(made, sber, "10/2", 50_000, 12)
            pay(made, till, "10/2", 30_000, 20)
            pay(made, sber, "10/3", 900_000, 12)
            wrong = pay(made, sber, "10/4", 40_000, 13)
            take_payment.reverse(
                payment_id=wrong.pk, reason="ошибка банка", booked_on=date(2026, 10, 15), actor_id=None, at=AT
            )
            pay(made, sber, None, 77_700, 14, payer="=Неизвестный & Ко")
            pay(made, sber, "100", 25_000, 16)
            bare = Posting(made.accounts["10/5"].pk, 1, EntryKind.PAYMENT, MONTH.first_day, -11_100)
            post_batch(
                origin="test:bare", postings=[bare], booked_period=MONTH, booked_on=date(2026, 10, 17), at=AT
            )
            company = Party.objects.create(
                kind=PartyKind.ORGANISATION, name="ООО «Дом & Ко»", inn="7701234567"
            )
            Account.objects.filter(pk__in=[made.accounts["100"].pk, made.accounts["2/2"].pk]).update(
                party=company
            )
            yield made
        finally:
            call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def asked(built: Built) -> Asked:
    return ask(built)


def ask(built: Built, **changes: Any) -> Asked:
    names = ("branch_id", "district_id", "building_id", "agent_id")
    places = {name: changes.pop(name) for name in names if name in changes}
    return Asked(supplier_id=built.supplier.pk, today=TODAY, period=MONTH, **places, choices=changes)


def answered(code: str, asked: Asked) -> tuple[list[Row], Row]:
    with reading.moment() as cursor:
        table = reports.report(code).answer(cursor, asked).tables[0]
        rows, totals = reading.first_page(cursor, table, asked, limit=1_000)
        assert totals.rows == len(rows)
        assert totals == reading.totals(cursor, table, asked)
        # what a page further on shows is what the first one would have
        assert [_plain(row) for row in reading.page(cursor, table, asked, limit=2, offset=1)] == [
            _plain(row) for row in rows[1:3]
        ]
        return rows, totals.of


def _plain(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def entries(**which: Any) -> int:
    return Entry.objects.filter(**which).aggregate(total=Sum("amount_minor"))["total"] or 0


LEVELS = ["branch", "district", "building", "account"]


@pytest.mark.parametrize("by", LEVELS)
def test_the_turnover_sheet_is_the_ledger(built: Built, by: str) -> None:
    rows, totals = answered("turnover", ask(built, by=by))
    before = date(2026, 10, 1)
    within = {"booked_on__gte": before, "booked_on__lt": date(2026, 11, 1)}
    assert (
        totals["opening_debt_minor"] - totals["opening_advance_minor"] == entries(booked_on__lt=before) != 0
    )
    assert totals["charged_minor"] == entries(kind=EntryKind.CHARGE, **within) != 0
    assert totals["paid_minor"] == -entries(kind__in=MONEY, **within) != 0
    closing = totals["closing_debt_minor"] - totals["closing_advance_minor"]
    assert closing == entries(booked_on__lt=date(2026, 11, 1))
    for row in rows:
        opening = row["opening_debt_minor"] - row["opening_advance_minor"]
        moved = row["charged_minor"] + row["recalculated_minor"] + row["penalty_minor"]
        left = row["closing_debt_minor"] - row["closing_advance_minor"]
        assert left == opening + moved - row["paid_minor"] - row["written_off_minor"]


def test_an_advance_of_one_pays_nobody_elses_debt(built: Built) -> None:
    accounts, _totals = answered("turnover", ask(built, by="account", building_id=built.buildings["10"].pk))
    (house,) = (
        row
        for row in answered("turnover", ask(built, by="building"))[0]
        if row["building_id"] == built.buildings["10"].pk
    )
    assert house["closing_advance_minor"] > 0 < house["closing_debt_minor"]
    for name in ("closing_debt_minor", "closing_advance_minor", "paid_minor"):
        assert house[name] == sum(row[name] for row in accounts)
    by_number = {row["account"]: row for row in accounts}
    paid = by_number[built.accounts["10/2"].number]
    assert (paid["paid_minor"], paid["payer"]) == (80_000, "Соколова Анна Ильинична 10/2")
    only, _totals = answered("turnover", ask(built, by="account", which="advance"))
    assert {row["closing_debt_minor"] for row in only} == {0}
    assert built.accounts["10/3"].number in {row["account"] for row in only}


def test_by_service_what_covers_nothing_is_an_advance(built: Built) -> None:
    rows, totals = answered("turnover", ask(built, by="service"))
    _rows, whole = answered("turnover", ask(built, by="branch"))
    for name in ("charged_minor", "paid_minor", "recalculated_minor"):
        assert totals[name] == whole[name]
    for end in ("opening", "closing"):
        assert (
            totals[f"{end}_debt_minor"] - totals[f"{end}_advance_minor"]
            == whole[f"{end}_debt_minor"] - whole[f"{end}_advance_minor"]
        )
    by_service = {row["service"]: row for row in rows}
    assert set(by_service) == {0, 1, 2}
    covered = Allocation.objects.aggregate(total=Sum("amount_minor"))["total"]
    assert covered > 0
    assert by_service[1]["paid_minor"] + by_service[2]["paid_minor"] == covered
    assert by_service[0]["closing_advance_minor"] == -entries(kind__in=MONEY) - covered


def test_opening_balances_added_up_beforehand_change_nothing(built: Built) -> None:
    plain = [answered("turnover", ask(built, by=by)) for by in ("account", "district")]
    assert openings.keep(months=[MONTH], at=AT) == [MONTH]
    with connection.cursor() as cursor:
        table = openings.source(cursor, MONTH.first_day)
        assert table == "reporting_opening_202610"
        cursor.execute(f"SELECT sum(balance_minor) FROM {table}")
        assert cursor.fetchone()[0] == entries(booked_on__lt=MONTH.first_day)
    assert [answered("turnover", ask(built, by=by)) for by in ("account", "district")] == plain
    assert openings.keep(months=[MONTH], at=AT) == [], "what is right is not made again"


def test_opening_balances_that_are_wrong_by_now_are_not_used(built: Built) -> None:
    openings.keep(months=[MONTH], at=AT)
    late = Posting(built.accounts["10/5"].pk, 1, EntryKind.CHARGE, date(2026, 9, 1), 4_321)
    before = MONTH.previous()
    post_batch(origin="test:late", postings=[late], booked_period=before, booked_on=before.last_day, at=AT)
    with connection.cursor() as cursor:
        assert openings.source(cursor, MONTH.first_day) is None
    _rows, totals = answered("turnover", ask(built, by="branch"))
    opening = totals["opening_debt_minor"] - totals["opening_advance_minor"]
    assert opening == entries(booked_on__lt=MONTH.first_day)
    assert openings.keep(months=[], at=AT) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('reporting_opening_202610')")
        assert cursor.fetchone()[0] is None, "what nobody needs is dropped"


def test_by_month_the_sheets_follow_each_other(built: Built) -> None:
    rows, _totals = answered("turnover", ask(built, by="month"))
    assert [row["month"] for row in rows] == [date(2026, 9, 1), date(2026, 10, 1)]
    for name in ("debt", "advance"):
        assert rows[1][f"opening_{name}_minor"] == rows[0][f"closing_{name}_minor"]


def test_the_register_holds_every_payment(asked: Asked, built: Built) -> None:
    rows, totals = answered("payments", asked)
    assert (
        totals["amount_minor"] == Payment.objects.aggregate(total=Sum("amount_minor"))["total"] == ALL_MINOR
    )
    assert len(rows) == 8
    for row in rows:
        if row["state"] == PaymentState.POSTED:
            assert row["amount_minor"] == row["covered_minor"] + row["advance_minor"]
    (unknown,) = answered("payments", ask(built, state="unidentified"))[0]
    assert (unknown["payer"], unknown["advance_minor"]) == ("=Неизвестный & Ко", None)
    (taken,) = answered("payments", ask(built, state="reversed"))[0]
    assert (taken["taken_minor"], taken["covered_minor"], taken["advance_minor"]) == (40_000, 0, 0)
    on_the_12th, _totals = answered("payments", ask(built, day="12"))
    assert sorted(row["amount_minor"] for row in on_the_12th) == [50_000, 50_000, 900_000]
    placed, _totals = answered("payments", ask(built, building_id=built.buildings["100"].pk))
    assert [row["amount_minor"] for row in placed] == [25_000]


@pytest.mark.parametrize("by", ["agent", "day", "branch", "district", "building"])
def test_payments_added_up(built: Built, by: str) -> None:
    _rows, totals = answered("payments_by", ask(built, by=by))
    assert totals["received_minor"] == ALL_MINOR - 77_700
    assert totals["reversed_minor"] == 40_000
    assert totals["net_minor"] == ALL_MINOR - 77_700 - 40_000
    assert totals["net_minor"] == -entries(kind__in=MONEY) - 11_100, "less the entry with no payment"


def test_payments_by_agent_and_day(built: Built) -> None:
    by_agent = {row["agent"]: row for row in answered("payments_by", ask(built, by="agent"))[0]}
    assert by_agent["Касса"]["net_minor"] == 30_000
    till = Agent.objects.get(code="till")
    (day,) = answered("payments_by", ask(built, by="day", agent_id=till.pk))[0]
    assert (day["day"], day["net_minor"]) == (date(2026, 10, 20), 30_000)


@pytest.mark.parametrize("by", LEVELS)
def test_collection_sets_what_was_paid_against_what_was_due(built: Built, by: str) -> None:
    _rows, totals = answered("collection", ask(built, by=by))
    due = entries(period=date(2026, 9, 1), kind__in=[EntryKind.CHARGE, EntryKind.RECALCULATION])
    paid = -entries(kind__in=MONEY, booked_on__gte=date(2026, 10, 1))
    assert (totals["plan_minor"], totals["fact_minor"]) == (due, paid)
    assert totals["share"] == round(Decimal(paid * 10_000) / due)
    parts = ("due_minor", "earlier_minor", "later_minor", "penalty_minor", "advance_minor")
    assert sum(totals[name] for name in parts) == paid


@pytest.mark.parametrize("by", ["agent", "day", "both"])
def test_what_came_in_is_allocated_or_rests(built: Built, by: str) -> None:
    rows, totals = answered("proceeds", ask(built, by=by))
    assert totals["received_minor"] == ALL_MINOR
    assert totals["unidentified_minor"] == 77_700
    for row in rows:
        allocated = ("due_minor", "earlier_minor", "later_minor", "penalty_minor", "court_minor")
        rest = row["advance_minor"] + row["unidentified_minor"] + row["taken_minor"]
        assert row["received_minor"] == sum(row[name] for name in allocated) + rest


@pytest.mark.parametrize("by", LEVELS)
def test_advances_are_what_the_accounts_say(built: Built, by: str) -> None:
    _rows, totals = answered("advances", ask(built, by=by))
    last = MONTH.last_day
    free = {}
    for account in Account.objects.all():
        money = -entries(account_id=account.pk, kind__in=MONEY, booked_on__lte=last)
        used = Allocation.objects.filter(account_id=account.pk, booked_on__lte=last)
        free[account.pk] = money - (used.aggregate(total=Sum("amount_minor"))["total"] or 0)
    assert totals["advance_minor"] == sum(minor for minor in free.values() if minor > 0) > 0
    flat = built.accounts["10/3"].pk
    assert free[flat] == advance_minor(account_id=flat, on=last)


@pytest.mark.parametrize("by", LEVELS)
def test_debts_by_age_add_up_to_the_balance(built: Built, by: str) -> None:
    rows, totals = answered("ageing", ask(built, by=by, debt="all"))
    assert totals["balance_minor"] == entries(booked_on__lte=MONTH.last_day)
    for row in rows:
        buckets = sum(row[name] for name, *_rest in reports_ageing.BUCKETS)
        debts = row["principal_minor"] + row["penalty_minor"] + row["court_minor"]
        assert buckets == debts
        assert row["balance_minor"] == debts - row["credit_minor"] - row["advance_minor"]


def test_a_debt_ages_from_the_day_it_was_due(built: Built) -> None:
    """The bill of September is due on 12 October, for the tenth is a Saturday: 19 days by the end of the month."""
    _rows, totals = answered("ageing", ask(built))
    open_minor = dict.fromkeys((9, 10), 0)
    for owed in debts_of(account_ids=Account.objects.values_list("id", flat=True), on=MONTH.last_day):
        open_minor[owed.period.month] += max(owed.open_minor, 0)
    assert totals["to_30_minor"] == open_minor[9] > 0
    assert totals["not_due_minor"] == open_minor[10] > 0
    assert all(
        totals[name] == 0 for name in ("to_60_minor", "to_365_minor", "over_3_years_minor", "penalty_minor")
    )


def test_what_payments_cover(asked: Asked) -> None:
    rows, totals = answered("covered", asked)
    assert totals["covered_minor"] == Allocation.objects.aggregate(total=Sum("amount_minor"))["total"]
    assert {row["period"] for row in rows} <= {date(2026, 9, 1), date(2026, 10, 1)}
    with reading.moment() as cursor:
        facts = [fact.value for fact in reports.report("covered").answer(cursor, asked).facts]
    assert facts[0] == -entries(kind__in=MONEY)
    assert facts[0] == facts[1] + facts[2]


def test_control_totals_show_what_no_payment_stands_behind(asked: Asked, built: Built) -> None:
    rows, totals = answered("control_totals", asked)
    assert totals["ledger_minor"] == -entries(kind__in=MONEY)
    without = {row["day"]: row["difference_minor"] for row in rows if row["agent"] is None}
    assert without == {date(2026, 10, 17): -11_100}
    assert {row["difference_minor"] for row in rows if row["agent"] == "Сбербанк"} == {0}
    (till,) = (row for row in rows if row["agent"] == "Касса")
    assert (till["of_till_minor"], till["till_difference_minor"]) == (30_000, -30_000), (
        "no cash order was written"
    )
    taken = next(row for row in rows if row["day"] == date(2026, 10, 15))
    assert (taken["taken_minor"], taken["ledger_minor"]) == (40_000, -40_000)
    differ, _totals = answered("control_totals", ask(built, which="differ"))
    assert len(differ) == 2


@pytest.mark.parametrize(
    "code", [one.code for one in reports.REPORTS if str(one.section) == str(reports_sections.MONEY)]
)
def test_drills_lead_to_the_same_sum(built: Built, code: str) -> None:
    """Each figure of the first row leads to a report that can be answered."""
    with reading.moment() as cursor:
        this = ask(built)
        table = reports.report(code).answer(cursor, this).tables[0]
        rows = reading.page(cursor, table, this, limit=1)
        for column in table.columns:
            if isinstance(column.opens, Drill):
                takes = {parameter: rows[0][key] for parameter, key in column.opens.takes.items()}
                places = {f"{name}_id": takes.pop(name) for name in list(takes) if name in _PLACED}
                takes.pop("period", None)
                below = ask(
                    built,
                    **column.opens.sets,
                    **{name: str(value) for name, value in takes.items()},
                    **places,
                )
                target = reports.report(column.opens.report or code)
                found = target.answer(cursor, below).tables[0]
                assert reading.totals(cursor, found, below).rows > 0, column.name


_PLACED = ("branch", "district", "building", "agent")


def test_a_file_says_what_the_screen_says(asked: Asked, built: Built, tmp_path: Path) -> None:
    """A plain table goes into the workbook as columns; names that need care come out as they are."""
    Party.objects.filter(accounts=built.accounts["10/6"]).update(last_name="<Ко & «Сын»>", first_name="=1+1")
    this = ask(built, by="account")
    edition = Edition(
        report=reports.report("turnover"),
        asked=this,
        language="ru",
        made_by="Анна",
        made_at=AT,
        sort="-paid_minor",
    )
    path = tmp_path / "sheet.xlsx"
    assert reports.write(edition, format=Format.XLSX, path=path) == len(answered("turnover", this)[0])
    book = CalamineWorkbook.from_path(path)
    lines = book.get_sheet_by_index(0).to_python()
    first = next(number for number, line in enumerate(lines) if line[0] == "Лицевой счёт") + 1
    rows, totals = answered("turnover", this)
    by_number = {row["account"]: row for row in rows}
    written = lines[first : first + len(rows)]
    assert [line[0] for line in written[:1]] == [built.accounts["10/3"].number]
    for line in written:
        row = by_number[line[0]]
        assert line[3] == row["payer"]
        names = [name for name in row if name.endswith("_minor") and not name.startswith("_")]
        assert [round(value * 100) for value in line[4:]] == [row[name] for name in names]
    assert any("=1+1" in line[3] and "<Ко & «Сын»>" in line[3] for line in written)
    last = lines[first + len(rows)]
    assert last[0] == "Итого"
    assert round(last[9] * 100) == totals["paid_minor"]
    pdf = tmp_path / "sheet.pdf"
    reports.write(edition, format=Format.PDF, path=pdf)
    assert "Оборотно-сальдовая ведомость" in PdfDocument(pdf)[0].get_textpage().get_text_range()


def test_a_statement_runs_from_balance_to_balance(built: Built) -> None:
    account = account_of(built, "10/2")
    moved = statements.movements(account_ids=[account.pk], first=date(2026, 10, 1), last=MONTH.last_day)
    assert moved.opening_minor == entries(account_id=account.pk, booked_on__lt=date(2026, 10, 1)) > 0
    assert moved.closing_minor == entries(account_id=account.pk)
    assert moved.total_minor(EntryKind.PAYMENT) == -80_000
    assert moved.entries[-1].balance_minor == moved.closing_minor
    balance = moved.opening_minor
    for entry in moved.entries:
        balance += entry.amount_minor
        assert entry.balance_minor == balance
    paid = [entry for entry in moved.entries if entry.kind == EntryKind.PAYMENT]
    assert [(entry.booked_on.day, entry.agent, entry.external_id) for entry in paid] == [
        (12, "Сбербанк", "op-12-50000"),
        (20, "Касса", "op-20-30000"),
    ]
    with pytest.raises(ValueError, match="before"):
        statements.movements(account_ids=[account.pk], first=TODAY, last=date(2026, 1, 1))


def test_a_statement_tells_which_payment_covers_which_month(built: Built) -> None:
    account = account_of(built, "10/2")
    debts = statements.months(account_id=account.pk, first=date(2026, 10, 1), last=MONTH.last_day)
    assert sum(one.covered_minor for one in debts) == 80_000
    assert sum(one.open_minor for one in debts) == entries(account_id=account.pk)
    september = next(one for one in debts if one.period == date(2026, 9, 1))
    assert september.payments[0].paid_on == date(2026, 10, 12), (
        "the earliest payment covers the earliest month"
    )
    as_it_was = statements.months(account_id=account.pk, first=date(2026, 9, 1), last=date(2026, 9, 30))
    assert [(one.covered_minor, list(one.payments)) for one in as_it_was] == [(0, [])]


def test_what_was_taken_back_says_so(built: Built) -> None:
    account = account_of(built, "10/4")
    moved = statements.movements(account_ids=[account.pk], first=date(2026, 10, 1), last=MONTH.last_day)
    back = next(
        entry for entry in moved.entries if entry.kind == EntryKind.PAYMENT and entry.amount_minor > 0
    )
    assert (back.booked_on.day, back.reason, back.agent) == (15, "ошибка банка", "Сбербанк")


def test_the_act_of_reconciliation_of_a_company(built: Built) -> None:
    accounts = [account_of(built, name) for name in ("100", "2/2")]
    last = MONTH.last_day
    act = statements.reconciliation(
        accounts=accounts, ours="АО «Образец-Энерго»", first=date(2026, 10, 1), last=last
    )
    (table,) = act.tables
    opening, *_entries, turnover = table.rows
    ids = [account.pk for account in accounts]
    assert (opening[2] or 0) - (opening[3] or 0) == entries(
        account_id__in=ids, booked_on__lt=date(2026, 10, 1)
    )
    assert turnover[2] - turnover[3] == entries(account_id__in=ids, booked_on__gte=date(2026, 10, 1))
    assert (table.total[2] or 0) - (table.total[3] or 0) == act.closing_minor == entries(account_id__in=ids)
    with pytest.raises(ValueError, match="nothing"):
        statements.reconciliation(accounts=[], ours="", first=date(2026, 10, 1), last=last)


def account_of(built: Built, name: str) -> Account:
    rows = Account.objects.select_related("premise__building__street", "premise__parent", "party")
    return rows.get(pk=built.accounts[name].pk)


# the export, read by a reader of its own: nothing of the writer's but the published names

_ED = "{http://v8.1c.ru/edi/edi_stnd/EnterpriseData/1.8}"
_MSG = "{http://www.1c.ru/SSL/Exchange/Message}"


def exported(built: Built, path: Path, **changes: Any) -> tuple[ElementTree.Element, Any]:
    days = {"first": MONTH.first_day, "last": MONTH.last_day}
    wanted = Wanted(supplier_id=built.supplier.pk, month=MONTH, **{**days, **changes})
    totals = accounting_export.write(wanted=wanted, path=path, at=AT)
    root = ElementTree.parse(path).getroot()
    assert root.findtext(f"{_MSG}Header/{_MSG}Format") == _ED.strip("{}")
    body = root.find(f"{_ED}Body")
    assert body is not None
    return body, totals


def minor_at(element: ElementTree.Element, *path: str) -> int:
    text = element.findtext("/".join(f"{_ED}{name}" for name in path))
    assert text is not None, path
    return int(Decimal(text) * 100)


def references(body: ElementTree.Element) -> list[tuple[str, str | None]]:
    keys = f"{_ED}КлючевыеСвойства/{_ED}Ссылка"
    return [(one.tag, one.findtext(keys)) for one in body]


def test_sales_in_the_export_are_the_turnovers(built: Built, tmp_path: Path) -> None:
    body, totals = exported(built, tmp_path / "a.xml")
    sales = body.findall(f"{_ED}Документ.РеализацияТоваровУслуг")
    charged = Turnover.objects.filter(booked_period=MONTH.first_day).aggregate(
        total=Sum("charged_minor") + Sum("recalculated_minor")
    )["total"]
    assert sum(minor_at(one, "Сумма") for one in sales) + totals.sales_left_out_minor == charged
    assert totals.ties
    for one in sales:
        lines = one.findall(f"{_ED}Услуги/{_ED}Строка")
        assert sum(minor_at(line, "Сумма") for line in lines) == minor_at(one, "Сумма")
        for line in lines:
            amount, vat = minor_at(line, "Сумма"), minor_at(line, "СуммаНДС")
            assert line.findtext(f"{_ED}СтавкаНДС") == "НДС22"
            assert abs(Decimal(amount) * 22 / 122 - vat) <= Decimal("0.5")
    names = {one.findtext(f"{_ED}Контрагент/{_ED}Наименование"): minor_at(one, "Сумма") for one in sales}
    own = [built.accounts[name].pk for name in ("100", "2/2")]
    assert names["ООО «Дом & Ко»"] == entries(account_id__in=own, booked_on__gte=date(2026, 10, 1), kind=2)


def test_money_in_the_export_is_the_days_of_the_ledger(built: Built, tmp_path: Path) -> None:
    body, totals = exported(built, tmp_path / "a.xml")
    tills, banks = (body.findall(f"{_ED}Документ.{kind}РасчетыСКонтрагентами") for kind in ("ПКО", "ПБДС"))
    assert [minor_at(one, "ОбщиеДанные", "Сумма") for one in tills] == [30_000]
    exported_minor = sum(minor_at(one, "ОбщиеДанные", "Сумма") for one in (*tills, *banks))
    assert exported_minor + totals.receipts_left_out_minor == -entries(kind__in=MONEY)
    assert totals.receipts_left_out_minor == -40_000, "what was taken back on a day of its own"
    for one in (*tills, *banks):
        assert minor_at(one, "РасшифровкаПлатежа", "Строка", "Сумма") == minor_at(one, "ОбщиеДанные", "Сумма")
    days, found = exported(
        built, tmp_path / "b.xml", first=date(2026, 10, 12), last=date(2026, 10, 12), what=What.RECEIPTS
    )
    assert not days.findall(f"{_ED}Документ.РеализацияТоваровУслуг")
    assert found.receipts_minor == found.receipts_ledger_minor == 50_000 + 900_000 + 50_000
    assert found.ties


def test_exported_again_the_objects_are_the_same(built: Built, tmp_path: Path) -> None:
    first, _totals = exported(built, tmp_path / "a.xml")
    again, _totals = exported(built, tmp_path / "b.xml")
    assert references(first) == references(again)
    keys = [key for _tag, key in references(first)]
    assert len(set(keys)) == len(keys)
    assert (tmp_path / "a.xml").read_bytes() == (tmp_path / "b.xml").read_bytes()
    known = {key for tag, key in references(first) if "Справочник" in tag}
    for one in first.iter(f"{_ED}Контрагент"):
        assert one.findtext(f"{_ED}Ссылка") in known


def test_nothing_is_not_exported(built: Built, tmp_path: Path) -> None:
    early = MONTH.shift(-5)
    wanted = Wanted(supplier_id=built.supplier.pk, month=early, first=early.first_day, last=early.last_day)
    with pytest.raises(accounting_export.NothingToExport):
        accounting_export.write(wanted=wanted, path=tmp_path / "a.xml", at=AT)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="not days"):
        Wanted(supplier_id=1, month=MONTH, first=date(2026, 9, 30), last=MONTH.last_day)


def test_the_export_from_the_terminal(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.runtime, "ready", lambda: None)
    path = tmp_path / "october.xml"
    done = CliRunner().invoke(command.app, ["export", "--period", "2026-10", "-o", str(path), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["ties"]
    assert told["receipts_minor"] + told["receipts_left_out_minor"] == -entries(kind__in=MONEY)
    assert path.exists()
    words = CliRunner().invoke(command.app, ["export", "--period", "2026-10", "-o", str(path)])
    assert "ties to the ledger" in words.stdout
    assert CliRunner().invoke(command.app, ["export", "--period", "2026-05", "-o", str(path)]).exit_code == 1
    wrong = CliRunner().invoke(command.app, ["export", "--period", "2026-10", "--from", "2026-09-30"])
    assert wrong.exit_code == 2


def test_opening_balances_of_open_months_are_added_up_at_night(built: Built) -> None:
    assert tasks.prepare(timestamp=0) == 2, "September and October are open"
    assert tasks.prepare(timestamp=0) == 0
    with connection.cursor() as cursor:
        assert openings.source(cursor, MONTH.first_day) == "reporting_opening_202610"
