"""What the state compensates of a household's charge to the holders of a benefit (ЕДК).

    ЕДК = percent · min(V ÷ n, N) · T · h          for a category limited to the norm
    ЕДК = percent ·     V ÷ n     · T · h          for one that is not

V is the energy of the month, n the people living there, N the norm a person, T the average price of the month's own
lines, h the people compensated: the holder, and the family where the category covers it (never more than n). The
account itself is charged in full.

T is never rounded: it is amount ÷ V, so the whole formula is one fraction and one rounding. Of a co-owner the dwelling
is V ÷ share; a month in which the account or the holder was there for a part of the days counts for that part. All
holders of an account together get no more than its charge.

Source: 181-ФЗ от 24.11.1995, ст. 17 ч. 13 (50 % of the charge by volume, no more than the norm), 5-ФЗ от 12.01.1995,
ст. 14–21, ЖК РФ ст. 160; confidence medium: the laws say "платы … исходя из объёма … но не более нормативов", the
formula a head is how social security offices apply it.
"""

from functools import reduce
from operator import mul

import polars as pl

from abonent.engine import allocate, fixed
from abonent.engine.frames import Schema, conform, shape
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.kernel.quantities import parse_kwh
from abonent.packs.ru.rules import catalogue

NOT_COMPENSATED = (catalogue.NORM_UPLIFT.number, catalogue.UNAUTHORISED.number)
"""Rules whose lines are a sanction: compensated is the charge without them."""

CHARGED: Schema = {
    "account_id": pl.Int64,
    "period": pl.Date,
    "usage_wh": pl.Int64,
    "amount_minor": pl.Int64,
    "norm_category": pl.Int16,
    "residents": pl.Int16,
    "share_numerator": pl.Int16,
    "share_denominator": pl.Int16,
    "days": pl.Int16,
    "days_in_month": pl.Int16,
}
"""An account in a month: its own standing lines added up, its household, its share of the dwelling, its days."""

HOLDERS: Schema = {
    "holder_id": pl.Int64,
    "account_id": pl.Int64,
    "period": pl.Date,
    "percent": pl.Int16,
    "within_norm": pl.Boolean,
    "people": pl.Int16,
    "holder_days": pl.Int16,
}
"""A holder in a month: `people` compensated with the family where it is covered, days of these it was one."""

COMPENSATIONS: Schema = {
    "holder_id": pl.Int64,
    "account_id": pl.Int64,
    "period": pl.Date,
    "usage_wh": pl.Int64,
    "residents": pl.Int16,
    "within_norm_wh": pl.Int64,
    "due_minor": pl.Int64,
}

_WHOLE_HUNDRED = 100


class NormMissing(LookupError):
    """ru.benefits.norm has no row for a household."""

    def __init__(self, *, norm_category: int, residents: int) -> None:
        super().__init__(
            f"ru.benefits.norm has no row for norm category {norm_category} and {residents} residents"
        )
        self.norm_category, self.residents = norm_category, residents


def norms(parameters: ParameterSet, months: list[Month]) -> pl.DataFrame:
    """Return the norm a person of each month by norm category and size of the household; Wh.

    Raises ParameterMissingError.
    """
    rows = [
        (
            month.first_day,
            int(row["norm_category"] or 0),
            int(row["household_size"] or 0),
            row["kwh_per_person"],
        )
        for month in months
        for row in parameters.version("ru.benefits.norm", on=month.first_day).rows
    ]
    return pl.DataFrame(
        [(period, category, size, parse_kwh(kwh or "")) for period, category, size, kwh in rows],
        schema={"period": pl.Date, "norm_category": pl.Int16, "residents": pl.Int16, "norm_wh": pl.Int64},
        orient="row",
    )


def compensate(charged: pl.DataFrame, holders: pl.DataFrame, norm: pl.DataFrame) -> pl.DataFrame:
    """Return COMPENSATIONS: a row for every holder and month of `holders`, zero where there is nothing to compensate.

    `charged` are CHARGED, `holders` HOLDERS, `norm` what `norms` returns. Raises SchemaMismatch, and NormMissing for
    a household no norm is set for.
    """
    conform(charged, CHARGED, name="charged")
    conform(holders, HOLDERS, name="holders")
    normed = _with_norm(charged, norm)
    rows = holders.join(normed, on=["account_id", "period"], how="left").with_columns(
        pl.col("usage_wh", "amount_minor", "residents", "norm_wh").fill_null(0)
    )
    payable = (
        (pl.col("usage_wh") > 0)
        & (pl.col("amount_minor") > 0)
        & (pl.col("residents") > 0)
        & (pl.col("days") > 0)
    )
    counted, dwelling_a_head = _counted_wh(), _wide("residents", "share_numerator", "days_in_month")
    people, days = pl.min_horizontal("people", "residents"), pl.min_horizontal("holder_days", "days")
    judged = rows.filter(payable).with_columns(
        within_norm_wh=fixed.mul_div(
            counted * people.cast(pl.Int128), days, divisor=dwelling_a_head * _wide("days")
        ),
        due_minor=fixed.mul_div(
            counted * _wide("percent", "amount_minor") * people.cast(pl.Int128) * days.cast(pl.Int128),
            1,
            divisor=dwelling_a_head * _wide("usage_wh", "days") * _WHOLE_HUNDRED,
        ),
    )
    nothing = rows.filter(~payable.fill_null(False)).with_columns(
        within_norm_wh=pl.lit(0, dtype=pl.Int64), due_minor=pl.lit(0, dtype=pl.Int64)
    )
    return shape(
        pl.concat([_capped(judged), nothing]).sort("period", "account_id", "holder_id"), COMPENSATIONS
    )


def _wide(*factors: str) -> pl.Expr:
    """Multiply columns in Int128, where no product of these can overflow."""
    return reduce(mul, (pl.col(factor).cast(pl.Int128) for factor in factors))


def _counted_wh() -> pl.Expr:
    """Return the dwelling's energy, cut to its people's norm, × share numerator × days in the month; exact."""
    used = _wide("usage_wh", "share_denominator", "days_in_month")
    allowed = _wide("norm_wh", "residents", "share_numerator", "days")
    return pl.when("within_norm").then(pl.min_horizontal(used, allowed)).otherwise(used)


def _with_norm(charged: pl.DataFrame, norm: pl.DataFrame) -> pl.DataFrame:
    """Add the norm a person. A household larger than the table goes by its last row."""
    joined = (
        charged.sort("residents")
        .join_asof(
            norm.sort("residents"), on="residents", by=["period", "norm_category"], check_sortedness=False
        )
        .with_columns(pl.when(pl.col("residents") > 0).then("norm_wh").otherwise(0).alias("norm_wh"))
    )
    missing = joined.filter(pl.col("norm_wh").is_null())
    if not missing.is_empty():
        row = missing.row(0, named=True)
        raise NormMissing(norm_category=row["norm_category"], residents=row["residents"])
    return joined


def _capped(judged: pl.DataFrame) -> pl.DataFrame:
    """Cut what the holders of an account get together to its charge, shared out by what each would have got."""
    keys = ["account_id", "period"]
    summed = judged.with_columns(together=pl.col("due_minor").sum().over(keys))
    over = summed.filter(pl.col("together") > pl.col("amount_minor"))
    cut = allocate.allocate(
        over, total="amount_minor", weight="due_minor", group=keys, order="holder_id", into="cut_minor"
    )
    return pl.concat(
        [
            summed.filter(pl.col("together") <= pl.col("amount_minor")),
            cut.with_columns(due_minor="cut_minor").drop("cut_minor"),
        ]
    ).drop("together")
