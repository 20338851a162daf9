"""On what terms premises are billed: one row for most, more where something changed within the history."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from abonent.usecases.demo_supplier.homes import Homes, Ids, Rows
from abonent.usecases.demo_supplier.layout import AGREED, COMMUNAL
from abonent.usecases.demo_supplier.occasions import Day, Occasions, Piece

_TABLE = "contracts_premiseterms"
_KWH = 1000


def agree(homes: Homes, found: Occasions, ids: Ids) -> Iterator[Rows]:
    """Yield the terms of every premise with an account, and of communal flats that agreed on the meters of rooms."""
    layout = homes.layout
    agreed = (layout.kind == COMMUNAL) & (layout.form == AGREED)
    units = np.flatnonzero(layout.with_account | agreed)
    changing = np.isin(units, list(found.pieces))
    columns = {
        "premise_id": homes.premise_id,
        "building_id": homes.of("id"),
        "tariff_group_id": homes.of("tariff_group_id"),
        "area_dm2": homes.area,
        "rooms": homes.rooms,
        "residents": homes.residents,
        "owners": homes.owners,
        "uplift_cause": homes.uplift,
        "room_meters_agreed": agreed,
        "agreed_wh_per_month": homes.agreed_kwh * _KWH,
        "during": homes.since,
    }
    lasting = units[~changing]
    yield (
        _TABLE,
        {"id": ids.take(_TABLE, len(lasting)), **{name: of[lasting] for name, of in columns.items()}},
    )
    parted = [
        row | {"during": f"[{start},{end or ''})"}
        for unit in units[changing]
        for row, start, end in _parted(
            {name: of[unit].item() for name, of in columns.items()},
            homes.since[unit],
            found.pieces[int(unit)],
        )
    ]
    if parted:
        yield _TABLE, pl.DataFrame({"id": ids.take(_TABLE, len(parted))}).hstack(pl.DataFrame(parted))


def _parted(
    row: dict[str, Any], since: Day, pieces: list[Piece]
) -> Iterator[tuple[dict[str, Any], Day, Day | None]]:
    """Cut terms at the days on which something changes; of two causes of a raised norm the greater number holds."""
    days = {day for start, end, *_ in pieces for day in (start, end) if day is not None and day > since}
    starts = [since, *sorted(days)]
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        now = dict(row)
        for first, last, name, value in pieces:
            if first <= start and (last is None or start < last):
                now[name] = max(value, now[name]) if name == "uplift_cause" else value
        yield now, start, end
