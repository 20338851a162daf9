"""The months the sample supplier lives through: what its people owed at first, the runs, what they paid."""

from collections.abc import Callable
from datetime import datetime

import numpy as np
from django.db import connection

from abonent.contexts.charging.models import Run, RunKind, RunState
from abonent.contexts.ledger.models import Batch, EntryKind
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, packs
from abonent.usecases.demo_supplier.town import Sample

_ELECTRICITY = 1
_PAYMENT_DAY, _OPENING_DAY = 10, 1
_ROUBLE = 100
# pays the whole bill; rounds it up to a hundred roubles; pays half; skips every other month; never pays
_WHOLE, _ROUNDED, _HALF, _SKIPS, _NEVER = range(5)
_HABITS = (0.84, 0.06, 0.04, 0.04, 0.02)


def post_opening(*, sample: Sample, at: datetime) -> int:
    """Post what some accounts owed, or had paid ahead, before the history; return how many. Done once."""
    month = sample.opening.next()
    draw = sample.generator(5)
    luck = draw.random(sample.accounts)
    amounts = draw.integers(200, 4000, sample.accounts) * _ROUBLE
    postings = [
        Posting(
            account_id=int(place) + 1,
            service=_ELECTRICITY,
            kind=EntryKind.OPENING,
            period=sample.opening.first_day,
            amount_minor=int(amounts[place]) if luck[place] < 0.06 else -int(amounts[place]) // 8,
        )
        for place in np.flatnonzero(luck < 0.08)
    ]
    batch = post_batch(
        origin=f"import:demo-opening-{month}",
        postings=postings,
        booked_period=month,
        booked_on=month.first_day.replace(day=_OPENING_DAY),
        at=at,
    )
    return 0 if batch is None else len(postings)


def post_payments(*, sample: Sample, month: Month, at: datetime) -> int:
    """Post what the accounts pay in a month of what they owe before it is billed; return how many. Done once."""
    origin = f"import:demo-payments-{month}"
    if Batch.objects.filter(origin=origin).exists():
        return 0
    habits = sample.generator(6).choice(len(_HABITS), sample.accounts, p=_HABITS)
    skipped = sample.generator(7, int(month)).random(sample.accounts) < 0.5
    postings = [
        Posting(
            account_id=account_id,
            service=_ELECTRICITY,
            kind=EntryKind.PAYMENT,
            period=month.previous().first_day,
            amount_minor=-paid,
        )
        for account_id, owed in _debts()
        if (paid := _paid(owed, habits[account_id - 1], skipped[account_id - 1]))
    ]
    if not postings:
        return 0
    post_batch(
        origin=origin,
        postings=postings,
        booked_period=month,
        booked_on=month.first_day.replace(day=_PAYMENT_DAY),
        at=at,
    )
    return len(postings)


def bill(
    *, supplier_id: int, month: Month, clock: Callable[[], datetime], rate: Callable[[int], object]
) -> tuple[int, bool]:
    """Bill a month for everybody unless it is; return the run, and whether anything was done.

    `rate` rates a run by its id. A run that was cut off is taken up again. Raises billing_run.RunRefused.
    """
    everybody = Run.objects.filter(
        supplier_id=supplier_id,
        period=month.first_day,
        kind=RunKind.BILLING,
        branch=None,
        building=None,
        account=None,
    )
    run = everybody.exclude(state__in=[RunState.CANCELLED, RunState.DISCARDED]).order_by("id").first()
    if run is not None and run.state == RunState.POSTED:
        return run.pk, False
    run_id = (
        run.pk
        if run is not None
        else billing_run.create(
            scope=billing_run.Scope(supplier_id=supplier_id),
            period=month,
            at=clock(),
            pack_version=packs.pack().version,
            parameter_hash=packs.pack_parameters().hash,
        )
    )
    rate(run_id)
    billing_run.approve(run_id=run_id, actor_id=None, at=clock())
    return run_id, True


def _debts() -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, sum(charged_minor + recalculated_minor + paid_minor)::bigint AS owed "
            "FROM ledger_turnover GROUP BY account_id "
            "HAVING sum(charged_minor + recalculated_minor + paid_minor) > 0 ORDER BY account_id"
        )
        return cursor.fetchall()


def _paid(owed: int, habit: int, skipped: bool) -> int:
    if habit == _NEVER or (habit == _SKIPS and skipped):
        return 0
    if habit == _HALF:
        return owed // 2
    return -(-owed // (100 * _ROUBLE)) * 100 * _ROUBLE if habit == _ROUNDED else owed
