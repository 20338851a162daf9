"""The one set of checks of a reading, whoever brings it: a column at a time, for one reading or for a million.

A claim is what somebody says a register showed on a day. It is compared with the register's place and digits, with its
accepted actual readings (estimates never count) and with what it used before.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

import polars as pl

from abonent.engine import fixed
from abonent.kernel.periods import Month
from abonent.packs.ru.reading_checks import ReadingChecks
from abonent.usecases.import_readings import reasons
from abonent.usecases.reading_reasons import DOUBTS

ACCEPTED, DOUBTFUL, REJECTED, KNOWN = "accepted", "doubtful", "rejected", "known"
FALLS = frozenset({"below_previous", "above_next", "rollover", "control_below"})

CLAIM = {
    "claim": pl.Int64,
    "installation_id": pl.Int64,
    "digits": pl.Int16,
    "ratio": pl.Int32,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
    "taken_on": pl.Date,
    "value_wh": pl.Int64,
    "source": pl.Int16,
    "reasons": pl.List(pl.String),
    "doubt_confirmed": pl.Boolean,
    "fall_confirmed": pl.Boolean,
}
"""What is judged. `reasons`: what is wrong already. `ends_on` is null for a register still in place."""

HISTORY = {
    "installation_id": pl.Int64,
    "taken_on": pl.Date,
    "value_wh": pl.Int64,
    "source": pl.Int16,
    "reading_id": pl.Int64,
}

JUDGED = (
    "previous_on",
    "previous_wh",
    "next_on",
    "next_wh",
    "average_wh",
    "usage_wh",
    "replaces_id",
    "status",
    "reasons",
)
"""What a claim gains: the actual readings around it, Wh of 30 days by its history, what it would use, all on its face;
the accepted reading of the same day it takes the place of."""

_INSPECTOR, _AMR, _INSTALLATION, _REMOVAL, _HANDOVER = 2, 4, 7, 8, 9
_BY_ACT = [_INSPECTOR, _INSTALLATION, _REMOVAL, _HANDOVER]
_ANY_DAY = [*_BY_ACT, _AMR]
_MONTH_DAYS = 30


@dataclass(frozen=True)
class Rules:
    """What claims are held against. `window`: the first and the last day of a month readings are taken, if any."""

    today: date
    checks: ReadingChecks
    window: tuple[int, int] | None = None


def season(month: Month) -> tuple[date, date]:
    """Return the two months, a year back, that tell what a register uses at this time of the year: first, last day."""
    return month.shift(-13).first_day, month.shift(-12).last_day


def recent(month: Month) -> date:
    """Return the day from which the history of claims of a month must be complete."""
    return month.shift(-2).first_day


def judge(claims: pl.DataFrame, history: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return the claims with JUDGED, in their order.

    `history` holds for every register at least its accepted actual readings of `season` and from `recent` on for the
    months of its claims, and the last one before where there is none from `recent` on. Several claims of a register
    are judged one after another, each accepted one being history for the next.
    """
    if claims["installation_id"].is_duplicated().any():
        claims = _within_file(claims).with_columns(
            turn=pl.col("taken_on").rank("dense").over("installation_id").cast(pl.Int64)
        )
    else:
        claims = claims.with_columns(repeats=pl.lit(False), turn=pl.lit(1, dtype=pl.Int64))
    history = history.sort("taken_on")
    turns = claims["turn"].max()
    judged = []
    for turn in range(1, int(turns) + 1) if isinstance(turns, int) else []:
        now = claims.filter(pl.col("turn") == turn)
        done = _reasons(_bracketed(now, history), rules)
        judged.append(done)
        if turn != turns:
            new = done.filter(pl.col("status") == ACCEPTED).select(
                *list(HISTORY)[:4], reading_id=pl.lit(0, dtype=pl.Int64)
            )
            history = pl.concat([history, new]).sort("taken_on")
    if not judged:
        return _reasons(_bracketed(claims, history), rules).sort("claim").drop("turn", "repeats")
    return pl.concat(judged).sort("claim").drop("turn", "repeats")


def _within_file(claims: pl.DataFrame) -> pl.DataFrame:
    """Compare claims of one register and day with each other: the same again is known, a control reading stands."""
    day = ["installation_id", "taken_on"]
    control = pl.col("source") == _INSPECTOR
    claims = claims.with_columns(
        many=pl.len().over(day) > 1,
    )
    if not claims["many"].any():
        return claims.drop("many").with_columns(repeats=pl.lit(False))
    single = claims.filter(~pl.col("many")).with_columns(repeats=pl.lit(False))
    several = claims.filter("many").with_columns(
        values=pl.col("value_wh").n_unique().over(day),
        controls=pl.col("value_wh").filter(control).n_unique().over(day),
        control_wh=pl.col("value_wh").filter(control).first().over(day),
    )
    stands = pl.col("controls") == 1
    differs = (pl.col("values") > 1) & ~stands
    outranked = stands & (pl.col("value_wh") != pl.col("control_wh"))
    first_of_value = pl.col("claim") == pl.col("claim").sort_by([~control, "claim"]).first().over(
        [*day, "value_wh"]
    )
    several = several.with_columns(
        repeats=~differs & ~outranked & ~first_of_value,
        reasons=pl.when(differs)
        .then(pl.col("reasons").list.concat(pl.lit(["duplicate_differs"])))
        .when(outranked)
        .then(pl.col("reasons").list.concat(pl.lit(["outranked"])))
        .otherwise("reasons"),
    ).drop("values", "controls", "control_wh")
    return pl.concat([single, several]).drop("many").sort("claim")


