"""Tables a run is drafted in: made for it, filled once, then attached to the books, copied into them or dropped.

They are made in the transaction that fills them, so a run that is killed leaves nothing, and where PostgreSQL needs
no log for new tables (`wal_level = minimal`, as in the embedded server) none is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

MASS_SLOT = 1_000_000_000


@dataclass(frozen=True)
class Book:
    """A partitioned table of the books and what each of its partitions is built with."""

    table: str
    key: str
    index: str = ""


LINES = Book("charging_chargeline", "slot, batch_id, line_no", "account_id")
ENTRIES = Book("ledger_entry", "slot, batch_id, entry_no", "account_id")
TURNOVERS = Book("ledger_turnover", "account_id, slot")
BOOKS = (LINES, ENTRIES, TURNOVERS)


def draft_of(book: Book, run_id: int) -> str:
    return f"{book.table}_d{run_id}"


def estimates_of(run_id: int) -> str:
    return f"metering_estimate_d{run_id}"


def drop_drafts(cursor: Any, run_id: int) -> None:
    """Drop what a run drafted; nothing that is in the books."""
    names = [draft_of(book, run_id) for book in BOOKS] + [estimates_of(run_id)]
    cursor.execute("DROP TABLE IF EXISTS " + ", ".join(names))


def make_drafts(cursor: Any, run_id: int, slot: int) -> None:
    """Make empty draft tables, without indexes: these are built once, when everything is in."""
    for book in BOOKS:
        cursor.execute(
            f"CREATE TABLE {draft_of(book, run_id)} (LIKE {book.table} INCLUDING DEFAULTS "
            f"INCLUDING CONSTRAINTS INCLUDING GENERATED, "
            f"CONSTRAINT {draft_of(book, run_id)}_slot CHECK (slot = {slot}))"
        )
    cursor.execute(
        f"CREATE TABLE {estimates_of(run_id)} (installation_id bigint NOT NULL, building_id bigint NOT NULL, "
        "value_wh bigint NOT NULL, period date NOT NULL)"
    )


def index_drafts(
    cursor: Any, run_id: int, *, booked_period: date | None = None, added: Sequence[int] = ()
) -> None:
    """Build the indexes. `added` are batches whose accounts may have a turnover already: theirs are added to it."""
    for book in BOOKS:
        name = draft_of(book, run_id)
        cursor.execute(f"ALTER TABLE {name} ADD PRIMARY KEY ({book.key})")
        if book.index:
            cursor.execute(f"CREATE INDEX ON {name} ({book.index})")
        if book is not TURNOVERS:
            cursor.execute(f"ANALYZE {name}")
    if added:
        cursor.execute(
            f"""INSERT INTO {draft_of(TURNOVERS, run_id)} AS t
                    (slot, account_id, booked_period, charged_minor, recalculated_minor)
                SELECT slot, account_id, %s, coalesce(sum(amount_minor) FILTER (WHERE kind = 2), 0),
                       coalesce(sum(amount_minor) FILTER (WHERE kind <> 2), 0)
                FROM {draft_of(ENTRIES, run_id)} WHERE batch_id = ANY (%s) GROUP BY slot, account_id
                ON CONFLICT (slot, account_id) DO UPDATE SET
                    charged_minor = t.charged_minor + excluded.charged_minor,
                    recalculated_minor = t.recalculated_minor + excluded.recalculated_minor""",
            [booked_period, list(added)],
        )
    cursor.execute(f"ANALYZE {draft_of(TURNOVERS, run_id)}")


def attach(cursor: Any, run_id: int, slot: int) -> None:
    """Make the drafts partitions of the books. The check constraint on the slot spares PostgreSQL a scan."""
    for book in BOOKS:
        name = draft_of(book, run_id)
        cursor.execute(f"ALTER TABLE {name} RENAME TO {book.table}_{slot}")
        cursor.execute(
            f"ALTER TABLE {book.table} ATTACH PARTITION {book.table}_{slot} FOR VALUES IN ({slot})"
        )
        cursor.execute(f"ALTER TABLE {book.table}_{slot} DROP CONSTRAINT {name}_slot")


def copy_in(cursor: Any, run_id: int) -> None:
    """Copy small drafts into the shared slot of their month and drop them."""
    cursor.execute(f"INSERT INTO {LINES.table} SELECT * FROM {draft_of(LINES, run_id)}")
    cursor.execute(f"INSERT INTO {ENTRIES.table} SELECT * FROM {draft_of(ENTRIES, run_id)}")
    cursor.execute(
        f"""INSERT INTO ledger_turnover AS t (slot, account_id, booked_period, charged_minor, recalculated_minor)
            SELECT slot, account_id, booked_period, charged_minor, recalculated_minor
            FROM {draft_of(TURNOVERS, run_id)}
            ON CONFLICT (slot, account_id) DO UPDATE SET
                charged_minor = t.charged_minor + excluded.charged_minor,
                recalculated_minor = t.recalculated_minor + excluded.recalculated_minor"""
    )
