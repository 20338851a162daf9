"""The list of payments, and a payment entered by hand."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from abonent.contexts.contracts.search import search
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments import queries
from abonent.contexts.payments.listing import payments as payment_rows
from abonent.contexts.payments.listing import totals_of
from abonent.contexts.payments.models import AgentKind, Recognition
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.money_filters import PaymentFilter
from abonent.interfaces.office.money_forms import NewPaymentForm, new_key
from abonent.interfaces.office.money_words import debt_words, payment_state, recognised_words
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import MONEY_TAKERS, STAFF, allow
from abonent.interfaces.office.views.payment_cards import booked, refuse
from abonent.usecases import settling, take_payment
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.take_payment import PaymentRefused

HITS = 8


@allow(*STAFF)
def payments(request: HttpRequest) -> HttpResponse:
    """The list of payments of every channel and state, with what it adds up to."""
    filters = PaymentFilter(request.GET)
    rows = filters.narrow(payment_rows())
    listing = Listing(
        rows,
        payment_columns(few=filters.is_narrow),
        request.GET,
        default_sort="-booked_on",
        filters=filters,
    )
    context = {"totals": totals_of(rows), "csv_query": listing.query(export="csv")}
    return listed(request, listing, file_name="payments", page="office/money/payments.html", context=context)


def payment_columns(*, few: bool, with_account: bool = True) -> list[Column]:
    """The columns of a list of payments; `few`: so few are left that any order of them is quick."""
    account = Column(
        name="number",
        title=_("Account"),
        order=("number",) if few else (),
        link=lambda row: reverse("office:account_payments", args=[row["number"]]) if row["number"] else None,
    )
    return [
        Column(
            name="booked_on",
            title=_("Booked on"),
            kind="day",
            order=("booked_on",),
            link=lambda row: reverse("office:payment", args=[row["id"]]),
        ),
        Column(
            name="paid_on",
            title=_("Paid on"),
            kind="day",
            order=("paid_on",) if few else (),
            minor_on_phone=True,
        ),
        *([account] if with_account else []),
        Column(name="amount_minor", title=_("Amount"), kind="minor", order=("amount_minor",) if few else ()),
        Column(name="agent_name", title=_("Channel"), minor_on_phone=True),
        Column(name="payer", title=_("Payer"), order=("payer",) if few else (), minor_on_phone=True),
        Column(name="purpose", title=_("Purpose"), minor_on_phone=True),
        Column(name="external_id", title=_("Number"), minor_on_phone=True),
        Column(name="recognised", title=_("Recognised by"), text=recognised_words, minor_on_phone=True),
        Column(name="state", title=_("State"), kind="word", text=lambda row: payment_state(row["state"])),
    ]


@allow(*MONEY_TAKERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A payment entered by hand: the account is found as one types, what it would cover is shown before."""
    supplier, today = supplier_id(), timezone.localdate()
    take_payment.own_agent(supplier_id=supplier, kind=AgentKind.BY_HAND)
    initial = booked() | new_key() | {"account": request.GET.get("account", "")}
    initial["paid_on"] = min(today, initial["booked_on"])
    form = NewPaymentForm(request.POST or None, initial=initial, supplier_id=supplier, today=today)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        account = values["account"]
        try:
            payment = take_payment.take(
                supplier_id=supplier,
                agent_id=values["agent"].pk,
                account_id=account and account.account_id,
                amount_minor=values["amount"],
                paid_on=values["paid_on"],
                booked_on=values["booked_on"],
                key=values["key"],
                external_id=values["document"],
                payer=values["payer"],
                purpose=values["purpose"],
                named_period=values["period"],
                named_debt=values["debt"],
                recognition=Recognition.PERSON,
                actor_id=request.user.pk,
                at=timezone.now(),
            )
            return redirect("office:payment", payment.pk)
        except (PaymentRefused, RunRefused) as refusal:
            refuse(form, refusal)
    context = {"form": form, "preview_url": reverse("office:payment_preview")}
    return render(request, "office/money/new.html", context, status=422 if form.errors else 200)


@allow(*MONEY_TAKERS)
def preview(request: HttpRequest) -> HttpResponse:
    """What the account owes, and what the payment being typed would cover."""
    form = NewPaymentForm(request.GET, supplier_id=supplier_id(), today=timezone.localdate())
    form.is_valid()
    values = form.cleaned_data
    account = values.get("account")
    if account is None:
        return render(request, "office/money/_preview.html", {})
    covered: dict[tuple[Any, ...], int] = {}
    amount = values.get("amount") or 0
    if amount > 0 and values.get("paid_on") and values.get("booked_on"):
        made = settling.preview(
            account_id=account.account_id,
            amount_minor=amount,
            paid_on=values["paid_on"],
            booked_on=values["booked_on"],
            named_period=values.get("period"),
            named_debt=values.get("debt"),
        )
        covered = {(period, service, debt): part for period, service, debt, part in made}
    debts = [
        {
            "period": one.period,
            "debt": debt_words(debt=one.debt, service=one.service),
            "open_minor": one.open_minor,
            "covered_minor": covered.pop((one.period, one.service, one.debt), 0),
        }
        for one in queries.open_debts(account_id=account.account_id)
    ]
    used = sum(one["covered_minor"] for one in debts)
    context = {
        "account": account,
        "debts": debts,
        "amount": amount,
        "advance_minor": amount - used,
        "balance_minor": balance_minor(account_id=account.account_id),
        "after_minor": balance_minor(account_id=account.account_id) - amount,
    }
    return render(request, "office/money/_preview.html", context)


@allow(*STAFF)
def accounts_found(request: HttpRequest) -> HttpResponse:
    """Accounts that a text means, for a field that takes one."""
    text = request.GET.get("account", "").strip()[:80]
    found = search(text=text, on=timezone.localdate(), limit=HITS)
    return render(request, "office/money/_account_hits.html", {"found": found, "text": text})
