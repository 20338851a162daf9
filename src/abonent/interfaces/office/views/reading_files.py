"""Files of readings: received, looked at, stored by the worker, answered."""

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.access.queries import user_names
from abonent.contexts.metering.models import ReadingFileState, ReadingSender
from abonent.contexts.metering.operations import name_sender
from abonent.contexts.metering.reading_files import held_by_reason, reading_files, senders
from abonent.gateways import queue
from abonent.interfaces.office import formats
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.reading_filters import FileFilter
from abonent.interfaces.office.reading_forms import ColumnsForm, UploadForm
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import READING_TAKERS, STAFF, allow, may
from abonent.interfaces.office.words import reading_file_state, reading_status
from abonent.usecases import import_readings
from abonent.usecases.import_readings import BadFile
from abonent.usecases.reading_reasons import reason, tell_file

TASK = "readings.store"
ROWS_LOOKED_AT = 8


@allow(*STAFF)
def files(request: HttpRequest) -> HttpResponse:
    """The list of files, newest first."""
    filters = FileFilter(request.GET)
    people: dict[int, str] = {}

    def count(name: str, title: Any, *, minor: bool = True) -> Column:
        return Column(name=name, title=title, kind="count", order=(name,), minor_on_phone=minor)

    columns = [
        Column(
            name="name",
            title=gettext_lazy("File"),
            order=("name",),
            link=lambda row: reverse("office:reading_file", args=[row["id"]]),
        ),
        Column(name="sender_name", title=gettext_lazy("Sender"), order=("sender_name",), minor_on_phone=True),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: reading_file_state(row["state"]),
            order=("state",),
        ),
        count("rows", gettext_lazy("Rows")),
        count("accepted", gettext_lazy("Accepted")),
        count("doubtful", gettext_lazy("Doubtful")),
        count("rejected", gettext_lazy("Rejected")),
        count("known", gettext_lazy("Known already")),
        count("waiting", gettext_lazy("Wait for a decision"), minor=False),
        Column(
            name="created_at",
            title=gettext_lazy("Received"),
            kind="moment",
            order=("created_at",),
            minor_on_phone=True,
        ),
        Column(
            name="created_by",
            title=gettext_lazy("Received by"),
            text=lambda row: people.get(row["created_by_id"], ""),
            minor_on_phone=True,
        ),
    ]
    listing = Listing(
        filters.narrow(reading_files()),
        columns,
        request.GET,
        default_sort="-created_at",
        filters=filters,
        prepare=lambda rows: people.update(user_names(row["created_by_id"] for row in rows)),
    )
    return listed(request, listing, file_name="reading-files", page="office/files/list.html")


@allow(*READING_TAKERS)
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file in; the same bytes lead to the page they have already."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "GET" or not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "office/files/new.html", {"form": form}, status=status)
    taken, now = form.cleaned_data["file"], timezone.now()
    sender = form.cleaned_data["sender"]
    try:
        with NamedTemporaryFile() as scratch:
            for chunk in taken.chunks():
                scratch.write(chunk)
            scratch.flush()
            received = import_readings.receive(
                path=Path(scratch.name),
                name=taken.name,
                sender_id=sender.pk if sender else None,
                actor_id=request.user.pk,
                at=now,
            )
    except BadFile as refusal:
        form.add_error("file", tell_file(refusal.code, refusal.facts))
        return render(request, "office/files/new.html", {"form": form}, status=422)
    if received.created_at != now:
        messages.info(request, _("This very file came in before: here is what became of it."))
    return redirect("office:reading_file", received.pk)


@allow(*STAFF)
def screen(request: HttpRequest, file_id: int) -> HttpResponse:
    """The file: what its columns are taken for; then how far it is; then what came of it."""
    context = _context(file_id)
    if context["may_be_stored"] and may(request, "reading_file_store"):
        context |= _looked_at(context["file"], request)
    return render(request, "office/files/screen.html", context)


@allow(*STAFF)
def progress(request: HttpRequest, file_id: int) -> HttpResponse:
    """The same without the page around it: asked for every second while the file is being stored."""
    return render(request, "office/files/_file.html", _context(file_id))


