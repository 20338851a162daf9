"""The accounts of a supplier as recognition asks for them."""

import polars as pl
from django.db import connection

from abonent.gateways import columnar
from abonent.usecases.billing_run.shards import dsn
from abonent.usecases.import_payments.recognition import Accounts

MANY = 20_000
"""More numbers than that are looked up among all accounts, read as columns."""

_FOUND = {"text": pl.String, "account_id": pl.Int64}
_OF_SUPPLIER = """contracts_account a JOIN places_building b ON b.id = a.building_id
    JOIN parties_branch o ON o.id = b.branch_id"""


def of_supplier(supplier_id: int) -> Accounts:
    """Return ways to find accounts of a supplier. A way by INN or phone finds only accounts that are still open."""

    def by_number(texts: pl.Series) -> pl.DataFrame:
        if texts.len() > MANY:
            return _all_numbers(supplier_id).join(texts.to_frame("text"), on="text", how="semi")
        return _ask(
            f"SELECT a.number, a.id FROM {_OF_SUPPLIER} WHERE o.supplier_id = %s AND a.number = ANY (%s)",
            supplier_id,
            texts,
        )

    def by_party(column: str) -> str:
        return f"""SELECT {column}, a.id FROM parties_party p JOIN contracts_account a ON a.party_id = p.id
            JOIN places_building b ON b.id = a.building_id JOIN parties_branch o ON o.id = b.branch_id
            WHERE o.supplier_id = %s AND {column} = ANY (%s) AND upper_inf(a.during)"""

    digits = r"right(regexp_replace(p.phone, '\D', '', 'g'), 10)"
    return Accounts(
        by_number,
        lambda texts: _ask(by_party("p.inn"), supplier_id, texts),
        lambda texts: _ask(by_party(digits), supplier_id, texts),
    )


def _ask(query: str, supplier_id: int, texts: pl.Series) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(query, [supplier_id, texts.to_list()])
        return pl.DataFrame(cursor.fetchall(), schema=_FOUND, orient="row")


def _all_numbers(supplier_id: int) -> pl.DataFrame:
    with columnar.snapshot(dsn()) as reader:
        return columnar.read_frame(
            reader,
            f"SELECT a.number, a.id FROM {_OF_SUPPLIER} WHERE o.supplier_id = {int(supplier_id)}",
            _FOUND,
        )
