"""`abonent demo …`: a sample supplier to try everything on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from django.db import connection
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from abonent.contexts.charging import queries as charging
from abonent.contexts.parties import queries as parties
from abonent.contexts.payments import files as payment_files
from abonent.contexts.payments import listing
from abonent.contexts.payments.models import PaymentState
from abonent.contexts.penalties import queries as penalties
from abonent.contexts.penalties.models import PenaltyRunState
from abonent.gateways import database_server
from abonent.gateways.home import ensure_home
from abonent.interfaces.cli import bill, billing, runtime
from abonent.interfaces.cli.billing import month_of
from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, books_check, demo_supplier, packs, print_bills
from abonent.usecases.demo_supplier import BuildingCase, UnitCase

app = typer.Typer(help="A sample supplier to try everything on.", no_args_is_help=True)
console = Console(highlight=False)

ACCOUNTS, SEED, MONTHS = 5_000, 1, 12

_CASES: dict[BuildingCase | UnitCase, str] = {
    UnitCase.ROLLED_OVER: "the meter rolled over: 99980 → 00120",
    UnitCase.METER_REPLACED: "the meter was replaced on the 16th of the month",
    UnitCase.NO_METER: "no meter: billed by norm",
    UnitCase.ADMISSION_REFUSED: "access refused twice: norm with the increasing coefficient",
    UnitCase.STOPPED: "stopped sending readings two months ago: billed by average",
    UnitCase.NEVER_SENT: "has a meter, never sent a reading",
    UnitCase.RESIDENTS_CHANGED: "a third resident moved in on the 15th",
    UnitCase.SPIKE: "an absurd reading: parked",
    UnitCase.BELOW_PREVIOUS: "a reading below the previous one: parked",
    BuildingCase.FLATS_EXCEED_METER: "the flats add up to more than the building meter",
    BuildingCase.NO_METER: "no building meter: common needs by norm",
    BuildingCase.ABOVE_NORM: "common needs above the norm: cut to it",
    BuildingCase.THREE_ZONES: "three zones in the flats and on the building meter",
    BuildingCase.LARGE_RATIO: "the building meter counts through transformers of ratio 60",
    BuildingCase.NO_AREA: "a building without its areas: parked",
    BuildingCase.GROUP_WITHOUT_PRICE: "a tariff group without a price: parked",
    UnitCase.TAMPERING: "tampering with the meter: ten norms for three months back",
    UnitCase.UNAUTHORISED: "energy taken past the meter, of a known power",
    UnitCase.UNAUTHORISED_UNKNOWN: "energy taken past the meter, of an unknown power: ten norms",
    UnitCase.ABSENT: "no meter, one of three was away for twenty days",
    UnitCase.GAP_CLOSED: "no reading last month, this month's closes the gap: last month rated again",
    UnitCase.CONTROL_FELL: "the inspector found less than the subscriber had said",
    UnitCase.CO_OWNERS: "two owners, two thirds and one",
    UnitCase.HANDOVER: "one payer followed another on the 13th, with a final bill",
    UnitCase.BENEFITS: "two holders of benefits",
    UnitCase.LISTED: "three residents known by name",
    UnitCase.OVERDUE: "the meter's verification is overdue",
    UnitCase.SENT_IN_FILE: "its reading came in a file of readings, beside held ones",
    UnitCase.DECIDED_BY_HAND: "a sum taken off by decision of a person",
    UnitCase.SHOP_BY_AGREEMENT: "a shop without a meter, billed by agreement",
    UnitCase.COMMUNAL_FLAT_METER: "a communal flat: its meter is shared out to the rooms by residents",
    UnitCase.COMMUNAL_ALL_METERED: "a communal flat whose rooms all have meters",
    UnitCase.COMMUNAL_AGREED: "a communal flat that agreed on the meters some rooms have",
    UnitCase.COMMUNAL_SECTIONS: "a communal flat of two sections with meters",
    BuildingCase.EXECUTOR_DEFICIT: "an executor that carries a deficit over from last month",
    BuildingCase.EXECUTOR_WITHOUT_METER: "an executor of a building without a meter: by norm",
    BuildingCase.HOUSING_BY_READINGS: "common needs in the housing service, by readings",
    BuildingCase.HOUSING_BY_NORM: "common needs in the housing service, by norm, trued up yearly",
    BuildingCase.HOUSING_BY_AVERAGE: "common needs in the housing service, by last year's average",
    BuildingCase.HEATING_METER: "in-house heating with a meter of its own",
    BuildingCase.ABOVE_RANGES: "a house that uses enough for all three ranges",
    BuildingCase.ABOVE_SOCIAL_NORM: "a house where a social norm holds",
}

Accounts = Annotated[int, typer.Option(help="How many accounts, from 1000 to 10 000 000.")]
Seed = Annotated[int, typer.Option(help="Another seed, another town.")]
Months = Annotated[int, typer.Option(min=1, max=60, help="Months of readings before the period.")]
Period = Annotated[
    str | None, typer.Option(help="The month to bill, 2026-10; the last full one if left out.")
]


def load_town(
    *, accounts: int, months: int, period: Month, seed: int = SEED, quiet: bool = False
) -> demo_supplier.Loaded:
    """Load a sample supplier into the present database unless it is there; under a progress bar."""
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar, _refusals():
        task = bar.add_task("drawing the town", total=accounts)

        def advance(now: demo_supplier.LoadProgress) -> None:
            done = now.accounts_done >= now.accounts_total
            bar.update(
                task,
                completed=now.accounts_done,
                total=None if done else now.accounts_total,
                description="constraints and indexes" if done else f"{now.accounts_done:,} accounts",
            )

        return demo_supplier.load(
            sample=demo_supplier.Sample(accounts=accounts, seed=seed, months=months, period=period),
            parameters=packs.pack_parameters(),
            at=timezone.now(),
            on_progress=advance,
        )


@app.command()
def load(
    accounts: Accounts = ACCOUNTS, seed: Seed = SEED, months: Months = MONTHS, period: Period = None
) -> None:
    """Load a sample supplier into an empty database, and tell where its remarkable cases are."""
    runtime.ready()
    begun = timezone.now()
    loaded = load_town(accounts=accounts, months=months, period=period_of(period), seed=seed)
    seconds = (timezone.now() - begun).total_seconds()
    if loaded.rows:
        console.print(
            f"{accounts:,} accounts in {loaded.town.buildings.height:,} buildings: "
            f"{loaded.rows:,} rows in {seconds:.1f} s"
        )
    elif loaded.definitions:
        console.print(f"All rows were there; {loaded.definitions} constraints and indexes are made now.")
    else:
        console.print("This very sample supplier is there already; nothing was changed.")
    console.print(cases(loaded))


def cases(loaded: demo_supplier.Loaded) -> Table:
    """List the remarkable cases with their accounts and addresses."""
    table = Table("account", "address", "what is remarkable", box=None)
    for found in demo_supplier.special_cases(loaded.town):
        table.add_row(found.account, found.address, _CASES[found.case])
    return table


@app.command()
def run(
    accounts: Annotated[int | None, typer.Option(help=f"How many accounts; {ACCOUNTS} if left out.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed, another town.")] = None,
    months: Annotated[int | None, typer.Option(min=1, max=60, help="Months of history to bill.")] = None,
    period: Period = None,
) -> None:
    """From an empty database to printed bills and checked books; run again, it changes nothing and says so."""
    migrated = runtime.migrate()
    sample = _sample(accounts, seed, months, period)
    loaded = load_town(accounts=sample.accounts, seed=sample.seed, months=sample.months, period=sample.period)
    staff = demo_supplier.hire()
    lived = []
    with console.status("") as status, billing.refusals(), bill.refusals():
        for month in sample.opening.next().until(sample.period.next()):
            status.update(f"billing {month}")
            lived.append(
                demo_supplier.live(
                    sample=sample, month=month, parameters=packs.pack_parameters(), clock=timezone.now
                )
            )
        closed = demo_supplier.close_history(sample=sample, at=timezone.now())
        status.update("printing the bills")
        printed = ensure_home() / "printed" / f"bills-{sample.period}.pdf"
        if not (kept := printed.exists() and not lived[-1].changed):
            _print(sample.period, printed)
        status.update("adding up the books")
        checks = list(books_check.check_books())
    payments = sum(month.payments for month in lived)
    disagreements = sum(check.disagreements for check in checks)
    last = charging.run_row(run_id=lived[-1].run_id)
    assert last is not None
    told = {
        "Database": _where(),
        "Sample supplier": f"{sample.accounts:,} accounts in {loaded.town.buildings.height:,} buildings, "
        f"seed {sample.seed}, {'loaded now' if loaded.rows else 'was there'}",
        "History": f"{sample.months} months from {lived[0].month}: billed, paid for and closed, "
        + (f"{payments:,} payments posted now" if payments else "all before"),
        str(sample.period): f"run {last['id']}: {last['lines']:,} lines, "
        f"{format_minor(last['amount_minor'], language='en')} roubles, "
        f"{'posted now' if lived[-1].billed else 'was posted'}",
        "Money": _money(sample.period),
        "Parked": f"{last['exceptions']}, all on purpose: abonent billing exceptions {last['id']}",
        "Bills": f"{printed}: {_megabytes(printed)}, {'was there' if kept else 'printed now'}",
        "Books": f"{len(checks)} checks of every line, entry and bill: "
        + (f"{disagreements} rows disagree, see abonent books check" if disagreements else "all agree"),
        "Explain": f"abonent bill explain {_some_account(loaded)} {sample.period}; "
        "more remarkable accounts: abonent demo load",
        "Office": f"make up, then http://127.0.0.1:8000/ as {', '.join(staff.names)}",
        "Password": f"{staff.password}  ({staff.kept_in})"
        if staff.password
        else "not kept here; set one: abonent manage changepassword operator",
    }
    for what, words in told.items():
        console.print(f"[bold]{what:<16}[/bold]{words}", soft_wrap=True)
    untouched = not (migrated or loaded.rows or loaded.definitions or staff.made or closed)
    if untouched and kept and not any(month.changed for month in lived):
        console.print("All of it was there already: nothing was changed.")
    raise typer.Exit(1 if disagreements else 0)


def _sample(
    accounts: int | None, seed: int | None, months: int | None, period: str | None
) -> demo_supplier.Sample:
    """Return the sample asked for; what is left unsaid is as in the one that is here."""
    here = demo_supplier.present() or demo_supplier.Sample(ACCOUNTS, SEED, MONTHS, period_of(None))
    return demo_supplier.Sample(
        accounts=accounts or here.accounts,
        seed=here.seed if seed is None else seed,
        months=months or here.months,
        period=month_of(period) if period else here.period,
    )


def _print(month: Month, output: Path) -> None:
    output.parent.mkdir(exist_ok=True)
    scope = billing_run.Scope(supplier_id=parties.supplier_id())
    for _ in print_bills.print_bills(
        scope=scope, month=month, output=output, printed_on=timezone.localdate()
    ):
        pass


def _money(period: Month) -> str:
    files = payment_files.payment_files().filter(booked_on__range=(period.first_day, period.last_day))
    waiting = listing.payments().filter(state=PaymentState.UNIDENTIFIED).count()
    runs = penalties.runs().filter(booked_period=period.first_day, state=PenaltyRunState.POSTED)
    return (
        f"{sum(file['rows'] for file in files):,} payments of {period} came in {len(files)} files, "
        f"{waiting} wait for a person; "
        f"penalties {format_minor(sum(run['amount_minor'] for run in runs), language='en')} roubles"
    )


def _where() -> str:
    now = database_server.status()
    return f"embedded, in {now.data_folder}" if now.embedded else "the one ABONENT_DATABASE_URL names"


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1_000_000:,.1f} MB"


def _some_account(loaded: demo_supplier.Loaded) -> str:
    return next(found.account for found in demo_supplier.special_cases(loaded.town) if found.account)


def period_of(text: str | None) -> Month:
    """Return the month asked for, or the last one that is over."""
    return month_of(text) if text else Month.of(timezone.localdate()).previous()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except demo_supplier.SampleRefused as refusal:
        typer.echo(f"abonent: {_why(refusal)}", err=True)
        raise typer.Exit(1) from None
    except ValueError as error:
        typer.echo(f"abonent: {error}", err=True)
        raise typer.Exit(1) from None


def _why(refusal: demo_supplier.SampleRefused) -> str:
    if refusal.code == "busy":
        return "another process is loading a sample supplier into this database; wait for it"
    other = "use another one: ABONENT_DATABASE_URL, or ABONENT_HOME for another embedded server"
    if refusal.present is not None:
        here = refusal.present
        return (
            f"the database holds another sample supplier: --accounts {here.accounts} --seed {here.seed} "
            f"--months {here.months} --period {here.period}; {other}"
        )
    return f"the database {connection.settings_dict['NAME']} holds data, and a sample is never mixed with it; {other}"
