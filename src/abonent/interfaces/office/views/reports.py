"""Reports: the list of them, each on its screen, and as files made at once or in the background."""

import tempfile
from pathlib import Path
from typing import Any

from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from abonent.contexts.access.models import Role
from abonent.contexts.reporting.models import FileState
from abonent.contexts.reporting.queries import report_files
from abonent.gateways import queue
from abonent.interfaces.office import formats
from abonent.interfaces.office.rendering import page_or_part
from abonent.interfaces.office.report_forms import ReportForm, query_of
from abonent.interfaces.office.report_pages import FORM_ROWS, PAGE_ROWS, TablePage
from abonent.interfaces.office.roles import STAFF, allow
from abonent.interfaces.office.words import Word
from abonent.usecases import report_job, reports
from abonent.usecases.reports import Asked, Edition, Format, Report, reading
from abonent.usecases.reports.edition import counted_rows

TASK = "reports.make"
_SCREEN_SECONDS = 20
# what is longer is made in the background
_AT_ONCE = {Format.PDF: 2_000, Format.XLSX: 20_000, Format.CSV: 20_000, Format.JSON: 20_000}
_TYPES = {
    Format.PDF: "application/pdf",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv",
    Format.JSON: "application/json",
}
_COLOURS = {
    FileState.WAITING: "secondary",
    FileState.MAKING: "blue",
    FileState.MADE: "green",
    FileState.FAILED: "red",
    FileState.FORGOTTEN: "secondary",
}


@allow(*STAFF)
def listing(request: HttpRequest) -> HttpResponse:
    """The reports the reader may see, by their headings, and the files made for the reader lately."""
    sections: dict[str, list[Report]] = {}
    for one in reports.reports_of(request.user.role):
        sections.setdefault(str(one.section), []).append(one)
    files = [_told(row) for row in report_files(owner_id=request.user.pk).order_by("-id")[:10]]
    return render(request, "office/reports/list.html", {"sections": sections, "files": files})


@allow(*STAFF)
def screen(request: HttpRequest, code: str) -> HttpResponse:
    """A report on its screen: what it is asked, its tables, more rows as they are wanted."""
    report = _report(code)
    if report is None or request.user.role not in report.roles:
        return _refused(request, report)
    form = ReportForm(report, request.GET)
    asked = form.asked(today=timezone.localdate())
    context: dict[str, Any] = {"report": report, "form": form, "asked": asked, "formats": _buttons()}
    context["path"] = reverse("office:report", args=[code])
    if asked is None:
        return _page(request, context)
    context["query"] = query_of(asked) + (f"&sort={sort}" if (sort := request.GET.get("sort", "")) else "")
    try:
        with reading.moment(seconds=_SCREEN_SECONDS) as cursor:
            answer = report.answer(cursor, asked)
            offset = _offset(request) if len(answer.tables) == 1 else 0
            limit = PAGE_ROWS if len(answer.tables) == 1 else FORM_ROWS
            pages = [
                TablePage.read(cursor, table, asked, sort=sort, offset=offset, limit=limit)
                for table in answer.tables
            ]
    except reports.NotReady as refusal:
        return _page(request, {**context, "refusal": str(refusal)})
    except reading.TooLong:
        return _page(request, {**context, "is_too_long": True})
    if request.htmx and offset:
        return render(request, "office/reports/_rows.html", {"page": pages[0]})
    return _page(request, {**context, "pages": pages, "facts": answer.facts})


@allow(*STAFF)
@require_POST
def export(request: HttpRequest, code: str) -> HttpResponse:
    """The report as a file: at once when it is short, else in the background."""
    report = _report(code)
    if report is None or request.user.role not in report.roles:
        return _refused(request, report)
    asked = ReportForm(report, request.GET).asked(today=timezone.localdate())
    if asked is None:
        raise Http404
    try:
        format = Format(request.POST.get("format", ""))
    except ValueError as error:
        raise Http404 from error
    sort = request.GET.get("sort", "")
    try:
        with reading.moment(seconds=_SCREEN_SECONDS) as cursor:
            is_short = counted_rows(cursor, report.answer(cursor, asked), asked) <= _AT_ONCE[format]
    except reports.NotReady:
        return redirect(f"{reverse('office:report', args=[code])}?{query_of(asked)}")
    except reading.TooLong:
        is_short = False
    if is_short:
        return _at_once(request, report, asked, sort, format)
    with transaction.atomic():
        file_id = report_job.create(
            code=code, asked=asked, sort=sort, format=format, actor_id=request.user.pk, at=timezone.now()
        )
        queue.defer(TASK, queue="printing", file_id=file_id, actor_id=request.user.pk)
    return redirect("office:report_file", file_id)


