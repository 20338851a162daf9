"""Several owners of one premise: rated as one payer, then shared out to each (ГК РФ 249; ЖК РФ 155)."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm

import polars as pl

from abonent.engine import allocate
from abonent.engine.frames import LINES, Inputs
from abonent.packs.ru.rules.problems import PREMISE_PROBLEMS

_SPANS = {
    "payer_id": pl.Int64,
    "account_id": pl.Int64,
    "building_id": pl.Int64,
    "begins_on": pl.Date,
    "ends_on": pl.Date,
    "weight": pl.Int64,
}


@dataclass(frozen=True)
class Payers:
    """Services with one payer on every day of a premise, and what each co-owner bears of a payer's lines.

    `shares`: payer_id, account_id, building_id, begins_on, ends_on, weight. `problems`: premises whose shares do not
    add up to one.
    """

    services: pl.DataFrame
    shares: pl.DataFrame
    problems: pl.DataFrame


def gather_payers(inputs: Inputs) -> Payers:
    """Let the account with the largest share stand for the co-owners of a premise, on each stretch of days."""
    plain = inputs.services.drop("share_numerator", "share_denominator")
    nothing = Payers(plain, pl.DataFrame(schema=_SPANS), pl.DataFrame(schema=PREMISE_PROBLEMS))
    parted = inputs.services.filter(pl.col("share_numerator") != pl.col("share_denominator"))
    if parted.is_empty():
        return nothing
    shared = inputs.services.join(parted.select("premise_id").unique(), on="premise_id", how="semi")
    services, spans, problems = [], [], []
    for (premise_id, building_id), owners in shared.group_by(
        "premise_id", "building_id", maintain_order=True
    ):
        rows = owners.sort("account_id").rows(named=True)
        days = sorted({day for row in rows for day in (row["begins_on"], row["ends_on"])})
        for begins_on, ends_on in pairwise(days):
            present = [row for row in rows if row["begins_on"] <= begins_on and ends_on <= row["ends_on"]]
            if not present:
                continue
            shares = [Fraction(row["share_numerator"], row["share_denominator"]) for row in present]
            if sum(shares) != 1:
                problems.append((premise_id, building_id, "shares_do_not_add_up", "{}"))
                continue
            whole = lcm(*(share.denominator for share in shares))
            largest = present[max(range(len(shares)), key=lambda place: (shares[place], -place))]
            payer_id = largest["account_id"]
            services.append((payer_id, premise_id, building_id, begins_on, ends_on))
            spans += [
                (payer_id, row["account_id"], building_id, begins_on, ends_on, int(share * whole))
                for row, share in zip(present, shares, strict=True)
            ]
    of_shared = pl.DataFrame(services, schema=plain.schema, orient="row")
    rest = plain.join(shared.select("premise_id").unique(), on="premise_id", how="anti")
    return Payers(
        pl.concat([rest, of_shared]),
        pl.DataFrame(spans, schema=_SPANS, orient="row"),
        pl.DataFrame(problems, schema=PREMISE_PROBLEMS, orient="row").unique(maintain_order=True),
    )


def share_out(lines: pl.DataFrame, payers: Payers) -> pl.DataFrame:
    """Share the payers' lines out to the co-owners, quantity and amount; leftovers go to the largest share."""
    if payers.shares.is_empty():
        return lines
    numbered = lines.with_row_index("__line")
    spans = payers.shares.rename({"begins_on": "__from", "ends_on": "__to", "account_id": "__owner"}).drop(
        "building_id"
    )
    borne = numbered.join(spans, left_on="account_id", right_on="payer_id").filter(
        pl.col("begins_on") >= pl.col("__from"), pl.col("ends_on") <= pl.col("__to")
    )
    for column in ("quantity_wh", "amount_minor"):
        borne = (
            allocate.allocate(
                borne,
                total=column,
                weight="weight",
                group="__line",
                order="__owner",
                into="__part",
                leftover_to_largest=True,
            )
            .with_columns(pl.col("__part").alias(column))
            .drop("__part")
        )
    own = numbered.join(borne, on="__line", how="anti")
    return pl.concat([own.select(list(LINES)), borne.with_columns(account_id="__owner").select(list(LINES))])
