"""What is done to files of readings beside storing them."""

from abonent.contexts.metering.models import ReadingFile, ReadingFileState


def name_sender(*, file_id: int, sender_id: int | None) -> None:
    """Say who sent a file that is not stored yet, or that it is not known."""
    ReadingFile.objects.filter(pk=file_id).exclude(state=ReadingFileState.STORED).update(sender_id=sender_id)


def note_progress(*, file_id: int, rows_done: int) -> None:
    """Keep how far the storing of a file is."""
    ReadingFile.objects.filter(pk=file_id, state=ReadingFileState.READING).update(rows_done=rows_done)