@allow(*STAFF)
def file_screen(request: HttpRequest, file_id: int) -> HttpResponse:
    """A file that is being made, or is made."""
    return render(request, "office/reports/file.html", _file_context(request, file_id))


@allow(*STAFF)
def file_progress(request: HttpRequest, file_id: int) -> HttpResponse:
    """The same without the page around it: asked for every second while it is made."""
    return render(request, "office/reports/_file.html", _file_context(request, file_id))


@allow(*STAFF)
def file_download(request: HttpRequest, file_id: int) -> FileResponse:
    """The file itself."""
    row = _file(request, file_id)
    path = report_job.file_of(file_id, row["format"])
    if row["state"] != FileState.MADE or not path.exists():
        raise Http404
    name = f"{row['code']}-{row['asked']['period'] or row['asked']['today']}.{row['format']}"
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type=_TYPES[Format(row["format"])]
    )


def _report(code: str) -> Report | None:
    try:
        return reports.report(code)
    except reports.UnknownReport:
        return None


def _refused(request: HttpRequest, report: Report | None) -> HttpResponse:
    """Answer who may see the report; one that does not exist is not found."""
    if report is None:
        raise Http404
    names = [Role(role).label for role in sorted(report.roles)]
    return render(request, "office/refused.html", {"roles": names}, status=403)


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return page_or_part(
        request, page="office/reports/screen.html", part="office/reports/_report.html", context=context
    )


def _offset(request: HttpRequest) -> int:
    text = request.GET.get("offset", "")
    return int(text) if text.isdecimal() else 0


def _buttons() -> list[dict[str, str]]:
    return [
        {"format": Format.XLSX.value, "icon": "file-spreadsheet", "title": "Excel"},
        {"format": Format.CSV.value, "icon": "list-check", "title": "CSV"},
        {"format": Format.PDF.value, "icon": "file-type-pdf", "title": "PDF"},
    ]


def _at_once(request: HttpRequest, report: Report, asked: Asked, sort: str, format: Format) -> FileResponse:
    edition = Edition(
        report=report,
        asked=asked,
        language=formats.language(),
        made_by=request.user.get_full_name() or request.user.username,
        made_at=timezone.now(),
        sort=sort,
    )
    with tempfile.TemporaryDirectory(prefix="abonent-report-") as folder:
        path = Path(folder) / f"report.{format}"
        reports.write(edition, format=format, path=path)
        # an open file outlives its folder
        return FileResponse(
            path.open("rb"),
            as_attachment=True,
            filename=f"{edition.file_name}.{format}",
            content_type=_TYPES[format],
        )


def _file(request: HttpRequest, file_id: int) -> dict[str, Any]:
    """Return the file's row. Raises Http404 for one of somebody else's, or of a report no longer open to the reader."""
    row = report_files(owner_id=request.user.pk).filter(id=file_id).first()
    report = row and _report(row["code"])
    if row is None or report is None or request.user.role not in report.roles:
        raise Http404
    return row


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Add to a file's row how it is called and what was asked."""
    report, asked = _report(row["code"]), Asked.from_json(row["asked"])
    state = FileState(row["state"])
    return {
        **row,
        "title": report.title if report else row["code"],
        "asked_query": query_of(asked) + (f"&sort={row['sort']}" if row["sort"] else ""),
        "period": asked.period.first_day if asked.period else None,
        "state_word": Word(str(state.label), _COLOURS[state]),
        "is_made": state == FileState.MADE,
    }


def _file_context(request: HttpRequest, file_id: int) -> dict[str, Any]:
    row = _file(request, file_id)
    report, now = _report(row["code"]), timezone.now()
    assert report is not None
    is_busy = row["state"] in (FileState.WAITING, FileState.MAKING)
    job = queue.unfinished(TASK, file_id=file_id) if is_busy else None
    said = reports.said(report, Asked.from_json(row["asked"]))
    return {
        "file": _told(row),
        "said": said,
        "is_busy": is_busy,
        "nobody_works": bool(job and job.started_at is None and not queue.live_workers(at=now)),
        "percent": row["rows"] * 100 // row["rows_total"] if row["rows_total"] else 0,
        "keep_days": report_job.KEEP.days,
    }
