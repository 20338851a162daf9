"""The last bill of somebody who left, and those who left without one."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from abonent.contexts.charging.models import Bill, BillingPeriod, Run, RunException, RunKind, RunState
from abonent.contexts.contracts.models import Account
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.terms_of_living import final_bill_days
from abonent.usecases import issue_bills, recalculation
from abonent.usecases.billing_run import RunRefused, Scope, at_once
from abonent.usecases.premises._common import By


class NoFinalBill(Exception):
    """A final bill cannot be made yet; `code` says why, `months` and `run_ids` what to look at."""

    def __init__(
        self, code: str, *, months: tuple[Month, ...] = (), refusal: RunRefused | None = None
    ) -> None:
        super().__init__(f"{code} {', '.join(map(str, months))}".strip())
        self.code, self.months, self.refusal = code, months, refusal


def make(
    *, account: Account, supplier_id: int, parameters: ParameterSet, booked_period: Month, by: By
) -> Bill:
    """Charge a closed account up to its last day and issue its final bill.

    What the account used itself is rated at once; its share of the building's common needs follows when the building
    is billed, as a new version of the bill. Raises NoFinalBill, ParameterMissingError.
    """
    if account.during.upper is None:
        raise NoFinalBill("still_open")
    last = Month.of(account.during.upper - timedelta(days=1))
    if booked_period < last:
        raise NoFinalBill("month_not_open", months=(last,))
    billed = _billed_months(account)
    if missing := tuple(month for month in _months_before(account, supplier_id, last) if month not in billed):
        raise NoFinalBill("months_not_billed", months=missing)
    try:
        with transaction.atomic():
            _settle(account, booked_period, parameters, by)
            if last not in billed:
                _rate(account, last, supplier_id, parameters, booked_period, by)
            issue_bills.issue(
                scope=Scope(supplier_id, account_id=account.pk),
                period=booked_period,
                parameters=parameters,
                at=by.at,
            )
    except RunRefused as refusal:
        raise NoFinalBill("refused", refusal=refusal) from refusal
    except issue_bills.NothingPosted as error:
        raise NoFinalBill("nothing_posted", months=(booked_period,)) from error
    bill = Bill.objects.filter(account=account, final=True).order_by("-period", "-version").first()
    if bill is None:
        raise NoFinalBill("nothing_to_bill", months=(booked_period,))
    return bill


def _settle(account: Account, booked_period: Month, parameters: ParameterSet, by: By) -> None:
    """Post what waits of months billed already. Raises NoFinalBill when some of it cannot be posted now."""
    settled = recalculation.settle(
        premise_id=account.premise_id,
        booked_period=booked_period,
        actor_id=by.actor_id,
        at=by.at,
        parameters=parameters,
        reason=_("final bill"),
    )
    if settled.parked:
        raise NoFinalBill("parked", months=settled.parked)
    if settled.waiting_for:
        raise NoFinalBill("run_at_work")


def _rate(
    account: Account, month: Month, supplier_id: int, parameters: ParameterSet, booked_period: Month, by: By
) -> None:
    run_id = at_once.bill(
        account=account,
        month=month,
        booked_period=booked_period,
        supplier_id=supplier_id,
        parameters=parameters,
        actor_id=by.actor_id,
        at=by.at,
        reason=_("final bill"),
    )
    if run_id and RunException.objects.filter(run_id=run_id, account_id=account.pk).exists():
        raise NoFinalBill("parked", months=(month,))


def _months_before(account: Account, supplier_id: int, last: Month) -> list[Month]:
    """Return the supplier's months in which the account was served, before its last one."""
    opened = Month.of(account.during.lower)
    periods = BillingPeriod.objects.filter(
        supplier_id=supplier_id, month__gte=opened.first_day, month__lt=last.first_day
    )
    return [Month.of(day) for day in periods.order_by("month").values_list("month", flat=True)]


def _billed_months(account: Account) -> set[Month]:
    whole = Run.objects.filter(
        state=RunState.POSTED, shards__buildings__contains=account.building_id, account__isnull=True
    )
    own = Run.objects.filter(state=RunState.POSTED, account=account)
    days = [
        day
        for runs in (whole, own)
        for day in runs.exclude(kind=RunKind.REVERSAL).values_list("period", flat=True).distinct()
    ]
    return {Month.of(day) for day in days}


@dataclass(frozen=True, kw_only=True)
class Departure:
    """An account that was closed and has no final bill in time. `last_day` is the last it was served."""

    account: Account
    last_day: date
    due_on: date


def overdue(*, on: date, parameters: ParameterSet, limit: int) -> list[Departure]:
    """Return who left and has no final bill within the days of the parameter, longest ago first."""
    found = []
    for account in _without_final_bill(on)[:limit]:
        last_day = account.during.upper - timedelta(days=1)
        due_on = last_day + timedelta(days=final_bill_days(on=last_day, parameters=parameters))
        if due_on < on:
            found.append(Departure(account=account, last_day=last_day, due_on=due_on))
    return found


def _without_final_bill(on: date) -> QuerySet[Account]:
    bills = Bill.objects.filter(account=OuterRef("pk"), final=True)
    closed = Account.objects.filter(during__upper_inf=False, during__endswith__lte=on)
    return (
        closed.exclude(Exists(bills))
        .select_related("party", "premise__building__street")
        .order_by("during__endswith")
    )