def _bracketed(claims: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """Give every claim the readings around it, and the ends of its history; one claim a register."""
    parts = [
        _bracketed_month(part, history, Month.of(first))
        for (first,), part in claims.group_by(pl.col("taken_on").dt.month_start())
        if isinstance(first, date)
    ]
    return pl.concat(parts) if parts else _bracketed_month(claims, history, Month(2000, 1))


def _bracketed_month(claims: pl.DataFrame, history: pl.DataFrame, month: Month) -> pl.DataFrame:
    """`history` goes by days. What lies in the season is before any claim of the month."""
    first, last = season(month)
    in_season = pl.col("taken_on").is_between(first, last)
    of_season = history.filter(in_season)
    others = history.filter(~in_season).join(
        claims.select("installation_id", day="taken_on"), on="installation_id"
    )
    before = _ends(others.filter(pl.col("taken_on") < pl.col("day")), "first", "last").with_columns(
        pl.when(pl.col("first_on") >= recent(month)).then(f"first_{of}").alias(f"recent_{of}")
        for of in ("on", "wh")
    )
    found = claims.join(before, on="installation_id", how="left").join(
        _ends(of_season, "season_first", "season_last"), on="installation_id", how="left"
    )
    after = others.filter(pl.col("taken_on") > pl.col("day"))
    same = others.filter(pl.col("taken_on") == pl.col("day")).unique("installation_id")
    return (
        found.with_columns(
            pl.when(pl.col("last_on") > pl.col("season_last_on").fill_null(date.min))
            .then(f"last_{of}")
            .otherwise(f"season_last_{of}")
            .alias(f"previous_{of}")
            for of in ("on", "wh")
        )
        .drop("first_on", "first_wh", "last_on", "last_wh")
        .join(
            _ends(after, "next", "furthest").drop("furthest_on", "furthest_wh"),
            on="installation_id",
            how="left",
        )
        .join(
            same.select("installation_id", same_wh="value_wh", same_source="source", same_id="reading_id"),
            on="installation_id",
            how="left",
        )
    )


def _ends(readings: pl.DataFrame, first: str, last: str) -> pl.DataFrame:
    """Return the first and the last reading of each register, in the order they come."""
    on, value = pl.col("taken_on"), pl.col("value_wh")
    return readings.group_by("installation_id").agg(
        on.first().alias(f"{first}_on"),
        value.first().alias(f"{first}_wh"),
        on.last().alias(f"{last}_on"),
        value.last().alias(f"{last}_wh"),
    )


def _days(first: str, last: str) -> pl.Expr:
    return (pl.col(last) - pl.col(first)).dt.total_days()


def _usage(first_wh: str, last_wh: str) -> pl.Expr:
    """Wh on the face between two readings; past the last digit a register begins again."""
    difference = pl.col(last_wh) - pl.col(first_wh)
    return pl.when(difference < 0).then(difference + pl.col("capacity_wh")).otherwise(difference)


def _reasons(claims: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    checks = rules.checks
    claims = claims.with_columns(
        capacity_wh=pl.lit(10, dtype=pl.Int64).pow(pl.col("digits").cast(pl.Int64)).cast(pl.Int64) * 1000,
        days=_days("previous_on", "taken_on"),
        base_on=pl.coalesce("season_first_on", "recent_on"),
        base_wh=pl.coalesce("season_first_wh", "recent_wh"),
    ).with_columns(
        moved=pl.col("value_wh") - pl.col("previous_wh"),
        base_days=_days("base_on", "previous_on"),
        base_usage=_usage("base_wh", "previous_wh"),
        season_days=_days("season_first_on", "season_last_on"),
        season_usage=_usage("season_first_wh", "season_last_wh"),
    )
    claims = claims.with_columns(
        has_base=(pl.col("base_days") >= checks.history_least_days).fill_null(False),
        has_season=(pl.col("season_days") >= checks.history_least_days).fill_null(False),
        rolls=(
            (pl.col("moved") < 0)
            & (pl.col("moved") + pl.col("capacity_wh") <= checks.rollover_max_wh_per_day * pl.col("days"))
        ).fill_null(False),
    ).with_columns(
        usage_wh=pl.when(pl.col("moved") >= 0)
        .then("moved")
        .when("rolls")
        .then(pl.col("moved") + pl.col("capacity_wh")),
        average_wh=pl.when("has_base").then(_scaled("base_usage", pl.lit(_MONTH_DAYS), "base_days")),
        by_base=pl.when("has_base").then(_scaled("base_usage", pl.col("days"), "base_days")),
        by_season=pl.when("has_season").then(_scaled("season_usage", pl.col("days"), "season_days")),
    )
    claims = claims.with_columns(replaces_id=pl.when(pl.col("same_wh") != pl.col("value_wh")).then("same_id"))
    same = (pl.col("same_wh") == pl.col("value_wh")).fill_null(False) | pl.col("repeats")
    claims = reasons.add(
        claims.with_columns(is_same=same & (_graver(pl.col("reasons")).list.len() == 0)),
        {**_of_itself(rules), **_against_history(checks)},
    )
    odd = claims.select(odd=pl.col("is_same") | (pl.col("reasons").list.len() > 0))["odd"]
    told = claims.filter(odd).with_columns(
        # a reading that is known already is not asked about again, whatever it looks like
        reasons=pl.when("is_same").then(reasons.EMPTY).otherwise(_less_confirmed())
    )
    told = told.with_columns(
        status=pl.when("is_same").then(pl.lit(KNOWN)).otherwise(status_of(pl.col("reasons")))
    )
    whole = pl.concat([claims.filter(~odd).with_columns(status=pl.lit(ACCEPTED)), told])
    return whole.select(*CLAIM, *(name for name in JUDGED if name not in CLAIM), "turn", "repeats")


def _graver(codes: pl.Expr) -> pl.Expr:
    return reasons.without(codes, DOUBTS)


def status_of(codes: pl.Expr) -> pl.Expr:
    """Return what a list of reasons comes to."""
    return (
        pl.when(codes.list.len() == 0)
        .then(pl.lit(ACCEPTED))
        .when(_graver(codes).list.len() == 0)
        .then(pl.lit(DOUBTFUL))
        .otherwise(pl.lit(REJECTED))
    )


def _less_confirmed() -> pl.Expr:
    codes = pl.col("reasons")
    without_falls = pl.when("fall_confirmed").then(reasons.without(codes, FALLS)).otherwise(codes)
    return pl.when("doubt_confirmed").then(_graver(without_falls)).otherwise(without_falls)


def _scaled(usage: str, days: pl.Expr, over_days: str) -> pl.Expr:
    return fixed.mul_div(usage, days, divisor=over_days)


def _of_itself(rules: Rules) -> dict[str, pl.Expr]:
    """What is wrong with a claim by its day, place and digits alone."""
    taken_on, today = pl.col("taken_on"), rules.today
    earliest = Month.of(today).shift(-rules.checks.most_months_back)
    oldest = date(earliest.year, earliest.month, min(today.day, monthrange(earliest.year, earliest.month)[1]))
    outside = pl.lit(False)
    if rules.window is not None:
        first, last = rules.window
        day = taken_on.dt.day()
        inside = day.is_between(first, last) if first <= last else (day >= first) | (day <= last)
        outside = ~inside & ~pl.col("source").is_in(_ANY_DAY)
    return {
        "in_future": taken_on > today,
        "too_old": taken_on < oldest,
        "before_installation": taken_on < pl.col("begins_on"),
        "after_removal": taken_on > pl.col("ends_on"),
        "outside_window": outside,
        "negative": pl.col("value_wh") < 0,
        "above_capacity": pl.col("value_wh") >= pl.col("capacity_wh"),
    }


def _against_history(checks: ReadingChecks) -> dict[str, pl.Expr]:
    """What is wrong with a claim beside the readings and the usage of its register."""
    source, value, usage, days = (pl.col(name) for name in ("source", "value_wh", "usage_wh", "days"))
    falls = pl.col("moved") < 0
    control = source == _INSPECTOR
    differs = pl.col("same_wh") != value
    rank, standing = source.is_in(_BY_ACT), pl.col("same_source").is_in(_BY_ACT)
    expected = pl.max_horizontal("by_base", "by_season")
    many_times = (usage.cast(pl.Int128) * 1000 > expected.cast(pl.Int128) * checks.spike_times_e3) & (
        usage.cast(pl.Int128) * pl.col("ratio") * _MONTH_DAYS
        > checks.spike_least_wh * pl.max_horizontal(days, pl.lit(_MONTH_DAYS))
    )
    more_than_a_line_carries = usage > checks.max_wh_per_day * days
    idle = (
        (usage == 0)
        & (pl.col("by_base") * pl.col("ratio") >= checks.zero_least_wh)
        & ~(pl.col("by_season") == 0).fill_null(False)
    )
    return {
        "below_previous": falls & ~pl.col("rolls") & ~control,
        "rollover": falls & pl.col("rolls"),
        "control_below": falls & ~pl.col("rolls") & control,
        "above_next": value > pl.col("next_wh"),
        "spike": many_times.fill_null(False) | more_than_a_line_carries,
        "zero": idle,
        "outranked": differs & standing & ~rank,
        "other_value_same_day": differs & (standing == rank),
    }
