"""One family moves out of a premise and another moves in: readings of the day, accounts, residents, the final bill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import Account, EventKind, Resident
from abonent.contexts.metering.models import ReadingSource
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import DateRange
from abonent.usecases import enter_reading
from abonent.usecases.enter_reading import Shown
from abonent.usecases.premises import accounts, premises, residents, services
from abonent.usecases.premises._common import By, PlaceRefused, log, recalculate_premise
from abonent.usecases.premises.accounts import Payer


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """Who moves in: the payer, and the people who live here from now on, by name or unnamed ("")."""

    payer: Payer
    residents: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What came of it. `months_waiting` are billed months that have to be rated again."""

    leaver: Account
    newcomer: Account | None
    reading_ids: tuple[int, ...]
    months_waiting: int


def move(
    *,
    account: Account,
    last_day: date,
    shown: Sequence[Shown],
    newcomer: Newcomer | None,
    parameters: ParameterSet,
    today: date,
    by: By,
    confirmed_rollover: bool = False,
) -> Moved:
    """Hand a premise over at the end of a day, in one transaction; nobody may follow (`newcomer` None).

    The readings of that day part the month between the two. Raises PlaceRefused, ReadingRefused.
    """
    premise = account.premise
    handed_over = last_day + timedelta(days=1)
    if last_day > today:
        raise PlaceRefused("in_future", "last_day")
    enter_reading.judge_all(shown, last_day, today, confirmed_rollover)
    with transaction.atomic():
        reading_ids = tuple(
            enter_reading.store(
                one.installation, last_day, one.value_wh, ReadingSource.HANDOVER, by.actor_id, by.at
            )
            for one in shown
        )
        held = services.services_of(account, on=last_day)
        touched = accounts.end(account=account, closes_on=handed_over)
        follower = None
        if newcomer is not None:
            share = max(held.values(), default=services.WHOLE)
            follower = accounts.begin(
                premise=premise, payer=newcomer.payer, opens_on=handed_over, share=share
            )
            _settle(premise, handed_over, newcomer.residents, parameters, by)
        if touched is not None:
            services.require_whole(premise, touched)
        _log(account, follower, last_day, shown, by)
        # a reading also ends the months without one before it
        cause = RecalculationCause.READING if shown else RecalculationCause.SERVICE
        waiting = recalculate_premise(premise, DateRange(last_day), cause=cause, by=by)
    account.refresh_from_db(fields=["during"])
    return Moved(leaver=account, newcomer=follower, reading_ids=reading_ids, months_waiting=waiting)


def _settle(
    premise: premises.Premise, on: date, names: Sequence[str], parameters: ParameterSet, by: By
) -> None:
    """List the newcomers by name where anybody is listed or named; else only count them."""
    if any(names) or Resident.objects.filter(premise=premise).exists():
        residents.replace_all(premise=premise, on=on, names=names, parameters=parameters, by=by)
    else:
        premises.change_terms(premise=premise, on=on, values={"residents": len(names)}, by=by)


def _log(leaver: Account, follower: Account | None, last_day: date, shown: Sequence[Shown], by: By) -> None:
    facts = {
        "leaver": leaver.number,
        "newcomer": follower and follower.number,
        "readings": [
            {"serial": one.installation.meter.serial, "zone": one.installation.zone, "value_wh": one.value_wh}
            for one in shown
        ],
    }
    for account in filter(None, (leaver, follower)):
        log(
            EventKind.HANDOVER,
            by,
            on=last_day,
            building_id=account.building_id,
            premise_id=account.premise_id,
            account_id=account.pk,
            **facts,
        )
