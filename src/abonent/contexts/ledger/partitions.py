"""Slots of the books. The shared slot of a month is its number, 202610; a mass run has a slot of its own."""

from typing import Any

from abonent.kernel.periods import Month

_TABLES = ("ledger_entry", "ledger_turnover")


def ensure_shared_slot(cursor: Any, booked: Month, *, tables: tuple[str, ...] = _TABLES) -> int:
    """Make the partitions of the month's shared slot that are not there yet; return the slot."""
    slot = int(booked)
    for table in tables:
        cursor.execute("SELECT to_regclass(%s)", [f"{table}_{slot}"])
        if cursor.fetchone()[0] is None:
            cursor.execute(f"CREATE TABLE {table}_{slot} PARTITION OF {table} FOR VALUES IN ({slot})")
    return slot
