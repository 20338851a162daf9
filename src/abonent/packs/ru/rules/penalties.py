"""Penalties for late payment: ЖК РФ ст. 155 ч. 14; 35-ФЗ ст. 37; ПП РФ 424, 497, 329.

A debt is what fell due on a day; what was paid on a day lessens it from the next day on. Every day of delay costs a
part of the rate, by how long the delay has lasted. The result is a row for each stretch of days in which base, rate
and part stay the same, rounded once; the rows add up to the penalty.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import IntEnum

import polars as pl

from abonent.engine import fixed
from abonent.engine.frames import Schema, conform, shape
from abonent.engine.parameters import ParameterMissingError, ParameterSet

DEBTS: Schema = {
    "debt_id": pl.Int64,
    "account_id": pl.Int64,
    "debtor": pl.Int16,
    "due_on": pl.Date,
    "amount_minor": pl.Int64,
}
REPAYMENTS: Schema = {"debt_id": pl.Int64, "paid_on": pl.Date, "amount_minor": pl.Int64}
"""Days on which nothing accrues for an account: a dispute, a court, a bankruptcy. Half-open."""
SUSPENSIONS: Schema = {"account_id": pl.Int64, "begins_on": pl.Date, "ends_on": pl.Date}
SPANS: Schema = {
    "debt_id": pl.Int64,
    "account_id": pl.Int64,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
    "days": pl.Int64,
    "base_minor": pl.Int64,
    "rate_e2": pl.Int64,
    "divisor": pl.Int64,
    "suspended": pl.Boolean,
    "amount_minor": pl.Int64,
}
_A_DAY = timedelta(days=1)
_WHOLE_RATE_E2 = 100 * 100  # a rate of 1.00 in hundredths of a percent


class RateOf(IntEnum):
    """Whose day's rate counts: of each day of delay, or for all of a part's delay that of the day it was paid.

    What is not paid yet goes by the last day of the calculation.
    """

    EACH_DAY = 1
    DAY_OF_PAYMENT = 2


@dataclass(frozen=True)
class Law:
    """Bands, moratoria and rates through time. Rates are in hundredths of a percent a year."""

    bands: pl.DataFrame  # debtor, from_day, divisor
    moratoria: pl.DataFrame  # debtor, begins_on, ends_on, arisen_before
    rates: pl.DataFrame  # debtor, since, rate_e2


def read_law(parameters: ParameterSet, *, on: date) -> Law:
    """Return the law as it stands on a day: bands and moratoria of that day, all rates up to it."""
    bands = parameters.version("ru.penalty.bands", on=on).rows
    moratoria = parameters.version("ru.penalty.moratoria", on=on).rows
    return Law(
        bands=pl.DataFrame(
            [(int(row["debtor"] or 0), int(row["from_day"] or 0), int(row["divisor"] or 0)) for row in bands],
            schema={"debtor": pl.Int16, "from_day": pl.Int64, "divisor": pl.Int64},
            orient="row",
        ).sort("debtor", "from_day"),
        moratoria=pl.DataFrame(
            [
                (
                    int(row["debtor"] or 0),
                    date.fromisoformat(row["first_day"] or ""),
                    date.fromisoformat(row["last_day"] or "") + _A_DAY,
                    date.fromisoformat(row["arisen_before"]) if row["arisen_before"] else date.max,
                )
                for row in moratoria
            ],
            schema={"debtor": pl.Int16, "begins_on": pl.Date, "ends_on": pl.Date, "arisen_before": pl.Date},
            orient="row",
        ),
        rates=_rates(parameters, sorted({int(row["debtor"] or 0) for row in bands})),
    )


def _rates(parameters: ParameterSet, debtors: list[int]) -> pl.DataFrame:
    """Return the key rate under its cap, a row for each day on which either changes."""
    days = {version.effective_from for version in parameters.versions("ru.key_rate")}
    for version in parameters.versions("ru.penalty.rate_cap"):
        days.add(version.effective_from)
        if version.during.end:
            days.add(version.during.end)
    rows = []
    for day in sorted(days):
        key = Decimal(parameters.version("ru.key_rate", on=day).value or "0")
        try:
            capped = parameters.version("ru.penalty.rate_cap", on=day).rows
        except ParameterMissingError:
            capped = ()
        caps = {int(row["debtor"] or 0): Decimal(row["percent"] or "0") for row in capped}
        rows += [(debtor, day, int(min(key, caps.get(debtor, key)) * 100)) for debtor in debtors]
    return pl.DataFrame(
        rows, schema={"debtor": pl.Int16, "since": pl.Date, "rate_e2": pl.Int64}, orient="row"
    ).sort("since")


def accrue(
    debts: pl.DataFrame,
    repayments: pl.DataFrame,
    suspensions: pl.DataFrame,
    law: Law,
    *,
    until: date,
    since: date | None = None,
    rate_of: RateOf = RateOf.DAY_OF_PAYMENT,
) -> pl.DataFrame:
    """Return SPANS of the delay up to and with `until`, those that cost nothing for a moratorium or suspension as well.

    `since`: the first day that is counted, for an accrual month by month. Overpaid debts count as paid. Raises
    SchemaMismatch.
    """
    for frame, schema, name in ((debts, DEBTS, "debts"), (repayments, REPAYMENTS, "repayments")):
        conform(frame, schema, name=name)
    conform(suspensions, SUSPENSIONS, name="suspensions")
    end = until + _A_DAY
    late = debts.filter(pl.col("due_on") < until, pl.col("amount_minor") > 0)
    parts = _parts(late, repayments, law, until, rate_of)
    spans = _spans(late, parts, suspensions, law, since, end, rate_of)
    owed = (
        spans.join(parts.drop("debtor"), on="debt_id", how="inner")
        .filter(pl.col("last_day") >= pl.col("begins_on"))
        .with_columns(
            rate_e2=pl.col("rate_e2") if rate_of == RateOf.DAY_OF_PAYMENT else pl.col("day_rate_e2")
        )
        .group_by("debt_id", "begins_on", "ends_on", "rate_e2", maintain_order=True)
        .agg(
            pl.col("part_minor").sum().alias("base_minor"),
            pl.col("account_id", "debtor", "days", "divisor", "suspended").first(),
        )
    )
    costs = (pl.col("divisor") > 0) & ~pl.col("suspended")
    divisor = pl.when(costs).then("divisor").otherwise(1) * _WHOLE_RATE_E2
    amount = fixed.mul_div(
        pl.col("base_minor").cast(pl.Int128) * pl.col("rate_e2"), pl.col("days"), divisor=divisor
    )
    return shape(
        owed.with_columns(amount_minor=pl.when(costs).then(amount).otherwise(0))
        .filter((pl.col("divisor") > 0) & (pl.col("base_minor") > 0))
        .sort("debt_id", "begins_on", "rate_e2"),
        SPANS,
    )


def _parts(
    debts: pl.DataFrame, repayments: pl.DataFrame, law: Law, until: date, rate_of: RateOf
) -> pl.DataFrame:
    """Cut every debt into the parts that were paid, and what is left: part_minor, last_day it was owed, rate_e2."""
    paid = (
        repayments.filter(pl.col("paid_on") <= until)
        .sort("debt_id", "paid_on")
        .join(debts.select("debt_id", whole_minor="amount_minor"), on="debt_id", how="inner")
        .with_columns(through=pl.col("amount_minor").cum_sum().over("debt_id"))
        .with_columns(
            part_minor=pl.min_horizontal("through", "whole_minor")
            - pl.min_horizontal(pl.col("through") - pl.col("amount_minor"), "whole_minor")
        )
        .select("debt_id", "part_minor", last_day="paid_on")
    )
    repaid = paid.group_by("debt_id").agg(repaid_minor=pl.col("part_minor").sum())
    left = (
        debts.join(repaid, on="debt_id", how="left")
        .select(
            "debt_id",
            part_minor=pl.col("amount_minor") - pl.col("repaid_minor").fill_null(0),
            last_day=pl.lit(until),
        )
        .filter(pl.col("part_minor") > 0)
    )
    parts = pl.concat([paid, left]).join(debts.select("debt_id", "debtor"), on="debt_id")
    if rate_of == RateOf.EACH_DAY:
        return parts.with_columns(rate_e2=pl.lit(0, dtype=pl.Int64))
    return parts.sort("last_day").join_asof(
        law.rates, left_on="last_day", right_on="since", by="debtor", check_sortedness=False
    )


def _spans(
    debts: pl.DataFrame,
    parts: pl.DataFrame,
    suspensions: pl.DataFrame,
    law: Law,
    since: date | None,
    end: date,
    rate_of: RateOf,
) -> pl.DataFrame:
    """Cut the delay of every debt wherever something changes; tell for each stretch its divisor and its rate."""
    late_from = pl.col("due_on") + _A_DAY
    banded = debts.join(law.bands, on="debtor", how="inner")
    halted = pl.concat(
        [
            debts.join(law.moratoria, on="debtor", how="inner")
            .filter(pl.col("due_on") < pl.col("arisen_before"))
            .select("debt_id", "begins_on", "ends_on"),
            debts.join(suspensions, on="account_id", how="inner").select("debt_id", "begins_on", "ends_on"),
        ]
    )
    cuts = [
        debts.select("debt_id", day=late_from),
        debts.select("debt_id", day=pl.lit(end)),
        banded.select("debt_id", day=pl.col("due_on") + pl.duration(days="from_day")),
        parts.select("debt_id", day=pl.col("last_day") + _A_DAY),
        halted.select("debt_id", day="begins_on"),
        halted.select("debt_id", day="ends_on"),
    ]
    if since is not None:
        cuts.append(debts.select("debt_id", day=pl.lit(since)))
    if rate_of == RateOf.EACH_DAY:
        cuts.append(debts.join(law.rates, on="debtor").select("debt_id", day="since"))
    first_day = late_from if since is None else pl.max_horizontal(late_from, pl.lit(since))
    bounds = debts.select("debt_id", "account_id", "debtor", "due_on", first_day=first_day)
    spans = (
        pl.concat(cuts)
        .unique()
        .join(bounds, on="debt_id")
        .filter(pl.col("day") >= pl.col("first_day"), pl.col("day") <= end)
        .sort("debt_id", "day")
        .with_columns(ends_on=pl.col("day").shift(-1).over("debt_id"))
        .filter(pl.col("ends_on").is_not_null())
        .rename({"day": "begins_on"})
        .with_columns(
            days=(pl.col("ends_on") - pl.col("begins_on")).dt.total_days().cast(pl.Int64),
            from_day=(pl.col("begins_on") - pl.col("due_on")).dt.total_days().cast(pl.Int64),
        )
        .with_row_index("__span")
    )
    within = (
        spans.select("__span", "debt_id", "begins_on", "ends_on")
        .join(halted, on="debt_id", how="inner", suffix="_halt")
        .filter(pl.col("begins_on") >= pl.col("begins_on_halt"), pl.col("ends_on") <= pl.col("ends_on_halt"))
        .select("__span")
        .unique()
        .with_columns(suspended=pl.lit(True))
    )
    with_band = spans.sort("from_day").join_asof(
        law.bands.sort("from_day"), on="from_day", by="debtor", check_sortedness=False
    )
    with_rate = with_band.sort("begins_on").join_asof(
        law.rates.rename({"rate_e2": "day_rate_e2"}),
        left_on="begins_on",
        right_on="since",
        by="debtor",
        check_sortedness=False,
    )
    return with_rate.join(within, on="__span", how="left").with_columns(
        pl.col("divisor").fill_null(0), pl.col("suspended").fill_null(False)
    )
