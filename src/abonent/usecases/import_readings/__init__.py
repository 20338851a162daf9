"""Readings in bulk: files of readings and whole lists, judged as one table, stored at once, decided upon by people.

A file is received (its bytes are kept, the same bytes once), looked at (what its columns are taken for), stored (every
row judged: accepted, doubtful, rejected, or known already) and answered (the sender's own file with a column of
reasons). Nothing is stored by halves: a file's readings are there all together or not at all.
"""

from abonent.usecases.import_readings.answers import reasons_file
from abonent.usecases.import_readings.decisions import decide, undo_decision
from abonent.usecases.import_readings.files import look, receive, save_sender, store
from abonent.usecases.import_readings.lists import enter_list, list_registers
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
