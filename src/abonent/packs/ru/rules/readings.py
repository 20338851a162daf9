"""The readings a month lies between (ПП РФ 354 п. 42, 61, 84)."""

from datetime import timedelta

import polars as pl

from abonent.packs.ru.rules.calendar import Calendar

SOURCE_INSPECTOR = 2
SOURCE_INSTALLATION = 7
SOURCE_REMOVAL = 8
SOURCE_HANDOVER = 9


def bracket(installations: pl.DataFrame, readings: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Give every register the readings its month lies between.

    From: the last one before the month, or the one it was installed with inside it. To: the last one inside the month,
    or else what closes the gap after it. Adds from_on, from_value_wh, from_source, to_on, to_value_wh, to_source (null
    where there is none), `inside` (to lies in the month), and the span whose days share the difference: span_from,
    span_to.
    """
    first, end = calendar.first("installation_id"), calendar.end("installation_id")
    ordered = readings.sort("installation_id", "taken_on")
    by_register = {"maintain_order": True}
    before = (
        ordered.filter(pl.col("taken_on") < first)
        .group_by("installation_id", **by_register)
        .agg(
            before_on=pl.col("taken_on").last(),
            before_wh=pl.col("value_wh").last(),
            before_source=pl.col("source").last(),
        )
    )
    inside = (
        ordered.filter(pl.col("taken_on") >= first, pl.col("taken_on") < end)
        .group_by("installation_id", **by_register)
        .agg(
            first_on=pl.col("taken_on").first(),
            first_wh=pl.col("value_wh").first(),
            first_source=pl.col("source").first(),
            last_on=pl.col("taken_on").last(),
            last_wh=pl.col("value_wh").last(),
            last_source=pl.col("source").last(),
        )
    )
    joined = installations.join(before, on="installation_id", how="left").join(
        inside, on="installation_id", how="left"
    )
    later = ordered.filter(pl.col("taken_on") >= end)
    if later.is_empty():
        nothing = pl.lit(None)
        joined = joined.with_columns(
            after_on=nothing.cast(pl.Date),
            after_wh=nothing.cast(pl.Int64),
            after_source=nothing.cast(pl.Int16),
        )
    else:
        after = _closing(later).select(
            "installation_id", after_on="taken_on", after_wh="value_wh", after_source="source"
        )
        joined = joined.join(after, on="installation_id", how="left")
    begins_inside = pl.col("before_on").is_null() & (pl.col("first_source") == SOURCE_INSTALLATION)
    bracketed = joined.with_columns(
        from_on=pl.when(begins_inside).then("first_on").otherwise("before_on"),
        from_value_wh=pl.when(begins_inside).then("first_wh").otherwise("before_wh"),
        from_source=pl.when(begins_inside).then("first_source").otherwise("before_source"),
    ).with_columns(inside=(pl.col("last_on") > pl.col("from_on")).fill_null(pl.col("last_on").is_not_null()))
    bracketed = bracketed.with_columns(
        to_on=pl.when("inside").then("last_on").otherwise("after_on"),
        to_value_wh=pl.when("inside").then("last_wh").otherwise("after_wh"),
        to_source=pl.when("inside").then("last_source").otherwise("after_source"),
    )
    return bracketed.with_columns(span_from=_span_from(), span_to=_span_to()).drop(
        "before_on", "before_wh", "before_source", "first_on", "first_wh", "first_source",
        "last_on", "last_wh", "last_source", "after_on", "after_wh", "after_source",
    )  # fmt: skip


def _closing(later: pl.DataFrame) -> pl.DataFrame:
    """Return the reading that closes a gap: the last one of the first later month, or a handover in it."""
    month = pl.col("taken_on").dt.month_start()
    closing = later.filter(month == month.first().over("installation_id"))
    handover = pl.col("source") == SOURCE_HANDOVER
    handed = closing.filter(handover).unique("installation_id", keep="first", maintain_order=True)
    rest = closing.join(handed, on="installation_id", how="anti") if not handed.is_empty() else closing
    return pl.concat([rest.unique("installation_id", keep="last", maintain_order=True), handed])


def _span_from() -> pl.Expr:
    """The first day of what a reading began to count: of the next month, or of a new register or account."""
    regular = pl.col("from_on").dt.month_start().dt.offset_by("1mo")
    return (
        pl.when(pl.col("from_source") == SOURCE_INSTALLATION)
        .then(pl.max_horizontal("from_on", "begins_on"))
        .when(pl.col("from_source") == SOURCE_HANDOVER)
        .then(pl.col("from_on") + timedelta(days=1))
        .otherwise(regular)
    )


def _span_to() -> pl.Expr:
    regular = pl.min_horizontal(pl.col("to_on").dt.month_start().dt.offset_by("1mo"), "ends_on")
    handed_over = pl.col("to_source") == SOURCE_HANDOVER
    return pl.when(handed_over).then(pl.col("to_on") + timedelta(days=1)).otherwise(regular)
