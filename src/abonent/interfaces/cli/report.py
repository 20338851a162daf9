"""`abonent report …`: the reports of the office from the terminal."""

import tempfile
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from django.utils import timezone, translation
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from abonent.contexts.parties import queries as parties
from abonent.contexts.places.queries import buildings_by_address
from abonent.interfaces.cli import bill, runtime
from abonent.interfaces.cli.bill import Language
from abonent.interfaces.cli.billing import month_of
from abonent.usecases import report_job, reports
from abonent.usecases.reports import Ask, Asked, Edition, Format, Report

app = typer.Typer(help="Reports: list, run.", no_args_is_help=True)
console = Console(highlight=False)

_PATIENCE_SECONDS = 2  # what takes longer gets a progress bar

LanguageOption = Annotated[Language, typer.Option(help="The language of the report.")]


@app.command("list")
def list_(language: LanguageOption = Language.EN) -> None:
    """List the reports with what they ask and what they can be narrowed to."""
    table = Table("code", "title", "asks", "--set", box=None)
    with translation.override(language.value):
        for one in reports.REPORTS:
            asks = ", ".join(f"{ask}*" if ask in one.required else str(ask) for ask in one.asks)
            choices = "; ".join(
                f"{choice.name}={'|'.join(answer for answer, _title in choice.answers)}"
                for choice in one.choices
            )
            table.add_row(one.code, str(one.title), asks, choices)
    console.print(table)


@app.command()
def run(
    code: Annotated[str, typer.Argument(help="The report, as `abonent report list` names it.")],
    period: Annotated[str | None, typer.Option(help="The month, 2026-10.")] = None,
    format: Annotated[Format, typer.Option(help="What to make of it.")] = Format.XLSX,
    output: Annotated[
        Path | None, typer.Option(help="The file; JSON and CSV are printed if left out.")
    ] = None,
    branch: Annotated[int | None, typer.Option(help="Only this branch.")] = None,
    district: Annotated[int | None, typer.Option(help="Only this district.")] = None,
    building: Annotated[str | None, typer.Option(help="Only this building: its number or address.")] = None,
    agent: Annotated[int | None, typer.Option(help="Only what came through this agent.")] = None,
    choices: Annotated[
        list[str] | None, typer.Option("--set", help="An answer of the report's own: by=building.")
    ] = None,
    sort: Annotated[str, typer.Option(help="A column; with - before it the other way round.")] = "",
    language: LanguageOption = Language.RU,
) -> None:
    """Make a report into a file."""
    runtime.ready()
    try:
        report = reports.report(code)
    except reports.UnknownReport:
        raise typer.BadParameter(f"there is no report {code!r}; see: abonent report list") from None
    with bill.refusals():
        asked = Asked(
            supplier_id=parties.supplier_id(),
            today=timezone.localdate(),
            period=month_of(period) if period else None,
            branch_id=branch,
            district_id=district,
            building_id=_building(building),
            agent_id=agent,
            choices=_answers(report, choices or []),
        )
        _require(report, asked)
        edition = Edition(
            report=report,
            asked=asked,
            language=language.value,
            made_by="abonent report",
            made_at=timezone.now(),
            sort=sort,
        )
        _make(edition, format, output)


def _make(edition: Edition, format: Format, output: Path | None) -> None:
    begun = monotonic()
    target = output or (
        None if format in (Format.JSON, Format.CSV) else Path(f"{edition.file_name}.{format}")
    )
    with tempfile.TemporaryDirectory(prefix=".report-", dir=target.parent if target else None) as folder:
        unfinished = Path(folder) / f"report.{format}"
        try:
            rows = _write(edition, format, unfinished)
        except (reports.NotReady, reports.TooManyRows) as refusal:
            with translation.override(edition.language):
                typer.echo(f"abonent: {report_job.say(refusal)}", err=True)
            raise typer.Exit(1) from None
        if target is None:
            typer.echo(unfinished.read_text(encoding="utf-8-sig"), nl=False)
            return
        unfinished.replace(target)
    console.print(f"{target}: {rows:,} rows in {monotonic() - begun:.1f} s", soft_wrap=True)


def _write(edition: Edition, format: Format, path: Path) -> int:
    """Write under a progress bar, once it is clear that one is worth while."""
    columns = (
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} rows"),
        TimeRemainingColumn(),
    )
    begun = monotonic()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("writing", total=0)

    def advance(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        if monotonic() - begun > _PATIENCE_SECONDS:
            bar.start()

    try:
        return reports.write(edition, format=format, path=path, on_progress=advance)
    finally:
        bar.stop()


def _building(text: str | None) -> int | None:
    """Return the building of a number or an address. Raises BadParameter unless exactly one fits."""
    if text is None or text.isdecimal():
        return int(text) if text else None
    found = buildings_by_address(text=text, limit=6)
    if len(found) != 1:
        fits = "; ".join(f"{building_id}: {address}" for building_id, address in found) or "none"
        raise typer.BadParameter(f"not one building fits {text!r}: {fits}")
    return found[0][0]


def _answers(report: Report, texts: list[str]) -> dict[str, str]:
    """Read answers written as name=answer. Raises BadParameter for what the report does not ask."""
    known = {choice.name: [answer for answer, _title in choice.answers] for choice in report.choices}
    answers = {}
    for text in texts:
        name, _equals, answer = text.partition("=")
        if answer not in known.get(name, []):
            asks = "; ".join(f"{one}={'|'.join(answers)}" for one, answers in known.items()) or "nothing"
            raise typer.BadParameter(f"{report.code} does not ask {text!r}; it asks {asks}")
        answers[name] = answer
    return answers


def _require(report: Report, asked: Asked) -> None:
    given = {Ask.PERIOD: asked.period, Ask.BUILDING: asked.building_id}
    for ask in report.required:
        if given.get(ask) is None:
            raise typer.BadParameter(f"{report.code} needs --{ask}")
