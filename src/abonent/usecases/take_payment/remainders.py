"""Remainders too small to be asked for, or to be returned: written off, one account or all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import Batch, EntryKind
from abonent.contexts.ledger.operations import Posting
from abonent.contexts.payments.models import AllocationPolicy
from abonent.usecases.take_payment.days import require_day
from abonent.usecases.take_payment.posting import By, entry, hold_accounts, post, settle
from abonent.usecases.take_payment.refusals import PaymentRefused

_CHUNK = 1_000
_KIND = {1: EntryKind.WRITE_OFF, 2: EntryKind.PENALTY, 3: EntryKind.COURT_COST}


@dataclass(frozen=True, kw_only=True)
class Remainders:
    """Accounts that owe, and accounts that paid, less than the limit too much: how many, and how much together."""

    limit_minor: int
    debts: int
    debts_minor: int
    advances: int
    advances_minor: int

    @property
    def accounts(self) -> int:
        return self.debts + self.advances


def limit_minor(*, supplier_id: int, day: date) -> int:
    """Return below which sum a remainder may be written off. Raises PaymentRefused: no_limit."""
    policy = AllocationPolicy.objects.filter(supplier_id=supplier_id, during__contains=day).first()
    if policy is None or policy.write_off_below_minor <= 0:
        raise PaymentRefused("no_limit")
    return policy.write_off_below_minor


def remainders(*, supplier_id: int, day: date) -> Remainders:
    """Return what would be written off today, and store nothing. Raises PaymentRefused: no_limit."""
    limit = limit_minor(supplier_id=supplier_id, day=day)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FILTER (WHERE b > 0), coalesce(sum(b) FILTER (WHERE b > 0), 0)::bigint, "
            f"count(*) FILTER (WHERE b < 0), coalesce(-sum(b) FILTER (WHERE b < 0), 0)::bigint FROM ({_SMALL}) small",
            {"supplier": supplier_id, "limit": limit},
        )
        debts, debts_minor, advances, advances_minor = cursor.fetchone()
    return Remainders(
        limit_minor=limit,
        debts=debts,
        debts_minor=debts_minor,
        advances=advances,
        advances_minor=advances_minor,
    )


def write_off(*, account_id: int, reason: str, booked_on: date, actor_id: int | None, at: datetime) -> int:
    """Write the small remainder of an account off; return what it was, below zero for an advance.

    Raises PaymentRefused: no_limit, nothing_to_write_off, too_large (limit_minor), no_reason; DayLocked, PeriodClosed.
    """
    by = By(booked_on=booked_on, actor_id=actor_id, at=at)
    account = Account.objects.select_related("building__branch").get(pk=account_id)
    supplier_id = account.building.branch.supplier_id
    if not reason.strip():
        raise PaymentRefused("no_reason")
    limit = limit_minor(supplier_id=supplier_id, day=booked_on)
    with transaction.atomic():
        require_day(supplier_id, booked_on)
        hold_accounts(account_id)
        balance = _balances([account_id]).get(account_id, 0)
        if not balance:
            raise PaymentRefused("nothing_to_write_off")
        number = Batch.objects.filter(origin__startswith=f"write_off:{account_id}:").count() + 1
        origin = f"write_off:{account_id}:{number}"
        if not _write_off([account_id], limit=limit, origin=origin, by=by, reason=reason):
            raise PaymentRefused("too_large", limit_minor=limit)
    return balance


def write_off_all(
    *, supplier_id: int, reason: str, booked_on: date, key: UUID, actor_id: int | None, at: datetime
) -> Remainders:
    """Write off every remainder below the limit of the day, a thousand accounts at a time; return what was written off.

    Under the same key again it takes up where it stopped. Raises PaymentRefused: no_limit, no_reason; DayLocked,
    PeriodClosed.
    """
    by = By(booked_on=booked_on, actor_id=actor_id, at=at)
    if not reason.strip():
        raise PaymentRefused("no_reason")
    limit = limit_minor(supplier_id=supplier_id, day=booked_on)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT account_id FROM ({_SMALL}) small ORDER BY 1", {"supplier": supplier_id, "limit": limit}
        )
        accounts = [account_id for (account_id,) in cursor.fetchall()]
    written: list[int] = []
    for first in range(0, len(accounts), _CHUNK):
        chunk = accounts[first : first + _CHUNK]
        with transaction.atomic():
            require_day(supplier_id, booked_on)
            hold_accounts(*chunk)
            origin = f"write_off:{key}:{chunk[0]}"
            written += _write_off(chunk, limit=limit, origin=origin, by=by, reason=reason)
    return Remainders(
        limit_minor=limit,
        debts=sum(1 for b in written if b > 0),
        debts_minor=sum(b for b in written if b > 0),
        advances=sum(1 for b in written if b < 0),
        advances_minor=-sum(b for b in written if b < 0),
    )


def _write_off(account_ids: Sequence[int], *, limit: int, origin: str, by: By, reason: str) -> list[int]:
    """Close accounts of which everything open is below the limit; return what each of them was."""
    # first what is paid must be told apart from what is owed
    settle(account_ids=account_ids, origin=origin, by=by)
    entries, written = [], []
    balances = _balances(account_ids)
    for account_id, opened in _open(account_ids).items():
        balance = balances.get(account_id, 0)
        owed = sum(minor for _period, _service, _debt, minor in opened)
        advance = owed - balance
        # settled, an account owes or has paid ahead; were it both, nothing about it would be small
        if not balance or max(owed, advance) >= limit:
            continue
        written.append(balance)
        entries += [
            Posting(account_id, service, _KIND[debt], period, -minor)
            for period, service, debt, minor in opened
        ]
        if advance:
            entries.append(
                entry(account_id=account_id, kind=EntryKind.WRITE_OFF, amount_minor=advance, by=by)
            )
    if entries and post(origin=origin, entries=entries, by=by, reason=reason):
        settle(account_ids=account_ids, origin=origin, by=by)
    return written


def _open(account_ids: Sequence[int]) -> dict[int, list[tuple[date, int, int, int]]]:
    """Return what is owed and not covered: period, service, debt and amount, by account."""
    opened: dict[int, list[tuple[date, int, int, int]]] = {account_id: [] for account_id in account_ids}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [list(account_ids)] * 2)
        for account_id, *debt in cursor.fetchall():
            opened[account_id].append(tuple(debt))
    return opened


def _balances(account_ids: Sequence[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, sum(balance_minor)::bigint FROM ledger_turnover WHERE account_id = ANY(%s) GROUP BY 1",
            [list(account_ids)],
        )
        return dict(cursor.fetchall())


_SMALL = """
SELECT t.account_id, sum(t.balance_minor)::bigint AS b
FROM ledger_turnover t
JOIN contracts_account a ON a.id = t.account_id
JOIN places_building h ON h.id = a.building_id
JOIN parties_branch r ON r.id = h.branch_id AND r.supplier_id = %(supplier)s
GROUP BY t.account_id HAVING sum(t.balance_minor) <> 0 AND abs(sum(t.balance_minor)) < %(limit)s
"""
_OPEN = """
SELECT account_id, period, service, debt, sum(amount_minor)::bigint FROM (
    SELECT account_id, period, service, CASE kind WHEN 7 THEN 2 WHEN 8 THEN 3 ELSE 1 END AS debt, amount_minor
    FROM ledger_entry WHERE account_id = ANY(%s) AND kind IN (1, 2, 3, 4, 7, 8, 9)
    UNION ALL
    SELECT account_id, period, service, debt, -amount_minor FROM payments_allocation WHERE account_id = ANY(%s)
) both_sides GROUP BY 1, 2, 3, 4 HAVING sum(amount_minor) <> 0
"""
