"""Tables that people send: csv, xlsx, xls and dbf of any size into columns of text, and refused in plain terms.

Every cell comes as the text a person would see: dates as 2026-10-20, figures with a dot, nothing as null. The rows are
those of the file from its first line, so that the place of a row in the frame tells where the sender finds it.
"""

from abonent.gateways.spreadsheets.reading import MOST_BYTES, MOST_ROWS, kind_of, read
from abonent.gateways.spreadsheets.table import BadTable, Table

__all__ = ["MOST_BYTES", "MOST_ROWS", "BadTable", "Table", "kind_of", "read"]
