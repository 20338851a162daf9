"""Open items carried to the end of a closed month, so that settling reads months instead of years."""

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import localdate

from abonent.contexts.payments.models import Carrying
from abonent.kernel.periods import Month
from abonent.usecases.settling.open_items import CARRIED, MOVES, attached_slots, in_slots, last_carried

_FIRST_RUN_SLOT = 1_000_000_000


def carry_forward(*, at: datetime) -> Month | None:
    """Carry what is open to the end of the last month up to which all are closed; return it, None if nothing is new.

    Made from what was carried before and the slots since. Only the latest is kept.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('payments_carrying'))")
        month = _closed_through(cursor, localdate(at))
        if month is None:
            return None
        before = last_carried(cursor)
        if before is not None and Carrying.objects.filter(pk=before.id, month__gte=month).exists():
            return None
        if before is None:
            _forget(cursor, "true")
        slots = [slot for slot in attached_slots(cursor) if _is_through(cursor, slot, month)]
        carrying = Carrying.objects.create(month=month, slots=slots, made_at=at)
        new = [slot for slot in slots if before is None or slot not in before.slots]
        moves = MOVES.format(accounts="true", since=in_slots(new))
        earlier = "" if before is None else f"UNION ALL {CARRIED} WHERE carrying_id = {before.id}"
        cursor.execute(_CARRY.format(carrying=carrying.pk, moves=f"{moves} {earlier}"))
        carrying.items = cursor.rowcount
        carrying.save(update_fields=["items"])
        _forget(cursor, f"id <> {carrying.pk}")
        cursor.execute("ANALYZE payments_carrieditem")
    return Month.of(month)


def _forget(cursor: Any, which: str) -> None:
    cursor.execute(
        f"DELETE FROM payments_carrieditem WHERE carrying_id IN (SELECT id FROM payments_carrying WHERE {which})"
    )
    cursor.execute(f"DELETE FROM payments_carrying WHERE {which}")


def _closed_through(cursor: Any, today: date) -> date | None:
    """Return the last month that is over and closed together with all before it, for every supplier.

    What is settled today is booked today, though its month is closed: a month that goes on is not carried.
    """
    cursor.execute(
        """SELECT max(month) FROM charging_billingperiod
           WHERE state = 2 AND month < %s AND month < coalesce(
               (SELECT min(month) FROM charging_billingperiod WHERE state <> 2), DATE '9999-12-31')""",
        [today.replace(day=1)],
    )
    found: date | None = cursor.fetchone()[0]
    return found


def _is_through(cursor: Any, slot: int, month: date) -> bool:
    """Tell whether a slot holds what was booked up to the end of a month: a run's says so by any of its entries."""
    if slot < _FIRST_RUN_SLOT:
        return slot <= int(Month.of(month))
    cursor.execute("SELECT booked_on FROM ledger_entry WHERE slot = %s LIMIT 1", [slot])
    found = cursor.fetchone()
    return found is not None and found[0] <= Month.of(month).last_day


_CARRY = """
INSERT INTO payments_carrieditem (carrying_id, account_id, payment_id, period, service, debt, amount_minor)
SELECT {carrying}, account_id, payment_id, period, service, debt, sum(amount_minor) FROM ({moves}) m
GROUP BY account_id, payment_id, period, service, debt HAVING sum(amount_minor) <> 0
"""
