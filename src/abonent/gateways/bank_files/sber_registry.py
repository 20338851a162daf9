"""The registry of payments that Сбербанк sends: 13 fields a line, and a last line that begins with = and adds them up.

    03-01-2026;09-32-33;1111;1111999V;100000000001;0000001001;ИВАНОВ И.И.;Г МОСКВА, КВ.1;1225;8575,32;8575,32;0,00;5
    =1;8575,32;8575,32;0,00;686336;06-01-2026

Fields: day, time, branch, till, number of the operation, account, payer, address, period MMYY, sum, what of it is
transferred, commission, a code of the channel. The control line: rows, the three sums, number and day of the registry.
"""

import re
from datetime import date
from pathlib import Path

import polars as pl

from abonent.gateways.bank_files import columns, table_cells, text
from abonent.gateways.bank_files.model import REGISTRY, Malformed, Registry, Totals

FIELDS = (
    "day",
    "time",
    "branch",
    "till",
    "external_id",
    "account_text",
    "payer",
    "address",
    "period_text",
    "amount",
    "transferred",
    "commission",
    "channel",
)
_DAYS = ("%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y")
_TOTALS = ("rows", "amount", "transferred", "commission")
_ACCOUNT_IN_NAME = re.compile(r"(?:^|_)(\d{20})(?:_|\.|$)")
_ROW = re.compile(r"\d{2}[-./]\d{2}[-./]\d{4};\d{2}[-:]\d{2}[-:]\d{2};(?:[^;\n]*;){10}[^;\n]*")


def is_it(head: str) -> bool:
    """Tell by the first line."""
    first = head.lstrip("\ufeff \t\r\n").split("\n", 1)[0].rstrip("\r")
    return bool(_ROW.fullmatch(first)) or (first.startswith("=") and first.count(";") == 5)


def read(path: Path, *, name: str, today: date, vouched: bool = False) -> Registry:
    """Read a registry whose control line agrees with its rows. `name`: what the bank called it. Raises Malformed."""
    content, encoding = text.decode(text.load(path))
    data = content.encode()
    del content
    lines = table_cells.lines_of(data)
    control = _control(lines.drop_nulls())
    is_row = ~pl.col("line").str.starts_with("=")  # null where blank: no row either
    delimiters = pl.col("line").str.count_matches(";", literal=True)
    columns.refuse(lines, [(is_row & (delimiters != len(FIELDS) - 1), "fields", "", pl.col("line"))])
    cells = table_cells.cut(data, delimiter=";", width=len(FIELDS)).filter(lines.select(is_row)["line"])
    del lines, data
    cells = cells.rename(dict(zip(map(str, range(1, len(FIELDS) + 1)), FIELDS, strict=True)))
    cells = cells.drop("branch", "till", "channel").with_columns(
        pl.col(pl.String).str.strip_chars().fill_null("")
    )
    frame = _parse(cells, today)
    registry = Registry(
        format="sber",
        encoding=encoding,
        frame=frame,
        stated=control.totals,
        number=control.number,
        dated_on=control.dated_on,
        own_account=found[1] if (found := _ACCOUNT_IN_NAME.search(name)) else "",
        currency="RUB",
        discrepancies=tuple(doubled := columns.doubled(frame)),
    )
    control.check(registry.counted)
    if control.dated_on > today:
        raise Malformed("in_future", row=control.row_no, field="dated_on", value=control.dated_on)
    if doubled and not vouched:
        raise doubled[0].with_more(doubled[1:])
    return registry


class _Control:
    """The control line, its texts still unread but for the sums."""

    def __init__(self, row_no: int, line: str) -> None:
        cells = [cell.strip() for cell in line.strip().removeprefix("=").split(";")]
        if len(cells) != len(_TOTALS) + 2:
            raise Malformed("fields", row=row_no, value=line, expected=len(_TOTALS) + 2, found=len(cells))
        self.row_no, self.number = row_no, cells[4]
        self._said = dict(zip(_TOTALS, cells, strict=False))
        if not re.fullmatch(r"\d{1,9}", cells[0], re.ASCII):
            raise Malformed("not_a_number", row=row_no, field="rows", value=cells[0])
        read = pl.DataFrame({"text": cells[1:4]}).select(columns.money(pl.col("text")))["text"].to_list()
        for field, value in zip(_TOTALS[1:], read, strict=True):
            if value is None:
                raise Malformed("not_a_sum", row=row_no, field=field, value=self._said[field])
        self.totals = Totals(
            rows=int(cells[0]), amount_minor=read[0], transferred_minor=read[1], commission_minor=read[2]
        )
        day = pl.DataFrame({"day": [cells[5]]}).select(columns.day(pl.col("day"), _DAYS))["day"][0]
        if day is None:
            raise Malformed("not_a_date", row=row_no, field="dated_on", value=cells[5])
        self.dated_on: date = day.date()

    def check(self, counted: Totals) -> None:
        if counted.rows != self.totals.rows:
            raise Malformed(
                "stated_rows", row=self.row_no, field="rows", value=self._said["rows"], counted=counted.rows
            )
        for field in _TOTALS[1:]:
            stated, sum_minor = (getattr(one, f"{field}_minor") for one in (self.totals, counted))
            if stated != sum_minor:
                raise Malformed(
                    "stated_total",
                    row=self.row_no,
                    field=field,
                    value=self._said[field],
                    stated_minor=stated,
                    counted_minor=sum_minor,
                )


def _control(lines: pl.DataFrame) -> _Control:
    controls = lines.filter(pl.col("line").str.starts_with("="))
    if lines.is_empty():
        raise Malformed("empty")
    last_row = lines["row_no"][-1]
    if controls.is_empty():
        raise Malformed("no_total", row=last_row, value=lines["line"][-1])
    row_no, line = controls.row(0)
    if row_no != last_row:
        raise Malformed("after_end", row=lines.filter(pl.col("row_no") > row_no)["row_no"][0])
    return _Control(row_no, line)


def _parse(cells: pl.DataFrame, today: date) -> pl.DataFrame:
    paid_on = columns.day(pl.col("day"), _DAYS)
    sums = ("amount", "transferred", "commission")
    parsed = cells.with_columns(
        paid_on.dt.date().alias("paid_on"),
        columns.clock(pl.col("time")).alias("clock"),
        columns.period(pl.col("period_text")).alias("period"),
        *(columns.money(pl.col(name), in_groups=False).alias(f"{name}_minor") for name in sums),
    )
    columns.refuse(
        parsed,
        [
            *columns.day_checks(pl.col("paid_on"), pl.col("day"), "paid_on", today),
            (pl.col("clock").is_null() & (pl.col("time") != ""), "not_a_time", "paid_at", pl.col("time")),
            *(one for name in sums for one in columns.sum_checks(name, may_be_nothing=name != "amount")),
            (columns.does_not_add_up(), "row_total", "transferred", pl.col("transferred")),
        ],
    )
    # what is no period stays readable: the payer may have typed anything
    odd = pl.col("period").is_null() & (pl.col("period_text") != "")
    return parsed.select(
        pl.col("row_no").cast(pl.Int32),
        "paid_on",
        pl.col("paid_on").dt.combine(pl.col("clock")).alias("paid_at"),
        "external_id",
        "account_text",
        "payer",
        pl.lit("").alias("payer_inn"),
        pl.lit("").alias("phone"),
        "address",
        "period",
        "amount_minor",
        "transferred_minor",
        "commission_minor",
        pl.when(odd).then(pl.col("period_text")).otherwise(pl.lit("")).alias("purpose"),
    ).cast(REGISTRY)
