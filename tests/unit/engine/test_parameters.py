"""Dated parameters: what is read, what is found for a day, what is refused and why."""

from datetime import date
from pathlib import Path

import pytest

from abonent.engine import parameters

TABLE = """\
id: xx.norms
description: Norm of an example
unit: kWh
columns: {rooms: integer, kwh: decimal}
key: [rooms]
versions:
  2024-01-01:
    source: {act: Order 1, url: https://example.org/1, published: 2023-12-01, confidence: high}
    until: 2025-01-01
    rows:
      - {rooms: "1", kwh: "50"}
      - {rooms: "2", kwh: "60.5"}
  2025-01-01:
    source: {act: Order 2, url: https://example.org/2, published: 2024-12-01, confidence: low}
    rows:
      - {rooms: "1", kwh: "51"}
"""
ROW = '{rooms: "2", kwh: "60.5"}'
LAST_ROWS = '    rows:\n      - {rooms: "1", kwh: "51"}\n'
COLUMNS = "columns: {rooms: integer, kwh: decimal}"
VALUE = """\
id: xx.due_day
description: Day of payment
type: integer
versions:
  2024-01-01:
    source: {act: Law, url: https://example.org/law, published: 2023-12-01, confidence: high}
    value: "10"
"""


def problems(text: str, tmp_path: Path) -> list[str]:
    file = tmp_path / "p.yaml"
    file.write_text(text, encoding="utf-8")
    return [str(problem).removeprefix(f"{file}:") for problem in parameters.lint(file)]


def replaced(old: str, new: str, *, text: str = TABLE) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_the_version_in_force_is_found_by_the_day() -> None:
    found = parameters.ParameterSet({"xx.norms": parameters.parse(TABLE, name="t")})
    last_day = found.version("xx.norms", on=date(2024, 12, 31))
    assert last_day.rows == ({"rooms": "1", "kwh": "50"}, {"rooms": "2", "kwh": "60.5"})
    assert (last_day.effective_from, last_day.source.act) == (date(2024, 1, 1), "Order 1")
    assert found.version("xx.norms", on=date(2025, 1, 1)).rows == ({"rooms": "1", "kwh": "51"},)
    assert [version.source.confidence for version in found.versions("xx.norms")] == ["high", "low"]


def test_a_single_value_is_read() -> None:
    found = parameters.ParameterSet({"xx.due_day": parameters.parse(VALUE, name="t")})
    assert found.version("xx.due_day", on=date(2026, 1, 1)).value == "10"


def test_nothing_is_guessed_for_a_day_without_a_version() -> None:
    ended = parameters.parse(
        replaced('    value: "10"', '    until: 2025-01-01\n    value: "10"', text=VALUE), name="t"
    )
    found = parameters.ParameterSet({ended.id: ended})
    for day in (date(2023, 12, 31), date(2025, 1, 1)):
        with pytest.raises(
            parameters.ParameterMissingError, match=f"xx.due_day has no version in force on {day}"
        ):
            found.version("xx.due_day", on=day)
    with pytest.raises(parameters.ParameterMissingError, match=r"no parameter is called xx\.other"):
        found.version("xx.other", on=date(2024, 1, 1))


def test_the_hash_sees_figures_and_sources_but_no_comments() -> None:
    def hash_of(text: str) -> str:
        return parameters.ParameterSet({"xx.norms": parameters.parse(text, name="t")}).hash

    assert hash_of(TABLE) == hash_of("# a comment\n" + TABLE)
    assert hash_of(TABLE) != hash_of(replaced('kwh: "51"', 'kwh: "52"'))
    assert hash_of(TABLE) != hash_of(replaced("Order 2", "Order 3"))
    assert hash_of(TABLE) != hash_of(replaced("published: 2024-12-01", "published: 2024-12-02"))


