"""Files that tell of money: statements of banks and registries of payment agents, read whole or refused.

Nothing here knows the database. What a file says of itself (totals, balances, numbers of rows) is checked against what
it holds; a file that disagrees with itself is refused with the row, the field and the reason.
"""

from abonent.gateways.bank_files.layout import check_layout
from abonent.gateways.bank_files.model import (
    CODES,
    REGISTRY,
    BankDocument,
    Malformed,
    Registry,
    Statement,
    StatementAccount,
    Totals,
)
from abonent.gateways.bank_files.presets import PRESETS
from abonent.gateways.bank_files.reading import FORMATS, detect, read

__all__ = [
    "CODES",
    "FORMATS",
    "PRESETS",
    "REGISTRY",
    "BankDocument",
    "Malformed",
    "Registry",
    "Statement",
    "StatementAccount",
    "Totals",
    "check_layout",
    "detect",
    "read",
]
