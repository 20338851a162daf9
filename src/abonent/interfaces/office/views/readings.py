"""A reading entered by hand: checked, shown with what it changes, stored; undone by annulling it."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.contracts.models import Account
from abonent.contexts.contracts.queries import AccountHead
from abonent.contexts.metering.models import Installation, Reading
from abonent.contexts.metering.queries import MeterInPlace, actual_readings, meters_of_premise
from abonent.contexts.parties.queries import supplier_id
from abonent.interfaces.office import formats
from abonent.interfaces.office.forms import ReadingForm, ReasonForm, tell_reading
from abonent.interfaces.office.previews import shown_preview
from abonent.interfaces.office.roles import READING_TAKERS, allow
from abonent.interfaces.office.views.lookups import book_in, head_of
from abonent.kernel.periods import Month
from abonent.usecases import enter_reading, packs
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.enter_reading import ReadingRefused, Replaced, Shown
from abonent.usecases.refusal_words import tell_run

PANEL = "office/readings/_enter.html"


@allow(*READING_TAKERS)
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, number: str) -> HttpResponse:
    """The form; then what the reading changes; then, confirmed, the account as it has become."""
    head = head_of(number)
    meter = _meter(head, request.GET.get("meter") or request.POST.get("meter", ""))
    if meter is None:
        return render(request, PANEL, {"head": head, "meter": None})
    asked = request.POST if request.method == "POST" else request.GET
    corrected = _corrected(meter, asked.get("instead", ""))
    context: dict[str, Any] = {"head": head, "meter": meter, "instead": corrected and corrected[0].taken_on}
    if request.method == "GET":
        initial = {"taken_on": timezone.localdate(), "source": asked.get("source")}
        if corrected:
            initial = {f"value_{one.installation_id}": formats.kwh(one.value_wh) for one in corrected}
            initial |= {"taken_on": corrected[0].taken_on, "source": corrected[0].source}
        form = ReadingForm(initial=initial, meter=meter, is_correction=bool(corrected))
        return render(request, PANEL, {**context, "form": form})
    form = ReadingForm(request.POST, meter=meter, is_correction=bool(corrected))
    context["form"] = form
    if "mend" in request.POST or not form.is_valid():
        return render(request, PANEL, context, status=200 if "mend" in request.POST else 422)
    account = Account.objects.select_related("building").get(pk=head.account_id)
    given = _given(form, corrected)
    try:
        if "confirmed" not in request.POST:
            context["preview"] = _preview(account, given)
            return render(request, PANEL, context)
        entered = enter_reading.enter(
            account=account,
            booked_period=book_in(given["taken_on"]),
            actor_id=request.user.pk,
            **given,
        )
    except ReadingRefused as refusal:
        form.refuse(refusal)
        return render(request, PANEL, context, status=422)
    except RunRefused as refusal:
        return render(request, PANEL, {**context, "refusal": tell_run(refusal)}, status=422)
    request.session["entered"] = _told(entered, given["taken_on"], meter.serial)
    return HttpResponseClientRedirect(reverse("office:account", args=[number]))


@allow(*READING_TAKERS)
@require_POST
def undo(request: HttpRequest, number: str) -> HttpResponse:
    """Take back readings just entered: annul them, and rate the account back."""
    ids = [int(text) for text in request.POST.getlist("reading") if text.isdigit()]
    return _annul(request, number, ids, request.POST.get("taken_on", ""), _("entered by mistake"))


@allow(*READING_TAKERS)
@require_http_methods(["GET", "POST"])
def annul(request: HttpRequest, number: str) -> HttpResponse:
    """Ask why, then annul a reading of the history."""
    head = head_of(number)
    asked = request.POST if request.method == "POST" else request.GET
    form = ReasonForm(request.POST or None)
    context = {
        "head": head,
        "form": form,
        "reading": asked.get("reading", ""),
        "meter": asked.get("meter", "") if asked.get("meter", "").isdigit() else "",
        "taken_on": _day(asked.get("taken_on", "")),
    }
    if request.method == "GET":
        return render(request, "office/readings/_annul.html", context)
    if not form.is_valid():
        return render(request, "office/readings/_annul.html", context, status=422)
    ids = [int(context["reading"])] if str(context["reading"]).isdigit() else []
    return _annul(request, number, ids, asked.get("taken_on", ""), form.cleaned_data["reason"])


def _annul(request: HttpRequest, number: str, ids: list[int], day: str, why: str) -> HttpResponse:
    head, taken_on = head_of(number), _day(day)
    try:
        changed = enter_reading.annul(
            account=Account.objects.select_related("building").get(pk=head.account_id),
            reading_ids=ids,
            taken_on=taken_on,
            parameters=packs.pack_parameters(),
            booked_period=book_in(taken_on),
            actor_id=request.user.pk,
            at=timezone.now(),
            reason=why,
        )
    except ReadingRefused as refusal:
        return render(
            request, "office/readings/_refused.html", {"refusal": tell_reading(refusal)}, status=422
        )
    except RunRefused as refusal:
        return render(request, "office/readings/_refused.html", {"refusal": tell_run(refusal)}, status=422)
    request.session["entered"] = {**_told(changed, taken_on, ""), "is_annulled": True}
    return HttpResponseClientRedirect(reverse("office:account_readings", args=[number]))


def _meter(head: AccountHead, chosen: str) -> MeterInPlace | None:
    """Return the meter chosen among those of the premise, else the one in place."""
    meters = meters_of_premise(premise_id=head.premise_id, on=timezone.localdate())
    if chosen:
        found = [meter for meter in meters if str(meter.meter_id) == chosen]
        if not found:
            raise Http404
        return found[0]
    return next((meter for meter in meters if meter.is_in_place), None)


def _corrected(meter: MeterInPlace, day: str) -> list[Reading]:
    """Return what the meter is known to have shown on the day that is being corrected. Raises Http404."""
    if not day:
        return []
    places = [one.installation_id for one in meter.registers]
    found = actual_readings(installation_ids=places, taken_on=_day(day))
    if not found:
        raise Http404
    return found


def _given(form: ReadingForm, corrected: list[Reading]) -> dict[str, Any]:
    """What both looking and storing need."""
    values = form.values_wh()
    places = Installation.objects.in_bulk(values)
    now = timezone.now()
    return {
        "shown": [Shown(places[key], value_wh) for key, value_wh in values.items()],
        "taken_on": form.cleaned_data["taken_on"],
        "parameters": packs.pack_parameters(),
        "today": timezone.localdate(now),
        "at": now,
        "source": form.cleaned_data["source"],
        "confirmed_rollover": form.cleaned_data["confirmed_rollover"],
        "instead_of": Replaced(
            tuple(one.id for one in corrected), corrected[0].taken_on, form.cleaned_data["reason"]
        )
        if corrected
        else None,
    }


def _preview(account: Account, given: dict[str, Any]) -> dict[str, Any]:
    """The months the reading reaches, before and after."""
    booked = book_in(given["taken_on"])
    looked = enter_reading.preview(account=account, supplier_id=supplier_id(), booked_period=booked, **given)
    own = Month.of(given["taken_on"])
    return shown_preview(
        looked,
        [month for month in looked.months if month in looked.changed or month.month == own],
        account_id=account.pk,
        after=_("With this reading"),
        booked=booked,
    )


def _told(entered: enter_reading.Entered, taken_on: date, serial: str) -> dict[str, Any]:
    """What the card says once after a reading; kept in the session until shown."""
    return {
        "reading_ids": list(entered.reading_ids),
        "taken_on": taken_on.isoformat(),
        "day": formats.day(taken_on),
        "serial": serial,
        "runs": list(entered.run_ids),
        "waiting": list(entered.waiting_for),
        "difference_minor": entered.difference_minor,
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
