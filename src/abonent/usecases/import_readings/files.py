"""Files of readings: received once, looked at, judged and stored in one go."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl
from django.db import IntegrityError, connection, transaction
from psycopg.errors import UniqueViolation

from abonent.contexts.metering.models import ReadingFile, ReadingFileState, ReadingSender, ReadingSource
from abonent.contexts.parties.models import Supplier
from abonent.engine.parameters import ParameterSet
from abonent.gateways import spreadsheets
from abonent.gateways.bulk_load import copy_frame
from abonent.gateways.home import ensure_home
from abonent.packs.ru.formats import gis_readings
from abonent.packs.ru.reading_checks import read_checks
from abonent.usecases.import_readings import booking, checks, columns, matching, parsing, rows, zones
from abonent.usecases.import_readings.columns import Columns
from abonent.usecases.import_readings.model import BadFile, FileBusy, Look, Progress, Stored
from abonent.usecases.reading_reasons import tell_file

_CHUNK = 4 << 20
_ATTEMPTS = 3
_LOCK = 0x52454144  # of a file being stored; any number no other lock uses
_INSPECTOR, _IMPORT = 2, 5
_STATUSES = {checks.DOUBTFUL: 2, checks.REJECTED: 3}
_HELD = [
    "file_id",
    "row_no",
    "part",
    "status",
    "reasons",
    "said",
    "installation_id",
    "building_id",
    "taken_on",
    "value_wh",
    "previous_on",
    "previous_wh",
    "average_wh",
    "decision",
    "source",
]


def kept_in(file: ReadingFile) -> Path:
    """Return where the bytes of a file lie."""
    return ensure_home() / "received" / file.sha256


def receive(
    *, path: Path, name: str, sender_id: int | None, actor_id: int | None, at: datetime
) -> ReadingFile:
    """Keep a file that came in and return its row; the same bytes give the row they had before.

    `name` is the sender's name of the file, whose ending says what it is. Raises BadFile for a kind of file that is
    not known, an empty file or one that is too large.
    """
    try:
        if not gis_readings.is_xml(path, name=name):
            spreadsheets.kind_of(path, name=name)
    except spreadsheets.BadTable as error:
        raise BadFile(error.code, **{"file": name, **error.facts}) from error
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    values = {
        "sender_id": sender_id,
        "name": name[-200:],
        "size_bytes": path.stat().st_size,
        "created_at": at,
        "created_by_id": actor_id,
    }
    file, _made = ReadingFile.objects.get_or_create(sha256=digest.hexdigest(), defaults=values)
    kept = kept_in(file)
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        coming = kept.with_suffix(".coming")
        shutil.copyfile(path, coming)
        coming.rename(kept)
    return file


def read(file: ReadingFile) -> tuple[spreadsheets.Table, Columns]:
    """Read a received file and tell its columns. Raises BadFile."""
    kept = kept_in(file)
    try:
        if not kept.exists():
            raise BadFile("gone", file=file.name)
        if gis_readings.is_xml(kept, name=file.name):
            table = spreadsheets.Table(
                "xml", _frame(gis_readings.table(gis_readings.read(kept.read_bytes())))
            )
        else:
            table = spreadsheets.read(kept, name=file.name)
        return table, columns.find(table, file.sender.columns if file.sender else {})
    except (spreadsheets.BadTable, BadFile, gis_readings.BadXml) as error:
        raise BadFile(error.code, **{"file": file.name, **error.facts}) from error


def _frame(lines: list[list[str]]) -> pl.DataFrame:
    names = [str(place) for place in range(1, len(lines[0]) + 1)]
    return pl.DataFrame(lines, schema=dict.fromkeys(names, pl.String), orient="row")


def look(*, file_id: int, rows: int = 20) -> Look:
    """Return the first rows of a file and what each column is taken for: by the sender's saved map, else guessed.

    Raises BadFile.
    """
    file = ReadingFile.objects.select_related("sender").get(pk=file_id)
    table, found = read(file)
    first = table.frame.head(found.header_row + rows).fill_null("").rows()
    return Look(
        kind=table.kind,
        encoding=table.encoding,
        delimiter=table.delimiter,
        sheet=table.sheet,
        header_row=found.header_row,
        headers=list(found.headers),
        rows=[list(row) for row in first[found.header_row :]],
        columns=dict(found.places),
        by_guess=found.by_guess,
        missing=found.missing,
        language=found.language,
    )


def save_sender(
    *,
    name: str,
    columns: Mapping[str, str | int],
    source: ReadingSource = ReadingSource.IMPORT,
    day_first: bool = True,
    sender_id: int | None = None,
) -> ReadingSender:
    """Keep how a sender's columns are to be understood: one of FIELDS → header text, or the column's place from 1.

    With `sender_id` that sender is changed. Raises ValueError for an unknown field or for a map that names neither
    meter nor account, or no value.
    """
    _check_map(columns)
    values = {"name": name, "columns": dict(columns), "source": source, "day_first": day_first}
    if sender_id is None:
        return ReadingSender.objects.create(**values)
    return ReadingSender.objects.update_or_create(pk=sender_id, defaults=values)[0]


_check_map = columns.check_map


def store(
    *,
    file_id: int,
    today: date,
    at: datetime,
    parameters: ParameterSet,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Stored:
    """Judge every row of a received file and store what is accepted; what is not is held as ReadingFileRow.

    A file that is stored already is left as it is. Raises BadFile (the file's row then says FAILED and why), FileBusy.
    """
    with _alone(file_id):
        file = ReadingFile.objects.select_related("sender").get(pk=file_id)
        if file.state == ReadingFileState.STORED:
            return _as_stored(file)
        _note(file_id, state=ReadingFileState.READING, rows=0, rows_done=0, error="", finished_at=None)
        try:
            return _store(file, today, at, parameters, on_progress)
        except BadFile as refusal:
            _note(
                file_id,
                state=ReadingFileState.FAILED,
                error=tell_file(refusal.code, refusal.facts),
                finished_at=at,
            )
            raise
        except Exception:
            _note(file_id, state=ReadingFileState.FAILED, error=tell_file("failed", {}), finished_at=at)
            raise


def _store(
    file: ReadingFile,
    today: date,
    at: datetime,
    parameters: ParameterSet,
    on_progress: Callable[[Progress], None],
) -> Stored:
    seconds: dict[str, float] = {}
    lines = 0

    @contextmanager
    def phase(name: str) -> Iterator[None]:
        on_progress(Progress(phase=name, rows_done=0, rows=lines))
        begun = perf_counter()
        yield
        seconds[name] = seconds.get(name, 0.0) + perf_counter() - begun

    with phase("reading"):
        table, found = read(file)
        if found.missing:
            raise BadFile("columns_missing", file=file.name, fields=list(found.missing))
        cells, kind, sheet = parsing.said(table, found), table.kind, table.sheet
        del table
        keys, claims = parsing.parse(cells, day_first=file.sender.day_first if file.sender else True)
        cells = cells.select("row_no", *found.places)
        lines = cells.height
        if not lines:
            raise BadFile("empty", file=file.name)
        layout = {
            "kind": kind,
            "sheet": sheet,
            "header_row": found.header_row,
            "language": found.language,
        }
    _note(file.pk, rows=lines, layout=layout)
    source = file.sender.source if file.sender else _IMPORT
    supplier = Supplier.objects.order_by("id").first()
    window = (supplier.reading_from_day, supplier.reading_to_day) if supplier else None
    rules = checks.Rules(today, read_checks(parameters, today), window)
    for attempt in range(_ATTEMPTS):
        judged = judge(keys, claims, source=source, rules=rules, phase=phase)
        try:
            with phase("storing"), transaction.atomic(), connection.cursor() as cursor:
                months = booking.book(
                    cursor,
                    judged.filter(pl.col("status") == checks.ACCEPTED),
                    at=at,
                    actor_id=file.created_by_id,
                    file_id=file.pk,
                    note=f"readings of the file {file.pk}",
                )
                _hold(cursor, file.pk, judged, cells)
                stored = _summary(file.pk, lines, judged, months)
                _finish(stored, at)
        except (IntegrityError, UniqueViolation):
            # somebody stored a reading of one of these days meanwhile: look again
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        break
    on_progress(Progress(phase="done", rows_done=lines, rows=lines))
    return Stored(**{**stored.__dict__, "seconds": seconds})


def judge(
    keys: pl.DataFrame, claims: pl.DataFrame, *, source: int, rules: checks.Rules, phase: Callable[[str], Any]
) -> pl.DataFrame:
    """Return every claim with its register, status and reasons."""
    with rows.many() as database:
        with phase("matching"):
            matched = zones.doubt_incomplete(database, matching.match(database, keys, claims))
            matched = matched.sort("row_no", "part").with_columns(
                source=pl.when("control").then(pl.lit(_INSPECTOR)).otherwise(pl.lit(source)).cast(pl.Int16),
                claim=pl.int_range(pl.len(), dtype=pl.Int64),
                doubt_confirmed=pl.lit(False),
                fall_confirmed=pl.lit(False),
            )
            complete = (
                pl.col("installation_id").is_not_null()
                & pl.col("taken_on").is_not_null()
                & pl.col("value_wh").is_not_null()
            )
            whole = matched.filter(complete)
        with phase("judging"):
            history = rows.history(database, whole.select("installation_id", "taken_on"))
            judged = checks.judge(whole.select(*checks.CLAIM), history, rules)
            del history
            also = [name for name in matched.columns if name not in checks.CLAIM]
            judged = judged.join(whole.select("claim", *also), on="claim")
            hopeless = matched.filter(~complete).with_columns(
                pl.lit(None, dtype=judged.schema[name]).alias(name)
                for name in checks.JUDGED
                if name not in ("status", "reasons")
            )
            hopeless = hopeless.with_columns(status=pl.lit(checks.REJECTED))
            together = pl.concat([judged, hopeless.select(judged.columns)])
            return zones.hold_together(together).sort("row_no", "part")


def _hold(cursor: Any, file_id: int, judged: pl.DataFrame, cells: pl.DataFrame) -> None:
    held = judged.filter(pl.col("status").is_in(list(_STATUSES)))
    if held.is_empty():
        return
    fields = [name for name in cells.columns if name != "row_no"]
    said = cells.join(held.select("row_no").unique(), on="row_no", how="semi").select(
        "row_no", said=pl.struct(fields).struct.json_encode()
    )
    rows = (
        held.drop("said")
        .join(said, on="row_no", how="left")
        .with_columns(
            pl.col("status").replace_strict(_STATUSES, return_dtype=pl.Int16),
            file_id=pl.lit(file_id),
            reasons=pl.concat_str(
                pl.lit("{"), pl.col("reasons").list.unique(maintain_order=True).list.join(","), pl.lit("}")
            ),
            decision=pl.lit(0),
        )
    )
    copy_frame(cursor, "metering_readingfilerow", _HELD, rows.select(_HELD))


def _summary(file_id: int, lines: int, judged: pl.DataFrame, months: int) -> Stored:
    counts = dict(judged["status"].value_counts().rows())
    held = judged.filter(pl.col("status").is_in(list(_STATUSES)))
    reasons = (
        held.select(pl.col("reasons").list.unique()).explode("reasons")["reasons"].drop_nulls().value_counts()
    )
    replaced = judged.filter(pl.col("status") == checks.ACCEPTED, pl.col("replaces_id").is_not_null()).height
    return Stored(
        file_id=file_id,
        rows=lines,
        accepted=counts.get(checks.ACCEPTED, 0),
        doubtful=counts.get(checks.DOUBTFUL, 0),
        rejected=counts.get(checks.REJECTED, 0),
        known=counts.get(checks.KNOWN, 0),
        replaced=replaced,
        months_to_recalculate=months,
        by_reason=dict(sorted(reasons.rows(), key=lambda row: (-row[1], row[0]))),
    )


def _finish(stored: Stored, at: datetime) -> None:
    _note(
        stored.file_id,
        state=ReadingFileState.STORED,
        rows=stored.rows,
        rows_done=stored.rows,
        accepted=stored.accepted,
        doubtful=stored.doubtful,
        rejected=stored.rejected,
        known=stored.known,
        replaced=stored.replaced,
        finished_at=at,
    )


def _as_stored(file: ReadingFile) -> Stored:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, count(*) FROM metering_readingfilerow CROSS JOIN unnest(reasons) AS code "
            "WHERE file_id = %s GROUP BY code ORDER BY 2 DESC, 1",
            [file.pk],
        )
        reasons = dict(cursor.fetchall())
    return Stored(
        file_id=file.pk,
        rows=file.rows,
        accepted=file.accepted,
        doubtful=file.doubtful,
        rejected=file.rejected,
        known=file.known,
        replaced=file.replaced,
        was_stored=True,
        by_reason=reasons,
    )


def _note(file_id: int, **values: object) -> None:
    ReadingFile.objects.filter(pk=file_id).update(**values)


@contextmanager
def _alone(file_id: int) -> Iterator[None]:
    """Hold the file for this connection; a process that is killed lets it go. Raises FileBusy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, file_id])
        if not cursor.fetchone()[0]:
            raise FileBusy
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, file_id])
