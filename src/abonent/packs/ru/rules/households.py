"""What every premise used itself in a month, by the rule that says so."""

from dataclasses import dataclass

import polars as pl

from abonent.engine.frames import Inputs
from abonent.engine.registry import Rule
from abonent.packs.ru.rules import bare_days, catalogue, communal, individual, occasions
from abonent.packs.ru.rules.calendar import Calendar
from abonent.packs.ru.rules.problems import premise_problem
from abonent.packs.ru.rules.segments import HEATING, NONLIVING, is_living
from abonent.packs.ru.rules.usage import BY_AVERAGE, BY_READINGS, BY_SPREAD, UNKNOWN, Usage

_NO_PREMISES = pl.DataFrame(schema={"premise_id": pl.Int64})


@dataclass(frozen=True)
class Energy:
    """Rows with a quantity, ready to be priced, by their rules.

    `registers`: all of them with their usage; `agreed`: what non-living premises without a meter are taken to use,
    whoever pays for it; `estimates`: what silent meters are taken to show at the end of the month; `problems`: premises
    that cannot be judged.
    """

    rows: list[tuple[Rule, pl.DataFrame]]
    registers: pl.DataFrame
    agreed: pl.DataFrame
    estimates: pl.DataFrame
    problems: pl.DataFrame


def use_of_premises(
    inputs: Inputs,
    segments: pl.DataFrame,
    usage: Usage,
    gone: pl.DataFrame,
    readings: pl.DataFrame,
    calendar: Calendar,
) -> Energy:
    """Apply the rules of individual consumption to every segment. `gone`: see `bare_days.gone_registers`."""
    living = segments.filter(is_living())
    usage = usage.without(_wholly_left_out(living))
    judged_out = usage.problems.filter(pl.col("premise_id") > 0).select("premise_id").unique()
    known = usage.registers.filter((pl.col("method") != UNKNOWN) & (pl.col("premise_id") > 0)).join(
        judged_out, on="premise_id", how="anti"
    )
    flats = _communal(inputs, living, known)
    individual_registers = known
    covered, uncounted, share_rows = _NO_PREMISES, _NO_PREMISES, None
    if flats is not None:
        covered, uncounted, share_rows = flats.covered, flats.uncounted, flats.share_rows
        individual_registers = known.join(uncounted, on="premise_id", how="anti")

    met = individual.meter_rows(individual_registers, segments, calendar)
    with_meter = pl.concat(
        [individual_registers.select("premise_id"), covered, gone.select("premise_id")]
    ).unique()
    stretches = bare_days.bare_stretches(individual_registers, calendar)
    if not gone.is_empty():
        stretches = pl.concat([stretches, bare_days.gone_stretches(gone, calendar)])
    bare = averaged_bare = None
    if not stretches.is_empty():
        bare = bare_days.bare_segments(stretches, living)
        left = [frame.select(gone.columns) for frame in (individual_registers, gone)]
        averaged_bare = bare_days.average_rows(bare, pl.concat(left), readings, calendar)
        bare = bare.join(
            averaged_bare.select("premise_id", "begins_on").unique(),
            on=["premise_id", "begins_on"],
            how="anti",
        ).select(living.columns)
    unmetered = living.filter(
        ~pl.col("premise_id").is_in(with_meter["premise_id"].implode()) | pl.col("left_out")
    ).join(judged_out, on="premise_id", how="anti")
    norm = individual.norm_rows(unmetered if bare is None else pl.concat([unmetered, bare]), calendar)

    averages = met.filter(pl.col("method") == BY_AVERAGE)
    if averaged_bare is not None:
        averages = pl.concat([averages, averaged_bare], how="diagonal").select(met.columns)
    rows: list[tuple[Rule, pl.DataFrame]] = [
        (catalogue.METERED, met.filter(pl.col("method") == BY_READINGS)),
        (catalogue.SPREAD, met.filter(pl.col("method") == BY_SPREAD)),
        (catalogue.AVERAGE, averages),
        (catalogue.NORM, norm.rows),
        (catalogue.NORM_UPLIFT, norm.uplift_rows),
    ]
    if share_rows is not None:
        rows.append((catalogue.COMMUNAL_SHARE, share_rows))
    if not inputs.absences.is_empty():
        without_meter = norm.rows.join(inputs.installations, on="premise_id", how="anti")
        rows.append((catalogue.ABSENCE, occasions.absence_rows(inputs.absences, without_meter, calendar)))
    if not inputs.unauthorised.is_empty():
        rows.append((catalogue.UNAUTHORISED, occasions.unauthorised_rows(inputs.unauthorised, living)))
    shops = segments.filter(pl.col("kind") == NONLIVING)
    metered_shops = usage.registers.select("premise_id").unique()
    agreed = occasions.agreed_rows(shops, metered_shops, calendar)
    if not agreed.is_empty():
        rows.append((catalogue.AGREED, agreed))
    unmetered_shops = (
        shops.filter(pl.col("agreed_wh_per_month") == 0)
        .join(usage.registers, on="premise_id", how="anti")
        .join(judged_out, on="premise_id", how="anti")
        .unique("premise_id")
    )
    # the silent meter of a communal flat counts as none: its rooms stand alone
    shared_silent = (
        communal.tree_of(inputs.premises).select("premise_id").join(known, on="premise_id", how="anti")
    )
    unread = (
        usage.registers.filter((pl.col("method") == UNKNOWN) & (pl.col("premise_id") > 0))
        .join(unmetered, on="premise_id", how="anti")
        .join(judged_out, on="premise_id", how="anti")
        .join(pl.concat([covered, shared_silent]), on="premise_id", how="anti")
        .join(inputs.premises.filter(pl.col("kind") == HEATING), on="premise_id", how="anti")
    )
    return Energy(
        rows=rows,
        registers=usage.registers,
        agreed=occasions.agreed_volumes(inputs, metered_shops, calendar),
        estimates=known.filter(pl.col("method") == BY_AVERAGE).select(
            "installation_id", "building_id", value_wh="to_value_wh"
        ),
        problems=pl.concat(
            [
                usage.problems,
                premise_problem(unread, "missing_reading", "installation_id", "from_value_wh"),
                premise_problem(unmetered_shops, "nonliving_without_meter"),
                premise_problem(norm.missing, "no_norm", "norm_category", "rooms", "people"),
                premise_problem(
                    _ownerless(inputs, individual_registers, flats),
                    "usage_without_account",
                    "usage_wh",
                ),
            ]
        ),
    )


