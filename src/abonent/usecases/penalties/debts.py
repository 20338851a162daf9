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

from abonent.engine.frames import Schema, conform
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
_KEY = ["account_id", "service", "period"]


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
    pieces = _pieces(with_key(books.charged), raised_when_booked)
    debts = _dated(pieces, books.debtors, parameters).filter(pl.col("due_on") < until)
    debts = (
        debts.sort("key", "due_on").with_row_index("debt_id").with_columns(pl.col("debt_id").cast(pl.Int64))
    )
    return Due(debts.select(*DEBTS, "key", "service", "period"), _repayments(debts, with_key(books.paid)))


def _pieces(charged: pl.DataFrame, raised_when_booked: bool) -> pl.DataFrame:
    """Cut each month's charge by when it fell due: `due_month`, the month whose bill it was on."""
    order = charged.sort("key", "booked")
    is_alone = (pl.col("key") != pl.col("key").shift(1)).fill_null(True) & (
        pl.col("key") != pl.col("key").shift(-1)
    ).fill_null(True)
    lone = order.filter(is_alone).with_columns(standing="amount_minor")
    changed = (
        order.filter(~is_alone)
        .with_columns(standing=pl.col("amount_minor").cum_sum().over("key"))
        # what a later month took off was never owed
        .with_columns(standing=pl.col("standing").cum_min(reverse=True).over("key"))
        .with_columns(standing=pl.max_horizontal("standing", 0))
        .with_columns(standing=pl.col("standing") - pl.col("standing").shift(1, fill_value=0).over("key"))
    )
    pieces = pl.concat([lone, changed]).filter(pl.col("standing") > 0)
    due_month = pl.max_horizontal("booked", "period") if raised_when_booked else pl.col("period")
    return (
        pieces.with_columns(due_month=due_month, amount_minor=pl.col("standing"))
        .drop("standing", "booked")
        .group_by("key", "due_month")
        .agg(pl.col("account_id", "service", "period").first(), pl.col("amount_minor").sum())
    )


def _dated(pieces: pl.DataFrame, debtors: pl.DataFrame, parameters: ParameterSet) -> pl.DataFrame:
    """Add the debtor's terms, as of the last day of the month billed, and the day each debt fell due."""
    known = pieces["account_id"].is_in(debtors["account_id"].unique().implode())
    plain = pieces.filter(~known).with_columns(
        debtor=pl.lit(HOUSEHOLD, dtype=pl.Int16), due_day=pl.lit(0, dtype=pl.Int16), moratoria=pl.lit(True)
    )
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
            due_day=pl.when("holds").then("due_day").otherwise(0).cast(pl.Int16),
            moratoria=pl.when("holds").then(pl.col("moratoria") == 1).otherwise(True),
        )
    )
    terms = pl.concat([plain, special.select(plain.columns)])
    days = terms.select("due_month", "due_day").unique()
    due = _due_days(parameters)
    dated = days.with_columns(
        pl.Series("due_on", [due(month, day) for month, day in days.rows()], dtype=pl.Date)
    )
    return terms.join(dated, on=["due_month", "due_day"], how="left")


def _due_days(parameters: ParameterSet) -> Callable[[date, int], date]:
    def due(month: date, day: int) -> date:
        if not day:
            return due_on(Month.of(month), parameters=parameters)
        following = Month.of(month).next()
        last = monthrange(following.year, following.month)[1]
        return working_day_from(following.first_day.replace(day=min(day, last)), parameters=parameters)

    return due


def _repayments(debts: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """Hand what was paid for a month out to its debts: the first day it was paid to the first that fell due."""
    together = (
        paid.group_by("key", "paid_on").agg(pl.col("amount_minor").sum()).filter(pl.col("amount_minor") > 0)
    )
    again = debts["key"].is_duplicated()
    one = together.join(debts.filter(~again).select("debt_id", "key"), on="key", how="inner")
    several = debts.filter(again).select("debt_id", "key", "amount_minor")
    if several.is_empty():
        return one.select(list(REPAYMENTS))
    owed = several.with_columns(to=pl.col("amount_minor").cum_sum().over("key")).with_columns(
        since=pl.col("to") - pl.col("amount_minor")
    )
    given = (
        together.join(several.select("key").unique(), on="key", how="semi")
        .sort("key", "paid_on")
        .with_columns(paid_to=pl.col("amount_minor").cum_sum().over("key"))
        .with_columns(paid_since=pl.col("paid_to") - pl.col("amount_minor"))
    )
    shared = (
        given.drop("amount_minor")
        .join(owed.drop("amount_minor"), on="key", how="inner")
        .with_columns(
            amount_minor=pl.min_horizontal("to", "paid_to") - pl.max_horizontal("since", "paid_since")
        )
        .filter(pl.col("amount_minor") > 0)
    )
    return pl.concat([one.select(list(REPAYMENTS)), shared.select(list(REPAYMENTS))])