def test_an_overlay_takes_the_place_of_a_whole_parameter(tmp_path: Path) -> None:
    for folder, text in (("pack/parameters", TABLE), ("own", replaced("Order 1", "Our own order"))):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "norms.yaml").write_text(text, encoding="utf-8")
    found = parameters.load(tmp_path / "pack", tmp_path / "own")
    assert found.versions("xx.norms")[0].source.act == "Our own order"
    assert found.hash != parameters.load(tmp_path / "pack").hash


def test_loading_refuses_with_all_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "parameters").mkdir()
    text = replaced('kwh: "51"', "kwh: 51").replace("Order 1", '""')
    (tmp_path / "parameters" / "norms.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(parameters.ParameterError, match=r"field source\.act") as refusal:
        parameters.load(tmp_path)
    assert len(refusal.value.problems) == 2


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  2025-01-01:\n", "  2023-06-01:\n", "13: version 2023-06-01: versions must ascend"),
        ("  2025-01-01:\n", "  2024-01-01:\n", "13: the key 2024-01-01 stands twice"),
        ("  2025-01-01:\n", "  2025-02-30:\n", "takes effect, written as 2026-10-01, not 2025-02-30"),
        ("  2025-01-01:\n", "  2025-1-1:\n", "takes effect, written as 2026-10-01, not 2025-1-1"),
        ("  2025-01-01:\n", "  2024-07-01:\n", "field until: it overlaps the version of 2024-07-01"),
        (
            "  2025-01-01:\n",
            "  2025-07-01:\n",
            "field until: nothing is in force from 2025-01-01 to 2025-07-01",
        ),
        (
            "until: 2025-01-01",
            "until: 2024-01-01",
            "9: version 2024-01-01, field until: it ends on 2024-01-01, before it",
        ),
        ("until: 2025-01-01", "until: soon", "field until: a day written as 2026-10-01 is needed"),
        ("act: Order 2, ", "", "14: version 2025-01-01, field source.act: a text is needed"),
        ("act: Order 2, ", "act: '  ', ", "field source.act: a text is needed"),
        ("url: https://example.org/2, ", "", "field source.url: the link to the act is needed"),
        (
            "url: https://example.org/2, ",
            "url: somewhere, ",
            "field source.url: the link to the act is needed",
        ),
        ("published: 2024-12-01, ", "", "field source.published: the day of publication is needed"),
        (
            "published: 2024-12-01",
            "published: 2025-01-02",
            "field source.published: published on 2025-01-02, after it took effect on 2025-01-01",
        ),
        (", confidence: low", "", "field source.confidence: one of high, medium, low is needed"),
        (
            "confidence: low",
            "confidence: sure",
            "field source.confidence: one of high, medium, low is needed",
        ),
        ("    until: 2025-01-01\n", "    retroactive: maybe\n", "field retroactive: true or false is needed"),
        (
            ROW,
            '{rooms: "2", kwh: 60.5}',
            "12: version 2024-01-01, row 2, field kwh: a number with a dot in quotes is needed",
        ),
        (ROW, '{rooms: 2, kwh: "60.5"}', "row 2, field rooms: a whole number in quotes is needed"),
        (ROW, '{rooms: "2", kwh: "60,5"}', "row 2, field kwh: a number with a dot is needed, not '60,5'"),
        (ROW, '{rooms: "2.0", kwh: "60.5"}', "row 2, field rooms: a whole number is needed"),
        (ROW, '{rooms: "2", kwh: null}', "row 2, field kwh: a number with a dot in quotes is needed"),
        (ROW, '{rooms: "2"}', "row 2, field kwh: it is missing"),
        (ROW, '{rooms: "1", kwh: "60.5"}', "row 2: the same rooms as in row 1"),
        (ROW, '{rooms: "2", kwh: "60.5", stove: "gas"}', "row 2, field stove: unknown key"),
        (ROW, "60.5", "row 2: a row is a mapping of columns to figures, not number"),
        ("key: [rooms]\n", "", "row 2: a second row without a key, as in row 1"),
        ("key: [rooms]", "key: [stove]", "field key: the key is a list of columns"),
        ("unit: kWh", "units: kWh", "3: field units: unknown key; known are"),
        ("    until: 2025-01-01\n", "    untill: 2025-01-01\n", "field untill: unknown key"),
        ("act: Order 2, ", "act: Order 2, note: x, ", "field source.note: unknown key"),
        ("id: xx.norms", "id: Norms", "1: field id: an id is written as ru.electricity.norms"),
        ("description: Norm of an example\n", "", "field description: a text is needed"),
        (COLUMNS, "columns: {rooms: integer, kwh: float}", "field columns.kwh: the type is one of"),
        (COLUMNS + "\n", "", "either columns (of a table) or type"),
        (LAST_ROWS, '    value: "51"\n', "field value: a parameter with columns has rows, not a value"),
        (LAST_ROWS, "    rows: []\n", "field rows: at least one row is needed"),
        ("[rooms]", "[rooms", "6: expected ',' or ']'"),
    ],
)
def test_a_table_is_refused(old: str, new: str, expected: str, tmp_path: Path) -> None:
    found = problems(replaced(old, new), tmp_path)
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '    value: "10"',
            "    value: 10",
            "7: version 2024-01-01, field value: a whole number in quotes is needed, not 10",
        ),
        ('    value: "10"', '    value: "ten"', "field value: a whole number is needed, not 'ten'"),
        ('    value: "10"', "", "field value: it is missing"),
        (
            '    value: "10"',
            '    rows: [{day: "10"}]',
            "field rows: a parameter with a type has a value, not rows",
        ),
        ("type: integer", "type: day", "field type: the type is one of integer, decimal, date, text"),
        ("type: integer", "type: integer\nkey: [day]", "field key: a single value has no key"),
    ],
)
def test_a_value_is_refused(old: str, new: str, expected: str, tmp_path: Path) -> None:
    found = problems(replaced(old, new, text=VALUE), tmp_path)
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize("text", ["", "- a\n", "just a text"])
def test_what_is_no_parameter_file_is_refused(text: str, tmp_path: Path) -> None:
    assert "a parameter file is a mapping" in problems(text, tmp_path)[0]


