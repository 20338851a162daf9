"""Figures and dates as each language writes them."""

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from abonent.interfaces.office import formats


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ru", ["1\xa0234,50", "−0,05", "+10,00", "140,461", "04.10.2026", "Октябрь 2026"]),
        ("uk", ["1\xa0234,50", "−0,05", "+10,00", "140,461", "04.10.2026", "Жовтень 2026"]),
        ("en", ["1\xa0234.50", "−0.05", "+10.00", "140.461", "4 Oct 2026", "October 2026"]),
    ],
)
def test_the_language_writes_figures_and_dates(language: str, expected: list[str]) -> None:
    with translation.override(language):
        written = [
            formats.minor(123_450),
            formats.minor(-5),
            formats.signed(1_000),
            formats.kwh(140_461),
            formats.day(date(2026, 10, 4)),
            formats.month(date(2026, 10, 1)),
        ]
    assert written == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.4, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (3_900, "1 h 05 min")]
)
def test_spans(seconds: float, expected: str) -> None:
    with translation.override("en"):
        assert formats.span(seconds) == expected


def test_a_moment_is_told_in_local_time() -> None:
    with translation.override("ru"):
        assert formats.moment(datetime(2026, 10, 4, 22, 30, tzinfo=UTC)) == "05.10.2026 01:30"


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_a_dash(nothing: str | None) -> None:
    assert formats.shown(nothing, "minor") == "–"
    assert formats.shown(0, "minor") != "–"
