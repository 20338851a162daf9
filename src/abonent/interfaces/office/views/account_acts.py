"""What is done to an account: handed over, closed, another payer, services; its final bill; its history."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.access.queries import user_names
from abonent.contexts.contracts.models import Account, Service
from abonent.contexts.metering.models import Installation
from abonent.contexts.metering.queries import meters_of_premise
from abonent.contexts.parties.queries import supplier_id
from abonent.interfaces.office import history_words
from abonent.interfaces.office.account_forms import (
    CloseAccountForm,
    MoveForm,
    PayerForm,
    ServiceForm,
)
from abonent.interfaces.office.place_words import tell_final_bill
from abonent.interfaces.office.roles import KEEPERS, PRINTERS, STAFF, allow
from abonent.interfaces.office.views._acting import form_page, pdf, tell_done
from abonent.interfaces.office.views.accounts import tab_page
from abonent.interfaces.office.views.lookups import book_in, head_of
from abonent.interfaces.office.views.premises import others_of
from abonent.kernel.periods import DateRange
from abonent.usecases import packs
from abonent.usecases.account_history import Kind, history
from abonent.usecases.enter_reading import ReadingRefused, Shown
from abonent.usecases.premises import By, PlaceRefused, accounts, final_bills, moving, papers, services

HISTORY_ROWS = 100


def account_of(number: str) -> Account:
    """Return an account with its premise. Raises Http404."""
    rows = Account.objects.select_related("premise__building__street", "premise__parent", "building", "party")
    found = rows.filter(number=number).first()
    if found is None:
        raise Http404
    return found


@allow(*STAFF)
def account_history(request: HttpRequest, number: str) -> HttpResponse:
    """The account card with everything that happened, newest first; `kind` narrows it."""
    head = head_of(number)
    chosen = request.GET.get("kind", "")
    found = history(account=account_of(number))
    kinds = [kind for kind in Kind if any(item.kind == kind for item in found)]
    items = [item for item in found if not chosen or item.kind == chosen]
    shown = items if "all" in request.GET else items[:HISTORY_ROWS]
    names = user_names([item.author_id for item in shown if item.author_id])
    context = {
        "items": [history_words.written(item, number=number, names=names) for item in shown],
        "more": len(items) - len(shown),
        "kinds": [(kind.value, history_words.kind_name(kind)) for kind in kinds],
        "chosen": chosen,
    }
    part = "office/accounts/_history.html"
    return tab_page(request, head, tab="history", part=part, context=context)


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, number: str) -> HttpResponse:
    """The account's last day; where there are co-owners, their shares from then on."""
    account, today = account_of(number), timezone.localdate()
    others = others_of(account.premise, today, without=account.pk)
    form = CloseAccountForm(request.POST or None, initial={"last_day": today}, others=others)

    def act(by: By) -> str:
        months = accounts.close_account(
            account=account,
            closes_on=form.cleaned_data["last_day"] + timedelta(days=1),
            others=form.shares(),
            by=by,
        )
        tell_done(request, _("The account is closed. Make its final bill."), months=months)
        return reverse("office:account", args=[number])

    return form_page(
        request,
        form,
        title=_("Close the account"),
        subtitle=f"№ {number}, {account.premise.address}",
        note=_(
            "When somebody else moves in the next day, hand the premise over instead: it takes the readings too."
        ),
        back=reverse("office:account", args=[number]),
        button=_("Close"),
        act=act,
    )


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def payer(request: HttpRequest, number: str) -> HttpResponse:
    """Somebody else pays under the same number."""
    account = account_of(number)
    initial: dict[str, Any] = {"on": timezone.localdate()}
    initial |= {name: getattr(account.party, name) for name in PayerForm.PAYER if name != "organisation"}
    initial["organisation"] = account.party.name
    form = PayerForm(request.POST or None, initial=initial)

    def act(by: By) -> str:
        accounts.change_payer(account=account, payer=form.payer(), on=form.cleaned_data["on"], by=by)
        tell_done(request, _("The payer is changed."))
        return reverse("office:account", args=[number])

    return form_page(
        request,
        form,
        title=_("Another payer"),
        subtitle=f"№ {number}, {account.premise.address}",
        note=_(
            "The number and its debt stay: for an heir or a new name. Whoever moves in gets a new account."
        ),
        back=reverse("office:account", args=[number]),
        button=_("Write down"),
        act=act,
    )


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def service(request: HttpRequest, number: str) -> HttpResponse:
    """A service switched on or off, now or back-dated."""
    account, today = account_of(number), timezone.localdate()
    choices = [(one.value, str(one.label)) for one in Service]
    form = ServiceForm(request.POST or None, initial={"since": today}, services=choices)

    def act(by: By) -> str:
        values = form.cleaned_data
        end = values["last_day"] and values["last_day"] + timedelta(days=1)
        is_on = values["turn"] == "on"
        closes_on = account.during.upper
        during = DateRange(values["since"], end or (closes_on if is_on else None))
        turn = services.switch_on if is_on else services.switch_off
        months = turn(account=account, service=Service(values["service"]), during=during, by=by)
        told = _("The service is switched on.") if is_on else _("The service is switched off.")
        tell_done(request, told, months=months)
        return reverse("office:account", args=[number])

    return form_page(
        request,
        form,
        title=_("Switch a service"),
        subtitle=f"№ {number}, {account.premise.address}",
        back=reverse("office:account", args=[number]),
        button=_("Switch"),
        act=act,
    )


