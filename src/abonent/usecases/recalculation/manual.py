"""A sum added to an account or taken from it by decision of a person: proposed by one, approved by another."""

from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange

from abonent.contexts.access.models import Role, User
from abonent.contexts.charging.models import ManualRecalculation, ManualState, Run, RunKind, RunShard
from abonent.contexts.contracts.models import Account, AccountService
from abonent.engine.frames import LINES, empty
from abonent.engine.registry import BECAUSE_WIDTH
from abonent.kernel.periods import Month
from abonent.usecases import packs
from abonent.usecases.billing_run import at_once, bookkeeping, cancelling, plan

_APPROVERS = (Role.ACCOUNTANT, Role.MANAGER, Role.ADMINISTRATOR)


class ManualRefused(Exception):
    """A manual recalculation cannot be proposed or decided; `code` says why.

    Codes: no_reason, no_document, no_amount, not_served, proposed_already, own_proposal, decided.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def propose(
    *,
    account: Account,
    period: Month,
    amount_minor: int,
    quantity_wh: int = 0,
    service: int = 1,
    reason: str,
    document: str,
    actor_id: int | None,
    at: datetime,
) -> ManualRecalculation:
    """Store a proposal; nothing is posted before somebody else approves it. Raises ManualRefused."""
    if not reason.strip():
        raise ManualRefused("no_reason", "A manual recalculation needs a reason")
    if not document.strip():
        raise ManualRefused("no_document", "A manual recalculation needs a document it rests on")
    if amount_minor == 0:
        raise ManualRefused("no_amount", "The sum must not be zero")
    _days(account, period)
    proposal: dict[str, Any] = {
        "account": account,
        "period": period.first_day,
        "service": service,
        "quantity_wh": quantity_wh,
        "amount_minor": amount_minor,
        "reason": reason.strip(),
        "document": document.strip(),
    }
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if ManualRecalculation.objects.filter(**proposal, state=ManualState.PROPOSED).exists():
            raise ManualRefused("proposed_already", "The very same is proposed and waits to be decided")
        return ManualRecalculation.objects.create(**proposal, created_at=at, created_by_id=actor_id)


def may_decide(*, proposed_by_id: int | None, actor_id: int | None) -> bool:
    """Tell whether a person may decide: not who proposed it, unless nobody else could approve anything."""
    if proposed_by_id is None or proposed_by_id != actor_id:
        return True
    others = User.objects.filter(is_active=True, role__in=_APPROVERS).exclude(pk=actor_id)
    return not others.exists()


def decide(
    *, manual_id: int, approved: bool, booked_period: Month, actor_id: int | None, at: datetime
) -> int | None:
    """Approve a proposal and post it in a run of its own, or refuse it; return the run.

    Raises ManualRefused, PeriodUnknown, PeriodClosed.
    """
    with transaction.atomic():
        manual = (
            ManualRecalculation.objects.select_for_update(of=("self",))
            .select_related("account__building__branch")
            .get(pk=manual_id)
        )
        if manual.state != ManualState.PROPOSED:
            raise ManualRefused("decided", "This was decided already")
        if not may_decide(proposed_by_id=manual.created_by_id, actor_id=actor_id):
            raise ManualRefused("own_proposal", "Somebody else has to approve what you proposed")
        run = _post(manual, booked_period, actor_id, at) if approved else None
        manual.state = ManualState.POSTED if approved else ManualState.REFUSED
        manual.decided_at, manual.decided_by_id, manual.run = at, actor_id, run
        manual.save(update_fields=["state", "decided_at", "decided_by_id", "run"])
    return None if run is None else run.pk


def reverse(*, manual_id: int, actor_id: int | None, at: datetime, reason: str) -> int:
    """Take a posted manual recalculation back; return the reversing run. Raises ManualRefused, RunRefused."""
    manual = ManualRecalculation.objects.get(pk=manual_id)
    if manual.state != ManualState.POSTED or manual.run_id is None:
        raise ManualRefused("decided", "Only what was posted can be taken back")
    return cancelling.cancel(run_id=manual.run_id, actor_id=actor_id, at=at, reason=reason)


def _post(manual: ManualRecalculation, booked: Month, actor_id: int | None, at: datetime) -> Run:
    account, pack = manual.account, packs.pack()
    branch = account.building.branch
    run = plan.new_run(
        kind=RunKind.MANUAL,
        scope=plan.Scope(branch.supplier_id, branch.pk, account.building_id, account.pk),
        period=Month.of(manual.period),
        booked_period=booked,
        at=at,
        pack_version=pack.version,
        parameter_hash="",
        created_by_id=actor_id,
        reason=f"{manual.reason}; {manual.document}"[:200],
    )
    shard = RunShard.objects.create(
        run=run,
        shard_no=1,
        period=manual.period,
        branch_id=branch.pk,
        buildings=NumericRange(account.building_id, account.building_id + 1),
        active=False,  # it compares with nothing, so it needs nothing for itself
        accounts=1,
    )
    with connection.cursor() as cursor:
        line = bookkeeping.first_time(_line(manual, pack.manual_rule), kind=bookkeeping.RECALCULATION)
        at_once.write(cursor, run, {Month.of(shard.period): line}, actor_id=actor_id, at=at)
    return run


def _line(manual: ManualRecalculation, rule: int) -> pl.DataFrame:
    begins_on, ends_on = _days(manual.account, Month.of(manual.period))
    row: dict[str, Any] = {
        "account_id": manual.account_id,
        "building_id": manual.account.building_id,
        "service": manual.service,
        "rule": rule,
        "zone": 1,
        "begins_on": begins_on,
        "ends_on": ends_on,
        "quantity_wh": manual.quantity_wh,
        "price_e5": 0,
        "amount_minor": manual.amount_minor,
        "price_id": 0,
    }
    row |= {f"because_{place}": manual.pk if place == 1 else 0 for place in range(1, BECAUSE_WIDTH + 1)}
    return pl.DataFrame([row], schema=dict(empty(LINES).schema))


def _days(account: Account, period: Month) -> tuple[date, date]:
    """Return the days of the month the account was served on. Raises ManualRefused for none."""
    first, end = period.first_day, period.next().first_day
    during = (
        AccountService.objects.filter(account=account, during__overlap=(first, end))
        .order_by("during")
        .values_list("during", flat=True)
        .first()
    )
    if during is None:
        raise ManualRefused("not_served", f"The account was not served in {period}")
    return max(during.lower, first), min(during.upper or end, end)
