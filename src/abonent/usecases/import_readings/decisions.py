"""What a person decides about readings that were held, and taking a decision back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl
from django.db import connection, transaction

from abonent.contexts.charging.models import Run, RunKind, RunState
from abonent.contexts.metering.models import Reading, ReadingFileRow, ReadingStatus, RowDecision
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases.import_readings import booking, checks
from abonent.usecases.import_readings.lists import SHOWN, judge
from abonent.usecases.import_readings.model import Decided, DecisionRefused

# Reasons that lie in the row itself and are not found again by judging the reading anew.
_OF_DAY = frozenset({"account_closed", "date_missing", "not_a_date"})
_OF_VALUE = frozenset(
    {"too_many_cells", "value_missing", "not_a_number", "negative", "too_precise", "above_capacity"}
)
_WAITS_FOR_ANOTHER = ["other_zone_held"]


@dataclass
class _Tally:
    reading_ids: list[int] = field(default_factory=list)
    decided: list[int] = field(default_factory=list)
    along: list[int] = field(default_factory=list)
    refused: dict[int, tuple[str, ...]] = field(default_factory=dict)
    months: int = 0


@dataclass(frozen=True)
class _Wish:
    actor_id: int | None
    at: datetime
    today: date
    parameters: ParameterSet
    value_wh: int | None = None
    taken_on: date | None = None
    confirmed_rollover: bool = False


def decide(
    *,
    row_ids: Sequence[int],
    accept: bool,
    actor_id: int | None,
    at: datetime,
    today: date,
    parameters: ParameterSet,
    value_wh: int | None = None,
    taken_on: date | None = None,
    confirmed_rollover: bool = False,
) -> Decided:
    """Accept or refuse held rows that wait for a person; either of all of them, or of those that can be.

    A corrected value or day is for a single row. A doubtful row is accepted as it stands; a rejected one only when the
    correction, or the confirmed roll-over, leaves no reason to reject it. Other zones of a meter that waited only for
    this one are accepted along with it. What cannot be done is told per row in `Decided.refused`, never raised.
    """
    if len(row_ids) > 1 and (value_wh is not None or taken_on is not None):
        raise ValueError("a corrected value or day is for a single row")
    tally = _Tally()
    with transaction.atomic():
        rows = ReadingFileRow.objects.select_for_update(of=("self",)).select_related("installation")
        found = list(rows.filter(pk__in=row_ids).order_by("pk"))
        tally.refused = {id: ("no_row",) for id in row_ids if id not in {row.pk for row in found}}
        waiting = [row for row in found if row.decision == RowDecision.WAITING]
        tally.refused |= {row.pk: ("decided_already",) for row in found if row not in waiting}
        if not accept:
            tally.decided = [row.pk for row in waiting]
            ReadingFileRow.objects.filter(pk__in=tally.decided).update(
                decision=RowDecision.REFUSED, decided_at=at, decided_by_id=actor_id
            )
        elif waiting:
            wish = _Wish(actor_id, at, today, parameters, value_wh, taken_on, confirmed_rollover)
            _accept(waiting, wish, tally)
            along = _along(waiting, tally)
            if along:
                before = len(tally.decided)
                _accept(along, _Wish(actor_id, at, today, parameters), tally)
                tally.along = tally.decided[before:]
    return Decided(
        reading_ids=tuple(tally.reading_ids),
        decided=tuple(tally.decided),
        along=tuple(tally.along),
        refused=tally.refused,
        months_to_recalculate=tally.months,
    )


def undo_decision(*, row_id: int, actor_id: int | None, at: datetime) -> None:
    """Take a decision back: the row waits again, the reading it made is annulled and what it replaced stands again.

    Raises DecisionRefused: "not_decided", "used" (a bill of a month that was posted since rests on the reading).
    """
    with transaction.atomic():
        row = ReadingFileRow.objects.select_for_update().get(pk=row_id)
        if row.decision == RowDecision.WAITING:
            raise DecisionRefused("not_decided")
        if row.reading_id is not None:
            _take_back(row, actor_id, at)
        row.decision, row.decided_at, row.decided_by_id = RowDecision.WAITING, None, None
        row.reading_id = row.replaced_id = None
        row.save()


def _accept(held: Sequence[ReadingFileRow], wish: _Wish, tally: _Tally) -> None:
    """Judge rows as if they came in now, with what the person takes upon himself, and book those that hold."""
    ready: list[tuple] = []
    rows = {row.pk: row for row in held}
    for row in held:
        taken_on, value_wh = (
            wish.taken_on or row.taken_on,
            row.value_wh if wish.value_wh is None else wish.value_wh,
        )
        left = set(row.reasons) & (_OF_DAY | _OF_VALUE)
        left -= _OF_DAY if wish.taken_on is not None else set()
        left -= _OF_VALUE if wish.value_wh is not None else set()
        if row.installation_id is None or taken_on is None or value_wh is None:
            tally.refused[row.pk] = tuple(row.reasons)
            continue
        ready.append(
            (
                row.pk,
                row.installation_id,
                taken_on,
                value_wh,
                row.source,
                sorted(left),
                True,
                wish.confirmed_rollover,
            )
        )
    if not ready:
        return
    judged = judge(
        pl.DataFrame(ready, schema=SHOWN, orient="row"), today=wish.today, parameters=wish.parameters
    )
    stays = pl.col("status").is_in([checks.REJECTED, checks.DOUBTFUL])
    for id, reasons in judged.filter(stays).select("claim", "reasons").rows():
        tally.refused[id] = tuple(reasons)
    accepted = judged.filter(pl.col("status") == checks.ACCEPTED)
    with connection.cursor() as cursor:
        for (file_id,), part in _by_file(accepted, rows):
            tally.months += booking.book(
                cursor,
                part,
                at=wish.at,
                actor_id=wish.actor_id,
                file_id=file_id,
                note=f"readings of the file {file_id}",
            )
        ids = booking.reading_ids(
            cursor, accepted["installation_id"].to_list(), accepted["taken_on"].unique().to_list()
        )
    for claim in judged.filter(pl.col("status").is_in([checks.ACCEPTED, checks.KNOWN])).iter_rows(named=True):
        row = rows[claim["claim"]]
        row.decision, row.decided_at, row.decided_by_id = RowDecision.ACCEPTED, wish.at, wish.actor_id
        row.value_wh, row.taken_on = claim["value_wh"], claim["taken_on"]
        if claim["status"] == checks.ACCEPTED:
            row.reading_id = ids[claim["installation_id"], claim["taken_on"]]
            row.replaced_id = claim["replaces_id"]
            tally.reading_ids.append(row.reading_id)
        row.save()
        tally.decided.append(row.pk)


def _by_file(
    accepted: pl.DataFrame, rows: dict[int, ReadingFileRow]
) -> list[tuple[tuple[int], pl.DataFrame]]:
    files = pl.DataFrame(
        {"claim": list(rows), "file_id": [row.file_id for row in rows.values()]},
        schema={"claim": pl.Int64, "file_id": pl.Int64},
    )
    return list(accepted.join(files, on="claim").group_by("file_id"))


def _along(accepted: Sequence[ReadingFileRow], tally: _Tally) -> list[ReadingFileRow]:
    """Return the zones of the meters just accepted that waited for nothing else."""
    done = [row for row in accepted if row.pk in tally.decided]
    along = []
    for file_id, meter_id, taken_on in {
        (row.file_id, row.installation.meter_id, row.taken_on) for row in done if row.installation is not None
    }:
        others = list(
            ReadingFileRow.objects.select_for_update(of=("self",)).filter(
                file_id=file_id,
                installation__meter_id=meter_id,
                taken_on=taken_on,
                decision=RowDecision.WAITING,
            )
        )
        if all(row.reasons == _WAITS_FOR_ANOTHER for row in others):
            along += others
    return along


def _take_back(row: ReadingFileRow, actor_id: int | None, at: datetime) -> None:
    """Annul the reading a decision made, unless a bill rests on it, and let the one it replaced stand again."""
    assert row.installation is not None
    assert row.taken_on is not None
    assert row.reading_id is not None
    month = Month.of(row.taken_on)
    used = Run.objects.filter(
        state=RunState.POSTED,
        posted_at__gte=row.decided_at,
        period__gte=month.first_day,
        shards__buildings__contains=row.installation.building_id,
    ).exclude(kind__in=[RunKind.REVERSAL, RunKind.MANUAL])
    if used.exists():
        raise DecisionRefused("used", run_ids=list(used.values_list("id", flat=True).distinct()[:5]))
    annulled = Reading.objects.filter(id=row.reading_id, taken_on=row.taken_on, status=ReadingStatus.ACCEPTED)
    if not annulled.update(status=ReadingStatus.ANNULLED, judged_at=at, reason="the decision was taken back"):
        raise DecisionRefused("annulled_already")
    if row.replaced_id is not None:
        Reading.objects.filter(
            id=row.replaced_id, taken_on=row.taken_on, status=ReadingStatus.ANNULLED
        ).update(status=ReadingStatus.ACCEPTED, judged_at=at, reason="")
    touched = pl.DataFrame(
        {
            "building_id": [row.installation.building_id],
            "premise_id": [row.installation.premise_id or 0],
            "taken_on": [row.taken_on],
        }
    )
    booking.note_changed(
        touched, at=at, actor_id=actor_id, note=f"a reading of the file {row.file_id} taken back"
    )
