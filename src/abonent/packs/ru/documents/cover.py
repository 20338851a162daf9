"""The list that lies on top of a mass print: buildings, pages and a control sum to check the printing house by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.packs.ru.documents import wording


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRow:
    """One building of the print. `total_minor` adds up what is due, advances counted as negative."""

    address: str
    bills: int
    pages: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverDocument:
    """What was printed: for whom, of which branch or building, and how much of it."""

    supplier_name: str
    scope: str
    period: Month
    printed_on: date
    rows: tuple[CoverRow, ...]


@dataclass(frozen=True, slots=True)
class CoverSheet:
    """How a cover is printed in one language."""

    language: str = "ru"
    template: Path = field(default=Path(__file__).with_name("cover.typ"), init=False)

    @property
    def title(self) -> str:
        return wording.words(self.language)["cover_list"]

    @property
    def shared(self) -> dict[str, Any]:
        return {"language": self.language, "words": wording.words(self.language)}

    def page(self, document: CoverDocument, /) -> dict[str, Any]:
        """Return the words and figures of the list; the pages are counted from the first bill."""
        words, rows, first = wording.words(self.language), [], 1
        for row in document.rows:
            rows.append([row.address, str(first), str(row.bills), str(row.pages), self._money([row])])
            first += row.pages
        return {
            "title": words["cover_title"].format(
                month=wording.month_name(document.period, language=self.language)
            ),
            "supplier": document.supplier_name,
            "scope": document.scope,
            "printed_on": wording.short_day(document.printed_on),
            "rows": rows,
            "bills": str(sum(row.bills for row in document.rows)),
            "pages": str(first - 1),
            "total": self._money(document.rows),
        }

    def _money(self, rows: Sequence[CoverRow]) -> str:
        total_minor = sum(row.total_minor for row in rows)
        return format_minor(total_minor, language=self.language).replace("-", "−")
