"""Whose reading it is: lines by meter number, by account, or by both, and the values in them by register."""

import polars as pl

from abonent.engine.frames import Schema
from abonent.usecases.import_readings import reasons
from abonent.usecases.import_readings.rows import INSTALLATION_COLUMNS, INSTALLATIONS, Rows

_ACCOUNTS: Schema = {
    "account": pl.String,
    "account_id": pl.Int64,
    "account_premise": pl.Int64,
    "account_building": pl.Int64,
    "parent": pl.Int64,
    "grandparent": pl.Int64,
    "premise_kind": pl.Int16,
    "account_since": pl.Date,
    "account_until": pl.Date,
}
_METERS: Schema = {"serial": pl.String, **INSTALLATIONS}
_COMMON_PROPERTY, _INDIVIDUAL = 3, 1
_GUID = "^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$"
# The zone of a register by the zones its meter tells apart (0 none, 2 two, 3 three) and what the sender calls it.
# T1, T2, T3 of three zones: peak, night, semi-peak, as displays and bills of suppliers number them.
_ZONES = pl.DataFrame(
    [
        *((0, said, 1) for said in ("", "single", "1")),
        *((2, said, 21) for said in ("1", "day")),
        *((2, said, 22) for said in ("2", "night")),
        *((3, said, 31) for said in ("1", "peak")),
        *((3, said, 33) for said in ("2", "night")),
        *((3, said, 32) for said in ("3", "semi")),
    ],
    schema={"scheme": pl.Int16, "said": pl.String, "zone": pl.Int16},
    orient="row",
)


