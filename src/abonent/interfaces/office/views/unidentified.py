"""Payments nobody knows the account of: a queue decided by single keys, with suggestions."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.contracts.queries import account_scope
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.listing import payments, totals_of
from abonent.contexts.payments.models import Payment, PaymentState
from abonent.interfaces.office import formats
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.money_filters import UnidentifiedFilter
from abonent.interfaces.office.money_forms import IdentifyForm
from abonent.interfaces.office.money_words import payment_state, suggested_by
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import MONEY_TAKERS, STAFF, allow
from abonent.interfaces.office.views.payment_cards import (
    ACT,
    booked,
    card_of,
    payment_of,
    refuse,
    went_on,
)
from abonent.usecases import take_payment
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.refusal_words import tell_run
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.suggest import suggest
from abonent.usecases.take_payment.words import tell_payment

PAGE_ROWS = 20
ROW = "office/money/_unidentified_row.html"
HEADS = ("booked_on", "amount_minor", "payer")


@allow(*STAFF)
def queue(request: HttpRequest) -> HttpResponse:
    """The queue, the oldest first."""
    filters = UnidentifiedFilter(request.GET)
    rows = filters.narrow(payments().filter(state=PaymentState.UNIDENTIFIED))
    columns = [
        Column(name="booked_on", title=gettext_lazy("Booked on"), kind="day", order=("booked_on",)),
        Column(name="paid_on", title=gettext_lazy("Paid on"), kind="day"),
        Column(name="amount_minor", title=gettext_lazy("Amount"), kind="minor", order=("amount_minor",)),
        Column(name="payer", title=gettext_lazy("Payer"), order=("payer",)),
        Column(name="payer_inn", title=gettext_lazy("INN")),
        Column(name="account_text", title=gettext_lazy("Account as written")),
        Column(name="address", title=gettext_lazy("Address")),
        Column(name="purpose", title=gettext_lazy("Purpose")),
        Column(name="agent_name", title=gettext_lazy("Channel")),
        Column(name="external_id", title=gettext_lazy("Number")),
    ]
    listing = Listing(
        rows,
        columns,
        request.GET,
        default_sort="booked_on",
        filters=filters,
        page_rows=PAGE_ROWS,
    )
    context = {
        "heads": [heading for heading in listing.headings if heading["column"].name in HEADS],
        "totals": totals_of(rows),
        "csv_query": listing.query(export="csv"),
    }
    return listed(
        request,
        listing,
        file_name="unidentified",
        page="office/money/unidentified.html",
        context=context,
        part="office/money/_unidentified.html",
        rows="office/money/_unidentified_rows.html",
    )


@allow(*STAFF)
def row(request: HttpRequest, payment_id: int) -> HttpResponse:
    """One row as it is now."""
    return _answer(request, payment_of(payment_id))


@allow(*STAFF)
def suggestions(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Whose it may be, the likeliest first, each with its key."""
    payment = Payment.objects.filter(pk=payment_of(payment_id)["id"]).get()
    found = [
        {
            "number": one.number,
            "payer": one.payer,
            "address": one.address,
            "confidence": one.confidence,
            "balance_minor": balance_minor(account_id=one.account_id),
            "reasons": [(suggested_by(reason), text) for reason, text in one.reasons],
        }
        for one in suggest(payment=payment, on=timezone.localdate())
    ]
    context = {"payment_id": payment_id, "found": found}
    return render(request, "office/money/_suggestions.html", context)


@allow(*MONEY_TAKERS)
@require_http_methods(["GET", "POST"])
def identify(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Give it an account: one suggested, by its key, or one that is looked for in a dialog."""
    payment = payment_of(payment_id)
    one_key = "suggested" in request.POST
    form = IdentifyForm(request.POST or None, initial=booked())
    if request.method == "POST" and one_key:
        form = IdentifyForm({"account": request.POST["suggested"], **booked()})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            take_payment.identify(
                payment_id=payment_id,
                account_id=values["account"].account_id,
                booked_on=values["booked_on"],
                actor_id=request.user.pk,
                at=timezone.now(),
                reason=request.POST.get("why", ""),
            )
        except (PaymentRefused, RunRefused) as refusal:
            if one_key:
                return _answer(request, payment_of(payment_id), refusal=_told(refusal), status=422)
            refuse(form, refusal)
        else:
            if one_key:
                return _answer(request, payment_of(payment_id))
            return went_on(request, card_of(payment_id))
    if one_key:
        return _answer(request, payment, refusal=_("There is no account with this number."), status=422)
    context = {
        "form": form,
        "row": payment,
        "title": _("Whose payment is it?"),
        "button": _("Give it this account"),
        "address": request.path,
    }
    return render(request, ACT, context, status=422 if form.errors else 200)


@allow(*MONEY_TAKERS)
@require_POST
def undo(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Take the account away again: what waits in its place comes back as a row."""
    payment = payment_of(payment_id)
    by: dict[str, Any] = booked() | {"actor_id": request.user.pk, "at": timezone.now()}
    try:
        again = take_payment.unidentify(payment_id=payment_id, reason=_("given to a wrong account"), **by)
    except (PaymentRefused, RunRefused) as refusal:
        return _answer(request, payment, refusal=_told(refusal), status=422)
    return _answer(request, payment_of(again.pk))


def _told(refusal: PaymentRefused | RunRefused) -> str:
    if isinstance(refusal, PaymentRefused):
        return tell_payment(refusal, language=formats.language())
    return tell_run(refusal)


def _answer(request: HttpRequest, payment: Row, *, refusal: str = "", status: int = 200) -> HttpResponse:
    account = account_scope(number=payment["number"]) if payment["number"] else None
    context = {
        "row": payment | {"is_waiting": payment["state"] == PaymentState.UNIDENTIFIED},
        "account": account,
        "state": payment_state(payment["state"]),
        "refusal": refusal,
    }
    return render(request, ROW, context, status=status)
