"""From readings to the energy every register counted in a month (ПП РФ 354 п. 42, 59, 61, 84)."""

from dataclasses import dataclass

import polars as pl

from abonent.engine import fixed
from abonent.packs.ru.rules.calendar import Calendar
from abonent.packs.ru.rules.problems import premise_problem
from abonent.packs.ru.rules.readings import SOURCE_INSPECTOR, SOURCE_REMOVAL, bracket

UNKNOWN, BY_READINGS, BY_AVERAGE, BY_SPREAD = 0, 1, 2, 3

_FACTS = ("installation_id", "from_value_wh", "to_value_wh", "usage_wh", "days")


@dataclass(frozen=True)
class Usage:
    """`registers`: a row per register with known usage or, where `method` is UNKNOWN, no history to average.

    Columns: those of INSTALLATIONS and method, usage_wh, from_value_wh, to_value_wh, from_day, to_day,
    history_usage_wh, history_months. `problems`: registers whose readings could not be judged. `reopened`: REOPENED
    rows but for their distinctness.
    """

    registers: pl.DataFrame
    problems: pl.DataFrame
    reopened: pl.DataFrame

    def without(self, premises: pl.DataFrame) -> "Usage":
        """Leave the registers of some premises out of account, as if they had none."""
        if premises.is_empty():
            return self
        return Usage(
            self.registers.join(premises, on="premise_id", how="anti"),
            self.problems.join(premises, on="premise_id", how="anti"),
            self.reopened,
        )


def _month_number(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int32) * 12 + day.dt.month().cast(pl.Int32)


def _day_number(day: str) -> pl.Expr:
    return pl.col(day).cast(pl.Int32).cast(pl.Int64)


def _total_days(start: str | pl.Expr, end: str | pl.Expr) -> pl.Expr:
    start = pl.col(start) if isinstance(start, str) else start
    end = pl.col(end) if isinstance(end, str) else end
    return (end - start).dt.total_days().cast(pl.Int64)


def capacity_wh() -> pl.Expr:
    """Return where a register of `digits` begins again: watt-hours on its face."""
    return pl.lit(10, dtype=pl.Int64).pow(pl.col("digits").cast(pl.Int64)).cast(pl.Int64) * 1000


def counts_after_falls(
    installations: pl.DataFrame, readings: pl.DataFrame, calendar: Calendar
) -> pl.DataFrame | None:
    """Tell what registers whose readings fell have counted since the first known one; None where none fell.

    Rows of installation_id, taken_on, count_wh on the face, and how many falls until then nobody can explain. A fall
    is a roll-over when what it would mean is believable; what an inspector read, or an act of removal says, is settled
    as it is (п. 61).
    """
    ordered = readings.sort("installation_id", "taken_on")
    same = pl.col("installation_id") == pl.col("installation_id").shift(1)
    fell = ordered.filter(same & (pl.col("value_wh") < pl.col("value_wh").shift(1)))
    if fell.is_empty():
        return None
    most_a_day = calendar.setting(lambda settings: settings.rollover_max_wh_per_day, "building_id")
    steps = (
        ordered.join(fell.select("installation_id").unique(), on="installation_id", how="semi")
        .join(installations.select("installation_id", "building_id", "digits"), on="installation_id")
        .with_columns(
            step_wh=pl.col("value_wh").diff().over("installation_id", order_by="taken_on").fill_null(0),
            days=pl.col("taken_on").diff().over("installation_id", order_by="taken_on").dt.total_days(),
        )
        .with_columns(rolled_wh=pl.col("step_wh") + capacity_wh())
    )
    falls = pl.col("step_wh") < 0
    rolls = falls & (pl.col("rolled_wh") >= 0) & (pl.col("rolled_wh") <= most_a_day * pl.col("days"))
    doubtful = falls & ~rolls & ~pl.col("source").is_in([SOURCE_INSPECTOR, SOURCE_REMOVAL])
    return steps.with_columns(
        step_wh=pl.when(rolls).then("rolled_wh").otherwise("step_wh"), doubtful=doubtful.cast(pl.Int64)
    ).select(
        "installation_id",
        "taken_on",
        count_wh=pl.col("step_wh").cum_sum().over("installation_id", order_by="taken_on"),
        doubtful=pl.col("doubtful").cum_sum().over("installation_id", order_by="taken_on"),
    )


def _counted_between(
    frame: pl.DataFrame, counts: pl.DataFrame | None, *, first: str, last: str, into: str
) -> pl.DataFrame:
    """Put right what registers counted between two readings where readings fell; add `doubtful`."""
    if counts is None:
        return frame.with_columns(doubtful=pl.lit(False))
    begun = counts.rename({"taken_on": first, "count_wh": "__first_wh", "doubtful": "__first_doubtful"})
    ended = counts.rename({"taken_on": last, "count_wh": "__last_wh", "doubtful": "__last_doubtful"})
    return (
        frame.join(begun, on=["installation_id", first], how="left")
        .join(ended, on=["installation_id", last], how="left")
        .with_columns(
            pl.coalesce(pl.col("__last_wh") - pl.col("__first_wh"), into).alias(into),
            doubtful=(pl.col("__last_doubtful") > pl.col("__first_doubtful")).fill_null(False),
        )
        .drop("__first_wh", "__last_wh", "__first_doubtful", "__last_doubtful")
    )


