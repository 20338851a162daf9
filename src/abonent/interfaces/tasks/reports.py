"""Files of reports that the office asked for."""

from django.utils import timezone, translation
from procrastinate.contrib.django import app

from abonent.contexts.access.queries import language_of
from abonent.usecases import report_job

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