def match(rows: Rows, keys: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Return the claims with the register each is about and, where none can be told, the reasons.

    Columns added: said, zones (how many the meter has), those of INSTALLATIONS.
    """
    lines = _lines(rows, keys)
    candidates = _candidates(rows, lines)
    chosen, registers = _chosen(candidates)
    lines = lines.join(chosen, on="row_no", how="left")
    known, found = pl.col("account_id").is_not_null(), pl.col("meters").is_not_null()
    named = pl.col("serial").is_not_null()
    lost = reasons.add(
        lines.with_columns(reasons=reasons.EMPTY),
        {
            "unknown_account": pl.col("account").is_not_null() & ~known,
            "account_closed": ~pl.col("account_is_open"),
            "unknown_meter": named & ~found & _account_is_known(),
            "no_meter_here": ~named & ~found & known,
            "mismatch": ~pl.col("fits"),
            "ambiguous_meter": (pl.col("meters") > 1) & pl.col("fits"),
        },
    ).filter(pl.col("reasons").list.len() > 0)
    claims = claims.join(lines.select("row_no", "scheme", "zones"), on="row_no", how="left").with_columns(
        said=pl.when(pl.col("part") > 0).then(pl.col("part").cast(pl.String)).otherwise("said_zone")
    )
    claims = claims.join(_ZONES, on=["scheme", "said"], how="left")
    # what is wrong with a whole line is said once
    lost_here = pl.col("scheme").is_null()
    claims = pl.concat(
        [
            claims.filter(~lost_here),
            claims.filter(lost_here).sort("part").unique("row_no", keep="first", maintain_order=True),
        ]
    )
    # forms print a zero in the columns of zones a meter has not
    spare = (
        pl.col("zone").is_null()
        & pl.col("scheme").is_not_null()
        & (pl.col("part") > 1)
        & (pl.col("value_wh") == 0)
    )
    claims = claims.filter(~spare.fill_null(False)).join(registers, on=["row_no", "zone"], how="left")
    zone_unknown = pl.col("scheme").is_not_null() & pl.col("zone").is_null() & ~_has("unknown_zone")
    vague = pl.col("said").is_in(["", "single"])
    claims = reasons.add(
        claims, {"zone_missing": zone_unknown & vague, "no_such_zone": zone_unknown & ~vague}
    )
    if lost.height:
        claims = pl.concat(
            [
                claims.join(lost, on="row_no", how="anti"),
                claims.join(lost.select("row_no", of_line="reasons"), on="row_no")
                .with_columns(reasons=pl.col("reasons").list.concat("of_line"))
                .drop("of_line"),
            ]
        )
    return _totals(claims.drop("scheme"))


def _has(code: str) -> pl.Expr:
    return pl.col("reasons").list.contains(code)


def _account_is_known() -> pl.Expr:
    return pl.col("account").is_null() | pl.col("account_id").is_not_null()


def _lines(rows: Rows, keys: pl.DataFrame) -> pl.DataFrame:
    """Add to every line the account it names."""
    numbers = keys.select("account").drop_nulls().unique()
    accounts = pl.DataFrame(schema=_ACCOUNTS)
    if numbers.height:
        accounts = _accounts(rows, numbers, "a.number = given.account")
        unknown = numbers.join(accounts, on="account", how="anti")
        if unknown.height:  # a spreadsheet takes 0770000024 for a figure
            loose = _accounts(rows, unknown, "ltrim(a.number, '0') = ltrim(given.account, '0')")
            accounts = pl.concat([accounts, loose.unique("account", keep="none")])
    since, until, day = pl.col("account_since"), pl.col("account_until"), pl.col("taken_on")
    return keys.join(accounts, on="account", how="left").with_columns(
        account_is_open=((day >= since) & (until.is_null() | (day < until))).fill_null(True)
    )


def _accounts(rows: Rows, numbers: pl.DataFrame, condition: str) -> pl.DataFrame:
    return rows.read(
        f"""SELECT given.account, a.id, a.premise_id, a.building_id, coalesce(p.parent_id, 0),
                   coalesce(whole.parent_id, 0), p.kind, lower(a.during), upper(a.during)
            FROM {rows.relation(numbers)} JOIN contracts_account a ON {condition}
            JOIN places_premise p ON p.id = a.premise_id
            LEFT JOIN places_premise whole ON whole.id = p.parent_id""",
        _ACCOUNTS,
    )


def _candidates(rows: Rows, lines: pl.DataFrame) -> pl.DataFrame:
    """Return line × register of every meter a line may mean."""
    named = lines.filter(pl.col("serial").is_not_null() & _account_is_known())
    by_serial = named.join(_meters(rows, named.select("serial").unique()), on="serial")
    unnamed = lines.filter(pl.col("serial").is_null() & pl.col("account_id").is_not_null())
    premises = unnamed.select(premise_id="account_premise").unique()
    of_premise = pl.DataFrame(schema=INSTALLATIONS)
    if premises.height:
        of_premise = rows.read(
            f"""SELECT {INSTALLATION_COLUMNS} FROM {rows.relation(premises)}
                JOIN metering_installation i USING (premise_id)
                WHERE i.role = {_INDIVIDUAL} AND NOT isempty(i.during)""",
            INSTALLATIONS,
        )
    by_account = unnamed.join(
        of_premise.with_columns(account_premise="premise_id"), on="account_premise"
    ).select(by_serial.columns)
    return pl.concat([by_serial, by_account])


def _meters(rows: Rows, serials: pl.DataFrame) -> pl.DataFrame:
    if serials.is_empty():
        return pl.DataFrame(schema=_METERS)
    query = f"""SELECT given.serial, {INSTALLATION_COLUMNS} FROM {{}} JOIN metering_meter m ON {{}}
                JOIN metering_installation i ON i.meter_id = m.id AND NOT isempty(i.during)"""
    found = [rows.read(query.format(rows.relation(serials), "m.serial = given.serial"), _METERS)]
    unknown = serials.join(found[0], on="serial", how="anti")
    guids = unknown.filter(pl.col("serial").str.contains(_GUID))
    if guids.height:
        found.append(
            rows.read(query.format(rows.relation(guids), "m.gis_guid = given.serial::uuid"), _METERS)
        )
        unknown = unknown.join(guids, on="serial", how="anti")
    if unknown.height:
        loosely = "ltrim(upper(replace(m.serial, ' ', '')), '0') = ltrim(given.serial, '0')"
        found.append(rows.read(query.format(rows.relation(unknown), loosely), _METERS))
    return pl.concat(found)


def _chosen(candidates: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the meter of every line (how many fit equally well, whether it is the account's), and its registers."""
    day, begins, ends = pl.col("taken_on"), pl.col("begins_on"), pl.col("ends_on")
    premise = pl.col("premise_id")
    of_account = (
        pl.col("account_id").is_null()
        | (premise == pl.col("account_premise"))
        | ((premise > 0) & ((premise == pl.col("parent")) | (premise == pl.col("grandparent"))))
        | (
            (premise == 0)
            & (pl.col("premise_kind") == _COMMON_PROPERTY)
            & (pl.col("building_id") == pl.col("account_building"))
        )
    )
    candidates = candidates.with_columns(fits=of_account).with_columns(
        # the meter of the account first, then one that stands there on the day, then one taken down on it
        score=4 * pl.col("fits").cast(pl.Int8)
        + 2 * ((begins <= day) & (ends.is_null() | (day < ends))).fill_null(True).cast(pl.Int8)
        + ((begins <= day) & (ends.is_null() | (day <= ends))).fill_null(True).cast(pl.Int8)
    )
    meters = candidates.group_by("row_no", "meter_id").agg(pl.col("score").max(), pl.col("fits").any())
    best = meters.join(meters.group_by("row_no").agg(best=pl.col("score").max()), on="row_no").filter(
        pl.col("score") == pl.col("best")
    )
    one = best.group_by("row_no").agg(
        pl.col("meter_id").first(), pl.col("fits").first(), meters=pl.len(), best=pl.col("best").first()
    )
    registers = (
        candidates.drop("fits")
        .join(one.filter("fits", pl.col("meters") == 1), on=["row_no", "meter_id"])
        .sort("score", "begins_on", descending=True)
        .unique(["row_no", "zone"], keep="first", maintain_order=True)
    )
    here = (
        registers.filter(pl.col("score") == pl.col("best"))
        .group_by("row_no")
        .agg(scheme=(pl.col("zone").max() // 10).cast(pl.Int16), zones=pl.len().cast(pl.Int16))
    )
    chosen = one.select("row_no", "fits", "meters").join(here, on="row_no", how="left")
    return chosen, registers.select("row_no", *INSTALLATIONS)


def _totals(claims: pl.DataFrame) -> pl.DataFrame:
    """Doubt lines whose total is not the sum of their zones."""
    total = (
        claims.filter(pl.col("total_wh").is_not_null())
        .group_by("row_no")
        .agg(differs=pl.col("value_wh").sum() != pl.col("total_wh").first())
        .filter("differs")
    )
    if total.is_empty():
        return claims
    return (
        claims.join(total, on="row_no", how="left")
        .with_columns(
            reasons=pl.when("differs")
            .then(pl.col("reasons").list.concat(pl.lit(["total_differs"])))
            .otherwise("reasons")
        )
        .drop("differs")
    )
