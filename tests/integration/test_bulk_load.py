"""What goes in by COPY comes back the same."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import psycopg
import pytest
from django.db import connection

from abonent.gateways import bulk_load
from abonent.gateways.bulk_load import copy_frame

pytestmark = pytest.mark.django_db

COLUMNS = ["small", "whole", "big", "day", "moment", "flag", "real", "items"]
SAMPLE = {
    "small": np.array([-32768, 0, 32767]),
    "whole": np.array([-(2**31), 0, 2**31 - 1]),
    "big": np.array([-(2**63), 0, 2**63 - 1]),
    "day": np.array(["1987-03-09", "2000-01-01", "2026-10-31"], "datetime64[D]"),
    "moment": np.array(["1999-12-31T23:59:59.999999", "2000-01-01", "2026-10-31T12:00"], "datetime64[us]"),
    "flag": np.array([True, False, True]),
    "real": np.array([0.1, -0.0, 1e300]),
    "items": [np.array([1, 2, 3]), np.array([-1, 0, 2**62])],
}
ROWS = list(
    zip(
        [-32768, 0, 32767],
        [-(2**31), 0, 2**31 - 1],
        [-(2**63), 0, 2**63 - 1],
        [date(1987, 3, 9), date(2000, 1, 1), date(2026, 10, 31)],
        [
            datetime(1999, 12, 31, 23, 59, 59, 999999, UTC),
            datetime(2000, 1, 1, tzinfo=UTC),
            datetime(2026, 10, 31, 12, tzinfo=UTC),
        ],
        [True, False, True],
        [0.1, 0.0, 1e300],
        [[1, -1], [2, 0], [3, 2**62]],
        strict=True,
    )
)


@pytest.fixture
def cursor():
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE sample (small smallint, whole integer, big bigint, day date,"
            " moment timestamptz, flag boolean, real double precision, items bigint[],"
            " note text, during daterange) ON COMMIT DROP"
        )
        yield cursor


def rows_of(cursor, columns):
    cursor.execute(f"SELECT {', '.join(columns)} FROM sample ORDER BY ctid")
    return cursor.fetchall()


def test_every_fixed_width_type_comes_back(cursor):
    assert copy_frame(cursor, "sample", COLUMNS, SAMPLE) == 3
    assert rows_of(cursor, COLUMNS) == ROWS


def test_a_frame_comes_back_like_arrays(cursor):
    frame = pl.DataFrame(
        {name: value for name, value in SAMPLE.items() if name != "items"}
        | {"items": pl.Series(np.stack(SAMPLE["items"], axis=1), dtype=pl.Array(pl.Int64, 2))}
    ).with_columns(pl.col("moment").dt.replace_time_zone("UTC"))
    assert copy_frame(cursor, "sample", COLUMNS, frame) == 3
    assert rows_of(cursor, COLUMNS) == ROWS


def test_many_chunks_keep_every_row_in_order(cursor, monkeypatch):
    monkeypatch.setattr(bulk_load, "_CHUNK_BYTES", 1000)
    numbers = np.arange(1001)
    copy_frame(cursor, "sample", ["big", "items"], {"big": numbers, "items": [numbers * 2]})
    assert rows_of(cursor, ["big", "items"]) == [(n, [2 * n]) for n in range(1001)]


def test_no_rows_are_no_error(cursor):
    assert copy_frame(cursor, "sample", ["big"], {"big": np.array([], int)}) == 0
    assert copy_frame(cursor, "sample", ["note"], pl.DataFrame({"note": []}, schema={"note": pl.String})) == 0
    assert rows_of(cursor, ["big"]) == []


def test_text_ranges_and_nulls_go_as_csv(cursor):
    notes = ["", None, 'д. 5 «"а", б»', "line\nbreak", "\\N", " "]
    frame = pl.DataFrame(
        {
            "big": [1, None, 3, 4, 5, 6],
            "day": [date(2026, 1, 31), None] * 3,
            "note": notes,
            "during": ["[2026-01-01,2026-02-01)", "[2026-01-01,)", None] * 2,
        }
    )
    assert copy_frame(cursor, "sample", ["note", "big", "during", "day"], frame) == 6
    assert [row[0] for row in rows_of(cursor, ["note"])] == notes
    assert [row[0] for row in rows_of(cursor, ["big"])] == [1, None, 3, 4, 5, 6]
    cursor.execute("SELECT note, during::text, upper_inf(during) FROM sample WHERE day IS NULL ORDER BY big")
    found = cursor.fetchall()
    assert found == [
        ("line\nbreak", "[2026-01-01,2026-02-01)", False),
        (" ", None, None),
        (None, "[2026-01-01,)", True),
    ]


def test_open_ranges_and_texts_of_one_length_need_no_csv(cursor):
    days = np.array(["2011-02-28", "2026-10-01"], "datetime64[D]")
    notes = np.array([b"0001", b"0002"])
    assert copy_frame(cursor, "sample", ["during", "note"], {"during": days, "note": notes}) == 2
    assert copy_frame(cursor, "sample", ["during", "note"], {"during": days, "note": ""}) == 2
    assert copy_frame(cursor, "sample", ["during", "note"], {"during": days, "note": "дом"}) == 2
    cursor.execute("SELECT during::text, note FROM sample ORDER BY ctid")
    ranges = ["[2011-02-28,)", "[2026-10-01,)"]
    assert cursor.fetchall() == list(zip(ranges * 3, ["0001", "0002", "", "", "дом", "дом"], strict=True))


@pytest.mark.parametrize(
    ("columns", "frame", "complaint"),
    [
        (["small"], {"small": np.array([32768])}, "32768 does not fit the type int2"),
        (["big"], {"big": np.array([2**63], np.uint64)}, "does not fit the type int8"),
        (["big"], {"big": np.array([1.5])}, "float64"),
        (["big"], pl.DataFrame({"big": [1.5]}), "float64"),
        (["day"], {"day": np.array(["NaT"], "datetime64[D]")}, "missing"),
        (["day"], {"day": np.array([20_000])}, "int64"),
        (["note"], {"note": np.array([1])}, "int64"),
        (["note"], {"note": np.array([b"1", b"22"])}, "different lengths"),
        (["big"], {"big": "1"}, "one text"),
        (["during"], {"during": np.array([1])}, "int64"),
        (["items"], {"items": np.array([1])}, "shape"),
        (["big", "small"], {"big": np.arange(2), "small": np.arange(3)}, "differ in length"),
        (["absent"], {"absent": np.arange(2)}, "no column absent"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(cursor, columns, frame, complaint):
    with pytest.raises(ValueError, match=complaint):
        copy_frame(cursor, "sample", columns, frame)
    assert rows_of(cursor, ["big"]) == []


def test_an_error_of_the_database_comes_through(cursor):
    cursor.execute("ALTER TABLE sample ADD CHECK (small > 0)")
    with pytest.raises(psycopg.errors.CheckViolation):
        copy_frame(cursor, "sample", ["small"], {"small": np.array([1, -1])})


def test_frozen_rows_need_a_table_of_this_transaction(cursor):
    copy_frame(cursor, "sample", ["big"], {"big": np.arange(3)}, freeze=True)
    assert len(rows_of(cursor, ["big"])) == 3
