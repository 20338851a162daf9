"""Files of payments: looked at, taken in, posted by the worker, reversed."""

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from abonent.contexts.access.queries import user_names
from abonent.contexts.payments.files import file_rows, lines_of_file, payment_files, reconciliations
from abonent.contexts.payments.models import PaymentFileState, Recognition
from abonent.gateways import queue
from abonent.interfaces.office import formats
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.money_words import payment_state
from abonent.interfaces.office.payment_file_forms import (
    FileReversalForm,
    FileRowFilter,
    PaymentFileFilter,
    PaymentFileForm,
)
from abonent.interfaces.office.payment_file_words import bank_line_state, file_format, payment_file_state
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import MONEY_KEEPERS, MONEY_TAKERS, STAFF, allow
from abonent.usecases import import_payments
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.import_payments import FileRefused, Look
from abonent.usecases.import_payments.words import OUTCOMES, field_name, tell_file, tell_problem
from abonent.usecases.refusal_words import tell_run
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment

POST, REVERSE, QUEUE = "payments.post", "payments.reverse", "payments"
SHOWN_ROWS, SHOWN_PROBLEMS = 50, 100
_VOUCHED = ("documents_total", "duplicate")  # what a person may vouch for


@allow(*STAFF)
def files(request: HttpRequest) -> HttpResponse:
    """The list of files, newest first."""
    filters = PaymentFileFilter(request.GET)
    columns = [
        Column(
            name="name",
            title=gettext_lazy("File"),
            order=("name",),
            link=lambda row: reverse("office:payment_file", args=[row["id"]]),
        ),
        Column(name="agent_name", title=gettext_lazy("Agent"), order=("agent_name",), minor_on_phone=True),
        Column(name="number", title=gettext_lazy("Number"), order=("number",), minor_on_phone=True),
        Column(
            name="dated_on",
            title=gettext_lazy("Of the day"),
            kind="day",
            order=("dated_on",),
            minor_on_phone=True,
        ),
        Column(
            name="state", title=gettext_lazy("State"), kind="word", text=payment_file_state, order=("state",)
        ),
        Column(name="rows", title=gettext_lazy("Rows"), kind="count", order=("rows",), minor_on_phone=True),
        Column(name="amount_minor", title=gettext_lazy("Sum"), kind="minor", order=("amount_minor",)),
        Column(name="transferred_minor", title=gettext_lazy("To arrive"), kind="minor", minor_on_phone=True),
        Column(name="arrived_minor", title=gettext_lazy("Arrived"), kind="minor", minor_on_phone=True),
        Column(name="waiting_rows", title=gettext_lazy("Unidentified"), kind="count", minor_on_phone=True),
        Column(
            name="received_at",
            title=gettext_lazy("Received"),
            kind="moment",
            order=("received_at",),
            minor_on_phone=True,
        ),
    ]
    listing = Listing(
        filters.narrow(payment_files()), columns, request.GET, default_sort="-received_at", filters=filters
    )
    return listed(request, listing, file_name="payment-files", page="office/money/files.html")


