"""Monthly partitions of the readings."""

from typing import Any

from django.db import connection

from abonent.kernel.periods import Month


def ensure_reading_partitions(*, first: Month, last: Month) -> None:
    """Make the partitions of the months `first` to `last`, both included, that are not there yet.

    Readings of other months, a meter installed years ago for instance, stand together in one more partition; a month
    that has some of its readings there already stays there.
    """
    with connection.cursor() as cursor:
        month = first
        while month <= last:
            cursor.execute("SELECT to_regclass(%s)", [f"metering_reading_{int(month)}"])
            if cursor.fetchone()[0] is None and not _stands_among_others(cursor, month):
                cursor.execute(
                    f"CREATE TABLE metering_reading_{int(month)} PARTITION OF metering_reading "
                    f"FOR VALUES FROM ('{month.first_day}') TO ('{month.next().first_day}')"
                )
            month = month.next()


def _stands_among_others(cursor: Any, month: Month) -> bool:
    cursor.execute(
        "SELECT EXISTS (SELECT FROM metering_reading_other WHERE taken_on >= %s AND taken_on < %s)",
        [month.first_day, month.next().first_day],
    )
    return bool(cursor.fetchone()[0])
