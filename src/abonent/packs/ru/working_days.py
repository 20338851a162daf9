"""Days off: weekends, holidays and what the government moved (ТК РФ ст. 111, 112)."""

from datetime import date, timedelta
from functools import cache

from abonent.engine.parameters import ParameterSet

_A_DAY = timedelta(days=1)
_SATURDAY = 5


def is_day_off(day: date, /, *, parameters: ParameterSet) -> bool:
    """Tell whether a day is a day off. A year without a decree goes by weekends and holidays alone."""
    return day in _days_off(day.year, parameters)


def working_day_from(day: date, /, *, parameters: ParameterSet) -> date:
    """Return the day, or the first working day after it when it is a day off (ГК РФ ст. 193)."""
    while is_day_off(day, parameters=parameters):
        day += _A_DAY
    return day


@cache
def _days_off(year: int, parameters: ParameterSet) -> frozenset[date]:
    """Return the days off of a year. A weekend that falls on a holiday moves to the next working day."""
    moved = {
        date.fromisoformat(row["from"] or ""): date.fromisoformat(row["to"] or "")
        for version in parameters.versions("ru.calendar.transfers")
        for row in version.rows
    }
    first = date(year, 1, 1)
    days = [first + _A_DAY * number for number in range((date(year + 1, 1, 1) - first).days)]
    weekends = {day for day in days if day.weekday() >= _SATURDAY}
    holidays = {
        date(year, int(row["month"] or 0), int(row["day"] or 0)): row["moves"] == "1"
        for row in parameters.version("ru.calendar.holidays", on=first).rows
    }
    off = weekends - moved.keys() | holidays.keys() | {day for day in moved.values() if day.year == year}
    for day in sorted(day for day, moves in holidays.items() if moves and day in weekends - moved.keys()):
        instead = day + _A_DAY
        while instead in off:
            instead += _A_DAY
        off.add(instead)
    return frozenset(off)
