"""A month of electricity for a shard of whole buildings, or of some whole premises: from readings to charge lines."""

from collections.abc import Callable, Sequence

import polars as pl

from abonent.engine.frames import (
    BUILDING_BALANCES,
    ESTIMATES,
    EXCEPTIONS,
    LINES,
    REOPENED,
    Inputs,
    Rated,
    empty,
    shape,
)
from abonent.engine.parameters import ParameterSet
from abonent.engine.registry import BECAUSE_WIDTH, rules
from abonent.kernel.periods import Month
from abonent.packs.ru.rules import catalogue, common
from abonent.packs.ru.rules.bands import cut_into_bands, in_first_band
from abonent.packs.ru.rules.bare_days import gone_registers
from abonent.packs.ru.rules.calendar import MONTHS_AT_ONCE, PLACES, Calendar
from abonent.packs.ru.rules.common_zones import Used
from abonent.packs.ru.rules.handovers import part_at_handovers, whole_register
from abonent.packs.ru.rules.households import Energy, use_of_premises
from abonent.packs.ru.rules.lines import to_lines
from abonent.packs.ru.rules.problems import premise_problem
from abonent.packs.ru.rules.segments import (
    HEATING,
    NONLIVING,
    build_segments,
    month_prices,
    price_segments,
    shared_premises,
)
from abonent.packs.ru.rules.settings import read_settings
from abonent.packs.ru.rules.shares import gather_payers, share_out
from abonent.packs.ru.rules.usage import UNKNOWN, measure

SHARED_RULES = tuple(
    rule.number
    for rule in (
        catalogue.COMMON_METERED,
        catalogue.COMMON_NORM,
        catalogue.COMMON_NEGATIVE,
        catalogue.EXECUTOR,
        catalogue.EXECUTOR_NORM,
        catalogue.HOUSING_METERED,
        catalogue.HOUSING_NORM,
        catalogue.HOUSING_AVERAGE,
        catalogue.HOUSING_TRUE_UP,
        catalogue.COMMON_EXCESS,
    )
)
MANUAL_RULE = catalogue.MANUAL.number

# what is charged beyond the energy a household used itself takes no part in what a building gives back
_BEYOND_USE = (catalogue.NORM_UPLIFT, catalogue.UNAUTHORISED)
_PRICED = ["account_id", "building_id", "zone", "begins_on", "ends_on", "quantity_wh", "price_id", "price_e5"]


def rate(inputs: Inputs, parameters: ParameterSet, month: Month, *, with_common_needs: bool = True) -> Rated:
    """Rate a month. `with_common_needs=False` leaves shares of buildings as they were posted.

    An account with anything that cannot be judged gets no line at all: it is parked with the reasons.
    """
    calendar = Calendar((month,), (read_settings(parameters, month),))
    return _rate(inputs, calendar, with_common_needs=with_common_needs)


def rate_months(inputs: Inputs, parameters: ParameterSet, months: Sequence[Month]) -> dict[Month, Rated]:
    """Rate consecutive months of some premises in one pass, common needs aside. Raises ValueError for too many."""
    if len(months) > MONTHS_AT_ONCE:
        raise ValueError(f"{len(months)} months at once; the most is {MONTHS_AT_ONCE}")
    if len(months) == 1:
        return {months[0]: rate(inputs, parameters, months[0], with_common_needs=False)}
    calendar = Calendar(tuple(months), tuple(read_settings(parameters, month) for month in months))
    rated = _rate(_replicated(inputs, calendar), calendar, with_common_needs=False)
    return dict(zip(months, _of_months(rated, calendar), strict=True))


