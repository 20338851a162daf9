"""Export to accounting: what was charged in a month and what was paid by day, as 1С:Бухгалтерия takes them."""

from abonent.usecases.accounting_export.totals import (
    ExportTotals,
    NothingToExport,
    Wanted,
    What,
    gather,
)
from abonent.usecases.accounting_export.writing import write

__all__ = ["ExportTotals", "NothingToExport", "Wanted", "What", "gather", "write"]
