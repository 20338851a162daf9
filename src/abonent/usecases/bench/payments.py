"""A registry of payments from its bytes to the books, against copying the same rows and deciding nothing.

The yardstick is a plain COPY: the rows that the import wrote, byte for byte into tables with the same indexes.
"""

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

import polars as pl
import psycopg
from django.db import connection

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.ledger.models import Batch
from abonent.contexts.ledger.operations import add_turnovers
from abonent.contexts.ledger.partitions import ensure_shared_slot
from abonent.contexts.payments.models import Agent, AgentKind
from abonent.gateways import columnar
from abonent.kernel.periods import Month
from abonent.usecases import books_check, import_payments
from abonent.usecases.bench.memory import peak_memory
from abonent.usecases.billing_run.shards import dsn

_MEGABYTE = 1 << 20
_DEBTS = "import:bench-debts"
_MONTHS_OWED = 6
_TABLES = ("ledger_entry", "ledger_turnover", "payments_allocation")
_COPIED = ("payments_payment", *_TABLES)


@dataclass(frozen=True)
class PaymentsFigures:
    """Seconds on the wall; steps named (busy) are added up over two connections; `ratio`: seconds ÷ copy_seconds."""

    accounts: int
    rows: int
    megabytes: float
    posted: int
    unidentified: int
    allocations: int
    seconds: float
    rows_per_second: int
    copy_seconds: float
    ratio: float
    peak_rss_mb: int
    phases: dict[str, float]
    again_seconds: float
    books_check_seconds: float
    books_are_right: bool

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def prepare(*, supplier_id: int, month: Month, at: datetime) -> int:
    """Let every account owe for the months before `month`, once; return the agent that sends the registry."""
    for one in (month, month.previous()):
        BillingPeriod.objects.get_or_create(supplier_id=supplier_id, month=one.first_day)
    if not Batch.objects.filter(origin=_DEBTS).exists():
        _owe(month.previous(), at)
    agent, _is_new = Agent.objects.get_or_create(
        supplier_id=supplier_id, code="bench", defaults={"name": "Bench", "kind": AgentKind.REGISTRY}
    )
    return agent.pk


def _owe(booked: Month, at: datetime) -> None:
    months = [booked.shift(-back).first_day for back in range(_MONTHS_OWED)]
    with connection.cursor() as cursor:
        slot = ensure_shared_slot(cursor, booked, tables=_TABLES)
        batch = Batch.objects.create(
            slot=slot,
            origin=_DEBTS,
            booked_period=booked.first_day,
            booked_on=booked.last_day,
            created_at=at,
        )
        cursor.execute(
            """INSERT INTO ledger_entry
               (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
               SELECT %s, %s, row_number() OVER (ORDER BY a.id, m), a.id, 1, 1, m, %s, 40000 + a.id %% 90000
               FROM contracts_account a CROSS JOIN unnest(%s::date[]) AS m""",
            [slot, batch.pk, booked.last_day, months],
        )
        add_turnovers(cursor, slot=slot, batch_id=batch.pk, booked_period=booked)
        cursor.execute(
            """UPDATE ledger_batch SET (entries, amount_minor) = (
                   SELECT count(*), sum(amount_minor) FROM ledger_entry WHERE slot = %s AND batch_id = %s)
               WHERE id = %s""",
            [slot, batch.pk, batch.pk],
        )
        cursor.execute("ANALYZE ledger_entry, ledger_turnover")


