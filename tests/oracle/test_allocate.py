"""Sharing out against fractions: parts add to the whole, each within one unit of its exact share."""

from fractions import Fraction
from random import Random

import polars as pl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from abonent.engine.allocate import allocate

MOST = 2**63 - 1
totals = st.one_of(st.integers(-MOST, MOST), st.integers(-(10**7), 10**7), st.just(0))
weights = st.lists(
    st.one_of(st.integers(0, 10**6), st.just(0), st.just(7), st.integers(0, MOST)), min_size=1, max_size=12
)
buildings = st.lists(st.tuples(totals, weights), min_size=1, max_size=6)


def by_engine(groups: list[tuple[int, list[int]]], *, shuffle: int | None = None) -> list[list[int]]:
    rows = [
        (building, flat, total, weight)
        for building, (total, parts) in enumerate(groups)
        for flat, weight in enumerate(parts)
    ]
    if shuffle is not None:
        Random(shuffle).shuffle(rows)
    schema = {"building": pl.Int64, "flat": pl.Int64, "total": pl.Int64, "weight": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    shared = allocate(frame, total="total", weight="weight", group="building", order="flat", into="share")
    assert shared.columns == [*frame.columns, "share"]
    assert shared.drop("share").equals(frame), "the rows come back as they went in"
    assert shared.schema["share"] == pl.Int64
    found: dict[tuple[int, int], int] = {(row[0], row[1]): row[4] for row in shared.iter_rows()}
    return [
        [found[building, flat] for flat in range(len(parts))] for building, (_, parts) in enumerate(groups)
    ]


def by_hand(total: int, parts: list[int]) -> list[int]:
    """Largest remainder by its definition: give every part its floor, then one unit to the most deserving."""
    whole = sum(parts)
    if not whole:
        return [0] * len(parts)
    exact = [Fraction(abs(total) * part, whole) for part in parts]
    shares = [share.numerator // share.denominator for share in exact]
    while sum(shares) < abs(total):
        most = max(range(len(parts)), key=lambda flat: (exact[flat] - shares[flat], -flat))
        shares[most] += 1
    return [share if total >= 0 else -share for share in shares]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(buildings)
@example([(MOST, [MOST])])
@example([(-MOST, [MOST, MOST, 1])])
@example([(-MOST - 1, [1, 1])])
@example([(100, [1, 1, 1]), (-100, [1, 1, 1]), (100, [0, 0]), (0, [1, 2])])
@example([(1, [0, 5, 5])])
def test_shares_are_those_of_the_largest_remainder(groups: list[tuple[int, list[int]]]) -> None:
    assert by_engine(groups) == [by_hand(total, parts) for total, parts in groups]


@given(buildings)
def test_parts_add_up_to_the_whole_within_a_unit_each(groups: list[tuple[int, list[int]]]) -> None:
    for (total, parts), shares in zip(groups, by_engine(groups), strict=True):
        whole = sum(parts)
        assert sum(shares) == (total if whole else 0)
        for part, share in zip(parts, shares, strict=True):
            assert not whole or abs(share - Fraction(total * part, whole)) < 1
            assert part or share == 0, "a part without weight gets nothing"


@given(buildings, st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(groups: list[tuple[int, list[int]]], shuffle: int) -> None:
    assert by_engine(groups, shuffle=shuffle) == by_engine(groups)


def test_an_empty_frame_stays_empty() -> None:
    schema = {"building": pl.Int64, "flat": pl.Int64, "total": pl.Int64, "weight": pl.Int64}
    shared = allocate(
        pl.DataFrame(schema=schema),
        total="total",
        weight="weight",
        group="building",
        order="flat",
        into="share",
    )
    assert shared.is_empty()
    assert shared.schema["share"] == pl.Int64


def test_groups_of_two_keys_are_apart() -> None:
    frame = pl.DataFrame(
        {
            "building": [1, 1, 1, 1],
            "zone": [21, 21, 22, 22],
            "flat": [1, 2, 1, 2],
            "total": [3, 3, 5, 5],
            "weight": 1,
        }
    )
    shared = allocate(
        frame, total="total", weight="weight", group=["building", "zone"], order="flat", into="share"
    )
    assert shared["share"].to_list() == [2, 1, 3, 2]
