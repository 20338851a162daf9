"""A report made into a file in the background, for the person who asked; the file is deleted after some days.

A report that was killed is simply made again.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from django.utils.translation import gettext as _

from abonent.contexts.access.queries import language_of, user_names
from abonent.contexts.reporting.models import FileState, ReportFile
from abonent.gateways.home import ensure_home
from abonent.usecases import reports
from abonent.usecases.billing_run.shards import dsn
from abonent.usecases.reports import Asked, Edition, Format

KEEP = timedelta(days=14)
_TELL_EVERY = timedelta(seconds=0.5)


def create(*, code: str, asked: Asked, sort: str, format: Format, actor_id: int, at: datetime) -> int:
    """Note that a report is wanted as a file; return the number of the file. Raises UnknownReport."""
    return ReportFile.objects.create(
        supplier_id=asked.supplier_id,
        code=reports.report(code).code,
        asked=asked.as_json(),
        sort=sort,
        format=format.value,
        created_by_id=actor_id,
        created_at=at,
    ).pk


def file_of(file_id: int, format: str) -> Path:
    """Return where a file lies once it is made."""
    return ensure_home() / "reports" / f"{file_id}.{format}"


def edition_of(job: ReportFile, *, at: datetime) -> Edition:
    """Return the report as it was asked for."""
    return Edition(
        report=reports.report(job.code),
        asked=Asked.from_json(job.asked),
        language=language_of(job.created_by_id) or "ru",
        made_by=user_names([job.created_by_id])[job.created_by_id],
        made_at=at,
        sort=job.sort,
    )


def run(file_id: int, *, clock: Callable[[], datetime]) -> None:
    """Make the file. A refusal stays with it in words; so does a failure, which is raised as well."""
    job = ReportFile.objects.get(pk=file_id)
    begun = told = clock()
    _note(file_id, state=FileState.MAKING, started_at=begun, rows=0, error="")
    path = file_of(file_id, job.format)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    unfinished = path.with_suffix(f".part.{job.format}")

    # the report is read in one transaction that writes nothing: its progress is told over another connection
    with closing(psycopg.connect(dsn(), autocommit=True)) as beside:

        def tell(rows: int, rows_total: int) -> None:
            nonlocal told
            if clock() - told >= _TELL_EVERY:
                told = clock()
                beside.execute(
                    "UPDATE reporting_reportfile SET rows = %s, rows_total = %s WHERE id = %s",
                    [rows, rows_total, file_id],
                )

        _make(job, begun, unfinished, path, tell, clock)


def _make(
    job: ReportFile,
    begun: datetime,
    unfinished: Path,
    path: Path,
    tell: Callable[[int, int], None],
    clock: Callable[[], datetime],
) -> None:
    file_id = job.pk
    try:
        rows = reports.write(
            edition_of(job, at=begun), format=Format(job.format), path=unfinished, on_progress=tell
        )
        unfinished.replace(path)
    except (reports.NotReady, reports.TooManyRows) as refusal:
        _note(file_id, state=FileState.FAILED, error=say(refusal), finished_at=clock())
    except Exception:
        _note(
            file_id,
            state=FileState.FAILED,
            error=_("The report could not be made; the server's log says why. Try again."),
            finished_at=clock(),
        )
        raise
    else:
        _note(
            file_id,
            state=FileState.MADE,
            rows=rows,
            rows_total=rows,
            size_bytes=path.stat().st_size,
            finished_at=clock(),
        )
    finally:
        unfinished.unlink(missing_ok=True)


def say(refusal: reports.NotReady | reports.TooManyRows) -> str:
    """Say why a report is not made and what to do."""
    if isinstance(refusal, reports.TooManyRows):
        return _("%(rows)s rows are too many for paper. Narrow the report, or take Excel.") % {
            "rows": f"{refusal.rows:,}".replace(",", "\N{NO-BREAK SPACE}")
        }
    return str(refusal)


def forget(*, at: datetime) -> int:
    """Delete the files made so long ago that nobody comes for them: they hold personal data. Return how many."""
    old = ReportFile.objects.filter(state=FileState.MADE, finished_at__lt=at - KEEP)
    ids = list(old.values_list("id", "format"))
    for file_id, format in ids:
        file_of(file_id, format).unlink(missing_ok=True)
    old.filter(id__in=[file_id for file_id, _format in ids]).update(state=FileState.FORGOTTEN)
    return len(ids)


def _note(file_id: int, **values: object) -> None:
    ReportFile.objects.filter(pk=file_id).update(**values)
