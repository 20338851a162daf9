"""Who lives behind the doors a person reads meters at."""

from datetime import date
from typing import Any

from abonent.contexts.contracts.queries import accounts, row_payer
from abonent.contexts.parties.models import PartyKind


def short_payers(*, building_id: int, on: date) -> dict[int, str]:
    """Return who pays for each premise of a building, with initials; where several own it, the first of them."""
    rows = accounts().filter(building_id=building_id, during__contains=on)
    return {row["premise_id"]: _short(row) for row in rows.order_by("-share_no")}


def _short(row: dict[str, Any]) -> str:
    if row["party_kind"] == PartyKind.ORGANISATION:
        return row_payer(row)
    initials = [f"{name[0]}." for name in (row["first_name"], row["middle_name"]) if name]
    return "\u00a0".join([row["last_name"], *initials])
