"""Databases that live for a moment: a template with the present tables, and as many copies of it as are wanted."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from abonent.gateways import database_server

_PREFIX = "abonent_scratch_"


@dataclass(frozen=True)
class Template:
    """A migrated, empty database to copy."""

    name: str

    @contextmanager
    def copy(self) -> Iterator[None]:
        """Let Django work on a fresh copy, dropped afterwards. Not for use inside a transaction."""
        with _database(template=self.name) as name, _django_on(name):
            yield


@contextmanager
def template() -> Iterator[Template]:
    """Make a template on the server in use and drop it afterwards; whoever calls it has started the server.

    Raises DatabaseServerError when the server does not let us make databases.
    """
    _drop_leftovers()
    with _database(template="template0") as name:
        with _django_on(name):
            call_command("migrate", verbosity=0, interactive=False)
        yield Template(name)


@contextmanager
def kept(name: str) -> Iterator[None]:
    """Let Django work on a database of this name, made and migrated when it is not there, and kept afterwards."""
    with psycopg.connect(database_server.dsn(), autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _execute("CREATE DATABASE {} TEMPLATE {}", name, "template0")
    with _django_on(name):
        call_command("migrate", verbosity=0, interactive=False)
        yield


@contextmanager
def _database(*, template: str) -> Iterator[str]:
    name = f"{_PREFIX}{os.getpid()}_{secrets.token_hex(4)}"
    try:
        _execute("CREATE DATABASE {} TEMPLATE {}", name, template)
    except psycopg.errors.InsufficientPrivilege as error:
        raise database_server.DatabaseServerError(
            "The database user may not make databases, which a scratch copy needs: ALTER ROLE … CREATEDB, "
            "or unset ABONENT_DATABASE_URL to use the embedded server."
        ) from error
    try:
        yield name
    finally:
        _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextmanager
def _django_on(name: str) -> Iterator[None]:
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def _drop_leftovers() -> None:
    """Drop what processes that were killed left behind; only on our own machine are their numbers known."""
    if not database_server.is_embedded():
        return
    with psycopg.connect(database_server.dsn(), autocommit=True) as server:
        names = [
            row[0]
            for row in server.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_PREFIX]
            )
        ]
    for name in names:
        if not psutil.pid_exists(int(name.removeprefix(_PREFIX).split("_")[0])):
            _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _execute(statement: str, *names: str) -> None:
    with psycopg.connect(database_server.dsn(), autocommit=True) as server:
        server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
