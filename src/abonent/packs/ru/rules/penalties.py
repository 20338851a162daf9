"""Penalties for late payment: ЖК РФ ст. 155 ч. 14; 35-ФЗ ст. 37; ПП РФ 424, 497, 329.

A debt is what fell due on a day; what was paid on a day lessens it from the next day on. Every day of delay costs a
part of the rate, by how long the delay has lasted. The result is a row for each stretch of days in which base, rate
and part stay the same, rounded once; the rows add up to the penalty.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import IntEnum

import numpy as np
import polars as pl

from abonent.engine import fixed
from abonent.engine.frames import Schema, conform, shape
from abonent.engine.parameters import ParameterMissingError, ParameterSet

DEBTS: Schema = {
    "debt_id": pl.Int64,
    "account_id": pl.Int64,
    "debtor": pl.Int16,
    "moratoria": pl.Boolean,
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
_DAYS = 1 << 20  # more than days since 1970 come to
_WHOLE_RATE_E2 = 100 * 100  # a rate of 1.00 in hundredths of a percent


class RateOf(IntEnum):
    """Whose day's rate counts: of each day of delay, for all of a part's delay that of the day it was paid, or for
    everything that of one day, as of a judgement.

    What is not paid yet goes by the last day of the calculation.
    """

    EACH_DAY = 1
    DAY_OF_PAYMENT = 2
    ON_A_DAY = 3


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
    """Return the key rate under its cap, a row for each day on which what counts for a debtor changes."""
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
    rates = pl.DataFrame(
        rows, schema={"debtor": pl.Int16, "since": pl.Date, "rate_e2": pl.Int64}, orient="row"
    ).sort("since")
    before = pl.col("rate_e2").shift(1).over("debtor")
    return rates.filter(before.is_null() | (before != pl.col("rate_e2")))


def accrue(
    debts: pl.DataFrame,
    repayments: pl.DataFrame,
    suspensions: pl.DataFrame,
    law: Law,
    *,
    until: date,
    since: date | None = None,
    rate_of: RateOf = RateOf.DAY_OF_PAYMENT,
    rate_on: date | None = None,
) -> pl.DataFrame:
    """Return SPANS of the delay up to and with `until`, those that cost nothing for a moratorium or suspension as well.

    `since`: the first day that is counted. `rate_on`: the day whose rate counts for everything, with ON_A_DAY.
    What was paid before the first day that may cost anything only lessens the debt, and most debts end there; the
    delay of the others is cut by terms they share (a debtor kind, a due day, an account's suspensions), not one by one.
    Overpaid debts count as paid. Raises SchemaMismatch, ValueError without the day ON_A_DAY asks for.
    """
    for frame, schema, name in ((debts, DEBTS, "debts"), (repayments, REPAYMENTS, "repayments")):
        conform(frame, schema, name=name)
    conform(suspensions, SUSPENSIONS, name="suspensions")
    if (rate_of == RateOf.ON_A_DAY) != (rate_on is not None):
        raise ValueError("a fixed day of the rate goes with RateOf.ON_A_DAY")
    owed = _owed_after_grace(debts, repayments, law, until, since)
    terms, owed = _terms(owed, suspensions)
    timeline = _timeline(terms, suspensions, law, since, until + _A_DAY, rate_of)
    bases = _bases(_parts(owed, repayments, debts.height, law, until, rate_of, rate_on))
    spans = (
        bases.join(timeline, on="term", how="inner")
        .filter(pl.col("begins_on") < pl.col("part_ends_on"), pl.col("ends_on") > pl.col("part_begins_on"))
        .with_columns(
            begins_on=pl.max_horizontal("begins_on", "part_begins_on"),
            ends_on=pl.min_horizontal("ends_on", "part_ends_on"),
            rate_e2=pl.col("day_rate_e2") if rate_of == RateOf.EACH_DAY else pl.col("rate_e2"),
        )
        .with_columns(days=(pl.col("ends_on") - pl.col("begins_on")).dt.total_days())
    )
    amount = fixed.mul_div(
        pl.col("base_minor").cast(pl.Int128) * pl.col("rate_e2"),
        "days",
        divisor=pl.col("divisor") * _WHOLE_RATE_E2,
    )
    return shape(
        spans.with_columns(amount_minor=pl.when("suspended").then(0).otherwise(amount)).sort(
            "debt_id", "begins_on", "rate_e2"
        ),
        SPANS,
    )


def _owed_after_grace(
    debts: pl.DataFrame, repayments: pl.DataFrame, law: Law, until: date, since: date | None
) -> pl.DataFrame:
    """Return the debts of which something is left on the first day that may cost anything, `counts_from`.

    Looked up by place, not joined: of millions of debts few get further.
    """
    if not debts["debt_id"].equals(pl.Series("debt_id", range(debts.height), dtype=pl.Int64)):
        raise ValueError("debts are numbered from 0 in the order of their rows")
    grace = dict(law.bands.group_by("debtor").agg(pl.col("from_day").min()).rows())
    counts_from = pl.col("due_on") + pl.duration(
        days=pl.col("debtor").replace_strict(grace, default=None, return_dtype=pl.Int64)
    )
    dated = debts.with_columns(counts_from=pl.max_horizontal(counts_from, pl.lit(since or date.min)))
    before = repayments.filter(
        repayments["paid_on"] < dated["counts_from"].gather(repayments["debt_id"].cast(pl.UInt32))
    )
    return (
        dated.with_columns(amount_minor=pl.col("amount_minor") - _sums(before, debts.height))
        .filter(pl.col("due_on") < until, pl.col("counts_from") <= until, pl.col("amount_minor") > 0)
        .with_row_index("place")
    )


def _sums(repayments: pl.DataFrame, debts: int) -> pl.Series:
    """Add repayments up by debt; a place for each debt."""
    sums = np.zeros(debts, np.int64)
    np.add.at(sums, repayments["debt_id"].to_numpy(), repayments["amount_minor"].to_numpy())
    return pl.Series("amount_minor", sums)


def _terms(owed: pl.DataFrame, suspensions: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Number the terms that debts share: debtor, due day, moratoria, and the account where it has suspensions."""
    shared = ["debtor", "moratoria", "due_on", "suspended_id"]
    halted = pl.col("account_id").is_in(suspensions["account_id"].unique().implode())
    keyed = owed.with_columns(suspended_id=pl.when(halted).then("account_id").otherwise(0))
    terms = keyed.select(shared).unique().with_row_index("term")
    return terms, keyed.join(terms, on=shared, how="left", maintain_order="left").drop("suspended_id")


def _timeline(
    terms: pl.DataFrame,
    suspensions: pl.DataFrame,
    law: Law,
    since: date | None,
    end: date,
    rate_of: RateOf,
) -> pl.DataFrame:
    """Cut the delay under each term wherever something changes; tell of each stretch its divisor and its rate."""
    begins_on = pl.col("due_on") + _A_DAY
    bounds = terms.with_columns(
        first_day=begins_on if since is None else pl.max_horizontal(begins_on, pl.lit(since))
    )
    halts = pl.concat(
        [
            terms.filter("moratoria")
            .join(law.moratoria, on="debtor", how="inner")
            .filter(pl.col("due_on") < pl.col("arisen_before"))
            .select("term", "begins_on", "ends_on"),
            terms.join(suspensions, left_on="suspended_id", right_on="account_id", how="inner").select(
                "term", "begins_on", "ends_on"
            ),
        ]
    )
    banded = terms.join(law.bands, on="debtor", how="inner")
    cuts = [
        bounds.select("term", day="first_day"),
        bounds.select("term", day=pl.lit(end)),
        banded.select("term", day=pl.col("due_on") + pl.duration(days="from_day")),
        halts.select("term", day="begins_on"),
        halts.select("term", day="ends_on"),
    ]
    if rate_of == RateOf.EACH_DAY:
        cuts.append(terms.join(law.rates, on="debtor", how="inner").select("term", day="since"))
    stretches = (
        pl.concat(cuts)
        .unique()
        .join(bounds, on="term")
        .filter(pl.col("day") >= pl.col("first_day"), pl.col("day") <= end)
        .sort("term", "day")
        .with_columns(ends_on=pl.col("day").shift(-1).over("term"))
        .filter(pl.col("ends_on").is_not_null())
        .rename({"day": "begins_on"})
        .with_columns(from_day=(pl.col("begins_on") - pl.col("due_on")).dt.total_days().cast(pl.Int64))
    )
    halted = (
        stretches.join(halts, on="term", how="inner", suffix="_halt")
        .filter(pl.col("begins_on") >= pl.col("begins_on_halt"), pl.col("ends_on") <= pl.col("ends_on_halt"))
        .select("term", "begins_on", suspended=True)
        .unique()
    )
    banded = stretches.sort("from_day").join_asof(
        law.bands.sort("from_day"), on="from_day", by="debtor", check_sortedness=False
    )
    return (
        _at_rates(banded, law, on="begins_on")
        .rename({"rate_e2": "day_rate_e2"})
        .join(halted, on=["term", "begins_on"], how="left")
        .select(
            "term", "begins_on", "ends_on", "divisor", "day_rate_e2", pl.col("suspended").fill_null(False)
        )
        .filter(pl.col("divisor") > 0)
    )


def _parts(
    owed: pl.DataFrame,
    repayments: pl.DataFrame,
    debts: int,
    law: Law,
    until: date,
    rate_of: RateOf,
    rate_on: date | None,
) -> pl.DataFrame:
    """Cut every debt into the parts that were paid, and what is left: part_minor, last_day it was owed, rate_e2.

    `is_alone`: the debt has one part.
    """
    place = pl.Series("place", [None], dtype=pl.UInt32).extend_constant(None, debts)
    place = place.scatter(owed["debt_id"].cast(pl.UInt32), owed["place"])
    later = repayments.with_columns(place=place.gather(repayments["debt_id"].cast(pl.UInt32))).filter(
        pl.col("place").is_not_null(), pl.col("paid_on") <= until
    )
    later = later.with_columns(
        owed["counts_from"].gather(later["place"]), whole_minor=owed["amount_minor"].gather(later["place"])
    )
    paid = (
        later.filter(pl.col("paid_on") >= pl.col("counts_from"))
        .rename({"paid_on": "last_day"})
        .sort(pl.col("place").cast(pl.Int64) * _DAYS + pl.col("last_day").to_physical())
        .with_columns(through=pl.col("amount_minor").cum_sum().over("place"))
        .with_columns(
            part_minor=pl.min_horizontal("through", "whole_minor")
            - pl.min_horizontal(pl.col("through") - pl.col("amount_minor"), "whole_minor")
        )
        .filter(pl.col("part_minor") > 0)
        .select("place", "part_minor", "last_day")
    )
    repaid = _sums(paid.select(debt_id="place", amount_minor="part_minor"), owed.height)
    left = owed.select(
        "place", part_minor=pl.col("amount_minor") - repaid, last_day=pl.lit(until), is_alone=repaid == 0
    ).filter(pl.col("part_minor") > 0)
    whole = owed["amount_minor"].gather(paid["place"]) == paid["part_minor"]
    parts = pl.concat([left, paid.with_columns(is_alone=whole)])
    of_debt = owed.select("debt_id", "account_id", "debtor", "term", "counts_from")
    parts = pl.concat([parts, of_debt[parts["place"]]], how="horizontal")
    if rate_of == RateOf.EACH_DAY:
        return parts.with_columns(rate_e2=pl.lit(0, dtype=pl.Int64))
    if rate_on is not None:
        parts = parts.with_columns(rate_day=pl.lit(rate_on))
    else:
        parts = parts.with_columns(rate_day="last_day")
    of_day = pl.col("debtor").cast(pl.Int64) * _DAYS + pl.col("rate_day").to_physical()
    days = _at_rates(parts.select("debtor", "rate_day").unique(), law, on="rate_day").with_columns(
        of_day=of_day
    )
    rates = dict(days.select("of_day", "rate_e2").rows())
    return parts.with_columns(rate_e2=of_day.replace_strict(rates, return_dtype=pl.Int64)).drop("rate_day")


def _bases(parts: pl.DataFrame) -> pl.DataFrame:
    """Return base_minor, what is owed from part_begins_on to part_ends_on, apart for each rate."""
    of_debt = ["debt_id", "account_id", "term", "rate_e2"]
    alone = parts.filter("is_alone").select(
        *of_debt,
        base_minor="part_minor",
        part_begins_on="counts_from",
        part_ends_on=pl.col("last_day") + _A_DAY,
    )
    among = parts.filter(~pl.col("is_alone"))
    stretches = (
        among.select("debt_id", "counts_from", part_ends_on=pl.col("last_day") + _A_DAY)
        .unique()
        .sort("debt_id", "part_ends_on")
        .with_columns(
            part_begins_on=pl.col("part_ends_on").shift(1).over("debt_id").fill_null(pl.col("counts_from"))
        )
        .drop("counts_from")
    )
    several = (
        among.select(*of_debt, "part_minor", "last_day")
        .join(stretches, on="debt_id", how="inner")
        .filter(pl.col("last_day") >= pl.col("part_begins_on"))
        .group_by(*of_debt, "part_begins_on", "part_ends_on")
        .agg(base_minor=pl.col("part_minor").sum())
    )
    return pl.concat([alone, several.select(alone.columns)])


def _at_rates(frame: pl.DataFrame, law: Law, *, on: str) -> pl.DataFrame:
    """Add the rate of a day to a frame of debtors and days."""
    return frame.sort(on).join_asof(
        law.rates, left_on=on, right_on="since", by="debtor", check_sortedness=False
    )
