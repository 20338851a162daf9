"""How the table of one sender is to be read: what is told of it once, as JSON, and kept with the agent.

docs/formats/payment-tables.md explains every key by example.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from abonent.gateways.bank_files.model import Malformed
from abonent.gateways.bank_files.presets import PRESETS

REGISTRY_FIELDS = (
    "paid_on",
    "paid_at",
    "external_id",
    "account_text",
    "payer",
    "payer_inn",
    "phone",
    "address",
    "period",
    "amount",
    "transferred",
    "commission",
    "purpose",
)
STATEMENT_FIELDS = (
    "paid_on",
    "made_on",
    "external_id",
    "number",
    "kind",
    "amount",
    "debit",
    "credit",
    "currency",
    "own_account",
    "payer",
    "payer_inn",
    "counterparty_account",
    "counterparty_bic",
    "purpose",
)
JOINED = frozenset({"account_text", "payer", "address", "purpose", "external_id", "paid_on"})
TOTALS = ("rows", "amount", "transferred", "commission", "number", "dated_on", "own_account")
ENCODINGS = ("", "utf-8", "utf-16", "cp1251", "cp866")
_DATE_PARTS = {"dd": "%d", "mm": "%m", "yyyy": "%Y", "yy": "%y", "HH": "%H", "MM": "%M", "SS": "%S"}
_DATE_FORM = re.compile(r"(?:yyyy|yy|dd|mm|HH|MM|SS|[-./: T])+")
_MOST_COLUMNS = 200

Place = int | str
"""A column by its place from 1, or by the words of its heading."""


@dataclass(frozen=True, kw_only=True)
class ControlLine:
    """The line a registry adds itself up in: what it begins with, and where in it each total stands, from 1."""

    begins: str
    first: bool = False
    required: bool = True
    places: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """`columns`: field → places; more than one are joined by a space. The rest: docs/formats/payment-tables.md."""

    kind: str = "registry"
    columns: Mapping[str, tuple[Place, ...]]
    encoding: str = ""
    delimiter: str = ""
    widths: tuple[int, ...] = ()
    skip_lines: int = 0
    ignore_lines: tuple[str, ...] = ()
    dates: tuple[str, ...] = ("%d.%m.%Y", "%Y-%m-%d")
    decimal: str = ""
    minor_units: bool = False
    currency: str = ""
    own_account: str = ""
    own_account_pattern: str = ""
    account_prefix: str = ""
    commission: str = "withheld"
    commission_negative: bool = False
    debit_negative: bool = False
    accept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    control: ControlLine | None = None

    @property
    def by_heading(self) -> bool:
        places = [place for places in self.columns.values() for place in places]
        return any(isinstance(place, str) for place in [*places, *self.accept])


def check_layout(said: Mapping[str, Any], /) -> None:
    """Refuse a layout that cannot be used, before it is kept. Raises Malformed: no_layout, bad_layout."""
    layout_of(said)


def layout_of(said: Mapping[str, Any], /) -> Layout:
    """Return the layout that a JSON tells; `preset` names a ready one, whose keys the others replace.

    Raises Malformed: no_layout, bad_layout with the key as `field` and what stands there as `value`.
    """
    if not said:
        raise Malformed("no_layout")
    if not isinstance(said, Mapping):
        raise _bad("layout", said)
    merged = dict(said)
    if "preset" in merged:
        name = merged.pop("preset")
        if not isinstance(name, str) or name not in PRESETS:
            raise _bad("preset", name)
        merged = {**PRESETS[name], **merged}
    for key in merged:
        if key not in _READERS:
            raise _bad(str(key), merged[key])
    values = {key: _READERS[key](key, value) for key, value in merged.items() if not key.startswith("_")}
    if "columns" not in values:
        raise _bad("columns", "")
    layout = Layout(**values)
    _check(layout)
    return layout


def with_places(layout: Layout, columns: Mapping[str, tuple[Place, ...]]) -> Layout:
    return dataclasses.replace(layout, columns=columns)


def _check(layout: Layout) -> None:
    allowed = REGISTRY_FIELDS if layout.kind == "registry" else STATEMENT_FIELDS
    for name, places in layout.columns.items():
        if name not in allowed or (len(places) > 1 and name not in JOINED):
            raise _bad(f"columns.{name}", places)
    needed = {"paid_on"} | ({"amount"} if layout.kind == "registry" else set())
    for name in sorted(needed - layout.columns.keys()):
        raise _bad(f"columns.{name}", "")
    if layout.kind == "statement":
        if not {"amount"} & layout.columns.keys() and not {"debit", "credit"} <= layout.columns.keys():
            raise _bad("columns.amount", "")
        if not layout.own_account and not layout.own_account_pattern and "own_account" not in layout.columns:
            raise _bad("own_account", "")
        if layout.control:
            raise _bad("control", layout.control.begins)
    if layout.widths and layout.by_heading:
        raise _bad("widths", layout.widths)


def _bad(field: str, value: object) -> Malformed:
    return Malformed("bad_layout", field=field, value=value)


def _one_of(*allowed: str) -> Any:
    def read(key: str, value: Any) -> str:
        if value not in allowed:
            raise _bad(key, value)
        return str(value)

    return read


def _text(most: int) -> Any:
    def read(key: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise _bad(key, value)
        return value

    return read


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _bad(key, value)
    return value


def _count(key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1000:
        raise _bad(key, value)
    return value


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise _bad(key, value)
    return tuple(value)


def _widths(key: str, value: Any) -> tuple[int, ...]:
    if (
        not isinstance(value, list)
        or not value
        or not all(type(one) is int and 0 < one <= 1000 for one in value)
    ):
        raise _bad(key, value)
    return tuple(value)


def _place(key: str, value: Any) -> Place:
    if type(value) is int and 1 <= value <= _MOST_COLUMNS:
        return value
    if isinstance(value, str) and value.strip():
        return value
    raise _bad(key, value)


def _columns(key: str, value: Any) -> dict[str, tuple[Place, ...]]:
    if not isinstance(value, Mapping) or not value:
        raise _bad(key, value)
    return {
        str(name): tuple(
            _place(f"{key}.{name}", one) for one in (places if isinstance(places, list) else [places])
        )
        for name, places in value.items()
    }


def _dates(key: str, value: Any) -> tuple[str, ...]:
    forms = []
    for one in _texts(key, value):
        if not _DATE_FORM.fullmatch(one) or not {"dd", "mm", "yy"} <= set(re.findall("dd|mm|yy", one)):
            raise _bad(key, one)
        forms.append(re.sub("yyyy|yy|dd|mm|HH|MM|SS", lambda part: _DATE_PARTS[part[0]], one))
    if not forms:
        raise _bad(key, value)
    return tuple(forms)


def _pattern(key: str, value: Any) -> str:
    text = _text(200)(key, value)
    try:
        if re.compile(text).groups != 1:
            raise _bad(key, value)
        pl.Series([""]).str.extract(text, 1)  # it has fewer patterns than Python, and all of them are quick
    except (re.error, pl.exceptions.PolarsError) as error:
        raise _bad(key, value) from error
    return str(text)


def _accept(key: str, value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise _bad(key, value)
    return {str(_place(key, place)): _texts(f"{key}.{place}", texts) for place, texts in value.items()}


def _control(key: str, value: Any) -> ControlLine:
    if not isinstance(value, Mapping) or not value.get("begins"):
        raise _bad(key, value)
    places = {}
    for name, place in value.items():
        if name in ("begins", "first", "required"):
            continue
        if name not in TOTALS or type(place) is not int or not 1 <= place <= _MOST_COLUMNS:
            raise _bad(f"{key}.{name}", place)
        places[str(name)] = place
    if not {"rows", "amount"} & places.keys():
        raise _bad(f"{key}.amount", "")
    return ControlLine(
        begins=_text(40)(f"{key}.begins", value["begins"]),
        first=_flag(f"{key}.first", value.get("first", False)),
        required=_flag(f"{key}.required", value.get("required", True)),
        places=places,
    )


_READERS: Mapping[str, Any] = {
    "kind": _one_of("registry", "statement"),
    "columns": _columns,
    "encoding": _one_of(*ENCODINGS),
    "delimiter": _one_of("", ";", ",", "\t", "|", "^", "~", " ", ":", "#", "!"),
    "widths": _widths,
    "skip_lines": _count,
    "ignore_lines": _texts,
    "dates": _dates,
    "decimal": _one_of("", ",", "."),
    "minor_units": _flag,
    "currency": _text(3),
    "own_account": _text(34),
    "own_account_pattern": _pattern,
    "account_prefix": _text(20),
    "commission": _one_of("withheld", "on_top", "none"),
    "commission_negative": _flag,
    "debit_negative": _flag,
    "accept": _accept,
    "control": _control,
}
