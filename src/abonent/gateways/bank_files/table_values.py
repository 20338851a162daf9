"""What the cells of one sender's table mean: his sums and his days."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from abonent.gateways.bank_files import columns
from abonent.gateways.bank_files.layout import Layout

SUMS = ("amount", "transferred", "commission")
_WORKBOOK_DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y")


@dataclass(frozen=True, kw_only=True)
class Values:
    layout: Layout
    of_workbook: bool
    today: date

    def money(self, text: pl.Expr) -> pl.Expr:
        """Return minor units, null for what is no sum."""
        return columns.money(
            text,
            decimal=self.layout.decimal,
            in_minor=self.layout.minor_units,
            of_workbook=self.of_workbook,
        )

    def moments(self, text: pl.Expr) -> pl.Expr:
        """Return local moments, null for what is none."""
        forms = (*self.layout.dates, *_WORKBOOK_DATES) if self.of_workbook else self.layout.dates
        return columns.day(text, list(dict.fromkeys(forms)))

    def minor(self, text: str) -> int | None:
        found: int | None = pl.select(self.money(pl.lit(text))).item()
        return found

    def day(self, text: str) -> date | None:
        found = pl.select(self.moments(pl.lit(text))).item()
        return found.date() if found else None

    @property
    def tell_time(self) -> bool:
        return any("%H" in form for form in self.layout.dates)