def test_versions_are_needed(tmp_path: Path) -> None:
    assert any(
        "at least one version is needed" in p for p in problems(TABLE[: TABLE.index("  2024")], tmp_path)
    )


def test_a_later_publication_is_allowed_when_said_to_be_retroactive(tmp_path: Path) -> None:
    late = replaced("published: 2024-12-01", "published: 2025-02-01")
    assert problems(late, tmp_path)
    assert not problems(late.replace(LAST_ROWS, "    retroactive: true\n" + LAST_ROWS), tmp_path)


def test_a_row_may_have_a_source_of_its_own_and_it_is_checked(tmp_path: Path) -> None:
    source = "{act: Ours, url: https://example.org/3, published: 2024-01-01, confidence: low}"
    own = '{rooms: "1", kwh: "51", source: ' + source + "}"
    text = replaced('{rooms: "1", kwh: "51"}', own)
    assert not problems(text, tmp_path)
    assert parameters.parse(text, name="t").versions[1].rows == ({"rooms": "1", "kwh": "51"},)
    assert any(
        "row 1, field source.act" in problem
        for problem in problems(text.replace("act: Ours, ", ""), tmp_path)
    )


def test_one_id_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(TABLE, encoding="utf-8")
    (problem,) = parameters.lint(tmp_path)
    assert (problem.field, problem.file) == ("id", str(tmp_path / "b.yaml"))
    assert "xx.norms is also in" in problem.reason


def test_an_absent_or_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "no parameter files here" in str(parameters.lint(tmp_path)[0])
    assert "cannot be read" in str(parameters.lint(tmp_path / "none.yaml")[0])
