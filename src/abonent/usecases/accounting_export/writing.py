"""The export written into a file: whole or not at all, and the same objects whenever it is written again."""

from datetime import datetime
from pathlib import Path

from abonent.contexts.parties.models import Supplier
from abonent.packs.ru.formats.enterprise_data import Organisation, Writer
from abonent.usecases.accounting_export.totals import ExportTotals, Wanted, gather


def write(*, wanted: Wanted, path: Path, at: datetime) -> ExportTotals:
    """Write the export; return what it comes to. Raises NothingToExport, OSError."""
    row = Supplier.objects.get(pk=wanted.supplier_id)
    organisation = Organisation(
        name=row.name,
        short_name=row.short_name,
        inn=row.inn,
        kpp=row.kpp,
        bank_account=row.bank_account,
        bank_name=row.bank_name,
        bic=row.bic,
        correspondent_account=row.correspondent_account,
    )
    found = gather(wanted)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            Writer(file, organisation=organisation).write(
                counterparties=found.counterparties, sales=found.sales, receipts=found.receipts, at=at
            )
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return found.totals
