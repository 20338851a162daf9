"""What the books say of accounts over some days: balances, entries with documents, months and what covers them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.ledger.operations import COLUMN_OF
from abonent.contexts.payments.models import Debt, Payment
from abonent.contexts.payments.queries import allocations_of, debts_of
from abonent.gateways.named_rows import named_rows

MONEY = frozenset(kind for kind, column in COLUMN_OF.items() if column == "paid_minor")


@dataclass(frozen=True, kw_only=True)
class Movement:
    """An entry of the books with its document; `balance_minor` is what the accounts owe after it, all together."""

    account_id: int
    booked_on: date
    kind: EntryKind
    period: date
    service: int
    amount_minor: int
    balance_minor: int
    origin: str
    reason: str
    agent: str
    paid_on: date | None
    external_id: str

    @property
    def debit_minor(self) -> int:
        return max(self.amount_minor, 0)

    @property
    def credit_minor(self) -> int:
        return max(-self.amount_minor, 0)


@dataclass(frozen=True, kw_only=True)
class Covering:
    """So much of a payment covers a month's debt; without a day it is another month's credit."""

    paid_on: date | None
    agent: str
    external_id: str
    amount_minor: int


@dataclass(frozen=True, kw_only=True)
class MonthOfDebt:
    """What was charged for a month, what covers it on the last day, by which payments, and what is open."""

    period: date
    debt: Debt
    owed_minor: int
    covered_minor: int
    payments: Sequence[Covering]

    @property
    def open_minor(self) -> int:
        return self.owed_minor - self.covered_minor


@dataclass(frozen=True, kw_only=True)
class Movements:
    """Opening and closing balance of accounts, and what lies between, in the order it was booked."""

    first: date
    last: date
    opening_minor: int
    entries: Sequence[Movement]

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + sum(entry.amount_minor for entry in self.entries)

    def total_minor(self, *kinds: EntryKind) -> int:
        return sum(entry.amount_minor for entry in self.entries if entry.kind in kinds)


def movements(*, account_ids: Sequence[int], first: date, last: date) -> Movements:
    """Read the entries booked from `first` to `last`, both counted in. Raises ValueError for days out of order."""
    if last < first:
        raise ValueError(f"{last} is before {first}")
    values: dict[str, Any] = {"accounts": list(account_ids), "first": first, "end": last + timedelta(days=1)}
    with connection.cursor() as cursor:
        (before,) = named_rows(
            cursor,
            """SELECT coalesce(sum(amount_minor), 0)::bigint AS minor FROM ledger_entry
               WHERE account_id = ANY(%(accounts)s) AND booked_on < %(first)s""",
            values,
        )
        rows = named_rows(cursor, _ENTRIES, values)
    balance_minor = before["minor"]
    entries = []
    for row in rows:
        balance_minor += row["amount_minor"]
        entries.append(Movement(**{**row, "kind": EntryKind(row["kind"]), "balance_minor": balance_minor}))
    return Movements(first=first, last=last, opening_minor=before["minor"], entries=entries)


# what is charged on a day stands before what is paid on it
_ENTRIES = f"""
    SELECT entry.account_id, entry.booked_on, entry.kind, entry.period, entry.service, entry.amount_minor,
           coalesce(batch.origin, '') AS origin,
           coalesce(nullif(change.reason, ''), batch.reason, '') AS reason,
           coalesce(agent.name, '') AS agent, coalesce(payment.paid_on, changed.paid_on) AS paid_on,
           coalesce(payment.external_id, changed.external_id, '') AS external_id
    FROM ledger_entry entry
    LEFT JOIN ledger_batch batch ON batch.id = entry.batch_id
    LEFT JOIN payments_payment payment ON payment.account_id = entry.account_id AND payment.slot = entry.slot
      AND payment.batch_id = entry.batch_id AND payment.entry_no = entry.entry_no
    LEFT JOIN LATERAL (
        SELECT change.payment_id, change.reason FROM payments_paymentchange change
        JOIN payments_payment old ON old.id = change.payment_id AND old.account_id = entry.account_id
        WHERE payment.id IS NULL AND change.slot = entry.slot AND change.batch_id = entry.batch_id
        ORDER BY change.id LIMIT 1
    ) change ON entry.kind IN ({", ".join(str(int(kind)) for kind in sorted(MONEY))})
    LEFT JOIN payments_payment changed ON changed.id = change.payment_id
    LEFT JOIN payments_agent agent ON agent.id = coalesce(payment.agent_id, changed.agent_id)
    WHERE entry.account_id = ANY(%(accounts)s) AND entry.booked_on >= %(first)s AND entry.booked_on < %(end)s
    ORDER BY entry.booked_on, entry.amount_minor < 0, entry.period, entry.service, entry.kind, entry.slot,
             entry.batch_id, entry.entry_no"""


def months(*, account_id: int, first: date, last: date) -> list[MonthOfDebt]:
    """Return the months with a debt that moved between the days or is open on the last, the earliest first."""
    before, after = _by_month(account_id, first - timedelta(days=1)), _by_month(account_id, last)
    covers = allocations_of(account_ids=[account_id], on=last)
    payments = Payment.objects.select_related("agent").in_bulk({cover.payment_id for cover in covers})
    by: dict[tuple[date, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for cover in covers:
        by[cover.period, cover.debt][cover.payment_id] += cover.amount_minor
    return [
        MonthOfDebt(
            period=period,
            debt=Debt(debt),
            owed_minor=owed,
            covered_minor=covered,
            payments=[
                _covering(payments.get(key), minor) for key, minor in by[period, debt].items() if minor
            ],
        )
        for (period, debt), (owed, covered) in sorted(after.items())
        if owed != covered or before.get((period, debt)) != (owed, covered)
    ]


def _by_month(account_id: int, on: date) -> dict[tuple[date, int], tuple[int, int]]:
    """Return what was owed and covered on a day by month and kind of debt, all services together."""
    found: dict[tuple[date, int], tuple[int, int]] = {}
    for owed in debts_of(account_ids=[account_id], on=on):
        had, had_covered = found.get((owed.period, owed.debt), (0, 0))
        found[owed.period, owed.debt] = had + owed.owed_minor, had_covered + owed.covered_minor
    return found


def _covering(payment: Payment | None, amount_minor: int) -> Covering:
    if payment is None:
        return Covering(paid_on=None, agent="", external_id="", amount_minor=amount_minor)
    return Covering(
        paid_on=payment.paid_on,
        agent=payment.agent.name,
        external_id=payment.external_id,
        amount_minor=amount_minor,
    )
