"""What all of these use-cases share: who did it, how they refuse, what they leave behind."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import Event, EventKind
from abonent.contexts.places.models import Building, Premise
from abonent.kernel.periods import DateRange, Month
from abonent.usecases import recalculation


class PlaceRefused(ValueError):
    """A change of a building, a premise or an account cannot be made; `field` is the one to mend, `code` says why."""

    def __init__(self, code: str, field: str = "", **facts: object) -> None:
        super().__init__(f"{code}: {facts}" if facts else code)
        self.code, self.field, self.facts = code, field, facts


@dataclass(frozen=True, kw_only=True)
class By:
    """Who does it, when, and by what document."""

    at: datetime
    actor_id: int | None = None
    document: str = ""


def hold(premise: Premise) -> None:
    """Let nobody else decide on the people of a premise until this transaction ends."""
    Premise.objects.select_for_update(no_key=True).get(pk=premise.pk)


def log(
    kind: EventKind,
    by: By,
    *,
    on: date,
    building_id: int,
    premise_id: int | None = None,
    account_id: int | None = None,
    **facts: object,
) -> None:
    """Leave an event behind."""
    Event.objects.create(
        kind=kind,
        happened_on=on,
        building_id=building_id,
        premise_id=premise_id,
        account_id=account_id,
        facts=facts,
        document=by.document,
        created_at=by.at,
        author_id=by.actor_id,
    )


def recalculate_premise(
    premise: Premise, touched: DateRange | None, *, cause: RecalculationCause, by: By
) -> int:
    """Note the billed months of these days for recalculation; return how many wait."""
    if touched is None:
        return 0
    return recalculation.note(
        building_id=premise.building_id,
        premise_id=premise.pk,
        first=Month.of(touched.start),
        last=_last_month(touched),
        cause=cause,
        note=by.document,
        actor_id=by.actor_id,
        at=by.at,
    )


def recalculate_building(
    building: Building, touched: DateRange | None, *, cause: RecalculationCause, by: By
) -> int:
    """Note the billed months whose first day is among these for recalculation of the whole building."""
    if touched is None:
        return 0
    first, last = Month.of(touched.start), _last_month(touched)
    if touched.start != first.first_day:
        first = first.next()
    if last is not None and last < first:
        return 0
    return recalculation.note(
        building_id=building.pk,
        premise_id=None,
        first=first,
        last=last,
        cause=cause,
        note=by.document,
        actor_id=by.actor_id,
        at=by.at,
    )


def _last_month(touched: DateRange) -> Month | None:
    return None if touched.end is None else Month.of(touched.end - timedelta(days=1))
