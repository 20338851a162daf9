"""`abonent scenario …`: worked examples checked to the kopeck."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from abonent.gateways import database_server, scratch_database
from abonent.usecases import scenario_check
from abonent.usecases.scenario_check import ScenarioError

app = typer.Typer(help="Worked examples, checked to the kopeck.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `check` a subcommand while it is the only one."""


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every line, exception and balance, expected or not.")
    ] = False,
) -> None:
    """
    Bill the town each file describes and compare; docs/scenarios.md tells how to write one.

    Your own database is not touched. Exit code 1: a difference; 2: a file that cannot be understood.
    """
    files = [file for path in paths for file in (sorted(path.rglob("*.yaml")) if path.is_dir() else [path])]
    if not files:
        typer.echo("no scenario files (*.yaml) there", err=True)
        raise typer.Exit(2)
    results, worst = [], 0
    database_server.start()
    with scratch_database.template() as template:
        for file in files:
            result, code = _one(file, template)
            worst = max(worst, code)
            results.append(result)
            if not as_json:
                _print(result)
    if as_json:
        typer.echo(json.dumps(results, ensure_ascii=False, indent=2))
    raise typer.Exit(worst)


def _one(file: Path, template: scratch_database.Template) -> tuple[dict[str, Any], int]:
    try:
        outcome = scenario_check.check(scenario_check.read(file), template=template)
    except ScenarioError as refusal:
        return {"file": str(file), "refused": [problem.as_dict() for problem in refusal.problems]}, 2
    result = outcome.as_dict()
    return result, 1 if result["differences"] else 0


def _print(result: dict[str, Any]) -> None:
    if "refused" in result:
        typer.echo(f"REFUSED  {result['file']}")
        for problem in result["refused"]:
            place = ", ".join(part for part in (problem["path"], problem["field"]) if part)
            typer.echo(f"    line {problem['line']}{', ' + place if place else ''}: {problem['reason']}")
        return
    verdict = "DIFFERS " if result["differences"] else "ok      "
    typer.echo(f"{verdict} {result['file']}: {result['scenario']} ({len(result['lines'])} lines)")
    for difference in result["differences"]:
        typer.echo(f"    {difference}")
