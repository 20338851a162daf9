"""Who paid what: allocations, debts and advances of accounts, now or as they were at the end of a past day.

Days are days of booking. Debts are keyed by account, period, service and kind (`models.Debt`); minor units.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.db import connection

from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.payments.models import ChangeKind, Debt, PaymentState

_END_OF_TIME = date(9999, 12, 31)

DEBT_OF = {
    EntryKind.OPENING: Debt.PRINCIPAL,
    EntryKind.CHARGE: Debt.PRINCIPAL,
    EntryKind.RECALCULATION: Debt.PRINCIPAL,
    EntryKind.REVERSAL: Debt.PRINCIPAL,
    EntryKind.WRITE_OFF: Debt.PRINCIPAL,
    EntryKind.PENALTY: Debt.PENALTY,
    EntryKind.COURT_COST: Debt.COURT_COST,
}
"""Entries that make debts, and of which kind; all others are money."""


class Cover(NamedTuple):
    """So much of a payment covers a debt; `payment_id` 0 (`paid_on` None): another period's credit does."""

    account_id: int
    payment_id: int
    paid_on: date | None
    period: date
    service: int
    debt: int
    amount_minor: int


class Owed(NamedTuple):
    """What a debt came to and how much of it is covered; `owed_minor` below zero is a credit, covered as it is used."""

    account_id: int
    period: date
    service: int
    debt: int
    owed_minor: int
    covered_minor: int

    @property
    def open_minor(self) -> int:
        return self.owed_minor - self.covered_minor


def allocations_of(
    *, account_ids: Iterable[int], on: date | None = None, period: date | None = None
) -> list[Cover]:
    """Return what payments cover of accounts, of one period where it is given, by payment and debt."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.account_id, a.payment_id, p.paid_on, a.period, a.service, a.debt, a.amount_minor FROM (
                SELECT account_id, payment_id, period, service, debt, sum(amount_minor)::bigint AS amount_minor
                FROM payments_allocation
                WHERE account_id = ANY (%(accounts)s) AND booked_on <= %(on)s
                  AND (%(period)s::date IS NULL OR period = %(period)s)
                GROUP BY account_id, payment_id, period, service, debt HAVING sum(amount_minor) <> 0
            ) a LEFT JOIN LATERAL (SELECT paid_on FROM payments_payment WHERE id = a.payment_id) p ON true
            ORDER BY a.account_id, a.period, a.debt, a.service, p.paid_on NULLS FIRST, a.payment_id
            """,
            {"accounts": list(account_ids), "on": on or _END_OF_TIME, "period": period},
        )
        return [Cover(*row) for row in cursor.fetchall()]


def what_covers(*, account_id: int, period: date, on: date | None = None) -> list[Cover]:
    """Return what covers the debts of one month of an account."""
    return allocations_of(account_ids=[account_id], on=on, period=period)


