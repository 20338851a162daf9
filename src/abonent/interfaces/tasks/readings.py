"""Files of readings that the office asked to store."""

from django.utils import timezone, translation
from procrastinate.contrib.django import app

from abonent.contexts.access.queries import language_of
from abonent.contexts.metering.operations import note_progress
from abonent.usecases import import_readings, packs

QUEUE = "readings"
# how much of the work lies behind when a phase begins: a file is judged as one table, not row by row
_BEHIND = {"reading": 0, "matching": 25, "judging": 50, "storing": 75, "done": 100}


@app.task(name="readings.store", queue=QUEUE)
def store(*, file_id: int, actor_id: int, **_later_arguments: object) -> None:
    """Judge and store a file; why it cannot be read stays with it, in the language of who asked."""
    now = timezone.now()
    with translation.override(language_of(actor_id)):
        try:
            import_readings.store(
                file_id=file_id,
                today=timezone.localdate(now),
                at=now,
                parameters=packs.pack_parameters(),
                on_progress=lambda progress: note_progress(
                    file_id=file_id, rows_done=progress.rows * _BEHIND[progress.phase] // 100
                ),
            )
        except (import_readings.BadFile, import_readings.FileBusy):
            return  # told by the file itself; whoever stores it now goes on
