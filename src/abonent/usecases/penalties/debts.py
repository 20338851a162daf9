"""From what the books hold of some months to what fell due on which day, and what paid it when.

A debt is an account's month and service. What was charged falls due with the bill of its month. What a recalculation
took off counts as never charged: of sums booked one after another that stands which nothing later took off. What it
added falls due with the bill it was booked in, or with that of its month: `ru.penalty.policy`. An opening balance falls
due as its own month does. Everything is found by `key`: account, service and month in one number.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date

import polars as pl

from abonent.engine.frames import Schema, conform, empty
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.payment_term import due_on
from abonent.packs.ru.rules.penalties import DEBTS, REPAYMENTS, SUSPENSIONS
from abonent.packs.ru.working_days import working_day_from

HOUSEHOLD = 1

"""`booked`: the first day of the month it was booked in; of an opening balance that of its own month."""
CHARGED: Schema = {
    "account_id": pl.Int64,
    "service": pl.Int16,
    "period": pl.Date,
    "booked": pl.Date,
    "amount_minor": pl.Int64,
}
PAID: Schema = {
    "account_id": pl.Int64,
    "service": pl.Int16,
    "period": pl.Date,
    "paid_on": pl.Date,
    "amount_minor": pl.Int64,
}
"""Terms of debtors, half-open; `due_day` 0: as households pay, `moratoria` 1: they spare the account."""
DEBTORS: Schema = {
    "account_id": pl.Int64,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
    "debtor": pl.Int16,
    "due_day": pl.Int16,
    "moratoria": pl.Int16,
}
"""What runs before have posted."""
POSTED: Schema = {
    "account_id": pl.Int64,
    "service": pl.Int16,
    "period": pl.Date,
    "amount_minor": pl.Int64,
}
_SERVICES, _MONTHS = 1 << 8, 1 << 12


@dataclass(frozen=True)
class Books:
    """What the books say of some accounts. Raises SchemaMismatch."""

    charged: pl.DataFrame
    paid: pl.DataFrame
    debtors: pl.DataFrame
    suspensions: pl.DataFrame
    posted: pl.DataFrame

    def __post_init__(self) -> None:
        for field in fields(self):
            conform(getattr(self, field.name), _SCHEMAS[field.name], name=field.name)


_SCHEMAS: dict[str, Schema] = {
    "charged": CHARGED,
    "paid": PAID,
    "debtors": DEBTORS,
    "suspensions": SUSPENSIONS,
    "posted": POSTED,
}


@dataclass(frozen=True)
class Due:
    """DEBTS with `key`, `service` and `period` beside them, and the REPAYMENTS of each."""

    debts: pl.DataFrame
    repayments: pl.DataFrame


def with_key(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `key` to a frame of accounts, services and months."""
    month = (pl.col("period").dt.year().cast(pl.Int64) - 1900) * 12 + pl.col("period").dt.month()
    return frame.with_columns(
        key=(pl.col("account_id") * _SERVICES + pl.col("service").cast(pl.Int64)) * _MONTHS + month
    )


def fall_due(books: Books, *, parameters: ParameterSet, raised_when_booked: bool, until: date) -> Due:
    """Return what fell due before `until`, and what paid it. Raises ParameterMissingError."""
    pieces = _pieces(with_key(books.charged).sort("key"), raised_when_booked)
    dated = _dated(pieces, books.debtors, _due_days(parameters)).filter(pl.col("due_on") < until)
    debts = dated.sort("key", maintain_order=True).with_row_index("debt_id")
    debts = debts.with_columns(pl.col("debt_id").cast(pl.Int64))
    return Due(debts.select(*DEBTS, "key", "service", "period"), _repayments(debts, with_key(books.paid)))


def _pieces(charged: pl.DataFrame, raised_when_booked: bool) -> pl.DataFrame:
    """Cut each month's charge by when it fell due: `due_month`, the month whose bill it was on.

    `charged` is sorted by key; most months were booked once, and are looked at no further.
    """
    due_month = pl.max_horizontal("booked", "period") if raised_when_booked else pl.col("period")
    key = pl.col("key")
    again = (key == key.shift(1)).fill_null(False) | (key == key.shift(-1)).fill_null(False)
    once = charged.filter(~again, pl.col("amount_minor") > 0).with_columns(due_month=due_month).drop("booked")
    changed = (
        charged.filter(again)
        .sort("key", "booked")
        .with_columns(standing=pl.col("amount_minor").cum_sum().over("key"))
        # what a later month took off was never owed
        .with_columns(standing=pl.col("standing").cum_min(reverse=True).over("key"))
        .with_columns(standing=pl.max_horizontal("standing", 0))
        .with_columns(amount_minor=pl.col("standing") - pl.col("standing").shift(1, fill_value=0).over("key"))
        .filter(pl.col("amount_minor") > 0)
        .group_by("key", due_month=due_month)
        .agg(pl.col("account_id", "service", "period").first(), pl.col("amount_minor").sum())
        .sort("key", "due_month")
    )
    return once if changed.is_empty() else pl.concat([once, changed.select(once.columns)])