def _rate(inputs: Inputs, calendar: Calendar, *, with_common_needs: bool) -> Rated:
    payers = gather_payers(inputs)
    segments, uncovered = build_segments(inputs, payers.services, calendar)
    installations, readings = part_at_handovers(inputs, calendar)
    standing = installations.filter(
        pl.col("begins_on") < calendar.end(), pl.col("ends_on") >= calendar.first()
    )
    usage = measure(standing, readings, calendar)
    gone = gone_registers(installations, readings, calendar)
    energy = use_of_premises(inputs, segments, usage, gone, readings, calendar)
    problems = pl.concat(
        [
            energy.problems,
            payers.problems,
            premise_problem(shared_premises(segments, calendar), "two_accounts_at_once", "days"),
        ]
    )

    prices = month_prices(inputs.prices, calendar)
    banded = cut_into_bands(energy.rows, segments, calendar)
    priced, unpriced = [], []
    for (rule, _), rows in zip(energy.rows, banded, strict=True):
        with_price, without = price_segments(rows, prices)
        priced.append((rule, with_price))
        unpriced.append(without)

    volumes = None
    if with_common_needs:
        used = _used(inputs, energy)
        volumes = common.building_volumes(inputs, calendar, energy.registers, used, problems, segments)
        for rule, rows in common.charge_rows(
            volumes.buildings, segments, energy.registers, used, inputs.prices, calendar
        ):
            with_price, without = price_segments(in_first_band(rows), prices)
            priced.append((rule, with_price))
            unpriced.append(without)
        own = pl.concat(
            [rows.select(_PRICED) for rule, rows in priced[: len(energy.rows)] if rule not in _BEYOND_USE]
        )
        returned = common.negative_rows(volumes.buildings, segments, own)
        priced.append((catalogue.COMMON_NEGATIVE, returned))

    parked = _parked(inputs, problems, uncovered, unpriced, volumes)
    silenced = parked.filter(pl.col("account_id").is_not_null()).select("account_id").unique()
    charged = pl.concat([to_lines(rows, rule) for rule, rows in priced])
    if not silenced.is_empty():
        charged = charged.join(silenced, on="account_id", how="anti")
    charged = share_out(charged, payers)
    if installations is not inputs.installations:
        charged = _decoded_because(charged, "installation_id", whole_register)
    balances = empty(BUILDING_BALANCES) if volumes is None else common.balances(volumes.buildings, charged)
    return Rated(
        lines=charged.sort("building_id", "account_id", "service", "rule", "zone", "begins_on", "price_id"),
        exceptions=parked,
        building_balances=balances,
        estimates=shape(energy.estimates.with_columns(whole_register(pl.col("installation_id"))), ESTIMATES),
        reopened=shape(
            usage.reopened.group_by("premise_id", "building_id").agg(pl.col("from_month").min()), REOPENED
        ),
    )


def _used(inputs: Inputs, energy: Energy) -> Used:
    """Tell what was used by meter, by norm before any increase, and by agreement."""
    columns = ["building_id", "zone", "quantity_wh"]
    metered = [
        rows.filter(pl.col("kind") != NONLIVING).select(columns)
        for rule, rows in energy.rows
        if rule in (catalogue.METERED, catalogue.SPREAD, catalogue.AVERAGE, catalogue.COMMUNAL_SHARE)
    ]
    of_norm = dict(energy.rows)[catalogue.NORM]
    special = energy.registers.filter((pl.col("premise_id") > 0) & (pl.col("method") != UNKNOWN)).join(
        inputs.premises.select("premise_id", "kind"), on="premise_id"
    )
    counted = special.select("kind", "building_id", "zone", quantity_wh="usage_wh")
    return Used(
        metered=pl.concat(metered),
        by_norm=of_norm.select(columns),  # without absences: they change nothing for the building (п. 88)
        agreed=energy.agreed.select(columns),
        shops=counted.filter(pl.col("kind") == NONLIVING).select(columns),
        heating=counted.filter(pl.col("kind") == HEATING).select(columns),
    )


def _parked(
    inputs: Inputs,
    problems: pl.DataFrame,
    uncovered: pl.DataFrame,
    unpriced: list[pl.DataFrame],
    volumes: common.Volumes | None,
) -> pl.DataFrame:
    """Name the accounts of the premises with problems; a building's own stay without an account."""
    told = [
        problems,
        uncovered.select("premise_id", "building_id", code=pl.lit("no_terms"), facts=pl.lit("{}")),
        *(_unpriced(rows) for rows in unpriced if not rows.is_empty()),
    ]
    if volumes is not None:
        told.append(volumes.problems)
    all_problems = pl.concat(told)
    if all_problems.is_empty():
        return empty(EXCEPTIONS)
    # a communal apartment is judged whole: what is wrong in a room holds all of its accounts
    roots = inputs.premises.filter(pl.col("root_id") != pl.col("premise_id")).select("premise_id", "root_id")
    accounts = (
        inputs.services.select("premise_id", "account_id")
        .unique(maintain_order=True)
        .join(roots, on="premise_id", how="left")
        .select("account_id", whole_id=pl.coalesce("root_id", "premise_id"))
    )
    found = (
        all_problems.join(roots, on="premise_id", how="left")
        .with_columns(whole_id=pl.coalesce("root_id", "premise_id"))
        .join(accounts, on="whole_id", how="left", maintain_order="left")
    )
    return shape(found, EXCEPTIONS)


