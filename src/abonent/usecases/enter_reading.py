"""A meter's reading entered by hand: judged, stored, the account rated again on the spot; and taken back.

A meter of two or three zones is read as a whole, so a reading is one value or several of one day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from abonent.contexts.charging.models import Run, RunKind, RunState
from abonent.contexts.contracts.models import Account
from abonent.contexts.metering.models import Installation, Reading, ReadingSource, ReadingStatus
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases.billing_run.correction import WhatIf, rerate_account, what_if
from abonent.usecases.billing_run.plan import require_open
from abonent.usecases.billing_run.refusals import ScopeBusy


@dataclass(frozen=True)
class Shown:
    """What one register shows."""

    installation: Installation
    value_wh: int


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


def judge(
    *,
    installation: Installation,
    taken_on: date,
    value_wh: int,
    today: date,
    confirmed_rollover: bool = False,
) -> None:
    """Raise ReadingRefused unless the reading can be accepted.

    Refused: in the future, before the meter was installed or after it was removed, above the digit capacity,
    below the previous one (unless a roll-over is confirmed), a second one for the day.
    """
    if taken_on > today:
        raise ReadingRefused("in_future", "taken_on", f"{taken_on} is in the future; today is {today}")
    during = installation.during
    if taken_on < during.lower:
        raise ReadingRefused(
            "before_installation",
            "taken_on",
            f"The meter was installed on {during.lower}",
            installed_on=during.lower,
        )
    if during.upper is not None and taken_on > during.upper:
        raise ReadingRefused(
            "after_removal", "taken_on", f"The meter was removed on {during.upper}", removed_on=during.upper
        )
    if value_wh < 0:
        raise ReadingRefused("negative", "value", "A reading is not negative")
    capacity_wh = 10**installation.digits * 1000
    if value_wh >= capacity_wh:
        raise ReadingRefused(
            "above_capacity",
            "value",
            f"The meter shows {installation.digits} digits: the most is {capacity_wh // 1000 - 1}",
            digits=installation.digits,
        )
    actual = list(
        Reading.objects.filter(installation=installation, status=ReadingStatus.ACCEPTED)
        .exclude(source=ReadingSource.ESTIMATE)
        .order_by("taken_on")
        .values_list("taken_on", "value_wh")
    )
    if any(day == taken_on for day, _ in actual):
        raise ReadingRefused(
            "second_for_day", "taken_on", f"There is a reading of {taken_on} already: annul it first"
        )
    before = max((found for found in actual if found[0] < taken_on), default=None)
    if before is not None and value_wh < before[1] and not confirmed_rollover:
        raise ReadingRefused(
            "below_previous",
            "value",
            f"Below the reading of {before[0]}; confirm if the meter rolled over",
            previous_on=before[0],
            previous_wh=before[1],
        )
    after = min((found for found in actual if found[0] > taken_on), default=None)
    if after is not None and value_wh > after[1] and not confirmed_rollover:
        raise ReadingRefused(
            "above_next",
            "value",
            f"Above the later reading of {after[0]}",
            next_on=after[0],
            next_wh=after[1],
        )


def preview(
    *,
    account: Account,
    shown: Sequence[Shown],
    taken_on: date,
    supplier_id: int,
    parameters: ParameterSet,
    today: date,
    at: datetime,
    confirmed_rollover: bool = False,
) -> WhatIf:
    """Return the account's lines of the reading's month as they are and as they would be; nothing stays stored.

    Raises ReadingRefused.
    """
    judge_all(shown, taken_on, today, confirmed_rollover)
    month = Month.of(taken_on)
    with transaction.atomic():
        for one in shown:
            store(one.installation, taken_on, one.value_wh, ReadingSource.INSPECTOR, None, at)
        result = what_if(account=account, month=month, supplier_id=supplier_id, parameters=parameters)
        transaction.set_rollback(True)
    return result


def enter(
    *,
    account: Account,
    shown: Sequence[Shown],
    taken_on: date,
    source: ReadingSource,
    supplier_id: int,
    parameters: ParameterSet,
    booked_period: Month,
    actor_id: int | None,
    today: date,
    at: datetime,
    confirmed_rollover: bool = False,
) -> Entered:
    """Store a reading and, where its month is billed already, post what it changes, in one transaction.

    Raises ReadingRefused, PeriodClosed.
    """
    judge_all(shown, taken_on, today, confirmed_rollover)
    with transaction.atomic():
        reading_ids = tuple(
            store(one.installation, taken_on, one.value_wh, source, actor_id, at) for one in shown
        )
        return _rerate(
            reading_ids,
            account,
            Month.of(taken_on),
            booked_period,
            supplier_id,
            parameters,
            actor_id,
            at,
            "reading entered",
        )


def annul(
    *,
    account: Account,
    reading_ids: Sequence[int],
    taken_on: date,
    supplier_id: int,
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
        changed = Reading.objects.filter(
            id__in=reading_ids,
            taken_on=taken_on,
            status=ReadingStatus.ACCEPTED,
            installation__premise_id=account.premise_id,
        ).update(status=ReadingStatus.ANNULLED, judged_at=at, reason=reason)
        if changed != len(reading_ids):
            raise ReadingRefused(
                "not_accepted", "reading", "There is no accepted reading of this account to annul"
            )
        return _rerate(
            tuple(reading_ids),
            account,
            Month.of(taken_on),
            booked_period,
            supplier_id,
            parameters,
            actor_id,
            at,
            "reading annulled",
        )


def judge_all(shown: Sequence[Shown], taken_on: date, today: date, confirmed_rollover: bool) -> None:
    """Judge every register of a meter. Raises ReadingRefused that names the register."""
    for one in shown:
        try:
            judge(
                installation=one.installation,
                taken_on=taken_on,
                value_wh=one.value_wh,
                today=today,
                confirmed_rollover=confirmed_rollover,
            )
        except ReadingRefused as refusal:
            refusal.installation_id = one.installation.pk
            raise


def _rerate(
    reading_ids: tuple[int, ...],
    account: Account,
    month: Month,
    booked_period: Month,
    supplier_id: int,
    parameters: ParameterSet,
    actor_id: int | None,
    at: datetime,
    reason: str,
) -> Entered:
    """Rate every billed month from the reading's on: the next one counts from what this reading shows."""
    billed = (
        Run.objects.filter(
            period__gte=month.first_day,
            state=RunState.POSTED,
            shards__buildings__contains=account.building_id,
        )
        .exclude(kind=RunKind.REVERSAL)
        .values_list("period", flat=True)
    )
    run_ids, waiting = [], []
    for period in sorted(set(billed)):
        require_open(supplier_id, booked_period)
        try:
            with transaction.atomic():
                run_id = rerate_account(
                    account=account,
                    month=Month.of(period),
                    booked_period=booked_period,
                    supplier_id=supplier_id,
                    parameters=parameters,
                    actor_id=actor_id,
                    at=at,
                    reason=reason,
                )
        except ScopeBusy as busy:
            waiting += busy.run_ids
            continue
        if run_id is not None:
            run_ids.append(run_id)
    difference = sum(Run.objects.filter(pk__in=run_ids).values_list("amount_minor", flat=True))
    return Entered(reading_ids, tuple(run_ids), tuple(waiting), difference)


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
