"""When a household's bill is to be paid (ЖК РФ, ст. 155 ч. 1)."""

from datetime import date

from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month


def due_on(month: Month, /, *, parameters: ParameterSet) -> date:
    """Return the day of the next month by which the bill for `month` is due, by the rule of its first day.

    A day off does not move it. Raises ParameterMissingError.
    """
    day = parameters.version("ru.payment.due_day", on=month.first_day).value
    return month.next().first_day.replace(day=int(day or 0))
