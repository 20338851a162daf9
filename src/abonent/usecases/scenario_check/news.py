"""What somebody enters in a month, and which billed months it touches."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from abonent.contexts.charging.models import RecalculationCause
from abonent.kernel.periods import Month
from abonent.usecases import recalculation

FACTS, REMOVALS, METERS, READINGS = range(4)
"""In which order the news of one month are entered."""
BEFORE_ALL = Month(1900, 1)


@dataclass(frozen=True)
class News:
    """`first` … `last`: the months it is about; `note`: how they are told to wait where not by premise."""

    due: Month
    order: int
    enter: Callable[[datetime], None]
    building_id: int = 0
    premise_id: int | None = None
    first: Month | None = None
    last: Month | None = None
    cause: RecalculationCause = RecalculationCause.REQUEST
    note: Callable[[datetime], None] | None = None


def learn(news: list[News], month: Month, at: datetime) -> list[News]:
    """Enter what is due by a month, as a use-case would: with the billed months it touches; return the rest."""
    due = [one for one in news if one.due <= month]
    with transaction.atomic():
        for one in due:
            one.enter(at)
            if one.note:
                one.note(at)
            elif one.first is not None:
                recalculation.note(
                    building_id=one.building_id,
                    premise_id=one.premise_id,
                    first=one.first,
                    last=one.last,
                    cause=one.cause,
                    note="scenario",
                    actor_id=None,
                    at=at,
                )
    return [one for one in news if one.due > month]
