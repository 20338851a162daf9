"""Posting by hand: openings, payments and subsidies that no billing run brings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from abonent.contexts.ledger.models import Batch, EntryKind
from abonent.contexts.ledger.partitions import ensure_shared_slot
from abonent.kernel.periods import Month


@dataclass(frozen=True)
class Posting:
    """One entry to be: minor units, positive when the account owes it."""

    account_id: int
    service: int
    kind: EntryKind
    period: date
    amount_minor: int


def post_batch(
    *,
    origin: str,
    postings: Sequence[Posting],
    booked_period: Month,
    booked_on: date,
    at: datetime,
    author_id: int | None = None,
    reason: str = "",
) -> int | None:
    """Post entries and their turnovers in one transaction; return the batch, or None if this origin is posted already.

    Raises ValueError for an empty batch or a booking date outside the month.
    """
    if not postings:
        raise ValueError(f"nothing to post for {origin}")
    if booked_on not in booked_period:
        raise ValueError(f"{booked_on} is not in {booked_period}")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [origin])
        if Batch.objects.filter(origin=origin).exists():
            return None
        slot = ensure_shared_slot(cursor, booked_period)
        batch = Batch.objects.create(
            slot=slot,
            origin=origin,
            booked_period=booked_period.first_day,
            booked_on=booked_on,
            entries=len(postings),
            amount_minor=sum(posting.amount_minor for posting in postings),
            created_at=at,
            author_id=author_id,
            reason=reason,
        )
        with cursor.copy(
            "COPY ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor) "
            "FROM STDIN"
        ) as copy:
            for number, posting in enumerate(postings, start=1):
                copy.write_row(
                    (
                        slot,
                        batch.pk,
                        number,
                        posting.account_id,
                        posting.service,
                        int(posting.kind),
                        posting.period,
                        booked_on,
                        posting.amount_minor,
                    )
                )
        add_turnovers(cursor, slot=slot, batch_id=batch.pk, booked_period=booked_period)
    return batch.pk


def add_turnovers(cursor: Any, *, slot: int, batch_id: int, booked_period: Month) -> None:
    """Add the entries of a batch just posted into a shared slot to the turnovers of its accounts."""
    cursor.execute(_ADD_TURNOVERS, [booked_period.first_day, slot, batch_id])


COLUMN_OF = {
    EntryKind.OPENING: "opening_minor",
    EntryKind.CHARGE: "charged_minor",
    EntryKind.RECALCULATION: "recalculated_minor",
    EntryKind.REVERSAL: "recalculated_minor",
    EntryKind.PAYMENT: "paid_minor",
    EntryKind.SUBSIDY: "paid_minor",
    EntryKind.PENALTY: "penalty_minor",
    EntryKind.COURT_COST: "penalty_minor",
    EntryKind.WRITE_OFF: "written_off_minor",
    EntryKind.REFUND: "paid_minor",
    EntryKind.TRANSFER: "paid_minor",
}
COLUMNS = tuple(dict.fromkeys(COLUMN_OF.values()))


def sums_by_column() -> str:
    """Return SQL that adds entries up into the columns of a turnover, in the order of `COLUMNS`."""
    sums = []
    for column in COLUMNS:
        kinds = ", ".join(str(int(kind)) for kind, of in COLUMN_OF.items() if of == column)
        sums.append(f"coalesce(sum(amount_minor) FILTER (WHERE kind IN ({kinds})), 0)")
    return ", ".join(sums)


def added_columns() -> str:
    """Return the SET of an upsert of turnovers `t`: each column with what is added to it."""
    return ", ".join(f"{column} = t.{column} + excluded.{column}" for column in COLUMNS)


_ADD_TURNOVERS = f"""
INSERT INTO ledger_turnover AS t (slot, account_id, booked_period, {", ".join(COLUMNS)})
SELECT slot, account_id, %s, {sums_by_column()}
FROM ledger_entry WHERE slot = %s AND batch_id = %s GROUP BY slot, account_id
ON CONFLICT (slot, account_id) DO UPDATE SET {added_columns()}
"""