def _dated(pieces: pl.DataFrame, debtors: pl.DataFrame, due: Callable[[date, int], date]) -> pl.DataFrame:
    """Add the debtor's terms, as of the last day of the month billed, and the day each debt fell due."""
    known = pieces["account_id"].is_in(debtors["account_id"].unique().implode())
    days = {month: due(month, 0) for month in pieces["due_month"].unique()}
    plain = pieces.filter(~known).with_columns(
        debtor=pl.lit(HOUSEHOLD, dtype=pl.Int16),
        moratoria=pl.lit(True),
        due_on=pl.col("due_month").replace_strict(days, return_dtype=pl.Date),
    )
    if not known.any():
        return plain
    special = (
        pieces.filter(known)
        .with_columns(on=pl.col("due_month").dt.month_end())
        .sort("on")
        .join_asof(
            debtors.sort("begins_on"),
            left_on="on",
            right_on="begins_on",
            by="account_id",
            check_sortedness=False,
        )
        .with_columns(holds=(pl.col("on") < pl.col("ends_on")).fill_null(False))
        .with_columns(
            debtor=pl.when("holds").then("debtor").otherwise(HOUSEHOLD).cast(pl.Int16),
            due_day=pl.when("holds").then("due_day").otherwise(0),
            moratoria=pl.when("holds").then(pl.col("moratoria") == 1).otherwise(True),
        )
    )
    terms = special.select("due_month", "due_day").unique()
    dated = terms.with_columns(
        pl.Series("due_on", [due(month, day) for month, day in terms.rows()], dtype=pl.Date)
    )
    special = special.join(dated, on=["due_month", "due_day"], how="left").sort("key", "due_on")
    return pl.concat([plain, special.select(plain.columns)])


def _due_days(parameters: ParameterSet) -> Callable[[date, int], date]:
    def due(month: date, day: int) -> date:
        if not day:
            return due_on(Month.of(month), parameters=parameters)
        following = Month.of(month).next()
        last = monthrange(following.year, following.month)[1]
        return working_day_from(following.first_day.replace(day=min(day, last)), parameters=parameters)

    return due


def _repayments(debts: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """Hand what was paid for a month out to its debts: the first day it was paid to the first that fell due.

    `debts` are sorted by key, so that the debt of a payment is found by halving.
    """
    paid = paid.filter(pl.col("amount_minor") > 0)
    if debts.is_empty() or paid.is_empty():
        return empty(REPAYMENTS)
    place = debts["key"].search_sorted(paid["key"], side="left").clip(upper_bound=debts.height - 1)
    found = paid.with_columns(debt_id=place.cast(pl.Int64)).filter(debts["key"].gather(place) == paid["key"])
    again = (debts["key"] == debts["key"].shift(-1)).fill_null(False)  # more debts of the month follow
    is_shared = again.gather(found["debt_id"].cast(pl.UInt32))
    alone = found.filter(~is_shared).select(list(REPAYMENTS))
    if not is_shared.any():
        return alone
    given = (
        found.filter(is_shared)
        .sort("key", "paid_on")
        .with_columns(paid_to=pl.col("amount_minor").cum_sum().over("key"))
        .with_columns(paid_since=pl.col("paid_to") - pl.col("amount_minor"))
    )
    owed = (
        debts.select("debt_id", "key", "amount_minor")
        .join(given.select("key").unique(), on="key", how="semi", maintain_order="left")
        .with_columns(owed_to=pl.col("amount_minor").cum_sum().over("key"))
        .with_columns(owed_since=pl.col("owed_to") - pl.col("amount_minor"))
    )
    shared = (
        given.select("key", "paid_on", "paid_since", "paid_to")
        .join(owed.drop("amount_minor"), on="key", how="inner")
        .with_columns(
            amount_minor=pl.min_horizontal("owed_to", "paid_to")
            - pl.max_horizontal("owed_since", "paid_since")
        )
        .filter(pl.col("amount_minor") > 0)
    )
    return pl.concat([alone, shared.select(list(REPAYMENTS))])
