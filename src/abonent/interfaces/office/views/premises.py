"""The premise card: terms, accounts and shares, residents, absences, parts; and what changes them."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.contracts.models import Absence, PremiseTerms, Resident
from abonent.contexts.places.models import Premise, PremiseKind
from abonent.interfaces.office import formats
from abonent.interfaces.office.account_forms import (
    OpenAccountForm,
    ResidentForm,
    ResidentNameForm,
    SharesForm,
)
from abonent.interfaces.office.building_forms import PremiseTermsForm
from abonent.interfaces.office.place_forms import LastDayForm
from abonent.interfaces.office.roles import KEEPERS, STAFF, allow
from abonent.interfaces.office.views._acting import form_page, nothing_changed, tell_done
from abonent.interfaces.office.views.recalculations import waiting_here
from abonent.interfaces.office.words import absence_state
from abonent.kernel.periods import DateRange
from abonent.usecases import packs
from abonent.usecases.premises import By, accounts, premises, residents, services


def premise_of(premise_id: int) -> Premise:
    """Return a premise with its building. Raises Http404."""
    rows = Premise.objects.select_related("building__street__district", "building__branch", "parent")
    found = rows.filter(pk=premise_id).first()
    if found is None:
        raise Http404
    return found


@allow(*STAFF)
def card(request: HttpRequest, premise_id: int) -> HttpResponse:
    """Everything about a premise that is not an account's."""
    premise, today = premise_of(premise_id), timezone.localdate()
    terms = PremiseTerms.objects.filter(building=premise.building, premise=premise)
    context = {
        "premise": premise,
        "today": today,
        "kind": PremiseKind(premise.kind).label,
        "terms": sorted(terms.select_related("tariff_group"), key=lambda row: row.during.lower, reverse=True),
        "shares": accounts.neighbours(premise=premise, on=today),
        "accounts": premise.accounts.select_related("party").order_by("-during"),
        "residents": _by_stay(premise, today),
        "absences": [
            {"absence": one, "word": absence_state(one.state)}
            for one in Absence.objects.filter(premise=premise).order_by("-left_on")
        ],
        "parts": premise.parts.order_by("sort_key", "number"),
        **waiting_here(building_id=premise.building_id, premise_id=premise_id),
    }
    return render(request, "office/places/premise.html", context)


def _by_stay(premise: Premise, today: date) -> list[dict[str, Any]]:
    """The people, those who live here first; somebody who stays too shortly to be charged for is told apart."""
    parameters = packs.pack_parameters()
    rows = [
        {
            "resident": one,
            "is_here": one.during.lower <= today and (one.during.upper is None or today < one.during.upper),
            "is_counted": residents.counts(
                one.kind, DateRange(one.during.lower, one.during.upper), parameters=parameters
            ),
        }
        for one in Resident.objects.filter(premise=premise).order_by("during")
    ]
    return sorted(rows, key=lambda row: not row["is_here"])


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def terms(request: HttpRequest, premise_id: int) -> HttpResponse:
    """Facts of the premise that are different from a day on; or its first ones."""
    premise, today = premise_of(premise_id), timezone.localdate()
    now = PremiseTerms.objects.filter(premise=premise, during__contains=today).first()
    initial: dict[str, Any] = {"on": today}
    if now is not None:
        initial |= {name: getattr(now, name) for name in PremiseTermsForm.FACTS}
        initial |= {
            "area_dm2": formats.area(now.area_dm2),
            "agreed_wh_per_month": formats.kwh(now.agreed_wh_per_month),
        }
    form = PremiseTermsForm(
        request.POST or None,
        initial=initial,
        residents_are_listed=Resident.objects.filter(premise=premise).exists(),
        has_parts=premise.parts.exists(),
    )

    def act(by: By) -> str:
        values, on = form.facts(changed=now is not None), form.cleaned_data["on"]
        if now is None:
            begun = {"residents": 0, "room_meters_agreed": False, "uplift_cause": 0, **values}
            premises.begin_terms(premise=premise, since=on, values=begun, by=by)
            tell_done(request, _("The premise has its first terms."))
        elif values:
            months = premises.change_terms(premise=premise, on=on, values=values, by=by)
            tell_done(request, _("The terms of the premise are changed."), months=months)
        else:
            nothing_changed(request)
        return reverse("office:premise", args=[premise_id])

    return form_page(
        request,
        form,
        title=_("Terms from a day"),
        subtitle=premise.address,
        note=_(
            "Each fact you change holds from that day until the day on which it was changed next. The day may lie "
            "in the past."
        ),
        back=reverse("office:premise", args=[premise_id]),
        button=_("Write down"),
        act=act,
    )


