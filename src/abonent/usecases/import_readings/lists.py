"""Readings whose registers are known: a building's list entered by hand, and held rows that a person decides on."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.db.models import F

from abonent.contexts.contracts.models import Account
from abonent.contexts.metering.models import Installation, Reading, ReadingSource, ReadingStatus
from abonent.engine.parameters import ParameterSet
from abonent.packs.ru.reading_checks import read_checks
from abonent.usecases.import_readings import booking, checks, reasons, rows, zones
from abonent.usecases.import_readings.model import ListEntered, ListRegister, RowJudged

SHOWN: dict[str, pl.DataType | type[pl.DataType]] = {
    "claim": pl.Int64,
    "installation_id": pl.Int64,
    "taken_on": pl.Date,
    "value_wh": pl.Int64,
    "source": pl.Int16,
    "reasons": pl.List(pl.String),
    "doubt_confirmed": pl.Boolean,
    "fall_confirmed": pl.Boolean,
}


def judge(shown: pl.DataFrame, *, today: date, parameters: ParameterSet) -> pl.DataFrame:
    """Judge rows of SHOWN inside the open transaction; return them with their registers and `checks.JUDGED`.

    `checks.Rules.window` is not asked: whoever enters by hand sees the day. Raises LookupError for an installation
    that is not there.
    """
    few = rows.Few()
    places = few.read(
        f"""SELECT {rows.INSTALLATION_COLUMNS}, z.zones FROM {few.relation(shown.select("installation_id").unique())}
            JOIN metering_installation i ON i.id = given.installation_id
            CROSS JOIN LATERAL (
                SELECT count(DISTINCT zone) AS zones FROM metering_installation s
                WHERE s.meter_id = i.meter_id AND NOT isempty(s.during * i.during)
            ) z""",
        {**rows.INSTALLATIONS, "zones": pl.Int16},
    )
    claims = shown.join(places, on="installation_id", how="left")
    if claims["meter_id"].null_count():
        raise LookupError("there is no such installation")
    claims = zones.doubt_incomplete(few, claims).with_columns(
        reasons=pl.when("doubt_confirmed")
        .then(reasons.without(pl.col("reasons"), ["zones_incomplete"]))
        .otherwise("reasons")
    )
    history = rows.history(few, claims.select("installation_id", "taken_on"))
    judged = checks.judge(
        claims.select(*checks.CLAIM), history, checks.Rules(today, read_checks(parameters, today))
    )
    also = [name for name in claims.columns if name not in checks.CLAIM]
    return zones.hold_together(judged.join(claims.select("claim", *also), on="claim")).sort("claim")


def list_registers(*, building_id: int, taken_on: date, parameters: ParameterSet) -> list[ListRegister]:
    """Return every register in place in a building on a day, in the order of premises and zones, for a table.

    Each with its last actual reading before the day, what it uses in a month by its own history and what was read on
    this very day.
    """
    places = list(
        Installation.objects.filter(building_id=building_id, during__contains=taken_on)
        .annotate(
            serial=F("meter__serial"), premise_number=F("premise__number"), order=F("premise__sort_key")
        )
        .order_by(F("order").asc(nulls_first=True), "premise_number", "premise_id", "meter_id", "zone")
        .values("id", "premise_id", "premise_number", "serial", "zone", "digits", "ratio")
    )
    if not places:
        return []
    days = {"taken_on": taken_on, "status": ReadingStatus.ACCEPTED, "building_id": building_id}
    today = {
        installation_id: (value_wh, source)
        for installation_id, value_wh, source in Reading.objects.filter(**days)
        .exclude(source=ReadingSource.ESTIMATE)
        .values_list("installation_id", "value_wh", "source")
    }
    accounts = dict(
        Account.objects.filter(building_id=building_id, during__contains=taken_on)
        .order_by("-share_no")
        .values_list("premise_id", "number")
    )
    asked: list[tuple[Any, ...]] = [
        (number, place["id"], taken_on, 0, int(ReadingSource.SUBSCRIBER), [], False, False)
        for number, place in enumerate(places)
    ]
    judged = judge(pl.DataFrame(asked, schema=SHOWN, orient="row"), today=taken_on, parameters=parameters)
    before = {row["installation_id"]: row for row in judged.iter_rows(named=True)}
    return [
        ListRegister(
            installation_id=place["id"],
            premise_id=place["premise_id"],
            premise=place["premise_number"] or "",
            account=accounts.get(place["premise_id"], ""),
            serial=place["serial"],
            zone=place["zone"],
            digits=place["digits"],
            ratio=place["ratio"],
            previous_on=before[place["id"]]["previous_on"],
            previous_wh=before[place["id"]]["previous_wh"],
            average_wh=before[place["id"]]["average_wh"],
            today_wh=today.get(place["id"], (None, None))[0],
            today_source=today.get(place["id"], (None, None))[1],
        )
        for place in places
    ]


def enter_list(
    *,
    building_id: int,
    taken_on: date,
    values: Mapping[int, int],
    source: ReadingSource,
    actor_id: int | None,
    today: date,
    at: datetime,
    parameters: ParameterSet,
    confirmed: Collection[int] = (),
    dry_run: bool = False,
) -> ListEntered:
    """Store the readings of a day of one building: installation → Wh on its face; all that can be, at once.

    `confirmed` are the installations whose doubt (a spike, a roll-over, …) the person entering takes upon himself.
    What is doubtful and not confirmed, or rejected, is not stored and comes back with its reasons. `dry_run` only
    judges. Raises ValueError for an installation that is not of this building.
    """
    if not values:
        return ListEntered(rows=[], stored=0, known=0, replaced=0, months_to_recalculate=0)
    shown = pl.DataFrame(
        [
            (place, installation_id, taken_on, value_wh, int(source), [], *[installation_id in confirmed] * 2)
            for place, (installation_id, value_wh) in enumerate(values.items())
        ],
        schema=SHOWN,
        orient="row",
    )
    with transaction.atomic(), connection.cursor() as cursor:
        try:
            judged = judge(shown, today=today, parameters=parameters)
        except LookupError as error:
            raise ValueError(str(error)) from error
        if (judged["building_id"] != building_id).any():
            raise ValueError("an installation of another building")
        accepted = judged.filter(pl.col("status") == checks.ACCEPTED)
        months = 0
        if not dry_run:
            months = booking.book(
                cursor, accepted, at=at, actor_id=actor_id, file_id=None, note="readings of a building's list"
            )
    return ListEntered(
        rows=[_row(row) for row in judged.iter_rows(named=True)],
        stored=0 if dry_run else accepted.height,
        known=judged.filter(pl.col("status") == checks.KNOWN).height,
        replaced=accepted["replaces_id"].count(),
        months_to_recalculate=months,
    )


def _row(row: dict[str, Any]) -> RowJudged:
    return RowJudged(
        installation_id=row["installation_id"],
        status=row["status"],
        reasons=tuple(row["reasons"]),
        previous_on=row["previous_on"],
        previous_wh=row["previous_wh"],
        average_wh=row["average_wh"],
        usage_wh=row["usage_wh"],
    )
