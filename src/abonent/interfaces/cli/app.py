"""The command line: one module per group of commands, each with a Typer `app`."""

import importlib
import os
import sys

import django
import typer

from abonent.gateways.database_server import DatabaseServerError
from abonent.gateways.home import HomeError

# Modules of this package. One that is named here and missing stops the command line with its traceback.
# The groups become `abonent <name> …`.
GROUPS = (
    "db",
    "parameters",
    "scenario",
    "billing",
    "recalc",
    "bill",
    "period",
    "readings",
    "payments",
    "penalties",
    "report",
    "accounting",
    "books",
    "demo",
    "bench",
)
TOP_LEVEL = {"doctor": "doctor", "up": "serve", "worker": "serve", "migrate": "manage", "manage": "manage"}


def build(first_word: str = "") -> typer.Typer:
    """Put the command line together; of what begins with a known first word, only that is loaded."""
    app = typer.Typer(
        name="abonent",
        help="Billing for energy suppliers: from the meter reading to the money.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # its tracebacks print local variables, and those hold personal data
    )
    known = first_word in GROUPS or first_word in TOP_LEVEL
    for name in GROUPS:
        if not known or name == first_word:
            app.add_typer(importlib.import_module(f"abonent.interfaces.cli.{name}").app, name=name)
    for name in dict.fromkeys(TOP_LEVEL.values()):
        if not known or name == TOP_LEVEL.get(first_word):
            app.add_typer(importlib.import_module(f"abonent.interfaces.cli.{name}").app)
    return app


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "abonent.project.settings")
    try:
        django.setup()  # needs no database; lets every command import models at its top
        build(sys.argv[1] if len(sys.argv) > 1 else "")()
    except (DatabaseServerError, HomeError) as refusal:
        print(f"abonent: {refusal}", file=sys.stderr)
        sys.exit(1)
