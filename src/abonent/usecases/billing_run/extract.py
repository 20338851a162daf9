"""Out of the database: what the rules of a month read about some whole buildings, or about some premises in them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from abonent.engine import frames
from abonent.kernel.periods import Month

Reader = Callable[[str, frames.Schema], pl.DataFrame]

_FOREVER = "9999-12-31"
_ELECTRICITY = 1
_ACCEPTED = 1
_FEW = 500  # registers whose whole history is read in one go
_ESTIMATE = 6  # stored for people to see; usage lies between readings that were really taken


@dataclass(frozen=True)
class Window:
    """What is read: buildings [first, last] of a branch; of these only some, or only some whole premises, where given.

    A communal apartment is whole with all its parts: see `whole_premises`.
    """

    branch_id: int
    first_building: int
    last_building: int
    premise_ids: tuple[int, ...] | None = None
    building_ids: tuple[int, ...] | None = None

    def where_building(self, column: str = "building_id") -> str:
        """Return the condition on any table that carries the building."""
        condition = f"{column} BETWEEN {self.first_building} AND {self.last_building}"
        if self.building_ids is None:
            return condition
        return f"{condition} AND {column} = ANY ({_array(self.building_ids)})"

    def where(self, column: str = "premise_id", building: str = "building_id") -> str:
        """Return the condition on any table that carries building and premise."""
        condition = self.where_building(building)
        return (
            condition if self.premise_ids is None else f"{condition} AND {column} = ANY ({self.premises()})"
        )

    def premises(self) -> str:
        """Return the premises as an array of SQL."""
        return _array(self.premise_ids or ())


def whole_premises(read: Reader, premise_ids: Iterable[int]) -> tuple[int, ...]:
    """Return the premises with everything else of the communal apartments they belong to."""
    found = read(
        f"""WITH asked AS (SELECT unnest({_array(premise_ids)}) AS id),
            roots AS (SELECT coalesce(p2.id, p1.id, p.id) AS id FROM asked JOIN places_premise p USING (id)
                      LEFT JOIN places_premise p1 ON p1.id = p.parent_id
                      LEFT JOIN places_premise p2 ON p2.id = p1.parent_id)
            SELECT id FROM roots
            UNION SELECT p.id FROM places_premise p JOIN roots ON p.parent_id = roots.id
            UNION SELECT p.id FROM places_premise p JOIN places_premise p1 ON p1.id = p.parent_id
                  JOIN roots ON p1.parent_id = roots.id""",
        {"premise_id": pl.Int64},
    )
    return tuple(sorted(found["premise_id"]))


def extract(
    read: Reader, window: Window, months: tuple[Month, ...], *, supplier_id: int, known_until: date
) -> frames.Inputs:
    """Read a window for consecutive months through `read`, in one snapshot.

    Readings taken before `known_until` are known. Every value in a query is a whole number or a date of ours.
    """
    first, end = months[0].first_day, months[-1].next().first_day
    span = f"daterange('{first}', '{end}')"
    clipped = (
        f"greatest(lower(during), DATE '{first}') AS begins_on, least(upper(during), DATE '{end}') AS ends_on"
    )
    where = window.where()

    buildings = read(
        f"""SELECT b.id, kind = 1, coalesce(premises_area_dm2, 0), coalesce(common_area_dm2, 0),
                   coalesce(common_norm_category, 1), coalesce(common_needs, 0), coalesce(common_basis, 1),
                   coalesce(excess_to_consumers, false)
            FROM places_building b
            LEFT JOIN places_buildingterms t ON t.building_id = b.id AND t.during @> DATE '{first}'
                AND {window.where_building("t.building_id")}
            WHERE {window.where_building("b.id")} AND branch_id = {window.branch_id}""",
        frames.BUILDINGS,
    )
    services = read(
        f"""SELECT account_id, premise_id, building_id, share_numerator, share_denominator, {clipped}
            FROM contracts_accountservice WHERE {where} AND service = {_ELECTRICITY} AND during && {span}""",
        frames.SERVICES,
    )
    terms = read(
        f"""SELECT premise_id, building_id, tariff_group_id, area_dm2, rooms, residents, owners, uplift_cause,
                   room_meters_agreed, agreed_wh_per_month, {clipped}
            FROM contracts_premiseterms WHERE {where} AND during && {span}""",
        frames.TERMS,
    )
    # a register taken down on the first day of the month was still read for the month before; one taken down
    # earlier is averaged where no other stands in its premise
    stands = f"during && daterange('{months[0].previous().last_day}', '{end}')"
    installations = read(
        f"""SELECT id, building_id, coalesce(premise_id, 0), zone, digits, ratio, lower(during),
                   coalesce(upper(during), DATE '{_FOREVER}')
            FROM metering_installation i
            WHERE {where} AND ({stands} OR upper(during) < DATE '{first}' AND premise_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM metering_installation s
                WHERE s.premise_id = i.premise_id AND s.during && daterange('{first}', '{end}')))""",
        frames.INSTALLATIONS,
    )
    premises = read(
        f"""SELECT p.id, p.building_id, p.kind, coalesce(p.parent_id, 0), coalesce(up.parent_id, p.parent_id, p.id)
            FROM places_premise p LEFT JOIN places_premise up ON up.id = p.parent_id
            WHERE {window.where("p.id", "p.building_id")} AND p.kind <> 1""",
        frames.PREMISES,
    )
    prices = read(
        f"""SELECT id, tariff_group_id, zone, band, price_e5, lower(during), coalesce(upper(during), DATE '{_FOREVER}')
            FROM contracts_price WHERE supplier_id = {supplier_id} AND during && {span}""",
        frames.PRICES,
    )
    tariff_groups = read(
        "SELECT id, norm_category, banding, band_category FROM contracts_tariffgroup", frames.TARIFF_GROUPS
    )
    absences = read(
        f"""SELECT premise_id, building_id, people, left_on, returned_on FROM contracts_absence
            WHERE {where} AND state = 2 AND left_on < DATE '{end}' AND returned_on > DATE '{first}'""",
        frames.ABSENCES,
    )
    unauthorised = read(
        f"""SELECT premise_id, building_id, power_w, {clipped} FROM contracts_unauthoriseduse
            WHERE {where} AND annulled_at IS NULL AND during && {span}""",
        frames.UNAUTHORISED,
    )

    mine = buildings.select("building_id")
    installations = installations.join(mine, on="building_id", how="semi")
    return frames.Inputs(
        buildings=buildings,
        premises=premises.join(mine, on="building_id", how="semi"),
        services=services.join(mine, on="building_id", how="semi"),
        terms=terms.join(mine, on="building_id", how="semi"),
        installations=installations,
        readings=_readings(read, window, installations, months, known_until),
        prices=prices,
        tariff_groups=tariff_groups,
        absences=absences.join(mine, on="building_id", how="semi"),
        unauthorised=unauthorised.join(mine, on="building_id", how="semi"),
        common_history=_common_history(read, window, buildings, months[0]),
    )


def _array(ids: Iterable[int]) -> str:
    return f"ARRAY[{','.join(map(str, ids))}]::bigint[]"


def _readings(
    read: Reader,
    window: Window,
    installations: pl.DataFrame,
    months: tuple[Month, ...],
    known_until: date,
) -> pl.DataFrame:
    """Return what the registers really showed; all their history where the month is not between two readings.

    A register that was read in the month and in the one before needs nothing else: what was read later changes
    nothing of it.
    """
    columns = "SELECT installation_id, taken_on, value_wh, source FROM metering_reading WHERE"
    actual = f"status = {_ACCEPTED} AND source <> {_ESTIMATE}"
    known = f"taken_on < DATE '{known_until}'"
    if installations.is_empty():
        return frames.empty(frames.READINGS)
    ids = _array(installations["installation_id"])
    if len(months) > 1 or (window.premise_ids is not None and installations.height <= _FEW):
        return read(f"{columns} installation_id = ANY ({ids}) AND {actual} AND {known}", frames.READINGS)
    (month,) = months
    before, end = month.previous().first_day, min(month.next().first_day, known_until)
    mine = window.where_building() + (
        "" if window.premise_ids is None else f" AND installation_id = ANY ({ids})"
    )
    near = read(
        f"{columns} {mine} AND {actual} AND taken_on >= DATE '{before}' AND taken_on < DATE '{end}'",
        frames.READINGS,
    )
    bracketed = (
        near.with_columns(inside=pl.col("taken_on") >= month.first_day)
        .group_by("installation_id")
        .agg(pl.col("inside").any().alias("current"), (~pl.col("inside")).any().alias("previous"))
        .filter(pl.col("current") & pl.col("previous"))
    )
    lacking = installations.select("installation_id").join(bracketed, on="installation_id", how="anti")
    if lacking.is_empty():
        return near
    far = read(
        f"""{columns} installation_id = ANY ({_array(lacking["installation_id"])}) AND {actual} AND {known}
            AND NOT (taken_on >= DATE '{before}' AND taken_on < DATE '{end}')""",
        frames.READINGS,
    )
    return pl.concat([near, far])


def _common_history(read: Reader, window: Window, buildings: pl.DataFrame, month: Month) -> pl.DataFrame:
    """Return the deficits executors carry and last year's common needs, of the buildings where they matter.

    Of several balances of a month the last posted one holds.
    """
    asked = buildings.filter(pl.col("common_needs") >= 2)["building_id"]
    if asked.is_empty() or window.premise_ids is not None:
        return frames.empty(frames.COMMON_HISTORY)
    year = Month(month.year - 1, 1)
    return read(
        f"""WITH standing AS (
                SELECT DISTINCT ON (b.building_id, b.period) b.* FROM charging_buildingbalance b
                JOIN charging_run r ON r.id = b.run_id
                WHERE b.building_id = ANY ({_array(asked)}) AND r.state = 4 AND r.kind <> 3
                  AND b.period >= DATE '{year.first_day}' AND b.period < DATE '{month.first_day}'
                ORDER BY b.building_id, b.period, r.posted_at DESC, r.id DESC)
            SELECT building_id,
                   coalesce(sum(carried_wh) FILTER (WHERE period = DATE '{month.previous().first_day}'), 0)::bigint,
                   count(*) FILTER (WHERE last_year AND method <> 2),
                   coalesce(sum(common_wh) FILTER (WHERE last_year AND method <> 2), 0)::bigint,
                   coalesce(sum(distributed_wh) FILTER (WHERE last_year), 0)::bigint,
                   coalesce(sum(cap_wh) FILTER (WHERE last_year), 0)::bigint
            FROM (SELECT *, period < DATE '{Month(month.year, 1).first_day}' AS last_year FROM standing) s
            GROUP BY building_id""",
        frames.COMMON_HISTORY,
    )