@allow(*READING_TAKERS)
@require_POST
def store(request: HttpRequest, file_id: int) -> HttpResponse:
    """Remember what the columns are, and let the worker store the file."""
    context = _context(file_id)
    if not context["may_be_stored"]:
        return redirect("office:reading_file", file_id)
    context |= _looked_at(context["file"], request)
    form = context.get("form")
    if form is None or not form.is_valid():
        return render(request, "office/files/screen.html", context, status=422)
    with transaction.atomic():
        if sender_id := _sender(form):
            name_sender(file_id=file_id, sender_id=sender_id)
        queue.defer(
            TASK,
            queue="readings",
            lock=f"readings.store:{file_id}",
            file_id=file_id,
            actor_id=request.user.pk,
        )
    return redirect("office:reading_file", file_id)


def _sender(form: ColumnsForm) -> int | None:
    """Remember who sends such columns; return the sender, or None where the format says it all."""
    values = form.cleaned_data
    known = ReadingSender.objects.filter(name=values["sender"]).first()
    known_id = known.pk if known else None
    if not form.asks_for_columns:
        return known_id
    kept = import_readings.save_sender(
        name=values["sender"],
        columns=form.columns(),
        source=values["source"],
        day_first=values["day_first"],
        sender_id=known_id,
    )
    return kept.pk


@allow(*READING_TAKERS)
@require_POST
def guess(request: HttpRequest, file_id: int) -> HttpResponse:
    """Look at the columns anew where the sender has changed them: what was remembered no longer fits."""
    row = _file(file_id)
    name_sender(file_id=file_id, sender_id=None)
    return redirect(reverse("office:reading_file", args=[file_id]) + f"?sender={row['sender_id'] or ''}")


@allow(*STAFF)
def answer(request: HttpRequest, file_id: int) -> HttpResponse:
    """The sender's own file with a column of reasons."""
    _file(file_id)
    try:
        made = import_readings.reasons_file(file_id=file_id)
    except BadFile as refusal:
        messages.error(request, tell_file(refusal.code, refusal.facts))
        return redirect("office:reading_file", file_id)
    response = HttpResponse(made.content, content_type=made.media_type)
    response.headers["Content-Disposition"] = str(content_disposition_header(True, made.name))
    return response


def _file(file_id: int) -> Row:
    row = reading_files().filter(id=file_id).first()
    if row is None:
        raise Http404
    return row


def _context(file_id: int) -> dict[str, Any]:
    row = _file(file_id)
    job = queue.unfinished(TASK, file_id=file_id)
    now = timezone.now()
    is_busy = job is not None
    context: dict[str, Any] = {
        "file": row,
        "state_word": reading_file_state(row["state"]),
        "received_by": user_names([row["created_by_id"]]).get(row["created_by_id"], ""),
        "is_busy": is_busy,
        "is_stored": row["state"] == ReadingFileState.STORED,
        "may_be_stored": not is_busy and row["state"] != ReadingFileState.STORED,
        "nobody_works": bool(job and job.started_at is None and not queue.live_workers(at=now)),
        "percent": row["rows_done"] * 100 // row["rows"] if row["rows"] else 0,
        "groups": [
            {**group, "title": reason(group["code"]).title, "word": reading_status(group["status"])}
            for group in held_by_reason(file_id=file_id)
        ],
    }
    if job and job.started_at and row["rows_done"]:
        seconds = (now - job.started_at).total_seconds()
        context["left"] = formats.span((row["rows"] - row["rows_done"]) * seconds / row["rows_done"])
    return context


def _looked_at(row: Row, request: HttpRequest) -> dict[str, Any]:
    """The first rows and what the columns are taken for; or why the file cannot be read."""
    try:
        look = import_readings.look(file_id=row["id"], rows=ROWS_LOOKED_AT)
    except BadFile as refusal:
        told = tell_file(refusal.code, refusal.facts)
        return {"refusal": told, "may_guess": refusal.code == "columns_missing" and row["sender_id"]}
    known = senders()
    sender_id = str(row["sender_id"] or request.GET.get("sender", ""))
    own = next((sender for sender in known if str(sender.pk) == sender_id), None)
    form = ColumnsForm(request.POST if request.method == "POST" else None, look=look, sender=own)
    return {"look": look, "form": form, "senders": [sender.name for sender in known]}
