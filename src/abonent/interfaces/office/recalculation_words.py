"""Why months wait to be rated again, in words."""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _

# what use-cases write down; anything else was written by a person and is shown as it is
_NOTES: tuple[tuple[re.Pattern[str], Callable[..., str]], ...] = (
    (re.compile(r"act (\S+): .+"), lambda number: _("act № %(number)s") % {"number": number}),
    (
        re.compile(r"act (\S+) annulled"),
        lambda number: _("act № %(number)s, annulled") % {"number": number},
    ),
    (re.compile(r"acts of violation"), lambda: _("by the acts of violation")),
    (re.compile(r"readings of the file (\d+)"), lambda no: _("file of readings № %(no)s") % {"no": no}),
    (
        re.compile(r"a reading of the file (\d+) taken back"),
        lambda no: _("file of readings № %(no)s, a reading taken back") % {"no": no},
    ),
    (re.compile(r"readings of a building's list"), lambda: _("list of readings of the building")),
)


def note_words(note: str) -> str:
    """Tell a note of a month that waits."""
    for pattern, words in _NOTES:
        if found := pattern.fullmatch(note):
            return words(*found.groups())
    return note