def _unpriced(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.unique(["account_id", "zone"], maintain_order=True).select(
        "premise_id",
        "building_id",
        code=pl.lit("no_price"),
        facts=pl.struct(
            pl.col("tariff_group_id"), pl.col("zone").cast(pl.Int64), pl.col("band").cast(pl.Int64)
        ).struct.json_encode(),
    )


def _decoded_because(lines: pl.DataFrame, name: str, decode: Callable[[pl.Expr], pl.Expr]) -> pl.DataFrame:
    """Turn a coded id that lines keep in their `because` back into the database's."""
    columns = []
    for place in range(1, BECAUSE_WIDTH + 1):
        numbers = [
            rule.number for rule in rules() if len(rule.because) >= place and rule.because[place - 1] == name
        ]
        if numbers:
            column = pl.col(f"because_{place}")
            columns.append(
                pl.when(pl.col("rule").is_in(numbers))
                .then(decode(column))
                .otherwise(column)
                .alias(f"because_{place}")
            )
    return lines.with_columns(columns)


def _replicated(inputs: Inputs, calendar: Calendar) -> Inputs:
    """Stand everything once in each month, with coded ids; spans of days clipped to their months."""
    services = calendar.clip(
        calendar.replicate(inputs.services, "account_id", "premise_id", "building_id"), "premise_id"
    )
    return Inputs(
        buildings=calendar.replicate(inputs.buildings, "building_id"),
        premises=calendar.replicate(inputs.premises, "premise_id", "building_id", "parent_id", "root_id"),
        services=services,
        terms=calendar.clip(calendar.replicate(inputs.terms, "premise_id", "building_id"), "premise_id"),
        installations=calendar.replicate(
            inputs.installations, "installation_id", "building_id", "premise_id"
        ),
        readings=calendar.replicate(inputs.readings, "installation_id"),
        prices=inputs.prices,
        tariff_groups=inputs.tariff_groups,
        absences=calendar.replicate(inputs.absences, "premise_id", "building_id"),
        unauthorised=calendar.clip(
            calendar.replicate(inputs.unauthorised, "premise_id", "building_id"), "premise_id"
        ),
        common_history=inputs.common_history.clear(),
    )


def _of_months(rated: Rated, calendar: Calendar) -> list[Rated]:
    """Part several months, with the ids of the database: each frame is decoded once, however many months there are."""

    def part(frame: pl.DataFrame, key: str, *ids: str) -> dict[object, pl.DataFrame]:
        if frame.is_empty():
            return {}
        coded = frame.with_columns(
            (pl.col(key) % PLACES).alias("__place"), *(calendar.decoded(pl.col(name)) for name in ids)
        )
        parts = coded.partition_by("__place", as_dict=True, include_key=False, maintain_order=True)
        return {place: rows for (place,), rows in parts.items()}

    charged, parked = rated.lines, rated.exceptions
    for name in ("installation_id", "node_premise_id"):
        charged = _decoded_because(charged, name, calendar.decoded)
    if not parked.is_empty():
        parked = parked.with_columns(
            facts=pl.col("facts").map_elements(calendar.decoded_facts, return_dtype=pl.String)
        )
    lines = part(charged.select(list(LINES)), "building_id", "account_id", "building_id")
    exceptions = part(parked, "building_id", "account_id", "building_id")
    estimates = part(rated.estimates, "building_id", "installation_id", "building_id")
    reopened = part(rated.reopened, "building_id", "premise_id", "building_id")
    nothing = Rated(
        empty(LINES), empty(EXCEPTIONS), rated.building_balances, empty(ESTIMATES), empty(REOPENED)
    )
    return [
        Rated(
            lines=lines.get(place, nothing.lines),
            exceptions=exceptions.get(place, nothing.exceptions),
            building_balances=nothing.building_balances,
            estimates=estimates.get(place, nothing.estimates),
            reopened=reopened.get(place, nothing.reopened),
        )
        for place in range(len(calendar.months))
    ]
