"""A month of the sample supplier, killed at random instants: taken up again, its books are those of one left in peace.

The month is files of readings and of payments, a billing run, settling, penalties and bills, in a process of its own.
"""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from time import perf_counter, sleep
from typing import Any

from django.db import connection

from abonent.engine.parameters import ParameterSet
from abonent.gateways import database_server, scratch_database
from abonent.usecases import books_check, demo_supplier

_CHILD = """
import django
django.setup()
from abonent.usecases.bench import killed_month
print("ready", flush=True)
killed_month.live_last_month()
"""
# what the books say without the numbers rows happened to get
_SAID = (
    "SELECT account_id, service, kind, period, booked_on, sum(amount_minor), count(*) FROM ledger_entry "
    "GROUP BY 1, 2, 3, 4, 5",
    "SELECT account_id, sum(balance_minor), sum(paid_minor), sum(penalty_minor) FROM ledger_turnover GROUP BY 1",
    "SELECT key, account_id, amount_minor, state, recognition FROM payments_payment",
    "SELECT a.account_id, p.key, a.period, a.service, a.debt, sum(a.amount_minor) FROM payments_allocation a "
    "LEFT JOIN payments_payment p ON p.id = a.payment_id GROUP BY 1, 2, 3, 4, 5 HAVING sum(a.amount_minor) <> 0",
    "SELECT account_id, service, rule, zone, period, begins_on, ends_on, quantity_wh, price_e5, sum(amount_minor), "
    "count(*) FROM charging_chargeline GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9",
    "SELECT l.account_id, l.period, l.begins_on, l.ends_on, l.base_minor, l.rate_e2, l.divisor, l.amount_minor "
    "FROM penalties_penaltyline l JOIN penalties_penaltyrun r ON r.id = l.run_id AND r.state = 4",
    "SELECT key, own_account, amount_minor, state FROM payments_bankline",
    "SELECT account_id, period, total_minor, penalty_minor, paid_minor FROM charging_bill b WHERE version = "
    "(SELECT max(version) FROM charging_bill WHERE account_id = b.account_id AND period = b.period)",
)
_IN_PEACE_S = 600


@dataclass(frozen=True)
class KillFigures:
    """Instants in seconds after the work began; `wrong` are those after which something differed, with what."""

    accounts: int
    instants: int
    undisturbed_seconds: float
    first_seconds: float
    last_seconds: float
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def live_last_month() -> None:
    """Let the sample supplier of the present database live its last month; what is done of it stays."""
    from django.utils import timezone

    from abonent.usecases import packs

    sample = demo_supplier.present()
    assert sample is not None
    demo_supplier.live(
        sample=sample, month=sample.period, parameters=packs.pack_parameters(), clock=timezone.now
    )


def measure(
    *,
    sample: demo_supplier.Sample,
    instants: int,
    seed: int,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    on_progress: Callable[[int], None] = lambda done: None,
) -> KillFigures:
    """Live the months before in a scratch database, then the last one in copies of it: in peace, and killed."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    with scratch_database.template() as empty, empty.copy():
        demo_supplier.load(sample=sample, parameters=parameters, at=clock())
        for month in sample.opening.next().until(sample.period):
            demo_supplier.live(sample=sample, month=month, parameters=parameters, clock=clock)
        lived = scratch_database.Template(str(connection.settings_dict["NAME"]))
        connection.close()
        with lived.copy():
            begun = perf_counter()
            _child().wait(_IN_PEACE_S)
            whole = perf_counter() - begun
            in_peace = list(_digests())
        wrong: dict[str, list[str]] = {}
        at_work: list[float] = []
        reach = whole
        while len(at_work) < instants:
            with lived.copy():
                child, instant = _child(), chance.uniform(0, reach)
                sleep(instant)
                if child.poll() is not None:
                    reach = instant  # it was faster than the one in peace: draw again from what is left
                    continue
                at_work.append(instant)
                child.send_signal(signal.SIGKILL)
                child.wait()
                _wait_for_quiet()
                found = _disagreements("at once")
                if _child().wait(_IN_PEACE_S):
                    found.append("taking it up again failed")
                found += _disagreements("in the end")
                if list(_digests()) != in_peace:
                    found.append("other books than in peace")
                if found:
                    wrong[f"{instant:.3f}"] = found
            on_progress(len(at_work))
    return KillFigures(
        accounts=sample.accounts,
        instants=instants,
        undisturbed_seconds=whole,
        first_seconds=min(at_work, default=0.0),
        last_seconds=max(at_work, default=0.0),
        wrong=wrong,
    )


def _child() -> subprocess.Popen[bytes]:
    """Begin the work in a process of its own on Django's present database; return once it has begun."""
    url = database_server.dsn(database=str(connection.settings_dict["NAME"]))
    connection.close()
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD],
        env=os.environ | {"ABONENT_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "abonent.project.settings"},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    return child


def _wait_for_quiet() -> None:
    """Wait until the server has noticed that nobody waits for its answers any more."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            if cursor.fetchone()[0] == 0:
                return
            sleep(0.05)


def _disagreements(when: str) -> list[str]:
    return [f"{when}: {one.check.name}" for one in books_check.check_books() if one.disagreements]


def _digests() -> Iterator[tuple[int, int]]:
    with connection.cursor() as cursor:
        for said in _SAID:
            cursor.execute(f"SELECT count(*), sum(hashtextextended(s::text, 0)) FROM ({said}) s")
            yield cursor.fetchone()
