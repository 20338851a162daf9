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
    "excess_to_consumers": pl.Boolean,
}
NONLIVING: Schema = {"premise_id": pl.Int64}
SERVICES: Schema = {
    "account_id": pl.Int64,
    "premise_id": pl.Int64,
    "building_id": pl.Int64,
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
    "price_e5": pl.Int64,
    "price_begins_on": pl.Date,
    "price_ends_on": pl.Date,
}
TARIFF_GROUPS: Schema = {"tariff_group_id": pl.Int64, "norm_category": pl.Int16}

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
            "area_dm2",
            "residents",
        ),
        pl.Int64,
    ),
}
ESTIMATES: Schema = {"installation_id": pl.Int64, "building_id": pl.Int64, "value_wh": pl.Int64}


@dataclass(frozen=True)
class Inputs:
    """Everything the rules of a month read about a shard of whole buildings."""

    buildings: pl.DataFrame
    nonliving: pl.DataFrame
    services: pl.DataFrame
    terms: pl.DataFrame
    installations: pl.DataFrame
    readings: pl.DataFrame
    prices: pl.DataFrame
    tariff_groups: pl.DataFrame

    def __post_init__(self) -> None:
        for field in fields(self):
            conform(getattr(self, field.name), _SCHEMAS[field.name], name=field.name)


@dataclass(frozen=True)
class Rated:
    """What the rules of a month return for a shard."""

    lines: pl.DataFrame
    exceptions: pl.DataFrame
    building_balances: pl.DataFrame
    estimates: pl.DataFrame

    def __post_init__(self) -> None:
        for field in fields(self):
            conform(getattr(self, field.name), _SCHEMAS[field.name], name=field.name)


_SCHEMAS: Mapping[str, Schema] = {
    "buildings": BUILDINGS,
    "nonliving": NONLIVING,
    "services": SERVICES,
    "terms": TERMS,
    "installations": INSTALLATIONS,
    "readings": READINGS,
    "prices": PRICES,
    "tariff_groups": TARIFF_GROUPS,
    "lines": LINES,
    "exceptions": EXCEPTIONS,
    "building_balances": BUILDING_BALANCES,
    "estimates": ESTIMATES,
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
