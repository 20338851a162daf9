"""What is asked about files of readings."""

from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from abonent.contexts.metering.models import ReadingFile, ReadingFileRow, ReadingSender, RowDecision


def reading_files() -> QuerySet[ReadingFile, dict[str, Any]]:
    """Rows of the list of files; `waiting` is how many of their readings nobody has decided on yet."""
    undecided = (
        ReadingFileRow.objects.filter(file_id=OuterRef("id"), decision=RowDecision.WAITING)
        .order_by()
        .values("file_id")
        .annotate(rows=Count("id"))
        .values("rows")
    )
    return ReadingFile.objects.annotate(
        sender_name=Coalesce(F("sender__name"), Value("")), waiting=Coalesce(Subquery(undecided), 0)
    ).values(
        "id",
        "name",
        "sender_id",
        "sender_name",
        "size_bytes",
        "state",
        "rows",
        "rows_done",
        "accepted",
        "doubtful",
        "rejected",
        "known",
        "waiting",
        "created_at",
        "created_by_id",
        "finished_at",
        "error",
    )


def held_by_reason(*, file_id: int) -> list[dict[str, Any]]:
    """Return how many rows of a file were held for each reason and status, most frequent first."""
    reasons: dict[tuple[str, int], int] = {}
    rows = (
        ReadingFileRow.objects.filter(file_id=file_id).values("reasons", "status").annotate(rows=Count("id"))
    )
    for row in rows:
        for code in row["reasons"]:
            key = (code, row["status"])
            reasons[key] = reasons.get(key, 0) + row["rows"]
    return [
        {"code": code, "status": status, "rows": count}
        for (code, status), count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    ]


def senders() -> list[ReadingSender]:
    return list(ReadingSender.objects.order_by("name"))


def file_names(ids: set[int]) -> dict[int, str]:
    """Return the names of files of readings, by id."""
    return dict(ReadingFile.objects.filter(id__in=ids).values_list("id", "name"))
