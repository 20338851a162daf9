"""Days and months by which absences, stays and final bills are judged."""

from dataclasses import dataclass
from datetime import date

from abonent.engine.parameters import ParameterSet


@dataclass(frozen=True, kw_only=True)
class AbsenceLimits:
    """What an application for recalculation by absence has to keep to (ПП РФ 354 п. 86, 92)."""

    more_than_days: int
    apply_within_days: int
    repeat_after_months: int


def absence_limits(*, on: date, parameters: ParameterSet) -> AbsenceLimits:
    """Return the limits of an absence that begins on a day. Raises ParameterMissingError."""
    (row,) = parameters.version("ru.electricity.absence", on=on).rows
    return AbsenceLimits(**{name: int(value or 0) for name, value in row.items()})


def temporary_stay_days(*, on: date, parameters: ParameterSet) -> int:
    """Return the days a stay has to exceed to be charged for (ПП РФ 354 п. 56). Raises ParameterMissingError."""
    return int(parameters.version("ru.accounts.temporary_stay_days", on=on).value or 0)


def final_bill_days(*, on: date, parameters: ParameterSet) -> int:
    """Return within how many days somebody who left on a day gets the final bill. Raises ParameterMissingError."""
    return int(parameters.version("ru.accounts.final_bill_days", on=on).value or 0)