def write_registry(*, folder: Path, month: Month, payments: int) -> Path:
    """Write a registry as Сбербанк sends it: sums that cover from less than a month to all that is owed; one row in
    two hundred names an account that does not exist."""
    with columnar.snapshot(dsn()) as reader:
        numbers = columnar.read_frame(
            reader,
            "SELECT number FROM contracts_account ORDER BY hashtext(number)",
            {"number": pl.String},
        )
    rows = pl.DataFrame({"place": pl.int_range(payments, eager=True)}).with_columns(
        number=numbers["number"].gather(pl.int_range(payments, eager=True) % numbers.height)
    )
    minor = 10_000 + (pl.col("place") * 7_919) % 490_000
    lines = rows.with_columns(
        minor=minor, wrong=pl.col("place") % 200 == 7, day=1 + pl.col("place") % 25
    ).with_columns(
        sum=pl.format("{},{}", pl.col("minor") // 100, (pl.col("minor") % 100).cast(pl.String).str.zfill(2))
    )
    text = lines.select(
        pl.format(
            f"{{}}-{month.month:02}-{month.year};10-00-00;1111;1111999V;{{}};{{}};ИВАНОВ ИВАН ИВАНОВИЧ;"
            f"Г ОБРАЗЦОВСК, КВ.{{}};{month.previous().month:02}{month.year % 100:02};{{}};{{}};0,00;5",
            pl.col("day").cast(pl.String).str.zfill(2),
            (900_000_000_000 + pl.col("place")),
            pl.when("wrong").then(pl.lit("нет такого")).otherwise("number"),
            pl.col("place") % 300,
            "sum",
            "sum",
        ).alias("line")
    )
    total = int(lines["minor"].sum())
    said = f"{total // 100},{total % 100:02}"
    path = folder / f"bench-{payments}.txt"
    with path.open("wb") as file:
        for part in text.iter_slices(100_000):
            file.write("".join(f"{line}\r\n" for line in part["line"]).encode("cp1251"))
        file.write(f"={payments};{said};{said};0,00;1;25-{month.month:02}-{month.year}\r\n".encode("cp1251"))
    return path


def measure(
    *, path: Path, agent_id: int, month: Month, accounts: int, clock: Callable[[], datetime]
) -> PaymentsFigures:
    """Take the registry in and post it, again, copy what was written, check the books, and take it out of the way.

    For a database that is nothing but a bench.
    """
    forget(month)
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")

    def store() -> import_payments.Stored:
        return import_payments.store(
            path=path,
            name=path.name,
            agent_id=agent_id,
            booked_on=month.last_day,
            today=month.last_day,
            actor_id=None,
            at=clock(),
        )

    with peak_memory() as peak:
        begun = perf_counter()
        stored = store()
        seconds = perf_counter() - begun
        highest = peak()
    begun = perf_counter()
    assert store().was_stored, "the same bytes are the same file"
    again = perf_counter() - begun
    copy_seconds = _yardstick(month)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the server does by itself a minute after so many rows
    begun = perf_counter()
    is_right = not any(result.disagreements for result in books_check.check_books())
    checked = perf_counter() - begun
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_allocation")
        ((allocations,),) = cursor.fetchall()
    forget(month)
    return PaymentsFigures(
        accounts=accounts,
        rows=stored.rows,
        megabytes=round(path.stat().st_size / _MEGABYTE, 1),
        posted=stored.posted_rows,
        unidentified=stored.unidentified_rows,
        allocations=allocations,
        seconds=round(seconds, 2),
        rows_per_second=round(stored.rows / seconds),
        copy_seconds=round(copy_seconds, 2),
        ratio=round(seconds / copy_seconds, 2),
        peak_rss_mb=highest,
        phases={name: round(value, 2) for name, value in stored.seconds.items()},
        again_seconds=round(again, 2),
        books_check_seconds=round(checked, 2),
        books_are_right=is_right,
    )


def forget(month: Month) -> None:
    """Take everything paid out of the books again."""
    slot = int(month)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE payments_payment, payments_paymentfile, payments_settlement CASCADE")
        for table in _TABLES:
            cursor.execute("SELECT to_regclass(%s)", [f"{table}_{slot}"])
            if cursor.fetchone()[0] is not None:
                cursor.execute(f"TRUNCATE {table}_{slot}")
        cursor.execute("DELETE FROM ledger_batch WHERE origin LIKE 'payments:%%'")


def _yardstick(month: Month) -> float:
    """Return the seconds it takes to copy the rows that were written into tables with the same indexes."""
    seconds = 0.0
    sources = {"payments_payment": "payments_payment"} | {table: f"{table}_{int(month)}" for table in _TABLES}
    with psycopg.connect(dsn(), autocommit=True) as server:
        for table, source in sources.items():
            floor = f"bench_floor_{table}"
            server.execute(f"DROP TABLE IF EXISTS {floor}")
            server.execute(f"CREATE TABLE {floor} (LIKE {source} INCLUDING ALL EXCLUDING IDENTITY)")
            server.execute("CHECKPOINT")
            columns = _columns(server, source)
            with tempfile.TemporaryFile() as kept:
                _copy_out(server, source, columns, kept)
                kept.seek(0)
                begun = perf_counter()
                with (
                    server.cursor() as cursor,
                    cursor.copy(f"COPY {floor} ({columns}) FROM STDIN (FORMAT binary)") as copy,
                ):
                    while data := kept.read(_MEGABYTE):
                        copy.write(data)
                seconds += perf_counter() - begun
            server.execute(f"DROP TABLE {floor}")
    return seconds


def _columns(server: Any, table: str) -> str:
    rows = server.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
        "AND attgenerated = '' ORDER BY attnum",
        [table],
    )
    return ", ".join(name for (name,) in rows)


def _copy_out(server: Any, table: str, columns: str, kept: BinaryIO) -> None:
    with (
        server.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) TO STDOUT (FORMAT binary)") as copy,
    ):
        for data in copy:
            kept.write(data)
