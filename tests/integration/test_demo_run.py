"""`abonent demo run`: from an empty database to printed bills, and again without changing anything."""

import re
import stat
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.db.models import Sum
from pypdfium2 import PdfDocument
from typer.testing import CliRunner

from abonent.contexts.access.models import Role, User
from abonent.contexts.charging.models import (
    Bill,
    BillingPeriod,
    ChargeLine,
    PeriodState,
    Recalculation,
    RecalculationCause,
    Run,
    RunKind,
    RunState,
)
from abonent.contexts.ledger.models import Batch, Entry, EntryKind, Turnover
from abonent.contexts.metering.models import ReadingFile, ReadingFileRow
from abonent.contexts.parties.models import Party
from abonent.contexts.payments.models import (
    Payment,
    PaymentFile,
    PaymentFileState,
    PaymentState,
    Reconciliation,
)
from abonent.contexts.penalties.models import PenaltyRun, PenaltyRunState
from abonent.engine import registry
from abonent.gateways import scratch_database
from abonent.gateways.home import home
from abonent.interfaces.cli import demo
from abonent.packs.ru.rules import catalogue
from abonent.usecases import billing_run

ACCOUNTS, BILLED_MONTHS = 1000, ["2026-08-01", "2026-09-01", "2026-10-01"]
OPTIONS = ["--accounts", str(ACCOUNTS), "--months", "2", "--period", "2026-10"]


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    with django_db_blocker.unblock(), scratch_database.template() as template, template.copy():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module")
def story(database: None) -> str:
    """What the first run tells; it was cut off in the middle of a month before."""
    runner = CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        really, seen = billing_run.approve, []

        def killed_in_the_second_month(**options: object) -> None:
            seen.append(options)
            if len(seen) == 2:
                raise KeyboardInterrupt
            really(**options)  # type: ignore[arg-type]

        patch.setattr(billing_run, "approve", killed_in_the_second_month)
        assert runner.invoke(demo.app, ["run", *OPTIONS]).exit_code != 0
    assert Run.objects.exclude(state=RunState.POSTED).count() == 1
    told = runner.invoke(demo.app, ["run", *OPTIONS])
    assert told.exit_code == 0, told.output
    return told.output


def test_it_tells_in_about_ten_lines_what_was_done_and_where_to_look(story: str) -> None:
    lines = [line for line in story.splitlines() if line.strip()]
    assert len(lines) == 11
    assert [line.split("  ")[0].split()[0] for line in lines] == [
        "Database", "Sample", "History", "2026-10", "Money", "Parked", "Bills", "Books", "Explain", "Office", "Password"
    ]  # fmt: skip
    assert "all agree" in lines[7]
    assert "nothing was changed" not in story


def test_every_month_is_billed_once_and_the_history_is_closed(story: str) -> None:
    runs = Run.objects.filter(kind=RunKind.BILLING).order_by("period")
    assert [str(run.period) for run in runs] == BILLED_MONTHS
    assert set(Run.objects.values_list("state", flat=True)) == {RunState.POSTED}
    states = BillingPeriod.objects.order_by("month").values_list("state", flat=True)
    assert list(states) == [PeriodState.CLOSED, PeriodState.CLOSED, PeriodState.OPEN]
    assert Bill.objects.filter(version=1).count() == Bill.objects.count() > 2.9 * ACCOUNTS


def test_every_rule_charges_somebody(story: str) -> None:
    """But for those that look back further than this history."""
    charged = ChargeLine.objects.filter(period="2026-10-01", reverses_batch_id=0).values_list(
        "rule", flat=True
    )
    looking_back = {catalogue.AVERAGE, catalogue.HOUSING_AVERAGE, catalogue.HOUSING_TRUE_UP}
    assert set(charged) == {rule.number for rule in registry.rules()} - {rule.number for rule in looking_back}


def test_gaps_are_closed_every_month(story: str) -> None:
    """A reading after a month without one takes that month along; the first billed month has none before it."""
    closed = Recalculation.objects.filter(cause=RecalculationCause.GAP_CLOSED, settled_at__isnull=False)
    of_months = Counter(str(period) for period in closed.values_list("period", flat=True))
    assert set(of_months) == set(BILLED_MONTHS[:-1])
    assert all(0.01 * ACCOUNTS < count < 0.06 * ACCOUNTS for count in of_months.values())
    assert not Recalculation.objects.filter(settled_at=None).exists()


