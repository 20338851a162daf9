"""`abonent parameters …`: the dated figures of the law."""

from pathlib import Path
from typing import Annotated

import typer

from abonent import packs
from abonent.engine import parameters

app = typer.Typer(help="The dated figures of the law.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `lint` a subcommand while it is the only one."""


@app.command()
def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Parameter files or folders; without any, those of every pack."),
    ] = None,
) -> None:
    """Check parameter files: dates ascend, every version names its act, figures are quoted."""
    folders = paths or sorted(Path(packs.__path__[0]).glob("*/parameters"))
    problems = [problem for path in folders for problem in parameters.lint(path)]
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        typer.echo(f"{len(problems)} problems", err=True)
        raise typer.Exit(1)
    typer.echo(f"{len(folders)} sound")
