"""The treaty between the halves of a run: columns that rules read and columns that they return.

Energy is in watt-hours, areas in dm² (1 m² = 100 dm²), prices in hundred-thousandths of a unit per kWh, money in
minor units. Spans of days are half-open. Ids are those of the database; 0 stands for "none".
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import polars as pl

Schema = Mapping[str, type[pl.DataType]]

BUILDINGS: Schema = {
    "building_id": pl.Int64,
    "apartments": pl.Boolean,
    "premises_area_dm2": pl.Int64,
    "common_area_dm2": pl.Int64,
    "common_norm_category": pl.Int16,
    "common_needs": pl.Int16,
    "common_basis": pl.Int16,
    "excess_to_consumers": pl.Boolean,
}
"""Premises that are not plain flats or houses; `root_id` is the communal apartment a section or a room is part of."""
PREMISES: Schema = {
    "premise_id": pl.Int64,
    "building_id": pl.Int64,
    "kind": pl.Int16,
    "parent_id": pl.Int64,
    "root_id": pl.Int64,
}
SERVICES: Schema = {
    "account_id": pl.Int64,
    "premise_id": pl.Int64,
    "building_id": pl.Int64,
    "share_numerator": pl.Int16,
    "share_denominator": pl.Int16,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
}
TERMS: Schema = {
    "premise_id": pl.Int64,
    "building_id": pl.Int64,
    "tariff_group_id": pl.Int64,
    "area_dm2": pl.Int32,
    "rooms": pl.Int16,
    "residents": pl.Int16,
    "owners": pl.Int16,
    "uplift_cause": pl.Int16,
    "room_meters_agreed": pl.Boolean,
    "agreed_wh_per_month": pl.Int64,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
}
INSTALLATIONS: Schema = {
    "installation_id": pl.Int64,
    "building_id": pl.Int64,
    "premise_id": pl.Int64,
    "zone": pl.Int16,
    "digits": pl.Int16,
    "ratio": pl.Int32,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
}
READINGS: Schema = {
    "installation_id": pl.Int64,
    "taken_on": pl.Date,
    "value_wh": pl.Int64,
    "source": pl.Int16,
}
PRICES: Schema = {
    "price_id": pl.Int64,
    "tariff_group_id": pl.Int64,
    "zone": pl.Int16,
    "band": pl.Int16,
    "price_e5": pl.Int64,
    "price_begins_on": pl.Date,
    "price_ends_on": pl.Date,
}
TARIFF_GROUPS: Schema = {
    "tariff_group_id": pl.Int64,
    "norm_category": pl.Int16,
    "banding": pl.Int16,
    "band_category": pl.Int16,
}
ABSENCES: Schema = {
    "premise_id": pl.Int64,
    "building_id": pl.Int64,
    "people": pl.Int16,
    "left_on": pl.Date,
    "returned_on": pl.Date,
}
UNAUTHORISED: Schema = {
    "premise_id": pl.Int64,
    "building_id": pl.Int64,
    "power_w": pl.Int64,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
}
"""What the months before say of a building: the executor's deficit, and last year's common needs."""
COMMON_HISTORY: Schema = {
    "building_id": pl.Int64,
    "carried_wh": pl.Int64,
    "year_months": pl.Int64,
    "year_common_wh": pl.Int64,
    "year_charged_wh": pl.Int64,
    "year_cap_wh": pl.Int64,
}

LINES: Schema = {
    "account_id": pl.Int64,
    "building_id": pl.Int64,
    "service": pl.Int16,
    "rule": pl.Int16,
    "zone": pl.Int16,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
    "quantity_wh": pl.Int64,
    "price_e5": pl.Int64,
    "amount_minor": pl.Int64,
    "price_id": pl.Int64,
    **{f"because_{place}": pl.Int64 for place in range(1, 7)},
}
EXCEPTIONS: Schema = {"building_id": pl.Int64, "account_id": pl.Int64, "code": pl.String, "facts": pl.String}
BUILDING_BALANCES: Schema = {
    "building_id": pl.Int64,
    "method": pl.Int16,
    **dict.fromkeys(
        (
            "supplied_wh",
            "nonliving_wh",
            "norm_wh",
            "metered_wh",
            "heating_wh",
            "common_wh",
            "cap_wh",
            "distributed_wh",
            "unassigned_wh",
            "executor_wh",
            "negative_wh",
            "unreturned_wh",
            "carried_in_wh",
            "carried_wh",
            "true_up_wh",
            "area_dm2",
            "residents",
        ),
        pl.Int64,
    ),
}
REOPENED: Schema = {"premise_id": pl.Int64, "building_id": pl.Int64, "from_month": pl.Int32}
ESTIMATES: Schema = {"installation_id": pl.Int64, "building_id": pl.Int64, "value_wh": pl.Int64}


@dataclass(frozen=True)
class Inputs:
    """Everything the rules of a month read about a shard of whole buildings, or of some whole premises."""

    buildings: pl.DataFrame
    premises: pl.DataFrame
    services: pl.DataFrame
    terms: pl.DataFrame
    installations: pl.DataFrame
    readings: pl.DataFrame
    prices: pl.DataFrame
    tariff_groups: pl.DataFrame
    absences: pl.DataFrame
    unauthorised: pl.DataFrame
    common_history: pl.DataFrame

    def __post_init__(self) -> None:
        for field in fields(self):
            conform(getattr(self, field.name), _SCHEMAS[field.name], name=field.name)


@dataclass(frozen=True)
class Rated:
    """What the rules of a month return for a shard.

    `reopened`: premises (0: the building's own meter) whose reading of this month closed a gap that began in
    `from_month` (yyyymm): the months since then are to be rated again.
    """

    lines: pl.DataFrame
    exceptions: pl.DataFrame
    building_balances: pl.DataFrame
    estimates: pl.DataFrame
    reopened: pl.DataFrame

    def __post_init__(self) -> None:
        for field in fields(self):
            conform(getattr(self, field.name), _SCHEMAS[field.name], name=field.name)


_SCHEMAS: Mapping[str, Schema] = {
    "buildings": BUILDINGS,
    "premises": PREMISES,
    "services": SERVICES,
    "terms": TERMS,
    "installations": INSTALLATIONS,
    "readings": READINGS,
    "prices": PRICES,
    "tariff_groups": TARIFF_GROUPS,
    "absences": ABSENCES,
    "unauthorised": UNAUTHORISED,
    "common_history": COMMON_HISTORY,
    "lines": LINES,
    "exceptions": EXCEPTIONS,
    "building_balances": BUILDING_BALANCES,
    "estimates": ESTIMATES,
    "reopened": REOPENED,
}


class SchemaMismatch(TypeError):
    """A frame does not have the columns agreed on."""


def conform(frame: pl.DataFrame, schema: Schema, *, name: str) -> None:
    """Check a frame's columns, order and types against the treaty. Raises SchemaMismatch."""
    if dict(frame.schema) != dict(schema) or frame.columns != list(schema):
        raise SchemaMismatch(f"frame {name}: {dict(frame.schema)}, expected {dict(schema)}")


def empty(schema: Schema) -> pl.DataFrame:
    """Return a frame of the schema with no rows."""
    return pl.DataFrame(schema=dict(schema))


def shape(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Return the columns of the schema in its order, strictly cast."""
    return frame.select(pl.col(name).cast(kind, strict=True) for name, kind in schema.items())
