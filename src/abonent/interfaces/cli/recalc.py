"""`abonent recalc …`: what waits to be rated again, a run over it, and what it would change of an account."""

import json
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from abonent.contexts.charging import queries as periods
from abonent.contexts.charging import recalculations as charging
from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts import queries as contracts
from abonent.contexts.parties import queries as parties
from abonent.interfaces.cli import runtime
from abonent.interfaces.cli.billing import AsJson, month_of, rate_with_progress, refusals, show
from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, packs, recalculation
from abonent.usecases.exception_reasons import reason

app = typer.Typer(help="Earlier months rated again: list, run, preview.", no_args_is_help=True)
console = Console(highlight=False)

_CAUSES = {cause.name.lower(): cause for cause in RecalculationCause}
Cause = Annotated[str | None, typer.Option(help=f"Only this cause: {', '.join(_CAUSES)}.")]
First = Annotated[str | None, typer.Option("--from", help="From this month on, 2026-03.")]
Last = Annotated[str | None, typer.Option("--to", help="Through this month, 2026-08.")]
Branch = Annotated[int | None, typer.Option(help="Only this branch.")]
Building = Annotated[int | None, typer.Option(help="Only this building.")]
AccountNumber = Annotated[str | None, typer.Option("--account", help="Only this account, by its number.")]


def _cause(text: str | None) -> list[int] | None:
    if text is None:
        return None
    if text not in _CAUSES:
        raise typer.BadParameter(f"no cause is called {text}; these are known: {', '.join(_CAUSES)}")
    return [_CAUSES[text]]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Count what waits, by cause and by month."""
    runtime.ready()
    causes, months = charging.waiting_by("cause"), charging.waiting_by("period")
    if as_json:
        counted = {
            "causes": {RecalculationCause(one.key).name.lower(): one.rows for one in causes},
            "months": {str(Month.of(one.key)): one.rows for one in months},
        }
        typer.echo(json.dumps(counted))
        return
    if not causes:
        console.print("Nothing waits.")
        return
    table = Table("", "rows", "premises", "buildings", box=None)
    for one in causes:
        name = str(RecalculationCause(one.key).label)
        table.add_row(name, f"{one.rows:,}", f"{one.premises:,}", f"{one.buildings:,}")
    table.add_section()
    for one in months:
        table.add_row(str(Month.of(one.key)), f"{one.rows:,}", f"{one.premises:,}", f"{one.buildings:,}")
    console.print(table)


@app.command()
def run(
    book_in: Annotated[str, typer.Option("--book-in", help="The open month to book the differences in.")],
    branch: Branch = None,
    building: Building = None,
    account: AccountNumber = None,
    cause: Cause = None,
    first: First = None,
    last: Last = None,
    tariff_group: Annotated[
        str | None, typer.Option(help="Everything charged at the prices of this tariff group, by its code.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Everything of the building or account, waiting or not.")
    ] = False,
    approve: Annotated[bool, typer.Option("--approve", help="Post the run when it is rated.")] = False,
    reason_text: Annotated[str, typer.Option("--reason", help="Kept with the run and its entries.")] = "",
    as_json: AsJson = False,
) -> None:
    """Rate earlier months again: what waits, or everything of a tariff group, a building, an account."""
    runtime.ready()
    parameters = packs.pack_parameters()
    with refusals():
        run_id = recalculation.start(
            scope=billing_run.Scope(
                supplier_id=parties.supplier_id(),
                branch_id=branch,
                building_id=building,
                account_id=None if account is None else contracts.account_id(number=account),
            ),
            booked_period=month_of(book_in),
            first=None if first is None else month_of(first),
            last=None if last is None else month_of(last),
            causes=_cause(cause),
            tariff_group_id=None if tariff_group is None else contracts.tariff_group_id(code=tariff_group),
            everything=everything,
            reason=reason_text,
            actor_id=None,
            at=timezone.now(),
            parameters=parameters,
        )
        rate_with_progress(run_id, quiet=as_json)
        if approve:
            billing_run.approve(run_id=run_id, actor_id=None, at=timezone.now())
    show(run_id, as_json=as_json)


@app.command()
def preview(
    account: Annotated[str, typer.Argument(help="The account's number.")],
    first: First = None,
    last: Last = None,
    as_json: AsJson = False,
) -> None:
    """Show what rating the account's premise again would change; nothing is stored. Without months: what waits."""
    runtime.ready()
    with refusals():
        found = contracts.account_head(number=account, on=timezone.localdate())
        if found is None:
            raise LookupError(f"there is no account {account}")
        premise_id = found.premise_id
        opened = [Month.of(row.month) for row in periods.period_choices() if row.is_open]
        booked = max(opened, default=Month.of(timezone.localdate()))
        months = (
            list(month_of(first).until((booked if last is None else month_of(last)).next()))
            if first
            else recalculation.waiting_months(premise_id=premise_id)
        )
        looked = recalculation.preview(
            premise_id=premise_id,
            months=months,
            supplier_id=parties.supplier_id(),
            parameters=packs.pack_parameters(),
            booked_period=booked,
        )
    if as_json:
        rows = [
            {
                "month": str(one.month),
                "before_minor": one.before_minor,
                "after_minor": one.after_minor,
                "difference_minor": one.difference_minor,
                "parked": sorted({code for _account, code, _facts in one.exceptions}),
            }
            for one in looked.months
        ]
        typer.echo(
            json.dumps({"account": account, "months": rows, "difference_minor": looked.difference_minor})
        )
        return
    if not looked.months:
        console.print("Nothing waits; name months to look at: --from 2026-03.")
        return
    table = Table("month", "posted", "rated again", "difference", "parked", box=None)
    for one in looked.months:
        parked = ", ".join(reason(code).title for code in sorted({row[1] for row in one.exceptions}))
        table.add_row(
            str(one.month),
            format_minor(one.before_minor),
            format_minor(one.after_minor),
            format_minor(one.difference_minor),
            parked,
        )
    console.print(table)
