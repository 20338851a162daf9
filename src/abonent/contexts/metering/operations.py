"""What is done to files of readings beside storing them."""

from abonent.contexts.metering.models import ReadingFile, ReadingFileState


def name_sender(*, file_id: int, sender_id: int) -> None:
    """Say who sent a file that is not stored yet."""
    ReadingFile.objects.filter(pk=file_id).exclude(state=ReadingFileState.STORED).update(sender_id=sender_id)
