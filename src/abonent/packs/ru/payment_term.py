"""When a household's bill is to be paid (ЖК РФ, ст. 155 ч. 1; ГК РФ ст. 193)."""

from datetime import date

from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.working_days import working_day_from


def due_on(month: Month, /, *, parameters: ParameterSet) -> date:
    """Return the day of the next month by which the bill for `month` is due, by the rule of its first day.

    A day off moves it to the next working day. Raises ParameterMissingError.
    """
    day = parameters.version("ru.payment.due_day", on=month.first_day).value
    return working_day_from(month.next().first_day.replace(day=int(day or 0)), parameters=parameters)
