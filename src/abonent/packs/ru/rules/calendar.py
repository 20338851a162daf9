"""The months being rated: one for a run, several for a preview of a few premises, in the same pass.

Of several months every row stands once a month, and every id is coded as id × 64 + place of the month: whatever is
grouped or joined by an id then stays inside its month. What depends on the month is an expression over such an id:
a literal where there is one month.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from abonent.kernel.periods import Month
from abonent.packs.ru.rules.settings import Settings

MONTHS_AT_ONCE = 60
PLACES = 64
_CODED = ("installation_id", "premise_id", "building_id", "account_id")


@dataclass(frozen=True)
class Calendar:
    """Consecutive months with the settings of each, oldest first."""

    months: tuple[Month, ...]
    settings: tuple[Settings, ...]

    @property
    def single(self) -> bool:
        return len(self.months) == 1

    def _of(self, key: str, values: Sequence[Any], kind: type[pl.DataType]) -> pl.Expr:
        if self.single:
            return pl.lit(values[0], dtype=kind)
        places = list(range(len(self.months)))
        return (pl.col(key) % PLACES).replace_strict(places, list(values), return_dtype=kind)

    def place(self, key: str = "premise_id") -> pl.Expr:
        """Return the place of a row's month, by the id in `key`."""
        return self._of(key, range(len(self.months)), pl.Int8)

    def first(self, key: str = "premise_id") -> pl.Expr:
        return self._of(key, [month.first_day for month in self.months], pl.Date)

    def last(self, key: str = "premise_id") -> pl.Expr:
        return self._of(key, [month.last_day for month in self.months], pl.Date)

    def end(self, key: str = "premise_id") -> pl.Expr:
        """Return the first day after the month."""
        return self._of(key, [month.next().first_day for month in self.months], pl.Date)

    def days(self, key: str = "premise_id") -> pl.Expr:
        return self._of(key, [month.days for month in self.months], pl.Int64)

    def number(self, key: str = "premise_id") -> pl.Expr:
        """Return year × 12 + month."""
        return self._of(key, [month.year * 12 + month.month for month in self.months], pl.Int32)

    def setting(self, pick: Callable[[Settings], Any], key: str = "premise_id") -> pl.Expr:
        """Return a whole number of the settings in force, null where there is none."""
        return self._of(key, [pick(settings) for settings in self.settings], pl.Int64)

    def _table(self, pick: Callable[[Settings], pl.DataFrame]) -> pl.DataFrame:
        return pl.concat(
            pick(settings).with_columns(place=pl.lit(place, dtype=pl.Int8))
            for place, settings in enumerate(self.settings)
        )

    @cached_property
    def norms(self) -> pl.DataFrame:
        """place, norm_category, rooms, people, norm_wh_per_person."""
        return self._table(lambda settings: settings.norms)

    @cached_property
    def uplifts(self) -> pl.DataFrame:
        """place, uplift_cause, coefficient_e3."""
        return self._table(lambda settings: settings.uplifts)

    @cached_property
    def common_norms(self) -> pl.DataFrame:
        """place, common_norm_category, norm_wh_per_m2."""
        return self._table(lambda settings: settings.common_norms)

    @cached_property
    def ranges(self) -> pl.DataFrame:
        """place, band_category, upper_1_wh, upper_2_wh: the ranges of consumption of a month."""
        return self._table(lambda settings: settings.ranges)

    @cached_property
    def social_norms(self) -> pl.DataFrame:
        """place, people, social_wh_per_person."""
        return self._table(lambda settings: settings.social_norms)

    def replicate(self, frame: pl.DataFrame, *ids: str) -> pl.DataFrame:
        """Stand every row once in each month, its ids coded; 0 stays 0."""
        places = pl.DataFrame({"place": range(len(self.months))}, schema={"place": pl.Int64})
        coded = [
            pl.when(pl.col(name) == 0).then(0).otherwise(pl.col(name) * PLACES + pl.col("place")).alias(name)
            for name in ids
        ]
        return frame.join(places, how="cross").with_columns(coded).drop("place")

    def clip(self, frame: pl.DataFrame, key: str) -> pl.DataFrame:
        """Cut begins_on and ends_on of replicated rows to their months; rows with no day left are dropped."""
        return frame.with_columns(
            begins_on=pl.max_horizontal("begins_on", self.first(key)),
            ends_on=pl.min_horizontal("ends_on", self.end(key)),
        ).filter(pl.col("begins_on") < pl.col("ends_on"))

    @staticmethod
    def decoded(id: pl.Expr) -> pl.Expr:
        """Return the id of the database."""
        return id // PLACES

    @staticmethod
    def decoded_facts(facts: str) -> str:
        """Return the facts of an exception with the ids of the database."""
        named = json.loads(facts)
        coded = {name: value // PLACES for name, value in named.items() if name in _CODED}
        return json.dumps(named | coded)
