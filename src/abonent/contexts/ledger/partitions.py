"""Slots of the books. The shared slot of a month is its number, 202610; a mass run has a slot of its own."""

from typing import Any

from abonent.kernel.periods import Month

_TABLES = ("ledger_entry", "ledger_turnover")


def ensure_shared_slot(cursor: Any, booked: Month, *, tables: tuple[str, ...] = _TABLES) -> int:
    """Make the partitions of the month's shared slot that are not there yet; return the slot.

    A partition is made aside and attached: PARTITION OF would wait for everybody who has read the table.
    """
    slot = int(booked)
    for table in tables:
        if _is_there(cursor, f"{table}_{slot}"):
            continue
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"partition {table}_{slot}"])
        if not _is_there(cursor, f"{table}_{slot}"):
            cursor.execute(f"CREATE TABLE {table}_{slot} (LIKE {table} INCLUDING ALL)")
            cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_{slot} FOR VALUES IN ({slot})")
    return slot


def _is_there(cursor: Any, name: str) -> bool:
    # not to_regclass: having waited for who makes it, a session still remembers that there was none
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_class WHERE relname = %s AND relnamespace = current_schema()::regnamespace)",
        [name],
    )
    return bool(cursor.fetchone()[0])
