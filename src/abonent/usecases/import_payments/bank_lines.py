"""Documents of bank statements as they are kept: each once, whatever statements tell of it."""

from collections.abc import Sequence

import polars as pl
from django.db import connection

from abonent.contexts.payments.models import BankLine, PaymentFile
from abonent.usecases.import_payments.reading import LINES

_AT_ONCE = 5_000


def store(file: PaymentFile, lines: pl.DataFrame) -> None:
    """Keep the documents that no other statement brought."""
    names = [name for name in LINES if name != "key"]
    BankLine.objects.bulk_create(
        (
            BankLine(
                supplier_id=file.supplier_id, file=file, key=row["key"], **{name: row[name] for name in names}
            )
            for row in lines.iter_rows(named=True)
        ),
        batch_size=_AT_ONCE,
        ignore_conflicts=True,
    )


def with_line_ids(rows: pl.DataFrame, *, supplier_id: int) -> pl.DataFrame:
    """Add `bank_line_id`: the document a row of a statement is made of."""
    return rows.join(_ids(supplier_id, rows["key"].to_list()), on="key", how="left", maintain_order="left")


def _ids(supplier_id: int, keys: Sequence[str]) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT replace(key::text, '-', ''), id FROM payments_bankline "
            "WHERE supplier_id = %s AND key = ANY (%s::uuid[])",
            [supplier_id, list(keys)],
        )
        return pl.DataFrame(
            cursor.fetchall(), schema={"key": pl.String, "bank_line_id": pl.Int64}, orient="row"
        )
