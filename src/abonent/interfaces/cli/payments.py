"""`abonent payments …`: files of money from the terminal."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments.models import Agent, AgentKind
from abonent.interfaces.cli import runtime
from abonent.kernel.money import format_minor
from abonent.usecases import billing_run, import_payments, settling
from abonent.usecases.import_payments.words import OUTCOMES, field_name, tell_file, tell_problem
from abonent.usecases.refusal_words import tell_run
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment

app = typer.Typer(help="Money: files of payments, who sends them.", no_args_is_help=True)
console = Console(highlight=False)

Given = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="A bank statement or a registry of payments.")
]
AgentCode = Annotated[str, typer.Option("--agent", help="Who sent it, by the agent's code.")]
BookOn = Annotated[str | None, typer.Option(help="The day to book on, 2026-10-31; today if left out.")]
Partial = Annotated[
    bool,
    typer.Option(
        "--vouched", help="An extract without all documents, or rows that stand twice: you vouch for it."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]

_KINDS = {
    "bank": AgentKind.BANK,
    "registry": AgentKind.REGISTRY,
    "portal": AgentKind.PORTAL,
}


@app.command()
def look(file: Given, agent: AgentCode, extract: Partial = False) -> None:
    """Read a file and tell what would become of its rows; nothing is stored."""
    runtime.ready()
    sender = _agent(agent)
    with refusals(file.name):
        seen = import_payments.look(
            path=file, name=file.name, agent_id=sender.pk, today=timezone.localdate(), partial=extract
        )
    totals = seen.totals
    console.print(
        f"{seen.format} {seen.number}: {totals.rows:,} rows, {format_minor(totals.amount_minor)}; "
        f"to be transferred {format_minor(totals.transferred_minor)}, "
        f"commission {format_minor(totals.commission_minor)}"
    )
    for outcome, count in seen.counts.items():
        console.print(f"{count:>10,}  {OUTCOMES[outcome]}")
    console.print(f"{seen.recognised_percent:>9}%  recognised")
    if seen.known_as:
        console.print(f"This very file was taken in before: file {seen.known_as}.")
    if seen.refusal:
        _refuse(file.name, seen.refusal)


@app.command("import")
def import_(
    file: Given,
    agent: AgentCode,
    book_on: BookOn = None,
    extract: Partial = False,
    shard_rows: Annotated[int | None, typer.Option(hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Take a file in and post it; the same file again changes nothing, or finishes what was stopped."""
    runtime.ready()
    sender, now = _agent(agent), timezone.now()
    today = timezone.localdate(now)
    with refusals(file.name), console.status("") as status:
        stored = import_payments.store(
            path=file,
            name=file.name,
            agent_id=sender.pk,
            booked_on=date.fromisoformat(book_on) if book_on else today,
            today=today,
            actor_id=None,
            at=now,
            partial=extract,
            shard_rows=shard_rows,
            on_progress=lambda progress: status.update(
                f"{progress.phase} {progress.rows_done:,} of {progress.rows:,} rows"
            ),
        )
    _tell(stored, as_json=as_json)


@app.command()
def resume(as_json: AsJson = False) -> None:
    """Finish the files whose posting was stopped."""
    runtime.ready()
    for file_id in import_payments.unfinished():
        now = timezone.now()
        with refusals(str(file_id)):
            stored = import_payments.post(file_id=file_id, today=timezone.localdate(now), at=now)
        _tell(stored, as_json=as_json)


@app.command("agent")
def agent_(
    code: Annotated[str, typer.Argument(help="A short word for the agent, sber.")],
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    kind: Annotated[str, typer.Option(help="bank, registry or portal.")] = "registry",
    inn: Annotated[str | None, typer.Option(help="The INN it transfers money under.")] = None,
    layout: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Its settings, a file of JSON.")
    ] = None,
) -> None:
    """Make a payment agent, or change what is given of it; without options of an agent there is, show it."""
    runtime.ready()
    if kind not in _KINDS:
        raise typer.BadParameter(f"kind is one of {', '.join(_KINDS)}")
    values = {"name": name, "inn": inn, "layout": json.loads(layout.read_text()) if layout else None}
    given = {field: value for field, value in values.items() if value is not None}
    made, _is_new = Agent.objects.update_or_create(
        supplier_id=supplier_id(),
        code=code,
        defaults=given,
        create_defaults={"name": code, "kind": _KINDS[kind]} | given,
    )
    console.print(f"{made.code}: {made.name}, {made.get_kind_display()} {made.inn}".rstrip())


@app.command()
def settle(
    everything: Annotated[
        bool, typer.Option("--all", help="Look at every account, not only where something was posted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let payments cover what was posted to many accounts; a worker does it by itself."""
    runtime.ready()
    now, supplier = timezone.now(), supplier_id()
    if everything:
        settling.request(supplier_id=supplier, origin="terminal", at=now)
    try:
        with console.status("") as status:
            changed = settling.settle_supplier(
                supplier_id=supplier,
                booked_on=timezone.localdate(now),
                clock=timezone.now,
                on_progress=lambda done: status.update(
                    f"{done.accounts_done:,} of {done.accounts_total:,} accounts, {done.accounts_changed:,} changed"
                ),
            )
    except settling.Busy as busy:
        console.print("The accounts are being settled at this moment; this goes on there.")
        raise typer.Exit(1) from busy
    if as_json:
        typer.echo(json.dumps({"accounts_changed": changed}))
    else:
        console.print(f"{changed:,} accounts had something to settle.")


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """Tell why a file is refused, row by row, and stop."""
    try:
        yield
    except import_payments.FileRefused as refusal:
        _refuse(name, refusal)
    except import_payments.FileBusy as busy:
        console.print(f"{name}: another process is posting it now.")
        raise typer.Exit(1) from busy
    except PaymentRefused as refused:
        console.print(f"{name}: {tell_payment(refused)}")
        raise typer.Exit(1) from refused
    except billing_run.RunRefused as refused:
        console.print(f"{name}: {tell_run(refused)}")
        raise typer.Exit(1) from refused


def _refuse(name: str, refusal: import_payments.FileRefused) -> None:
    console.print(f"{name} is refused: {tell_file(refusal)}")
    if len(refusal.problems) > 1:
        table = Table("row", "field", "reason", box=None)
        for problem in refusal.problems:
            table.add_row(str(problem.row_no or ""), field_name(problem.field), tell_problem(problem))
        console.print(table)
    raise typer.Exit(1)


def _agent(code: str) -> Agent:
    found = Agent.objects.filter(supplier_id=supplier_id(), code=code).first()
    if found is None:
        known = ", ".join(Agent.objects.order_by("code").values_list("code", flat=True)) or "none yet"
        raise typer.BadParameter(
            f"no agent {code}; there are: {known}. Make it: abonent payments agent {code}"
        )
    return found


def _tell(stored: import_payments.Stored, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(stored.__dict__, ensure_ascii=False))
        return
    if stored.was_stored:
        console.print(f"This very file was taken in before as file {stored.file_id}; nothing was changed.")
    console.print(
        f"File {stored.file_id}: {stored.rows:,} rows; {stored.posted_rows:,} posted, "
        f"{stored.unidentified_rows:,} unidentified, {stored.known_rows:,} known already, "
        f"{stored.told_rows:,} told of and not arrived; {format_minor(stored.amount_minor)}"
    )
