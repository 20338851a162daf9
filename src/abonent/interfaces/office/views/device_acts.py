"""Acts about meters: drawn up by a form, looked at, printed, annulled; and the list of them."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.access.models import Role
from abonent.contexts.access.queries import user_names
from abonent.contexts.contracts.queries import accounts, row_payer
from abonent.contexts.metering import devices
from abonent.contexts.metering.models import ActKind, SealState
from abonent.contexts.metering.queries import MeterInPlace, meters_of_building, meters_of_premise
from abonent.contexts.places.models import Building, Premise
from abonent.contexts.places.queries import row_address
from abonent.interfaces.office.act_words import act_facts, act_registers, act_seals
from abonent.interfaces.office.device_filters import ActFilter
from abonent.interfaces.office.device_form_parts import ActForm, Place, SealFate
from abonent.interfaces.office.device_forms import (
    FORMS,
    NEEDS_METER,
    AccessRefusedForm,
    AdmissionForm,
    CheckForm,
    RemovalForm,
    ReplacementForm,
    SealingForm,
    TamperingForm,
    UnauthorisedForm,
    VerificationForm,
)
from abonent.interfaces.office.device_words import SEAL_PLACES, act_title, tell_act
from abonent.interfaces.office.forms import ReasonForm
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import STAFF, allow
from abonent.interfaces.office.views.recalculations import waiting_here
from abonent.interfaces.office.words import Word
from abonent.usecases import device_acts, packs
from abonent.usecases.device_acts import ActRefused, Done, Drawn
from abonent.usecases.device_acts.forms import print_act

WRITERS = frozenset({Role.OPERATOR, Role.ENGINEER, Role.ADMINISTRATOR})


@allow(*WRITERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """The form of an act; sent, the act is drawn up and shown."""
    if kind not in FORMS:
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    place = _place(asked, kind)
    initial = {
        "drawn_on": timezone.localdate(),
        "inspector": devices.last_inspector(author_id=request.user.pk),
    }
    form = FORMS[kind](request.POST or None, initial=initial, place=place)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        drawn = form.drawn(today=timezone.localdate(now), at=now, actor_id=request.user.pk)
        try:
            done = _draw_up(form, drawn)
        except ActRefused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _told(_("Act № %(number)s is drawn up."), done))
            return redirect("office:act", done.act_id)
    context = {
        "form": form,
        "kind": kind,
        "place": place,
        "title": act_title(form.kind),
        "models": devices.model_choices() if isinstance(form, AdmissionForm | ReplacementForm) else [],
        "seal_places": [str(words) for words in SEAL_PLACES],
        "back": place_address(place.building_id, place.premise_id),
    }
    return render(request, "office/acts/new.html", context, status=422 if form.errors else 200)


def _draw_up(form: ActForm, drawn: Drawn) -> Done:
    """Call the use-case of the form's kind. Raises ActRefused."""
    meter_id = form.place.meter.meter_id if form.place.meter else 0
    values = form.cleaned_data
    match form:
        case ReplacementForm():
            return device_acts.replace(
                drawn=drawn,
                meter_id=meter_id,
                last=form.old_faces(),
                meter=form.meter_given(),
                seals_set=form.new_seals(),
                confirmed_fall=values["confirmed_fall"],
            )
        case AdmissionForm():
            return device_acts.admit(
                drawn=drawn,
                meter=form.meter_given(),
                seals_set=form.new_seals(),
                is_additional=values["is_additional"],
            )
        case CheckForm():
            return device_acts.check(
                drawn=drawn,
                meter_id=meter_id,
                shown=form.old_faces(),
                is_sound=values["verdict"],
                broken=form.seals_that_are(SealFate.BROKEN),
                seals_set=form.new_seals(),
                confirmed_fall=values["confirmed_fall"],
            )
        case RemovalForm():
            return device_acts.remove(
                drawn=drawn,
                meter_id=meter_id,
                last=form.old_faces(),
                confirmed_fall=values["confirmed_fall"],
            )
        case SealingForm():
            return device_acts.seal(
                drawn=drawn,
                meter_id=meter_id,
                seals_set=form.new_seals(),
                removed=form.seals_that_are(SealFate.REMOVED),
                broken=form.seals_that_are(SealFate.BROKEN),
            )
        case TamperingForm():
            return device_acts.tampering(
                drawn=drawn,
                meter_id=meter_id,
                parameters=packs.pack_parameters(),
                removed_on=values["removed_on"],
                broken=form.seals_that_are(SealFate.BROKEN),
            )
        case UnauthorisedForm():
            return device_acts.unauthorised(
                drawn=drawn,
                parameters=packs.pack_parameters(),
                power_w=values["power"],
                equipment=values["equipment"].strip(),
                connected_on=values["connected_on"],
                removed_on=values["removed_on"],
            )
        case VerificationForm():
            return device_acts.verify(drawn=drawn, meter_id=meter_id, term=form.term())
        case AccessRefusedForm():
            return device_acts.refuse_access(drawn=drawn, meter_id=meter_id)
        case _:
            raise TypeError(form)


@allow(*STAFF)
def card(request: HttpRequest, act_id: int) -> HttpResponse:
    """An act as it stands: what it says, its seals and readings, whether it was annulled."""
    read = _read(act_id)
    act = read.act
    names = user_names([act.author_id] if act.author_id else [])
    context = {
        "act": act,
        "address": read.address,
        "title": act_title(act.kind),
        "accounts": act.facts.get("accounts", []),
        "facts": act_facts(act),
        "registers": act_registers(act),
        "seals": act_seals(act),
        "author": names.get(act.author_id or 0, ""),
        "devices": place_address(act.building_id, act.premise_id),
    }
    if act.premise_id:
        context |= waiting_here(building_id=act.building_id, premise_id=act.premise_id)
    return render(request, "office/acts/card.html", context)