@allow(*KEEPERS)
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, number: str) -> HttpResponse:
    """One family moves out, another moves in."""
    account, today = account_of(number), timezone.localdate()
    meters = meters_of_premise(premise_id=account.premise_id, on=today)
    registers = [
        (one.installation_id, f"{meter.serial}, {one.zone_name}, {_('kWh')}")
        for meter in meters
        if meter.is_in_place
        for one in meter.registers
    ]
    form = MoveForm(request.POST or None, initial={"last_day": today}, registers=registers)

    def act(by: By) -> str:
        values, wh = form.cleaned_data, form.values_wh()
        places = Installation.objects.select_related("meter").in_bulk(wh)
        follows = not values["nobody_follows"]
        try:
            moved = moving.move(
                account=account,
                last_day=values["last_day"],
                shown=[Shown(places[key], value_wh) for key, value_wh in wh.items()],
                newcomer=moving.Newcomer(payer=form.payer(), residents=form.newcomers()) if follows else None,
                parameters=packs.pack_parameters(),
                today=today,
                confirmed_rollover=values["confirmed_rollover"],
                by=by,
            )
        except ReadingRefused as refusal:
            raise _as_place(refusal) from refusal
        if moved.newcomer is None:
            tell_done(request, _("The premise is handed back."), months=moved.months_waiting)
        else:
            tell_done(
                request,
                _("The premise is handed over; account %(number)s is opened.")
                % {"number": moved.newcomer.number},
                months=moved.months_waiting,
            )
        _make_final_bill(request, account, values["last_day"])
        return reverse("office:account", args=[number])

    return form_page(
        request,
        form,
        title=_("Moving out and in"),
        subtitle=f"№ {number}, {account.party.display_name}, {account.premise.address}",
        note=_(
            "The readings of the last day part the month between the two; who leaves gets the final bill at once."
        ),
        back=reverse("office:account", args=[number]),
        button=_("Hand over"),
        act=act,
    )


def _as_place(refusal: ReadingRefused) -> PlaceRefused:
    """Show a refused reading at its register's field."""
    field = "last_day" if refusal.field == "taken_on" else f"value_{refusal.installation_id}"
    return PlaceRefused("reading", field, refusal=refusal)


@allow(*STAFF)
def handover_page(request: HttpRequest, number: str) -> HttpResponse:
    """The act of the account's last handover as PDF."""
    page = papers.handover(account=account_of(number))
    if page is None:
        raise Http404
    return pdf(page, name=f"handover-{number}")


@allow(*PRINTERS)
@require_POST
def final_bill(request: HttpRequest, number: str) -> HttpResponse:
    """The final bill of an account that was closed."""
    account = account_of(number)
    if account.during.upper is None:
        raise Http404
    _make_final_bill(request, account, account.during.upper - timedelta(days=1))
    return redirect("office:account_bills", number)


def _make_final_bill(request: HttpRequest, account: Account, last_day: date) -> None:
    try:
        bill = final_bills.make(
            account=account,
            supplier_id=supplier_id(),
            parameters=packs.pack_parameters(),
            booked_period=book_in(last_day),
            by=By(at=timezone.now(), actor_id=request.user.pk),
        )
    except final_bills.NoFinalBill as problem:
        messages.warning(
            request, _("There is no final bill yet. %(why)s") % {"why": tell_final_bill(problem)}
        )
    else:
        messages.success(request, _("Final bill %(number)s is issued.") % {"number": bill.number})


@allow(*STAFF)
def departures(request: HttpRequest) -> HttpResponse:
    """Who left and has no final bill in time."""
    today = timezone.localdate()
    found = final_bills.overdue(on=today, parameters=packs.pack_parameters(), limit=500)
    rows = [
        {"departure": one, "days": (today - one.due_on).days, "address": one.account.premise.address}
        for one in found
    ]
    return render(request, "office/places/departures.html", {"rows": rows})
