"""A price changed back-dated for many accounts and posted; and months of one account looked at before posting."""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

from django.db import connection, transaction

from abonent.contexts.charging.models import Run
from abonent.contexts.contracts.models import Account, Price, TariffGroup
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, recalculation
from abonent.usecases.bench.desk import Milliseconds, bill_once, summary, warm
from abonent.usecases.billing_run import drafts

_GROUP = "bench"
_URBAN = 1  # the tariff group whose prices the bench's own group begins with


@dataclass(frozen=True)
class MassFigures:
    """A back-dated price of a group of accounts rated and posted again, month by month."""

    accounts: int
    accounts_touched: int
    months: int
    account_months: int
    lines: int
    seconds: float
    account_months_per_second: float
    phases: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure_mass(
    *,
    supplier_id: int,
    touched: int,
    booked: Month,
    months: int,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    on_progress: Callable[[billing_run.Progress], None] = lambda progress: None,
) -> MassFigures:
    """Change the price of about `touched` accounts for the months before `booked`, and rate and post them again.

    For a database that is nothing but a bench: what was posted is dropped afterwards, so that it can be repeated.
    """
    first = booked.shift(-months)
    group_id = _group(touched, first)
    for month in first.until(booked):
        bill_once(supplier_id, month, parameters, clock)
    warm()
    _raise_price(group_id, first, by_e5=1_000)
    phases: dict[str, float] = {}
    begun = perf_counter()
    run_id = recalculation.start(
        scope=billing_run.Scope(supplier_id),
        booked_period=booked,
        first=first,
        tariff_group_id=group_id,
        reason="bench",
        actor_id=None,
        at=clock(),
        parameters=parameters,
    )
    phases["note and plan"] = perf_counter() - begun
    rated = billing_run.rate(
        run_id, parameters=parameters, clock=clock, on_progress=on_progress, mass_accounts=0
    )
    phases |= {f"{name} (busy)": seconds for name, seconds in rated.items()}
    before = perf_counter()
    billing_run.approve(run_id=run_id, actor_id=None, at=clock())
    phases["approve"] = perf_counter() - before
    seconds = perf_counter() - begun
    run = Run.objects.get(pk=run_id)
    figures = MassFigures(
        accounts=Account.objects.count(),
        accounts_touched=round(run.accounts_total / months),
        months=months,
        account_months=run.accounts_total,
        lines=run.lines,
        seconds=round(seconds, 2),
        account_months_per_second=round(run.accounts_total / seconds),
        phases={name: round(value, 2) for name, value in phases.items()},
    )
    _forget(run)
    _raise_price(group_id, first, by_e5=-1_000)
    return figures


def _group(touched: int, first: Month) -> int:
    """Return the bench's own tariff group: whole buildings with about so many accounts, before anything is billed."""
    if found := TariffGroup.objects.filter(code=_GROUP).first():
        return found.pk
    with transaction.atomic(), connection.cursor() as cursor:
        group = TariffGroup.objects.create(code=_GROUP, name=_GROUP, norm_category=1)
        cursor.execute(
            """INSERT INTO contracts_price (supplier_id, tariff_group_id, zone, band, price_e5, during, act, url)
               SELECT supplier_id, %(group)s, zone, band, price_e5, part, act, url
               FROM contracts_price CROSS JOIN LATERAL unnest(ARRAY[
                   during * daterange(NULL, %(first)s), during * daterange(%(first)s, NULL)]) AS part
               WHERE tariff_group_id = %(urban)s AND NOT isempty(part)""",
            {"group": group.pk, "urban": _URBAN, "first": first.first_day},
        )
        cursor.execute(
            """UPDATE contracts_premiseterms t SET tariff_group_id = %s
               FROM contracts_tariffgroup g, places_building b
               WHERE g.id = t.tariff_group_id AND g.code <> 'garden' AND b.id = t.building_id
                 AND t.building_id <= (
                     SELECT max(building_id) FROM (SELECT building_id FROM contracts_account ORDER BY building_id
                                                   LIMIT %s) first_ones)""",
            [group.pk, touched],
        )
    return group.pk


def _raise_price(group_id: int, first: Month, *, by_e5: int) -> None:
    for price in Price.objects.filter(tariff_group=group_id, during__startswith__gte=first.first_day):
        Price.objects.filter(pk=price.pk).update(price_e5=price.price_e5 + by_e5)


def _forget(run: Run) -> None:
    """Take out of the way what a run posted: the books are again as they were before it."""
    with connection.cursor() as cursor:
        for book in drafts.BOOKS:
            cursor.execute(f"DROP TABLE IF EXISTS {book.table}_{run.slot}")
        cursor.execute("DELETE FROM ledger_batch WHERE origin = %s", [f"run:{run.pk}"])
        for table in ("recalculation", "runexception", "buildingbalance", "runshard"):
            cursor.execute(f"DELETE FROM charging_{table} WHERE run_id = %s", [run.pk])
        cursor.execute("DELETE FROM charging_run WHERE id = %s", [run.pk])


@dataclass(frozen=True)
class PreviewFigures:
    """Months of one account looked at: server time of each look."""

    accounts: int
    months: int
    preview_ms: Milliseconds

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure_preview(
    *,
    supplier_id: int,
    booked: Month,
    months: int,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    samples: int = 200,
    seed: int = 1,
) -> PreviewFigures:
    """Look at the months before `booked` of random accounts, all of them billed."""
    first = booked.shift(-months)
    for month in first.until(booked):
        bill_once(supplier_id, month, parameters, clock)
    warm()
    chance = random.Random(seed)  # noqa: S311  a sample, not a secret
    premises = list(Account.objects.order_by("id").values_list("premise_id", flat=True))
    seconds = []
    for premise_id in chance.choices(premises, k=samples):
        begun = perf_counter()
        recalculation.preview(
            premise_id=premise_id,
            months=list(first.until(booked)),
            supplier_id=supplier_id,
            parameters=parameters,
            booked_period=booked,
        )
        seconds.append(perf_counter() - begun)
    return PreviewFigures(len(premises), months, summary(seconds))
