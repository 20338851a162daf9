"""The figures of the pack against those of their sources, written down here a second time."""

from datetime import date
from pathlib import Path

import pytest

from abonent import packs
from abonent.engine import parameters

PACK = Path(packs.__path__[0]) / "ru"


@pytest.fixture(scope="module")
def ru() -> parameters.ParameterSet:
    return parameters.load(PACK)


def figure(found: parameters.ParameterSet, id: str, on: date, column: str, **key: str) -> str | None:
    rows = found.version(id, on=on).rows
    (row,) = [row for row in rows if all(row[name] == value for name, value in key.items())]
    return row[column]


def test_every_file_of_the_pack_is_sound() -> None:
    assert parameters.lint(PACK / "parameters") == []


@pytest.mark.parametrize(
    ("category", "figures"), [("1", ["96", "60", "46", "38", "33"]), ("2", ["147", "91", "71", "57", "50"])]
)
def test_norms_of_two_rooms(ru: parameters.ParameterSet, category: str, figures: list[str]) -> None:
    for residents, kwh in enumerate(figures, start=1):
        key = {"norm_category": category, "rooms": "2", "residents": str(residents)}
        assert figure(ru, "ru.electricity.norms", date(2026, 10, 1), "kwh_per_person", **key) == kwh


def test_norms_fall_with_more_people_and_rise_with_more_rooms(ru: parameters.ParameterSet) -> None:
    rows = ru.version("ru.electricity.norms", on=date(2026, 10, 1)).rows
    columns = ("norm_category", "rooms", "residents", "kwh_per_person")
    table = {(c, r, p): kwh for c, r, p, kwh in ([int(row[name] or 0) for name in columns] for row in rows)}
    assert len(table) == 4 * 4 * 5
    for (category, rooms, people), kwh in table.items():
        assert table.get((category, rooms, people + 1), 0) < kwh
        assert table.get((category, rooms + 1, people), 1000) >= kwh


@pytest.mark.parametrize(
    ("on", "coefficient"),
    [
        (date(2014, 12, 31), "1"),
        (date(2015, 1, 1), "1.1"),
        (date(2015, 7, 1), "1.2"),
        (date(2016, 1, 1), "1.4"),
        (date(2016, 7, 1), "1.5"),
        (date(2020, 6, 30), "1.5"),
        (date(2020, 7, 1), "1"),
    ],
)
def test_uplift_for_want_of_a_meter(ru: parameters.ParameterSet, on: date, coefficient: str) -> None:
    assert figure(ru, "ru.electricity.norm_uplift", on, "coefficient", cause="1") == coefficient


def test_uplift_for_refused_access_outlives_2020(ru: parameters.ParameterSet) -> None:
    assert figure(ru, "ru.electricity.norm_uplift", date(2026, 10, 1), "coefficient", cause="2") == "1.5"


def test_the_bill_for_february_2026_is_due_on_the_tenth_and_for_march_on_the_fifteenth(
    ru: parameters.ParameterSet,
) -> None:
    assert ru.version("ru.payment.due_day", on=date(2026, 2, 1)).value == "10"
    assert ru.version("ru.payment.due_day", on=date(2026, 3, 1)).value == "15"


def test_an_average_has_no_last_month_since_2020(ru: parameters.ParameterSet) -> None:
    before = ru.version("ru.electricity.average", on=date(2020, 6, 1)).rows[0]
    since = ru.version("ru.electricity.average", on=date(2020, 7, 1)).rows[0]
    assert (before["max_periods"], since["max_periods"]) == ("3", None)
    assert (since["window_months"], since["min_months"]) == ("6", "3")


@pytest.mark.parametrize(
    ("zone", "urban", "electric"),
    [
        ("1", "4.20", "2.94"),
        ("21", "4.83", "3.38"),
        ("22", "1.50", "1.04"),
        ("31", "5.46", "3.82"),
        ("32", "4.20", "2.94"),
        ("33", "1.50", "1.04"),
    ],
)
def test_prices_of_the_second_half_of_2022(
    ru: parameters.ParameterSet, zone: str, urban: str, electric: str
) -> None:
    for group, price in (("urban", urban), ("urban_electric", electric), ("rural", electric)):
        on = date(2022, 7, 1)
        assert figure(ru, "ru.electricity.household_prices", on, "price", group=group, zone=zone) == price


def test_every_group_has_a_price_in_every_zone_at_any_time(ru: parameters.ParameterSet) -> None:
    for version in ru.versions("ru.electricity.household_prices"):
        assert len(version.rows) == 3 * 6


def test_the_common_needs_norm_of_the_worked_example(ru: parameters.ParameterSet) -> None:
    assert figure(ru, "ru.electricity.common_norms", date(2026, 10, 1), "kwh_per_m2", category="3") == "3.94"
