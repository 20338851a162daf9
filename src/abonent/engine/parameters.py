"""Law as data: dated parameters, each version with its act. Their shape is told in docs/parameters.md."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from abonent.engine import parameter_lint
from abonent.engine.parameter_lint import Problem
from abonent.engine.strict_yaml import Document, YamlError, read
from abonent.kernel.periods import DateRange

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Source:
    """Where a figure comes from. `confidence` is "high", "medium" or "low"."""

    act: str
    url: str
    published: date
    confidence: str


@dataclass(frozen=True)
class Version:
    """What a parameter was during a stretch of days: rows of figures, or one value; figures are texts."""

    id: str
    during: DateRange
    source: Source
    rows: tuple[Row, ...] = ()
    value: str | None = None

    @property
    def effective_from(self) -> date:
        return self.during.start


@dataclass(frozen=True)
class Parameter:
    """A figure or a table of the law, through time. `content` is what its file says."""

    id: str
    versions: tuple[Version, ...]
    content: Mapping[str, Any]


class ParameterError(ValueError):
    """Parameters cannot be used; `problems` are the reasons, one for each place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ParameterMissingError(LookupError):
    """No parameter of this id, or no version of it for this day."""


@dataclass(frozen=True, eq=False)  # one set is one identity, so that what is read out of it can be cached
class ParameterSet:
    """All parameters of a pack."""

    parameters: Mapping[str, Parameter]

    def version(self, id: str, /, *, on: date) -> Version:
        """Return the version in force on a day. Raises ParameterMissingError, never guesses."""
        for version in self._parameter(id).versions:
            if on in version.during:
                return version
        raise ParameterMissingError(f"the parameter {id} has no version in force on {on}")

    def versions(self, id: str, /) -> tuple[Version, ...]:
        """Return all versions, the oldest first. Raises ParameterMissingError."""
        return self._parameter(id).versions

    def replaced(self, *parameters: Parameter) -> "ParameterSet":
        """Return the set with these parameters instead of those of the same id."""
        return replace(self, parameters={**self.parameters, **{one.id: one for one in parameters}})

    @cached_property
    def hash(self) -> str:
        """sha256 over every figure, date and source; formatting and comments do not change it."""
        digest = hashlib.sha256()
        for id in sorted(self.parameters):
            content = self.parameters[id].content
            canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, default=date.isoformat)
            digest.update(canonical.encode())
        return digest.hexdigest()

    def _parameter(self, id: str) -> Parameter:
        try:
            return self.parameters[id]
        except KeyError:
            raise ParameterMissingError(f"no parameter is called {id}") from None


def load(pack_dir: Path, *overlays: Path) -> ParameterSet:
    """Read the parameters below `pack_dir`/parameters, then those of the folders laid over it.

    A parameter of an overlay, a supplier's own region for instance, takes the place of the pack's whole one.
    Raises ParameterError with everything that is wrong.
    """
    found = _load_folder(pack_dir / "parameters")
    for overlay in overlays:
        found |= _load_folder(overlay)
    return ParameterSet(found)


def parse(text: str, /, *, name: str) -> Parameter:
    """Read one parameter from the text of its file. Raises ParameterError."""
    data, problems = _check(text, file=name)
    if problems:
        raise ParameterError(problems)
    return _parameter(data)


def from_content(content: Mapping[str, Any], /, *, name: str) -> Parameter:
    """Make a parameter of what its file would say. Raises ParameterError."""
    if problems := parameter_lint.check(Document(dict(content), {}), file=name):
        raise ParameterError(problems)
    return _parameter(content)


def lint(path: Path, /) -> list[Problem]:
    """Return everything wrong with a parameter file, or with all those below a folder; [] when sound."""
    return _gather(path)[1]


def _load_folder(folder: Path) -> dict[str, Parameter]:
    sound, problems = _gather(folder)
    if problems:
        raise ParameterError(problems)
    return {parameter.id: parameter for parameter in map(_parameter, sound)}


def _gather(path: Path) -> tuple[list[object], list[Problem]]:
    sound: list[object] = []
    problems: list[Problem] = []
    file_of: dict[str, Path] = {}
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    if not files:
        problems.append(Problem(str(path), 1, "", "", "no parameter files here"))
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(str(file), 1, "", "", f"cannot be read: {error}"))
            continue
        data, found = _check(text, file=str(file))
        problems += found
        if not found:
            id = _parameter(data).id
            if id in file_of:
                problems.append(Problem(str(file), 1, "", "id", f"{id} is also in {file_of[id]}"))
            file_of[id] = file
            sound.append(data)
    return sound, problems


def _check(text: str, *, file: str) -> tuple[object, list[Problem]]:
    try:
        document = read(text)
    except YamlError as error:
        return None, [Problem(file, error.line, "", "", error.reason)]
    return document.data, parameter_lint.check(document, file=file)


def _parameter(data: object) -> Parameter:
    """Build from data that passed the lint."""
    assert isinstance(data, Mapping)
    starts = sorted(map(date.fromisoformat, data["versions"]))
    ends: dict[date, date | None] = dict(zip(starts, [*starts[1:], None], strict=True))
    versions = []
    for day, content in data["versions"].items():
        start = date.fromisoformat(day)
        versions.append(
            Version(
                id=data["id"],
                during=DateRange(start, content.get("until") or ends[start]),
                source=Source(**content["source"]),
                rows=tuple(
                    {field: value for field, value in row.items() if field != "source"}
                    for row in content.get("rows", ())
                ),
                value=content.get("value"),
            )
        )
    return Parameter(data["id"], tuple(versions), data)
