"""Files of payments: looked at, taken in once, posted, finished after whatever stopped that."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter

import polars as pl
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Q, Sum

from abonent.contexts.ledger.partitions import ensure_shared_slot
from abonent.contexts.payments.models import (
    Agent,
    Payment,
    PaymentFile,
    PaymentFileState,
    PaymentState,
)
from abonent.kernel.periods import Month
from abonent.usecases.import_payments import bank_lines, judging, posting, reading, reconciling
from abonent.usecases.import_payments.model import FileRefused, Look, Progress, Stored, Totals
from abonent.usecases.import_payments.reading import Taken
from abonent.usecases.take_payment import require_day

_POSTED_TABLES = ("ledger_entry", "ledger_turnover", "payments_allocation")
_PAYING = ("posted", "unidentified")


def look(*, path: Path, name: str, agent_id: int, today: date, partial: bool = False) -> Look:
    """Read a file and tell what would become of each row; its bytes are kept, nothing else is. Raises FileRefused."""
    sha256 = reading.keep(path)
    with _dropped_when_refused(sha256):
        return look_at(sha256, name=name, agent_id=agent_id, today=today, partial=partial)


def look_at(sha256: str, *, name: str, agent_id: int, today: date, partial: bool = False) -> Look:
    """Do the same with a file whose bytes are kept."""
    agent = Agent.objects.select_related("supplier").get(pk=agent_id)
    begun = perf_counter()
    taken = reading.read(sha256, name=name, agent=agent, today=today, partial=partial)
    read = perf_counter()
    refusal = None
    try:
        rows = judging.judged(taken, agent)
    except FileRefused as error:
        rows, refusal = judging.recognised(taken, agent), error
    return Look(
        name=name,
        format=taken.format,
        number=taken.number,
        dated_on=taken.dated_on,
        totals=taken.totals,
        rows=rows,
        lines=taken.lines,
        known_as=_known_as(agent.supplier_id, sha256),
        refusal=refusal,
        seconds={"reading": read - begun, "recognising": perf_counter() - read},
    )


def begin(
    *,
    sha256: str,
    name: str,
    agent_id: int,
    booked_on: date,
    today: date,
    actor_id: int | None,
    at: datetime,
    partial: bool = False,
    shard_rows: int | None = None,
) -> tuple[int, bool]:
    """Take a kept file in, to be posted; return its id, and whether it is new: the same bytes are one file.

    `shard_rows`: how many rows a shard aims at, where it is not the usual number.
    Raises FileRefused, DayLocked, PeriodClosed, PeriodUnknown; then nothing is written.
    """
    file_id, taken = _begin(sha256, name, agent_id, booked_on, today, actor_id, at, partial, shard_rows)
    return file_id, taken is not None


def _begin(
    sha256: str,
    name: str,
    agent_id: int,
    booked_on: date,
    today: date,
    actor_id: int | None,
    at: datetime,
    partial: bool,
    shard_rows: int | None,
) -> tuple[int, Taken | None]:
    """Do so; return the file and what was read of it, if it is new."""
    agent = Agent.objects.select_related("supplier").get(pk=agent_id)
    if (known := _known_as(agent.supplier_id, sha256)) is not None:
        return known, None
    taken = reading.read(sha256, name=name, agent=agent, today=today, partial=partial)
    if taken.rows.is_empty() and taken.lines.is_empty():
        raise FileRefused("empty", file=name)
    judging.refuse_changed(taken, agent)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            require_day(agent.supplier_id, booked_on)
            ensure_shared_slot(cursor, Month.of(booked_on), tables=_POSTED_TABLES)
            file = PaymentFile.objects.create(
                supplier_id=agent.supplier_id,
                agent=agent,
                format=taken.format,
                name=name[-200:],
                sha256=sha256,
                number=taken.number,
                dated_on=taken.dated_on,
                booked_on=booked_on,
                rows=taken.totals.rows,
                amount_minor=taken.totals.amount_minor,
                commission_minor=taken.totals.commission_minor,
                transferred_minor=taken.totals.transferred_minor,
                shards=posting.shards_for(taken.rows.height, shard_rows),
                partial=partial,
                received_at=at,
                received_by_id=actor_id,
            )
            bank_lines.store(file, taken.lines)
    except IntegrityError as error:
        known = _known_as(agent.supplier_id, sha256)
        if "payment_file_once" not in str(error) or known is None:
            raise
        return known, None
    return file.pk, taken


def post(
    *, file_id: int, today: date, at: datetime, on_progress: Callable[[Progress], None] = lambda _: None
) -> Stored:
    """Post what of a file is not yet in the books; a file that is posted is left as it is.

    Raises FileBusy, FileRefused, DayLocked, PeriodClosed; the file then waits as it is.
    """
    return _post_file(file_id, None, today, at, on_progress)


def _post_file(
    file_id: int,
    taken: Taken | None,
    today: date,
    at: datetime,
    on_progress: Callable[[Progress], None],
) -> Stored:
    file = PaymentFile.objects.select_related("agent__supplier").get(pk=file_id)
    if file.state != PaymentFileState.POSTING:
        return _as_stored(file, was_stored=True)
    with posting.alone(file):
        file.refresh_from_db()
        if file.state != PaymentFileState.POSTING:
            return _as_stored(file, was_stored=True)
        with transaction.atomic():
            require_day(file.supplier_id, file.booked_on)
        told, seconds = _post(file, taken, today, on_progress)
        with transaction.atomic():  # a file that is posted is matched with the bank, whatever stops us
            _finish(file, told, at=at)
            reconciling.reconcile(supplier_id=file.supplier_id, at=at)
    on_progress(Progress(phase="done", rows_done=file.rows, rows=file.rows))
    return _as_stored(file, seconds=seconds)


def store(
    *,
    path: Path,
    name: str,
    agent_id: int,
    booked_on: date,
    today: date,
    actor_id: int | None,
    at: datetime,
    partial: bool = False,
    shard_rows: int | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Stored:
    """Take a file in and post it, in one go; the same file again is finished or left as it is.

    Raises what `begin` and `post` raise.
    """
    begun = perf_counter()
    sha256 = reading.keep(path)
    with _dropped_when_refused(sha256):
        file_id, taken = _begin(sha256, name, agent_id, booked_on, today, actor_id, at, partial, shard_rows)
    taken_in = perf_counter() - begun
    stored = _post_file(file_id, taken, today, at, on_progress)
    return replace(stored, seconds={"taking in": taken_in, **stored.seconds})


@contextmanager
def _dropped_when_refused(sha256: str) -> Iterator[None]:
    """Keep no bytes of a file that is refused; whoever sends it has them."""
    try:
        yield
    except FileRefused:
        reading.drop_unknown(sha256=sha256, older_than=datetime.max.replace(tzinfo=UTC))
        raise


def unfinished() -> list[int]:
    """Return the files whose posting was begun and not finished, oldest first."""
    waiting = PaymentFile.objects.filter(state=PaymentFileState.POSTING).order_by("id")
    return list(waiting.values_list("id", flat=True))


def note_error(file_id: int, text: str) -> None:
    """Keep with a file why it could not be posted."""
    PaymentFile.objects.filter(pk=file_id).update(error=text)


def _post(
    file: PaymentFile, taken: Taken | None, today: date, on_progress: Callable[[Progress], None]
) -> tuple[Totals, dict[str, float]]:
    """Return what of the file was only told of, and the seconds by phase."""
    seconds: dict[str, float] = {}
    rows_done = 0

    @contextmanager
    def phase(name: str) -> Iterator[None]:
        on_progress(Progress(phase=name, rows_done=rows_done, rows=file.rows))
        begun = perf_counter()
        yield
        seconds[name] = perf_counter() - begun

    with phase("reading"):
        taken = taken or reading.read(
            file.sha256,
            name=file.name,
            agent=file.agent,
            today=max(today, file.booked_on),
            partial=file.partial,
        )
        if taken.totals != _totals_of(file):
            raise FileRefused("layout_changed", file=file.name)
    with phase("recognising"):
        rows = judging.recognised(taken, file.agent)
        keys = rows["key"]
        not_come = rows.filter(pl.col("outcome") == "told")["amount_minor"]
        told = Totals(rows=not_come.len(), amount_minor=int(not_come.sum()))
        rows = rows.filter(pl.col("outcome").is_in(_PAYING))
        if taken.is_statement:
            rows = bank_lines.with_line_ids(rows, supplier_id=file.supplier_id)
        del taken
    with phase("posting"):
        done = posting.done_shards(file.pk)
        shards = {
            int(number): part.drop("shard")
            for (number,), part in posting.cut(rows, file.shards).partition_by("shard", as_dict=True).items()
            if number not in done
        }
        if done:
            _refuse_other_keys(file, keys)
            _take_along(rows, shards, file, done)
        del rows

        def on_shard(height: int) -> None:
            nonlocal rows_done
            rows_done += height
            on_progress(Progress(phase="posting", rows_done=rows_done, rows=file.rows))

        if shards:
            spent = posting.post_shards(shards, posting.Tags.of(file), on_shard=on_shard)
            seconds |= {f"{name} (busy)": value for name, value in spent.items()}
    return told, seconds


def _totals_of(file: PaymentFile) -> Totals:
    return Totals(
        rows=file.rows,
        amount_minor=file.amount_minor,
        transferred_minor=file.transferred_minor,
        commission_minor=file.commission_minor,
    )


def _refuse_other_keys(file: PaymentFile, keys: pl.Series) -> None:
    """Raise FileRefused when what is in the books would not be known again, and so be posted twice.

    The agent's columns may have been changed to others that add up to the same.
    """
    brought = Payment.objects.filter(file=file).values_list("key", flat=True)
    if {key.hex for key in brought.iterator(chunk_size=50_000)} - set(keys):
        raise FileRefused("layout_changed", file=file.name)


def _take_along(
    rows: pl.DataFrame, shards: dict[int, pl.DataFrame], file: PaymentFile, done: set[int]
) -> None:
    """After a stop: rows of shards that are done, yet not in the books, are posted as one more shard.

    There are such rows when an account they are recognised by was opened or closed meanwhile.
    """
    of_done = posting.cut(rows, file.shards).filter(pl.col("shard").is_in(list(done)))
    with connection.cursor() as cursor:
        known = judging.known_keys(cursor, file.supplier_id, of_done["key"])
    left = of_done.join(known, on="key", how="anti")
    if left.height:
        number = max(*done, *shards, file.shards) + 1
        shards[number] = left.drop("shard")
        PaymentFile.objects.filter(pk=file.pk).update(shards=number)


def _finish(file: PaymentFile, told: Totals, *, at: datetime) -> None:
    """Say what came of a file."""
    with transaction.atomic():
        brought = Payment.objects.filter(file=file).aggregate(
            rows=Count("id"),
            minor=Sum("amount_minor", default=0),
            unidentified=Count("id", filter=Q(state=PaymentState.UNIDENTIFIED)),
        )
        PaymentFile.objects.filter(pk=file.pk).update(
            unidentified_rows=brought["unidentified"],
            told_rows=told.rows,
            told_minor=told.amount_minor,
            known_rows=file.rows - brought["rows"] - told.rows,
            known_minor=file.amount_minor - brought["minor"] - told.amount_minor,
            state=PaymentFileState.POSTED,
            posted_at=at,
            error="",
        )
    file.refresh_from_db()


def _as_stored(
    file: PaymentFile, *, was_stored: bool = False, seconds: Mapping[str, float] | None = None
) -> Stored:
    brought = file.rows - file.known_rows - file.told_rows
    return Stored(
        file_id=file.pk,
        rows=file.rows,
        posted_rows=brought - file.unidentified_rows,
        unidentified_rows=file.unidentified_rows,
        known_rows=file.known_rows,
        told_rows=file.told_rows,
        amount_minor=file.amount_minor - file.known_minor - file.told_minor,
        was_stored=was_stored,
        seconds=seconds or {},
    )


def _known_as(supplier_id: int, sha256: str) -> int | None:
    """Return the file that brought these very bytes, unless it was reversed."""
    files = PaymentFile.objects.filter(supplier_id=supplier_id, sha256=sha256)
    return files.exclude(state=PaymentFileState.REVERSED).values_list("id", flat=True).first()
