"""`abonent readings …`: files of readings from the terminal."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from abonent.contexts.metering.models import ReadingFile, ReadingSender
from abonent.interfaces.cli import runtime
from abonent.interfaces.cli.billing import month_of
from abonent.usecases import import_readings, packs
from abonent.usecases.import_readings import gis
from abonent.usecases.reading_reasons import field_name, reason, tell_file

app = typer.Typer(help="Files of readings: look, store, answer; ГИС ЖКХ.", no_args_is_help=True)
console = Console(highlight=False)

Given = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="csv, xlsx, xls, dbf or ГИС ЖКХ xml.")
]
Sender = Annotated[str | None, typer.Option(help="The sender whose column map is to be used, by name.")]
FileNumber = Annotated[int, typer.Argument(help="The number the file was given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]


@app.command()
def look(file: Given, sender: Sender = None) -> None:
    """Keep a file and show what its columns are taken for; nothing is stored."""
    runtime.ready()
    with refusals(file.name):
        received = _receive(file, sender)
        seen = import_readings.look(file_id=received.pk, rows=8)
    names = {place: field_name(field) for field, place in seen.columns.items()}
    table = Table(
        *(f"{place}\n{names.get(place, '–')}" for place in range(1, len(seen.headers) + 1)), box=None
    )
    table.add_row(*seen.headers, style="bold")
    for row in seen.rows:
        table.add_row(*row)
    console.print(table)
    where = ", ".join(
        filter(None, [seen.kind, seen.encoding, repr(seen.delimiter) if seen.delimiter else "", seen.sheet])
    )
    console.print(
        f"File {received.pk}: {where}; header in row {seen.header_row}; "
        + ("guessed" if seen.by_guess else "by the map")
    )
    if seen.missing:
        console.print("No column for: " + ", ".join(map(field_name, seen.missing)))
        raise typer.Exit(1)


@app.command()
def store(
    file: Given,
    sender: Sender = None,
    answer: Annotated[Path | None, typer.Option(help="Where to write the file with reasons.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge a file and store what is accepted; the same file again changes nothing."""
    runtime.ready()
    now = timezone.now()
    with refusals(file.name), console.status("") as status:
        received = _receive(file, sender)
        stored = import_readings.store(
            file_id=received.pk,
            today=timezone.localdate(now),
            at=now,
            parameters=packs.pack_parameters(),
            on_progress=lambda progress: status.update(f"{progress.phase} {progress.rows:,} rows"),
        )
        if answer is not None:
            answer.write_bytes(import_readings.reasons_file(file_id=received.pk).content)
    if as_json:
        typer.echo(json.dumps(stored.__dict__, ensure_ascii=False))
        return
    if stored.was_stored:
        console.print(f"File {stored.file_id} was stored before; nothing was changed.")
    console.print(
        f"File {stored.file_id}: {stored.rows:,} rows; readings: {stored.accepted:,} accepted, "
        f"{stored.doubtful:,} doubtful, {stored.rejected:,} rejected, {stored.known:,} known already"
    )
    for code, count in stored.by_reason.items():
        console.print(f"{count:>10,}  {reason(code).title}")
    if stored.months_to_recalculate:
        console.print(f"{stored.months_to_recalculate:,} billed months wait for recalculation.")


@app.command()
def answer(
    file_id: FileNumber,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to; beside you if left out.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="ru, uk or en; that of the headers if left out.")
    ] = None,
) -> None:
    """Write the sender's own file with a column that says what became of each row."""
    runtime.ready()
    with refusals(str(file_id)):
        made = import_readings.reasons_file(file_id=file_id, language=language)
    target = output or Path(made.name)
    target.write_bytes(made.content)
    console.print(f"{target}: {len(made.content):,} bytes")


@app.command("to-gis")
def to_gis(
    period: Annotated[str, typer.Option("--period", help="The month of the readings, 2026-10.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="A folder; one file a request.")
    ],
) -> None:
    """Write the accepted readings of a month as requests for ГИС ЖКХ (XML), up to 1000 meters each."""
    runtime.ready()
    output.mkdir(parents=True, exist_ok=True)
    sent = gis.requests(month=month_of(period))
    count = 0
    for count, request in enumerate(sent.requests, 1):
        (output / f"readings-{period}-{count:05}.xml").write_bytes(request)
    console.print(
        f"{count} requests in {output}; readings without a GUID of meter or house: {sent.unnamed:,}"
    )


@app.command("gis-names")
def gis_names(file: Given) -> None:
    """Learn from a table what ГИС ЖКХ calls the meters and houses: meter number, its GUID, the house's ФИАС GUID."""
    runtime.ready()
    with refusals(file.name):
        learnt = gis.learn_names(path=file, name=file.name)
    console.print(
        f"{learnt.meters:,} meters and {learnt.houses:,} houses named; {learnt.unknown:,} rows not understood"
    )


def _receive(file: Path, sender: str | None) -> ReadingFile:
    sender_id = None
    if sender is not None:
        sender_id = ReadingSender.objects.filter(name=sender).values_list("id", flat=True).first()
        if sender_id is None:
            raise typer.BadParameter(f"no sender is called {sender}")
    return import_readings.receive(
        path=file, name=file.name, sender_id=sender_id, actor_id=None, at=timezone.now()
    )


@contextmanager
def refusals(name: str) -> Iterator[None]:
    try:
        yield
    except import_readings.BadFile as refusal:
        typer.echo(f"abonent: {tell_file(refusal.code, {'file': name, **refusal.facts})}", err=True)
        raise typer.Exit(1) from None
    except import_readings.FileBusy:
        typer.echo(f"abonent: {name}: another process is storing this file now", err=True)
        raise typer.Exit(1) from None
    except ReadingFile.DoesNotExist:
        typer.echo(f"abonent: there is no file {name}", err=True)
        raise typer.Exit(1) from None
