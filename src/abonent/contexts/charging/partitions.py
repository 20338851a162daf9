"""The shared slot of charge lines; the ledger's stands beside it."""

from typing import Any

from abonent.contexts.ledger import partitions as ledger_partitions
from abonent.kernel.periods import Month


def ensure_shared_slot(cursor: Any, booked: Month) -> int:
    """Make the month's shared slot for lines, entries and turnovers; return the slot."""
    ledger_partitions.ensure_shared_slot(cursor, booked, tables=("charging_chargeline",))
    return ledger_partitions.ensure_shared_slot(cursor, booked)
