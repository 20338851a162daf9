"""Whose reading it is: lines by meter number, by account, or by both, and the values in them by register."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from abonent.engine.frames import Schema
from abonent.usecases.import_readings import reasons
from abonent.usecases.import_readings.rows import INSTALLATION_COLUMNS, INSTALLATIONS, Rows

_ACCOUNTS: Schema = {
    "account": pl.String,
    "account_id": pl.Int64,
    "account_premise": pl.Int64,
    "account_building": pl.Int64,
    "account_since": pl.Date,
    "account_until": pl.Date,
}
_TREE: Schema = {
    "account_premise": pl.Int64,
    "parent": pl.Int64,
    "grandparent": pl.Int64,
    "premise_kind": pl.Int16,
}
_GROUPS: Schema = {"group": pl.Int64, **INSTALLATIONS}
_OPEN = date.max
# registers of a whole meter: how many, and the sum of their zones
_WHOLE = ((2, 21 + 22), (3, 31 + 32 + 33))
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
    lines, groups = rows.both(lambda side: _with_accounts(side, keys), lambda side: _by_serial(side, keys))
    lines = lines.join(groups.names, on="serial", how="left")
    registers = pl.concat([groups.registers, _of_accounts(rows, lines)])
    lines = lines.with_columns(
        group=pl.when(pl.col("serial").is_not_null() & _account_is_known())
        .then("group")
        .when(pl.col("serial").is_null())
        .then(-pl.col("account_premise"))
    ).join(_plain(registers), on="group", how="left")
    # one meter that stands where the account is: nothing to choose
    plain = pl.col("plain_premise").is_not_null() & (
        pl.col("account_id").is_null() | (pl.col("plain_premise") == pl.col("account_premise"))
    )
    lines = lines.with_columns(plain=plain.fill_null(False))
    chosen, of_odd = _chosen(rows, lines.filter(~pl.col("plain")), registers)
    lines = pl.concat(
        [
            lines.filter("plain").with_columns(fits=pl.lit(True), meters=pl.lit(1, dtype=pl.UInt32)),
            lines.filter(~pl.col("plain")).drop("scheme", "zones").join(chosen, on="row_no", how="left"),
        ],
        how="diagonal",
    )
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
    claims = claims.join(
        lines.select("row_no", "group", "plain", "scheme", "zones"), on="row_no", how="left"
    ).with_columns(
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
    claims = claims.filter(~spare.fill_null(False))
    plain = pl.col("plain").fill_null(False)
    claims = pl.concat(
        [
            claims.filter(plain).join(registers, on=["group", "zone"], how="left"),
            claims.filter(~plain).join(of_odd, on=["row_no", "zone"], how="left"),
        ],
        how="diagonal",
    ).drop("group", "plain")
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


def _with_accounts(rows: Rows, keys: pl.DataFrame) -> pl.DataFrame:
    """Add to every line the account it names."""
    numbers = keys.select("account").drop_nulls().unique()
    accounts = pl.DataFrame(schema=_ACCOUNTS)
    if numbers.height:
        accounts = _accounts(rows, numbers, "a.number = given.account")
        if accounts.height < numbers.height:
            unknown = numbers.join(accounts, on="account", how="anti")
            # a spreadsheet takes 0770000024 for a figure
            loose = _accounts(rows, unknown, "ltrim(a.number, '0') = ltrim(given.account, '0')")
            accounts = pl.concat([accounts, loose.unique("account", keep="none")])
    since, until, day = pl.col("account_since"), pl.col("account_until"), pl.col("taken_on")
    return keys.join(accounts, on="account", how="left").with_columns(
        account_is_open=((day >= since) & (until.is_null() | (day < until))).fill_null(True)
    )


def _accounts(rows: Rows, numbers: pl.DataFrame, condition: str) -> pl.DataFrame:
    return rows.read(
        f"""SELECT given.account, a.id, a.premise_id, a.building_id, lower(a.during), upper(a.during)
            FROM {rows.relation(numbers)} JOIN contracts_account a ON {condition}""",
        _ACCOUNTS,
    )


@dataclass(frozen=True)
class _Groups:
    """`names`: serial → group; `registers`: those of every meter that bears the number of a group."""

    names: pl.DataFrame
    registers: pl.DataFrame


def _by_serial(rows: Rows, keys: pl.DataFrame) -> _Groups:
    serials = keys.select("serial").drop_nulls().unique().with_row_index("group", offset=1)
    serials = serials.with_columns(pl.col("group").cast(pl.Int64))
    if serials.is_empty():
        return _Groups(serials, pl.DataFrame(schema=_GROUPS))
    query = f"""SELECT given."group", {INSTALLATION_COLUMNS} FROM {{}} JOIN metering_meter m ON {{}}
                JOIN metering_installation i ON i.meter_id = m.id AND NOT isempty(i.during)"""
    found = [rows.read(query.format(rows.relation(serials), "m.serial = given.serial"), _GROUPS)]
    unknown = serials.join(found[0], on="group", how="anti")
    guids = unknown.filter(pl.col("serial").str.contains(_GUID))
    if guids.height:
        found.append(
            rows.read(query.format(rows.relation(guids), "m.gis_guid = given.serial::uuid"), _GROUPS)
        )
        unknown = unknown.join(guids, on="group", how="anti")
    if unknown.height:
        loosely = "ltrim(upper(replace(m.serial, ' ', '')), '0') = ltrim(given.serial, '0')"
        found.append(rows.read(query.format(rows.relation(unknown), loosely), _GROUPS))
    return _Groups(serials, pl.concat(found))


def _of_accounts(rows: Rows, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the registers in the premises of lines that name an account alone; the group is the premise, negative."""
    premises = (
        lines.filter(pl.col("serial").is_null(), pl.col("account_id").is_not_null())
        .select(premise_id="account_premise")
        .unique()
    )
    if premises.is_empty():
        return pl.DataFrame(schema=_GROUPS)
    return rows.read(
        f"""SELECT -i.premise_id, {INSTALLATION_COLUMNS} FROM {rows.relation(premises)}
            JOIN metering_installation i USING (premise_id)
            WHERE i.role = {_INDIVIDUAL} AND NOT isempty(i.during)""",
        _GROUPS,
    )


