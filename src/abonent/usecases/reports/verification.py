"""Meters whose verification has expired, or is about to."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.kernel.periods import Month
from abonent.usecases.reports import _meters, _people, _sections
from abonent.usecases.reports.model import PLACES, Answer, Asked, Choice, Column, Report, Row, Table

_WHEN = Choice(
    name="when",
    title=_("Verification"),
    answers=(
        ("expired", _("expired")),
        ("0", _("expires this month")),
        ("2", _("expires within three months")),
        ("11", _("expires within a year")),
        ("unknown", _("date unknown")),
    ),
)


def _answer(_cursor: Any, asked: Asked) -> Answer:
    when = _WHEN.answer(asked)
    values: dict[str, Any] = {}
    if when == "expired":
        which = "meter.verification_due_on < %(today)s"
    elif when == "unknown":
        which = "meter.verification_due_on IS NULL"
    else:
        which = "meter.verification_due_on >= %(today)s AND meter.verification_due_on < %(until)s"
        values["until"] = Month.of(asked.today).shift(int(when) + 1).first_day
    table = Table(
        name="verification",
        columns=_COLUMNS,
        sql="SELECT meter.*, %(today)s - verification_due_on AS days_over FROM ("
        + _meters.in_place(asked, on="today", role=_meters.ROLE.answer(asked), also=f"AND {which}")
        + ") meter",
        order=_meters.ORDER,
        unique=("meter_id",),
        values=values,
        complete=_complete,
        empty=_("No meter is such."),
    )
    return Answer(tables=(table,))


def _complete(cursor: Any, rows: list[Row], asked: Asked) -> None:
    _people.add_accounts(cursor, rows, on=asked.today)


_COLUMNS = (
    *_meters.place_columns(),
    Column(name="role", title=_("Counts for"), words=lambda role: _meters.ROLES[role], minor_on_phone=True),
    Column(name="installed_on", title=_("Installed"), kind="day", minor_on_phone=True),
    Column(name="verified_on", title=_("Verified"), kind="day", minor_on_phone=True),
    Column(name="verification_due_on", title=_("Verify by"), kind="day"),
    Column(name="days_over", title=_("Days over"), kind="count"),
)

REPORT = Report(
    code="verification",
    title=_("Meters with expired verification"),
    about=_("Meters in place today whose verification has expired, expires soon, or has no date."),
    section=_sections.METERS,
    roles=frozenset(Role),
    asks=PLACES,
    choices=(_WHEN, _meters.ROLE),
    answer=_answer,
)
