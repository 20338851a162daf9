"""Days stay open while something is booked on them: whoever books shares a lock, whoever closes days has it alone."""

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

LOCK_CLASS = 7_401
PATIENCE_MS = 5_000
"""So long those who close days wait; those who come to book wait behind them, and one of these may hold what a file
being posted needs."""


class DaysBusy(Exception):
    """Something is being booked all the while: a file, or a run."""


def hold_open(supplier_id: int) -> None:
    """Keep days and months open until the transaction ends; asked for before accounts are locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK_CLASS, supplier_id])


def hold_alone(supplier_id: int) -> None:
    """Wait for what is being booked, then let nobody book until the transaction ends. Raises DaysBusy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{PATIENCE_MS}ms"])
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, supplier_id])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise DaysBusy from None
            raise
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
