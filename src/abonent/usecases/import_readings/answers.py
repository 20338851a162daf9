"""The sender's own file back, with a column that says what became of the rows that were not accepted."""

from itertools import groupby
from operator import itemgetter
from pathlib import Path

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from abonent.contexts.metering.models import ReadingFile, ReadingStatus, RowDecision
from abonent.gateways.spreadsheets import answering
from abonent.usecases.import_readings import files
from abonent.usecases.import_readings.model import ANSWER_LANGUAGES, Answer, BadFile
from abonent.usecases.reading_reasons import reason

_WITH_OTHERS = "other_zone_held"  # says nothing beside what the other zone is held for
_CSV, _XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def reasons_file(*, file_id: int, language: str | None = None) -> Answer:
    """Return the sender's own file with a column of reasons: csv for csv, xlsx for all others.

    `language` is one of ANSWER_LANGUAGES; None takes that of the file's own headers. Raises BadFile for a file
    that was not stored or whose bytes are no longer there.
    """
    file = ReadingFile.objects.select_related("sender").get(pk=file_id)
    if not file.layout:
        raise BadFile("not_stored", file=file.name)
    if not files.kept_in(file).exists():
        raise BadFile("gone", file=file.name)
    spoken = language or file.layout["language"]
    with translation.override(spoken if spoken in ANSWER_LANGUAGES else "ru"):
        notes = _notes(file_id)
        notes[max(file.layout["header_row"], 1)] = _("What became of it")
        suffix = _("answer")
    stem, ending = Path(file.name).stem, Path(file.name).suffix
    if file.layout["kind"] == "xlsx":
        try:
            content = answering.workbook(files.kept_in(file), file.layout["sheet"], notes)
            return Answer(name=f"{stem}-{suffix}{ending}", media_type=_XLSX, content=content)
        except answering.UnusualWorkbook:
            pass  # a new one then, with the same cells
    table, _columns = files.read(file)
    if table.kind == "csv":
        content = answering.delimited(table, notes)
        return Answer(name=f"{stem}-{suffix}{ending}", media_type=_CSV, content=content)
    return Answer(name=f"{stem}-{suffix}.xlsx", media_type=_XLSX, content=answering.plain(table, notes))


def _notes(file_id: int) -> dict[int, str]:
    """Return row → what became of it, for rows that are not in the books."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT row_no, part, status, reasons, decision FROM metering_readingfilerow
               WHERE file_id = %s AND decision <> %s ORDER BY row_no, part""",
            [file_id, int(RowDecision.ACCEPTED)],
        )
        held = cursor.fetchall()
    rejected, waits = _("Rejected"), _("Being checked")
    titles: dict[str, str] = {}
    notes: dict[int, list[str]] = {}
    for row_no, rows in groupby(held, key=itemgetter(0)):
        parts = list(rows)
        alone = len(parts) == 1
        for _row, part, status, codes, decision in parts:
            if not alone and codes == [_WITH_OTHERS]:
                continue
            for code in codes:
                titles.setdefault(code, reason(code).title)
            verdict = (
                rejected if status == ReadingStatus.REJECTED or decision == RowDecision.REFUSED else waits
            )
            zone = "" if alone or not part else f"T{part}: "
            notes.setdefault(row_no, []).append(
                f"{verdict}: {zone}{'; '.join(titles[code] for code in codes)}"
            )
    return {row_no: ". ".join(dict.fromkeys(said)) for row_no, said in notes.items()}
