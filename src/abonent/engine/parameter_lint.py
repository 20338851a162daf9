"""Mechanical checks of a parameter file: dates ascend, acts are named, figures are quoted, rows are alike."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from abonent.engine.strict_yaml import Document, Path, type_name

CONFIDENCES = ("high", "medium", "low")
_TOP = {"id", "description", "unit", "columns", "key", "type", "versions"}
_VERSION = {"source", "retroactive", "until", "rows", "value"}
_SOURCE = {"act", "url", "published", "confidence"}
_ID = re.compile(r"[a-z]{2}(\.[a-z][a-z0-9_]*)+", re.ASCII)
_FIGURES = {
    "integer": re.compile(r"-?\d+", re.ASCII),
    "decimal": re.compile(r"-?\d+(\.\d+)?", re.ASCII),
    "date": re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII),
    "text": re.compile(r".*\S.*"),
}
_OR_NULL = " or null"
_KINDS = ", ".join(_FIGURES)


@dataclass(frozen=True)
class Problem:
    """One thing wrong: in which file and line, in which version and row, in which field, and why."""

    file: str
    line: int
    where: str
    field: str
    reason: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.where, f"field {self.field}" if self.field else "") if part)
        return f"{self.file}:{self.line}: {place + ': ' if place else ''}{self.reason}"


def check(document: Document, *, file: str) -> list[Problem]:
    """Return everything wrong with a parameter file, in the order of its lines."""
    found = [
        Problem(file, document.line(path), _where(path), _field(path), why)
        for path, why in _all(document.data)
    ]
    return sorted(found, key=lambda problem: problem.line)


def _where(path: Path) -> str:
    if len(path) < 2 or path[0] != "versions":
        return ""
    row = f", row {path[3] + 1}" if len(path) > 3 and path[2] == "rows" and isinstance(path[3], int) else ""
    return f"version {path[1]}{row}"


def _field(path: Path) -> str:
    if path[:1] != ("versions",):
        return ".".join(map(str, path))
    return ".".join(map(str, path[4:] if path[2:3] == ("rows",) and len(path) > 3 else path[2:]))


Finding = tuple[Path, str]


def _all(top: object) -> Iterator[Finding]:
    if not isinstance(top, dict):
        yield (), "a parameter file is a mapping with id, description and versions"
        return
    yield from _unknown(top, _TOP, ())
    if not (isinstance(top.get("id"), str) and _ID.fullmatch(top["id"])):
        yield ("id",), "an id is written as ru.electricity.norms"
    yield from _text(top, "description", ())
    yield from _columns(top)
    versions = top.get("versions")
    if not isinstance(versions, dict) or not versions:
        yield ("versions",), "at least one version is needed, under the day it takes effect"
        return
    starts: list[tuple[date, dict[str, object]]] = []
    for day, content in versions.items():
        path: Path = ("versions", day)
        start = _day(day)
        if start is None:
            yield path, f"a version stands under the day it takes effect, written as 2026-10-01, not {day}"
            continue
        if starts and start <= starts[-1][0]:
            yield path, f"versions must ascend: {day} comes after {starts[-1][0]}"
        if not isinstance(content, dict):
            yield path, "a version needs a source, and rows or a value"
            continue
        starts.append((start, content))
        yield from _version(content, path, start, top)
    yield from _joints(starts)


def _columns(top: dict[str, object]) -> Iterator[Finding]:
    columns = top.get("columns")
    if ("columns" in top) == ("type" in top):
        yield (), "either columns (of a table) or type (of a single value) is needed"
        return
    if columns is None:
        if top.get("type") not in _FIGURES:
            yield ("type",), f"the type is one of {_KINDS}"
        if "key" in top:
            yield ("key",), "a single value has no key"
        return
    if not isinstance(columns, dict) or not columns:
        yield ("columns",), f"columns are a mapping of a name to one of {_KINDS}"
        return
    for name, kind in columns.items():
        if not isinstance(kind, str) or kind.removesuffix(_OR_NULL) not in _FIGURES:
            yield (
                ("columns", name),
                f"the type is one of {_KINDS}, followed by 'or null' when it may be absent",
            )
    key = top.get("key", [])
    if not isinstance(key, list) or not set(map(str, key)) <= set(columns):
        yield ("key",), "the key is a list of columns"


def _version(
    content: dict[str, object], path: Path, start: date, top: dict[str, object]
) -> Iterator[Finding]:
    yield from _unknown(content, _VERSION, path)
    retroactive = content.get("retroactive", False)
    if not isinstance(retroactive, bool):
        yield (*path, "retroactive"), "true or false is needed"
    yield from _source(content.get("source"), (*path, "source"), start, retroactive=retroactive is True)
    until = content.get("until")
    if until is not None and not isinstance(until, date):
        yield (*path, "until"), "a day written as 2026-10-01 is needed"
    elif until is not None and until <= start:
        yield (*path, "until"), f"it ends on {until}, before it has begun"
    if "columns" not in top:
        yield from _value(content, path, top.get("type"))
    elif isinstance(columns := top["columns"], dict):
        yield from _rows(content, path, columns, top.get("key"), start, retroactive=retroactive is True)


def _source(source: object, path: Path, start: date, *, retroactive: bool) -> Iterator[Finding]:
    if not isinstance(source, dict):
        yield path, "a source is needed: act, url and published"
        return
    yield from _unknown(source, _SOURCE, path)
    yield from _text(source, "act", path)
    url = source.get("url")
    if not (isinstance(url, str) and re.fullmatch(r"https?://\S+\.\S+", url)):
        yield (*path, "url"), "the link to the act is needed, beginning with https://"
    published = source.get("published")
    if not isinstance(published, date):
        yield (*path, "published"), "the day of publication is needed, written as 2026-10-01"
    elif published > start and not retroactive:
        reason = f"published on {published}, after it took effect on {start}"
        yield (*path, "published"), f"{reason}: correct it, or say retroactive: true"
    if source.get("confidence") not in CONFIDENCES:
        yield (*path, "confidence"), f"one of {', '.join(CONFIDENCES)} is needed"


def _value(content: dict[str, object], path: Path, kind: object) -> Iterator[Finding]:
    if "rows" in content:
        yield (*path, "rows"), "a parameter with a type has a value, not rows"
    if "value" not in content:
        yield (*path, "value"), "it is missing"
    elif kind in _FIGURES:
        yield from _figure(content["value"], str(kind), (*path, "value"))


def _rows(
    content: dict[str, object],
    path: Path,
    columns: dict[str, object],
    key: object,
    start: date,
    *,
    retroactive: bool,
) -> Iterator[Finding]:
    if "value" in content:
        yield (*path, "value"), "a parameter with columns has rows, not a value"
    rows = content.get("rows")
    if not isinstance(rows, list) or not rows:
        yield (*path, "rows"), "at least one row is needed"
        return
    seen: dict[tuple[str, ...], int] = {}
    for place, row in enumerate(rows):
        at: Path = (*path, "rows", place)
        if not isinstance(row, dict):
            yield at, f"a row is a mapping of columns to figures, not {type_name[type(row)]}"
            continue
        yield from _unknown(row, {*columns, "source"}, at)
        if "source" in row:
            yield from _source(row["source"], (*at, "source"), start, retroactive=retroactive)
        for column, kind in columns.items():
            if column not in row:
                yield (*at, column), "it is missing"
            elif isinstance(kind, str):
                yield from _figure(row[column], kind, (*at, column))
        identity = tuple(str(row.get(column)) for column in (key if isinstance(key, list) else ()))
        if identity in seen:
            what = (
                f"the same {', '.join(map(str, key))}"
                if isinstance(key, list)
                else "a second row without a key,"
            )
            yield at, f"{what} as in row {seen[identity]}"
        seen.setdefault(identity, place + 1)


def _figure(value: object, kind: str, path: Path) -> Iterator[Finding]:
    if value is None and kind.endswith(_OR_NULL):
        return
    base = kind.removesuffix(_OR_NULL)
    if base not in _FIGURES:
        return
    if not isinstance(value, str):
        yield path, f"{_article(base)} in quotes is needed, not {value} without them"
    elif not _FIGURES[base].fullmatch(value):
        yield path, f"{_article(base)} is needed, not {value!r}"


def _article(kind: str) -> str:
    return {
        "integer": "a whole number",
        "decimal": "a number with a dot",
        "date": "a day as 2026-01-31",
        "text": "a text",
    }[kind]


def _joints(starts: list[tuple[date, dict[str, object]]]) -> Iterator[Finding]:
    for (start, content), (following, _) in pairwise(starts):
        until = content.get("until")
        if not isinstance(until, date) or until <= start:
            continue
        path: Path = ("versions", str(start), "until")
        if until > following:
            yield path, f"it overlaps the version of {following}"
        elif until < following:
            yield path, f"nothing is in force from {until} to {following}"


def _unknown(mapping: dict[str, object], known: set[str], path: Path) -> Iterator[Finding]:
    for key in mapping:
        if key not in known:
            yield (*path, key), f"unknown key; known are {', '.join(sorted(known))}"


def _text(mapping: dict[str, object], key: str, path: Path) -> Iterator[Finding]:
    value = mapping.get(key)
    if not isinstance(value, str) or not value.strip():
        yield (*path, key), "a text is needed"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        return None
