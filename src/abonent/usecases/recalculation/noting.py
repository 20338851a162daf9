"""What changed in the past, noted: the billed months it touches wait to be rated again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from abonent.contexts.charging.models import RecalculationCause
from abonent.kernel.periods import Month
from abonent.usecases.billing_run import waiting


@dataclass(frozen=True)
class Change:
    """A premise (None: the whole building) of which something changed from a month on, up to a month or for good."""

    building_id: int
    premise_id: int | None
    first: Month
    last: Month | None = None


def note(
    *,
    building_id: int,
    premise_id: int | None,
    first: Month,
    last: Month | None = None,
    cause: RecalculationCause,
    note: str,
    actor_id: int | None,
    at: datetime,
) -> int:
    """Let the billed months of [first, last] wait to be rated again; return how many do.

    To be called in the transaction of the change itself. Months that are being billed wait too, and the run takes
    them along when it is rated again. A change of a reading or a device also reaches back over the months without
    a reading before it. `last` None: all months up to the newest.
    """
    return note_many(
        [Change(building_id, premise_id, first, last)], cause=cause, note=note, actor_id=actor_id, at=at
    )


def note_many(
    changes: Iterable[Change], *, cause: RecalculationCause, note: str, actor_id: int | None, at: datetime
) -> int:
    """Do what `note` does for many premises and buildings in one statement."""
    rows = [
        (
            change.building_id,
            change.premise_id,
            change.first.first_day,
            change.last and change.last.first_day,
        )
        for change in changes
    ]
    if not rows:
        return 0
    values = dict(
        zip(("buildings", "premises", "firsts", "lasts"), map(list, zip(*rows, strict=True)), strict=True)
    )
    return _note(
        "SELECT * FROM unnest(%(buildings)s::bigint[], %(premises)s::bigint[], %(firsts)s::date[], %(lasts)s::date[])",
        values,
        cause=cause,
        note=note,
        actor_id=actor_id,
        at=at,
    )


def note_tariff_group(
    *,
    supplier_id: int,
    tariff_group_id: int,
    first: Month,
    last: Month | None = None,
    cause: RecalculationCause = RecalculationCause.PRICE,
    note: str,
    actor_id: int | None,
    at: datetime,
) -> int:
    """Let everything wait that is charged at prices of a tariff group: private houses, and whole apartment buildings.

    An apartment building as a whole, because its common needs are charged at the same prices.
    """
    return _note(
        """SELECT DISTINCT t.building_id, CASE b.kind WHEN 2 THEN t.premise_id END,
                  greatest(%(first)s::date, lower(t.during)), least(%(last)s::date, upper(t.during) - 1)
           FROM contracts_premiseterms t JOIN places_building b ON b.id = t.building_id
           JOIN parties_branch h ON h.id = b.branch_id
           WHERE h.supplier_id = %(supplier)s AND t.tariff_group_id = %(group)s
             AND t.during && daterange(%(first)s, (%(last)s::date + interval '1 month')::date)""",
        {
            "supplier": supplier_id,
            "group": tariff_group_id,
            "first": first.first_day,
            "last": last and last.first_day,
        },
        cause=cause,
        note=note,
        actor_id=actor_id,
        at=at,
    )


def _note(
    changes: str,
    values: dict[str, Any],
    *,
    cause: RecalculationCause,
    note: str,
    actor_id: int | None,
    at: datetime,
) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        return waiting.note(cursor, changes, values, cause=cause, text=note, actor_id=actor_id, at=at)
