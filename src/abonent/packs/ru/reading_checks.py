"""The thresholds readings are checked by, out of the dated parameters into whole numbers."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from abonent.engine.parameters import ParameterSet


@dataclass(frozen=True)
class ReadingChecks:
    """Wh, days, months; `spike_times_e3` in thousandths. Per day: on the face of a register, before its ratio."""

    spike_times_e3: int
    spike_least_wh: int
    zero_least_wh: int
    history_least_days: int
    most_months_back: int
    max_wh_per_day: int
    rollover_max_wh_per_day: int


@lru_cache(maxsize=64)
def read_checks(parameters: ParameterSet, on: date) -> ReadingChecks:
    """Return the thresholds in force on a day. Raises what `ParameterSet.version` raises."""
    row = parameters.version("ru.electricity.reading_checks", on=on).rows[0]
    limits = parameters.version("ru.electricity.limits", on=on).rows[0]

    def thousandths(text: str | None) -> int:
        return int(Decimal(text or "0") * 1000)

    return ReadingChecks(
        spike_times_e3=thousandths(row["spike_times"]),
        spike_least_wh=thousandths(row["spike_least_kwh"]),
        zero_least_wh=thousandths(row["zero_least_kwh"]),
        history_least_days=int(row["history_least_days"] or 0),
        most_months_back=int(row["most_months_back"] or 0),
        max_wh_per_day=thousandths(limits["max_kwh_per_day"]),
        rollover_max_wh_per_day=thousandths(limits["rollover_max_kwh_per_day"]),
    )
