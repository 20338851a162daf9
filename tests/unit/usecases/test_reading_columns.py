"""What the columns of a file are taken for, and what its cells say."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.gateways.spreadsheets import Table
from abonent.kernel.decimals import FigureError
from abonent.kernel.quantities import parse_kwh
from abonent.usecases.import_readings import columns, parsing
from abonent.usecases.import_readings.model import BadFile


def table(*lines: str, kind: str = "csv") -> Table:
    rows = [[cell or None for cell in line.split(";")] for line in lines]
    width = max(map(len, rows))
    names = dict.fromkeys(map(str, range(1, width + 1)), pl.String)
    return Table(
        kind, pl.DataFrame([row + [None] * (width - len(row)) for row in rows], schema=names, orient="row")
    )


@pytest.mark.parametrize(
    ("headers", "places", "language"),
    [
        (
            "№;Лицевой счёт;ФИО;Номер ПУ;Дата снятия;Показание Т1;Показание Т2;Показание Т3",
            {"account": 2, "serial": 4, "taken_on": 5, "value_t1": 6, "value_t2": 7, "value_t3": 8},
            "ru",
        ),
        (
            "№;Адрес дома;Номер ПУ или идентификатор ПУ в ГИС ЖКХ;Вид показания;Дата снятия показания;T1;T2;T3",
            {"serial": 3, "kind": 4, "taken_on": 5, "value_t1": 6, "value_t2": 7, "value_t3": 8},
            "ru",
        ),
        (
            "Л/С;Зав. № ПУ;Дата;Зона;Показание, кВт·ч;Предыдущее показание;Дата поверки",
            {"account": 1, "serial": 2, "taken_on": 3, "zone": 4, "value": 5},
            "ru",
        ),
        (
            "№ счётчика;день;ночь;Дата;Итого",
            {"serial": 1, "value_t1": 2, "value_t2": 3, "taken_on": 4, "total": 5},
            "ru",
        ),
        (
            "Особовий рахунок;Номер лічильника;Дата зняття;Показник Т1;Показник Т2",
            {"account": 1, "serial": 2, "taken_on": 3, "value_t1": 4, "value_t2": 5},
            "uk",
        ),
        (
            "Account No;Meter;Reading date;Reading",
            {"account": 1, "serial": 2, "taken_on": 3, "value": 4},
            "en",
        ),
        ("LS;NOMER;DATA;POKAZ", {"account": 1, "serial": 2, "taken_on": 3, "value": 4}, "en"),
        ("№;ФИО;Адрес;Телефон", {}, "ru"),
    ],
)
def test_columns_are_guessed_by_the_words_of_the_header(
    headers: str, places: dict[str, int], language: str
) -> None:
    assert columns.guess(headers.split(";")) == (places, language)


def test_the_header_is_found_below_titles() -> None:
    found = columns.find(
        table("Реестр показаний;;", "за октябрь;;", "ЛС;Дата;Показание", "77;20.10.2026;5"), {}
    )
    assert (found.header_row, found.by_guess, found.missing) == (3, True, ())


def test_a_saved_map_goes_before_any_guess() -> None:
    given_table = table("Показание;Номер;Когда;Лицевой счёт", "5;77;20.10.2026;123")
    found = columns.find(given_table, {"serial": "номер", "value": 1, "taken_on": "КОГДА"})
    assert found.places == {"serial": 2, "value": 1, "taken_on": 3}
    assert not found.by_guess


def test_a_map_of_places_alone_skips_the_header_it_sees() -> None:
    saved = {"account": 1, "taken_on": 2, "value": 3}
    assert columns.find(table("счёт;дата;сколько", "77;20.10.2026;5"), saved).header_row == 1
    assert columns.find(table("77;20.10.2026;5", "78;20.10.2026;6"), saved).header_row == 0


@pytest.mark.parametrize(
    ("saved", "lacking"), [({"serial": "Завод", "value": "Показание"}, ["serial"]), ({"value": 9}, ["value"])]
)
def test_a_map_that_does_not_fit_the_file(saved: dict[str, str | int], lacking: list[str]) -> None:
    with pytest.raises(BadFile) as caught:
        columns.find(table("ЛС;Дата;Показание", "77;20.10.2026;5"), saved)
    assert (caught.value.code, caught.value.facts["fields"]) == ("columns_missing", lacking)


@pytest.mark.parametrize(
    "saved",
    [{"value": 1, "taken_on": 2}, {"serial": 1, "taken_on": 2}, {"serial": 1, "value": 2}, {"sum": 1}],
)
def test_a_map_that_makes_no_reading(saved: dict[str, str | int]) -> None:
    with pytest.raises(ValueError, match=r"map has no|no such field"):
        columns.check_map(saved)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20.10.2026", date(2026, 10, 20)),
        ("5.1.26", date(2026, 1, 5)),
        ("20/10/2026", date(2026, 10, 20)),
        ("2026-10-20", date(2026, 10, 20)),
        ("2026-10-20 00:00:00", date(2026, 10, 20)),
        ("20.10.2026 14:35", date(2026, 10, 20)),
        ("2026-10-20T09:00:00Z", date(2026, 10, 20)),
        ("20261020", date(2026, 10, 20)),
        ("46315", date(2026, 10, 20)),
        ("31.02.2026", None),
        ("10.20.2026", None),
        ("вчера", None),
        ("2026", None),
        ("99999999", None),
    ],
)
def test_days(text: str, day: date | None) -> None:
    assert parsing.day_of(text, day_first=True) == day


def test_days_with_the_month_first() -> None:
    assert parsing.day_of("10/20/2026", day_first=False) == date(2026, 10, 20)
    assert parsing.day_of("2026-10-20", day_first=False) == date(2026, 10, 20)


@given(st.text(max_size=20))
@settings(max_examples=200)
def test_any_text_is_a_day_or_none(text: str) -> None:
    assert parsing.day_of(text, day_first=True) is None or any(map(str.isdigit, text))


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Т1", "1"),
        ("t2", "2"),
        ("Тариф 3", "3"),
        ("День", "day"),
        ("ночная зона", None),
        ("ночная", "night"),
        ("Пик", "peak"),
        ("Полу-пик", "semi"),
        ("ніч", "night"),
        ("одноставочный", "single"),
        ("утро", None),
    ],
)
def test_zones(text: str, zone: str | None) -> None:
    assert parsing.zone_of(text) == zone


def parsed(*lines: str) -> tuple[pl.DataFrame, list[dict]]:
    given_table = table(*lines)
    keys, claims = parsing.parse(parsing.said(given_table, columns.find(given_table, {})), day_first=True)
    return keys, claims.sort("row_no", "part").to_dicts()


HEADER = "ЛС;№ ПУ;Дата;Показание"


@pytest.mark.parametrize(
    ("value", "value_wh", "reasons"),
    [
        ("12345,678", 12_345_678, []),
        ("12 345.6", 12_345_600, []),
        ("12\xa0345", 12_345_000, []),
        ("00042", 42_000, []),
        ("0", 0, []),
        ("+7", 7_000, []),
        ("7.", 7_000, []),
        ("1,2340000", 1_234, []),
        ("1,2341", 1_234, ["too_precise"]),
        ("-5", None, ["negative"]),
        ("−5,5", None, ["negative"]),
        ("нет доступа", None, ["not_a_number"]),
        ("1.234,5", None, ["not_a_number"]),
        ("1E+05", None, ["not_a_number"]),
        (",5", None, ["not_a_number"]),
        ("", None, ["value_missing"]),
        ("999999999999999999999", parsing.BEYOND_ANY_WH, []),
    ],
)
def test_values(value: str, value_wh: int | None, reasons: list[str]) -> None:
    _keys, (row,) = parsed(HEADER, f"77;123;20.10.2026;{value}")
    assert (row["value_wh"], row["reasons"]) == (value_wh, reasons)


@given(st.from_regex(r"[0-9]{1,9}([.,][0-9]{0,5})?", fullmatch=True))
@settings(max_examples=150, deadline=None)
def test_a_figure_is_what_it_is_when_entered_by_hand(text: str) -> None:
    _keys, (row,) = parsed(HEADER, f"77;123;20.10.2026;{text}")
    try:
        assert row["value_wh"] == parse_kwh(text.rstrip(".,"))
        assert not row["reasons"]
    except FigureError as error:
        assert row["reasons"] == [error.code]  # noqa: PT017  either it is read, or refused alike


def test_a_row_says_what_is_wrong_with_each_cell() -> None:
    _keys, rows = parsed(
        HEADER + ";Зона", ";;;5;утро", "77;;35.13.2026;x;день", "", "78;1;20.10.2026;5;;лишнее"
    )
    assert [(row["row_no"], row["reasons"]) for row in rows] == [
        (2, ["no_meter", "date_missing", "unknown_zone"]),
        (3, ["not_a_date", "not_a_number"]),
        (5, ["too_many_cells"]),
    ]


def test_numbers_are_compared_without_what_spreadsheets_add() -> None:
    keys, _rows = parsed(HEADER, " № 0077 ;ab 12;20.10.2026;5", "77.0;12;20.10.2026;5")
    assert keys.select("account", "serial").rows() == [("0077", "AB12"), ("77", "12")]


def test_zones_side_by_side_are_claims_of_their_own() -> None:
    _keys, rows = parsed("№ ПУ;Дата;Т1;Т2;Т3;Итого", "1;20.10.2026;10;20;;30", "2;20.10.2026;5;;;")
    assert [(row["row_no"], row["part"], row["value_wh"], row["total_wh"]) for row in rows] == [
        (2, 1, 10_000, 30_000),
        (2, 2, 20_000, 30_000),
        (3, 1, 5_000, None),
    ]


def test_a_line_that_numbers_the_columns_is_no_reading() -> None:
    _keys, rows = parsed("ЛС;№ ПУ;Дата;Показание", "1;2;3;4", "77;123;20.10.2026;5")
    assert [row["row_no"] for row in rows] == [3]


def test_a_control_reading_is_told_by_its_kind() -> None:
    _keys, rows = parsed(
        "№ ПУ;Вид показания;Дата;Показание", "1;Контрольное;20.10.2026;5", "1;Текущее;20.10.2026;5"
    )
    assert [row["control"] for row in rows] == [True, False]
