"""What a command needs before it can use the database."""

import functools

import typer
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from abonent.gateways import database_server


@functools.cache
def connect() -> None:
    """Start the embedded server when it is the one to use; apply no migrations."""
    database_server.start()


def pending_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def migrate() -> list[str]:
    """Bring the tables to the present form; return the names of the migrations applied."""
    connect()
    pending = pending_migrations()
    if pending:
        call_command("migrate", verbosity=0, interactive=False)
    return pending


def ready() -> None:
    """Connect, and refuse to go on with tables of another version."""
    connect()
    if pending := pending_migrations():
        typer.echo(
            f"abonent: the tables are not up to date ({len(pending)} steps); run: abonent migrate", err=True
        )
        raise typer.Exit(1)
