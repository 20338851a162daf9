"""What registers used month by month, as their readings tell it: for the eye, not for a bill."""

from collections import defaultdict
from itertools import accumulate, groupby, pairwise
from operator import attrgetter
from typing import Any

from django.db.models import F

from abonent.contexts.metering.models import Reading, ReadingSource, ReadingStatus
from abonent.kernel.periods import Month


def usage_by_readings(*, premise_id: int, first: Month) -> list[dict[str, Any]]:
    """Return rows of period, zone and usage_wh from actual readings of a premise's registers, from a month on.

    A difference belongs to the month of the later reading; after a gap it is shared out by the days of the months
    between. A fall is a roll-over, but at a control reading it is what it is.
    """
    readings = (
        Reading.objects.filter(
            installation__premise_id=premise_id,
            status=ReadingStatus.ACCEPTED,
            taken_on__gte=first.shift(-6).first_day,
        )
        .exclude(source=ReadingSource.ESTIMATE)
        .annotate(
            zone=F("installation__zone"), digits=F("installation__digits"), ratio=F("installation__ratio")
        )
        .order_by("installation_id", "taken_on")
    )
    usage: dict[tuple[Month, int], int] = defaultdict(int)
    for _installation, group in groupby(readings, attrgetter("installation_id")):
        taken = list(group)
        for earlier, later in pairwise(taken):
            used_wh = (later.value_wh - earlier.value_wh) * later.ratio
            if used_wh < 0 and later.source != ReadingSource.INSPECTOR:
                used_wh += 10**later.digits * 1000 * later.ratio
            for month, part_wh in _shared(used_wh, Month.of(earlier.taken_on), Month.of(later.taken_on)):
                usage[month, later.zone] += part_wh
    return [
        {"period": month.first_day, "zone": zone, "usage_wh": usage_wh}
        for (month, zone), usage_wh in sorted(usage.items())
        if month >= first
    ]


def _shared(used_wh: int, before: Month, until: Month) -> list[tuple[Month, int]]:
    months = list(before.next().until(until.next())) or [until]
    days = [month.days for month in months]
    through = [used_wh * so_far // sum(days) for so_far in accumulate(days, initial=0)]
    return [(month, end - start) for month, (start, end) in zip(months, pairwise(through), strict=True)]
