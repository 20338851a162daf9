"""From the text of a table to what it claims: one row per register that a line says something about."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

from abonent.gateways.spreadsheets import Table
from abonent.usecases.import_readings import reasons
from abonent.usecases.import_readings.columns import Columns

CLAIMS: dict[str, pl.DataType | type[pl.DataType]] = {
    "row_no": pl.Int32,
    "part": pl.Int16,
    "said_zone": pl.String,
    "control": pl.Boolean,
    "taken_on": pl.Date,
    "value_wh": pl.Int64,
    "total_wh": pl.Int64,
    "reasons": pl.List(pl.String),
}
"""`part`: 1–3 for the column T1–T3 the value stood in, else 0. `said_zone`: see ZONES; "" where nothing is said."""

KEYS: dict[str, pl.DataType | type[pl.DataType]] = {
    "row_no": pl.Int32,
    "account": pl.String,
    "serial": pl.String,
    "taken_on": pl.Date,
}

BEYOND_ANY_WH = 10**18
_MOST_WHOLE_DIGITS = 14
_PLAIN_FIGURE = r"^\d{1,12}([.,]\d{1,3})?$"
_SPACES = r"[\s\u00a0\u202f']+"
_DAY = re.compile(r"(\d{1,4})[./\-](\d{1,2})[./\-](\d{2,4})(?:[ T].*)?")
_PLAIN_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL_DAY, _SERIAL_DAYS = date(1899, 12, 30), range(36_526, 73_051)
_ZONES = {
    "single": r"0|един\w*|одно\w*|сутк\w*|общ\w*|кругл\w*|single|all|разом",
    "1": r"[tт] ?1|1",
    "2": r"[tт] ?2|2",
    "3": r"[tт] ?3|3",
    "day": r"день|дн|д|дневн\w*|денн\w*|day",
    "night": r"ночь|ноч|н|ночн\w*|ніч|нічн\w*|night",
    "peak": r"пик|п|пиков\w*|пік|піков\w*|peak",
    "semi": r"полупик|полу пик|пп|полупиков\w*|напівпік\w*|semi ?peak|half ?peak",
}
_CONTROL = re.compile(r"контр|провер|control|inspect", re.IGNORECASE)
_FIELDS = (
    "account",
    "serial",
    "taken_on",
    "kind",
    "zone",
    "value",
    "value_t1",
    "value_t2",
    "value_t3",
    "total",
)


def said(table: Table, columns: Columns) -> pl.DataFrame:
    """Return the cells of the fields by row, trimmed, `row_no` as the sender sees it; lines that are empty left out.

    Column `too_many`: there is something to the right of the last column with a header (an unquoted comma).
    """
    frame = table.frame.with_row_index("row_no", offset=1).slice(columns.header_row)
    width = table.frame.width
    named = (
        max((place for place, header in enumerate(columns.headers, 1) if header), default=width)
        if columns.header_row
        else width
    )
    beyond = (
        [pl.col(str(place)).is_not_null() for place in range(named + 1, width + 1)]
        if table.kind == "csv"
        else []
    )
    spilled = pl.col("row_no").is_in([row + 1 for row in table.spilled]) if table.spilled else pl.lit(False)
    cells = frame.select(
        pl.col("row_no").cast(pl.Int32),
        *(
            pl.col(str(columns.places[field])).str.strip_chars().replace("", None).alias(field)
            if field in columns.places
            else pl.lit(None, dtype=pl.String).alias(field)
            for field in _FIELDS
        ),
        too_many=pl.any_horizontal(spilled, *beyond),
    ).filter(~pl.all_horizontal(pl.col(field).is_null() for field in _FIELDS))
    first = cells.head(1)
    # many forms number their columns 1, 2, 3, … below the header
    numbered = [
        first[field][0] == str(place)
        for field, place in columns.places.items()
        if first.height and first[field][0]
    ]
    return cells.slice(1) if len(numbered) > 2 and all(numbered) else cells


def parse(cells: pl.DataFrame, *, day_first: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return KEYS, a row per line, and CLAIMS, a row per line and register, with what is wrong by itself."""
    cells = cells.with_columns(
        day=_mapped(cells["taken_on"], lambda text: day_of(text, day_first=day_first), pl.Date),
        said_zone=_mapped(cells["zone"], zone_of, pl.String),
        control=_mapped(cells["kind"], lambda text: bool(_CONTROL.search(text)), pl.Boolean).fill_null(False),
        total_wh=_number(cells["total"])[0],
    )
    keys = cells.select(
        "row_no", account=_key(cells["account"]), serial=_key(cells["serial"]), taken_on="day"
    )
    parts = [(0, "value"), (1, "value_t1"), (2, "value_t2"), (3, "value_t3")]
    given = [(part, name) for part, name in parts if cells[name].null_count() < cells.height]
    claims = [_claims(cells, part, name) for part, name in given] or [_claims(cells, 0, "value").clear()]
    silent = cells.filter(pl.all_horizontal(pl.col(name).is_null() for _part, name in parts))
    claims.append(_claims(silent, 0, "value", silent=True))
    return keys, pl.concat(claims)


