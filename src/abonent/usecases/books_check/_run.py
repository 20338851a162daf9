"""Run the checks over one snapshot."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction

from abonent.kernel.periods import Month
from abonent.usecases import packs
from abonent.usecases.books_check import (
    _bands,
    _bills,
    _buildings,
    _cash,
    _files,
    _ledger,
    _lines,
    _made_of,
    _online,
    _payments,
    _penalties,
    _recalculations,
    _state,
    _storage,
    _usage,
)
from abonent.usecases.books_check._check import Check


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """A row that is not as it should be: where it stands, what was expected, what was found."""

    kind: str
    figure: str
    expected: str
    found: str
    slot: int | None = None
    batch_id: int | None = None
    no: int | None = None
    run_id: int | None = None
    account: str | None = None
    building_id: int | None = None
    period: str | None = None
    name: str | None = None

    @property
    def place(self) -> str:
        """Write where it stands: "line 1000000017/42/3", "bill 2026-10-0001", "building 7"."""
        if self.name is not None:
            return f"{self.kind} {self.name}"
        if self.kind in ("building", "run"):
            return f"{self.kind} {self.building_id if self.kind == 'building' else self.run_id}"
        numbers = [self.slot, self.batch_id, self.no]
        return f"{self.kind} {'/'.join(str(number) for number in numbers if number is not None)}"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one check found; `rows` are the first of its disagreements."""

    check: Check
    looked_at: int
    disagreements: int
    seconds: float
    rows: tuple[Disagreement, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.check.name,
            "sentence": str(self.check.sentence),
            "looked_at": self.looked_at,
            "disagreements": self.disagreements,
            "seconds": round(self.seconds, 3),
            "rows": [{"place": row.place} | asdict(row) for row in self.rows],
        }


Results = Iterator[Result]


def all_checks() -> tuple[Check, ...]:
    return (
        *_lines.CHECKS,
        *_usage.CHECKS,
        *_made_of.CHECKS,
        *_bands.CHECKS,
        *_buildings.CHECKS,
        *_ledger.CHECKS,
        *_recalculations.CHECKS,
        *_bills.CHECKS,
        *_payments.CHECKS,
        *_state.CHECKS,
        *_cash.CHECKS,
        *_online.CHECKS,
        *_files.CHECKS,
        *_penalties.CHECKS,
        *_storage.CHECKS,
    )


def check_books(*, booked_period: Month | None = None, limit: int = 20) -> Results:
    """Yield the result of each check as it is done: of all books, or of what was booked in one month.

    `limit`: how many disagreeing rows a check names; it counts them all.
    """
    with _snapshot():
        scope = _scope(booked_period)
        counts: dict[str, int] = {}
        for check in all_checks():
            began = time.monotonic()
            if check.looked_at not in counts:
                counts[check.looked_at] = _query(check.looked_at, scope)[0]["count"]
            disagreements, rows = _disagreements(check, scope, limit=limit)
            yield Result(
                check=check,
                looked_at=counts[check.looked_at],
                disagreements=disagreements,
                seconds=time.monotonic() - began,
                rows=rows,
            )


@contextmanager
def _snapshot() -> Iterator[None]:
    """Let every query see the books of one instant, and change nothing; inside a transaction, see what it sees."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL work_mem = '128MB'")
        # The price of a wrong guess is a nested loop over millions of rows.
        cursor.execute("SET LOCAL jit = off")
        yield


def _scope(booked_period: Month | None) -> dict[str, Any]:
    """Find what the checks know of: only what is attached or posted now, whatever is posted meanwhile."""
    posted = "SELECT slot, min(booked_period) AS month FROM ledger_batch WHERE state = 2 GROUP BY slot"
    booked = {row["slot"]: row["month"] for row in _query(posted, {})}
    attached = f"SELECT DISTINCT slot FROM ({_storage.PARTITIONS}) p WHERE slot IS NOT NULL"
    for row in _query(attached, {}):
        booked.setdefault(row["slot"], _month_of(row["slot"]))
    day = booked_period and booked_period.first_day
    slots = [slot for slot, month in booked.items() if day is None or month == day]
    runs = _query(
        "SELECT DISTINCT n.slot, s.period FROM charging_run n JOIN charging_runshard s ON s.run_id = n.id "
        "WHERE n.slot = ANY(%(slots)s)",
        {"slots": list(booked)},
    )
    months = {row["period"] for row in runs if row["slot"] in slots}
    return {
        "slots": slots,
        "all_slots": sorted(booked),
        "months": list(months),
        "bounds": _bands.bounds(packs.pack_parameters(), months),
        "month_slots": sorted({row["slot"] for row in runs if row["period"] in months}),
        "bills": [day]
        if day
        else [row["period"] for row in _query("SELECT DISTINCT period FROM charging_bill", {})],
    }


def _month_of(slot: int) -> date | None:
    return Month.from_int(slot).first_day if 190000 < slot < 1_000_000 and 1 <= slot % 100 <= 12 else None


def _disagreements(
    check: Check, scope: dict[str, Any], *, limit: int
) -> tuple[int, tuple[Disagreement, ...]]:
    found = _query(
        f"WITH wrong AS ({check.wrong}) SELECT count(*) OVER () AS disagreements, wrong.* FROM wrong LIMIT {limit:d}",
        scope,
    )
    accounts = {row.get("account_id") for row in found} - {None}
    numbers = {
        row["id"]: row["number"]
        for row in _query(
            "SELECT id, number FROM contracts_account WHERE id = ANY(%(ids)s)", {"ids": list(accounts)}
        )
    }
    rows = tuple(
        Disagreement(
            kind=row["kind"],
            figure=row["figure"],
            expected=str(row["expected"]),
            found=str(row["found"]),
            slot=row.get("slot"),
            batch_id=row.get("batch_id"),
            no=row.get("no"),
            run_id=row.get("run_id"),
            account=numbers.get(row.get("account_id")),
            building_id=row.get("building_id"),
            period=str(Month.of(row["period"])) if row.get("period") else None,
            name=row.get("name"),
        )
        for row in found
    )
    return (found[0]["disagreements"] if found else 0), rows


def _query(sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