def _wholly_left_out(living: pl.DataFrame) -> pl.DataFrame:
    """Return the premises whose meter is left out of account all the month, whatever it shows."""
    if not living["left_out"].any():
        return _NO_PREMISES
    return living.group_by("premise_id").agg(pl.col("left_out").all()).filter("left_out").select("premise_id")


def _communal(inputs: Inputs, living: pl.DataFrame, known: pl.DataFrame) -> communal.Communal | None:
    tree = communal.tree_of(inputs.premises)
    if tree.is_empty():
        return None
    return communal.share_apartments(tree, living, known, inputs.terms)


def _ownerless(inputs: Inputs, registers: pl.DataFrame, flats: communal.Communal | None) -> pl.DataFrame:
    """Return the premises that used energy and have no account to charge it to."""
    used = registers.filter(pl.col("usage_wh") != 0).join(inputs.services, on="premise_id", how="anti")
    if used.is_empty():
        return used
    aside = [inputs.premises.filter(pl.col("kind").is_in([NONLIVING, HEATING])).select("premise_id")]
    if flats is not None:
        aside.append(communal.tree_of(inputs.premises).select("premise_id"))
    return (
        used.join(pl.concat(aside), on="premise_id", how="anti")
        .group_by("premise_id", "building_id", maintain_order=True)
        .agg(pl.col("usage_wh").sum())
    )
