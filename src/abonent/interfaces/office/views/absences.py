"""Applications for recalculation by temporary absence: made, looked at, decided."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.contracts.models import Absence, AbsenceState
from abonent.contexts.contracts.queries import absences as absence_rows
from abonent.contexts.places.queries import row_address
from abonent.interfaces.office.account_forms import AbsenceForm
from abonent.interfaces.office.filters import AbsenceFilter
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.place_forms import ReasonOfRefusalForm
from abonent.interfaces.office.place_words import tell_objection, tell_place
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import APPROVERS, KEEPERS, STAFF, allow
from abonent.interfaces.office.views._acting import form_page, pdf, tell_done
from abonent.interfaces.office.views.premises import premise_of
from abonent.interfaces.office.views.recalculations import waiting_here
from abonent.interfaces.office.words import absence_state
from abonent.usecases import packs
from abonent.usecases.premises import By, PlaceRefused, absences, papers


@allow(*STAFF)
def list_page(request: HttpRequest) -> HttpResponse:
    """The list of applications, those that wait first."""
    filters = AbsenceFilter(request.GET)
    columns = [
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            order=("state", "applied_on"),
            text=lambda row: absence_state(row["state"]),
        ),
        Column(
            name="address",
            title=gettext_lazy("Address"),
            text=row_address,
            link=lambda row: reverse("office:absence", args=[row["id"]]),
        ),
        Column(name="people", title=gettext_lazy("People away"), kind="count", minor_on_phone=True),
        Column(name="left_on", title=gettext_lazy("Left"), kind="day", order=("left_on",)),
        Column(name="returned_on", title=gettext_lazy("Returned"), kind="day", order=("returned_on",)),
        Column(
            name="applied_on",
            title=gettext_lazy("Applied on"),
            kind="day",
            order=("applied_on",),
            minor_on_phone=True,
        ),
        Column(name="document", title=gettext_lazy("Document"), minor_on_phone=True),
    ]
    listing = Listing(
        filters.narrow(absence_rows()), columns, request.GET, default_sort="state", filters=filters
    )
    return listed(request, listing, file_name="absences", page="office/places/absences.html")


def _absence(absence_id: int) -> Absence:
    rows = Absence.objects.select_related("premise__building__street", "premise__parent")
    found = rows.filter(pk=absence_id).first()
    if found is None:
        raise Http404
    return found


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest, premise_id: int) -> HttpResponse:
    """An application as it was handed in."""
    premise, today = premise_of(premise_id), timezone.localdate()
    form = AbsenceForm(request.POST or None, initial={"applied_on": today, "people": 1})

    def act(by: By) -> str:
        names = ("people", "left_on", "returned_on", "applied_on")
        values = {name: form.cleaned_data[name] for name in names}
        absence = absences.apply(premise=premise, by=by, **values)
        return reverse("office:absence", args=[absence.pk])

    return form_page(
        request,
        form,
        title=_("Application: temporary absence"),
        subtitle=premise.address,
        note=_("Every application is written down; what speaks against it is shown before it is decided."),
        back=reverse("office:premise", args=[premise_id]),
        button=_("Register the application"),
        act=act,
    )


@allow(*STAFF)
def card(request: HttpRequest, absence_id: int) -> HttpResponse:
    """An application, what speaks against it, and the decision."""
    return _card(request, _absence(absence_id), ReasonOfRefusalForm())


def _card(
    request: HttpRequest, absence: Absence, form: ReasonOfRefusalForm, *, problem: str = ""
) -> HttpResponse:
    days = absences.full_days(left_on=absence.left_on, returned_on=absence.returned_on)
    context: dict[str, Any] = {
        "absence": absence,
        "word": absence_state(absence.state),
        "days": days.days if days else 0,
        "waits": absence.state == AbsenceState.APPLIED,
        "may_withdraw": absence.state in (AbsenceState.APPLIED, AbsenceState.APPROVED),
        "objections": [
            tell_objection(one)
            for one in absences.objections(absence, parameters=packs.pack_parameters())
            if absence.state == AbsenceState.APPLIED
        ],
        "form": form,
        "problem": problem,
        **waiting_here(building_id=absence.premise.building_id, premise_id=absence.premise_id),
    }
    status = 422 if problem or form.errors else 200
    return render(request, "office/places/absence.html", context, status=status)


@allow(*STAFF)
def page(request: HttpRequest, absence_id: int) -> HttpResponse:
    """The answer to the application as PDF."""
    return pdf(papers.absence_answer(absence=_absence(absence_id)), name=f"absence-{absence_id}")


@allow(*APPROVERS)
@require_POST
def approve(request: HttpRequest, absence_id: int) -> HttpResponse:
    """Take the absence into account."""
    absence = _absence(absence_id)
    try:
        months = absences.approve(
            absence=absence,
            on=timezone.localdate(),
            parameters=packs.pack_parameters(),
            by=By(at=timezone.now(), actor_id=request.user.pk, document=absence.document),
        )
    except PlaceRefused as refusal:
        return _card(request, absence, ReasonOfRefusalForm(), problem=tell_place(refusal))
    tell_done(request, _("The application is approved."), months=months)
    return redirect("office:absence", absence_id)


@allow(*APPROVERS)
@require_POST
def refuse(request: HttpRequest, absence_id: int) -> HttpResponse:
    """Refuse the application, saying why."""
    absence, form = _absence(absence_id), ReasonOfRefusalForm(request.POST)
    if not form.is_valid():
        return _card(request, absence, form)
    try:
        absences.refuse(
            absence=absence,
            reason=form.cleaned_data["reason"],
            on=timezone.localdate(),
            by=By(at=timezone.now(), actor_id=request.user.pk),
        )
    except PlaceRefused as refusal:
        return _card(request, absence, form, problem=tell_place(refusal))
    tell_done(request, _("The application is refused."))
    return redirect("office:absence", absence_id)


@allow(*KEEPERS)
@require_POST
def withdraw(request: HttpRequest, absence_id: int) -> HttpResponse:
    """Take the application back; what it changed is recalculated."""
    absence, form = _absence(absence_id), ReasonOfRefusalForm(request.POST)
    if not form.is_valid():
        return _card(request, absence, form)
    try:
        months = absences.withdraw(
            absence=absence,
            reason=form.cleaned_data["reason"],
            on=timezone.localdate(),
            by=By(at=timezone.now(), actor_id=request.user.pk),
        )
    except PlaceRefused as refusal:
        return _card(request, absence, form, problem=tell_place(refusal))
    tell_done(request, _("The application is withdrawn."), months=months)
    return redirect("office:absence", absence_id)
