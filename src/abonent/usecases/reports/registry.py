"""The reports there are. A new one is a module with a REPORT, named here."""

from abonent.usecases.reports import (
    charges,
    coverage,
    f83,
    held_readings,
    imbalance,
    meter_counts,
    meters,
    verification,
)
from abonent.usecases.reports.model import Report

REPORTS: tuple[Report, ...] = (
    charges.REPORT,
    f83.REPORT,
    imbalance.REPORT,
    meters.REPORT,
    meter_counts.REPORT,
    coverage.REPORT,
    verification.REPORT,
    held_readings.REPORT,
)


class UnknownReport(LookupError):
    """There is no report of this code."""


def report(code: str) -> Report:
    """Return a report by its code. Raises UnknownReport."""
    for one in REPORTS:
        if one.code == code:
            return one
    raise UnknownReport(code)


def reports_of(role: str) -> list[Report]:
    """Return the reports a role may see, in their order."""
    return [one for one in REPORTS if role in one.roles]
