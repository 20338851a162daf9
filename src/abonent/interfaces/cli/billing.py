"""`abonent billing …`: the monthly run from the terminal."""

import json
from typing import Annotated, Any

import typer
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from abonent.contexts.charging import queries as charging
from abonent.contexts.charging.models import RunState
from abonent.contexts.contracts import queries as contracts
from abonent.contexts.parties import queries as parties
from abonent.contexts.places.queries import address_of
from abonent.interfaces.cli import runtime
from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, packs
from abonent.usecases.exception_reasons import details, reason

app = typer.Typer(help="The monthly run: draft, rate, approve, cancel.", no_args_is_help=True)
console = Console(highlight=False)

PeriodOption = Annotated[str, typer.Option("--period", help="The month to bill, 2026-10.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]


def month_of(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def run(
    period: PeriodOption,
    branch: Annotated[int | None, typer.Option(help="Only this branch.")] = None,
    building: Annotated[int | None, typer.Option(help="Only this building.")] = None,
    account: Annotated[str | None, typer.Option(help="Only this account, by its number.")] = None,
    book_in: Annotated[str | None, typer.Option(help="The open month to book corrections in.")] = None,
    approve: Annotated[
        bool, typer.Option("--approve", help="Post the run at once when it is rated.")
    ] = False,
    reason_text: Annotated[str, typer.Option("--reason", help="Kept with the run and its entries.")] = "",
    as_json: AsJson = False,
) -> None:
    """Rate a month for the whole supplier, a branch, a building or an account; a proposal until it is approved."""
    runtime.ready()
    month = month_of(period)
    parameters = packs.pack_parameters()
    with refusals():
        run_id = billing_run.create(
            scope=billing_run.Scope(
                supplier_id=parties.supplier_id(),
                branch_id=branch,
                building_id=building,
                account_id=None if account is None else contracts.account_id(number=account),
            ),
            period=month,
            booked_period=None if book_in is None else month_of(book_in),
            at=timezone.now(),
            pack_version=packs.pack().version,
            parameter_hash=parameters.hash,
            reason=reason_text,
        )
        rate_with_progress(run_id, quiet=as_json)
        if approve:
            billing_run.approve(run_id=run_id, actor_id=None, at=timezone.now())
    show(run_id, as_json=as_json)


def rate_with_progress(run_id: int, *, quiet: bool = False) -> dict[str, float]:
    """Rate a run under a progress bar with its speed and the time left; return the seconds by phase."""
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("rating", total=None)

        def advance(now: billing_run.Progress) -> None:
            bar.update(
                task,
                completed=now.accounts_done,
                total=now.accounts_total,
                description=f"{now.accounts_done:,} of {now.accounts_total:,} accounts, "
                f"{now.accounts_done / max(now.seconds, 0.001):,.0f}/s",
            )

        return billing_run.rate(
            run_id, parameters=packs.pack_parameters(), clock=timezone.now, on_progress=advance
        )


@app.command()
def rate(run_id: int, as_json: AsJson = False) -> None:
    """Rate a draft again, for instance after its exceptions were seen to or after a failure."""
    runtime.ready()
    with refusals():
        rate_with_progress(run_id, quiet=as_json)
    show(run_id, as_json=as_json)


@app.command()
def approve(run_id: int) -> None:
    """Post a rated run to the books."""
    runtime.ready()
    with refusals():
        billing_run.approve(run_id=run_id, actor_id=None, at=timezone.now())
    show(run_id)


@app.command()
def cancel(run_id: int, reason_text: Annotated[str, typer.Option("--reason", help="Why; kept.")]) -> None:
    """Take a posted run back by posting its negative."""
    runtime.ready()
    with refusals():
        reversal = billing_run.cancel(run_id=run_id, actor_id=None, at=timezone.now(), reason=reason_text)
    console.print(f"Run #{run_id} is cancelled by run #{reversal}; bill the period again when ready.")


@app.command()
def discard(run_id: int) -> None:
    """Drop a run that was not posted and release its buildings."""
    runtime.ready()
    with refusals():
        billing_run.discard(run_id=run_id)
    console.print(f"Run #{run_id} is discarded.")


@app.command()
def show(run_id: int, as_json: AsJson = False) -> None:
    """Tell where a run stands, with its totals and what it parked."""
    runtime.ready()
    row = _row(run_id)
    codes = charging.exceptions_by_code(run_id=run_id)
    if as_json:
        facts = {name: row[name] for name in _SHOWN} | {"state": RunState(row["state"]).name.lower()}
        facts["exceptions_by_code"] = {found["code"]: found["rows"] for found in codes}
        typer.echo(json.dumps(facts, default=str, ensure_ascii=False))
        return
    console.print(
        f"Run #{run_id} for {Month.of(row['period'])}: {RunState(row['state']).label}; "
        f"{row['accounts_done']:,} accounts, {row['lines']:,} lines, "
        f"{format_minor(row['amount_minor'])} in {row['seconds']:.1f} s"
    )
    if row["error"]:
        console.print(f"  {row['error']}", style="red")
    if codes:
        table = Table("parked", "how many", "what to do", box=None)
        for found in codes:
            told = reason(found["code"])
            table.add_row(told.title, str(found["rows"]), told.advice)
        console.print(table)


@app.command()
def exceptions(run_id: int, limit: Annotated[int, typer.Option(help="Rows to show.")] = 50) -> None:
    """List what a run parked, account by account."""
    runtime.ready()
    _row(run_id)
    rows = charging.run_exceptions(run_id=run_id)
    table = Table("account", "building", "reason", "facts", box=None)
    for row in rows[:limit]:
        building = address_of(
            street_kind=row["street_kind"], street=row["street_name"], building=row["building_number"]
        )
        told = details(row["code"], row["facts"])
        table.add_row(row["account_number"], building, reason(row["code"]).title, told)
    console.print(table)
    if (rest := rows.count() - limit) > 0:
        console.print(f"… and {rest:,} more: --limit")


_SHOWN = (
    "id",
    "period",
    "booked_period",
    "accounts_total",
    "accounts_done",
    "lines",
    "entries",
    "amount_minor",
)
_SHOWN += ("exceptions", "seconds", "error", "pack_version", "parameter_hash")


def _row(run_id: int) -> dict[str, Any]:
    row = charging.run_row(run_id=run_id)
    if row is None:
        typer.echo(f"abonent: there is no run #{run_id}", err=True)
        raise typer.Exit(1)
    return row


class refusals:  # noqa: N801  reads as a sentence: with refusals()
    """Print a refusal as one sentence and end with exit code 1."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, billing_run.RunRefused | LookupError):
            typer.echo(f"abonent: {error}", err=True)
            raise typer.Exit(1) from None
