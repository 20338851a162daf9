"""A table as it was read, and why one could not be."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Table:
    """`frame`: columns "1", "2", … of text, with null for empty cells. Its first row is row 1 of the file.

    `spilled`: rows of a csv that have more cells than the widest of the first ones, counted from 0. A dbf has the names
    of its fields as row 1.
    """

    kind: str
    frame: pl.DataFrame
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    spilled: frozenset[int] = frozenset()

    @property
    def rows(self) -> int:
        return self.frame.height


class BadTable(ValueError):
    """A file that cannot be read as a table; `facts` may name the `row`, counted from 1.

    Codes: unknown_kind, empty, too_large, too_many_rows, damaged, not_text, mixed_encodings, undecodable,
    line_too_long, open_quote, bomb, no_sheet, too_much_memory.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(f"{code}: {facts}" if facts else code)
        self.code, self.facts = code, facts


def named(frame: pl.DataFrame) -> pl.DataFrame:
    """Give the columns their places as names."""
    return frame.rename({name: str(place) for place, name in enumerate(frame.columns, 1)})
