"""What the charts draw: plain data for `static/office/office.js`."""

from collections import defaultdict
from typing import Any

from django.utils.translation import gettext as _

from abonent.contexts.contracts.models import Service
from abonent.contexts.metering.models import Zone
from abonent.interfaces.office import formats
from abonent.kernel.periods import Month


def consumption(usage: list[dict[str, Any]], *, first: Month, last: Month) -> dict[str, Any]:
    """Stack the energy charged for by month, a series for each zone and one for common needs.

    `usage`: rows of period, service, zone, usage_wh. Watt-hours become kWh for the eye only.
    """
    months = [*first.until(last.next())]
    by_series: dict[tuple[int, int], dict[Month, int]] = defaultdict(dict)
    for row in usage:
        zone = row["zone"] if row["service"] == Service.ELECTRICITY else 0
        of_series = by_series[row["service"], zone]
        month = Month.of(row["period"])
        of_series[month] = of_series.get(month, 0) + row["usage_wh"]
    return {
        "unit": _("kWh"),
        "months": [formats.month_short(month.first_day) for month in months],
        "series": [
            {
                "name": str(Zone(zone).label) if zone else _("common needs"),
                "values": [values[month] / 1000 if month in values else None for month in months],
            }
            for (_service, zone), values in sorted(by_series.items())
        ],
    }
