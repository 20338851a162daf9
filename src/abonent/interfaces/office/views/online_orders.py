"""Payments online: the list, an order with what the acquirer told, refunds, and a link a subscriber pays by."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.access.queries import user_names
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments import online
from abonent.contexts.payments.models import OnlineOrderState, OnlineRefundState
from abonent.interfaces.office import formats
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.money_forms import new_key
from abonent.interfaces.office.online_forms import LinkForm, OnlineRefundForm, OrderFilter
from abonent.interfaces.office.online_words import order_state, refund_state
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import MONEY_KEEPERS, MONEY_TAKERS, STAFF, allow
from abonent.interfaces.office.views.lookups import head_of
from abonent.interfaces.office.views.payer import public_address, way_of
from abonent.kernel.money import format_minor
from abonent.usecases import online_payments
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.online_payments import OnlineRefused
from abonent.usecases.online_payments.words import tell_error, tell_online
from abonent.usecases.refusal_words import tell_run
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment

_FIELD_OF = {
    "too_much": "amount",
    "not_positive": "amount",
    "other_order": "amount",
    "no_reason": "reason",
    "bad_contact": "contact",
    "no_contact": "contact",
    "no_agent": "agent",
    "not_set_up": "agent",
}


@allow(*STAFF)
def orders(request: HttpRequest) -> HttpResponse:
    """The list of orders with what they add up to."""
    filters = OrderFilter(request.GET)
    rows = filters.narrow(online.orders())
    columns = [
        Column(
            name="created_at",
            title=gettext_lazy("Begun"),
            kind="moment",
            order=("created_at",),
            link=lambda row: reverse("office:online_order", args=[row["id"]]),
        ),
        Column(
            name="number",
            title=gettext_lazy("Account"),
            order=("number",),
            link=lambda row: reverse("office:account", args=[row["number"]]),
        ),
        Column(name="amount_minor", title=gettext_lazy("Amount"), kind="minor", order=("amount_minor",)),
        Column(
            name="refunded_minor",
            title=gettext_lazy("Given back"),
            kind="minor",
            text=lambda row: row["refunded_minor"] or None,
            minor_on_phone=True,
        ),
        Column(
            name="paid_at",
            title=gettext_lazy("Paid"),
            kind="moment",
            order=("paid_at",),
            minor_on_phone=True,
        ),
        Column(name="external_id", title=gettext_lazy("Payment at the bank"), minor_on_phone=True),
        Column(name="agent_name", title=gettext_lazy("Channel"), minor_on_phone=True),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: order_state(row["state"]),
            order=("state",),
        ),
        Column(
            name="error",
            title=gettext_lazy("To be looked at"),
            text=lambda row: tell_error(row["error"], language=formats.language()),
            minor_on_phone=True,
        ),
    ]
    listing = Listing(rows, columns, request.GET, default_sort="-created_at", filters=filters)
    context = {"order_totals": online.totals_of(rows)}
    return listed(
        request,
        listing,
        file_name="online-payments",
        page="office/online/list.html",
        part="office/online/_list.html",
        context=context,
    )


@allow(*STAFF)
def card(request: HttpRequest, online_id: UUID) -> HttpResponse:
    """An order, its refunds and what the acquirer told of it."""
    row = _row(online_id)
    refunds = online.refunds_of(order_id=online_id)
    names = user_names([row["created_by_id"], *(one.made_by_id for one in refunds)])
    context = {
        "row": row,
        "state": order_state(row["state"]),
        "error": tell_error(row["error"], language=formats.language()),
        "author": names.get(row["created_by_id"], ""),
        "link": public_address(request, reverse("office:online_pay", args=[online_id])),
        "is_payable": row["state"] in (OnlineOrderState.NEW, OnlineOrderState.OPEN),
        "left_minor": _left_minor(row),
        "refunds": [
            {
                "refund": one,
                "state": refund_state(one.state),
                "error": tell_error(one.error, language=formats.language()),
                "author": names.get(one.made_by_id, ""),
            }
            for one in refunds
        ],
        "notices": online.notices_of(order_id=online_id),
    }
    return render(request, "office/online/card.html", context)


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, online_id: UUID) -> HttpResponse:
    """Give a part or the whole of an order back."""
    row = _row(online_id)
    initial = {"amount": format_minor(_left_minor(row), language=formats.language())} | new_key()
    form = OnlineRefundForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = online_payments.refund(
                order_id=online_id,
                amount_minor=values["amount"],
                reason=values["reason"],
                key=values["key"],
                actor_id=request.user.pk,
                at=timezone.now(),
                at_bank=values["at_bank"],
            )
        except (OnlineRefused, PaymentRefused, RunRefused) as refusal:
            _refuse(form, refusal)
        else:
            if made.state == OnlineRefundState.DONE:
                messages.success(request, _("The money is given back."))
            elif made.state == OnlineRefundState.REFUSED:
                messages.error(request, tell_error(made.error, language=formats.language()))
            else:
                messages.warning(
                    request, _("The acquirer has not answered yet; it is asked again by itself.")
                )
            return HttpResponseClientRedirect(reverse("office:online_order", args=[online_id]))
    context = {"form": form, "row": row}
    return render(request, "office/online/_refund.html", context, status=422 if form.errors else 200)


@allow(*MONEY_TAKERS)
@require_POST
def ask(request: HttpRequest, online_id: UUID) -> HttpResponse:
    """Ask the acquirer how the order stands, and for refunds whose answer was lost."""
    row = _row(online_id)
    now = timezone.now()
    try:
        if row["state"] == OnlineOrderState.NEW:
            online_payments.open_order(order_id=online_id, way=way_of(request, row["agent_id"]), at=now)
        else:
            online_payments.poll(order_id=online_id, at=now)
        for one in online.refunds_of(order_id=online_id):
            if one.state == OnlineRefundState.ASKED:
                online_payments.push(refund_id=one.pk, at=now)
    except OnlineRefused as refusal:
        messages.error(request, tell_online(refusal, language=formats.language()))
    return redirect("office:online_order", online_id)


@allow(*MONEY_TAKERS)
@require_http_methods(["GET", "POST"])
def pay_link(request: HttpRequest, number: str) -> HttpResponse:
    """A link the subscriber pays by: first the sum, then the link to pass on."""
    head = head_of(number)
    debt_minor = max(balance_minor(account_id=head.account_id), 0)
    initial = {"amount": format_minor(debt_minor, language=formats.language()) if debt_minor else ""}
    form = LinkForm(request.POST or None, initial=initial | new_key())
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            order = online_payments.begin(
                agent_id=values["agent"].pk,
                account_id=head.account_id,
                amount_minor=values["amount"],
                key=values["key"],
                way=way_of(request, values["agent"].pk),
                actor_id=request.user.pk,
                at=timezone.now(),
                contact=values["contact"],
            )
        except OnlineRefused as refusal:
            _refuse(form, refusal)
        else:
            return HttpResponseClientRedirect(reverse("office:online_order", args=[order.pk]))
    return render(
        request,
        "office/money/_act.html",
        {
            "form": form,
            "title": _("Payment link"),
            "button": _("Make the link"),
            "text": _("%(payer)s, account %(number)s") % {"payer": head.payer, "number": head.number},
            "address": request.path,
        },
        status=422 if form.errors else 200,
    )


def _row(order_id: UUID) -> Row:
    row = online.orders().filter(id=order_id).first()
    if row is None:
        raise Http404
    return row


def _left_minor(row: Row) -> int:
    return row["amount_minor"] - row["refunded_minor"] if row["payment_id"] else 0


def _refuse(form: OnlineRefundForm | LinkForm, refusal: OnlineRefused | PaymentRefused | RunRefused) -> None:
    """Show a refusal at the field to mend."""
    if isinstance(refusal, RunRefused):
        form.add_error(None, tell_run(refusal))
        return
    tell = tell_online if isinstance(refusal, OnlineRefused) else tell_payment
    field = _FIELD_OF.get(refusal.code)
    form.add_error(field if field in form.fields else None, tell(refusal, language=formats.language()))  # type: ignore[operator]
