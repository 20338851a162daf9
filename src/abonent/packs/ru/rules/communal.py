"""Communal apartments and dormitories, with sections or without (ПП РФ 354 п. 50, 51; app. 2 formulas 7–9, 16, 19, 21).

What a flat's or a section's own meter counted beyond the meters below it is shared out to the rooms under it by their
residents. A room's meter counts where all rooms have one or all agreed to it; without a meter above it a room stands
alone.
"""

from dataclasses import dataclass

import polars as pl

from abonent.engine import allocate
from abonent.packs.ru.rules.segments import ROOM, SECTION


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
    behind = pl.concat(
        [
            of_sections.select("premise_id", node_id="parent_id"),
            counted.join(of_sections, on="premise_id", how="anti").select("premise_id", node_id="root_id"),
            sections.select(premise_id="node_id", node_id="root_id"),
        ]
    )
    rests = _rests(registers, upper.select("node_id"), behind)
    weighted = leaves.join(
        above.select("premise_id", "node_id").join(rests, on="node_id"), on="premise_id", how="inner"
    ).with_columns(resident_days=pl.col("people") * pl.col("days"))
    rows = allocate.allocate(
        weighted.with_columns(total_resident_days=pl.col("resident_days").sum().over("node_id", "zone")),
        total="rest_wh",
        weight="resident_days",
        group=["node_id", "zone"],
        order=["premise_id", "begins_on"],
        into="quantity_wh",
    ).rename({"node_id": "node_premise_id"})
    counted_ids = counted.select("premise_id")
    return Communal(
        share_rows=rows.filter(pl.col("quantity_wh") != 0),
        uncounted=metered.select("premise_id").join(counted_ids, on="premise_id", how="anti"),
        covered=pl.concat([under_meter.select("premise_id"), counted_ids]).unique(),
    )


def _rests(registers: pl.DataFrame, nodes: pl.DataFrame, behind: pl.DataFrame) -> pl.DataFrame:
    """Return node_id, zone, node_wh, metered_wh, rest_wh: what each node's meter counted beyond the meters behind it.

    Zone by zone; where a meter behind counts in other zones, in all of them together, split as the node's own lie.
    """
    own = (
        registers.join(nodes, left_on="premise_id", right_on="node_id")
        .group_by("zone", node_id="premise_id", maintain_order=True)
        .agg(node_wh=pl.col("usage_wh").sum())
    )
    used = (
        registers.join(behind, on="premise_id")
        .group_by("node_id", "zone", maintain_order=True)
        .agg(metered_wh=pl.col("usage_wh").sum())
    )
    foreign = used.join(own, on=["node_id", "zone"], how="anti").select("node_id").unique()
    by_zone = (
        own.join(foreign, on="node_id", how="anti")
        .join(used, on=["node_id", "zone"], how="left")
        .with_columns(pl.col("metered_wh").fill_null(0))
        .with_columns(rest_wh=(pl.col("node_wh") - pl.col("metered_wh")).clip(lower_bound=0))
    )
    if foreign.is_empty():
        return by_zone
    totals = used.group_by("node_id").agg(pl.col("metered_wh").sum())
    together = (
        own.join(foreign, on="node_id", how="semi")
        .join(totals, on="node_id")
        .with_columns(
            zone_wh=pl.col("node_wh").clip(lower_bound=0), node_wh=pl.col("node_wh").sum().over("node_id")
        )
        .with_columns(total_rest_wh=(pl.col("node_wh") - pl.col("metered_wh")).clip(lower_bound=0))
    )
    split = allocate.allocate(
        together, total="total_rest_wh", weight="zone_wh", group="node_id", order="zone", into="rest_wh"
    )
    return pl.concat([by_zone, split.select(by_zone.columns)])
