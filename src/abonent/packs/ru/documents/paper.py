"""A paper about a place or an account: facts, tables, what was stated, who signs. In Russian, as acts are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from abonent.packs.ru.documents.bill import Supplier


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTable:
    """A table under its title; every row has as many cells as there are columns.

    `widths`: of the columns against each other, else all alike; `figures`: numbers of columns set to the right.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int] = ()
    figures: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One paper in words and figures. `signatures`: whose line it is, and the name where it is known."""

    supplier: Supplier
    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]] = ()
    tables: Sequence[PaperTable] = ()
    statements: Sequence[str] = ()
    signatures: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class PaperSheet:
    """How papers are printed."""

    template: Path = field(default=Path(__file__).with_name("paper.typ"), init=False)

    @property
    def title(self) -> str:
        return "Документ"

    @property
    def shared(self) -> dict[str, Any]:
        return {"language": "ru"}

    def page(self, document: Paper, /) -> dict[str, Any]:
        """Return one paper as JSON."""
        supplier = document.supplier
        contacts = (supplier.address, supplier.phones, supplier.email)
        return {
            "supplier": {
                "name": supplier.name,
                "codes": f"ИНН {supplier.inn}, КПП {supplier.kpp}" if supplier.kpp else f"ИНН {supplier.inn}",
                "contacts": ", ".join(filter(None, contacts)),
            },
            "title": document.title,
            "subtitle": document.subtitle,
            "facts": [list(fact) for fact in document.facts if fact[1]],
            "tables": [
                {
                    "title": table.title,
                    "columns": list(table.columns),
                    "rows": [list(row) for row in table.rows],
                    "widths": list(table.widths or [1] * len(table.columns)),
                    "figures": list(table.figures),
                }
                for table in document.tables
                if table.rows
            ],
            "statements": list(document.statements),
            "signatures": [list(line) for line in document.signatures],
        }
