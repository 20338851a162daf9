"""YAML read strictly: exact numbers, no doubled keys, few surprises, and the line where each thing stands.

YAML 1.1 turns `no` into false and `12:30` into 750. Here only true and false are booleans, whole numbers
are int, decimal ones Decimal, dates date, and everything else is text.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import yaml

type_name = {
    str: "text",
    bool: "true or false",
    int: "number",
    Decimal: "number",
    date: "date",
    dict: "mapping",
    list: "list",
    type(None): "nothing",
}
"""What to call a value in front of a reader."""

Path = tuple[str | int, ...]
"""Where a value stands: keys of mappings and places in lists, from the top."""

_BOOLEANS = {"true": True, "false": False}
_NOTHING = {"", "~", "null"}
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(0|[1-9]\d*)\.\d+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Document:
    """What a file says, and on which line each path begins."""

    data: object
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class YamlError(ValueError):
    """A text that is not strict YAML. `line` counts from 1, `reason` says why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


def read(text: str) -> Document:
    """Read one YAML document. Raises YamlError."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "not YAML"
        raise YamlError(mark.line + 1 if mark else 1, reason) from error
    except yaml.YAMLError as error:
        raise YamlError(1, str(error)) from error
    lines: dict[Path, int] = {}
    return Document(None if node is None else _value(node, (), lines, frozenset()), lines)


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], around: frozenset[int]) -> object:
    line = node.start_mark.line + 1
    if id(node) in around:
        raise YamlError(line, "an alias to something that contains it")
    lines.setdefault(path, line)
    around |= {id(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, place), lines, around) for place, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, object] = {}
        for key_node, value_node in node.value:
            key, key_line = _key(key_node), key_node.start_mark.line + 1
            if key in mapping:
                raise YamlError(key_line, f"the key {key} stands twice")
            lines[(*path, key)] = key_line
            mapping[key] = _value(value_node, (*path, key), lines, around)
        return mapping
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(node.value, quoted=node.style is not None, line=line)


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise YamlError(node.start_mark.line + 1, "a key must be a plain text")
    return str(node.value)


def _scalar(text: str, *, quoted: bool, line: int) -> object:
    if quoted:
        return text
    if text in _NOTHING:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise YamlError(line, f"no such day: {text}") from None
    return text
