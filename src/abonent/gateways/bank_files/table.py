"""Registries and statements that come as tables, read as a layout tells (layout.py)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from abonent.gateways.bank_files import columns, table_cells, table_statement
from abonent.gateways.bank_files.layout import JOINED, Layout, Place, layout_of, with_places
from abonent.gateways.bank_files.model import (
    REGISTRY,
    Malformed,
    Registry,
    Statement,
    Totals,
)

_HEADER_WITHIN = 60
_WORKBOOK_DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y")
_SUMS = ("amount", "transferred", "commission")
# Latin letters that stand for Cyrillic ones in headings: «Cума» is spelt with either
_ALIKE = str.maketrans("abcehikmoptxyё", "авсенікмортхуе")


def read(
    path: Path, *, today: date, layout: Mapping[str, Any], vouched: bool = False
) -> Statement | Registry:
    """Read a table by its layout. Raises Malformed."""
    said = layout_of(layout)
    cells, encoding, kind = table_cells.read(path, layout=said)
    body = _body(cells, said)
    rows = _Rows(body.rows, kind in table_cells.WORKBOOKS, said, today)
    if said.kind == "statement":
        return table_statement.statement(
            _texts(body.rows, body.layout),
            moments=rows.moments,
            money=rows.money,
            layout=said,
            own_account=said.own_account or _own_account(cells, said),
            encoding=encoding,
            skipped=body.skipped,
            today=today,
            vouched=vouched,
        )
    texts = _texts(body.rows, body.layout)
    frame, doubled = _registry(texts, rows, said)
    if doubled and not vouched:
        raise doubled[0].with_more(doubled[1:])
    registry = Registry(
        format="table",
        encoding=encoding,
        frame=frame,
        stated=body.control.totals(rows) if body.control else Totals(),
        number=body.control.text("number") if body.control else "",
        dated_on=body.control.day(rows) if body.control else None,
        own_account=(body.control.text("own_account") if body.control else "") or said.own_account,
        currency=said.currency,
        discrepancies=tuple(doubled),
        skipped=body.skipped,
    )
    if body.control:
        body.control.check(registry)
    return registry


@dataclass(frozen=True)
class _Rows:
    """How the cells of this table are understood."""

    frame: pl.DataFrame
    of_workbook: bool
    layout: Layout
    today: date

    def money(self, text: pl.Expr) -> pl.Expr:
        return columns.money(
            text,
            decimal=self.layout.decimal,
            in_minor=self.layout.minor_units,
            of_workbook=self.of_workbook,
        )

    def moments(self, text: pl.Expr) -> pl.Expr:
        forms = (*self.layout.dates, *_WORKBOOK_DATES) if self.of_workbook else self.layout.dates
        return columns.day(text, list(dict.fromkeys(forms)))

    @property
    def tell_time(self) -> bool:
        return any("%H" in form for form in self.layout.dates)


@dataclass(frozen=True)
class _Control:
    row_no: int
    cells: Mapping[str, str]

    def text(self, name: str) -> str:
        return self.cells.get(name, "")

    def totals(self, rows: _Rows) -> Totals:
        found: dict[str, int | None] = {}
        for name in ("rows", *_SUMS):
            if name not in self.cells:
                continue
            value = self.cells[name]
            if name == "rows":
                if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
                    raise Malformed("not_a_number", row=self.row_no, field=name, value=value)
                found["rows"] = int(value)
                continue
            read = pl.DataFrame({"text": [value]}).select(rows.money(pl.col("text")))["text"][0]
            if read is None:
                raise Malformed("not_a_sum", row=self.row_no, field=name, value=value)
            found[f"{name}_minor"] = read
        return Totals(**found)

    def day(self, rows: _Rows) -> date | None:
        value = self.text("dated_on")
        if not value:
            return None
        read = pl.DataFrame({"text": [value]}).select(rows.moments(pl.col("text")))["text"][0]
        if read is None:
            raise Malformed("not_a_date", row=self.row_no, field="dated_on", value=value)
        if read.date() > rows.today:
            raise Malformed("in_future", row=self.row_no, field="dated_on", value=value)
        return read.date()

    def check(self, registry: Registry) -> None:
        """Raise Malformed where a total that is stated is not what the rows add up to."""
        counted = registry.counted
        for name in ("rows", *_SUMS):
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


def _registry(texts: pl.DataFrame, rows: _Rows, layout: Layout) -> tuple[pl.DataFrame, list[Malformed]]:
    """Return the frame of a registry, and its rows that look doubled. Raises Malformed."""
    has = set(texts.columns)
    parsed = texts.with_columns(
        rows.moments(pl.col("paid_on")).alias("moment"),
        *(rows.money(pl.col(name)).alias(f"{name}_minor") for name in _SUMS if name in has),
    )
    if layout.commission_negative and "commission" in has:
        parsed = parsed.with_columns(-pl.col("commission_minor"))
    for name in ("transferred", "commission"):  # an empty cell: nothing of it
        if name in has:
            empty = pl.col(name) == ""
            parsed = parsed.with_columns(
                pl.when(empty)
                .then(None)
                .otherwise(pl.col(f"{name}_minor").fill_null(-(10**18)))
                .alias(f"{name}_minor")
            )
    parsed = _complete(parsed, has, layout)
    clock = columns.clock(pl.col("paid_at")) if "paid_at" in has else None
    moment = pl.col("moment").dt.date()
    unread = [
        ((pl.col(f"{name}_minor") == -(10**18)), "not_a_sum", name, pl.col(name))
        for name in ("transferred", "commission")
        if name in has
    ]
    columns.refuse(
        parsed,
        [
            *columns.day_checks(moment, pl.col("paid_on"), "paid_on", rows.today),
            *(
                [(clock.is_null() & (pl.col("paid_at") != ""), "not_a_time", "paid_at", pl.col("paid_at"))]
                if clock is not None
                else []
            ),
            *columns.sum_checks("amount"),
            *unread,
            (pl.col("commission_minor") < 0, "not_positive", "commission", pl.col("commission_minor")),
            (pl.col("transferred_minor") < 0, "not_positive", "transferred", pl.col("transferred_minor")),
            (_does_not_add_up(), "row_total", "transferred", pl.col("transferred_minor")),
        ],
    )
    named = columns.period(pl.col("period")) if "period" in has else pl.lit(None, dtype=pl.Date)
    purpose = _or_nothing("purpose", has)
    if "period" in has:  # what is no period stays readable: the payer may have typed anything
        odd = pl.when(named.is_null() & (pl.col("period") != "")).then(pl.col("period")).otherwise(pl.lit(""))
        purpose = pl.concat_str([purpose, odd], separator=" ").str.strip_chars()
    if clock is not None:
        at = moment.dt.combine(clock)
    else:
        at = pl.col("moment") if rows.tell_time else pl.lit(None, dtype=pl.Datetime("us"))
    account = _or_nothing("account_text", has)
    if layout.account_prefix:
        account = account.str.strip_prefix(layout.account_prefix).str.strip_chars()
    frame = parsed.select(
        "row_no",
        moment.alias("paid_on"),
        at.alias("paid_at"),
        _or_nothing("external_id", has),
        account.alias("account_text"),
        *(_or_nothing(name, has) for name in ("payer", "payer_inn", "phone", "address")),
        named.alias("period"),
        *(f"{name}_minor" for name in _SUMS),
        purpose.alias("purpose"),
    ).cast(REGISTRY)
    return frame, columns.doubled(frame)


def _or_nothing(name: str, has: set[str]) -> pl.Expr:
    return pl.col(name) if name in has else pl.lit("").alias(name)


def _complete(parsed: pl.DataFrame, has: set[str], layout: Layout) -> pl.DataFrame:
    """Tell the commission or what is transferred where the sender leaves one out."""
    amount, nothing = pl.col("amount_minor"), pl.lit(0, dtype=pl.Int64)
    withheld = layout.commission == "withheld"
    for name in ("commission", "transferred"):
        if name not in has:
            parsed = parsed.with_columns(pl.lit(None, dtype=pl.Int64).alias(f"{name}_minor"))
    parsed = parsed.with_columns(
        pl.coalesce(
            "commission_minor", (amount - pl.col("transferred_minor")) if withheld else nothing, nothing
        ).alias("commission_minor")
    )
    return parsed.with_columns(
        pl.coalesce("transferred_minor", (amount - pl.col("commission_minor")) if withheld else amount).alias(
            "transferred_minor"
        )
    )


def _does_not_add_up() -> pl.Expr:
    amount, transferred = pl.col("amount_minor"), pl.col("transferred_minor")
    return (amount != transferred) & (amount != transferred + pl.col("commission_minor"))


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
