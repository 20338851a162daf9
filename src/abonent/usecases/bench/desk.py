"""What a clerk waits for: an account found as one types, and a month rated again after a reading."""

import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from django.db import connection

from abonent.contexts.charging.models import BillingPeriod, Run, RunKind, RunState
from abonent.contexts.contracts.models import Account
from abonent.contexts.contracts.search import search
from abonent.contexts.metering.models import Installation, Reading, ReadingSource, ReadingStatus
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, enter_reading, packs
from abonent.usecases.enter_reading import Shown


@dataclass(frozen=True)
class Milliseconds:
    """Server time of one kind of request: how many were made, the middle one, and the 95th of a hundred."""

    samples: int
    p50: float
    p95: float
    slowest: float


def summary(seconds: list[float]) -> Milliseconds:
    """Summarise measurements. Raises ValueError when there are none."""
    if not seconds:
        raise ValueError("nothing was measured")
    ordered = sorted(1000 * value for value in seconds)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return Milliseconds(len(ordered), at(0.5), at(0.95), round(ordered[-1], 2))


@dataclass(frozen=True)
class DeskFigures:
    accounts: int
    preview_ms: Milliseconds
    enter_ms: Milliseconds
    search_ms: dict[str, Milliseconds]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    *,
    supplier_id: int,
    month: Month,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    samples: int = 200,
    seed: int = 1,
) -> DeskFigures:
    """Enter readings for random accounts of a billed month and take them back; search as people type."""
    bill_once(supplier_id, month, parameters, clock)
    warm()
    chance = random.Random(seed)  # noqa: S311  a sample, not a secret
    previews, entries = [], []
    for account, installation, latest in _metered(chance, month, samples):
        taken_on = latest.taken_on + timedelta(days=1)
        shown, at = [Shown(installation, latest.value_wh + 1000)], clock()
        begun = perf_counter()
        enter_reading.preview(
            account=account,
            shown=shown,
            taken_on=taken_on,
            supplier_id=supplier_id,
            booked_period=month,
            parameters=parameters,
            today=month.last_day,
            at=at,
        )
        previews.append(perf_counter() - begun)
        begun = perf_counter()
        entered = enter_reading.enter(
            account=account,
            shown=shown,
            taken_on=taken_on,
            source=ReadingSource.INSPECTOR,
            parameters=parameters,
            booked_period=month,
            actor_id=None,
            today=month.last_day,
            at=at,
        )
        entries.append(perf_counter() - begun)
        enter_reading.annul(
            account=account,
            reading_ids=entered.reading_ids,
            taken_on=taken_on,
            parameters=parameters,
            booked_period=month,
            actor_id=None,
            at=at,
            reason="bench",
        )
    return DeskFigures(
        Account.objects.count(), summary(previews), summary(entries), _search(chance, month, samples)
    )


def bill_once(
    supplier_id: int, month: Month, parameters: ParameterSet, clock: Callable[[], datetime]
) -> None:
    """Bill a month for everybody unless it is."""
    if Run.objects.filter(
        period=month.first_day, kind=RunKind.BILLING, state=RunState.POSTED, account=None
    ).exists():
        return
    BillingPeriod.objects.get_or_create(supplier_id=supplier_id, month=month.first_day)
    run_id = billing_run.create(
        scope=billing_run.Scope(supplier_id),
        period=month,
        at=clock(),
        pack_version=packs.pack().version,
        parameter_hash=parameters.hash,
    )
    billing_run.rate(run_id, parameters=parameters, clock=clock)
    billing_run.approve(run_id=run_id, actor_id=None, at=clock())


def warm() -> None:
    """Read every table and index once: a clerk's database has been at work since the morning."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        cursor.execute(
            "SELECT sum(pg_prewarm(oid, 'read')) FROM pg_class "
            "WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
        )
        cursor.execute("ANALYZE")


def _metered(
    chance: random.Random, month: Month, samples: int
) -> Iterator[tuple[Account, Installation, Reading]]:
    """Yield random accounts with a meter that was read in the month, and that reading."""
    newest = Account.objects.order_by("-id").values_list("id", flat=True)[0]
    found = 0
    while found < samples:
        account = (
            Account.objects.select_related("building__branch")
            .filter(id__gte=chance.randint(1, newest))
            .order_by("id")
            .first()
        )
        if account is None:
            continue
        installation = Installation.objects.filter(
            premise_id=account.premise_id, during__contains=month.last_day
        ).first()
        latest = (
            Reading.objects.filter(
                installation=installation, status=ReadingStatus.ACCEPTED, taken_on__gte=month.first_day
            )
            .exclude(source=ReadingSource.ESTIMATE)
            .order_by("-taken_on")
            .first()
        )
        if installation is None or latest is None or latest.taken_on >= month.last_day:
            continue
        found += 1
        yield account, installation, latest


def _search(chance: random.Random, month: Month, samples: int) -> dict[str, Milliseconds]:
    texts: dict[str, list[str]] = {"number": [], "name": [], "address": [], "meter": []}
    for account, installation, _ in _metered(chance, month, samples // 4):
        street = account.building.street.name
        texts["number"].append(account.number[: chance.randint(4, len(account.number))])
        texts["name"].append(account.party.last_name[: chance.randint(3, 12)])
        texts["address"].append(f"{street} {account.building.number} {account.premise.number}")
        texts["meter"].append(installation.meter.serial[: chance.randint(5, 12)])
    figures = {}
    for kind, asked in texts.items():
        seconds = []
        for text in asked:
            begun = perf_counter()
            search(text=text, on=month.last_day)
            seconds.append(perf_counter() - begun)
        figures[kind] = summary(seconds)
    return figures