def test_a_file_of_readings_has_rows_for_a_person(story: str) -> None:
    file = ReadingFile.objects.get()
    assert (file.rows, file.accepted, file.doubtful, file.rejected) == (8, 1, 2, 5)
    held = ReadingFileRow.objects.order_by("row_no").values_list("row_no", "reasons")
    assert {reason for _, reasons in held for reason in reasons} >= {
        "below_previous",
        "spike",
        "other_value_same_day",
        "outside_window",
        "unknown_meter",
        "unknown_account",
        "not_a_number",
    }


def test_people_pay_what_they_owed_before_the_month(story: str) -> None:
    batches = Batch.objects.filter(origin__startswith="import:demo-payments-").order_by("booked_period")
    assert [str(batch.booked_period) for batch in batches] == BILLED_MONTHS[:-1]
    paid = Entry.objects.filter(kind=EntryKind.PAYMENT)
    assert not paid.filter(amount_minor__gte=0).exists()
    for before, month in pairwise(BILLED_MONTHS):
        owed = Bill.objects.filter(period=before).aggregate(total=Sum("total_minor"))["total"]
        payments = -paid.filter(booked_on__startswith=month[:7]).aggregate(total=Sum("amount_minor"))["total"]
        assert 0.8 * owed < payments < 1.05 * owed
    owing = Turnover.objects.values("account_id").annotate(owed=Sum("balance_minor")).filter(owed__gt=100_000)
    assert owing.exists(), "some never pay"


def test_the_payments_of_the_period_come_in_files_and_the_registry_finds_its_money(story: str) -> None:
    registry, statement = PaymentFile.objects.order_by("booked_on")
    assert (registry.format, statement.format) == ("sber", "1c")
    assert {registry.state, statement.state} == {PaymentFileState.POSTED}
    arrived = Reconciliation.objects.get()
    assert arrived.file == registry
    assert (
        arrived.amount_minor
        == registry.transferred_minor
        == registry.amount_minor - registry.commission_minor
    )
    assert Payment.objects.filter(state=PaymentState.UNIDENTIFIED).count() == 3


def test_penalties_are_charged_once_for_all_who_are_late(story: str) -> None:
    run = PenaltyRun.objects.get()
    assert run.state == PenaltyRunState.POSTED
    assert run.amount_minor > 0
    charged = Entry.objects.filter(kind=EntryKind.PENALTY).aggregate(total=Sum("amount_minor"))["total"]
    assert charged == run.amount_minor


def test_the_bills_are_printed(story: str) -> None:
    path = home() / "printed" / "bills-2026-10.pdf"
    assert str(path) in story
    bills = Bill.objects.filter(period="2026-10-01").count()
    assert 1 <= len(PdfDocument(path)) - bills <= 10, "a page each, and a cover of all buildings"


@pytest.mark.filterwarnings("ignore")
def test_there_is_a_user_of_each_role_and_only_the_owner_can_read_the_password(story: str) -> None:
    kept_in = home() / "demo-users"
    assert stat.S_IMODE(kept_in.stat().st_mode) == 0o600
    password, *names = kept_in.read_text().split()
    assert password in story
    assert len(password) >= 12
    assert {User.objects.get(username=name).role for name in names} == set(Role)
    assert authenticate(username="operator", password=password)


def test_run_again_it_changes_nothing_and_says_so(story: str) -> None:
    with connection.cursor() as cursor:
        before = _everything(cursor)
        printed = (home() / "printed" / "bills-2026-10.pdf").stat().st_mtime_ns
        told = CliRunner().invoke(demo.app, ["run"])
        assert told.exit_code == 0
        assert "nothing was changed" in told.output
        assert _everything(cursor) == before
    assert (home() / "printed" / "bills-2026-10.pdf").stat().st_mtime_ns == printed


def test_another_sample_is_refused_in_words(story: str) -> None:
    for options in (["run", "--seed", "2"], ["load", "--accounts", "1500"]):
        told = CliRunner().invoke(demo.app, options)
        assert told.exit_code == 1
        assert re.search(r"another sample supplier: --accounts 1000 --seed 1", told.output)


def test_a_database_in_use_is_refused_in_words(django_db_setup: None, django_db_blocker) -> None:
    with django_db_blocker.unblock(), scratch_database.template() as template, template.copy():
        Party.objects.create(last_name="Настоящий")
        told = CliRunner().invoke(demo.app, ["run", *OPTIONS])
        assert told.exit_code == 1
        assert "a sample is never mixed with it" in told.output
        assert not User.objects.exists()


def _everything(cursor) -> dict[str, tuple]:
    tables = connection.introspection.table_names(cursor)
    digests = {}
    for table in tables:
        cursor.execute(f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t")
        digests[table] = cursor.fetchone()
    return digests
