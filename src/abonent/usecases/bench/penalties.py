"""Penalties of a year of monthly debts: how fast they are counted in memory, and a real run through the database.

In memory: what the books hold of each shard (charges, payments with their months) is made up, not timed; timed is
everything a run computes of it, up to the entries it would post. In the database: a run from its first query to its
posted entries.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from time import perf_counter, process_time
from typing import Any

import numpy as np
import polars as pl
from django.db import connection, transaction

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.ledger.partitions import ensure_shared_slot
from abonent.contexts.payments.models import Agent, AgentKind, Settlement
from abonent.contexts.penalties.models import PenaltyRun
from abonent.engine.frames import empty, shape
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.rules.penalties import SUSPENSIONS
from abonent.usecases import penalties
from abonent.usecases.bench.memory import peak_memory
from abonent.usecases.penalties import storage
from abonent.usecases.penalties.counting import count, rules_of
from abonent.usecases.penalties.debts import CHARGED, DEBTORS, PAID, POSTED, Books

MONTHS = 12
SHARD_ACCOUNTS = 250_000
_MEGABYTE = 1 << 20
_FIRST = Month(2025, 7)
UNTIL = date(2026, 7, 31)
# of a hundred accounts so many pay: on time; up to four months late; late and half; never
_HABITS = {"on time": 0.75, "late": 0.15, "late and half": 0.05, "never": 0.05}
_ANNUAL_SHARE = 0.02
"""So many accounts have days without penalties."""


@dataclass(frozen=True)
class PenaltyFigures:
    """Seconds on the wall. `seconds` is what is computed: debts by due day, payments handed out to them, stretches of
    delay with their amounts, sums by debt against what was posted. Making the sample and writing are not in it."""

    accounts: int
    debts: int
    payments: int
    stretches: int
    debts_with_penalty: int
    amount_minor: int
    seconds: float
    cpu_seconds: float
    cores: int
    accounts_per_second: int
    microseconds_per_account: float
    sample_seconds: float
    peak_rss_mb: int
    habits: dict[str, float]
    computed: str = (
        "due days, repayments by debt, stretches, amounts, entries; in shards, from what the books hold"
    )
    written: str = "nothing"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class RunFigures:
    """A run through the database, from its first query to its posted entries. Seconds on the wall."""

    accounts: int
    charge_entries: int
    allocations: int
    penalty_entries: int
    stretches: int
    seconds: float
    phases: dict[str, float]
    accounts_per_second: int
    peak_rss_mb: int
    computed: str = "a run: read, counted, drafted in shards; approved"
    written: str = "stretches, accounts, entries, turnovers, in partitions of the run"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    *,
    accounts: int,
    parameters: ParameterSet,
    on_progress: Callable[[int], None] = lambda accounts: None,
) -> PenaltyFigures:
    """Count the penalties of so many accounts in memory, shard by shard."""
    rules = rules_of(parameters, on=UNTIL)
    debts = payments = stretches = charged = amount = 0
    seconds = cpu = sample = 0.0
    with peak_memory() as peak:
        for first in range(1, accounts + 1, SHARD_ACCOUNTS):
            begun = perf_counter()
            books = _books(first, min(SHARD_ACCOUNTS, accounts + 1 - first))
            sample += perf_counter() - begun
            begun, worked = perf_counter(), process_time()
            counted = count(books, rules, until=UNTIL)
            seconds += perf_counter() - begun
            cpu += process_time() - worked
            debts += books.charged.height
            payments += books.paid.height
            stretches += counted.lines.height
            charged += counted.differences.height
            amount += int(counted.differences["amount_minor"].sum())
            on_progress(first - 1)
    return PenaltyFigures(
        accounts=accounts,
        debts=debts,
        payments=payments,
        stretches=stretches,
        debts_with_penalty=charged,
        amount_minor=amount,
        seconds=round(seconds, 2),
        cpu_seconds=round(cpu, 2),
        cores=pl.thread_pool_size(),
        accounts_per_second=round(accounts / seconds),
        microseconds_per_account=round(seconds / accounts * 1e6, 2),
        sample_seconds=round(sample, 2),
        peak_rss_mb=peak(),
        habits=_HABITS,
    )


def _books(first: int, accounts: int) -> Books:
    """Make up what the books hold of some accounts: a debt a month, and how it was paid."""
    draw = np.random.default_rng(first)
    months = [_FIRST.shift(number).first_day for number in range(MONTHS)]
    period = np.tile(np.array(months, "M8[D]"), accounts)
    account = np.repeat(np.arange(first, first + accounts), MONTHS)
    owed = draw.integers(20_000, 400_000, accounts * MONTHS)
    on_time, late, half, _never = np.cumsum(list(_HABITS.values()))
    luck = np.repeat(draw.random(accounts), MONTHS)
    # days after the first of the next month: a bill is due on the 10th or the 15th
    delay = np.where(luck < on_time, draw.integers(0, 10, owed.size), draw.integers(11, 130, owed.size))
    paid = np.where(luck < late, owed, owed // 2)
    pays = luck < half
    common = {"account_id": account, "service": np.ones(owed.size, np.int16), "period": period}
    charged = pl.DataFrame({**common, "booked": period, "amount_minor": owed})
    paid_on = (period.astype("M8[M]") + 1).astype("M8[D]") + delay
    payments = pl.DataFrame({**common, "paid_on": paid_on, "amount_minor": paid}).filter(pl.Series(pays))
    excluded = np.arange(first, first + accounts)[draw.random(accounts) < _ANNUAL_SHARE]
    suspensions = pl.DataFrame(
        {
            "account_id": excluded,
            "begins_on": np.full(excluded.size, np.datetime64("2026-02-01")),
            "ends_on": np.full(excluded.size, np.datetime64("2026-04-01")),
        }
    )
    return Books(
        charged=shape(charged, CHARGED),
        paid=shape(payments, PAID),
        debtors=empty(DEBTORS),
        suspensions=shape(suspensions, SUSPENSIONS),
        posted=empty(POSTED),
    )


def measure_run(*, supplier_id: int, parameters: ParameterSet, clock: Callable[[], datetime]) -> RunFigures:
    """Count a run of the whole supplier and post it, then drop what it posted.

    For a database that is nothing but a bench, made by `prepare`.
    """
    booked = Month.of(UNTIL)
    phases: dict[str, float] = {}
    with peak_memory() as peak:
        begun = perf_counter()
        run_id = penalties.create(
            supplier_id=supplier_id, booked_period=booked, until=UNTIL, today=UNTIL, actor_id=None, at=clock()
        )
        phases["plan"] = perf_counter() - begun
        before = perf_counter()
        penalties.count_run(run_id, parameters=parameters, clock=clock, mass_accounts=0)
        phases["count"] = perf_counter() - before
        before = perf_counter()
        penalties.approve(run_id=run_id, actor_id=None, at=clock())
        phases["approve"] = perf_counter() - before
        seconds = perf_counter() - begun
    run = PenaltyRun.objects.get(pk=run_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE kind = 2), count(*) FILTER (WHERE kind = 7) FROM ledger_entry"
        )
        charges, entries = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM payments_allocation")
        (allocations,) = cursor.fetchone()
        storage.drop(cursor, run_id)
        for table in ("ledger_entry", "ledger_turnover"):
            cursor.execute(f"DROP TABLE {table}_{run.slot}")
        cursor.execute("DELETE FROM ledger_batch WHERE origin = %s", [f"penalties:{run_id}"])
        cursor.execute("DELETE FROM penalties_penaltyshard WHERE run_id = %s", [run_id])
        cursor.execute("DELETE FROM penalties_penaltyrun WHERE id = %s", [run_id])
    return RunFigures(
        accounts=run.accounts,
        charge_entries=charges,
        allocations=allocations,
        penalty_entries=entries,
        stretches=run.lines,
        seconds=round(seconds, 2),
        phases={name: round(value, 2) for name, value in phases.items()},
        accounts_per_second=round(run.accounts / seconds),
        peak_rss_mb=peak(),
    )


def prepare(*, supplier_id: int, at: datetime) -> None:
    """Let every account owe for twelve months and pay by its habit, once: entries, payments, allocations."""
    BillingPeriod.objects.get_or_create(supplier_id=supplier_id, month=Month.of(UNTIL).first_day)
    agent, is_new = Agent.objects.get_or_create(
        supplier_id=supplier_id, code="bench", defaults={"name": "Bench", "kind": AgentKind.REGISTRY}
    )
    if not is_new:
        return
    tables = ("ledger_entry", "ledger_turnover", "payments_allocation")
    with transaction.atomic(), connection.cursor() as cursor:
        for number in range(MONTHS):
            month = _FIRST.shift(number)
            slot = ensure_shared_slot(cursor, month, tables=tables)
            settlement = Settlement.objects.create(
                slot=slot, origin="bench", booked_period=month.first_day, booked_on=month.last_day, made_at=at
            )
            values: dict[str, Any] = {
                "supplier": supplier_id, "agent": agent.pk, "slot": slot, "settlement": settlement.pk, "at": at,
                "month": month.first_day, "next": month.next().first_day, "last": month.last_day,
            }  # fmt: skip
            cursor.execute(_DEBTS, values)
            cursor.execute(_PAYMENTS, values)
        cursor.execute("ANALYZE ledger_entry, payments_payment, payments_allocation")


_DEBTS = """
WITH batch AS (
    INSERT INTO ledger_batch (slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor,
        reason, created_at)
    SELECT %(slot)s, 'import:bench-' || %(month)s, 0, %(month)s, %(last)s, 2, 0, 0, 0, '', %(at)s RETURNING id, slot)
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
SELECT batch.slot, batch.id, a.id, a.id, 1, 2, %(month)s, %(last)s, 20000 + a.id * 7919 %% 380000
FROM contracts_account a CROSS JOIN batch ORDER BY a.id
"""
# Of a hundred accounts 75 pay on time, 15 late, 5 late and half, 5 never; due days are the 10th and the 15th.
_PAYMENTS = """
WITH paid AS (
    INSERT INTO payments_payment (supplier_id, agent_id, row_no, key, external_id, account_id, paid_on, booked_on,
        amount_minor, commission_minor, payer, payer_inn, account_text, address, purpose, recognition, confidence,
        state, slot, batch_id, entry_no, created_at)
    SELECT %(supplier)s, %(agent)s, 0, gen_random_uuid(), '', a.id,
        %(next)s::date + (CASE WHEN a.id %% 100 < 75 THEN a.id %% 10 ELSE 11 + a.id * 31 %% 119 END)::int, %(last)s,
        (20000 + a.id * 7919 %% 380000) / CASE WHEN a.id %% 100 < 90 THEN 1 ELSE 2 END,
        0, '', '', '', '', '', 8, 100, 2, 0, 0, a.id, %(at)s
    FROM contracts_account a WHERE a.id %% 100 < 95 ORDER BY a.id RETURNING id, account_id, amount_minor)
INSERT INTO payments_allocation (slot, settlement_id, line_no, account_id, payment_id, period, service, debt, booked_on,
    amount_minor)
SELECT %(slot)s, %(settlement)s, account_id, account_id, id, %(month)s, 1, 1, %(last)s, amount_minor FROM paid
"""
