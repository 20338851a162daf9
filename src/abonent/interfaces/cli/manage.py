"""`abonent migrate` and `abonent manage …`: the tables, and Django's own commands."""

import typer
from django.core.management import execute_from_command_line

from abonent.interfaces.cli import runtime

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the tables to the form this version needs."""
    applied = runtime.migrate()
    typer.echo(f"Applied {len(applied)} migrations." if applied else "The tables are up to date.")


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
)
def manage(context: typer.Context) -> None:
    """Run one of Django's own commands: `abonent manage createsuperuser`, `abonent manage shell` …"""
    runtime.connect()
    execute_from_command_line(["abonent manage", *context.args])
