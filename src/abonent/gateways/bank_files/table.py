"""Registries and statements that come as tables, read as a layout tells (layout.py)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from abonent.gateways.bank_files import columns, table_cells, table_registry, table_statement
from abonent.gateways.bank_files.layout import JOINED, Layout, Place, layout_of, with_places
from abonent.gateways.bank_files.model import (
    Malformed,
    Registry,
    Statement,
    Totals,
)
from abonent.gateways.bank_files.table_values import SUMS, Values

_HEADER_WITHIN = 60
# Latin letters that stand for Cyrillic ones in headings: «Cума» is spelt with either
_ALIKE = str.maketrans("abcehikmoptxyё", "авсенікмортхуе")


def read(
    path: Path, *, today: date, layout: Mapping[str, Any], vouched: bool = False
) -> Statement | Registry:
    """Read a table by its layout. Raises Malformed."""
    said = layout_of(layout)
    cells, encoding, kind = table_cells.read(path, layout=said)
    body = _body(cells, said)
    values = Values(layout=said, of_workbook=kind in table_cells.WORKBOOKS, today=today)
    texts = _texts(body.rows, body.layout)
    if said.kind == "statement":
        return table_statement.statement(
            texts,
            values=values,
            own_account=said.own_account or _own_account(cells, said),
            encoding=encoding,
            skipped=body.skipped,
            vouched=vouched,
        )
    frame = table_registry.frame(texts, values=values)
    doubled = columns.doubled(frame)
    if doubled and not vouched:
        raise doubled[0].with_more(doubled[1:])
    registry = Registry(
        format="table",
        encoding=encoding,
        frame=frame,
        stated=body.control.totals(values) if body.control else Totals(),
        number=body.control.text("number") if body.control else "",
        dated_on=body.control.day(values) if body.control else None,
        own_account=(body.control.text("own_account") if body.control else "") or said.own_account,
        currency=said.currency,
        discrepancies=tuple(doubled),
        skipped=body.skipped,
    )
    if body.control:
        body.control.check(registry)
    return registry


@dataclass(frozen=True)
class _Control:
    row_no: int
    cells: Mapping[str, str]

    def text(self, name: str) -> str:
        return self.cells.get(name, "")

    def totals(self, values: Values) -> Totals:
        found: dict[str, int | None] = {}
        for name in ("rows", *SUMS):
            if name not in self.cells:
                continue
            value = self.cells[name]
            if name == "rows":
                if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
                    raise Malformed("not_a_number", row=self.row_no, field=name, value=value)
                found["rows"] = int(value)
                continue
            read = values.minor(value)
            if read is None:
                raise Malformed("not_a_sum", row=self.row_no, field=name, value=value)
            negated = name == "commission" and values.layout.commission_negative
            found[f"{name}_minor"] = -read if negated else read
        return Totals(**found)

    def day(self, values: Values) -> date | None:
        value = self.text("dated_on")
        if not value:
            return None
        read = values.day(value)
        if read is None:
            raise Malformed("not_a_date", row=self.row_no, field="dated_on", value=value)
        if read > values.today:
            raise Malformed("in_future", row=self.row_no, field="dated_on", value=value)
        return read

    def check(self, registry: Registry) -> None:
        """Raise Malformed where a total that is stated is not what the rows add up to."""
        counted = registry.counted
        for name in ("rows", *SUMS):
            key = "rows" if name == "rows" else f"{name}_minor"
            stated = getattr(registry.stated, key)
            if stated is not None and stated != getattr(counted, key):
                raise Malformed(
                    "stated_rows" if name == "rows" else "stated_total",
                    row=self.row_no,
                    field=name,
                    value=self.cells[name],
                    stated_minor=stated,
                    counted_minor=getattr(counted, key),
                )


@dataclass(frozen=True)
class _Body:
    rows: pl.DataFrame
    layout: Layout
    control: _Control | None
    skipped: tuple[int, ...]


def _body(cells: pl.DataFrame, layout: Layout) -> _Body:
    """Part the rows of payments from titles, headings, remarks and the control line. Raises Malformed."""
    places = [name for name in cells.columns if name != "row_no"]
    cells = cells.filter(
        pl.any_horizontal(pl.col(places).is_not_null()), pl.col("row_no") > layout.skip_lines
    )
    lead = pl.coalesce(places)
    if layout.ignore_lines:
        ignored = pl.any_horizontal([lead.str.starts_with(one) for one in layout.ignore_lines])
        cells = cells.filter(~ignored.fill_null(value=False))
    control, cells = _part_control(cells, lead, layout)
    chosen = layout.columns
    accept = layout.accept
    if layout.by_heading:
        header, headings = _header(cells, places, layout)
        chosen = {name: tuple(_place(one, headings) for one in some) for name, some in chosen.items()}
        accept = {str(_place(_as_place(one), headings)): texts for one, texts in accept.items()}
        last = max(headings.values())
        again = pl.all_horizontal([pl.col(one).eq_missing(header[one]) for one in places])
        cells = cells.filter(pl.col("row_no") > header["row_no"], ~again)
        beyond = [name for name in places if int(name) > last]
        if beyond:
            wide = cells.filter(pl.any_horizontal(pl.col(beyond).is_not_null()))
            if not wide.is_empty():
                raise Malformed("fields", row=wide["row_no"][0], expected=last, found=len(places))
    missing = [place for some in chosen.values() for place in some if str(place) not in places]
    if missing:
        raise Malformed(
            "fields", row=cells["row_no"][0] if cells.height else 0, expected=missing[0], found=len(places)
        )
    skipped: tuple[int, ...] = ()
    for place, texts in accept.items():
        if place not in places:
            raise Malformed("bad_layout", field="accept", value=place)
        right = pl.col(place).fill_null("").is_in(list(texts))
        skipped += tuple(cells.filter(~right)["row_no"])
        cells = cells.filter(right)
    if cells.is_empty() and not skipped:
        raise Malformed("no_documents")
    return _Body(cells, with_places(layout, chosen), control, tuple(sorted(skipped)))


def _as_place(said: str) -> Place:
    return int(said) if said.isdigit() else said


def _part_control(cells: pl.DataFrame, lead: pl.Expr, layout: Layout) -> tuple[_Control | None, pl.DataFrame]:
    said = layout.control
    if said is None:
        return None, cells
    is_control = lead.str.starts_with(said.begins)
    found = cells.filter(is_control)
    if found.is_empty():
        if said.required:
            raise Malformed("no_total", row=cells["row_no"][-1] if cells.height else 0, value=said.begins)
        return None, cells
    if found.height > 1:
        raise Malformed("repeated", row=found["row_no"][1], value=said.begins, other_row=found["row_no"][0])
    row = found.row(0, named=True)
    others = cells.filter(~is_control)
    after = others.filter(pl.col("row_no") > row["row_no"])
    if not said.first and not after.is_empty():
        raise Malformed("after_end", row=after["row_no"][0])
    texts = {}
    for name, place in said.places.items():
        value = row.get(str(place)) or ""
        texts[name] = value.removeprefix(said.begins).strip() if place == 1 else value
    return _Control(row["row_no"], texts), others


def _header(
    cells: pl.DataFrame, places: Sequence[str], layout: Layout
) -> tuple[dict[str, Any], dict[str, int]]:
    """Find the row that has every heading of the layout. Raises Malformed: no_header with a heading that is wanting."""
    wanted = {
        words(place)
        for place in [*(one for some in layout.columns.values() for one in some), *layout.accept]
        if isinstance(place, str) and not place.isdigit()
    }
    fewest, missing = len(wanted) + 1, ""
    for row in cells.head(_HEADER_WITHIN).iter_rows(named=True):
        placed: dict[str, int] = {}
        for place in places:
            if row[place] is not None:
                placed.setdefault(words(row[place]), int(place))
        absent = wanted - placed.keys()
        if not absent:
            return row, placed
        if len(absent) < fewest:
            fewest, missing = len(absent), min(absent)
    raise Malformed("no_header", value=missing)


def _place(said: Place, headings: Mapping[str, int]) -> int:
    return said if isinstance(said, int) else headings[words(said)]


def words(heading: str) -> str:
    """Return a heading to be compared: no case, no punctuation, no letters of the other alphabet."""
    return re.sub(r"[\W_]+", " ", heading.casefold().translate(_ALIKE)).strip()


def _texts(rows: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Name the columns as the layout does, joined where it names several; "" for what is empty."""
    made = []
    for name, places in layout.columns.items():
        chosen = [pl.col(str(place)) for place in places]
        text = (
            pl.concat_str(chosen, separator=" ", ignore_nulls=True)
            if name in JOINED and len(chosen) > 1
            else chosen[0]
        )
        made.append(text.fill_null("").alias(name))
    return rows.select(pl.col("row_no").cast(pl.Int32), *made)


def _own_account(cells: pl.DataFrame, layout: Layout) -> str:
    """Find the account of a statement in the titles above it."""
    if not layout.own_account_pattern:
        return ""
    places = [name for name in cells.columns if name != "row_no"]
    titles = (
        cells.head(_HEADER_WITHIN)
        .select(
            pl.concat_str(places, separator=" ", ignore_nulls=True)
            .str.extract(layout.own_account_pattern, 1)
            .alias("found")
        )["found"]
        .drop_nulls()
    )
    if titles.is_empty():
        raise Malformed("missing", field="own_account", value=layout.own_account_pattern)
    return str(titles[0])
