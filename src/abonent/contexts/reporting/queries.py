"""What is asked about files of reports."""

from typing import Any

from django.db.models import QuerySet

from abonent.contexts.reporting.models import ReportFile


def report_files(*, owner_id: int) -> QuerySet[ReportFile, dict[str, Any]]:
    """Rows of a person's files of reports."""
    return ReportFile.objects.filter(created_by_id=owner_id).values(
        "id",
        "code",
        "asked",
        "sort",
        "format",
        "state",
        "created_at",
        "started_at",
        "finished_at",
        "rows",
        "rows_total",
        "size_bytes",
        "error",
    )