def covered_by(*, payment_id: int, on: date | None = None) -> list[Cover]:
    """Return what a payment covers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id FROM payments_payment WHERE id = %s AND account_id IS NOT NULL", [payment_id]
        )
        accounts = [account_id for (account_id,) in cursor.fetchall()]
    return [cover for cover in allocations_of(account_ids=accounts, on=on) if cover.payment_id == payment_id]


def debts_of(*, account_ids: Iterable[int], on: date | None = None) -> list[Owed]:
    """Return every debt and credit of accounts with what covers it, also those that are covered in full."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT account_id, period, service, debt, sum(owed)::bigint, sum(covered)::bigint FROM (
                SELECT account_id, period, service, {_DEBT} AS debt, amount_minor AS owed, 0 AS covered
                FROM ledger_entry
                WHERE account_id = ANY (%(accounts)s) AND booked_on <= %(on)s AND kind IN ({_KINDS})
                UNION ALL
                SELECT account_id, period, service, debt, 0, amount_minor FROM payments_allocation
                WHERE account_id = ANY (%(accounts)s) AND booked_on <= %(on)s
            ) both_sides
            GROUP BY account_id, period, service, debt HAVING sum(owed) <> 0 OR sum(covered) <> 0
            ORDER BY account_id, period, debt, service
            """,
            {"accounts": list(account_ids), "on": on or _END_OF_TIME},
        )
        return [Owed(*row) for row in cursor.fetchall()]


def open_debts(*, account_id: int, on: date | None = None) -> list[Owed]:
    """Return the debts of an account that are not covered in full, the earliest first."""
    return [owed for owed in debts_of(account_ids=[account_id], on=on) if owed.open_minor > 0]


def advance_minor(*, account_id: int, on: date | None = None) -> int:
    """Return what an account has paid and is credited beyond what it owes."""
    credit = sum(
        -owed.open_minor for owed in debts_of(account_ids=[account_id], on=on) if owed.open_minor < 0
    )
    return credit + sum(free for _, free in free_payments(account_id=account_id, on=on))


def free_payments(*, account_id: int, on: date | None = None) -> list[tuple[int, int]]:
    """Return the payments of an account that do not cover anything with all they have, and what is left of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH paid AS (
                SELECT p.id, p.paid_on, p.amount_minor, coalesce(c.gone, 0) AS gone,
                    coalesce(c.reversed, false) AS reversed
                FROM payments_payment p LEFT JOIN LATERAL (
                    SELECT sum(amount_minor) AS gone, bool_or(kind = {int(ChangeKind.REVERSAL)}) AS reversed
                    FROM payments_paymentchange
                    WHERE payment_id = p.id AND booked_on <= %(on)s AND kind IN ({_GOES_OUT})
                ) c ON true
                WHERE p.account_id = %(account)s AND p.booked_on <= %(on)s
                  AND p.state IN ({int(PaymentState.POSTED)}, {int(PaymentState.REVERSED)})
            ), used AS (
                SELECT payment_id, sum(amount_minor) AS used FROM payments_allocation
                WHERE account_id = %(account)s AND booked_on <= %(on)s GROUP BY payment_id
            )
            SELECT id, (CASE WHEN reversed THEN 0 ELSE amount_minor - gone END - coalesce(used, 0))::bigint
            FROM paid LEFT JOIN used ON payment_id = id
            WHERE CASE WHEN reversed THEN 0 ELSE amount_minor - gone END <> coalesce(used, 0)
            ORDER BY paid_on, id
            """,
            {"account": account_id, "on": on or _END_OF_TIME},
        )
        return [(payment_id, free) for payment_id, free in cursor.fetchall()]


def by_age(
    debts: Iterable[Owed], *, today: date, until_months: tuple[int, ...] = (1, 2, 3, 6, 12, 36)
) -> dict[int | None, int]:
    """Add up what is open by age: months since the debt's month, up to each bound; None holds what is older."""
    ages: dict[int | None, int] = dict.fromkeys((*until_months, None), 0)
    for owed in debts:
        if owed.open_minor > 0:
            months = (today.year - owed.period.year) * 12 + today.month - owed.period.month
            ages[next((bound for bound in until_months if months <= bound), None)] += owed.open_minor
    return ages


def _case(of: dict[EntryKind, Debt]) -> str:
    """Return SQL for the kind of debt an entry makes."""
    cases = [f"WHEN {int(kind)} THEN {int(debt)}" for kind, debt in of.items() if debt != Debt.PRINCIPAL]
    return f"(CASE kind {' '.join(cases)} ELSE {int(Debt.PRINCIPAL)} END)::smallint"


_DEBT = _case(DEBT_OF)
_KINDS = ", ".join(str(int(kind)) for kind in DEBT_OF)
_GOES_OUT = ", ".join(
    str(int(kind)) for kind in (ChangeKind.REVERSAL, ChangeKind.REFUND, ChangeKind.TRANSFER)
)
