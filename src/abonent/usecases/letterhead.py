"""The supplier as it stands at the head of whatever it prints."""

from abonent.contexts.parties.models import Supplier as SupplierRow
from abonent.packs.ru.documents.bill import Supplier


def letterhead(row: SupplierRow, /) -> Supplier:
    """Return the supplier's names, contacts and bank details as documents take them."""
    return Supplier(
        name=row.name,
        short_name=row.short_name,
        inn=row.inn,
        kpp=row.kpp,
        address=row.address,
        phones=row.phones,
        site=row.site,
        email=row.email,
        bank_name=row.bank_name,
        bic=row.bic,
        bank_account=row.bank_account,
        correspondent_account=row.correspondent_account,
    )
