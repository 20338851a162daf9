"""Readings that were not simply accepted and wait, or waited, for a person."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from abonent.contexts.contracts.models import Account
from abonent.contexts.contracts.queries import accounts
from abonent.contexts.metering.models import ReadingFileRow
from abonent.contexts.places.models import Building
from abonent.contexts.places.queries import number_order

NEVER = date(1, 1, 1)  # sorts rows without a day first


def held_readings() -> QuerySet[ReadingFileRow, dict[str, Any]]:
    """Rows held, of every file, with where the meter stands and who pays there; `usage_wh` of a fall is below zero."""
    building = Building.objects.annotate(order=number_order()).filter(id=OuterRef("building_id"))
    payer = Account.objects.filter(
        premise_id=OuterRef("installation__premise_id"), during__contains=OuterRef("taken_on")
    ).order_by("share_no")
    difference = (F("value_wh") - F("previous_wh")) * F("installation__ratio")
    usage_wh = ExpressionWrapper(difference, output_field=BigIntegerField())
    return ReadingFileRow.objects.annotate(
        file_name=F("file__name"),
        sender=Coalesce(F("file__sender__name"), Value("")),
        created_at=F("file__created_at"),
        day=Coalesce(F("taken_on"), Value(NEVER)),
        serial=Coalesce(F("installation__meter__serial"), Value("")),
        zone=F("installation__zone"),
        digits=F("installation__digits"),
        ratio=F("installation__ratio"),
        premise_number=Coalesce(F("installation__premise__number"), Value("")),
        premise_order=Coalesce(F("installation__premise__sort_key"), 0),
        building_number=Coalesce(Subquery(building.values("number")[:1]), Value("")),
        building_order=Coalesce(Subquery(building.values("order")[:1]), 0),
        street_name=Coalesce(Subquery(building.values("street__name")[:1]), Value("")),
        street_kind=Coalesce(Subquery(building.values("street__kind")[:1]), Value("")),
        account_id=Subquery(payer.values("id")[:1]),
        usage_wh=usage_wh,
        usage_order=Coalesce(usage_wh, Value(0)),
    ).values(
        "id",
        "file_id",
        "row_no",
        "part",
        "status",
        "reasons",
        "said",
        "installation_id",
        "building_id",
        "taken_on",
        "value_wh",
        "previous_on",
        "previous_wh",
        "average_wh",
        "decision",
        "decided_at",
        "decided_by_id",
        "file_name",
        "sender",
        "created_at",
        "day",
        "serial",
        "zone",
        "digits",
        "ratio",
        "premise_number",
        "premise_order",
        "building_number",
        "building_order",
        "street_name",
        "street_kind",
        "account_id",
        "usage_wh",
        "usage_order",
    )


def payers_of(account_ids: Iterable[int | None]) -> dict[int, dict[str, Any]]:
    """Return rows of `queries.accounts` by account."""
    return {row["id"]: row for row in accounts().filter(id__in={one for one in account_ids if one})}


_SEASON = """
    SELECT asked.id, later.value_wh - earlier.value_wh, later.taken_on - earlier.taken_on
    FROM unnest(%s::bigint[], %s::bigint[], %s::date[]) AS asked(id, installation_id, taken_on)
    CROSS JOIN LATERAL (
        SELECT taken_on, value_wh FROM metering_reading
        WHERE installation_id = asked.installation_id AND status = 1 AND source <> 6
          AND taken_on BETWEEN asked.taken_on - 380 AND asked.taken_on - 350
        ORDER BY abs(taken_on - (asked.taken_on - 365)) LIMIT 1) AS later
    CROSS JOIN LATERAL (
        SELECT taken_on, value_wh FROM metering_reading
        WHERE installation_id = asked.installation_id AND status = 1 AND source <> 6
          AND taken_on < later.taken_on AND taken_on >= later.taken_on - 100
        ORDER BY taken_on DESC LIMIT 1) AS earlier
"""


def season_of(rows: Iterable[dict[str, Any]]) -> dict[int, int]:
    """Return what each row's register used a year before, in Wh for 30 days, by row."""
    asked = [row for row in rows if row["installation_id"] and row["taken_on"]]
    if not asked:
        return {}
    scale = {row["id"]: (10 ** row["digits"] * 1000, row["ratio"]) for row in asked}
    with connection.cursor() as cursor:
        cursor.execute(
            _SEASON,
            [[row[name] for row in asked] for name in ("id", "installation_id", "taken_on")],
        )
        return {
            row_id: difference_wh % scale[row_id][0] * scale[row_id][1] * 30 // days
            for row_id, difference_wh, days in cursor.fetchall()
        }
