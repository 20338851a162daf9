from datetime import date
from decimal import Decimal

import pytest

from abonent.engine.strict_yaml import YamlError, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4.20", Decimal("4.20")),
        ("150", 150),
        ("-3", -3),
        ("007", "007"),
        ("'150'", "150"),
        ("4,20", "4,20"),
        ("no", "no"),
        ("12:30", "12:30"),
        ("1e3", "1e3"),
        ("true", True),
        ("null", None),
        ("", None),
        ("2026-10-01", date(2026, 10, 1)),
        ("'2026-10-01'", "2026-10-01"),
        ("2026-10", "2026-10"),
    ],
)
def test_scalars(text: str, value: object) -> None:
    read_value = read(f"a: {text}").data
    assert read_value == {"a": value}
    assert isinstance(read_value, dict)
    assert type(read_value["a"]) is type(value)


def test_a_decimal_keeps_its_written_digits() -> None:
    assert str(read("4.20").data) == "4.20"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "the key a stands twice"),
        ("a:\n  - 2026-02-30\n", 2, "no such day"),
        ("a: [1, 2\n", 2, "expected"),
        ("? [a, b]\n: 1\n", 1, "a key must be a plain text"),
        ("a: &x\n  b: *x\n", 1, "alias"),
        ("a: \x07", 1, "special characters"),
        ("a: *nothing\n", 1, "undefined alias"),
    ],
)
def test_refused(text: str, line: int, reason: str) -> None:
    with pytest.raises(YamlError, match=reason) as refusal:
        read(text)
    assert refusal.value.line == line


def test_lines_are_remembered_and_the_nearest_is_given() -> None:
    document = read("a: 1\nb:\n  - c: 2\n  - d: 3\n")
    assert document.line(("b", 1, "d")) == 4
    assert document.line(("b", 1, "missing")) == 4
    assert document.line(()) == 1
