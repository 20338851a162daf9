"""`abonent penalties …`: the month's run, and what an account would be charged on any day."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table

from abonent.contexts.contracts.queries import account_head
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.penalties.models import PenaltyRunState
from abonent.contexts.penalties.queries import run_row
from abonent.interfaces.cli import runtime
from abonent.interfaces.cli.billing import month_of
from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.packs.ru.rules.penalties import RateOf
from abonent.usecases import packs, penalties
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.penalties import papers
from abonent.usecases.penalties.words import tell_penalty
from abonent.usecases.take_payment import PaymentRefused

app = typer.Typer(help="Penalties for late payment.", no_args_is_help=True)
console = Console(highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
_MODES = {"payment-day": RateOf.DAY_OF_PAYMENT, "each-day": RateOf.EACH_DAY}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("write a day as 2026-10-31") from error


@app.command()
def run(
    period: Annotated[str, typer.Option("--period", help="The month to book in, 2026-10.")],
    until: Annotated[
        str | None, typer.Option(help="The last day that counts; else the month's, or today.")
    ] = None,
    branch: Annotated[int | None, typer.Option(help="Only this branch.")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Post the run at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Count the penalties of a month; a proposal until it is approved."""
    runtime.ready()
    month, today = month_of(period), timezone.localdate()
    with refusals():
        run_id = penalties.create(
            supplier_id=supplier_id(),
            branch_id=branch,
            booked_period=month,
            until=_day(until) if until else min(month.last_day, today),
            today=today,
            actor_id=None,
            at=timezone.now(),
        )
        _count(run_id, quiet=as_json)
        if approve:
            penalties.approve(run_id=run_id, actor_id=None, at=timezone.now())
    _tell(run_id, as_json=as_json)


@app.command()
def count(run_id: int, as_json: AsJson = False) -> None:
    """Count a run anew, or go on with one that was cut off."""
    runtime.ready()
    with refusals():
        _count(run_id, quiet=as_json)
    _tell(run_id, as_json=as_json)


@app.command()
def approve(run_id: int, as_json: AsJson = False) -> None:
    """Post a counted run to the books."""
    runtime.ready()
    with refusals():
        penalties.approve(run_id=run_id, actor_id=None, at=timezone.now())
    _tell(run_id, as_json=as_json)


@app.command()
def discard(run_id: int, as_json: AsJson = False) -> None:
    """Drop a run that was not posted."""
    runtime.ready()
    with refusals():
        penalties.discard(run_id=run_id)
    _tell(run_id, as_json=as_json)


@app.command()
def reverse(
    run_id: int,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept.")],
    as_json: AsJson = False,
) -> None:
    """Take a posted run back by its negative."""
    runtime.ready()
    with refusals():
        penalties.reverse(
            run_id=run_id, reason=reason, today=timezone.localdate(), actor_id=None, at=timezone.now()
        )
    _tell(run_id, as_json=as_json)


@app.command()
def show(
    account: Annotated[str, typer.Argument(help="The account's number.")],
    on: Annotated[str | None, typer.Option("--on", help="The last day that counts; else today.")] = None,
    rate: Annotated[str, typer.Option(help="Whose day's rate: payment-day, each-day or a day itself.")] = "",
    pdf: Annotated[Path | None, typer.Option(help="Write the calculation into this PDF.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write the calculation into this spreadsheet.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count one account's penalties up to any day; nothing is posted."""
    runtime.ready()
    today = timezone.localdate()
    day = _day(on) if on else today
    mode = _MODES.get(rate) if rate in _MODES or not rate else RateOf.ON_A_DAY
    head = account_head(number=account, on=today)
    if head is None:
        typer.echo(f"abonent: there is no account {account}", err=True)
        raise typer.Exit(1)
    found = penalties.calculate(
        account_id=head.account_id,
        on=day,
        parameters=packs.pack_parameters(),
        rate_of=mode,
        rate_on=_day(rate) if mode == RateOf.ON_A_DAY else None,
    )
    if pdf:
        pdf.write_bytes(papers.pdf(found, head=head, supplier_id=supplier_id(), made_on=today))
    if xlsx:
        xlsx.write_bytes(papers.xlsx(found, head=head))
    if as_json:
        typer.echo(json.dumps(_facts(found), ensure_ascii=False, default=str))
        return
    table = Table("month", "due", "from", "to", "formula", "penalty", box=None)
    for debt in found.debts:
        for one in debt.stretches:
            table.add_row(
                str(Month.of(debt.period)),
                str(debt.due_on),
                str(one.first_day),
                str(one.last_day),
                papers.formula_of(one),
                format_minor(one.amount_minor),
            )
    console.print(table)
    console.print(f"{format_minor(found.asked_minor)} up to {day}; posted {format_minor(found.posted_minor)}")


def _facts(found: penalties.Calculation) -> dict[str, Any]:
    return {
        "on": found.on,
        "asked_minor": found.asked_minor,
        "posted_minor": found.posted_minor,
        "debts": [
            {
                "period": str(Month.of(debt.period)),
                "due_on": debt.due_on,
                "amount_minor": debt.amount_minor,
                "penalty_minor": debt.penalty_minor,
                "payments": [{"paid_on": day, "amount_minor": amount} for day, amount in debt.payments],
                "stretches": [vars(one) for one in debt.stretches],
            }
            for debt in found.debts
        ],
    }


def _count(run_id: int, *, quiet: bool) -> None:
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("counting", total=None)

        def advance(now: penalties.Progress) -> None:
            told = f"{now.accounts_done:,} of {now.accounts_total:,} accounts"
            bar.update(task, completed=now.accounts_done, total=now.accounts_total, description=told)

        penalties.count_run(
            run_id, parameters=packs.pack_parameters(), clock=timezone.now, on_progress=advance
        )


def _tell(run_id: int, *, as_json: bool) -> None:
    row = run_row(run_id=run_id)
    assert row is not None
    state = PenaltyRunState(row["state"])
    if as_json:
        names = ("id", "booked_period", "until", "accounts", "debts", "lines", "amount_minor")
        facts = {name: row[name] for name in names} | {"state": state.name.lower()}
        typer.echo(json.dumps(facts, default=str))
        return
    console.print(
        f"Run #{run_id} up to {row['until']}, booked in {Month.of(row['booked_period'])}: {state.label}; "
        f"{row['accounts']:,} accounts, {row['debts']:,} debts, {format_minor(row['amount_minor'])}"
    )


class refusals:  # noqa: N801  reads as a sentence: with refusals()
    """Print a refusal as one sentence and end with exit code 1."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, penalties.PenaltyRefused | PaymentRefused | RunRefused):
            typer.echo(f"abonent: {tell_penalty(error)}", err=True)
            raise typer.Exit(1) from None
