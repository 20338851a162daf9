"""The order in which payments cover debts, set from a day on; what follows it already is given out anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Sum

from abonent.contexts.payments.models import (
    Allocation,
    AllocationPolicy,
    Debt,
    Payment,
    PaymentState,
    Settlement,
)
from abonent.usecases.take_payment.days import locked_through, require_day
from abonent.usecases.take_payment.posting import By, hold_accounts, settle
from abonent.usecases.take_payment.refusals import PaymentRefused

AT_ONCE = 2_000
"""So many accounts are given out anew in one go, while somebody waits."""


@dataclass(frozen=True, kw_only=True)
class Anew:
    """What a new order gives out anew: payments booked since, of how many accounts, and how much changes its debt."""

    payments: int
    accounts: int
    changed_minor: int


def preview_policy(
    *, supplier_id: int, booked_on: date, actor_id: int | None, at: datetime, **policy: Any
) -> Anew:
    """Return what `set_policy` would change; nothing stays changed. Raises as it does."""
    with transaction.atomic():
        anew = set_policy(supplier_id=supplier_id, booked_on=booked_on, actor_id=actor_id, at=at, **policy)
        transaction.set_rollback(True)
    return anew


def set_policy(
    *,
    supplier_id: int,
    begins_on: date,
    debt_order: Sequence[int],
    service_order: Sequence[int],
    honours_named_period: bool,
    period_before_debt: bool,
    write_off_below_minor: int,
    source: str,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
) -> Anew:
    """Set the order from a day until the next one begins; payments booked on these days are given out anew by it.

    Raises PaymentRefused: bad_order, no_source, too_early (day), begun (day), too_many (accounts); PeriodClosed.
    """
    if sorted(debt_order) != sorted(Debt) or len(set(service_order)) != len(service_order):
        raise PaymentRefused("bad_order")
    if not source.strip():
        raise PaymentRefused("no_source")
    locked = locked_through(supplier_id=supplier_id)
    if locked is not None and begins_on <= locked:
        raise PaymentRefused("too_early", day=locked)
    with transaction.atomic():
        _alone(supplier_id)
        row = _cut_in(supplier_id, begins_on)
        if row.pk is not None and begins_on < booked_on:
            raise PaymentRefused("begun", day=begins_on)
        row.debt_order, row.service_order = list(debt_order), list(service_order)
        row.honours_named_period, row.period_before_debt = honours_named_period, period_before_debt
        row.write_off_below_minor, row.source = write_off_below_minor, source.strip()[:200]
        row.save()
        return _give_anew(row, by=By(booked_on=booked_on, actor_id=actor_id, at=at))


def _cut_in(supplier_id: int, begins_on: date) -> AllocationPolicy:
    """Return the order that holds from this day; the one before ends there, the one after stays."""
    rows = AllocationPolicy.objects.select_for_update().filter(supplier_id=supplier_id)
    same = rows.filter(during__startswith=begins_on).first()
    if same is not None:
        return same
    ends_on = None
    if before := rows.filter(during__contains=begins_on).first():
        ends_on = before.during.upper
        before.during = DateRange(before.during.lower, begins_on)
        before.save(update_fields=["during"])
    elif after := rows.filter(during__startswith__gt=begins_on).order_by("during").first():
        ends_on = after.during.lower
    return AllocationPolicy(supplier_id=supplier_id, during=DateRange(begins_on, ends_on))


def _give_anew(row: AllocationPolicy, *, by: By) -> Anew:
    upper = row.during.upper
    if row.during.lower > by.booked_on or (upper is not None and upper <= by.booked_on):
        # what is booked on this day follows another order
        return Anew(payments=0, accounts=0, changed_minor=0)
    found = Payment.objects.filter(
        supplier_id=row.supplier_id,
        booked_on__gte=row.during.lower,
        booked_on__lte=by.booked_on,
        state=PaymentState.POSTED,
        account__isnull=False,
    ).values_list("id", "account_id")
    accounts = sorted({account_id for _payment_id, account_id in found if account_id is not None})
    if len(accounts) > AT_ONCE:
        raise PaymentRefused("too_many", accounts=len(accounts))
    if not accounts:
        return Anew(payments=0, accounts=0, changed_minor=0)
    require_day(row.supplier_id, by.booked_on)
    hold_accounts(*accounts)
    last = Settlement.objects.order_by("-id").values_list("id", flat=True).first() or 0
    settle(
        account_ids=accounts,
        origin=f"policy:{row.pk}",
        by=by,
        released=[payment_id for payment_id, _account_id in found],
    )
    made = Allocation.objects.filter(settlement__gt=last, account_id__in=accounts, amount_minor__gt=0)
    return Anew(
        payments=made.exclude(payment_id=0).values("payment_id").distinct().count(),
        accounts=made.values("account_id").distinct().count(),
        changed_minor=made.exclude(payment_id=0).aggregate(sum=Sum("amount_minor"))["sum"] or 0,
    )


def _alone(supplier_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('allocation policy'), %s)", [supplier_id])
