"""The turnover sheet of a month by account: until its first page, and until it is a spreadsheet."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil
from django.db import connection

from abonent.contexts.ledger.models import Turnover
from abonent.contexts.ledger.partitions import ensure_shared_slot
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import reports
from abonent.usecases.bench.desk import bill_once
from abonent.usecases.reports import Asked, Edition, Format, openings, reading

_PAGE_ROWS = 101
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class TurnoverFigures:
    """Seconds on the wall; `…_cpu_seconds` are those of this process and its database backend, whoever else works.

    `yardstick`: the month's turnovers added up by account, twice, and nothing more.
    """

    accounts: int
    months_of_books: int
    turnovers: int
    openings_seconds: float
    first_page_seconds: float
    first_page_cpu_seconds: float
    first_page_without_openings_seconds: float
    by_branch_seconds: float
    xlsx_seconds: float
    xlsx_cpu_seconds: float
    xlsx_megabytes: float
    rows: int
    yardstick_seconds: float
    yardstick_cpu_seconds: float
    first_page_per_yardstick: float
    xlsx_per_yardstick: float
    peak_rss_mb: int
    load_average: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    *,
    supplier_id: int,
    month: Month,
    months_of_books: int,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
) -> TurnoverFigures:
    """Measure a billed month on top of books of so many months, which are made if they are not there."""
    bill_once(supplier_id, month, parameters, clock)
    _make_books(month, months_of_books)
    with connection.cursor() as cursor:
        openings.know(cursor)
    openings.keep(months=[], at=clock())
    asked = Asked(supplier_id=supplier_id, today=month.last_day, period=month, choices={"by": "account"})
    without, _accounts = _first_page(asked)
    with _Stopwatch() as kept:
        openings.keep(months=[month], at=clock())
    first_page, accounts = _first_page(asked)
    by_branch, _branches = _first_page(replace(asked, choices={"by": "branch"}))
    yardstick = _yardstick(month)
    edition = Edition(
        report=reports.report("turnover"), asked=asked, language="ru", made_by="bench", made_at=clock()
    )
    with tempfile.TemporaryDirectory(prefix="abonent-turnover-") as folder:
        path = Path(folder) / "sheet.xlsx"
        with _Stopwatch() as xlsx:
            rows = reports.write(edition, format=Format.XLSX, path=path)
        megabytes = path.stat().st_size / _MEGABYTE
    return TurnoverFigures(
        accounts=accounts,
        months_of_books=months_of_books,
        turnovers=Turnover.objects.count(),
        openings_seconds=kept.seconds,
        first_page_seconds=first_page.seconds,
        first_page_cpu_seconds=first_page.cpu_seconds,
        first_page_without_openings_seconds=without.seconds,
        by_branch_seconds=by_branch.seconds,
        xlsx_seconds=xlsx.seconds,
        xlsx_cpu_seconds=xlsx.cpu_seconds,
        xlsx_megabytes=round(megabytes, 1),
        rows=rows,
        yardstick_seconds=yardstick.seconds,
        yardstick_cpu_seconds=yardstick.cpu_seconds,
        first_page_per_yardstick=round(first_page.cpu_seconds / yardstick.cpu_seconds, 2),
        xlsx_per_yardstick=round(xlsx.cpu_seconds / yardstick.cpu_seconds, 2),
        peak_rss_mb=psutil.Process().memory_info().rss // _MEGABYTE,
        load_average=round(psutil.getloadavg()[0], 1),
    )


class _Stopwatch:
    """Seconds on the wall, and seconds of CPU of this process and of the backend that works for it."""

    def __enter__(self) -> "_Stopwatch":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._backend = cursor.fetchone()[0]
        self._begun, self._used = perf_counter(), self._cpu()
        return self

    def __exit__(self, *_error: object) -> None:
        self.seconds = round(perf_counter() - self._begun, 2)
        self.cpu_seconds = round(max(self._cpu() - self._used, 0.01), 2)

    def _cpu(self) -> float:
        used = 0.0
        for pid in (None, self._backend):
            with suppress(psutil.Error):  # a server elsewhere: its work is not seen
                times = psutil.Process(pid).cpu_times()
                used += times.user + times.system
        return used


def _first_page(asked: Asked) -> tuple[_Stopwatch, int]:
    """Return the time until the first page with its totals, and how many rows there are in all."""
    with _Stopwatch() as watch, reading.moment() as cursor:
        table = reports.report("turnover").answer(cursor, asked).tables[0]
        _rows, totals = reading.first_page(cursor, table, asked, limit=_PAGE_ROWS)
    return watch, totals.rows


def _yardstick(month: Month) -> _Stopwatch:
    with _Stopwatch() as watch, connection.cursor() as cursor:
        for _time in range(2):
            cursor.execute(
                """SELECT count(*), sum(minor) FROM (
                       SELECT account_id, sum(balance_minor) AS minor FROM ledger_turnover
                       WHERE booked_period = %s GROUP BY account_id) added""",
                [month.first_day],
            )
            cursor.fetchone()
    return watch


def _make_books(month: Month, months: int) -> None:
    """Give every account the turnovers of the months before: charged as in this one, eight of ten paid."""
    with connection.cursor() as cursor:
        for before in range(1, months):
            past = month.shift(-before)
            slot = ensure_shared_slot(cursor, past)
            cursor.execute("SELECT EXISTS (SELECT FROM ledger_batch WHERE origin = %s)", [f"bench:{slot}"])
            if cursor.fetchone()[0]:
                continue
            cursor.execute(
                """INSERT INTO ledger_turnover (slot, account_id, booked_period, charged_minor, paid_minor)
                   SELECT %s, account_id, %s, charged_minor,
                          CASE WHEN account_id %% 10 < 8 THEN -charged_minor ELSE 0 END
                   FROM ledger_turnover WHERE booked_period = %s ON CONFLICT (slot, account_id) DO NOTHING""",
                [slot, past.first_day, month.first_day],
            )
            cursor.execute(
                """INSERT INTO ledger_batch (slot, origin, shard_no, booked_period, booked_on, state, lines, entries,
                                             amount_minor, reason, created_at)
                   VALUES (%s, %s, 0, %s, %s, 2, 0, 0, 0, '', now())""",
                [slot, f"bench:{slot}", past.first_day, past.first_day],
            )
