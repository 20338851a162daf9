"""The reports there are. A new one is a module with a REPORT, named here."""

from abonent.usecases.reports import (
    advances,
    ageing,
    charges,
    collection,
    control_totals,
    coverage,
    covered,
    f83,
    held_readings,
    imbalance,
    meter_counts,
    meters,
    payments,
    payments_by,
    proceeds,
    turnover,
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
    turnover.REPORT,
    payments.REPORT,
    payments_by.REPORT,
    proceeds.REPORT,
    collection.REPORT,
    covered.REPORT,
    advances.REPORT,
    ageing.REPORT,
    control_totals.REPORT,
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
