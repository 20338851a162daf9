"""Sums added to an account or taken from it by decision of a person: proposed, approved by another, taken back."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.access.queries import user_names
from abonent.contexts.charging import recalculations as charging
from abonent.contexts.charging.models import ManualState
from abonent.contexts.charging.queries import period_choices
from abonent.contexts.contracts.models import Account, Service
from abonent.interfaces.office.forms import ReasonForm
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.recalculation_forms import ManualFilter, ManualForm
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import APPROVERS, PROPOSERS, STAFF, allow, may
from abonent.interfaces.office.views.lookups import book_in, head_of
from abonent.interfaces.office.words import Word
from abonent.kernel.periods import Month
from abonent.usecases import recalculation
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.recalculation import ManualRefused
from abonent.usecases.refusal_words import tell_run

_COLOURS = {
    ManualState.PROPOSED: "yellow",
    ManualState.POSTED: "green",
    ManualState.REFUSED: "secondary",
    ManualState.REVERSED: "secondary",
}
_FIELDS = {
    "no_reason": "reason",
    "no_document": "document",
    "no_amount": "amount_minor",
    "not_served": "period",
}


def tell_manual(refusal: ManualRefused) -> str:
    """Say why a manual recalculation was refused and what to do next."""
    words = {
        "no_reason": gettext("Say why."),
        "no_document": gettext("Name the document it rests on."),
        "no_amount": gettext("The sum must not be zero."),
        "not_served": gettext("The account was not served in this month. Choose another one."),
        "proposed_already": gettext("The very same is proposed already and waits to be decided."),
        "own_proposal": gettext("You proposed this yourself: somebody else has to decide."),
        "decided": gettext("This was decided meanwhile."),
    }
    return words.get(refusal.code, str(refusal))


@allow(*STAFF)
def manual(request: HttpRequest) -> HttpResponse:
    """The list of manual recalculations, those to be decided first."""
    filters = ManualFilter(request.GET)
    names: dict[int | None, str] = {None: ""}

    def person(field: str) -> Any:
        def name(row: Row) -> str:
            if row[field] not in names:
                names.update(user_names([row[field]]))
            return names.get(row[field], "")

        return name

    columns = [
        Column(
            name="account",
            title=_("Account"),
            text=lambda row: row["account_number"],
            link=lambda row: reverse("office:account", args=[row["account_number"]]),
            order=("account_number",),
        ),
        Column(name="period", title=_("For the month"), kind="month", order=("period",)),
        Column(name="amount_minor", title=_("Amount"), kind="minor", order=("amount_minor",)),
        Column(name="quantity_wh", title=_("Energy, kWh"), kind="kwh", minor_on_phone=True),
        Column(
            name="service",
            title=_("Service"),
            text=lambda row: Service(row["service"]).label,
            minor_on_phone=True,
        ),
        Column(name="reason", title=_("Reason")),
        Column(name="document", title=_("Document"), minor_on_phone=True),
        Column(
            name="state",
            title=_("State"),
            kind="word",
            text=lambda row: Word(str(ManualState(row["state"]).label), _COLOURS[ManualState(row["state"])]),
            order=("state",),
        ),
        Column(name="author", title=_("Proposed by"), text=person("created_by_id"), minor_on_phone=True),
        Column(
            name="created_at", title=_("Proposed"), kind="moment", order=("created_at",), minor_on_phone=True
        ),
        Column(name="decider", title=_("Decided by"), text=person("decided_by_id"), minor_on_phone=True),
        Column(
            name="run",
            title=_("Run"),
            text=lambda row: f"№ {row['run_id']}" if row["run_id"] else "",
            link=lambda row: reverse("office:run", args=[row["run_id"]]) if row["run_id"] else None,
            minor_on_phone=True,
        ),
    ]
    if may(request, "manual_decide"):
        columns.append(
            Column(
                name="decide",
                title="",
                dialog=_("Decide"),
                text=lambda row: (
                    reverse("office:manual_decide", args=[row["id"]])
                    if row["state"] in (ManualState.PROPOSED, ManualState.POSTED)
                    else ""
                ),
            )
        )
    listing = Listing(
        filters.narrow(charging.manual_recalculations()),
        columns,
        request.GET,
        default_sort="state",
        filters=filters,
    )
    return listed(
        request, listing, file_name="manual-recalculations", page="office/recalculations/manual.html"
    )


@allow(*PROPOSERS)
@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """The form on the account card; then the proposal in the list."""
    head = head_of(number)
    months = [row.month for row in period_choices()]
    form = ManualForm(request.POST or None, months=months)
    context = {"head": head, "form": form}
    page = "office/recalculations/_manual_form.html"
    if request.method == "GET" or not form.is_valid():
        return render(request, page, context, status=422 if form.errors else 200)
    try:
        recalculation.propose(
            account=Account.objects.get(pk=head.account_id),
            actor_id=request.user.pk,
            at=timezone.now(),
            **form.cleaned_data,
        )
    except ManualRefused as refusal:
        form.add_error(_FIELDS.get(refusal.code), tell_manual(refusal))
        return render(request, page, context, status=422)
    address = reverse("office:manual_recalculations")
    return HttpResponseClientRedirect(f"{address}?account={number}")


@allow(*APPROVERS)
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, manual_id: int) -> HttpResponse:
    """Ask, then post a proposal or refuse it; or take back one that was posted."""
    row = charging.manual_recalculations().filter(id=manual_id).first()
    if row is None:
        raise Http404
    form = ReasonForm(request.POST or None)
    booked = book_in(row["period"])
    context = {
        "row": row,
        "form": form,
        "is_posted": row["state"] == ManualState.POSTED,
        "is_own": not recalculation.may_decide(proposed_by_id=row["created_by_id"], actor_id=request.user.pk),
        "author": user_names([row["created_by_id"]]).get(row["created_by_id"], ""),
        "service": Service(row["service"]).label,
        "books_in": booked.first_day,
    }
    page = "office/recalculations/_decide.html"
    if request.method == "GET":
        return render(request, page, context)
    taking_back = request.POST.get("decision") == "reverse"
    if taking_back and not form.is_valid():
        return render(request, page, context, status=422)
    try:
        _decide(request, manual_id, booked, form.cleaned_data["reason"] if taking_back else "")
    except ManualRefused as refusal:
        return render(request, page, {**context, "refusal": tell_manual(refusal)}, status=422)
    except RunRefused as refusal:
        return render(request, page, {**context, "refusal": tell_run(refusal)}, status=422)
    return HttpResponseClientRedirect(reverse("office:manual_recalculations"))


def _decide(request: HttpRequest, manual_id: int, booked: Month, reason: str) -> None:
    now = timezone.now()
    if reason:
        recalculation.reverse(manual_id=manual_id, actor_id=request.user.pk, at=now, reason=reason)
        return
    recalculation.decide(
        manual_id=manual_id,
        approved=request.POST.get("decision") == "approve",
        booked_period=booked,
        actor_id=request.user.pk,
        at=now,
    )
