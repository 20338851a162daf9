"""Communal apartments and dormitories, with sections or without (ПП РФ 354 п. 50, 51; app. 2 formulas 7–9, 16, 19, 21).

What a flat's or a section's own meter counted beyond the meters below it is shared out to the rooms under it by their
residents. A room's meter counts where all rooms have one or all agreed to it; without a meter above it a room stands
alone.
"""

from dataclasses import dataclass

import polars as pl

from abonent.engine import allocate
from abonent.packs.ru.rules.segments import ROOM, SECTION

SINGLE_RATE = 1


@dataclass(frozen=True)
class Communal:
    """How communal apartments are billed.

    `share_rows`: rows of rooms' segments with their part of a node's rest, by zones. `uncounted`: premises whose
    registers no room is billed by directly. `covered`: rooms that have no need of a norm.
    """

    share_rows: pl.DataFrame
    uncounted: pl.DataFrame
    covered: pl.DataFrame


def tree_of(premises: pl.DataFrame) -> pl.DataFrame:
    """Return premise_id, parent_id, root_id of every part of a communal apartment and of the apartments themselves."""
    parts = premises.filter(pl.col("kind").is_in([SECTION, ROOM])).select(
        "premise_id", "parent_id", "root_id"
    )
    roots = parts.select(premise_id="root_id").unique(maintain_order=True)
    return pl.concat([parts, roots.with_columns(parent_id=pl.lit(0, dtype=pl.Int64), root_id="premise_id")])


def share_apartments(
    tree: pl.DataFrame, segments: pl.DataFrame, registers: pl.DataFrame, terms: pl.DataFrame
) -> Communal:
    """Share what the meters of flats and sections counted out to their rooms.

    `segments`: of the rooms; `registers`: those with known usage.
    """
    metered = (
        registers.join(tree, on="premise_id", how="semi")
        .group_by("premise_id", maintain_order=True)
        .agg(node_wh=pl.col("usage_wh").sum())
    )
    leaves = segments.join(tree, on="premise_id", how="inner")
    is_leaf = leaves.select("premise_id").unique()
    agreed = (
        terms.filter("room_meters_agreed")
        .select(root_id="premise_id")
        .unique()
        .with_columns(agreed=pl.lit(True))
    )
    rooms = (
        leaves.select("premise_id", "parent_id", "root_id")
        .unique(maintain_order=True)
        .join(metered, on="premise_id", how="left")
        .join(agreed, on="root_id", how="left")
        .with_columns(
            by_room_meters=pl.col("node_wh").is_not_null().all().over("root_id")
            | pl.col("agreed").fill_null(False)
        )
    )
    upper = metered.join(is_leaf, on="premise_id", how="anti").rename({"premise_id": "node_id"})
    # the meters above every room: its section's, its flat's
    above = pl.concat(
        [
            rooms.select("premise_id", "root_id", node_id="parent_id"),
            rooms.filter(pl.col("parent_id") != pl.col("root_id")).select(
                "premise_id", "root_id", node_id="root_id"
            ),
        ]
    ).join(upper, on="node_id", how="inner")
    under_meter = above.select("premise_id").unique().with_columns(under_meter=pl.lit(True))
    counted = (
        rooms.join(under_meter, on="premise_id", how="left")
        .filter(pl.col("node_wh").is_not_null(), pl.col("by_room_meters") | pl.col("under_meter").is_null())
        .select("premise_id", room_wh="node_wh", parent_id="parent_id", root_id="root_id")
    )
    # what lies directly behind each upper meter: rooms of it, and for a flat its metered sections instead of theirs
    sections = (
        upper.join(tree, left_on="node_id", right_on="premise_id")
        .filter(pl.col("parent_id") != 0)
        .select("node_id", "root_id", "node_wh")
    )
    of_sections = counted.join(
        sections.select("node_id"), left_on="parent_id", right_on="node_id", how="semi"
    )
    below = (
        pl.concat(
            [
                of_sections.select(node_id="parent_id", wh="room_wh"),
                counted.join(of_sections, on="premise_id", how="anti").select(
                    node_id="root_id", wh="room_wh"
                ),
                sections.select(node_id="root_id", wh="node_wh"),
            ]
        )
        .group_by("node_id")
        .agg(metered_wh=pl.col("wh").sum())
    )
    nodes = (
        upper.join(below, on="node_id", how="left")
        .with_columns(pl.col("metered_wh").fill_null(0))
        .with_columns(rest_wh=(pl.col("node_wh") - pl.col("metered_wh")).clip(lower_bound=0))
    )
    weighted = leaves.join(
        above.select("premise_id", "node_id").join(nodes, on="node_id"), on="premise_id", how="inner"
    ).with_columns(resident_days=pl.col("people") * pl.col("days"))
    rows = allocate.allocate(
        weighted.with_columns(total_resident_days=pl.col("resident_days").sum().over("node_id")),
        total="rest_wh",
        weight="resident_days",
        group="node_id",
        order=["premise_id", "begins_on"],
        into="quantity_wh",
    ).rename({"node_id": "node_premise_id"})
    counted_ids = counted.select("premise_id")
    return Communal(
        share_rows=_by_zones(rows.filter(pl.col("quantity_wh") != 0), registers),
        uncounted=metered.select("premise_id").join(counted_ids, on="premise_id", how="anti"),
        covered=pl.concat([under_meter.select("premise_id"), counted_ids]).unique(),
    )


def _by_zones(rows: pl.DataFrame, registers: pl.DataFrame) -> pl.DataFrame:
    """Split the rows of nodes whose meter counts in zones in the ratio of its zones."""
    zones = registers.filter(pl.col("usage_wh") > 0).select(
        "zone", node_premise_id="premise_id", zone_wh="usage_wh"
    )
    zones = zones.group_by("node_premise_id", "zone", maintain_order=True).agg(pl.col("zone_wh").sum())
    zoned = rows.with_row_index("__row").join(zones, on="node_premise_id", how="inner")
    split = allocate.allocate(
        zoned, total="quantity_wh", weight="zone_wh", group="__row", order="zone", into="__part"
    )
    return split.with_columns(quantity_wh="__part").drop("__row", "__part", "zone_wh")
