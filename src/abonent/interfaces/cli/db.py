"""`abonent db …`: the embedded database server."""

import os
from typing import Annotated

import typer

from abonent.gateways import database_server

app = typer.Typer(help="The database server.", no_args_is_help=True)


@app.command()
def start() -> None:
    """Start the embedded server, making its data folder the first time."""
    if not database_server.is_embedded():
        database_server.start()
        typer.echo("The server named by ABONENT_DATABASE_URL answers; nothing embedded is started.")
    elif database_server.start():
        typer.echo(f"PostgreSQL runs; its data are in {database_server.data_folder()}")
    else:
        typer.echo("PostgreSQL was running already.")


@app.command()
def stop() -> None:
    """Stop the embedded server in good order."""
    typer.echo("PostgreSQL is stopped." if database_server.stop() else "PostgreSQL was not running.")


@app.command()
def status() -> None:
    """Tell whether the server runs and where its data are; exit code 3 when it does not run."""
    now = database_server.status()
    if not now.embedded:
        typer.echo(
            f"ABONENT_DATABASE_URL names a server that {'answers' if now.running else 'does not answer'}."
        )
    elif now.running:
        typer.echo(
            f"PostgreSQL runs, process {now.pid}; data in {now.data_folder}, socket in {now.socket_folder}"
        )
    else:
        typer.echo(f"PostgreSQL does not run; data in {now.data_folder}. Start it with: abonent db start")
    raise typer.Exit(0 if now.running else 3)


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def psql(
    context: typer.Context,
    database: Annotated[str | None, typer.Option(help="Another database on the same server.")] = None,
) -> None:
    """Open psql; further arguments go to it."""
    database_server.start()
    program = database_server.program("psql")
    os.execv(program, ["psql", database_server.dsn(database=database), *context.args])  # noqa: S606
