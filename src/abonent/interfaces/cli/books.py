"""`abonent books …`: the books re-added by other code than the code that posted them."""

import json
from typing import Annotated

import typer
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from abonent.interfaces.cli import runtime
from abonent.kernel.periods import Month
from abonent.usecases import books_check

app = typer.Typer(help="The books: are they right?", no_args_is_help=True)


@app.callback()
def books() -> None:
    """Keep `check` a command of the group while it is the only one."""


@app.command()
def check(
    period: Annotated[str | None, typer.Option(help="Only what was booked in this month, 2026-10.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many disagreeing rows each check names.")] = 20,
    language: Annotated[str, typer.Option(help="ru, uk or en.")] = settings.LANGUAGE_CODE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")] = False,
) -> None:
    """Add up lines, entries, balances, buildings and bills anew; exit code 1 when anything disagrees."""
    month = _month(period)
    if language not in dict(settings.LANGUAGES):
        raise typer.BadParameter(f"{language} is not one of {', '.join(dict(settings.LANGUAGES))}")
    runtime.ready()
    with translation.override(language):
        checks = books_check.check_books(booked_period=month, limit=limit)
        results = list(checks) if as_json else _shown(checks)
        agree = not any(result.disagreements for result in results)
        if as_json:
            found = {
                "period": month and str(month),
                "agree": agree,
                "checks": [result.as_dict() for result in results],
            }
            typer.echo(json.dumps(found, ensure_ascii=False))
        else:
            _tell(results)
    raise typer.Exit(0 if agree else 1)


def _month(text: str | None) -> Month | None:
    try:
        return Month.parse(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _shown(checks: books_check.Results) -> list[books_check.Result]:
    """Name the check under way, so that a person sees ten million accounts move."""
    console, results = Console(stderr=True, highlight=False), []
    with console.status(_("Adding up the books…")) as status:
        for result in checks:
            results.append(result)
            status.update(f"{len(results)}/{len(books_check.all_checks())} {result.check.name}")
    return results


def _tell(results: list[books_check.Result]) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column(_("Check"), overflow="fold")
    table.add_column(_("Rows"), justify="right")
    table.add_column(_("Disagree"), justify="right")
    table.add_column(_("Seconds"), justify="right")
    for result in results:
        wrong = result.disagreements > 0
        table.add_row(
            "[bold red]!![/]" if wrong else "[green]ok[/]",
            f"{escape(str(result.check.sentence))} [dim]{result.check.name}[/]",
            f"{result.looked_at:,}".replace(",", " "),
            f"[bold red]{result.disagreements}[/]" if wrong else "0",
            f"{result.seconds:.1f}",
        )
    console.print(table)
    for result in results:
        if result.disagreements:
            _name_rows(console, result)
    wrong = sum(result.disagreements for result in results)
    verdict = _("The books disagree") if wrong else _("The books agree.")
    console.print(f"\n[bold red]{verdict}: {wrong}[/]" if wrong else f"\n[green]{verdict}[/]")


def _name_rows(console: Console, result: books_check.Result) -> None:
    console.print(f"\n[bold]{result.check.name}[/] {escape(str(result.check.sentence))}")
    table = Table(box=None, pad_edge=False)
    headings = (_("Where"), _("Account"), _("Month"), _("What"), _("Expected"), _("Found"))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in result.rows:
        table.add_row(
            *(
                escape(cell or "")
                for cell in (row.place, row.account, row.period, row.figure, row.expected, row.found)
            )
        )
    console.print(table)
    if unnamed := result.disagreements - len(result.rows):
        console.print(_("… and %(count)s more; --limit shows more of them.") % {"count": unnamed})
