"""Who in the households is known by name: residents where they are listed, and holders of benefits."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from abonent.usecases.demo_supplier import people
from abonent.usecases.demo_supplier.cases import UnitCase
from abonent.usecases.demo_supplier.homes import Homes, Rows, begins
from abonent.usecases.demo_supplier.occasions import Occasions

# shares of the flats and of the accounts
_LISTED, _BENEFITS = 0.01, 0.03
_REGISTERED = 1


def tell(
    draw: np.random.Generator, homes: Homes, found: Occasions, *, categories: int, at: datetime
) -> Iterator[Rows]:
    """Yield residents by name and holders of benefits; `categories`: how many there are, numbered from 1."""
    listed = homes.ordinary & (homes.residents > 0) & (draw.random(len(homes.kind)) < _LISTED)
    listed[list(found.pieces)] = False
    listed |= homes.case == UnitCase.LISTED
    yield from _residents(draw, homes, np.flatnonzero(listed))
    yield from _holders(draw, homes, categories, at)


def _residents(draw: np.random.Generator, homes: Homes, units: np.ndarray) -> Iterator[Rows]:
    of = np.repeat(units, homes.residents[units])
    if not len(of):
        return
    days = pl.DataFrame({"since": homes.since[of]}).select(pl.format("[{},)", "since")).to_series()
    yield (
        "contracts_resident",
        pl.DataFrame(
            {
                "premise_id": homes.premise_id[of],
                "building_id": homes.of("id")[of],
                "name": people.payers(people.people(draw, len(of))),
                "kind": np.full(len(of), _REGISTERED),
                "during": days,
                "document": "",
            }
        ),
    )


def _holders(draw: np.random.Generator, homes: Homes, categories: int, at: datetime) -> Iterator[Rows]:
    unit = homes.layout.unit
    chosen = (draw.random(len(unit)) < _BENEFITS) & homes.ordinary[unit] & (homes.residents[unit] > 0)
    chosen |= homes.case[unit] == UnitCase.BENEFITS
    accounts = np.flatnonzero(chosen)
    if not len(accounts):
        return
    category = draw.integers(1, categories + 1, len(accounts))
    payer = homes.accounts["payer"].gather(accounts)
    holders: dict[str, Any] = {
        "account_id": homes.accounts["id"].gather(accounts),
        "building_id": homes.of("id")[unit[accounts]],
        "category_id": category,
        "name": payer,
        "document": pl.Series(accounts % 90_000 + 10_000).cast(pl.String),
        "people": np.minimum(draw.integers(1, 3, len(accounts)), homes.residents[unit[accounts]]),
        "since": begins(homes)[accounts],
    }
    frame = pl.DataFrame(holders)
    # another of the household of the case
    second = np.flatnonzero(homes.case[unit[accounts]] == UnitCase.BENEFITS)
    others = frame[second].with_columns(
        name=people.payers(people.people(draw, len(second))),
        category_id=pl.col("category_id") % categories + 1,
        people=1,
    )
    yield (
        "contracts_benefitholder",
        pl.concat([frame, others.select(frame.columns)], how="vertical_relaxed").select(
            pl.exclude("since", "document"),
            document=pl.format("удостоверение № {}", "document"),
            during=pl.format("[{},)", "since"),
            end_document=pl.lit(""),
            changed_at=pl.lit(at.isoformat()),
        ),
    )