def between_readings(bracketed: pl.DataFrame, counts: pl.DataFrame | None, calendar: Calendar) -> Usage:
    """Usage between two readings × ratio; over several months shared out by their days (п. 61, 84).

    `counts`: see `counts_after_falls`. A fall that nobody can explain is a problem.
    """
    counted = _counted_between(
        bracketed.with_columns(
            days=_total_days("from_on", "to_on"), face_wh=pl.col("to_value_wh") - pl.col("from_value_wh")
        ),
        counts,
        first="from_on",
        last="to_on",
        into="face_wh",
    ).with_columns(
        method=pl.lit(BY_READINGS, dtype=pl.Int16),
        usage_wh=pl.col("face_wh") * pl.col("ratio"),
        history_usage_wh=pl.lit(0, dtype=pl.Int64),
        history_months=pl.lit(0, dtype=pl.Int64),
    )
    most = calendar.setting(lambda settings: settings.max_wh_per_day, "building_id")
    too_much = (pl.col("premise_id") > 0) & (pl.col("usage_wh") > most * pl.col("days") * pl.col("ratio"))
    over_capacity = (pl.col("to_value_wh") >= capacity_wh()) | (pl.col("from_value_wh") >= capacity_wh())
    judged = counted.with_columns(
        verdict=pl.when(over_capacity).then(1).when("doubtful").then(2).when(too_much).then(3).otherwise(0)
    )
    good, problems = judged.filter(pl.col("verdict") == 0), []
    if good.height < judged.height:
        for verdict, code in enumerate(("reading_above_capacity", "negative_usage", "usage_above_limit"), 1):
            problems.append(premise_problem(judged.filter(pl.col("verdict") == verdict), code, *_FACTS))
    settled, reopened = _shared_by_days(good.drop("face_wh", "doubtful", "verdict", "days"), calendar)
    return Usage(settled, pl.concat(problems) if problems else premise_problem(good.clear(), ""), reopened)


