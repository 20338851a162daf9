"""The devices of an account, a premise and a building; lists of seals, of meters without one, and of verification."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.metering import devices
from abonent.contexts.metering.models import PointRole, Seal, SealState
from abonent.contexts.places.models import Building, Premise
from abonent.contexts.places.queries import row_address
from abonent.interfaces.office.device_filters import MeterFilter, SealFilter, VerificationFilter
from abonent.interfaces.office.device_forms import VerificationFileForm
from abonent.interfaces.office.device_words import (
    act_title,
    file_column,
    seal_state,
    tell_act,
    tell_file_problem,
    term_word,
)
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import STAFF, allow
from abonent.interfaces.office.views.accounts import tab_page
from abonent.interfaces.office.views.device_acts import (
    WRITERS,
    accounts_here,
    meters_of,
    place_address,
)
from abonent.interfaces.office.views.lookups import head_of
from abonent.usecases import device_acts
from abonent.usecases.device_acts import ActRefused, Drawn
from abonent.usecases.device_acts.verification_file import FileRefused, import_verifications

_ACTS_SHOWN = 50


@allow(*STAFF)
def of_account(request: HttpRequest, number: str) -> HttpResponse:
    """The account card with the meters of its premise, their seals and acts."""
    head = head_of(number)
    part = "office/devices/_panel.html"
    return tab_page(
        request, head, tab="devices", part=part, context=_panel(head.building_id, head.premise_id)
    )


@allow(*STAFF)
def of_premise(request: HttpRequest, premise_id: int) -> HttpResponse:
    """The devices of a premise, whether it has an account or not: a section, heating equipment."""
    premise = Premise.objects.select_related("building__street").filter(pk=premise_id).first()
    if premise is None:
        raise Http404
    today = timezone.localdate()
    context = {
        **_panel(premise.building_id, premise.pk),
        "address": premise.address,
        "building_id": premise.building_id,
        "accounts": accounts_here(premise.building_id, premise.pk, today),
    }
    return render(request, "office/devices/place.html", context)


@allow(*STAFF)
def of_building(request: HttpRequest, building_id: int) -> HttpResponse:
    """The devices of a building: its own meters, and all those of its premises."""
    building = Building.objects.select_related("street").filter(pk=building_id).first()
    if building is None:
        raise Http404
    rows = devices.meter_rows(on=timezone.localdate()).filter(building_id=building_id, premise__isnull=False)
    listing = _meters(request, rows, default_sort="address", of_building=True)
    context = {
        **_panel(building_id, None),
        "address": building.address,
        "building_id": building_id,
    }
    page = "office/devices/place.html"
    return listed(request, listing, file_name=f"meters-{building_id}", page=page, context=context)


def _panel(building_id: int, premise_id: int | None) -> dict[str, Any]:
    """The meters of a place with their seals, and its acts, the newest first."""
    meters = meters_of(building_id, premise_id, timezone.localdate())
    seals = devices.seals_of_meters(meter_ids=[meter.meter_id for meter in meters])
    acts = devices.acts_of_place(building_id=building_id, premise_id=premise_id)[:_ACTS_SHOWN]
    place = f"building={building_id}" + (f"&premise={premise_id}" if premise_id else "")
    return {
        "place": place,
        "is_premise": premise_id is not None,
        "devices": [
            {
                "meter": meter,
                "term": term_word(meter.verification_due_on, timezone.localdate()),
                "seals": [
                    {"seal": seal, "state": seal_state(seal.state)} for seal in seals.get(meter.meter_id, [])
                ],
            }
            for meter in meters
        ],
        "acts": [{"act": act, "title": act_title(act.kind)} for act in acts],
    }


@allow(*STAFF)
def seals(request: HttpRequest) -> HttpResponse:
    """The list of seals."""
    filters = SealFilter(request.GET)
    columns = [
        Column(name="number", title=gettext_lazy("Seal"), order=("number",)),
        Column(name="place", title=gettext_lazy("Where"), order=("place",), minor_on_phone=True),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: seal_state(row["state"]),
            order=("state",),
        ),
        Column(name="serial", title=gettext_lazy("Meter"), order=("serial",)),
        _address_column(),
        Column(name="set_on", title=gettext_lazy("Set on"), kind="day", order=("set_on",)),
        Column(
            name="set_by",
            title=gettext_lazy("By act"),
            minor_on_phone=True,
            text=lambda row: row["set_by_number"],
            link=lambda row: _act_address(row["set_by_id"]),
        ),
        Column(name="removed_on", title=gettext_lazy("Off since"), kind="day", order=("removed_on",)),
        Column(
            name="removed_by",
            title=gettext_lazy("By act"),
            minor_on_phone=True,
            text=lambda row: row["removed_by_number"],
            link=lambda row: _act_address(row["removed_by_id"]),
        ),
    ]
    listing = Listing(
        filters.narrow(devices.seal_rows()),
        columns,
        request.GET,
        default_sort="-set_on",
        unique=("set_on", "id"),
        filters=filters,
    )
    return listed(request, listing, file_name="seals", page="office/devices/seals.html")


@allow(*WRITERS)
@require_POST
def undo_seal(request: HttpRequest, seal_id: int) -> HttpResponse:
    """Take back what was last written down of a seal."""
    seal = Seal.objects.select_related("set_by", "removed_by").filter(pk=seal_id).first()
    act = seal and (seal.removed_by or seal.set_by)
    seen = {str(state.value): state for state in SealState}.get(request.POST.get("state", ""))
    if seal is None or act is None or seen is None:
        raise Http404
    now = timezone.now()
    today = timezone.localdate(now)
    drawn = Drawn(
        building_id=act.building_id,
        premise_id=act.premise_id,
        drawn_on=today,
        today=today,
        at=now,
        actor_id=request.user.pk,
    )
    try:
        done = device_acts.undo(drawn=drawn, seal_id=seal_id, state=seen)
    except ActRefused as refusal:
        messages.error(request, tell_act(refusal))
    else:
        told = _("It is taken back by act № %(number)s.") % {"number": done.number}
        messages.success(request, told)
    return redirect(place_address(act.building_id, act.premise_id))


@allow(*STAFF)
def unsealed(request: HttpRequest) -> HttpResponse:
    """The meters that stand without one intact seal."""
    filters = MeterFilter(request.GET)
    rows = filters.narrow(devices.unsealed_meter_rows(on=timezone.localdate()))
    listing = _meters(request, rows, default_sort="serial", filters=filters)
    return listed(request, listing, file_name="meters-without-seals", page="office/devices/unsealed.html")


@allow(*STAFF)
def verifications(request: HttpRequest) -> HttpResponse:
    """The meters whose verification has ended or ends soon."""
    today = timezone.localdate()
    filters = VerificationFilter(request.GET, on=today)
    rows = filters.narrow(devices.meter_rows(on=today))
    listing = _meters(request, rows, default_sort="verification_due_on", filters=filters)
    return listed(request, listing, file_name="verification", page="office/devices/verifications.html")


@allow(*WRITERS)
@require_http_methods(["GET", "POST"])
def verification_file(request: HttpRequest) -> HttpResponse:
    """Results of verification out of a file: what was taken, what was known, and why the rest was not."""
    form = VerificationFileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        given = form.cleaned_data["file"]
        try:
            outcome = import_verifications(
                file=given,
                name=given.name,
                today=timezone.localdate(now),
                at=now,
                actor_id=request.user.pk,
            )
        except FileRefused as refusal:
            form.add_error("file", tell_file_problem(refusal))
        else:
            context["outcome"] = outcome
            context["problems"] = [
                {
                    "row": problem.row,
                    "column": file_column(problem.column),
                    "said": problem.said,
                    "why": tell_file_problem(problem),
                }
                for problem in outcome.problems
            ]
    status = 422 if form.errors else 200
    return render(request, "office/devices/verification_file.html", context, status=status)


def _address_column() -> Column:
    return Column(
        name="address",
        title=gettext_lazy("Address"),
        text=lambda row: row_address(row) if row["building_id"] else "",
        link=lambda row: place_address(row["building_id"], row["premise_id"]) if row["building_id"] else None,
        order=("street_name", "building_order", "building_number", "premise_order"),
    )


def _act_address(act_id: int | None) -> str | None:
    return reverse("office:act", args=[act_id]) if act_id else None


def _meters(
    request: HttpRequest,
    rows: Any,
    *,
    default_sort: str,
    filters: MeterFilter | None = None,
    of_building: bool = False,
) -> Listing:
    """Meters as a list; inside one building the premise says where they are."""
    today = timezone.localdate()
    columns = [
        Column(name="serial", title=gettext_lazy("Meter"), order=("serial",)),
        Column(name="model", title=gettext_lazy("Model"), order=("model",), minor_on_phone=True),
        Column(
            name="role",
            title=gettext_lazy("Meter of"),
            text=lambda row: PointRole(row["role"]).label,
            order=("role",),
            minor_on_phone=True,
        ),
        _address_column(),
        Column(
            name="since",
            title=gettext_lazy("In place since"),
            kind="day",
            text=lambda row: row["during"].lower,
            minor_on_phone=True,
        ),
        Column(
            name="verification_due_on",
            title=gettext_lazy("Verification due on"),
            kind="day",
            order=("verification_due_on",),
        ),
        Column(
            name="term",
            title=gettext_lazy("Term"),
            kind="word",
            text=lambda row: term_word(row["verification_due_on"], today),
        ),
    ]
    if of_building:
        columns = [
            replace(column, title=gettext_lazy("Premise"), text=lambda row: row["premise_number"])
            if column.name == "address"
            else column
            for column in columns
            if column.name not in ("role", "since")
        ]
    return Listing(rows, columns, request.GET, default_sort=default_sort, filters=filters)
