"""What is done with runs: a new one, rate again, approve, discard, cancel. Each asks before it does.

Rating, approving and cancelling go through the queue: a mass run takes longer than a page may wait.
"""

from collections.abc import Callable

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.charging.models import RunState
from abonent.contexts.charging.operations import note_refusal
from abonent.contexts.charging.queries import run_row
from abonent.contexts.contracts.queries import accounts_with_service
from abonent.gateways import queue
from abonent.interfaces.office.forms import NewRun, ReasonForm
from abonent.interfaces.office.lists import Row
from abonent.interfaces.office.roles import APPROVERS, BILLERS, allow
from abonent.interfaces.office.views.runs import scope_word
from abonent.usecases import billing_run, packs
from abonent.usecases.refusal_words import tell_run

DIALOG = "office/runs/_dialog.html"
get_or_post = require_http_methods(["GET", "POST"])


@allow(*BILLERS)
@get_or_post
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new run; then what it would cover; then the run itself, put in the queue."""
    form = NewRun(request.POST or None, initial=request.GET.dict())
    if request.method == "GET" or not form.is_valid():
        return render(request, "office/runs/new.html", {"form": form}, status=422 if form.errors else 200)
    scope, period, booked = form.scope(), form.cleaned_data["period"], form.cleaned_data["book_in"]
    covered = accounts_with_service(
        month=period, branch_id=scope.branch_id, building_id=scope.building_id, account_id=scope.account_id
    )
    context = {
        "form": form,
        "covered": covered,
        "scope": form.scope_text(),
        "period": period,
        "booked": booked,
    }
    if "confirmed" not in request.POST:
        return render(request, "office/runs/new.html", {**context, "is_asking": True})
    pack = packs.pack()
    try:
        with transaction.atomic():
            run_id = billing_run.create(
                scope=scope,
                period=period,
                booked_period=booked,
                at=timezone.now(),
                pack_version=pack.version,
                parameter_hash=packs.pack_parameters(pack.name).hash,
                created_by_id=request.user.pk,
                reason=form.cleaned_data["reason"],
            )
            _defer("billing.rate", run_id)
    except billing_run.RunRefused as refusal:
        context["refusal"] = tell_run(refusal)
        return render(request, "office/runs/new.html", context, status=422)
    return HttpResponseClientRedirect(reverse("office:run", args=[run_id]))


@allow(*BILLERS)
@get_or_post
def rate(request: HttpRequest, run_id: int) -> HttpResponse:
    """Rate again: the draft is replaced."""

    def do() -> None:
        _defer("billing.rate", run_id)

    return _step(
        request,
        run_id,
        title=_("Rate the run again?"),
        text=_("What it drafted is replaced by a new rating of the readings and prices as they are now."),
        button=_("Rate again"),
        do=do,
    )


@allow(*BILLERS)
@get_or_post
def discard(request: HttpRequest, run_id: int) -> HttpResponse:
    """Drop a run that was never posted and free its buildings."""
    return _step(
        request,
        run_id,
        title=_("Discard the run?"),
        text=_(
            "Nothing of it was posted, so nothing changes in the books. Its buildings can be billed anew."
        ),
        button=_("Discard"),
        do=lambda: billing_run.discard(run_id=run_id),
    )


@allow(*APPROVERS)
@get_or_post
def approve(request: HttpRequest, run_id: int) -> HttpResponse:
    """Post the run: what was a proposal becomes charges."""

    def do() -> None:
        note_refusal(run_id=run_id, reason="")
        _defer("billing.approve", run_id, actor_id=request.user.pk)

    return _step(
        request,
        run_id,
        title=_("Approve the run?"),
        text=_("The charges are posted to the accounts. Later they can be corrected, and never deleted."),
        button=_("Approve"),
        do=do,
    )


@allow(*APPROVERS)
@get_or_post
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """Take a posted run back by posting its negative."""
    form = ReasonForm(request.POST or None)

    def do() -> None:
        note_refusal(run_id=run_id, reason="")
        _defer("billing.cancel", run_id, actor_id=request.user.pk, reason=form.cleaned_data["reason"])

    return _step(
        request,
        run_id,
        title=_("Cancel the run?"),
        text=_("Every charge of it is reversed by an entry of its own; both stay in the books."),
        button=_("Cancel the run"),
        do=do,
        form=form,
    )


def _defer(task: str, run_id: int, **arguments: object) -> None:
    """Put a step in the queue; the steps of one run follow one another."""
    queue.defer(task, queue="billing", lock=f"run:{run_id}", run_id=run_id, **arguments)


def _step(
    request: HttpRequest,
    run_id: int,
    *,
    title: str,
    text: str,
    button: str,
    do: Callable[[], None],
    form: ReasonForm | None = None,
) -> HttpResponse:
    """Ask in a dialog, do it when confirmed, and say in the dialog why it was refused."""
    row = _run(run_id)
    context = {
        "run": row,
        "scope": scope_word(row),
        "title": title,
        "text": text,
        "button": button,
        "form": form,
        "address": request.path,
        "warns_of_exceptions": row["state"] == RunState.RATED,
    }
    if request.method == "GET":
        return render(request, DIALOG, context)
    if form is not None and not form.is_valid():
        return render(request, DIALOG, context, status=422)
    try:
        with transaction.atomic():
            do()
    except billing_run.RunRefused as refusal:
        return render(request, DIALOG, {**context, "refusal": tell_run(refusal)}, status=422)
    return HttpResponseClientRedirect(reverse("office:run", args=[run_id]))


def _run(run_id: int) -> Row:
    row = run_row(run_id=run_id)
    if row is None:
        raise Http404
    return row
