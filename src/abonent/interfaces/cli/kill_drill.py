"""`abonent bench kill …`: work killed at random instants, and the books after the next start."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import Annotated, Any

import typer
from django.db import connection
from django.utils import timezone
from rich.console import Console

from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments.models import PaymentFile
from abonent.gateways import database_server, scratch_database
from abonent.gateways.home import ensure_home
from abonent.interfaces.cli import runtime
from abonent.interfaces.cli.demo import load_town
from abonent.kernel.periods import Month
from abonent.usecases import books_check, demo_supplier, import_payments, packs
from abonent.usecases.bench import killed, killed_month
from abonent.usecases.bench import payments as payments_bench

_MONTH = Month(2026, 10)
_ABONENT = "from abonent.interfaces.cli import main; main()"
_HISTORY, _MONTHS_LIVED = 1, 2

app = typer.Typer(help="Kill work at random instants, and hold its books against those of work left alone.")
console = Console(highlight=False)


@app.command("import")
def kill_import(
    times: Annotated[int, typer.Option(help="Imports that are killed.")] = 25,
    accounts: Annotated[int, typer.Option(help="Accounts, each with half a year of debts.")] = 5_000,
    payments: Annotated[int, typer.Option(help="Rows of the registry.")] = 10_000,
    shard_rows: Annotated[int, typer.Option(help="Rows of a shard.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Draws the instants.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Kill an import at random instants, start it again, and hold the books against an import left alone."""
    runtime.connect()
    name = f"abonent_bench_payments_{accounts}"
    with scratch_database.kept(name):
        load_town(accounts=accounts, months=_HISTORY, period=_MONTH, quiet=True)
        payments_bench.prepare(supplier_id=supplier_id(), month=_MONTH, at=timezone.now())
        payments_bench.forget(_MONTH)
        path = payments_bench.write_registry(folder=ensure_home(), month=_MONTH, payments=payments)
    command = [
        "payments", "import", str(path), "--agent", "bench", "--book-on", str(_MONTH.last_day),
        "--shard-rows", str(shard_rows),
    ]  # fmt: skip
    template = scratch_database.Template(name)
    with template.copy():
        begun = time.monotonic()
        if _start(command).wait():
            raise typer.Exit(1)
        whole = time.monotonic() - begun
        right = killed.digests()
    draw = random.Random(seed)  # noqa: S311  no secret hangs on it
    instants: list[dict[str, Any]] = []
    for number in range(1, times + 1):
        with template.copy():
            instants.append(_killed_once(command, draw.uniform(0.4, 0.8) * whole))
            instants[-1] |= _state(right)
        if not as_json:
            console.print(f"{number:>4}  {instants[-1]}")
    path.unlink()
    wrong = [
        one for one in instants if not (one["same_books"] and one["books_are_right"] and one["finished"])
    ]
    reached = {
        state: sum(one["killed_when"] == state for one in instants) for state in ("before", "posting", "done")
    }
    figures = {
        "killed": times,
        "rows": payments,
        "killed_when": reached,
        "wrong": wrong,
        "seconds": round(whole, 1),
    }
    console.print(json.dumps(figures) if as_json else f"{figures}")
    raise typer.Exit(bool(wrong))


@app.command("month")
def kill_month(
    accounts: Annotated[int, typer.Option(help="Accounts of the town.")] = 1_000,
    instants: Annotated[int, typer.Option(help="How often the month's work is killed.")] = 50,
    seed: Annotated[int, typer.Option(help="Another seed, other instants.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Files of payments and readings, runs and penalties killed (-9) at random instants, and taken up again."""
    runtime.connect()
    sample = demo_supplier.Sample(accounts=accounts, seed=seed, months=_MONTHS_LIVED, period=_MONTH)
    with console.status("") as status:
        figures = killed_month.measure(
            sample=sample,
            instants=instants,
            seed=seed,
            parameters=packs.pack_parameters(),
            clock=timezone.now,
            on_progress=lambda done: status.update(f"killed {done} times"),
        )
    console.print(json.dumps(figures.as_dict()) if as_json else f"{figures}", soft_wrap=True)
    raise typer.Exit(1 if figures.wrong else 0)


def _killed_once(command: list[str], seconds: float) -> dict[str, Any]:
    """Kill the import after so many seconds, tell how far it was, and start it again."""
    process = _start(command)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    file = PaymentFile.objects.first()
    when = "before" if file is None else "posting" if file.state == 1 else "done"
    shards = "" if file is None else f"{file.shards_done}/{file.shards}"
    connection.close()
    ended = _start(command).wait()
    return {"seconds": round(seconds, 2), "killed_when": when, "shards_done": shards, "ended_with": ended}


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    address = database_server.dsn(database=str(connection.settings_dict["NAME"]))
    connection.close()
    return subprocess.Popen(
        [sys.executable, "-c", _ABONENT, *command],
        env=os.environ | {"ABONENT_DATABASE_URL": address},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def _state(right: dict[str, str]) -> dict[str, bool]:
    return {
        "finished": not import_payments.unfinished(),
        "same_books": killed.digests() == right,
        "books_are_right": not any(result.disagreements for result in books_check.check_books()),
    }
