"""The months the sample supplier lives through: what its people owed at first, the runs, what they paid."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import UUID, uuid5

import numpy as np
from django.db import connection, transaction

from abonent.contexts.charging.models import (
    BillingPeriod,
    ManualRecalculation,
    PeriodState,
    Run,
    RunKind,
    RunState,
)
from abonent.contexts.charging.operations import close_period
from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import Batch, EntryKind
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.parties.models import Supplier
from abonent.contexts.payments.models import Agent, AgentKind
from abonent.contexts.penalties.models import PenaltyRun, PenaltyRunState
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, issue_bills, packs, penalties, settling
from abonent.usecases.demo_supplier import money, received
from abonent.usecases.demo_supplier.cases import UnitCase
from abonent.usecases.demo_supplier.town import Sample, plan, special_cases
from abonent.usecases.recalculation import manual
from abonent.usecases.take_payment import By, Given, take_many

_ELECTRICITY = 1
_OPENING_DAY, _PAYMENT_DAY, _ISSUE_DAY = 1, 10, 3
_ROUBLE = 100
_KEYS = UUID("b0a6e5f2-3f0e-5a5b-8a0f-8f2f0f5f3d11")
_DECIDED_MINOR = -150 * _ROUBLE
# pays the whole bill; rounds it up to a hundred roubles; pays half; skips every other month; never pays
_WHOLE, _ROUNDED, _HALF, _SKIPS, _NEVER = range(5)
_HABITS = (0.84, 0.06, 0.04, 0.04, 0.02)


@dataclass(frozen=True)
class Lived:
    """What a month brought: its run, and what was done now rather than before."""

    month: Month
    run_id: int
    billed: bool
    payments: int
    bills: int

    @property
    def changed(self) -> bool:
        return self.billed or bool(self.payments or self.bills)


def live(
    *,
    sample: Sample,
    month: Month,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
) -> Lived:
    """Let the people pay, bill the month for everybody and issue its bills; what is done already stays.

    In the period itself a file of readings comes in before, and a sum is taken off by decision after. Raises
    billing_run.RunRefused.
    """
    supplier_id = Supplier.objects.values_list("id", flat=True).get()
    at = clock()
    payments = _post_opening(sample, month, at) if month == sample.opening.next() else 0
    payments += _post_payments(sample, month, at)
    issued_at = datetime.combine(month.next().first_day.replace(day=_ISSUE_DAY), time(12), UTC)
    if is_period := month == sample.period:
        received.bring(sample=sample, parameters=parameters, at=min(clock(), issued_at))
    run_id, billed = _bill(supplier_id, month, parameters, clock)
    if is_period:
        _decide(sample, clock())
    settling.settle_supplier(supplier_id=supplier_id, booked_on=month.last_day, clock=clock)
    if is_period:
        _charge_penalties(supplier_id, month, parameters, clock)
    issued = issue_bills.issue(
        scope=billing_run.Scope(supplier_id=supplier_id),
        period=month,
        parameters=parameters,
        at=min(clock(), issued_at),
    )
    return Lived(month, run_id, billed, payments, issued.bills + issued.versions)


def _charge_penalties(
    supplier_id: int, month: Month, parameters: ParameterSet, clock: Callable[[], datetime]
) -> None:
    """Post the penalties of the whole history in its last month, unless that was done; one cut off goes on."""
    runs = PenaltyRun.objects.filter(supplier=supplier_id, booked_period=month.first_day)
    run = runs.exclude(state__in=[PenaltyRunState.DISCARDED, PenaltyRunState.REVERSED]).first()
    if run is not None and run.state == PenaltyRunState.POSTED:
        return
    run_id = (
        run.pk
        if run is not None
        else penalties.create(
            supplier_id=supplier_id,
            booked_period=month,
            until=month.last_day,
            today=month.last_day,
            actor_id=None,
            at=clock(),
        )
    )
    penalties.count_run(run_id, parameters=parameters, clock=clock)
    penalties.approve(run_id=run_id, actor_id=None, at=clock())
    settling.settle_supplier(supplier_id=supplier_id, booked_on=month.last_day, clock=clock)


def _decide(sample: Sample, at: datetime) -> None:
    """Take a sum off an account by decision of a person, unless that was done."""
    with transaction.atomic():
        (number,) = (
            one.account for one in special_cases(plan(sample)) if one.case == UnitCase.DECIDED_BY_HAND
        )
        account = Account.objects.get(number=number)
        if ManualRecalculation.objects.filter(account=account).exists():
            return
        decision = manual.propose(
            account=account,
            period=sample.period,
            amount_minor=_DECIDED_MINOR,
            reason="возврат оплаченного дважды",
            document="заявление № 214",
            actor_id=None,
            at=at,
        )
        manual.decide(manual_id=decision.pk, approved=True, booked_period=sample.period, actor_id=None, at=at)


def close_history(*, sample: Sample, at: datetime) -> int:
    """Close the months before the period; return how many were still open."""
    supplier_id = Supplier.objects.values_list("id", flat=True).get()
    still_open = BillingPeriod.objects.filter(
        supplier_id=supplier_id, month__lt=sample.period.first_day, state=PeriodState.OPEN
    )
    months = [Month.of(month) for month in still_open.order_by("month").values_list("month", flat=True)]
    for month in months:
        close_period(supplier_id=supplier_id, month=month, at=at)
    return len(months)


def _post_opening(sample: Sample, month: Month, at: datetime) -> int:
    """Post what some accounts owed, or had paid ahead, before the history."""
    draw = sample.generator(5)
    luck = draw.random(sample.accounts)
    amounts = draw.integers(200, 4000, sample.accounts) * _ROUBLE
    there = sample.opening.last_day
    for later in Account.objects.exclude(during__contains=there).values_list("pk", flat=True):
        luck[later - 1] = 1.0  # it had not begun
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
    return _post(f"import:demo-opening-{month}", postings, month, _OPENING_DAY, at)


def _post_payments(sample: Sample, month: Month, at: datetime) -> int:
    """Post what the accounts pay in a month of what they owe before it is billed."""
    origin = f"import:demo-payments-{month}"
    booked_on = month.first_day.replace(day=_PAYMENT_DAY)
    if Batch.objects.filter(origin=origin).exists() or money.was_brought(booked_on):
        return 0
    habits = sample.generator(6).choice(len(_HABITS), sample.accounts, p=_HABITS)
    skipped = sample.generator(7, int(month)).random(sample.accounts) < 0.5
    paying = [
        money.Paying(account_id, paid)
        for account_id, owed in _debts(month)
        if (paid := _paid(owed, habits[account_id - 1], skipped[account_id - 1]))
    ]
    if month == sample.period:
        return money.bring(sample=sample, paying=paying, day=booked_on, at=at)
    agent, _made = Agent.objects.get_or_create(
        supplier_id=Supplier.objects.values_list("id", flat=True).get(),
        code="agent",
        defaults={"name": "Платёжный агент", "kind": AgentKind.REGISTRY},
    )
    given = [
        Given(
            key=uuid5(_KEYS, f"{origin}:{one.account_id}"),
            account_id=one.account_id,
            amount_minor=one.amount_minor,
            paid_on=booked_on,
        )
        for one in paying
    ]
    with transaction.atomic():
        batch = take_many(
            agent=agent, given=given, origin=origin, by=By(booked_on=booked_on, actor_id=None, at=at)
        )
    return batch.entries if batch else 0


def _post(origin: str, postings: list[Posting], month: Month, day: int, at: datetime) -> int:
    booked_on = month.first_day.replace(day=day)
    posted = postings and post_batch(
        origin=origin, postings=postings, booked_period=month, booked_on=booked_on, at=at
    )
    return len(postings) if posted else 0


def _bill(
    supplier_id: int, month: Month, parameters: ParameterSet, clock: Callable[[], datetime]
) -> tuple[int, bool]:
    """Bill a month unless it is; return the run, and whether it was done now. A run cut off is taken up again."""
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
            parameter_hash=parameters.hash,
        )
    )
    billing_run.rate(run_id, parameters=parameters, clock=clock)
    billing_run.approve(run_id=run_id, actor_id=None, at=clock())
    return run_id, True


def _debts(month: Month) -> list[tuple[int, int]]:
    """Return what accounts owe before anything of the month is paid: taken up again, they pay the same once more."""
    owed = "sum(balance_minor - CASE WHEN booked_period = %(month)s THEN paid_minor ELSE 0 END)::bigint"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT account_id, {owed} FROM ledger_turnover "
            f"GROUP BY account_id HAVING {owed} > 0 ORDER BY account_id",
            {"month": month.first_day},
        )
        return cursor.fetchall()


def _paid(owed: int, habit: int, skipped: bool) -> int:
    if habit == _NEVER or (habit == _SKIPS and skipped):
        return 0
    if habit == _HALF:
        return owed // 2
    return -(-owed // (100 * _ROUBLE)) * 100 * _ROUBLE if habit == _ROUNDED else owed
