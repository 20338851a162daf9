"""Files of money: statements of banks, registries of payment agents, notices of the state portal.

A file is looked at (whose each row is, what is known already, what is wrong), begun (its bytes once, every total and
day checked, nothing in the books yet) and posted (whole shards, each one transaction; the same call finishes what was
stopped). A whole file can be reversed. What is refused is refused with row, field and reason, and leaves nothing.
"""

from abonent.usecases.import_payments.answers import answer_file, look_file, problems_file
from abonent.usecases.import_payments.files import (
    begin,
    look,
    look_at,
    note_error,
    post,
    store,
    unfinished,
)
from abonent.usecases.import_payments.model import (
    FileBusy,
    FileRefused,
    Look,
    Problem,
    Progress,
    Stored,
    Totals,
)
from abonent.usecases.import_payments.reading import drop_unknown, keep, kept_in
from abonent.usecases.import_payments.reversing import reverse_file

__all__ = [
    "FileBusy",
    "FileRefused",
    "Look",
    "Problem",
    "Progress",
    "Stored",
    "Totals",
    "answer_file",
    "begin",
    "drop_unknown",
    "keep",
    "kept_in",
    "look",
    "look_at",
    "look_file",
    "note_error",
    "post",
    "problems_file",
    "reverse_file",
    "store",
    "unfinished",
]
