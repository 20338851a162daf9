"""Files of bills that the office asked for."""

from django.utils import timezone, translation
from procrastinate.contrib.django import app

from abonent.contexts.access.queries import language_of
from abonent.usecases import print_job

QUEUE = "printing"


@app.task(name="printing.print_bills", queue=QUEUE)
def print_bills(*, print_id: int, actor_id: int, **_later_arguments: object) -> None:
    """Issue and print into one file; a refusal is told in the language of who asked."""
    with translation.override(language_of(actor_id)):
        print_job.run(print_id, clock=timezone.now)
