"""A statement of account or an act of reconciliation on A4: tables of any length, places to sign, bank details."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from abonent.packs.ru.documents.bill import Supplier


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTable:
    """A table in words. Columns: title, share of the width, whether it holds figures."""

    title: str
    columns: Sequence[tuple[str, float, bool]]
    rows: Sequence[Sequence[str]]
    total: Sequence[str] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPaper:
    """The paper in words and figures. `signatures`: whose lines they are."""

    supplier: Supplier
    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[StatementTable]
    statements: Sequence[str]
    signatures: Sequence[str]
    made: str
    bank: str
    signature: str
    name: str
    place_of_stamp: str
    page_of: str


@dataclass(frozen=True, slots=True)
class StatementSheet:
    """How it is printed."""

    title: str
    language: str = "ru"
    template: Path = field(default=Path(__file__).with_name("statement.typ"), init=False)

    @property
    def shared(self) -> dict[str, Any]:
        return {"language": self.language}

    def page(self, document: StatementPaper, /) -> dict[str, Any]:
        """Return the paper as JSON."""
        supplier = document.supplier
        codes = f"ИНН {supplier.inn}" + (f", КПП {supplier.kpp}" if supplier.kpp else "")
        bank = (
            f"р/с {supplier.bank_account}, {supplier.bank_name}, БИК {supplier.bic}, "
            f"к/с {supplier.correspondent_account}"
        )
        return {
            "supplier": {
                "name": supplier.name,
                "codes": codes,
                "contacts": ", ".join(filter(None, (supplier.address, supplier.phones, supplier.email))),
                "bank": f"{document.bank}: {bank}",
            },
            "title": document.title,
            "subtitle": document.subtitle,
            "facts": [list(fact) for fact in document.facts if fact[1]],
            "tables": [
                {
                    "title": table.title,
                    "columns": [title for title, _wide, _figure in table.columns],
                    "widths": [wide for _title, wide, _figure in table.columns],
                    "figures": [figure for _title, _wide, figure in table.columns],
                    "rows": [list(row) for row in table.rows],
                    "total": list(table.total),
                    "empty": table.empty,
                }
                for table in document.tables
            ],
            "statements": list(document.statements),
            "signatures": list(document.signatures),
            "made": document.made,
            "signature": document.signature,
            "name": document.name,
            "stamp": document.place_of_stamp,
            "page_of": document.page_of,
        }
