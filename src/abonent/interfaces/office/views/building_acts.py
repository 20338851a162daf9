"""Buildings opened, changed and closed, and the premises in them."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from abonent.contexts.contracts.queries import premises_of_building
from abonent.contexts.places.models import Building, BuildingKind, PremiseKind
from abonent.contexts.places.queries import terms_of_building
from abonent.interfaces.office import formats
from abonent.interfaces.office.building_forms import (
    BuildingForm,
    BuildingTermsForm,
    PassportForm,
    PremiseForm,
)
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.place_forms import LastDayForm
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import BUILDING_KEEPERS, KEEPERS, STAFF, allow
from abonent.interfaces.office.views._acting import form_page, nothing_changed, pdf, tell_done
from abonent.usecases.premises import By, buildings, papers, premises


def building_of(building_id: int) -> Building:
    """Return a building with its street. Raises Http404."""
    found = Building.objects.select_related("street__district", "branch").filter(pk=building_id).first()
    if found is None:
        raise Http404
    return found


@allow(*BUILDING_KEEPERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A building that begins to be served."""
    initial = {
        "opened_on": timezone.localdate(),
        "floors": 5,
        "entrances": 1,
        "common_needs": 1,
        "common_norm_category": 1,
    }
    form = BuildingForm(request.POST or None, initial=initial)

    def act(by: By) -> str:
        values = form.cleaned_data
        building = buildings.open_building(
            district=values["district"],
            street_kind=values["street_kind"],
            street=values["street"].strip(),
            number=values["number"].strip(),
            kind=values["kind"],
            opened_on=values["opened_on"],
            passport=form.passport(),
            terms=form.terms(),
            by=by,
        )
        tell_done(request, _("The building is opened. Add its premises."))
        return reverse("office:building_premises", args=[building.pk])

    return form_page(
        request,
        form,
        title=_("New building"),
        back=reverse("office:buildings"),
        button=_("Open the building"),
        act=act,
    )


@allow(*BUILDING_KEEPERS)
@require_http_methods(["GET", "POST"])
def passport(request: HttpRequest, building_id: int) -> HttpResponse:
    """What does not depend on a day: floors, entrances, stoves, the year."""
    building = building_of(building_id)
    initial = {name: getattr(building, name) for name in PassportForm.FACTS}
    form = PassportForm(request.POST or None, initial=initial)

    def act(by: By) -> str:
        buildings.change_passport(building=building, passport=form.passport(), on=timezone.localdate(), by=by)
        tell_done(request, _("The passport is changed."))
        return reverse("office:building", args=[building_id])

    return form_page(
        request,
        form,
        title=_("Building passport"),
        subtitle=building.address,
        back=reverse("office:building", args=[building_id]),
        button=_("Write down"),
        act=act,
    )


@allow(*STAFF)
def passport_page(request: HttpRequest, building_id: int) -> HttpResponse:
    """The passport as PDF, with the list of premises."""
    building = building_of(building_id)
    page = papers.building_passport(building=building, on=timezone.localdate())
    return pdf(page, name=f"passport-{building_id}")


@allow(*BUILDING_KEEPERS)
@require_http_methods(["GET", "POST"])
def terms(request: HttpRequest, building_id: int) -> HttpResponse:
    """Areas, and the way of common needs, from a day on."""
    building = building_of(building_id)
    if building.kind != BuildingKind.APARTMENT:
        raise Http404
    today = timezone.localdate()
    now = terms_of_building(building_id=building_id, on=today)
    initial: dict[str, Any] = {"on": today.replace(day=1), "common_needs": 1, "common_norm_category": 1}
    if now is not None:
        initial |= {name: getattr(now, name) for name in BuildingTermsForm.FACTS}
        initial |= {
            name: formats.area(getattr(now, name)) for name in ("premises_area_dm2", "common_area_dm2")
        }
    form = BuildingTermsForm(request.POST or None, initial=initial)

    def act(by: By) -> str:
        names = BuildingTermsForm.FACTS
        values = form.changed_values(*names) if now else {name: form.cleaned_data[name] for name in names}
        months = buildings.change_terms(
            building=building,
            on=form.cleaned_data["on"],
            values=values,
            by=By(at=by.at, actor_id=by.actor_id, document=form.cleaned_data["decision"]),
        )
        if values:
            tell_done(request, _("The terms of the building are changed."), months=months)
        else:
            nothing_changed(request)
        return reverse("office:building", args=[building_id])

    return form_page(
        request,
        form,
        title=_("Areas and common needs from a day"),
        subtitle=building.address,
        note=_("A month goes by what holds on its first day. What you leave as it is does not change."),
        back=reverse("office:building", args=[building_id]),
        button=_("Write down"),
        act=act,
    )


