"""`abonent bench …`: figures of speed and size, as words or as JSON."""

import json
import os
import subprocess
import sys
from typing import Annotated, Any

import typer
from django.utils import timezone
from rich.console import Console

from abonent.contexts.parties.queries import supplier_id
from abonent.gateways import scratch_database
from abonent.gateways.home import ensure_home
from abonent.interfaces.cli import kill_drill, runtime
from abonent.interfaces.cli.demo import load_town
from abonent.kernel.periods import Month
from abonent.usecases import packs
from abonent.usecases.bench import billing as billing_bench
from abonent.usecases.bench import bills as bills_bench
from abonent.usecases.bench import cashiers as cashiers_bench
from abonent.usecases.bench import desk as desk_bench
from abonent.usecases.bench import payments as payments_bench
from abonent.usecases.bench import penalties as penalties_bench
from abonent.usecases.bench import readings as readings_bench
from abonent.usecases.bench import recalculation as recalculation_bench
from abonent.usecases.bench import turnover as turnover_bench

app = typer.Typer(help="Figures of speed and size.", no_args_is_help=True)
console = Console(highlight=False)
app.add_typer(kill_drill.app, name="kill")

Accounts = Annotated[int, typer.Option(help="Accounts of the sample town; kept as a database of its own.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

_MONTH = Month(2026, 10)
_MONTHS_OF_HISTORY = 2
_MONTHS_OF_READINGS = 14  # a whole season lies behind the readings that come in


def report(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        console.print(f"{name:>24}  {value}")


@app.command()
def billing(accounts: Accounts = 100_000, as_json: AsJson = False) -> None:
    """A month from readings to posted entries, and the floor of copying the same rows."""
    runtime.connect()
    with scratch_database.kept(f"abonent_bench_{accounts}"):
        load_town(accounts=accounts, months=_MONTHS_OF_HISTORY, period=_MONTH, quiet=as_json)
        figures = billing_bench.measure(
            supplier_id=supplier_id(),
            month=_MONTH,
            parameters=packs.pack_parameters(),
            clock=timezone.now,
        )
    report(figures.as_dict(), as_json=as_json)


@app.command()
def desk(
    accounts: Accounts = 100_000,
    samples: Annotated[int, typer.Option(help="How many readings to enter and take back.")] = 200,
    as_json: AsJson = False,
) -> None:
    """What a clerk waits for: search as one types, a reading entered and its month rated again."""
    if (
        "POLARS_MAX_THREADS" not in os.environ
    ):  # as in the office's own processes; read when Polars is imported
        os.environ["POLARS_MAX_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606  ourselves again
    runtime.connect()
    with scratch_database.kept(f"abonent_bench_{accounts}"):
        load_town(accounts=accounts, months=_MONTHS_OF_HISTORY, period=_MONTH, quiet=as_json)
        figures = desk_bench.measure(
            supplier_id=supplier_id(),
            month=_MONTH,
            parameters=packs.pack_parameters(),
            clock=timezone.now,
            samples=samples,
        )
    report(figures.as_dict(), as_json=as_json)


@app.command()
def bills(
    accounts: Accounts = 5_000,
    processes: Annotated[int | None, typer.Option(help="Processes to print with; one for each core.")] = None,
    as_json: AsJson = False,
) -> None:
    """The bills of a month in one PDF: pages a second, from the books to the file."""
    runtime.connect()
    with scratch_database.kept(f"abonent_bench_{accounts}"):
        load_town(accounts=accounts, months=_MONTHS_OF_HISTORY, period=_MONTH, quiet=as_json)
        figures = bills_bench.measure(
            supplier_id=supplier_id(),
            month=_MONTH,
            parameters=packs.pack_parameters(),
            clock=timezone.now,
            processes=processes,
        )
    report(figures.as_dict(), as_json=as_json)


@app.command()
def readings(
    readings: Annotated[int, typer.Option(help="Readings in each file, one a row.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """A csv and an xlsx of readings: judged, stored and answered; seconds and memory."""
    runtime.connect()
    accounts = max(500, readings * 9 // 10)
    month = _MONTH.next()
    with scratch_database.kept(f"abonent_bench_readings_{accounts}"):
        load_town(accounts=accounts, months=_MONTHS_OF_READINGS, period=_MONTH, quiet=as_json)
        figures = readings_bench.measure(
            files=readings_bench.write_files(folder=ensure_home(), month=month, readings=readings),
            month=month,
            today=month.last_day,
            parameters=packs.pack_parameters(),
            history_months=_MONTHS_OF_READINGS,
            clock=timezone.now,
        )
    report(figures.as_dict(), as_json=as_json)


@app.command()
def recalculation(
    accounts: Annotated[int, typer.Option(help="Accounts whose price is changed back-dated.")] = 100_000,
    months: Annotated[int, typer.Option(help="Back months rated again.")] = 6,
    preview_accounts: Annotated[int, typer.Option(help="Accounts of the town previews are made in.")] = 2_000,
    preview_months: Annotated[int, typer.Option(help="Months of one preview.")] = 36,
    as_json: AsJson = False,
) -> None:
    """A back-dated price rated and posted again, also in a database twice the size; months of one account looked at."""
    runtime.connect()
    figures: dict[str, Any] = {}
    # the previews in a process of their own, as small as the office's
    if "ABONENT_BENCH_PREVIEW" not in os.environ:
        for size, name in ((accounts, "mass"), (2 * accounts, "mass_in_twice_the_database")):
            with scratch_database.kept(f"abonent_bench_recalculation_{size}"):
                load_town(accounts=size, months=months, period=_MONTH, quiet=as_json)
                mass = recalculation_bench.measure_mass(
                    supplier_id=supplier_id(),
                    touched=accounts,
                    booked=_MONTH,
                    months=months,
                    parameters=packs.pack_parameters(),
                    clock=timezone.now,
                )
            figures[name] = mass.as_dict()
        done = subprocess.run(
            [sys.executable, *sys.argv],
            env=os.environ | {"ABONENT_BENCH_PREVIEW": "1", "POLARS_MAX_THREADS": "1"},
            stdout=subprocess.PIPE,
            check=True,
        )
        report(figures | json.loads(done.stdout), as_json=as_json)
        return
    with scratch_database.kept(f"abonent_bench_preview_{preview_accounts}_{preview_months}"):
        load_town(accounts=preview_accounts, months=preview_months, period=_MONTH, quiet=True)
        preview = recalculation_bench.measure_preview(
            supplier_id=supplier_id(),
            booked=_MONTH,
            months=preview_months,
            parameters=packs.pack_parameters(),
            clock=timezone.now,
        )
    report({"preview": preview.as_dict()}, as_json=True)


@app.command()
def payments(
    accounts: Annotated[int, typer.Option(help="Accounts, each with half a year of debts.")] = 1_000_000,
    payments: Annotated[int, typer.Option(help="Rows of the registry.")] = 1_000_000,
    as_json: AsJson = False,
) -> None:
    """A registry of payments recognised, posted and allocated, against a plain copy of the same rows."""
    runtime.connect()
    with scratch_database.kept(f"abonent_bench_payments_{accounts}"):
        load_town(accounts=accounts, months=_MONTHS_OF_HISTORY, period=_MONTH, quiet=as_json)
        agent_id = payments_bench.prepare(supplier_id=supplier_id(), month=_MONTH, at=timezone.now())
        path = payments_bench.write_registry(folder=ensure_home(), month=_MONTH, payments=payments)
        figures = payments_bench.measure(
            path=path, agent_id=agent_id, month=_MONTH, accounts=accounts, clock=timezone.now
        )
        path.unlink()
    report(figures.as_dict(), as_json=as_json)


@app.command()
def cashiers(
    accounts: Annotated[int, typer.Option(help="Accounts, each with half a year of debts.")] = 1_000_000,
    cashiers: Annotated[int, typer.Option(help="Cashiers at work at once.")] = 50,
    seconds: Annotated[float, typer.Option(help="How long they work.")] = 60,
    threads: Annotated[int, typer.Option(help="Threads of each server process, each with a connection.")] = 4,
    pause: Annotated[float, typer.Option(help="Seconds between one payment and the next of a cashier.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Cashiers taking payments at once: what they wait for, against a bare INSERT; and whether a kopeck is lost."""
    runtime.connect()
    with scratch_database.kept(f"abonent_bench_cashiers_{accounts}"):
        load_town(accounts=accounts, months=_MONTHS_OF_HISTORY, period=_MONTH, quiet=as_json)
        payments_bench.prepare(supplier_id=supplier_id(), month=_MONTH, at=timezone.now())
        figures = cashiers_bench.measure(
            supplier_id=supplier_id(),
            cashiers=cashiers,
            seconds=seconds,
            threads=threads,
            pause=pause,
            clock=timezone.now,
        )
    report(figures.as_dict(), as_json=as_json)
    raise typer.Exit(1 if figures.errors or figures.lost_minor or not figures.books_are_right else 0)


@app.command()
def penalties(
    accounts: Annotated[
        int, typer.Option(help="Accounts counted in memory, each with a year of debts.")
    ] = 10_000_000,
    run_accounts: Annotated[
        int, typer.Option(help="Accounts of a real run through a database of its own; 0: none.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Penalties of a year of debts: counted in memory; and a run through the database, to its posted entries."""
    parameters = packs.pack_parameters()
    with console.status("") as status:
        counted = penalties_bench.measure(
            accounts=accounts,
            parameters=parameters,
            on_progress=lambda done: status.update(f"{done:,} accounts"),
        )
    figures: dict[str, Any] = {"memory": counted.as_dict()}
    if run_accounts:
        runtime.connect()
        with scratch_database.kept(f"abonent_bench_penalties_{run_accounts}"):
            load_town(accounts=run_accounts, months=1, period=_MONTH, quiet=as_json)
            penalties_bench.prepare(supplier_id=supplier_id(), at=timezone.now())
            run = penalties_bench.measure_run(
                supplier_id=supplier_id(), parameters=parameters, clock=timezone.now
            )
        figures["run"] = run.as_dict()
    report(figures, as_json=as_json)


@app.command()
def turnover(
    accounts: Annotated[int, typer.Option(help="Accounts of the sample town.")] = 100_000,
    months: Annotated[int, typer.Option(help="Months of books, the month of the sheet counted in.")] = 12,
    as_json: AsJson = False,
) -> None:
    """The turnover sheet of a month by account: seconds to its first page and to the spreadsheet of all."""
    runtime.connect()
    with scratch_database.kept(f"abonent_bench_{accounts}"):
        load_town(accounts=accounts, months=_MONTHS_OF_HISTORY, period=_MONTH, quiet=as_json)
        figures = turnover_bench.measure(
            supplier_id=supplier_id(),
            month=_MONTH,
            months_of_books=months,
            parameters=packs.pack_parameters(),
            clock=timezone.now,
        )
    report(figures.as_dict(), as_json=as_json)
