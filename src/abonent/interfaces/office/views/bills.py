"""Bills: one account's as a page, many in one file made in the background."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.charging import queries as charging
from abonent.contexts.charging.models import PrintState
from abonent.contexts.charging.queries import run_scope
from abonent.contexts.contracts.models import Account
from abonent.contexts.parties.queries import supplier_id
from abonent.gateways import queue
from abonent.interfaces.office import formats
from abonent.interfaces.office.forms import NewPrint
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import PRINTERS, STAFF, allow
from abonent.interfaces.office.views.lookups import head_of, read_month
from abonent.interfaces.office.words import print_state
from abonent.usecases import issue_bills, packs, print_bills, print_job
from abonent.usecases.billing_run import Scope

TASK = "printing.print_bills"


@allow(*STAFF)
def page(request: HttpRequest, number: str, month: str) -> HttpResponse:
    """The account's bill of a month as PDF; a refusal says what to do first."""
    head, period = head_of(number), read_month(month)
    try:
        pdf = print_bills.print_account(account=Account.objects.get(pk=head.account_id), month=period)
    except print_bills.PrintRefused as refusal:
        context = {"head": head, "month": period, "refusal": print_job.tell(refusal)}
        return render(request, "office/bills/refused.html", context, status=409)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{number}-{period}.pdf"'
    return response


@allow(*PRINTERS)
@require_POST
def issue(request: HttpRequest, number: str) -> HttpResponse:
    """Issue the account's bill of a month, or a new version of it when its figures have changed."""
    head, period = head_of(number), read_month(request.POST.get("month", ""))
    try:
        issued = issue_bills.issue(
            scope=Scope(supplier_id(), account_id=head.account_id),
            period=period,
            parameters=packs.pack_parameters(),
            at=timezone.now(),
        )
    except issue_bills.NothingPosted as refusal:
        messages.error(request, print_job.tell(refusal))
    else:
        told = (
            _("The bill says the same as before, so it stays.")
            if issued.unchanged
            else _("The bill is issued.")
        )
        messages.success(request, told)
    return redirect("office:account_bills", number)


@allow(*STAFF)
def prints(request: HttpRequest) -> HttpResponse:
    """The list of files of bills."""
    columns = [
        Column(
            name="id",
            title=gettext_lazy("Print"),
            order=("id",),
            text=lambda row: f"№ {row['id']}",
            link=lambda row: reverse("office:print", args=[row["id"]]),
        ),
        Column(name="period", title=gettext_lazy("Month"), kind="month", order=("period",)),
        Column(name="scope", title=gettext_lazy("For"), text=_scope_word),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: print_state(row["state"]),
            order=("state",),
        ),
        Column(name="bills", title=gettext_lazy("Bills"), kind="count", minor_on_phone=True),
        Column(name="pages", title=gettext_lazy("Pages"), kind="count", minor_on_phone=True),
        Column(name="total_minor", title=gettext_lazy("Control sum"), kind="minor", minor_on_phone=True),
        Column(
            name="created_at",
            title=gettext_lazy("Created"),
            kind="moment",
            order=("created_at",),
            minor_on_phone=True,
        ),
    ]
    listing = Listing(charging.bill_prints(), columns, request.GET, default_sort="-id")
    return listed(request, listing, file_name="prints", page="office/bills/list.html")


@allow(*PRINTERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask whose bills to print, and put the print in the queue."""
    form = NewPrint(request.POST or None, initial=request.GET.dict())
    if request.method == "GET" or not form.is_valid():
        return render(request, "office/bills/new.html", {"form": form}, status=422 if form.errors else 200)
    with transaction.atomic():
        print_id = print_job.create(
            scope=form.scope(),
            period=form.cleaned_data["period"],
            actor_id=request.user.pk,
            at=timezone.now(),
        )
        queue.defer(TASK, queue="printing", print_id=print_id, actor_id=request.user.pk)
    return redirect("office:print", print_id)


@allow(*STAFF)
def screen(request: HttpRequest, print_id: int) -> HttpResponse:
    """The print: how far it is, what it holds, and its file."""
    return render(request, "office/bills/screen.html", _context(print_id))


@allow(*STAFF)
def progress(request: HttpRequest, print_id: int) -> HttpResponse:
    """The same without the page around it: asked for every second while it is printed."""
    return render(request, "office/bills/_print.html", _context(print_id))


@allow(*STAFF)
def file(request: HttpRequest, print_id: int) -> FileResponse:
    """The file itself."""
    row = _print(print_id)
    path = print_job.file_of(print_id)
    if row["state"] != PrintState.PRINTED or not path.exists():
        raise Http404
    name = f"bills-{row['period']:%Y-%m}-{print_id}.pdf"
    return FileResponse(path.open("rb"), content_type="application/pdf", filename=name)


def _scope_word(row: Row) -> str:
    return run_scope(row) or _("all accounts")


def _print(print_id: int) -> Row:
    row = charging.bill_prints().filter(id=print_id).first()
    if row is None:
        raise Http404
    return row


def _context(print_id: int) -> dict[str, Any]:
    row = _print(print_id)
    now = timezone.now()
    is_busy = row["state"] in (PrintState.WAITING, PrintState.PRINTING)
    job = queue.unfinished(TASK, print_id=print_id) if is_busy else None
    seconds = (now - row["started_at"]).total_seconds() if row["started_at"] and is_busy else 0
    context: dict[str, Any] = {
        "print": row,
        "scope": _scope_word(row),
        "state_word": print_state(row["state"]),
        "is_busy": is_busy,
        "nobody_works": bool(job and job.started_at is None and not queue.live_workers(at=now)),
        "percent": row["bills"] * 100 // row["bills_total"] if row["bills_total"] else 0,
        "has_file": row["state"] == PrintState.PRINTED and print_job.file_of(print_id).exists(),
    }
    if row["bills"] and seconds:
        context["rate"] = round(row["bills"] / seconds)
        context["left"] = formats.span((row["bills_total"] - row["bills"]) * seconds / row["bills"])
    return context