def _claims(cells: pl.DataFrame, part: int, name: str, *, silent: bool = False) -> pl.DataFrame:
    rows = cells if silent else cells.filter(pl.col(name).is_not_null())
    value_wh, wrong = _number(rows[name])
    claims = rows.with_columns(
        part=pl.lit(part, dtype=pl.Int16), value_wh=value_wh, wrong=wrong, reasons=reasons.EMPTY
    )
    said = {code: pl.col("wrong") == code for code in claims["wrong"].unique().drop_nulls()}
    told = reasons.add(
        claims,
        {
            "too_many_cells": pl.col("too_many"),
            "no_meter": pl.col("account").is_null() & pl.col("serial").is_null(),
            "date_missing": pl.col("taken_on").is_null(),
            "not_a_date": pl.col("taken_on").is_not_null() & pl.col("day").is_null(),
            "unknown_zone": pl.col("zone").is_not_null() & pl.col("said_zone").is_null(),
            "value_missing": pl.lit(silent),
            **said,
        },
    )
    return told.with_columns(pl.col("said_zone").fill_null(""), taken_on="day").select(*CLAIMS)


def _number(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return values in Wh, null where there is none, and codes of what is wrong with them, null where nothing is."""
    plain = texts.str.contains(_PLAIN_FIGURE).fill_null(False)
    kwh = texts.str.replace(",", ".", literal=True).str.to_decimal(scale=3)
    value_wh = pl.select(
        pl.when(plain).then((kwh * 1000).cast(pl.Int64, strict=False)).alias("value_wh")
    ).to_series()
    wrong = pl.Series("wrong", [None], dtype=pl.String).new_from_index(0, texts.len())
    odd = (~plain & texts.is_not_null()).arg_true()
    if odd.is_empty():
        return value_wh, wrong
    slow = pl.DataFrame({"text": texts.gather(odd)}).select(*_odd_number())
    return value_wh.scatter(odd, slow["value_wh"]), wrong.scatter(odd, slow["wrong"])


def _odd_number() -> tuple[pl.Expr, pl.Expr]:
    """Read what is not plainly digits: spaces, signs, zeros in front, more decimals; or say why it cannot be read."""
    text = pl.col("text").str.replace_all(_SPACES, "").str.replace(",", ".", literal=True)
    figure = text.str.contains(r"^\+?\d+(\.\d*)?$")
    whole = text.str.extract(r"^\+?0*(\d*)", 1)
    fraction = text.str.extract(r"\.(\d*)$", 1).fill_null("")
    thousandths = (fraction + "000").str.slice(0, 3).cast(pl.Int64, strict=False)
    value_wh = (
        pl.when(whole.str.len_bytes() > _MOST_WHOLE_DIGITS)
        .then(pl.lit(BEYOND_ANY_WH))
        .otherwise(whole.replace("", "0").cast(pl.Int64, strict=False) * 1000 + thousandths)
    )
    wrong = (
        pl.when(text.str.contains(r"^[-−–]\d+(\.\d*)?$"))
        .then(pl.lit("negative"))
        .when(~figure)
        .then(pl.lit("not_a_number"))
        .when(fraction.str.slice(3).str.strip_chars("0").str.len_bytes() > 0)
        .then(pl.lit("too_precise"))
    )
    return pl.when(figure).then(value_wh).alias("value_wh"), wrong.alias("wrong")


def _key(texts: pl.Series) -> pl.Series:
    """Numbers as they are compared: no spaces, no № before them, no .0 that a spreadsheet added."""
    odd = (~texts.str.contains(r"^[0-9A-Z]+$") & texts.is_not_null()).arg_true()
    if odd.is_empty():
        return texts
    bare = (
        texts.gather(odd).str.replace_all(_SPACES, "").str.strip_prefix("№").str.replace(r"^(\d+)\.0+$", "$1")
    )
    return texts.scatter(odd, bare.str.to_uppercase().replace("", None))


def _mapped(texts: pl.Series, how: Callable[[str], object], kind: type[pl.DataType]) -> pl.Series:
    """Apply a function to each different text once: a million rows hold few different days."""
    different = texts.drop_nulls().unique()
    answers = pl.DataFrame(
        {"text": different, "answer": pl.Series([how(text) for text in different], dtype=kind)},
        schema={"text": pl.String, "answer": kind},
    )
    return texts.to_frame("text").join(answers, on="text", how="left", maintain_order="left")["answer"]


def day_of(text: str, /, *, day_first: bool) -> date | None:
    """Read 20.10.2026, 20/10/26, 2026-10-20, 20261020 or a spreadsheet's number of a day, with or without a time."""
    text = text.strip()
    try:
        if match := _DAY.fullmatch(text):
            first, middle, last = match.groups()
            if len(first) == 4:
                return date(int(first), int(middle), int(last))
            day, month = (first, middle) if day_first else (middle, first)
            return date(int(last) + (2000 if len(last) == 2 else 0), int(month), int(day))
        if match := _PLAIN_DAY.fullmatch(text):
            return date(*map(int, match.groups()))
        if text.isascii() and text.isdigit() and int(text[:9]) in _SERIAL_DAYS:
            return _SERIAL_DAY + timedelta(days=int(text))
    except ValueError:
        pass
    return None


def zone_of(text: str, /) -> str | None:
    """Return single, 1, 2, 3, day, night, peak or semi for the words people use; None for others."""
    word = re.sub(r"[^0-9a-zа-яіїєґ]+", " ", text.lower().replace("ё", "е")).strip()
    word = re.sub(r"^(зона|тариф|шкала|zone) ", "", word)
    return next((zone for zone, words in _ZONES.items() if re.fullmatch(words, word)), None)
