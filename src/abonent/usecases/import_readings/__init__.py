"""Readings in bulk: files of readings and whole lists, judged as one table, stored at once, decided upon by people.

A file is received (its bytes are kept, the same bytes once), looked at (what its columns are taken for), stored (every
row judged: accepted, doubtful, rejected, or known already) and answered (the sender's own file with a column of
reasons). Nothing is stored by halves: a file's readings are there all together or not at all.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from abonent.contexts.metering.models import ReadingFile, ReadingSender, ReadingSource
from abonent.engine.parameters import ParameterSet
from abonent.usecases.import_readings.model import (
    ANSWER_LANGUAGES,
    FIELDS,
    Answer,
    BadFile,
    Decided,
    DecisionRefused,
    FileBusy,
    ListEntered,
    ListRegister,
    Look,
    Progress,
    RowJudged,
    Stored,
)

__all__ = [
    "ANSWER_LANGUAGES",
    "FIELDS",
    "Answer",
    "BadFile",
    "Decided",
    "DecisionRefused",
    "FileBusy",
    "ListEntered",
    "ListRegister",
    "Look",
    "Progress",
    "RowJudged",
    "Stored",
    "decide",
    "enter_list",
    "list_registers",
    "look",
    "reasons_file",
    "receive",
    "save_sender",
    "store",
    "undo_decision",
]


def receive(
    *, path: Path, name: str, sender_id: int | None, actor_id: int | None, at: datetime
) -> ReadingFile:
    """Keep a file that came in and return its row; the same bytes give the row they had before.

    `name` is the sender's name of the file, whose ending says what it is. Raises BadFile for a kind of file that is
    not known, an empty file or one that is too large.
    """
    raise NotImplementedError


def look(*, file_id: int, rows: int = 20) -> Look:
    """Return the first rows of a file and what each column is taken for: by the sender's saved map, else guessed.

    Raises BadFile.
    """
    raise NotImplementedError


def save_sender(
    *,
    name: str,
    columns: Mapping[str, str | int],
    source: ReadingSource = ReadingSource.IMPORT,
    day_first: bool = True,
    sender_id: int | None = None,
) -> ReadingSender:
    """Keep how a sender's columns are to be understood: one of FIELDS → header text, or the column's place from 1.

    With `sender_id` that sender is changed. Raises ValueError for an unknown field or for a map that names neither
    meter nor account, or no value.
    """
    raise NotImplementedError


def store(
    *,
    file_id: int,
    today: date,
    at: datetime,
    parameters: ParameterSet,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Stored:
    """Judge every row of a received file and store what is accepted; what is not is held as ReadingFileRow.

    A file that is stored already is left as it is. Raises BadFile (the file's row then says FAILED and why), FileBusy.
    """
    raise NotImplementedError


def decide(
    *,
    row_ids: Sequence[int],
    accept: bool,
    actor_id: int | None,
    at: datetime,
    today: date,
    parameters: ParameterSet,
    value_wh: int | None = None,
    taken_on: date | None = None,
    confirmed_rollover: bool = False,
) -> Decided:
    """Accept or refuse held rows that wait for a person; either of all of them, or of those that can be.

    A corrected value or day is for a single row. A doubtful row is accepted as it stands; a rejected one only when the
    correction, or the confirmed roll-over, leaves no reason to reject it. Other zones of a meter that waited only for
    this one are accepted along with it. What cannot be done is told per row in `Decided.refused`, never raised.
    """
    raise NotImplementedError


def undo_decision(*, row_id: int, actor_id: int | None, at: datetime) -> None:
    """Take a decision back: the row waits again, the reading it made is annulled and what it replaced stands again.

    Raises DecisionRefused: "not_decided", "used" (a bill of a month that was posted since rests on the reading).
    """
    raise NotImplementedError


def reasons_file(*, file_id: int, language: str | None = None) -> Answer:
    """Return the sender's own file with a column of reasons: csv for csv, xlsx for spreadsheets and dbf, xml for xml.

    `language` is one of ANSWER_LANGUAGES; None takes that of the file's own headers. Raises BadFile when the bytes
    are no longer there.
    """
    raise NotImplementedError


def list_registers(*, building_id: int, taken_on: date, parameters: ParameterSet) -> list[ListRegister]:
    """Return every register in place in a building on a day, in the order of premises and zones, for a table.

    Each with its last actual reading before the day, what it uses in a month by its own history and what was read on
    this very day.
    """
    raise NotImplementedError


def enter_list(
    *,
    building_id: int,
    taken_on: date,
    values: Mapping[int, int],
    source: ReadingSource,
    actor_id: int | None,
    today: date,
    at: datetime,
    parameters: ParameterSet,
    confirmed: Collection[int] = (),
    dry_run: bool = False,
) -> ListEntered:
    """Store the readings of a day of one building: installation → Wh on its face; all that can be, at once.

    `confirmed` are the installations whose doubt (a spike, a roll-over, …) the person entering takes upon himself.
    What is doubtful and not confirmed, or rejected, is not stored and comes back with its reasons. `dry_run` only
    judges. Raises ValueError for an installation that is not of this building.
    """
    raise NotImplementedError
