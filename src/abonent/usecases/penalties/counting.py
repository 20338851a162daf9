"""What the law asks of some accounts up to a day, and what it differs by from what runs have posted."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from abonent.engine.parameters import ParameterSet
from abonent.packs.ru.rules.penalties import Law, RateOf, accrue, read_law
from abonent.usecases.penalties.debts import Books, Due, fall_due, with_key

LINE_COLUMNS = [
    "account_id",
    "service",
    "period",
    "due_on",
    "begins_on",
    "ends_on",
    "base_minor",
    "rate_e2",
    "divisor",
    "suspended",
    "amount_minor",
]


@dataclass(frozen=True)
class Rules:
    """The law as of a day, and what the supplier decides. `counts_from`: the first day that counts."""

    parameters: ParameterSet
    law: Law
    raised_when_booked: bool
    rate_of: RateOf
    counts_from: date | None


def rules_of(parameters: ParameterSet, *, on: date) -> Rules:
    """Read the rules of a day. Raises ParameterMissingError."""
    (policy,) = parameters.version("ru.penalty.policy", on=on).rows
    since = policy["counts_from"]
    return Rules(
        parameters,
        read_law(parameters, on=on),
        policy["raised"] == "1",
        RateOf(int(policy["rate_of"] or 0)),
        date.fromisoformat(since) if since else None,
    )


@dataclass(frozen=True)
class Counted:
    """`lines`: each stretch of delay, LINE_COLUMNS and `key`, `debtor`; `differences` by key: what the law asks, what
    was posted, and the difference, where there is one."""

    due: Due
    lines: pl.DataFrame
    differences: pl.DataFrame


def count(
    books: Books,
    rules: Rules,
    *,
    until: date,
    rate_of: RateOf | None = None,
    rate_on: date | None = None,
) -> Counted:
    """Count the penalties of some accounts up to and with a day. Raises ParameterMissingError."""
    due = fall_due(
        books, parameters=rules.parameters, raised_when_booked=rules.raised_when_booked, until=until
    )
    spans = accrue(
        due.debts.select("debt_id", "account_id", "debtor", "moratoria", "due_on", "amount_minor"),
        due.repayments,
        books.suspensions,
        rules.law,
        until=until,
        since=rules.counts_from,
        rate_of=rate_of or rules.rate_of,
        rate_on=rate_on,
    )
    of_debt = due.debts.select("key", "service", "period", "due_on", "debtor")
    lines = pl.concat([spans, of_debt[spans["debt_id"]]], how="horizontal")
    key = ["key", "account_id", "service", "period"]
    asked = lines.group_by(key).agg(asked_minor=pl.col("amount_minor").sum())
    posted = with_key(books.posted).select(*key, posted_minor="amount_minor")
    differences = (
        asked.join(posted, on=key, how="full", coalesce=True)
        .with_columns(pl.col("asked_minor", "posted_minor").fill_null(0))
        .with_columns(amount_minor=pl.col("asked_minor") - pl.col("posted_minor"))
        .filter(pl.col("amount_minor") != 0)
        .sort("key")
    )
    return Counted(due, lines, differences)