@allow(*STAFF)
def form_file(request: HttpRequest, act_id: int) -> HttpResponse:
    """The printed form of an act."""
    act = _read(act_id).act
    response = HttpResponse(print_act(act=act), content_type="application/pdf")
    response.headers["Content-Disposition"] = (
        f'inline; filename="act-{ActKind(act.kind).name.lower()}-{act.pk}.pdf"'
    )
    return response


@allow(*WRITERS)
@require_http_methods(["GET", "POST"])
def annul(request: HttpRequest, act_id: int) -> HttpResponse:
    """Ask why, then annul the act with what it did."""
    act = _read(act_id).act
    form = ReasonForm(request.POST or None)
    context: dict[str, Any] = {"act": act, "title": act_title(act.kind), "form": form}
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            done = device_acts.annul(
                act_id=act_id,
                because=form.cleaned_data["reason"],
                actor_id=request.user.pk,
                today=timezone.localdate(now),
                at=now,
            )
        except ActRefused as refusal:
            context["refusal"] = tell_act(refusal)
        else:
            messages.success(request, _told(_("Act № %(number)s is annulled."), done))
            return HttpResponseClientRedirect(reverse("office:act", args=[act_id]))
    status = 422 if request.method == "POST" else 200
    return render(request, "office/acts/_annul.html", context, status=status)


@allow(*STAFF)
def acts(request: HttpRequest) -> HttpResponse:
    """The list of acts."""
    filters = ActFilter(request.GET)
    rows = filters.narrow(devices.act_rows())
    page = "office/acts/list.html"
    return listed(request, acts_listing(request, rows, filters=filters), file_name="acts", page=page)


def acts_listing(request: HttpRequest, rows: Any, *, filters: ActFilter | None = None) -> Listing:
    """Acts as a list, the newest first."""
    columns = [
        Column(name="drawn_on", title=gettext_lazy("Day"), kind="day", order=("drawn_on",)),
        Column(
            name="kind",
            title=gettext_lazy("Act"),
            text=lambda row: act_title(row["kind"]),
            order=("kind",),
            link=lambda row: reverse("office:act", args=[row["id"]]),
        ),
        Column(name="number", title=gettext_lazy("Number"), order=("number",)),
        Column(
            name="address",
            title=gettext_lazy("Address"),
            text=row_address,
            minor_on_phone=True,
            link=lambda row: place_address(row["building_id"], row["premise_id"]),
        ),
        Column(
            name="serial",
            title=gettext_lazy("Meter"),
            text=lambda row: " → ".join(filter(None, (row["serial"], row["new_serial"]))),
            minor_on_phone=True,
        ),
        Column(name="inspector", title=gettext_lazy("Inspector"), minor_on_phone=True, order=("inspector",)),
        Column(
            name="annulled_at",
            title=gettext_lazy("Status"),
            kind="word",
            text=lambda row: (
                Word(_("annulled"), "secondary") if row["annulled_at"] else Word(_("in force"), "green")
            ),
        ),
    ]
    return Listing(rows, columns, request.GET, default_sort="-drawn_on", unique=("id",), filters=filters)


def place_address(building_id: int, premise_id: int | None) -> str:
    """The page of a place's devices."""
    if premise_id is None:
        return reverse("office:building_devices", args=[building_id])
    return reverse("office:premise_devices", args=[premise_id])


def meters_of(building_id: int, premise_id: int | None, on: date) -> list[MeterInPlace]:
    if premise_id is None:
        return meters_of_building(building_id=building_id, on=on)
    return meters_of_premise(premise_id=premise_id, on=on)


def accounts_here(building_id: int, premise_id: int | None, on: date) -> list[dict[str, Any]]:
    """The accounts of a premise on a day: number and payer."""
    if premise_id is None:
        return []
    rows = accounts().filter(building_id=building_id, premise_id=premise_id, during__contains=on)
    return [{"number": row["number"], "payer": row_payer(row)} for row in rows.order_by("share_no")]


def _place(asked: Any, kind: str) -> Place:
    """Read building, premise and meter out of the address or the form. Raises Http404."""
    building_id, premise_id, meter_id = (
        int(text) if (text := asked.get(name, "")).isdigit() else None
        for name in ("building", "premise", "meter")
    )
    building = Building.objects.select_related("street").filter(pk=building_id or 0).first()
    premises = Premise.objects.filter(pk=premise_id or 0, building=building)
    premise = premises.select_related("building__street").first()
    if building is None or (premise_id is not None and premise is None):
        raise Http404
    today = timezone.localdate()
    meter = None
    if kind in NEEDS_METER:
        standing = [one for one in meters_of(building.pk, premise_id, today) if one.is_in_place]
        found = [one for one in standing if meter_id in (None, one.meter_id)]
        if not found:
            raise Http404
        meter = found[0]
    seals = devices.seals_of_meters(meter_ids=[meter.meter_id] if meter else [])
    return Place(
        building_id=building.pk,
        premise_id=premise_id,
        address=(premise or building).address,
        accounts=accounts_here(building.pk, premise_id, today),
        meter=meter,
        seals=[seal for found in seals.values() for seal in found if seal.state == SealState.INTACT],
    )


def _told(words: str, done: Done) -> str:
    text = words % {"number": done.number}
    if done.months_waiting:
        waiting = ngettext(
            "%(count)d billed month waits for recalculation.",
            "%(count)d billed months wait for recalculation.",
            done.months_waiting,
        )
        text = f"{text} {waiting % {'count': done.months_waiting}}"
    return text


def _read(act_id: int) -> devices.ActRead:
    read = devices.act_read(act_id=act_id)
    if read is None:
        raise Http404
    return read
