"""The summary of meters: one row for each meter in place at the end of a month."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.contexts.metering.models import ReadingSource
from abonent.usecases.reports import _meters, _people, _sections, figures
from abonent.usecases.reports.model import PLACES, Answer, Ask, Asked, Column, Report, Row, Table


def _answer(_cursor: Any, asked: Asked) -> Answer:
    table = Table(
        name="meters",
        columns=_COLUMNS,
        sql=_meters.in_place(asked, on="last_day", role=_meters.ROLE.answer(asked)),
        order=_meters.ORDER,
        unique=("meter_id",),
        complete=_complete,
    )
    return Answer(tables=(table,))


def _complete(cursor: Any, rows: list[Row], asked: Asked) -> None:
    assert asked.period is not None
    _people.add_accounts(cursor, rows, on=asked.period.last_day)
    _meters.add_last_readings(cursor, rows, before=asked.period.next().first_day)


def _values_read(values_wh: list[int]) -> str:
    language = (get_language() or "en")[:2]
    return " / ".join(figures.shown(value, "kwh", language=language) for value in values_wh)


_COLUMNS = (
    *_meters.place_columns(),
    Column(name="role", title=_("Counts for"), words=lambda role: _meters.ROLES[role], minor_on_phone=True),
    Column(name="zones", title=_("Zones"), kind="count", minor_on_phone=True),
    Column(name="ratio", title=_("Ratio"), kind="count", minor_on_phone=True),
    Column(name="installed_on", title=_("Installed"), kind="day", minor_on_phone=True),
    Column(name="verified_on", title=_("Verified"), kind="day", minor_on_phone=True),
    Column(name="verification_due_on", title=_("Verify by"), kind="day", minor_on_phone=True),
    Column(name="read_on", title=_("Last reading"), kind="day", late=True),
    Column(name="readings_wh", title=_("Its value, kWh"), late=True, words=_values_read),
    Column(
        name="read_by",
        title=_("Read by"),
        late=True,
        words=lambda source: ReadingSource(source).label,
        minor_on_phone=True,
    ),
)

REPORT = Report(
    code="meters",
    title=_("Summary of meters"),
    about=_("Every meter in place at the end of the month: where it stands, its dates and its last reading."),
    section=_sections.METERS,
    roles=frozenset(Role),
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_meters.ROLE,),
    answer=_answer,
)