@allow(*BUILDING_KEEPERS)
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, building_id: int) -> HttpResponse:
    """A building that is served no longer."""
    building = building_of(building_id)
    form = LastDayForm(request.POST or None, initial={"last_day": timezone.localdate()})

    def act(by: By) -> str:
        closed_on = form.cleaned_data["last_day"] + timedelta(days=1)
        buildings.close_building(building=building, closed_on=closed_on, by=by)
        tell_done(request, _("The building is closed."))
        return reverse("office:building", args=[building_id])

    return form_page(
        request,
        form,
        title=_("Close the building"),
        subtitle=building.address,
        note=_("All its accounts have to be closed before."),
        back=reverse("office:building", args=[building_id]),
        button=_("Close"),
        act=act,
    )


@allow(*STAFF)
def premises_list(request: HttpRequest, building_id: int) -> HttpResponse:
    """All premises of a building, with and without accounts, held against its passport."""
    building, today = building_of(building_id), timezone.localdate()
    columns = [
        Column(
            name="number",
            title=gettext_lazy("Premise"),
            order=("sort_key", "number"),
            text=lambda row: row["number"] or _("whole house"),
            link=lambda row: reverse("office:premise", args=[row["id"]]),
        ),
        Column(
            name="kind",
            title=gettext_lazy("Kind"),
            order=("kind",),
            text=lambda row: PremiseKind(row["kind"]).label,
        ),
        Column(name="parent_number", title=gettext_lazy("Part of"), minor_on_phone=True),
        Column(name="area_dm2", title=gettext_lazy("Area, m²"), kind="area", order=("area_dm2",)),
        Column(name="people", title=gettext_lazy("Residents"), kind="count", order=("people",)),
        Column(
            name="tariff_name",
            title=gettext_lazy("Tariff group"),
            order=("tariff_name",),
            minor_on_phone=True,
        ),
        Column(name="accounts_open", title=gettext_lazy("Accounts"), kind="count", order=("accounts_open",)),
    ]
    rows = premises_of_building(building_id=building_id, on=today)
    listing = Listing(rows, columns, request.GET, default_sort="number", page_rows=200)
    context = {
        "building": building,
        "areas": premises.areas(building=building, on=today),
        "has_passport": building.kind == BuildingKind.APARTMENT,
    }
    page = "office/places/premises.html"
    return listed(request, listing, file_name=f"premises-{building_id}", page=page, context=context)


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def add_premise(request: HttpRequest, building_id: int) -> HttpResponse:
    """A premise of any kind with the terms it begins with."""
    building = building_of(building_id)
    initial = {"since": building.opened_on or timezone.localdate()}
    form = PremiseForm(request.POST or None, initial=initial, building_id=building_id)

    def act(by: By) -> str:
        values = form.cleaned_data
        added = premises.add_premise(
            building=building,
            kind=values["kind"],
            number=values["number"].strip(),
            parent=values["parent"],
            since=values["since"],
            terms=form.terms(),
            by=by,
        )
        tell_done(request, _("The premise is added."))
        return reverse("office:premise", args=[added.pk])

    return form_page(
        request,
        form,
        title=_("New premise"),
        subtitle=building.address,
        back=reverse("office:building_premises", args=[building_id]),
        button=_("Add"),
        act=act,
    )