def others_of(premise: Premise, on: date, *, without: int = 0) -> dict[int, tuple[str, Fraction]]:
    """Return the accounts of a premise with their shares, as forms ask for them."""
    return {
        row.account_id: (
            _("Share of %(number)s, %(payer)s")
            % {"number": row.account.number, "payer": row.account.party.display_name},
            Fraction(row.share_numerator, row.share_denominator),
        )
        for row in accounts.neighbours(premise=premise, on=on)
        if row.account_id != without
    }


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def open_account(request: HttpRequest, premise_id: int) -> HttpResponse:
    """A new account on the premise, with the new shares of those who pay already."""
    premise, today = premise_of(premise_id), timezone.localdate()
    form = OpenAccountForm(
        request.POST or None, initial={"opens_on": today}, others=others_of(premise, today)
    )

    def act(by: By) -> str:
        account = accounts.open_account(
            premise=premise,
            payer=form.payer(),
            opens_on=form.cleaned_data["opens_on"],
            share=form.cleaned_data["share"],
            others=form.shares(),
            by=by,
        )
        tell_done(request, _("Account %(number)s is opened.") % {"number": account.number})
        return reverse("office:account", args=[account.number])

    return form_page(
        request,
        form,
        title=_("Open an account"),
        subtitle=premise.address,
        back=reverse("office:premise", args=[premise_id]),
        button=_("Open the account"),
        act=act,
    )


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def shares(request: HttpRequest, premise_id: int) -> HttpResponse:
    """The shares in which co-owners pay, from a day on."""
    premise, today = premise_of(premise_id), timezone.localdate()
    form = SharesForm(request.POST or None, initial={"on": today}, others=others_of(premise, today))

    def act(by: By) -> str:
        months = services.set_shares(premise=premise, on=form.cleaned_data["on"], shares=form.shares(), by=by)
        tell_done(request, _("The shares are changed."), months=months)
        return reverse("office:premise", args=[premise_id])

    return form_page(
        request,
        form,
        title=_("Shares of the co-owners"),
        subtitle=premise.address,
        note=_("On every day the shares add up to 1."),
        back=reverse("office:premise", args=[premise_id]),
        button=_("Write down"),
        act=act,
    )


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def move_in(request: HttpRequest, premise_id: int) -> HttpResponse:
    """Somebody who lives here from a day on."""
    premise = premise_of(premise_id)
    form = ResidentForm(request.POST or None, initial={"since": timezone.localdate()})

    def act(by: By) -> str:
        values = form.cleaned_data
        end = values["last_day"] and values["last_day"] + timedelta(days=1)
        _resident, months = residents.move_in(
            premise=premise,
            name=values["name"].strip(),
            kind=values["kind"],
            during=DateRange(values["since"], end),
            parameters=packs.pack_parameters(),
            by=by,
        )
        tell_done(request, _("The person is listed."), months=months)
        return reverse("office:premise", args=[premise_id])

    return form_page(
        request,
        form,
        title=_("Somebody lives here"),
        subtitle=premise.address,
        note=_("Somebody who stays for a time is charged for after more than 5 days in a row (п. 56)."),
        back=reverse("office:premise", args=[premise_id]),
        button=_("Add to the list"),
        act=act,
    )


def _resident(resident_id: int) -> Resident:
    rows = Resident.objects.select_related("premise__building__street")
    found = rows.filter(pk=resident_id).first()
    if found is None:
        raise Http404
    return found


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def move_out(request: HttpRequest, resident_id: int) -> HttpResponse:
    """The last day of somebody who lives here."""
    resident = _resident(resident_id)
    back = reverse("office:premise", args=[resident.premise_id])
    form = LastDayForm(request.POST or None, initial={"last_day": timezone.localdate()})

    def act(by: By) -> str:
        months = residents.move_out(
            resident=resident,
            on=form.cleaned_data["last_day"] + timedelta(days=1),
            parameters=packs.pack_parameters(),
            by=by,
        )
        tell_done(request, _("The stay is ended."), months=months)
        return back

    return form_page(
        request,
        form,
        title=_("%(name)s leaves") % {"name": resident.name or _("Somebody")},
        subtitle=resident.premise.address,
        back=back,
        button=_("End the stay"),
        act=act,
    )


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, resident_id: int) -> HttpResponse:
    """The name of somebody who was counted without one."""
    resident = _resident(resident_id)
    back = reverse("office:premise", args=[resident.premise_id])
    form = ResidentNameForm(request.POST or None, initial={"name": resident.name})

    def act(by: By) -> str:
        residents.rename(resident=resident, name=form.cleaned_data["name"].strip(), document=by.document)
        return back

    return form_page(
        request,
        form,
        title=_("Name of a resident"),
        subtitle=resident.premise.address,
        back=back,
        button=_("Write down"),
        act=act,
    )


@allow(*KEEPERS)
@require_POST
def strike(request: HttpRequest, resident_id: int) -> HttpResponse:
    """Take away a row entered by mistake."""
    resident = _resident(resident_id)
    months = residents.strike(
        resident=resident,
        parameters=packs.pack_parameters(),
        by=By(at=timezone.now(), actor_id=request.user.pk),
    )
    tell_done(request, _("The row is taken away."), months=months)
    return redirect("office:premise", resident.premise_id)
