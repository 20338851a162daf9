"""`abonent bill …`: bills are issued, printed and explained."""

import json
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from abonent.contexts.contracts import queries as contracts
from abonent.contexts.contracts.models import Account
from abonent.contexts.parties import queries as parties
from abonent.gateways.typesetting import TypesettingError
from abonent.interfaces.cli import runtime
from abonent.interfaces.cli.billing import AsJson, month_of
from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.packs.ru.documents.bill import BillDoesNotAddUp
from abonent.packs.ru.formats.payment_qr import BadPaymentCode
from abonent.usecases import explain_bill, issue_bills, packs, print_bills
from abonent.usecases.billing_run import Scope

app = typer.Typer(help="Bills: issue, print, explain.", no_args_is_help=True)
console = Console(highlight=False)

_PATIENCE_SECONDS = 2  # what takes longer gets a progress bar
_WIDEST = 100
_REFUSALS = (
    issue_bills.NothingPosted,
    print_bills.PrintRefused,
    BillDoesNotAddUp,
    BadPaymentCode,
    TypesettingError,
    LookupError,
)


class Language(StrEnum):
    RU = "ru"
    UK = "uk"
    EN = "en"


PeriodOption = Annotated[str, typer.Option("--period", help="The month of the bills, 2026-10.")]
BranchOption = Annotated[int | None, typer.Option(help="Only this branch.")]
BuildingOption = Annotated[int | None, typer.Option(help="Only this building.")]
AccountOption = Annotated[str | None, typer.Option(help="Only this account, by its number.")]
LanguageOption = Annotated[Language, typer.Option(help="The language of the document.")]


@app.command()
def issue(
    period: PeriodOption,
    branch: BranchOption = None,
    building: BuildingOption = None,
    account: AccountOption = None,
    as_json: AsJson = False,
) -> None:
    """Freeze what is owed for a posted month under bill numbers; again, only what has changed is issued anew."""
    runtime.ready()
    with refusals():
        issued = issue_bills.issue(
            scope=scope_of(branch, building, account),
            period=month_of(period),
            parameters=packs.pack_parameters(),
            at=timezone.now(),
        )
    if as_json:
        typer.echo(json.dumps(asdict(issued), default=str))
        return
    console.print(
        f"{issued.bills:,} bills issued, {issued.versions:,} in a new version, {issued.unchanged:,} unchanged; "
        f"{format_minor(issued.total_minor, language='en')} to pay by {issued.due_on}"
    )


@app.command("print")
def print_(
    period: PeriodOption,
    output: Annotated[Path, typer.Option(help="The PDF to make; an older one is replaced.")],
    branch: BranchOption = None,
    building: BuildingOption = None,
    account: AccountOption = None,
    language: LanguageOption = Language.RU,
    as_json: AsJson = False,
) -> None:
    """Print the latest bills of a month: an account's as one page, others into one file sorted by address."""
    runtime.ready()
    begun = monotonic()
    with refusals():
        scope = scope_of(branch, building, account)
        if scope.account_id is not None:
            one = Account.objects.get(pk=scope.account_id)
            pdf = print_bills.print_account(account=one, month=month_of(period), language=language.value)
            unfinished = output.with_name(f".{output.name}.part")
            unfinished.write_bytes(pdf)
            unfinished.replace(output)
            told = {"bills": 1}
        else:
            now = _print_many(scope, month_of(period), output, language.value, quiet=as_json)
            told = {"bills": now.bills, "pages": now.pages, "total_minor": now.total_minor}
    seconds = monotonic() - begun
    if as_json:
        typer.echo(
            json.dumps({"file": str(output), **told, "seconds": round(seconds, 3)}, ensure_ascii=False)
        )
        return
    console.print(f"{output}: {told['bills']:,} bills in {seconds:.1f} s", soft_wrap=True)
    if "total_minor" in told:
        console.print(
            f"{told['pages']:,} pages and a cover; control sum {format_minor(told['total_minor'], language='en')}"
        )


def _print_many(
    scope: Scope, month: Month, output: Path, language: str, *, quiet: bool
) -> print_bills.Progress:
    """Print under a progress bar, once it is clear that one is worth while."""
    columns = (
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} bills, {task.fields[speed]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    begun = monotonic()
    bar = Progress(*columns, console=console, transient=True, disable=quiet)
    task = bar.add_task("printing", total=0, speed=0)
    try:
        for now in print_bills.print_bills(
            scope=scope, month=month, output=output, printed_on=timezone.localdate(), language=language
        ):
            seconds = monotonic() - begun
            bar.update(task, completed=now.bills, total=now.bills_total, speed=now.bills / seconds)
            if seconds > _PATIENCE_SECONDS:
                bar.start()
    finally:
        bar.stop()
    return now


@app.command()
def explain(
    account: Annotated[str, typer.Argument(help="The account's number.")],
    period: Annotated[str, typer.Argument(help="The month, 2026-10.")],
    language: LanguageOption = Language.RU,
    as_json: AsJson = False,
) -> None:
    """Tell in plain words what every line of a month was made of, and what was parked."""
    runtime.ready()
    with refusals():
        one = Account.objects.select_related("building").get(pk=contracts.account_id(number=account))
    told = explain_bill.explain(account=one, month=month_of(period), language=language.value)
    if as_json:
        typer.echo(json.dumps(told.as_dict(), ensure_ascii=False))
        return
    for line in (*told.lines, *told.recalculations):
        console.print(_amount(line.amount_minor, language), Text(line.title, style="bold"), sep="  ")
        console.print(_paragraph(line.sentence), soft_wrap=True, markup=False)
        console.print(Text(_paragraph(line.act), style="dim"), soft_wrap=True, end="\n\n")
    for parked in told.exceptions:
        console.print(Text("!", style="bold yellow"), Text(parked.title, style="bold"), sep="  ")
        console.print(
            _paragraph(f"{parked.details}. {parked.advice}"), soft_wrap=True, markup=False, end="\n\n"
        )
    console.print(_amount(told.total_minor + told.recalculated_minor, language))


def _amount(amount_minor: int, language: str) -> Text:
    return Text(format_minor(amount_minor, language=language).rjust(12), style="bold")


def _paragraph(text: str) -> str:
    """Fold a text under its title; unlike rich, textwrap leaves the digits of a number together."""
    return textwrap.indent(textwrap.fill(text, min(console.width, _WIDEST) - 2), "  ")


def scope_of(branch: int | None, building: int | None, account: str | None) -> Scope:
    """Return what the options name. Raises LookupError for an account that does not exist."""
    return Scope(
        supplier_id=parties.supplier_id(),
        branch_id=branch,
        building_id=building,
        account_id=None if account is None else contracts.account_id(number=account),
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Print a refusal as one sentence and end with exit code 1."""
    try:
        yield
    except _REFUSALS as refusal:
        typer.echo(f"abonent: {refusal}", err=True)
    except OSError as error:
        typer.echo(f"abonent: the file cannot be written: {error}", err=True)
    else:
        return
    raise typer.Exit(1) from None
