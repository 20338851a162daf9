"""Tables from social security offices: which column holds what, and cells as figures, days and months."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from abonent.gateways.home import ensure_home
from abonent.gateways.spreadsheets import BadTable, read
from abonent.kernel.periods import Month

_HEADER_WITHIN = 30
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T].*)?")
_DOTTED = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?: .*)?")
_MONTH = re.compile(r"(?:(\d{4})-(\d{1,2})|(\d{1,2})[./](\d{4})|(\d{4})(\d\d))")


@dataclass(frozen=True)
class Field:
    """What a column can hold, and the words its heading is known by, in lower case."""

    name: str
    headings: tuple[str, ...]
    is_required: bool = True


@dataclass(frozen=True)
class RowError:
    """A row that cannot be taken: its number as the sender counts, the field, what stood there, why."""

    row: int
    field: str
    text: str
    code: str


class BadFile(ValueError):
    """A file that cannot be taken at all: a code of BadTable, no_headings, or no_rows; `facts` name what is missing."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(f"{code}: {facts}" if facts else code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Sheet:
    """`rows`: number as the sender counts → text by field. `headings`: field → the heading it was found by."""

    rows: Mapping[int, Mapping[str, str]]
    headings: Mapping[str, str]


def keep(data: bytes, *, name: str) -> Path:
    """Keep the bytes of a file under their sha256, so that what was looked at is what is taken; return the path."""
    folder = ensure_home() / "benefits"
    folder.mkdir(mode=0o700, exist_ok=True)  # names and documents of people are in them
    path = folder / f"{hashlib.sha256(data).hexdigest()}{Path(name).suffix.lower()[:8]}"
    if not path.exists():
        path.write_bytes(data)
    return path


def kept(key: str) -> Path | None:
    """Return the file kept under this key (its name in the folder), or None."""
    if not re.fullmatch(r"[0-9a-f]{64}(\.[a-z0-9]{1,7})?", key):
        return None
    path = ensure_home() / "benefits" / key
    return path if path.exists() else None


def read_sheet(
    path: Path, *, name: str, fields: Sequence[Field], columns: Mapping[str, str] | None = None
) -> Sheet:
    """Read a table by its headings; `columns` (field → heading or place from 1) go before what headings are known by.

    Raises BadFile.
    """
    try:
        frame = read(path, name=name).frame
    except BadTable as error:
        raise BadFile(error.code, **error.facts) from error
    named = {field: text.strip() for field, text in (columns or {}).items() if text.strip()}
    header, places = _places(frame, fields, named)
    if missing := [field.name for field in fields if field.is_required and field.name not in places]:
        raise BadFile("no_headings", missing=missing)
    cells = frame.slice(header + 1).select(
        pl.col(frame.columns[place]).fill_null("").str.strip_chars().alias(field)
        for field, place in places.items()
    )
    rows = {
        header + 2 + number: row
        for number, row in enumerate(cells.iter_rows(named=True))
        if any(row.values())
    }
    if not rows:
        raise BadFile("no_rows")
    heads = frame.row(header)
    return Sheet(rows, {field: str(heads[place] or place + 1) for field, place in places.items()})


def _places(
    frame: pl.DataFrame, fields: Sequence[Field], named: Mapping[str, str]
) -> tuple[int, dict[str, int]]:
    """Return the row of the headings and where each field stands: the row by which most fields are found."""
    best: tuple[int, dict[str, int]] = (0, {})
    for number, cells in enumerate(frame.head(_HEADER_WITHIN).iter_rows()):
        heads = [_plain(str(cell or "")) for cell in cells]
        found: dict[str, int] = {}
        for field in fields:
            if text := named.get(field.name):
                if text.isdigit() and 1 <= int(text) <= len(heads):
                    found[field.name] = int(text) - 1
                elif _plain(text) in heads:
                    found[field.name] = heads.index(_plain(text))
                continue
            for known in field.headings:
                if known in heads and heads.index(known) not in found.values():
                    found[field.name] = heads.index(known)
                    break
        if len(found) > len(best[1]):
            best = number, found
    return best


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w%№]+", " ", text.casefold().replace("ё", "е")).split())


def as_day(text: str) -> date | None:
    """Read 2026-10-01 or 01.10.2026; None for what is no day."""
    if match := _ISO.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _DOTTED.fullmatch(text):
        day, month, year = map(int, match.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def as_month(text: str) -> Month | None:
    """Read 2026-10, 10.2026, 202610, or any day of the month; None for what is none."""
    if day := as_day(text):
        return Month.of(day)
    if match := _MONTH.fullmatch(text):
        year, month = match[1] or match[4] or match[5], match[2] or match[3] or match[6]
        try:
            return Month(int(year), int(month))
        except ValueError:
            return None
    return None
