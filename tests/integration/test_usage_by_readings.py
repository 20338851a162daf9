"""What the chart of an account's readings draws."""

from datetime import UTC, date, datetime

import pytest
from tests import town as towns

from abonent.contexts.metering.models import Installation, Reading, ReadingSource, ReadingStatus
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.contexts.metering.usage import usage_by_readings
from abonent.kernel.periods import Month

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
SINCE = Month(2026, 7)


@pytest.fixture
def place(db: None) -> Installation:
    """The register of flat 10: 120 kWh a month, last read at 2120 on 20 August."""
    town = towns.build()
    ensure_reading_partitions(first=Month(2026, 11), last=Month(2026, 12))
    return town.installations["10", 1]


def read(place: Installation, day: date, kwh: int, **other: object) -> None:
    values = {"source": ReadingSource.SUBSCRIBER, "status": ReadingStatus.ACCEPTED, "entered_at": AT, **other}
    Reading.objects.create(
        installation=place, building=place.building, taken_on=day, value_wh=kwh * 1000, **values
    )


def drawn(place: Installation) -> dict[str, int]:
    rows = usage_by_readings(premise_id=place.premise_id, first=SINCE)
    return {f"{row['period']:%m}": row["usage_wh"] for row in rows}


def test_a_gap_is_shared_out_by_the_days_of_its_months_to_the_watt_hour(place: Installation) -> None:
    assert drawn(place) == {"07": 120_000, "08": 120_000}
    read(place, date(2026, 11, 5), 2_220)
    # 100 kWh over 30 days of September, 31 of October and 30 of November
    assert drawn(place) == {
        "07": 120_000,
        "08": 120_000,
        "09": 32_967,
        "10": 34_065,
        "11": 32_968,
    }


def test_two_readings_of_a_month_add_up(place: Installation) -> None:
    read(place, date(2026, 8, 25), 2_130)
    read(place, date(2026, 8, 30), 2_135)
    assert drawn(place)["08"] == 135_000


@pytest.mark.parametrize(
    ("source", "usage_wh"),
    [
        (ReadingSource.SUBSCRIBER, 97_900_000),  # five digits: from 2120 through 100000 to 20
        (ReadingSource.INSPECTOR, -2_100_000),
    ],
)
def test_a_fall_is_a_roll_over_but_a_control_reading_is_what_it_is(
    place: Installation, source: int, usage_wh: int
) -> None:
    read(place, date(2026, 9, 20), 20, source=source)
    assert drawn(place)["09"] == usage_wh


def test_estimates_and_annulled_readings_are_not_drawn(place: Installation) -> None:
    read(place, date(2026, 9, 30), 2_500, source=ReadingSource.ESTIMATE)
    read(place, date(2026, 9, 20), 2_600, status=ReadingStatus.ANNULLED)
    assert "09" not in drawn(place)
