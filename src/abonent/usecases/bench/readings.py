"""A file of readings from its bytes to accepted readings, held rows and the answer to its sender."""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl
import psutil
import xlsxwriter
from django.db import connection

from abonent.contexts.metering.models import ReadingFile
from abonent.engine.parameters import ParameterSet
from abonent.gateways import columnar
from abonent.kernel.periods import Month
from abonent.usecases import import_readings
from abonent.usecases.bench.memory import peak_memory
from abonent.usecases.billing_run.shards import dsn
from abonent.usecases.import_readings.files import kept_in

_MEGABYTE = 1 << 20
_SEED = 3
_HEADERS = ("Лицевой счёт", "Номер ПУ", "Дата снятия", "Зона", "Показание")
_ZONES = {1: "", 21: "день", 22: "ночь", 31: "пик", 32: "полупик", 33: "ночь"}
# of a hundred rows so many are spoilt: a fall, a spike, an unknown meter, no figure
_SPOILT = ((0.2, "fall"), (0.5, "spike"), (0.7, "unknown"), (0.8, "text"))


@dataclass(frozen=True)
class FileFigures:
    """Seconds on the wall; `peak_rss_mb`: this process with those it starts, at their highest together."""

    kind: str
    megabytes: float
    rows: int
    accepted: int
    doubtful: int
    rejected: int
    known: int
    seconds: float
    store_seconds: float
    answer_seconds: float
    answer_megabytes: float
    rows_per_second: int
    peak_rss_mb: int
    rss_before_mb: int
    phases: dict[str, float]


@dataclass(frozen=True)
class ReadingsFigures:
    readings: int
    registers: int
    history_months: int
    files: list[FileFigures]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def write_files(*, folder: Path, month: Month, readings: int) -> list[Path]:
    """Write what the town's meters show in `month` into a csv and an xlsx, a row for each register, some spoilt."""
    rows = _shown(month, readings)
    delimited, book = (
        folder / f"readings-{month}-{readings}.csv",
        folder / f"readings-{month}-{readings}.xlsx",
    )
    if not delimited.exists():
        rows.write_csv(delimited, separator=";")
    if not book.exists():
        coming = book.with_suffix(".coming")
        workbook = xlsxwriter.Workbook(coming, {"constant_memory": True})
        sheet = workbook.add_worksheet("Показания")
        sheet.write_row(0, 0, _HEADERS)
        for place, row in enumerate(rows.iter_rows(), 1):
            for column, cell in enumerate(row[:-1]):
                sheet.write_string(place, column, cell or "")
            figure = row[-1].replace(",", ".")
            if figure.replace(".", "").isdigit():
                sheet.write_number(place, 4, float(figure))
            else:
                sheet.write_string(place, 4, figure)
        workbook.close()
        coming.rename(book)
    return [delimited, book]


def _shown(month: Month, readings: int) -> pl.DataFrame:
    first, end = month.previous().first_day, month.first_day
    with columnar.snapshot(dsn()) as opened:
        last = columnar.read_frame(
            opened,
            f"""SELECT a.number, m.serial, i.zone, max(r.value_wh)
                FROM metering_reading r JOIN metering_installation i ON i.id = r.installation_id
                JOIN metering_meter m ON m.id = i.meter_id JOIN contracts_account a ON a.premise_id = i.premise_id
                WHERE r.taken_on >= '{first}' AND r.taken_on < '{end}' AND r.status = 1 AND upper_inf(i.during)
                GROUP BY a.number, m.serial, i.zone ORDER BY a.number, i.zone LIMIT {readings}""",
            {"account": pl.String, "serial": pl.String, "zone": pl.Int16, "value_wh": pl.Int64},
        )
    draw = random.Random(_SEED)  # noqa: S311  no secret hangs on it
    kinds, values = [], []
    for value_wh in last["value_wh"]:
        luck = 100 * draw.random()
        kind = next((name for limit, name in _SPOILT if luck < limit), "")
        used_kwh = draw.randrange(40, 260)
        kwh = value_wh // 1000 + {"fall": -3_000, "spike": 9_000}.get(kind, used_kwh)
        kinds.append(kind)
        values.append("нет доступа" if kind == "text" else f"{max(kwh, 0)},{draw.randrange(10)}")
    day = f"{draw.randrange(16, 25)}.{month.month:02}.{month.year}"
    spoilt = pl.Series(kinds)
    return last.select(
        pl.col("account").alias(_HEADERS[0]),
        pl.when(spoilt == "unknown").then(pl.lit("Ж-000")).otherwise("serial").alias(_HEADERS[1]),
        pl.lit(day).alias(_HEADERS[2]),
        pl.col("zone").replace_strict(_ZONES, return_dtype=pl.String).alias(_HEADERS[3]),
        pl.Series(_HEADERS[4], values),
    )


def measure(
    *,
    files: list[Path],
    month: Month,
    today: date,
    parameters: ParameterSet,
    history_months: int,
    clock: Callable[[], datetime],
) -> ReadingsFigures:
    """Store each file and answer its sender, from a quiet server; what was stored is taken out of the way after."""
    figures = []
    for path in files:
        _forget(month)
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        figures.append(_measure(path, today, parameters, clock))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM metering_installation")
        registers = cursor.fetchone()[0]
    _forget(month)
    return ReadingsFigures(figures[0].rows, registers, history_months, figures)


def _measure(path: Path, today: date, parameters: ParameterSet, clock: Callable[[], datetime]) -> FileFigures:
    before = psutil.Process().memory_info().rss // _MEGABYTE
    with peak_memory() as peak:
        begun = perf_counter()
        file = import_readings.receive(path=path, name=path.name, sender_id=None, actor_id=None, at=clock())
        received = perf_counter() - begun
        stored = import_readings.store(file_id=file.pk, today=today, at=clock(), parameters=parameters)
        store_seconds = perf_counter() - begun
        answer = import_readings.reasons_file(file_id=file.pk)
        seconds = perf_counter() - begun
    return FileFigures(
        kind=path.suffix.lstrip("."),
        megabytes=round(path.stat().st_size / _MEGABYTE, 1),
        rows=stored.rows,
        accepted=stored.accepted,
        doubtful=stored.doubtful,
        rejected=stored.rejected,
        known=stored.known,
        seconds=round(seconds, 2),
        store_seconds=round(store_seconds, 2),
        answer_seconds=round(seconds - store_seconds, 2),
        answer_megabytes=round(len(answer.content) / _MEGABYTE, 1),
        rows_per_second=round(stored.rows / seconds),
        peak_rss_mb=peak(),
        rss_before_mb=before,
        phases={
            "receiving": round(received, 2),
            **{name: round(value, 2) for name, value in stored.seconds.items()},
        },
    )


def _forget(month: Month) -> None:
    """Empty the month's partition: for a database that is nothing but a bench."""
    for file in ReadingFile.objects.all():
        kept_in(file).unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE metering_readingfilerow, metering_readingfile")
        cursor.execute("SELECT to_regclass(%s)", [f"metering_reading_{int(month)}"])
        if cursor.fetchone()[0] is not None:
            cursor.execute(f"TRUNCATE metering_reading_{int(month)}")
