"""Monthly partitions of the readings."""

from django.db import connection

from abonent.kernel.periods import Month


def ensure_reading_partitions(*, first: Month, last: Month) -> None:
    """Make the partitions of the months `first` to `last`, both included, that are not there yet."""
    with connection.cursor() as cursor:
        month = first
        while month <= last:
            cursor.execute("SELECT to_regclass(%s)", [f"metering_reading_{int(month)}"])
            if cursor.fetchone()[0] is None:
                cursor.execute(
                    f"CREATE TABLE metering_reading_{int(month)} PARTITION OF metering_reading "
                    f"FOR VALUES FROM ('{month.first_day}') TO ('{month.next().first_day}')"
                )
            month = month.next()
