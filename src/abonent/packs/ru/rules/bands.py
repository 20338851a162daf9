"""Which part of a household's energy has which price: ranges of consumption and the social norm.

ПП РФ 1178 п. 71(1): a month's volume fills the first range, then the second, then the third; the zones of a meter
are cut in proportion. ПП РФ 614: what lies within the social norm, and what is above it.
"""

from collections.abc import Sequence

import polars as pl

from abonent.engine import allocate, fixed
from abonent.engine.registry import Rule
from abonent.packs.ru.rules import catalogue
from abonent.packs.ru.rules.calendar import Calendar

RANGES, SOCIAL_NORM = 1, 2
_NO_LIMIT = 10**15
_TOGETHER = ["account_id", "tariff_group_id"]
_CUT = (catalogue.METERED, catalogue.AVERAGE, catalogue.NORM, catalogue.SPREAD, catalogue.COMMUNAL_SHARE)


def in_first_band(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(band=pl.lit(1, dtype=pl.Int16))


def cut_into_bands(
    of_rules: Sequence[tuple[Rule, pl.DataFrame]], segments: pl.DataFrame, calendar: Calendar
) -> list[pl.DataFrame]:
    """Add `band` to the rows of all rules, splitting those that reach into several bands.

    What an account used itself is cut together, whatever rule says so, by the bounds of its tariff group; an increase
    of the norm follows the norm. Energy taken past the meter and what is given back stay in the first band.
    """
    frames = [rows for _, rows in of_rules]
    banded = segments.filter(pl.col("banding") > 0)
    if banded.is_empty():
        return [in_first_band(frame) for frame in frames]
    keyed = [
        frame.with_columns(__key=pl.int_range(pl.len(), dtype=pl.Int64) * len(frames) + place)
        for place, frame in enumerate(frames)
    ]
    by_rule = dict(zip((rule for rule, _ in of_rules), keyed, strict=True))
    rows = pl.concat(
        [
            by_rule[rule]
            .filter((pl.col("banding") > 0) & (pl.col("quantity_wh") > 0))
            .select("__key", *_TOGETHER, "quantity_wh", "zone", "begins_on")
            for rule in _CUT
            if rule in by_rule
        ]
    ).join(_limits(banded, calendar), on=_TOGETHER, how="inner")
    if rows.is_empty():
        return [in_first_band(frame) for frame in frames]
    bands = _filled(rows)
    raised = _raised(by_rule[catalogue.NORM_UPLIFT], by_rule[catalogue.NORM], bands)
    return [_apply(frame, pl.concat([bands, raised])) for frame in keyed]


def _filled(rows: pl.DataFrame) -> pl.DataFrame:
    """Fill the bands one after another, each in proportion to what is left of the rows: __key, band, quantity_wh."""
    volume = pl.col("quantity_wh").sum().over(_TOGETHER)
    parts, rest = (
        [],
        rows.with_columns(
            __first=pl.min_horizontal(volume, "upper_1_wh"),
            __second=pl.min_horizontal(volume, "upper_2_wh") - pl.min_horizontal(volume, "upper_1_wh"),
        ),
    )
    for band, total in ((1, "__first"), (2, "__second")):
        cut = allocate.allocate(
            rest,
            total=total,
            weight="quantity_wh",
            group=_TOGETHER,
            order=["zone", "begins_on", "__key"],
            into="__in",
        )
        parts.append(cut.select("__key", band=pl.lit(band, dtype=pl.Int16), quantity_wh="__in"))
        rest = cut.with_columns(quantity_wh=pl.col("quantity_wh") - pl.col("__in")).drop("__in")
    parts.append(rest.select("__key", "quantity_wh", band=pl.lit(3, dtype=pl.Int16)).select(parts[0].columns))
    return pl.concat(parts).filter(pl.col("quantity_wh") > 0)


def _raised(uplift: pl.DataFrame, norm: pl.DataFrame, bands: pl.DataFrame) -> pl.DataFrame:
    """Give the increase of a norm the bands of the norm it raises: the coefficient is to the cost (п. 60(3))."""
    stretch = ["account_id", "begins_on", "ends_on"]
    of_norm = norm.select(*stretch, "__key").join(bands, on="__key", how="inner")
    parts = (
        uplift.filter(pl.col("banding") > 0)
        .select(*stretch, "__key", raised_wh="quantity_wh")
        .join(of_norm.select(*stretch, "band", norm_wh="quantity_wh"), on=stretch, how="inner")
    )
    return allocate.allocate(
        parts, total="raised_wh", weight="norm_wh", group="__key", order="band", into="quantity_wh"
    ).select(bands.columns)


def _apply(frame: pl.DataFrame, bands: pl.DataFrame) -> pl.DataFrame:
    plain = in_first_band(frame.join(bands, on="__key", how="anti"))
    cut = frame.drop("quantity_wh").join(bands, on="__key", how="inner")
    return pl.concat([plain, cut.select(plain.columns)]).drop("__key")


def _limits(banded: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Return account_id, upper_1_wh, upper_2_wh: the bounds of the month, by days where they change inside it."""
    people_max = calendar.social_norms.group_by("place").agg(most=pl.col("people").max())
    bounds = (
        banded.join(people_max, on="place", how="left")
        .with_columns(__people=pl.min_horizontal("people", "most"))
        .join(calendar.ranges, on=["place", "band_category"], how="left")
        .join(calendar.social_norms, left_on=["place", "__people"], right_on=["place", "people"], how="left")
        .with_columns(
            __social=pl.col("social_wh_per_person") * pl.col("people"),
            __by_ranges=pl.col("banding") == RANGES,
        )
        .with_columns(
            upper_1_wh=pl.when("__by_ranges").then("upper_1_wh").otherwise("__social").fill_null(_NO_LIMIT),
            upper_2_wh=pl.when("__by_ranges").then("upper_2_wh").otherwise(_NO_LIMIT).fill_null(_NO_LIMIT),
        )
    )
    by_days = [
        fixed.mul_div(
            (pl.col(bound).cast(pl.Int128) * pl.col("days")).sum(),
            1,
            divisor=calendar.days("account_id").first(),
        )
        for bound in ("upper_1_wh", "upper_2_wh")
    ]
    return bounds.group_by(_TOGETHER, maintain_order=True).agg(
        by_days[0].alias("upper_1_wh"), by_days[1].alias("upper_2_wh")
    )
