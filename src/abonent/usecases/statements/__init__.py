"""Statements of accounts and acts of reconciliation: out of the books, on a screen, a page and in a spreadsheet."""

from abonent.usecases.statements.files import pdf, xlsx
from abonent.usecases.statements.ledger import Movements, months, movements
from abonent.usecases.statements.written import Written, reconciliation, statement

__all__ = ["Movements", "Written", "months", "movements", "pdf", "reconciliation", "statement", "xlsx"]
