"""What a file is, by its content alone, and the reader for it."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from abonent.gateways.bank_files import (
    bank_1c,
    camt053,
    gis_notices,
    sber_registry,
    table,
    table_cells,
    xml,
)
from abonent.gateways.bank_files.model import Malformed, Registry, Statement

FORMATS = ("1c", "sber", "camt053", "gis", "table")
_MARKUP = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<")


def detect(path: Path) -> str:
    """Return one of FORMATS. The ending of the name says nothing. Raises Malformed: empty, unknown_format."""
    head = xml.head_of(path)
    if not head:
        raise Malformed("empty")
    if head.lstrip(b" \t\r\n").startswith(_MARKUP):
        root = xml.root_of(path)
        if camt053.is_it(root):
            return "camt053"
        if gis_notices.is_it(root, head):
            return "gis"
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
            raise Malformed("entities", row=1)
        raise Malformed("unknown_format" if root else "damaged", value=root)
    if _is_workbook(path):
        return "gis" if gis_notices.is_workbook(path) else "table"
    start = head.decode(
        "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "cp1251", errors="replace"
    )
    start = start.removeprefix("п»ї")  # the mark of UTF-8 as Windows-1251 shows it
    if bank_1c.is_it(start):
        return "1c"
    return "sber" if sber_registry.is_it(start) else "table"


def read(
    path: Path,
    *,
    name: str,
    today: date,
    layout: Mapping[str, Any] | None = None,
    currency: str = "RUB",
    vouched: bool = False,
) -> Statement | Registry:
    """Read a file whole or refuse it. Raises Malformed and nothing else.

    `name`: what its sender called it. `layout`: how the tables of this sender are read (layout.py); what is no table
    needs none. `currency`: any other is refused; "" takes all. `vouched`: a person vouches for what the file does not
    prove: a statement that has only some of the documents its totals count, or rows that look doubled; they are told in
    `discrepancies`.
    """
    try:
        found = _read(path, name, today, layout or {}, vouched)
    except pl.exceptions.PolarsError as error:
        raise Malformed("damaged", cause=type(error).__name__) from error
    if currency:
        _check_currency(found, currency)
    return found


def _read(
    path: Path, name: str, today: date, layout: Mapping[str, Any], vouched: bool
) -> Statement | Registry:
    if _is_workbook(path):
        return _workbook(path, today, layout, vouched)
    kind = detect(path)
    if kind == "1c":
        return bank_1c.read(path, today=today, vouched=vouched)
    if kind == "sber" and not layout:
        return sber_registry.read(path, name=name, today=today, vouched=vouched)
    if kind == "camt053":
        return camt053.read(path, today=today, vouched=vouched)
    if kind == "gis":
        return gis_notices.read(path, today=today, vouched=vouched)
    if not layout:
        raise Malformed("no_layout")
    return table.read(path, today=today, layout=layout, vouched=vouched)


def _is_workbook(path: Path) -> bool:
    return table_cells.kind_of(path) in table_cells.WORKBOOKS


def _workbook(path: Path, today: date, layout: Mapping[str, Any], vouched: bool) -> Statement | Registry:
    """Read a workbook once: by its layout, or else as notices of ГИС ЖКХ, the only one that is known by itself."""
    if layout:
        return table.read(path, today=today, layout=layout, vouched=vouched)
    try:
        return gis_notices.read_workbook(path, today=today, vouched=vouched)
    except Malformed as error:
        if error.code != "no_header":
            raise
        raise Malformed("no_layout") from error


def _check_currency(found: Statement | Registry, currency: str) -> None:
    if isinstance(found, Registry):
        if found.currency not in ("", currency):
            raise Malformed("foreign_currency", field="currency", value=found.currency)
        return
    said = [(one.row_no, one.currency) for one in found.accounts]
    said += [(one.row_no, one.currency) for one in found.documents]
    for row_no, other in sorted(said):
        if other not in ("", currency):
            raise Malformed("foreign_currency", row=row_no, field="currency", value=other)