def _plain(registers: pl.DataFrame) -> pl.DataFrame:
    """Return the groups that are one meter all of whose registers came and went together, with its zones."""
    ends_on = pl.col("ends_on").fill_null(_OPEN)
    groups = registers.group_by("group").agg(
        pl.len().cast(pl.Int16).alias("zones"),
        zone_sum=pl.col("zone").cast(pl.Int32).sum(),
        one_meter=pl.col("meter_id").min() == pl.col("meter_id").max(),
        together=(pl.col("begins_on").min() == pl.col("begins_on").max()) & (ends_on.min() == ends_on.max()),
        plain_premise=pl.col("premise_id").first(),
        scheme=(pl.col("zone").max() // 10).cast(pl.Int16),
    )
    whole = pl.col("zones") == 1
    for zones, zone_sum in _WHOLE:
        whole |= (pl.col("zones") == zones) & (pl.col("zone_sum") == zone_sum)
    return groups.filter(whole, "one_meter", "together").select("group", "plain_premise", "scheme", "zones")


def _chosen(rows: Rows, lines: pl.DataFrame, registers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the meter of every line (how many fit equally well, whether it is the account's), and its registers."""
    lines = lines.drop("scheme", "zones")
    premises = lines.select("account_premise").drop_nulls().unique()
    tree = pl.DataFrame(schema=_TREE)
    if premises.height:
        tree = rows.read(
            f"""SELECT p.id, coalesce(p.parent_id, 0), coalesce(whole.parent_id, 0), p.kind
                FROM {rows.relation(premises)} JOIN places_premise p ON p.id = given.account_premise
                LEFT JOIN places_premise whole ON whole.id = p.parent_id""",
            _TREE,
        )
    candidates = lines.join(tree, on="account_premise", how="left").join(registers, on="group")
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
    found = (
        candidates.drop("fits")
        .join(one.filter("fits", pl.col("meters") == 1), on=["row_no", "meter_id"])
        .sort("score", "begins_on", descending=True)
        .unique(["row_no", "zone"], keep="first", maintain_order=True)
    )
    here = (
        found.filter(pl.col("score") == pl.col("best"))
        .group_by("row_no")
        .agg(scheme=(pl.col("zone").max() // 10).cast(pl.Int16), zones=pl.len().cast(pl.Int16))
    )
    chosen = one.select("row_no", "fits", "meters").join(here, on="row_no", how="left")
    return chosen, found.select("row_no", *INSTALLATIONS)


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
