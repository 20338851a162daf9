"""Runs of penalties: the list, one with its progress and parts, the accounts it changes, and what is done with it.

Counting, approving and reversing go through the queue: a mass run takes longer than a page may wait.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse as address_of_page
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.access.queries import user_names
from abonent.contexts.contracts.models import Service
from abonent.contexts.contracts.queries import row_payer
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.penalties import queries
from abonent.contexts.penalties.models import Debtor, PenaltyRunState
from abonent.contexts.penalties.operations import note_refusal
from abonent.contexts.places.queries import row_address
from abonent.gateways import queue
from abonent.interfaces.office import formats
from abonent.interfaces.office.forms import ReasonForm
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.penalty_forms import NewPenaltyRun, PenaltyAccountFilter, PenaltyRunFilter
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import APPROVERS, PENALTY_RUNNERS, STAFF, allow
from abonent.interfaces.office.words import Word
from abonent.usecases import penalties
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.penalties import PenaltyRefused
from abonent.usecases.penalties.words import tell_penalty
from abonent.usecases.take_payment import PaymentRefused

JOBS = ("penalties.count", "penalties.approve", "penalties.reverse")
get_or_post = require_http_methods(["GET", "POST"])
_COLOURS = {
    PenaltyRunState.WAITING: "secondary",
    PenaltyRunState.COUNTING: "blue",
    PenaltyRunState.COUNTED: "yellow",
    PenaltyRunState.POSTED: "green",
    PenaltyRunState.DISCARDED: "secondary",
    PenaltyRunState.REVERSED: "secondary",
    PenaltyRunState.FAILED: "red",
}


def state_word(state: int) -> Word:
    return Word(str(PenaltyRunState(state).label), _COLOURS[PenaltyRunState(state)])


def scope_word(row: Row) -> str:
    return row["branch_name"] or str(_("all accounts"))


@allow(*STAFF)
def runs(request: HttpRequest) -> HttpResponse:
    """The list of runs, newest first."""
    filters = PenaltyRunFilter(request.GET)
    columns = [
        Column(
            name="id",
            title=gettext_lazy("Run"),
            order=("id",),
            text=lambda row: f"№ {row['id']}",
            link=lambda row: address_of_page("office:penalty_run", args=[row["id"]]),
        ),
        Column(name="until", title=gettext_lazy("Up to"), kind="day", order=("until",)),
        Column(
            name="booked_period",
            title=gettext_lazy("Booked in"),
            kind="month",
            order=("booked_period",),
            minor_on_phone=True,
        ),
        Column(name="scope", title=gettext_lazy("For"), text=scope_word, minor_on_phone=True),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            order=("state",),
            text=lambda row: state_word(row["state"]),
        ),
        Column(
            name="debts", title=gettext_lazy("Debts"), kind="count", order=("debts",), minor_on_phone=True
        ),
        Column(name="amount_minor", title=gettext_lazy("Amount"), kind="minor", order=("amount_minor",)),
        Column(
            name="created_at",
            title=gettext_lazy("Created"),
            kind="moment",
            order=("created_at",),
            minor_on_phone=True,
        ),
    ]
    listing = Listing(
        filters.narrow(queries.runs()), columns, request.GET, default_sort="-id", filters=filters
    )
    return listed(request, listing, file_name="penalty-runs", page="office/penalties/list.html")


@allow(*PENALTY_RUNNERS)
@get_or_post
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new run; sent, the run is put in the queue. It only proposes: nothing is posted."""
    form = NewPenaltyRun(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            with transaction.atomic():
                run_id = penalties.create(
                    supplier_id=supplier_id(),
                    branch_id=values["branch"].pk if values["branch"] else None,
                    booked_period=values["period"],
                    until=values["until"],
                    today=timezone.localdate(),
                    actor_id=request.user.pk,
                    at=timezone.now(),
                )
                _defer("penalties.count", run_id, actor_id=request.user.pk)
        except (PenaltyRefused, PaymentRefused, RunRefused) as refusal:
            form.add_error(None, tell_penalty(refusal))
        else:
            return redirect("office:penalty_run", run_id)
    context = {
        "form": form,
        "title": _("Penalties of a month"),
        "note": _(
            "What the law asks up to this day, less what was posted before. The run only proposes: nothing is posted "
            "until somebody approves it."
        ),
        "button": _("Calculate"),
        "back": address_of_page("office:penalties"),
    }
    return render(request, "office/penalties/form.html", context, status=422 if form.errors else 200)


@allow(*STAFF)
def screen(request: HttpRequest, run_id: int) -> HttpResponse:
    """The run: where it stands, what it adds up to by branch and debtor, what can be done with it."""
    return render(request, "office/penalties/screen.html", run_context(run_id))


@allow(*STAFF)
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The same without the page around it: asked for every second while the run is busy."""
    return render(request, "office/penalties/_run.html", run_context(run_id))


def run_context(run_id: int) -> dict[str, Any]:
    """Everything the run's screen shows. Raises Http404."""
    row = _run(run_id)
    state = PenaltyRunState(row["state"])
    job = next((found for task in JOBS if (found := queue.unfinished(task, run_id=run_id))), None)
    people = user_names([row["created_by_id"], row["approved_by_id"], row["reversed_by_id"]])
    is_counted = row["counted_at"] is not None and state not in (
        PenaltyRunState.COUNTING,
        PenaltyRunState.DISCARDED,
        PenaltyRunState.FAILED,
    )
    done, total = row["accounts"], row["accounts_total"]
    is_open = state in (PenaltyRunState.WAITING, PenaltyRunState.COUNTED, PenaltyRunState.FAILED)
    is_stuck = state == PenaltyRunState.COUNTING and job is None
    return {
        "run": row,
        "scope": scope_word(row),
        "state_word": state_word(state),
        "is_busy": job is not None,
        "is_counting": state == PenaltyRunState.COUNTING,
        "percent": done * 100 // total if total else 0,
        "nobody_works": bool(job and job.started_at is None and not queue.live_workers(at=timezone.now())),
        "is_counted": is_counted,
        "branches": queries.run_by_branch(run_id=run_id) if is_counted else [],
        "debtors": queries.run_by_debtor(run_id=run_id) if is_counted else [],
        "can_count": is_open or is_stuck,
        "can_approve": state == PenaltyRunState.COUNTED,
        "can_discard": is_open or state == PenaltyRunState.COUNTING,
        "can_reverse": state == PenaltyRunState.POSTED,
        "author": people.get(row["created_by_id"], ""),
        "approver": people.get(row["approved_by_id"], ""),
        "reverser": people.get(row["reversed_by_id"], ""),
    }


@allow(*STAFF)
def accounts(request: HttpRequest, run_id: int) -> HttpResponse:
    """The accounts a run changes, the largest sum first; also as a spreadsheet."""
    filters = PenaltyAccountFilter(request.GET)
    columns = [
        Column(
            name="account_number",
            title=gettext_lazy("Account"),
            link=lambda row: address_of_page(
                "office:penalty_run_account", args=[run_id, row["account_number"]]
            ),
        ),
        Column(name="payer", title=gettext_lazy("Payer"), text=row_payer),
        Column(name="address", title=gettext_lazy("Address"), text=row_address, minor_on_phone=True),
        Column(name="branch_name", title=gettext_lazy("Branch"), minor_on_phone=True),
        Column(
            name="debtor",
            title=gettext_lazy("Charged as"),
            text=lambda row: Debtor(row["debtor"]).label,
            minor_on_phone=True,
        ),
        Column(name="debts", title=gettext_lazy("Debts"), kind="count", minor_on_phone=True),
        Column(name="asked_minor", title=gettext_lazy("By law"), kind="minor", minor_on_phone=True),
        Column(name="posted_minor", title=gettext_lazy("Posted before"), kind="minor", minor_on_phone=True),
        Column(name="amount_minor", title=gettext_lazy("To post"), kind="minor", order=("amount_minor",)),
    ]
    listing = Listing(
        filters.narrow(queries.run_accounts(run_id=run_id)),
        columns,
        request.GET,
        default_sort="-amount_minor",
        unique=("account_id",),
        filters=filters,
    )
    return listed(
        request,
        listing,
        file_name=f"penalties-{run_id}",
        page="office/penalties/accounts.html",
        context={"run": _run(run_id)},
    )


@allow(*STAFF)
def account(request: HttpRequest, run_id: int, number: str) -> HttpResponse:
    """The stretches of days a run counted for an account, each with its formula."""
    found = queries.run_accounts(run_id=run_id).filter(account__number=number).first()
    if found is None:
        raise Http404
    columns = [
        Column(name="period", title=gettext_lazy("For the month"), kind="month", order=("period",)),
        Column(
            name="service",
            title=gettext_lazy("Service"),
            text=lambda row: Service(row["service"]).label,
            minor_on_phone=True,
        ),
        Column(name="due_on", title=gettext_lazy("Pay by"), kind="day", minor_on_phone=True),
        Column(name="begins_on", title=gettext_lazy("From"), kind="day", order=("begins_on",)),
        Column(
            name="last_day",
            title=gettext_lazy("To"),
            kind="day",
            text=lambda row: last_day(row["ends_on"]),
        ),
        Column(name="formula", title=gettext_lazy("Formula"), text=formula_words),
        Column(name="amount_minor", title=gettext_lazy("Penalty"), kind="minor", order=("amount_minor",)),
    ]
    listing = Listing(
        queries.run_lines(run_id=run_id, account_id=found["account_id"]),
        columns,
        request.GET,
        default_sort="period",
        unique=("line_no",),
    )
    context = {
        "run": _run(run_id),
        "account": found,
        "payer": row_payer(found),
        "address": row_address(found),
    }
    return listed(
        request,
        listing,
        file_name=f"penalties-{run_id}-{number}",
        page="office/penalties/account.html",
        context=context,
    )


def last_day(ends_on: Any) -> Any:
    return ends_on.fromordinal(ends_on.toordinal() - 1)


def formula_words(row: Row) -> str:
    """1 000,00 × 30 × 1/300 × 9,5 %; or why the days cost nothing."""
    if row["suspended"]:
        return _("moratorium or exclusion")
    days = (row["ends_on"] - row["begins_on"]).days
    rate = f"{row['rate_e2'] / 100:g}".replace(".", "," if formats.language() != "en" else ".")
    return f"{formats.minor(row['base_minor'])} × {days} × 1/{row['divisor']} × {rate}\u00a0%"


@allow(*PENALTY_RUNNERS)
@get_or_post
def count(request: HttpRequest, run_id: int) -> HttpResponse:
    """Count again: the proposal is replaced; or go on where it was cut off."""
    return _step(
        request,
        run_id,
        title=_("Calculate the run again?"),
        text=_("What it proposed is replaced by what payments and charges say now."),
        button=_("Calculate"),
        do=lambda: _defer("penalties.count", run_id, actor_id=request.user.pk),
    )


@allow(*PENALTY_RUNNERS)
@get_or_post
def discard(request: HttpRequest, run_id: int) -> HttpResponse:
    """Drop a run that was not posted."""
    return _step(
        request,
        run_id,
        title=_("Discard the run?"),
        text=_("Nothing of it was posted, so nothing changes in the books."),
        button=_("Discard"),
        do=lambda: penalties.discard(run_id=run_id),
    )


@allow(*APPROVERS)
@get_or_post
def approve(request: HttpRequest, run_id: int) -> HttpResponse:
    """Post the run: what was a proposal becomes penalties."""
    return _step(
        request,
        run_id,
        title=_("Approve the run?"),
        text=_("The penalties are posted to the accounts. Later they can be reversed, and never deleted."),
        button=_("Approve"),
        do=lambda: _defer("penalties.approve", run_id, actor_id=request.user.pk),
    )


@allow(*APPROVERS)
@get_or_post
def reverse(request: HttpRequest, run_id: int) -> HttpResponse:
    """Take a posted run back by posting its negative."""
    form = ReasonForm(request.POST or None)
    return _step(
        request,
        run_id,
        title=_("Reverse the run?"),
        text=_("Every penalty of it is reversed by an entry of its own; both stay in the books."),
        button=_("Reverse the run"),
        do=lambda: _defer(
            "penalties.reverse", run_id, actor_id=request.user.pk, reason=form.cleaned_data["reason"]
        ),
        form=form,
    )


def _defer(task: str, run_id: int, **arguments: object) -> None:
    """Put a step in the queue; the steps of one run follow one another."""
    note_refusal(run_id=run_id, reason="")
    queue.defer(task, queue="billing", lock=f"penalties:{run_id}", run_id=run_id, **arguments)


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
    }
    page = "office/penalties/_dialog.html"
    if request.method == "GET":
        return render(request, page, context)
    if form is not None and not form.is_valid():
        return render(request, page, context, status=422)
    try:
        with transaction.atomic():
            do()
    except PenaltyRefused as refusal:
        return render(request, page, {**context, "refusal": tell_penalty(refusal)}, status=422)
    return HttpResponseClientRedirect(address_of_page("office:penalty_run", args=[run_id]))


def _run(run_id: int) -> Row:
    row = queries.run_row(run_id=run_id)
    if row is None:
        raise Http404
    return row
