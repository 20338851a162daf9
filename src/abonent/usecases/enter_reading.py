"""A meter's reading entered by hand: judged, stored, the account rated again on the spot; and taken back.

A meter of two or three zones is read as a whole, so a reading is one value or several of one day. A control reading
of an inspector takes the place of what a subscriber said of the same day (ПП РФ 354 п. 61).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import connection, transaction

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import Account
from abonent.contexts.metering.models import Installation, Reading, ReadingSource, ReadingStatus
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import packs, recalculation
from abonent.usecases.import_readings import lists
from abonent.usecases.import_readings.booking import OUTRANKED
from abonent.usecases.recalculation import Preview

# what was read on the spot, by an act or between two accounts, does not give way to a control reading
_ON_THE_SPOT = (
    ReadingSource.INSPECTOR,
    ReadingSource.INSTALLATION,
    ReadingSource.REMOVAL,
    ReadingSource.HANDOVER,
)


@dataclass(frozen=True)
class Shown:
    """What one register shows."""

    installation: Installation
    value_wh: int


@dataclass(frozen=True)
class Replaced:
    """Readings of a day that are annulled because another takes their place, and why."""

    reading_ids: tuple[int, ...]
    taken_on: date
    reason: str


class ReadingRefused(ValueError):
    """A reading cannot be taken; `field` is the one to mend, `code` the kind of refusal, the text says why.

    `installation_id` names the register it is about.
    """

    installation_id: int | None = None

    def __init__(self, code: str, field: str, message: str, **facts: object) -> None:
        super().__init__(message)
        self.code, self.field, self.facts = code, field, facts


@dataclass(frozen=True)
class Entered:
    """What came of a reading: the runs that posted its difference, none where no month it touches is billed yet.

    `waiting_for` are runs that were being worked on: they will be rated again before they can be approved.
    """

    reading_ids: tuple[int, ...]
    run_ids: tuple[int, ...]
    waiting_for: tuple[int, ...]
    difference_minor: int


def preview(
    *,
    account: Account,
    shown: Sequence[Shown],
    taken_on: date,
    supplier_id: int,
    booked_period: Month,
    parameters: ParameterSet,
    today: date,
    at: datetime,
    source: ReadingSource = ReadingSource.SUBSCRIBER,
    confirmed_rollover: bool = False,
    instead_of: Replaced | None = None,
) -> Preview:
    """Return the months that the reading reaches as they are and as they would be; nothing stays stored.

    Raises ReadingRefused.
    """
    month = Month.of(taken_on)
    with transaction.atomic():
        _take(account, shown, taken_on, source, None, today, at, confirmed_rollover, instead_of)
        _note(account, min(month, Month.of(instead_of.taken_on)) if instead_of else month, None, at, "")
        result = recalculation.preview(
            premise_id=account.premise_id,
            months={month, *recalculation.waiting_months(premise_id=account.premise_id)},
            supplier_id=supplier_id,
            parameters=parameters,
            booked_period=booked_period,
        )
        transaction.set_rollback(True)
    return result


def enter(
    *,
    account: Account,
    shown: Sequence[Shown],
    taken_on: date,
    source: ReadingSource,
    parameters: ParameterSet,
    booked_period: Month,
    actor_id: int | None,
    today: date,
    at: datetime,
    confirmed_rollover: bool = False,
    instead_of: Replaced | None = None,
) -> Entered:
    """Store a reading and, where its month is billed already, post what it changes, in one transaction.

    `confirmed_rollover` also confirms a fall that a control reading found. `instead_of`: the reading this one
    corrects, annulled in the same step. Raises ReadingRefused, PeriodClosed.
    """
    with transaction.atomic():
        reading_ids = _take(
            account, shown, taken_on, source, actor_id, today, at, confirmed_rollover, instead_of
        )
        return _rerate(
            reading_ids,
            account,
            Month.of(min(taken_on, instead_of.taken_on) if instead_of else taken_on),
            booked_period,
            parameters,
            actor_id,
            at,
            "reading corrected" if instead_of else "reading entered",
        )


def annul(
    *,
    account: Account,
    reading_ids: Sequence[int],
    taken_on: date,
    parameters: ParameterSet,
    booked_period: Month,
    actor_id: int | None,
    at: datetime,
    reason: str,
) -> Entered:
    """Annul readings of a day and post what that changes in months billed already.

    Raises ReadingRefused, PeriodClosed.
    """
    with transaction.atomic():
        _annul(account, Replaced(tuple(reading_ids), taken_on, reason), at)
        _bring_back(reading_ids, taken_on, at)
        return _rerate(
            tuple(reading_ids),
            account,
            Month.of(taken_on),
            booked_period,
            parameters,
            actor_id,
            at,
            "reading annulled",
        )


def _take(
    account: Account,
    shown: Sequence[Shown],
    taken_on: date,
    source: ReadingSource,
    actor_id: int | None,
    today: date,
    at: datetime,
    confirmed_rollover: bool,
    instead_of: Replaced | None,
) -> tuple[int, ...]:
    """Put aside what this reading takes the place of, judge it and store it."""
    if instead_of:
        _annul(account, instead_of, at)
    if source == ReadingSource.INSPECTOR:
        Reading.objects.filter(
            installation__in=[one.installation for one in shown],
            taken_on=taken_on,
            status=ReadingStatus.ACCEPTED,
        ).exclude(source__in=_ON_THE_SPOT).update(
            status=ReadingStatus.ANNULLED, judged_at=at, reason=OUTRANKED
        )
    judge_all(shown, taken_on, today, confirmed_rollover)
    return tuple(store(one.installation, taken_on, one.value_wh, source, actor_id, at) for one in shown)


def _annul(account: Account, replaced: Replaced, at: datetime) -> None:
    changed = Reading.objects.filter(
        id__in=replaced.reading_ids,
        taken_on=replaced.taken_on,
        status=ReadingStatus.ACCEPTED,
        installation__premise_id=account.premise_id,
    ).update(status=ReadingStatus.ANNULLED, judged_at=at, reason=replaced.reason)
    if changed != len(replaced.reading_ids):
        raise ReadingRefused(
            "not_accepted", "reading", "There is no accepted reading of this account to annul"
        )


def _bring_back(reading_ids: Sequence[int], taken_on: date, at: datetime) -> None:
    """Accept again what had given way to a control reading that is annulled now."""
    annulled = Reading.objects.filter(
        id__in=reading_ids, taken_on=taken_on, source=ReadingSource.INSPECTOR
    ).values_list("installation_id", flat=True)
    for installation_id in list(annulled):
        given_way = Reading.objects.filter(
            installation_id=installation_id,
            taken_on=taken_on,
            status=ReadingStatus.ANNULLED,
            reason=OUTRANKED,
        )
        newest = given_way.order_by("-judged_at").first()
        if newest is not None:
            given_way.filter(id=newest.id).update(status=ReadingStatus.ACCEPTED, judged_at=at, reason="")


def judge_all(shown: Sequence[Shown], taken_on: date, today: date, confirmed_rollover: bool) -> None:
    """Raise ReadingRefused, naming the register, unless every register's reading can be accepted.

    The checks are those of readings that come in files. Who enters one by hand takes doubts upon himself; he is asked
    about a fall, and about a second reading of the day.
    """
    source, doubts_confirmed = int(ReadingSource.SUBSCRIBER), False  # doubts are not looked at here
    rows: list[tuple[Any, ...]] = [
        (place, one.installation.pk, taken_on, one.value_wh, source, [], doubts_confirmed, confirmed_rollover)
        for place, one in enumerate(shown)
    ]
    judged = lists.judge(
        pl.DataFrame(rows, schema=lists.SHOWN, orient="row"), today=today, parameters=packs.pack_parameters()
    )
    for one, row in zip(shown, judged.iter_rows(named=True), strict=True):
        refusal = _refusal(one.installation, taken_on, today, row)
        if refusal is not None:
            refusal.installation_id = one.installation.pk
            raise refusal


def _refusal(
    installation: Installation, taken_on: date, today: date, judged: dict[str, Any]
) -> ReadingRefused | None:
    """Return the first reason a person has to mend, with the field it is about."""
    reasons, during = set(judged["reasons"]), installation.during
    if "in_future" in reasons:
        return ReadingRefused("in_future", "taken_on", f"{taken_on} is in the future; today is {today}")
    if "before_installation" in reasons:
        return ReadingRefused(
            "before_installation",
            "taken_on",
            f"The meter was installed on {during.lower}",
            installed_on=during.lower,
        )
    if "after_removal" in reasons:
        return ReadingRefused(
            "after_removal", "taken_on", f"The meter was removed on {during.upper}", removed_on=during.upper
        )
    if "negative" in reasons:
        return ReadingRefused("negative", "value", "A reading is not negative")
    if "above_capacity" in reasons:
        most_kwh = 10**installation.digits - 1
        return ReadingRefused(
            "above_capacity",
            "value",
            f"The meter shows {installation.digits} digits: the most is {most_kwh}",
            digits=installation.digits,
        )
    if judged["status"] == "known" or judged["replaces_id"] is not None:
        return ReadingRefused(
            "second_for_day", "taken_on", f"There is a reading of {taken_on} already: annul it first"
        )
    if "below_previous" in reasons or "rollover" in reasons:
        return ReadingRefused(
            "below_previous",
            "value",
            f"Below the reading of {judged['previous_on']}; confirm if the meter rolled over",
            previous_on=judged["previous_on"],
            previous_wh=judged["previous_wh"],
        )
    if "above_next" in reasons:
        return ReadingRefused(
            "above_next",
            "value",
            f"Above the later reading of {judged['next_on']}",
            next_on=judged["next_on"],
            next_wh=judged["next_wh"],
        )
    return None


def _rerate(
    reading_ids: tuple[int, ...],
    account: Account,
    month: Month,
    booked_period: Month,
    parameters: ParameterSet,
    actor_id: int | None,
    at: datetime,
    reason: str,
) -> Entered:
    """Rate every billed month that the reading reaches: back over the months without one, and on to the newest."""
    _note(account, month, actor_id, at, reason)
    settled = recalculation.settle(
        premise_id=account.premise_id,
        booked_period=booked_period,
        actor_id=actor_id,
        at=at,
        parameters=parameters,
        reason=reason,
    )
    run_ids = () if settled.run_id is None else (settled.run_id,)
    return Entered(reading_ids, run_ids, settled.waiting_for, settled.difference_minor)


def _note(account: Account, month: Month, actor_id: int | None, at: datetime, reason: str) -> None:
    recalculation.note(
        building_id=account.building_id,
        premise_id=account.premise_id,
        first=month,
        cause=RecalculationCause.READING,
        note=reason,
        actor_id=actor_id,
        at=at,
    )


def store(
    installation: Installation,
    taken_on: date,
    value_wh: int,
    source: ReadingSource,
    actor_id: int | None,
    at: datetime,
) -> int:
    """Store a reading that was judged, in the place of estimates it makes needless; return its id."""
    month = Month.of(taken_on)
    ensure_reading_partitions(first=month, last=month)
    # an estimate gives way to what the meter really showed
    Reading.objects.filter(
        installation=installation,
        taken_on__gte=taken_on,
        taken_on__lte=month.last_day,
        source=ReadingSource.ESTIMATE,
        status=ReadingStatus.ACCEPTED,
    ).update(status=ReadingStatus.ANNULLED, judged_at=at, reason="an actual reading came in")
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO metering_reading
                   (installation_id, building_id, taken_on, value_wh, source, status, entered_at, author_id, reason)
               VALUES (%s, %s, %s, %s, %s, 1, %s, %s, '') RETURNING id""",
            [installation.pk, installation.building_id, taken_on, value_wh, int(source), at, actor_id],
        )
        return int(cursor.fetchone()[0])
