"""Opening balances of months, added up beforehand: a sheet of a month then reads one month of the books, not all years.

They are used only while they are right: as long as nothing was posted into the months before since they were made.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from abonent.contexts.ledger.models import BatchState
from abonent.contexts.reporting.models import OpeningBalances
from abonent.kernel.periods import Month

_TABLES = ("ledger_turnover", "ledger_entry", "payments_allocation")


def keep(*, months: Iterable[Month], at: datetime) -> list[Month]:
    """Make the opening balances of these months that are not right, drop all others; return the months made."""
    wanted = set(months)
    made = []
    for known in OpeningBalances.objects.exclude(period__in=[month.first_day for month in wanted]):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {known.table}")
            known.delete()
    for month in sorted(wanted):
        outermost = not connection.in_atomic_block
        with transaction.atomic(), connection.cursor() as cursor:
            if outermost:  # what is added up and what it is told by are of one moment
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            if source(cursor, month.first_day) is None:
                _make(cursor, month, at)
                made.append(month)
    return made


def know(cursor: Any) -> None:
    """Let the planner know the books as a whole: nothing analyses a partitioned table by itself."""
    cursor.execute(f"ANALYZE {', '.join(_TABLES)}")


def source(cursor: Any, period: date) -> str | None:
    """Return the table of a month's opening balances (account_id, balance_minor), or None when there is none right."""
    known = OpeningBalances.objects.filter(period=period).first()
    if known is None or _stands(cursor, period) != (
        known.batches,
        known.last_batch_id,
        known.entries,
        known.amount_minor,
    ):
        return None
    return known.table


def _stands(cursor: Any, period: date) -> tuple[int, int, int, int]:
    """Tell the books of the months before apart from any other."""
    cursor.execute(
        """SELECT count(*), coalesce(max(id), 0), coalesce(sum(entries), 0)::bigint,
                  coalesce(sum(amount_minor), 0)::bigint
           FROM ledger_batch WHERE booked_period < %s AND state = %s""",
        [period, BatchState.POSTED],
    )
    batches, last, entries, minor = cursor.fetchone()
    return batches, last, entries, minor


def _make(cursor: Any, month: Month, at: datetime) -> None:
    batches, last, entries, minor = _stands(cursor, month.first_day)
    OpeningBalances.objects.filter(period=month.first_day).delete()
    known = OpeningBalances(
        period=month.first_day,
        batches=batches,
        last_batch_id=last,
        entries=entries,
        amount_minor=minor,
        made_at=at,
    )
    cursor.execute(f"DROP TABLE IF EXISTS {known.table}")
    cursor.execute(
        f"""CREATE TABLE {known.table} AS
            SELECT account_id, sum(balance_minor)::bigint AS balance_minor FROM ledger_turnover
            WHERE booked_period < '{month.first_day.isoformat()}' GROUP BY account_id
            HAVING sum(balance_minor) <> 0 ORDER BY account_id"""
    )
    cursor.execute(f"ALTER TABLE {known.table} ADD PRIMARY KEY (account_id)")
    cursor.execute(f"ANALYZE {known.table}")
    known.save()
