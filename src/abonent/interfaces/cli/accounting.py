"""`abonent accounting …`: what accounting takes over from the books."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from abonent.contexts.parties.queries import supplier_id
from abonent.interfaces.cli import bill, runtime
from abonent.interfaces.cli.billing import month_of
from abonent.kernel.money import format_minor
from abonent.usecases import accounting_export
from abonent.usecases.accounting_export import ExportTotals, NothingToExport, Wanted, What

app = typer.Typer(help="Export to accounting (1С:Бухгалтерия).", no_args_is_help=True)
console = Console(highlight=False)


@app.callback()
def group() -> None:
    """Export to accounting (1С:Бухгалтерия)."""


@app.command()
def export(
    period: Annotated[str, typer.Option(help="The month, 2026-10.")],
    first: Annotated[
        str | None, typer.Option("--from", help="Money from this day of the month, 2026-10-01.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Money to this day of the month, counted in.")
    ] = None,
    what: Annotated[What, typer.Option(help="Sales of the month, money by day, or both.")] = What.ALL,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the totals as one JSON object.")] = False,
) -> None:
    """Write a month's sales and money by day as EnterpriseData XML, and print what ties to the ledger."""
    runtime.ready()
    month = month_of(period)
    try:
        wanted = Wanted(
            supplier_id=supplier_id(),
            month=month,
            first=date.fromisoformat(first) if first else month.first_day,
            last=date.fromisoformat(last) if last else month.last_day,
            what=what,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    path = output or Path(f"accounting-{month}.xml")
    with bill.refusals():
        try:
            found = accounting_export.write(wanted=wanted, path=path, at=timezone.localtime())
        except NothingToExport:
            typer.echo(f"abonent: there is nothing to export in {month}", err=True)
            raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps({**asdict(found), "ties": found.ties, "file": str(path)}))
    else:
        _tell(found, path)
    if not found.ties:
        raise typer.Exit(2)


def _tell(found: ExportTotals, path: Path) -> None:
    table = Table("", "documents", "exported, ₽", "left out, ₽", "ledger, ₽", box=None)
    for name, documents, exported, left_out, ledger in (
        ("sales", found.sales, found.sales_minor, found.sales_left_out_minor, found.sales_ledger_minor),
        (
            "money",
            found.receipts,
            found.receipts_minor,
            found.receipts_left_out_minor,
            found.receipts_ledger_minor,
        ),
    ):
        shown = (format_minor(minor, language="en") for minor in (exported, left_out, ledger))
        table.add_row(name, str(documents), *shown)
    console.print(table)
    penalties, written_off = (
        format_minor(minor, language="en") for minor in (found.penalties_minor, found.written_off_minor)
    )
    console.print(
        f"No sales, so left out: penalties and court costs {penalties} ₽, written off {written_off} ₽."
    )
    console.print(
        f"{path}: {'ties to the ledger' if found.ties else 'DOES NOT TIE to the ledger'}", soft_wrap=True
    )
