"""`abonent period …`: billing periods."""

from typing import Annotated

import typer
from django.utils import timezone

from abonent.contexts.charging import operations, queries
from abonent.contexts.charging.models import PeriodState
from abonent.contexts.parties.queries import supplier_id
from abonent.interfaces.cli import runtime
from abonent.interfaces.cli.billing import month_of
from abonent.kernel.periods import Month
from abonent.usecases.refusal_words import tell_period

app = typer.Typer(help="Billing periods.", no_args_is_help=True)

MonthArgument = Annotated[str, typer.Argument(help="The month, 2026-10.")]


@app.command("list")
def list_() -> None:
    """List the months and whether they take lines."""
    runtime.ready()
    for row in queries.periods():
        typer.echo(f"{Month.of(row['month'])}  {PeriodState(row['state']).label}")


@app.command("open")
def open_(month: MonthArgument) -> None:
    """Open a month, or open a closed one again."""
    runtime.ready()
    try:
        operations.open_period(supplier_id=supplier_id(), month=month_of(month))
    except (operations.PeriodRefused, LookupError) as refusal:
        _refuse(refusal)
    typer.echo(f"{month} is open.")


@app.command()
def close(month: MonthArgument) -> None:
    """Close a month to new lines."""
    runtime.ready()
    try:
        operations.close_period(supplier_id=supplier_id(), month=month_of(month), at=timezone.now())
    except (operations.PeriodRefused, LookupError) as refusal:
        _refuse(refusal)
    typer.echo(f"{month} is closed.")


def _refuse(refusal: Exception) -> None:
    told = tell_period(refusal) if isinstance(refusal, operations.PeriodRefused) else str(refusal)
    typer.echo(f"abonent: {told}", err=True)
    raise typer.Exit(1)