def _shared_by_days(counted: pl.DataFrame, calendar: Calendar) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the month its part of a difference that several months share: by the calendar days up to it and in it."""
    first, end = calendar.first("installation_id"), calendar.end("installation_id")
    several = (pl.col("span_from") < first) | ~pl.col("inside")
    gaps = counted.filter(several)
    if gaps.is_empty():
        return counted, gaps
    total = _total_days("span_from", "span_to").clip(lower_bound=0)
    before = _total_days("span_from", first).clip(0, total)
    through = _total_days("span_from", end).clip(0, total)
    divisor = pl.max_horizontal(total, 1)
    # what an inspector found too much is settled in the month of the check (п. 61)
    settled = pl.col("usage_wh") < 0
    shared = gaps.with_columns(
        usage_wh=pl.when(settled & pl.col("inside"))
        .then("usage_wh")
        .when(settled)
        .then(0)
        .when(total > 0)
        .then(
            fixed.mul_div("usage_wh", through, divisor=divisor)
            - fixed.mul_div("usage_wh", before, divisor=divisor)
        )
        .when("inside")
        .then("usage_wh")
        .otherwise(0),
        method=pl.when(~pl.col("inside") | ((total > 0) & ~settled))
        .then(BY_SPREAD)
        .otherwise("method")
        .cast(pl.Int16),
    )
    reopened = gaps.filter(pl.col("inside"), pl.col("span_from") < first)
    return pl.concat([counted.filter(~several), shared]), reopened


def by_average(
    silent: pl.DataFrame, readings: pl.DataFrame, counts: pl.DataFrame | None, calendar: Calendar
) -> pl.DataFrame:
    """Estimate registers that sent nothing by the average of their metered months (п. 59, 59(1)).

    The average is the difference of the last actual reading and of the latest one at least the window before it, or
    of the earliest there is, over the months between: no fewer than the minimum; otherwise `method` is UNKNOWN and the
    norm applies (п. 60).
    """
    window = calendar.setting(lambda settings: settings.average_window_months, "installation_id")
    least = calendar.setting(lambda settings: settings.average_min_months, "installation_id")
    old_enough = pl.col("at") <= pl.col("last_at") - pl.col("window")
    actual = (
        readings.join(silent.select("installation_id"), on="installation_id", how="semi")
        .filter(pl.col("taken_on") < calendar.first("installation_id"))
        .with_columns(at=_month_number(pl.col("taken_on")), window=window)
        .sort("installation_id", "taken_on")
        .with_columns(last_at=pl.col("at").last().over("installation_id"))
        .group_by("installation_id", maintain_order=True)
        .agg(
            base_on=pl.coalesce(
                pl.col("taken_on").filter(old_enough).last(),
                pl.col("taken_on").filter(pl.col("at") == pl.col("at").first()).last(),
            ),
            base_wh=pl.coalesce(
                pl.col("value_wh").filter(old_enough).last(),
                pl.col("value_wh").filter(pl.col("at") == pl.col("at").first()).last(),
            ),
            actual_on=pl.col("taken_on").last(),
            actual_wh=pl.col("value_wh").last(),
        )
        .with_columns(
            base_at=_month_number(pl.col("base_on")),
            last_at=_month_number(pl.col("actual_on")),
            history_face_wh=pl.col("actual_wh") - pl.col("base_wh"),
        )
    )
    actual = _counted_between(actual, counts, first="base_on", last="actual_on", into="history_face_wh")
    joined = silent.join(actual, on="installation_id", how="left").with_columns(
        history_months=(pl.col("last_at") - pl.col("base_at")).cast(pl.Int64).fill_null(0),
        silent_periods=(calendar.number("installation_id") - pl.col("last_at")).cast(pl.Int64),
    )
    limit = (
        pl.when(pl.col("premise_id") > 0)
        .then(calendar.setting(lambda settings: settings.average_max_periods, "installation_id"))
        .otherwise(
            calendar.setting(lambda settings: settings.building_average_max_periods, "installation_id")
        )
    )
    enough = (
        (pl.col("history_months") >= least)
        & (pl.col("history_face_wh") >= 0)
        & ~pl.col("doubtful").fill_null(True)
        & (pl.col("silent_periods") <= limit).fill_null(True)
    )
    face = fixed.mul_div("history_face_wh", 1, divisor=pl.max_horizontal("history_months", 1))
    return (
        joined.with_columns(enough=enough)
        .with_columns(face=pl.when("enough").then(face))
        .with_columns(
            method=pl.when("enough").then(BY_AVERAGE).otherwise(UNKNOWN).cast(pl.Int16),
            usage_wh=pl.when("enough").then(pl.col("face") * pl.col("ratio")).otherwise(0),
            # what the face shows by now, had every silent month been an average one
            from_value_wh=pl.when("enough")
            .then((pl.col("from_value_wh") + pl.col("face") * (pl.col("silent_periods") - 1)) % capacity_wh())
            .otherwise("from_value_wh"),
            to_value_wh=pl.when("enough")
            .then((pl.col("from_value_wh") + pl.col("face") * pl.col("silent_periods")) % capacity_wh())
            .otherwise("from_value_wh"),
            to_on=calendar.last("installation_id"),
            history_usage_wh=pl.when("enough").then("history_face_wh").otherwise(0),
            history_months=pl.when("enough").then("history_months").otherwise(0),
        )
        .drop(
            "base_on",
            "base_wh",
            "base_at",
            "actual_on",
            "actual_wh",
            "last_at",
            "history_face_wh",
            "doubtful",
            "silent_periods",
            "enough",
            "face",
        )
    )


def measure(installations: pl.DataFrame, readings: pl.DataFrame, calendar: Calendar) -> Usage:
    """Return the usage of every register of the shard, and the readings that could not be judged."""
    first, end = calendar.first("installation_id"), calendar.end("installation_id")
    bracketed = bracket(installations, readings, calendar)
    counts = counts_after_falls(installations, readings, calendar)
    no_previous = pl.col("from_on").is_null()
    no_current = pl.col("to_on").is_null()
    removed = pl.col("ends_on") < end

    unanchored = bracketed.filter(no_previous)
    counted = between_readings(bracketed.filter(~no_previous & ~no_current), counts, calendar)
    quiet = bracketed.filter(~no_previous & no_current)
    parts, gone_unread = [counted.registers], quiet.clear()
    if not quiet.is_empty():
        # put in this month and not read since: its first usage comes with its next reading
        just_installed = quiet.filter((pl.col("from_on") >= first) & ~removed).with_columns(
            method=pl.lit(BY_READINGS, dtype=pl.Int16),
            usage_wh=pl.lit(0, dtype=pl.Int64),
            to_on=pl.col("from_on"),
            to_value_wh=pl.col("from_value_wh"),
            history_usage_wh=pl.lit(0, dtype=pl.Int64),
            history_months=pl.lit(0, dtype=pl.Int64),
        )
        # one taken down on the first day was read to the end of the month before
        gone_unread = quiet.filter(removed & (pl.col("ends_on") > first))
        silent = by_average(quiet.filter((pl.col("from_on") < first) & ~removed), readings, counts, calendar)
        parts += [part.select(counted.registers.columns) for part in (just_installed, silent)]
    registers = pl.concat(parts).with_columns(from_day=_day_number("from_on"), to_day=_day_number("to_on"))
    problems = [
        premise_problem(unanchored, "missing_previous_reading", "installation_id"),
        premise_problem(gone_unread, "removed_without_reading", "installation_id", "from_value_wh"),
        counted.problems,
    ]
    reopened = counted.reopened.select(
        "premise_id",
        "building_id",
        from_month=(pl.col("span_from").dt.year().cast(pl.Int32) * 100 + pl.col("span_from").dt.month()),
    )
    return Usage(
        registers.drop(
            "from_on", "to_on", "from_source", "to_source", "inside", "span_from", "span_to", strict=False
        ),
        pl.concat(problems),
        reopened,
    )
