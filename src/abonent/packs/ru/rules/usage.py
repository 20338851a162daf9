"""From readings to the energy every register counted in a month (ПП РФ 354 п. 42, 59, 61)."""

from dataclasses import dataclass

import polars as pl

from abonent.engine import fixed
from abonent.engine.frames import Inputs
from abonent.kernel.periods import Month
from abonent.packs.ru.rules.problems import premise_problem
from abonent.packs.ru.rules.settings import Settings

SOURCE_ESTIMATE = 6
SOURCE_INSTALLATION = 7

BY_READINGS, BY_AVERAGE, UNKNOWN = 1, 2, 0


@dataclass(frozen=True)
class Usage:
    """`registers`: a row per register with known usage or, where `method` is UNKNOWN, no history to average.

    Columns: those of INSTALLATIONS and method, usage_wh, from_value_wh, to_value_wh, from_day, to_day,
    history_usage_wh, history_months. `problems`: registers whose readings could not be judged.
    """

    registers: pl.DataFrame
    problems: pl.DataFrame

    def without(self, premises: pl.DataFrame) -> "Usage":
        """Leave the registers of some premises out of account, as if they had none."""
        if premises.is_empty():
            return self
        return Usage(
            self.registers.join(premises, on="premise_id", how="anti"),
            self.problems.join(premises, on="premise_id", how="anti"),
        )


def _month_number(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int32) * 12 + day.dt.month().cast(pl.Int32)


def _day_number(day: str) -> pl.Expr:
    return pl.col(day).cast(pl.Int32).cast(pl.Int64)


def bracket(inputs: Inputs, month: Month) -> pl.DataFrame:
    """Give every register the readings its month lies between.

    Previous: the last one before the month, or the one of installation inside it. Current: the last one inside
    the month after the previous. Columns `from_*` and `to_*` are null where there is none.
    """
    first, end = month.first_day, month.next().first_day
    ordered = inputs.readings.filter(pl.col("taken_on") < end).sort("installation_id", "taken_on")
    before = (
        ordered.filter(pl.col("taken_on") < first)
        .group_by("installation_id", maintain_order=True)
        .agg(
            pl.col("taken_on").last().alias("before_on"),
            pl.col("value_wh").last().alias("before_wh"),
            pl.col("source").last().alias("before_source"),
        )
    )
    inside = (
        ordered.filter(pl.col("taken_on") >= first)
        .group_by("installation_id", maintain_order=True)
        .agg(
            pl.col("taken_on").first().alias("first_on"),
            pl.col("value_wh").first().alias("first_wh"),
            pl.col("source").first().alias("first_source"),
            pl.col("taken_on").last().alias("last_on"),
            pl.col("value_wh").last().alias("last_wh"),
        )
    )
    begins_inside = pl.col("before_on").is_null() & (pl.col("first_source") == SOURCE_INSTALLATION)
    bracketed = (
        inputs.installations.join(before, on="installation_id", how="left")
        .join(inside, on="installation_id", how="left")
        .with_columns(
            from_on=pl.when(begins_inside).then("first_on").otherwise("before_on"),
            from_value_wh=pl.when(begins_inside).then("first_wh").otherwise("before_wh"),
            from_source=pl.when(begins_inside).then("first_source").otherwise("before_source"),
        )
    )
    has_current = (pl.col("last_on") > pl.col("from_on")) | pl.col("from_on").is_null()
    return bracketed.with_columns(
        to_on=pl.when(has_current).then("last_on"), to_value_wh=pl.when(has_current).then("last_wh")
    ).drop(
        "before_on",
        "before_wh",
        "before_source",
        "first_on",
        "first_wh",
        "first_source",
        "last_on",
        "last_wh",
    )


def capacity_wh() -> pl.Expr:
    """Return where a register of `digits` begins again: watt-hours on its face."""
    return pl.lit(10, dtype=pl.Int64).pow(pl.col("digits").cast(pl.Int64)).cast(pl.Int64) * 1000


def by_readings(bracketed: pl.DataFrame, settings: Settings) -> Usage:
    """Usage between two readings, with roll-over and ratio.

    A fall is a roll-over when what it would mean is believable; after an estimate it is the estimate's excess given
    back (п. 61); otherwise it is a problem.
    """
    days = (pl.col("to_on") - pl.col("from_on")).dt.total_days().cast(pl.Int64)
    counted = bracketed.with_columns(
        days=days,
        fall=(pl.col("to_value_wh") - pl.col("from_value_wh")) * pl.col("ratio"),
        rolled=(pl.col("to_value_wh") - pl.col("from_value_wh") + capacity_wh()) * pl.col("ratio"),
    ).with_columns(
        rolls=(pl.col("fall") < 0)
        & (pl.col("rolled") >= 0)
        & (pl.col("rolled") <= settings.rollover_max_wh_per_day * pl.col("days") * pl.col("ratio"))
        & ((pl.col("from_source") != SOURCE_ESTIMATE) | (pl.col("rolled") < pl.col("fall").abs())),
    )
    counted = counted.with_columns(
        method=pl.lit(BY_READINGS, dtype=pl.Int16),
        usage_wh=pl.when("rolls").then("rolled").otherwise("fall"),
        history_usage_wh=pl.lit(0, dtype=pl.Int64),
        history_months=pl.lit(0, dtype=pl.Int64),
    )
    negative = (pl.col("usage_wh") < 0) & (pl.col("from_source") != SOURCE_ESTIMATE)
    too_much = (pl.col("premise_id") > 0) & (
        pl.col("usage_wh") > settings.max_wh_per_day * pl.col("days") * pl.col("ratio")
    )
    over_capacity = (pl.col("to_value_wh") >= capacity_wh()) | (pl.col("from_value_wh") >= capacity_wh())
    facts = ("installation_id", "from_value_wh", "to_value_wh", "usage_wh", "days")
    problems = [
        premise_problem(counted.filter(over_capacity), "reading_above_capacity", *facts),
        premise_problem(counted.filter(negative & ~over_capacity), "negative_usage", *facts),
        premise_problem(counted.filter(too_much & ~over_capacity), "usage_above_limit", *facts),
    ]
    good = counted.filter(~(negative | too_much | over_capacity))
    return Usage(good.drop("days", "fall", "rolled", "rolls"), pl.concat(problems))


