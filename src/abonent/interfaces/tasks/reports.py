"""Files of reports that the office asked for."""

from django.db import connection
from django.utils import timezone, translation
from procrastinate.contrib.django import app

from abonent.contexts.access.queries import language_of
from abonent.contexts.charging.queries import period_choices
from abonent.kernel.periods import Month
from abonent.usecases import report_job
from abonent.usecases.reports import openings

QUEUE = "printing"


@app.task(name="reports.make", queue=QUEUE)
def make(*, file_id: int, actor_id: int, **_later_arguments: object) -> None:
    """Make a report into a file; a refusal is told in the language of who asked."""
    with translation.override(language_of(actor_id)):
        report_job.run(file_id, clock=timezone.now)


@app.periodic(cron="17 3 * * *")
@app.task(name="reports.forget", queueing_lock="reports.forget", pass_context=False)
def forget(timestamp: int, **_later_arguments: object) -> int:
    """Delete old files every night."""
    return report_job.forget(at=timezone.now())


@app.periodic(cron="47 3 * * *")
@app.task(name="reports.prepare", queueing_lock="reports.prepare", pass_context=False)
def prepare(timestamp: int, **_later_arguments: object) -> int:
    """Add up the opening balances of the open months every night; return how many were not right."""
    with connection.cursor() as cursor:
        openings.know(cursor)
    months = [Month.of(row.month) for row in period_choices() if row.is_open]
    return len(openings.keep(months=months, at=timezone.now()))
