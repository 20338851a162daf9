"""An import of payments killed with SIGKILL: the next start finishes it, to the very books of one left alone."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from tests import payment_files as samples
from tests import town as towns
from tests.town import Town

from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.payments.models import Payment
from abonent.gateways import database_server
from abonent.kernel.identifiers import account_number
from abonent.usecases import books_check, import_payments
from abonent.usecases.bench import killed

pytestmark = pytest.mark.django_db(transaction=True)
PAYERS, ROWS, SHARD_ROWS = 64, 1_500, 100
_ABONENT = "from abonent.interfaces.cli import main; main()"


@pytest.fixture
def town() -> Town:
    """A town with accounts in every bucket, each of which owes for three months."""
    built = towns.build()
    pattern = built.accounts["1"]
    accounts = Account.objects.bulk_create(
        Account(
            id=50_000 + 64 * place,
            number=account_number(5_000_000 + place),
            premise=pattern.premise,
            building=pattern.building,
            party=pattern.party,
            share_no=2 + place,
            during=pattern.during,
        )
        for place in range(PAYERS)
    )
    months = [date(2026, month, 1) for month in (7, 8, 9)]
    post_batch(
        origin="import:debts",
        postings=[
            Posting(account.pk, 1, EntryKind.OPENING, month, 50_000)
            for account in accounts
            for month in months
        ],
        booked_period=towns.MONTH,
        booked_on=towns.MONTH.first_day,
        at=towns._ENTERED,
    )
    return built


@pytest.fixture
def registry(town: Town, tmp_path: Path) -> Path:
    samples.sber(town.supplier)
    draw = random.Random(3)
    numbers = [account_number(5_000_000 + place) for place in range(PAYERS)]
    rows = [
        (draw.choice(numbers) if draw.random() < 0.98 else "чужой", draw.randrange(100, 9_000))
        for _ in range(ROWS)
    ]
    return samples.write(tmp_path, samples.sber_registry(rows))


def start(registry: Path) -> subprocess.Popen[bytes]:
    address = database_server.dsn(database=str(connection.settings_dict["NAME"]))
    command = ["payments", "import", str(registry), "--agent", "sber", "--book-on", "2026-10-31"]
    return subprocess.Popen(
        [sys.executable, "-c", _ABONENT, *command, "--shard-rows", str(SHARD_ROWS)],
        env=os.environ
        | {"ABONENT_DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "abonent.project.settings"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def payments_there() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_payment")
        ((count,),) = cursor.fetchall()
    return int(count)


@pytest.mark.parametrize("after", [0, 1, 400, 1_000])
def test_killed_and_finished(town: Town, registry: Path, after: int) -> None:
    """Killed as soon as so many payments are in the books (0: while it still reads)."""
    process = start(registry)
    patience = time.monotonic() + 120
    time.sleep(0.2 if after == 0 else 0)
    while payments_there() < after and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert start(registry).wait() == 0
    assert not import_payments.unfinished()
    assert not [result.check.name for result in books_check.check_books() if result.disagreements]
    finished = killed.digests()
    assert Payment.objects.count() == ROWS
    # what an import left alone brings: the same file, after the first was taken out of the books by hand
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE payments_payment, payments_paymentfile, payments_settlement CASCADE")
        cursor.execute("TRUNCATE payments_allocation_202610")
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER entry_is_immutable")
        cursor.execute(
            "DELETE FROM ledger_entry WHERE batch_id IN (SELECT id FROM ledger_batch WHERE origin LIKE 'payments:%')"
        )
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER entry_is_immutable")
        cursor.execute("DELETE FROM ledger_batch WHERE origin LIKE 'payments:%'")
        cursor.execute("UPDATE ledger_turnover SET paid_minor = 0")
    assert start(registry).wait() == 0
    assert killed.digests() == finished