def by_average(silent: pl.DataFrame, inputs: Inputs, month: Month, settings: Settings) -> pl.DataFrame:
    """Estimate registers that sent nothing by the average of their last metered months (п. 59, 59(1)).

    The average is the difference of two actual readings over the months between them: no more than the window, no
    fewer than the minimum; otherwise `method` is UNKNOWN and the norm applies (п. 60).
    """
    this_month = month.year * 12 + month.month
    actual = (
        inputs.readings.join(silent.select("installation_id"), on="installation_id", how="semi")
        .filter((pl.col("taken_on") < month.first_day) & (pl.col("source") != SOURCE_ESTIMATE))
        .with_columns(at=_month_number(pl.col("taken_on")))
        .sort("installation_id", "taken_on")
        .with_columns(last_at=pl.col("at").last().over("installation_id"))
        .filter(pl.col("at") >= pl.col("last_at") - settings.average_window_months)
        .group_by("installation_id", maintain_order=True)
        .agg(
            (pl.col("at").last() - pl.col("at").first()).cast(pl.Int64).alias("history_months"),
            pl.col("value_wh").first().alias("base_wh"),
            pl.col("value_wh").last().alias("actual_wh"),
            pl.col("last_at").last(),
        )
    )
    joined = silent.join(actual, on="installation_id", how="left").with_columns(
        history_face_wh=pl.when(pl.col("actual_wh") >= pl.col("base_wh"))
        .then(pl.col("actual_wh") - pl.col("base_wh"))
        .otherwise(pl.col("actual_wh") - pl.col("base_wh") + capacity_wh()),
        silent_periods=this_month - pl.col("last_at"),
    )
    enough = pl.col("history_months").fill_null(0) >= settings.average_min_months
    for premises, limit in (
        (pl.col("premise_id") > 0, settings.average_max_periods),
        (pl.col("premise_id") == 0, settings.building_average_max_periods),
    ):
        if limit is not None:
            enough &= ~premises | (pl.col("silent_periods") <= limit)
    face = fixed.mul_div("history_face_wh", 1, divisor=pl.max_horizontal("history_months", 1))
    return (
        joined.with_columns(enough=enough)
        .with_columns(face=pl.when("enough").then(face))
        .with_columns(
            method=pl.when("enough").then(BY_AVERAGE).otherwise(UNKNOWN).cast(pl.Int16),
            usage_wh=pl.when("enough").then(pl.col("face") * pl.col("ratio")).otherwise(0),
            to_value_wh=pl.when("enough")
            .then((pl.col("from_value_wh") + pl.col("face")) % capacity_wh())
            .otherwise("from_value_wh"),
            to_on=pl.lit(month.last_day),
            history_usage_wh=pl.when("enough").then("history_face_wh").otherwise(0),
            history_months=pl.when("enough").then("history_months").otherwise(0),
        )
        .drop("base_wh", "actual_wh", "last_at", "history_face_wh", "silent_periods", "enough", "face")
    )


def measure(inputs: Inputs, month: Month, settings: Settings) -> Usage:
    """Return the usage of every register of the shard, and the readings that could not be judged."""
    first, end = month.first_day, month.next().first_day
    bracketed = bracket(inputs, month)
    no_previous = pl.col("from_on").is_null()
    no_current = pl.col("to_on").is_null()
    removed = pl.col("ends_on") < end

    unanchored = bracketed.filter(no_previous)
    counted = by_readings(bracketed.filter(~no_previous & ~no_current), settings)
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
        silent = by_average(quiet.filter((pl.col("from_on") < first) & ~removed), inputs, month, settings)
        parts += [part.select(counted.registers.columns) for part in (just_installed, silent)]
    registers = pl.concat(parts).with_columns(from_day=_day_number("from_on"), to_day=_day_number("to_on"))
    problems = [
        premise_problem(unanchored, "missing_previous_reading", "installation_id"),
        premise_problem(gone_unread, "removed_without_reading", "installation_id", "from_value_wh"),
        counted.problems,
    ]
    return Usage(registers.drop("from_on", "to_on", "from_source"), pl.concat(problems))
