"""What kind of table a file is, by its own bytes, and the reader for it."""

from pathlib import Path

from abonent.gateways.spreadsheets import dbf, delimited, workbook
from abonent.gateways.spreadsheets.table import BadTable, Table

MOST_BYTES = 512 << 20
MOST_ROWS = 3_000_000

_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KINDS = {".csv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls", ".dbf": "dbf"}


def kind_of(path: Path, *, name: str) -> str:
    """Return "csv", "xlsx", "xls" or "dbf": by the ending of the name, which the first bytes may overrule.

    Raises BadTable: unknown_kind, empty, too_large, damaged.
    """
    size = path.stat().st_size
    if not size:
        raise BadTable("empty")
    if size > MOST_BYTES:
        raise BadTable("too_large", megabytes=size >> 20, most=MOST_BYTES >> 20)
    with path.open("rb") as file:
        head = file.read(8)
    kind = _KINDS.get(Path(name.lower()).suffix)
    if head.startswith(_ZIP):
        return "xlsx"
    if head == _COMPOUND:
        return "xls"
    if kind is None:
        raise BadTable("unknown_kind", name=name)
    if kind in ("xlsx", "xls"):
        raise BadTable("damaged", cause="this is no Excel workbook")
    return kind


def read(path: Path, *, name: str) -> Table:
    """Read the first table of a file. `name` is what its sender called it. Raises BadTable."""
    kind = kind_of(path, name=name)
    if kind == "csv":
        table = delimited.read(path)
    elif kind == "dbf":
        table = dbf.read(path)
    else:
        table = workbook.read(path, kind=kind)
    if table.rows > MOST_ROWS:
        raise BadTable("too_many_rows", rows=table.rows, most=MOST_ROWS)
    if not any(column.str.contains(r"\S").any() for column in table.frame.iter_columns()):
        raise BadTable("empty")
    return table
