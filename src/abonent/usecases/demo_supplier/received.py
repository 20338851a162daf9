"""A small file of readings as a payment agent sends it: one reading is fine, the others have to be looked at."""

import csv
import tempfile
from datetime import date, datetime
from pathlib import Path

from abonent.contexts.contracts.models import Account
from abonent.contexts.metering.models import (
    Installation,
    Reading,
    ReadingFile,
    ReadingSender,
    ReadingSource,
    ReadingStatus,
)
from abonent.engine.parameters import ParameterSet
from abonent.usecases import import_readings
from abonent.usecases.demo_supplier.cases import UnitCase
from abonent.usecases.demo_supplier.town import Sample, plan, special_cases

_SENDER = "Касса «Пример»"
_HEADER = ("Лицевой счёт", "Номер счётчика", "Дата снятия", "Показание")
_DAY, _TOO_EARLY = 22, 3
_KWH = 1000
_NOBODY = ("9999999999", "77000077")


def bring(*, sample: Sample, parameters: ParameterSet, at: datetime) -> bool:
    """Receive and store the file of the period unless it is there; tell whether it was done now."""
    name = f"kassa-{sample.period}.csv"
    if ReadingFile.objects.filter(name=name, finished_at__isnull=False).exists():
        return False
    sender = ReadingSender.objects.filter(name=_SENDER).first() or import_readings.save_sender(
        name=_SENDER, columns=dict(zip(("account", "serial", "taken_on", "value"), _HEADER, strict=True))
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([_HEADER, *_lines(sample)])
        received = import_readings.receive(path=path, name=name, sender_id=sender.pk, actor_id=None, at=at)
    import_readings.store(file_id=received.pk, today=at.date(), at=at, parameters=parameters)
    return True


def _lines(sample: Sample) -> list[tuple[str, ...]]:
    """Write a sound reading and one of every common mistake."""
    number_of = {one.case: one.account for one in special_cases(plan(sample))}
    day = sample.period.first_day.replace(day=_DAY)

    def line(case: UnitCase, added_kwh: int, on: date | None = None) -> tuple[str, ...]:
        """A line of the day, or of that of the last reading, with so much more than that."""
        account = Account.objects.get(number=number_of[case])
        place = Installation.objects.select_related("meter").filter(premise=account.premise_id).latest("id")
        taken = Reading.objects.filter(installation=place, status=ReadingStatus.ACCEPTED)
        known = taken.exclude(source=ReadingSource.ESTIMATE).latest("taken_on")
        return (
            account.number,
            place.meter.serial,
            f"{on or known.taken_on:%d.%m.%Y}",
            str(known.value_wh // _KWH + added_kwh),
        )

    *unknown, on, value = line(UnitCase.STOPPED, 90, day)
    return [
        line(UnitCase.SENT_IN_FILE, 131, day),
        line(UnitCase.STOPPED, -40, day),  # below the one before
        line(UnitCase.STOPPED, 49_870, day.replace(day=_DAY + 1)),  # hardly believable
        line(UnitCase.OVERDUE, 64),  # another value of that day is known
        line(UnitCase.LISTED, 70, day.replace(day=_TOO_EARLY)),  # outside the days for readings
        (number_of[UnitCase.BENEFITS], _NOBODY[1], on, value),  # the meter of somebody else
        (_NOBODY[0], unknown[1], on, value),
        (number_of[UnitCase.CO_OWNERS], "", on, "нет"),
    ]