@allow(*MONEY_TAKERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A file of payments: looked at first, then taken in."""
    page, today = "office/money/file_new.html", timezone.localdate()
    form = PaymentFileForm(request.POST or None, request.FILES or None, initial={"booked_on": today})
    context: dict[str, Any] = {"form": form}
    if request.method == "GET" or not form.is_valid():
        return render(request, page, context, status=422 if form.errors else 200)
    values = form.cleaned_data
    name = values["file"].name if values["file"] else values["file_name"]
    given = {"name": name, "agent_id": values["agent"].pk, "today": today, "partial": values["extract"]}
    try:
        sha256 = _kept(values["file"]) if values["file"] else values["key"]
        context |= {"kept": {"key": sha256, "name": name}}
        if "confirmed" in request.POST:
            return _begin(request, form, sha256, given)
        look = import_payments.look_at(sha256, **given)
    except FileRefused as refusal:
        if "errors" in request.POST:
            return _sheet(import_payments.problems_file(name, refusal.problems), f"{Path(name).stem}-errors")
        context |= {
            "refusal": tell_file(refusal),
            "problems": _problems(refusal),
            "extract_helps": refusal.code in _VOUCHED,
        }
        return render(request, page, context, status=422)
    except PaymentRefused as refused:
        form.add_error("booked_on", tell_payment(refused))
        return render(request, page, context, status=422)
    except RunRefused as refused:
        form.add_error("booked_on", tell_run(refused))
        return render(request, page, context, status=422)
    if "sheet" in request.POST:
        return _sheet(import_payments.look_file(look), f"{Path(name).stem}-look")
    return render(request, page, context | _looked(look))


def _begin(request: HttpRequest, form: PaymentFileForm, sha256: str, given: dict[str, Any]) -> HttpResponse:
    file_id, is_new = import_payments.begin(
        sha256=sha256,
        booked_on=form.cleaned_data["booked_on"],
        actor_id=request.user.pk,
        at=timezone.now(),
        **given,
    )
    if is_new:
        queue.defer(POST, queue=QUEUE, lock=f"{POST}:{file_id}", file_id=file_id, actor_id=request.user.pk)
    else:
        messages.info(request, _("This very file came in before: here is what became of it."))
    return redirect("office:payment_file", file_id)


@allow(*STAFF)
def screen(request: HttpRequest, file_id: int) -> HttpResponse:
    """The file: how far it is, what came of it, what of it arrived at the bank, its rows."""
    context = _context(file_id)
    filters = FileRowFilter(request.GET)
    columns = [
        Column(
            name="row_no", title=gettext_lazy("Row"), kind="count", order=("row_no",), minor_on_phone=True
        ),
        Column(name="paid_on", title=gettext_lazy("Paid on"), kind="day", order=("paid_on",)),
        Column(name="account_text", title=gettext_lazy("Account in the file"), minor_on_phone=True),
        Column(
            name="number_of_account",
            title=gettext_lazy("Account"),
            link=lambda row: (
                reverse("office:account", args=[row["number_of_account"]])
                if row["number_of_account"]
                else None
            ),
        ),
        Column(name="payer", title=gettext_lazy("Payer"), minor_on_phone=True),
        Column(
            name="amount_minor",
            title=gettext_lazy("Sum"),
            kind="minor",
            order=("amount_minor",),
            link=lambda row: _payment_url(row["id"]),
        ),
        Column(name="commission_minor", title=gettext_lazy("Commission"), kind="minor", minor_on_phone=True),
        Column(
            name="recognition", title=gettext_lazy("Recognised by"), text=_recognised_by, minor_on_phone=True
        ),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: payment_state(row["state"]),
        ),
    ]
    listing = Listing(
        filters.narrow(file_rows(file_id=file_id)),
        columns,
        request.GET,
        default_sort="row_no",
        filters=filters,
    )
    return listed(
        request,
        listing,
        file_name=f"payments-{file_id}",
        page="office/money/file.html",
        context=context,
    )


@allow(*STAFF)
def progress(request: HttpRequest, file_id: int) -> HttpResponse:
    """The upper part of the card, asked for every second while the file is being posted; then the whole anew."""
    context = _context(file_id)
    if request.htmx and not context["is_busy"]:
        return HttpResponseClientRefresh()
    return render(request, "office/money/_file.html", context)


@allow(*STAFF)
def answer(request: HttpRequest, file_id: int) -> HttpResponse:
    """The rows of the file with what became of each, as a workbook."""
    row = _file(file_id)
    try:
        made = import_payments.answer_file(file_id=file_id, today=timezone.localdate())
    except FileRefused as refusal:
        messages.error(request, tell_file(refusal))
        return redirect("office:payment_file", file_id)
    return _sheet(made, f"{Path(row['name']).stem}-{_('answer')}")


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def reverse_file(request: HttpRequest, file_id: int) -> HttpResponse:
    """Ask why, then let the worker take a whole file back."""
    row = _file(file_id)
    form = FileReversalForm(request.POST or None, initial={"booked_on": timezone.localdate()})
    context = {"form": form, "file": row}
    dialog = "office/money/_file_reverse.html"
    if request.method == "GET" or not form.is_valid():
        return render(request, dialog, context, status=422 if form.errors else 200)
    queue.defer(
        REVERSE,
        queue=QUEUE,
        lock=f"{POST}:{file_id}",
        file_id=file_id,
        actor_id=request.user.pk,
        reason=form.cleaned_data["reason"],
        booked_on=form.cleaned_data["booked_on"].isoformat(),
    )
    return HttpResponseClientRedirect(reverse("office:payment_file", args=[file_id]))


def _kept(taken: UploadedFile) -> str:
    with NamedTemporaryFile() as scratch:
        for chunk in taken.chunks():
            scratch.write(chunk)
        scratch.flush()
        return import_payments.keep(Path(scratch.name))


def _looked(look: Look) -> dict[str, Any]:
    """What a file holds, for the page: its figures, its first rows and what keeps it from being stored."""
    return {
        "look": look,
        "format": file_format(look.format),
        "counts": [(OUTCOMES[outcome], count) for outcome, count in look.counts.items()],
        "lines": [(bank_line_state(state), count) for state, count in look.line_counts.items()],
        "rows": [
            row | {"word": OUTCOMES[row["outcome"]]}
            for row in look.first_rows(SHOWN_ROWS, outcomes=("unidentified",)) or look.first_rows(SHOWN_ROWS)
        ],
        "refusal": tell_file(look.refusal) if look.refusal else "",
        "problems": _problems(look.refusal) if look.refusal else [],
    }


def _problems(refusal: FileRefused) -> list[dict[str, Any]]:
    return [
        {
            "row": problem.row_no,
            "field": field_name(problem.field),
            "value": problem.value,
            "reason": tell_problem(problem),
        }
        for problem in refusal.problems[:SHOWN_PROBLEMS]
        if problem.row_no
    ]


def _sheet(content: Any, stem: str) -> FileResponse:
    return FileResponse(content, as_attachment=True, filename=f"{stem}.xlsx")


def _file(file_id: int) -> Row:
    row = payment_files().filter(id=file_id).first()
    if row is None:
        raise Http404
    return row


def _context(file_id: int) -> dict[str, Any]:
    row = _file(file_id)
    job = queue.unfinished(POST, file_id=file_id) or queue.unfinished(REVERSE, file_id=file_id)
    is_posting = row["state"] == PaymentFileState.POSTING
    people = user_names([row["received_by_id"], row["reversed_by_id"]])
    now = timezone.now()
    return {
        "file": row,
        "state_word": payment_file_state(row),
        "format": file_format(row["format"]),
        "received_by": people.get(row["received_by_id"], ""),
        "reversed_by": people.get(row["reversed_by_id"], ""),
        "is_busy": job is not None or (is_posting and not row["error"]),
        "is_posted": row["state"] == PaymentFileState.POSTED,
        "is_reversed": row["state"] == PaymentFileState.REVERSED,
        "nobody_works": bool(job and job.started_at is None and not queue.live_workers(at=now)),
        "percent": row["shards_done"] * 100 // row["shards"] if row["shards"] else 0,
        "brought_rows": row["rows"] - row["known_rows"] - row["told_rows"],
        "brought_minor": row["amount_minor"] - row["known_minor"] - row["told_minor"],
        "lacking_minor": row["transferred_minor"] - row["arrived_minor"],
        "arrivals": reconciliations(file_id=file_id),
        "lines": [
            (bank_line_state(state), count, minor)
            for state, (count, minor) in lines_of_file(file_id=file_id).items()
        ],
    }


def _recognised_by(row: Row) -> str:
    if row["recognition"] == Recognition.NONE:
        return formats.NOTHING
    return f"{Recognition(row['recognition']).label}, {row['confidence']} %"


def _payment_url(payment_id: int) -> str | None:
    try:
        return reverse("office:payment", args=[payment_id])
    except NoReverseMatch:
        return None
