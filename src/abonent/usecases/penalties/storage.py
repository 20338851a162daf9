"""Where a run's rows stand before it is approved: partitions of its own for lines and accounts, drafts for entries.

Approved, the drafts of a mass run become a slot of the ledger, those of a small one are copied into the month's shared
slot; a discarded run takes everything along.
"""

from typing import Any

from abonent.contexts.ledger.operations import COLUMNS, sums_by_column

MASS_ACCOUNTS = 20_000
"""Runs of so many accounts bring a slot of their own."""
_MASS_SLOT = 1_500_000_000  # slots of billing runs begin at a thousand million
_OF_RUN = ("penalties_penaltyline", "penalties_penaltyaccount")


def mass_slot(run_id: int, *, reversal: bool = False) -> int:
    return _MASS_SLOT + 2 * run_id + reversal


def is_mass(slot: int) -> bool:
    return slot >= _MASS_SLOT


def drafted(table: str, slot_of: int) -> str:
    return f"{table}_p{slot_of}"


def make(cursor: Any, run_id: int) -> None:
    """Make the run's partitions and an empty draft of entries."""
    drop(cursor, run_id)
    for table in _OF_RUN:
        # made aside and attached: PARTITION OF would wait for everybody who has read the table
        cursor.execute(f"CREATE TABLE {table}_{run_id} (LIKE {table} INCLUDING ALL)")
        cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_{run_id} FOR VALUES IN ({run_id})")
    make_entries(cursor, run_id)


def make_entries(cursor: Any, run_id: int) -> None:
    for table in ("ledger_entry", "ledger_turnover"):
        cursor.execute(
            f"CREATE TABLE {drafted(table, run_id)} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS "
            "INCLUDING GENERATED)"
        )


def drop(cursor: Any, run_id: int) -> None:
    """Drop what a run counted; nothing that is in the books."""
    names = [f"{table}_{run_id}" for table in _OF_RUN]
    cursor.execute(f"DROP TABLE IF EXISTS {', '.join(names)}")
    drop_drafts(cursor, run_id)


def drop_drafts(cursor: Any, run_id: int) -> None:
    names = [drafted("ledger_entry", run_id), drafted("ledger_turnover", run_id)]
    cursor.execute(f"DROP TABLE IF EXISTS {', '.join(names)}")


def finish(cursor: Any, run_id: int, *, booked_period: Any) -> None:
    """Add the drafted entries up to turnovers, and build the indexes, once everything is in."""
    entries, turnovers = drafted("ledger_entry", run_id), drafted("ledger_turnover", run_id)
    cursor.execute(
        f"""INSERT INTO {turnovers} (slot, account_id, booked_period, {", ".join(COLUMNS)})
            SELECT slot, account_id, %s, {sums_by_column()} FROM {entries} GROUP BY slot, account_id""",
        [booked_period],
    )
    cursor.execute(f"ALTER TABLE {entries} ADD PRIMARY KEY (slot, batch_id, entry_no)")
    cursor.execute(f"CREATE INDEX ON {entries} (account_id)")
    cursor.execute(f"ALTER TABLE {turnovers} ADD PRIMARY KEY (account_id, slot)")
    for table in (entries, turnovers):
        cursor.execute(f"ANALYZE {table}")
    for table in _OF_RUN:
        cursor.execute(f"ANALYZE {table}_{run_id}")


def attach(cursor: Any, run_id: int, slot: int) -> None:
    """Make the drafts a slot of the ledger."""
    for table in ("ledger_entry", "ledger_turnover"):
        draft = drafted(table, run_id)
        # the check spares PostgreSQL a scan under the lock of the whole table
        cursor.execute(f"ALTER TABLE {draft} ADD CONSTRAINT {draft}_slot CHECK (slot = {slot})")
        cursor.execute(f"ALTER TABLE {draft} RENAME TO {table}_{slot}")
        cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_{slot} FOR VALUES IN ({slot})")
        cursor.execute(f"ALTER TABLE {table}_{slot} DROP CONSTRAINT {draft}_slot")


def copy_in(cursor: Any, run_id: int) -> None:
    """Copy small drafts into the shared slot of their month and drop them."""
    cursor.execute(f"INSERT INTO ledger_entry SELECT * FROM {drafted('ledger_entry', run_id)}")
    names = ", ".join(COLUMNS)
    added = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in COLUMNS)
    cursor.execute(
        f"""INSERT INTO ledger_turnover AS t (slot, account_id, booked_period, {names})
            SELECT slot, account_id, booked_period, {names} FROM {drafted("ledger_turnover", run_id)}
            ORDER BY account_id
            ON CONFLICT (slot, account_id) DO UPDATE SET {added}"""
    )
    drop_drafts(cursor, run_id)
