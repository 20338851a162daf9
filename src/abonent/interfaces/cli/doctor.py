"""`abonent doctor`: is everything there that the work needs?"""

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer
from django.conf import settings
from django.db import connection
from rich.console import Console
from rich.text import Text

from abonent.gateways import database_server, queue
from abonent.gateways.home import ensure_home
from abonent.interfaces.cli import runtime

app = typer.Typer()

EXTENSIONS = ("btree_gist", "pg_trgm")
LEAST_FREE_GB = 2


@dataclass(frozen=True)
class Finding:
    what: str
    found: str
    advice: str = ""  # what to do; empty when all is well


@app.command()
def doctor() -> None:
    """Look at versions, extensions, disk, migrations, the worker; exit code 1 when something must be done."""
    console = Console(highlight=False)
    failed = False
    for finding in _findings():
        failed = failed or bool(finding.advice)
        mark = Text("!!", style="bold red") if finding.advice else Text("ok", style="green")
        console.print(mark, f"{finding.what}: {finding.found}", soft_wrap=True, markup=False)
        if finding.advice:
            console.print(f"   → {finding.advice}", soft_wrap=True, markup=False)
    raise typer.Exit(1 if failed else 0)


def _findings() -> Iterator[Finding]:
    yield from _python()
    yield from _packages()
    yield from _catalogues()
    yield from _disk()
    try:
        runtime.connect()
        connection.ensure_connection()
    except Exception as error:  # whatever it is, the rest cannot be looked at, and this line says why
        yield Finding(
            "PostgreSQL",
            str(error).strip(),
            "read the line above; `abonent db status` shows where the server lives",
        )
        return
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (_postgresql, _extensions, _migrations, _worker)
    for check in checks:
        yield from check()


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", version, "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer")


def _packages() -> Iterator[Finding]:
    names = [re.match(r"[\w.-]+", line)[0] for line in importlib.metadata.requires("abonent") or ()]
    found, missing = [], []
    for name in names:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    shown = ", ".join(
        line for line in found if line.startswith(("django ", "polars ", "procrastinate", "typst", "duckdb"))
    )
    yield Finding(
        "Packages",
        f"{len(found)} of {len(names)} ({shown})",
        f"run `make setup`; missing: {', '.join(missing)}" if missing else "",
    )


def _catalogues() -> Iterator[Finding]:
    sources = [path for folder in settings.LOCALE_PATHS for path in Path(folder).rglob("*.po")]
    stale = [path for path in sources if not path.with_suffix(".mo").exists()]
    yield Finding(
        "Translations",
        f"{len(sources) - len(stale)} of {len(sources)} compiled",
        "run `make setup`" if stale else "",
    )


def _disk() -> Iterator[Finding]:
    folder = ensure_home()
    free_gb = shutil.disk_usage(folder).free / 1e9
    advice = "" if free_gb >= LEAST_FREE_GB else f"free at least {LEAST_FREE_GB} GB, or move ABONENT_HOME"
    yield Finding("Disk", f"{free_gb:.1f} GB free at {folder}", advice)


def _postgresql() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    kind = (
        f"embedded, data in {database_server.data_folder()}"
        if database_server.is_embedded()
        else "ABONENT_DATABASE_URL"
    )
    yield Finding("PostgreSQL", f"{version} ({kind})")


def _extensions() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_available_extensions WHERE name = ANY(%s)", [list(EXTENSIONS)])
        available = {name for (name,) in cursor.fetchall()}
    missing = sorted(set(EXTENSIONS) - available)
    advice = (
        f"install PostgreSQL's contrib package on the server: it has {', '.join(missing)}" if missing else ""
    )
    yield Finding("Extensions", ", ".join(sorted(available)) or "none", advice)


def _migrations() -> Iterator[Finding]:
    pending = runtime.pending_migrations()
    yield Finding(
        "Migrations",
        f"{len(pending)} pending" if pending else "all applied",
        "run `abonent migrate`" if pending else "",
    )


def _worker() -> Iterator[Finding]:
    if "procrastinate_workers" not in connection.introspection.table_names():
        return  # the migrations above come first
    alive = queue.live_workers(at=datetime.now(UTC))
    yield Finding(
        "Worker", f"{alive} alive", "" if alive else "start `abonent up`, or `abonent worker` as a service"
    )
