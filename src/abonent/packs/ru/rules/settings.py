"""The parameters a month is rated by, read once from the dated YAML into frames and whole numbers."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

import polars as pl

from abonent.engine.parameters import ParameterMissingError, ParameterSet, Row
from abonent.kernel.periods import Month


@dataclass(frozen=True)
class Settings:
    """Figures in force in a month: Wh, dm², coefficients in thousandths."""

    norms: pl.DataFrame  # norm_category, rooms, residents, norm_wh_per_person
    common_norms: pl.DataFrame  # common_norm_category, norm_wh_per_m2
    uplifts: pl.DataFrame  # uplift_cause, coefficient_e3
    average_window_months: int
    average_min_months: int
    average_max_periods: int | None
    building_average_max_periods: int | None
    max_wh_per_day: int
    rollover_max_wh_per_day: int
    negative_max_percent: int
    ranges: pl.DataFrame  # band_category, upper_1_wh, upper_2_wh
    social_norms: pl.DataFrame  # people, social_wh_per_person
    absence_more_than_days: int
    true_up_month: int


def _whole(text: str | None) -> int:
    return int(text or "0")


def _limit(text: str | None) -> int | None:
    return None if text is None else int(text)


def _thousandths(text: str | None) -> int:
    value = Decimal(text or "0") * 1000
    if value != int(value):
        raise ValueError(f"{text} has more than three decimals")
    return int(value)


def _rows(parameters: ParameterSet, id: str, day: date) -> tuple[Row, ...]:
    """Return the rows of a parameter that need not have been in force always."""
    try:
        return parameters.version(id, on=day).rows
    except ParameterMissingError:
        return ()


@lru_cache(maxsize=256)
def read_settings(parameters: ParameterSet, month: Month) -> Settings:
    """Return the settings of the first day of `month`. Raises what `ParameterSet.version` raises."""
    day = month.first_day
    norms = parameters.version("ru.electricity.norms", on=day).rows
    common = parameters.version("ru.electricity.common_norms", on=day).rows
    uplifts = parameters.version("ru.electricity.norm_uplift", on=day).rows
    average = parameters.version("ru.electricity.average", on=day).rows[0]
    limits = parameters.version("ru.electricity.limits", on=day).rows[0]
    absence = parameters.version("ru.electricity.absence", on=day).rows[0]
    ranges = [
        row
        for row in _rows(parameters, "ru.electricity.ranges", day)
        if _whole(row["first_month"]) <= month.month <= _whole(row["last_month"])
    ]
    social = _rows(parameters, "ru.electricity.social_norm", day)
    true_up = _rows(parameters, "ru.electricity.common_true_up", day)
    return Settings(
        norms=pl.DataFrame(
            {
                "norm_category": [_whole(row["norm_category"]) for row in norms],
                "rooms": [_whole(row["rooms"]) for row in norms],
                "people": [_whole(row["residents"]) for row in norms],
                "norm_wh_per_person": [_thousandths(row["kwh_per_person"]) for row in norms],
            },
            schema={
                "norm_category": pl.Int16,
                "rooms": pl.Int16,
                "people": pl.Int16,
                "norm_wh_per_person": pl.Int64,
            },
        ),
        common_norms=pl.DataFrame(
            {
                "common_norm_category": [_whole(row["category"]) for row in common],
                "norm_wh_per_m2": [_thousandths(row["kwh_per_m2"]) for row in common],
            },
            schema={"common_norm_category": pl.Int16, "norm_wh_per_m2": pl.Int64},
        ),
        uplifts=pl.DataFrame(
            {
                "uplift_cause": [_whole(row["cause"]) for row in uplifts],
                "coefficient_e3": [_thousandths(row["coefficient"]) for row in uplifts],
            },
            schema={"uplift_cause": pl.Int16, "coefficient_e3": pl.Int64},
        ),
        average_window_months=_whole(average["window_months"]),
        average_min_months=_whole(average["min_months"]),
        average_max_periods=_limit(average["max_periods"]),
        building_average_max_periods=_limit(average["building_max_periods"]),
        max_wh_per_day=_thousandths(limits["max_kwh_per_day"]),
        rollover_max_wh_per_day=_thousandths(limits["rollover_max_kwh_per_day"]),
        negative_max_percent=_whole(limits["negative_common_max_percent"]),
        ranges=pl.DataFrame(
            {
                "band_category": [_whole(row["category"]) for row in ranges],
                "upper_1_wh": [_thousandths(row["upper_1_kwh"]) for row in ranges],
                "upper_2_wh": [_thousandths(row["upper_2_kwh"]) for row in ranges],
            },
            schema={"band_category": pl.Int16, "upper_1_wh": pl.Int64, "upper_2_wh": pl.Int64},
        ),
        social_norms=pl.DataFrame(
            {
                "people": [_whole(row["residents"]) for row in social],
                "social_wh_per_person": [_thousandths(row["kwh_per_person"]) for row in social],
            },
            schema={"people": pl.Int64, "social_wh_per_person": pl.Int64},
        ),
        absence_more_than_days=_whole(absence["more_than_days"]),
        true_up_month=_whole(true_up[0]["month"]) if true_up else 0,
    )
