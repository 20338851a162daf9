"""Out of the database: what the rules of a month read about some whole buildings, or about one account."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from abonent.engine import frames
from abonent.kernel.periods import Month

Reader = Callable[[str, frames.Schema], pl.DataFrame]

_FOREVER = "9999-12-31"
_ELECTRICITY = 1
_ACCEPTED = 1
_ESTIMATE = 6  # what the month itself is estimated at comes out of its rating, never into it


@dataclass(frozen=True)
class Window:
    """What is read: buildings [first, last] of a branch, and of these only one account where it is given."""

    branch_id: int
    first_building: int
    last_building: int
    account_id: int | None = None
    premise_id: int | None = None

    def where(self) -> str:
        """Return the condition on any table that carries building and premise."""
        condition = f"building_id BETWEEN {self.first_building} AND {self.last_building}"
        return condition if self.premise_id is None else f"{condition} AND premise_id = {self.premise_id}"


def extract(read: Reader, window: Window, month: Month, *, supplier_id: int) -> frames.Inputs:
    """Read a window through `read`, in one snapshot. Every value in a query is a whole number or a date of ours."""
    first, end = month.first_day, month.next().first_day
    span = f"daterange('{first}', '{end}')"
    clipped = (
        f"greatest(lower(during), DATE '{first}') AS begins_on, least(upper(during), DATE '{end}') AS ends_on"
    )
    where = window.where()

    buildings = read(
        f"""SELECT id, kind = 1, premises_area_dm2, common_area_dm2, common_norm_category, common_needs,
                   excess_to_consumers
            FROM places_building
            WHERE id BETWEEN {window.first_building} AND {window.last_building} AND branch_id = {window.branch_id}""",
        frames.BUILDINGS,
    )
    account = "" if window.account_id is None else f" AND account_id = {window.account_id}"
    services = read(
        f"""SELECT account_id, premise_id, building_id, {clipped} FROM contracts_accountservice
            WHERE {where}{account} AND service = {_ELECTRICITY} AND during && {span}""",
        frames.SERVICES,
    )
    terms = read(
        f"""SELECT premise_id, building_id, tariff_group_id, area_dm2, rooms, residents, owners, uplift_cause, {clipped}
            FROM contracts_premiseterms WHERE {where} AND during && {span}""",
        frames.TERMS,
    )
    # a register taken down on the first day of the month was still read for the month before
    installations = read(
        f"""SELECT id, building_id, coalesce(premise_id, 0), zone, digits, ratio, lower(during),
                   coalesce(upper(during), DATE '{_FOREVER}')
            FROM metering_installation WHERE {where} AND during && daterange('{month.previous().last_day}', '{end}')""",
        frames.INSTALLATIONS,
    )
    readings = read(
        f"""SELECT installation_id, taken_on, value_wh, source FROM metering_reading
            WHERE {_of(installations, window)} AND status = {_ACCEPTED}
              AND taken_on >= DATE '{month.previous().first_day}' AND taken_on < DATE '{end}'
              AND NOT (taken_on >= DATE '{first}' AND source = {_ESTIMATE})""",
        frames.READINGS,
    )
    nonliving = read(
        f"""SELECT id FROM places_premise
            WHERE building_id BETWEEN {window.first_building} AND {window.last_building} AND kind = 2""",
        frames.NONLIVING,
    )
    prices = read(
        f"""SELECT id, tariff_group_id, zone, price_e5, lower(during), coalesce(upper(during), DATE '{_FOREVER}')
            FROM contracts_price WHERE supplier_id = {supplier_id} AND during && {span}""",
        frames.PRICES,
    )
    tariff_groups = read("SELECT id, norm_category FROM contracts_tariffgroup", frames.TARIFF_GROUPS)

    mine = buildings.select("building_id")
    installations = installations.join(mine, on="building_id", how="semi")
    return frames.Inputs(
        buildings=buildings,
        nonliving=nonliving,
        services=services.join(mine, on="building_id", how="semi"),
        terms=terms.join(mine, on="building_id", how="semi"),
        installations=installations,
        readings=_with_history(read, readings, installations, month),
        prices=prices,
        tariff_groups=tariff_groups,
    )


def _of(installations: pl.DataFrame, window: Window) -> str:
    if window.premise_id is None:
        return f"building_id BETWEEN {window.first_building} AND {window.last_building}"
    return f"installation_id = ANY ({_array(installations['installation_id'])})"


def _array(ids: pl.Series) -> str:
    return f"ARRAY[{','.join(map(str, ids.to_list()))}]::bigint[]"


def _with_history(
    read: Reader, readings: pl.DataFrame, installations: pl.DataFrame, month: Month
) -> pl.DataFrame:
    """Add the whole history of the registers that lack a reading in this month or in the one before."""
    first = month.first_day
    ids = installations.select("installation_id")
    bracketed = (
        readings.with_columns(inside=pl.col("taken_on") >= first)
        .group_by("installation_id")
        .agg(pl.col("inside").any().alias("current"), (~pl.col("inside")).any().alias("previous"))
        .filter(pl.col("current") & pl.col("previous"))
    )
    lacking = ids.join(bracketed, on="installation_id", how="anti")["installation_id"]
    if lacking.is_empty():
        return readings
    older = read(
        f"""SELECT installation_id, taken_on, value_wh, source FROM metering_reading
            WHERE installation_id = ANY ({_array(lacking)}) AND status = {_ACCEPTED}
              AND taken_on < DATE '{month.previous().first_day}'""",
        frames.READINGS,
    )
    return pl.concat([readings, older])
