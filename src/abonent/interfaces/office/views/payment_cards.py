"""The card of a payment, and what is done to it: each act a dialog that shows the payment as it became."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse as address_of
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.access.queries import user_names
from abonent.contexts.contracts.queries import account_scope
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments import listing, queries
from abonent.contexts.payments.models import ChangeKind, Debt, PaymentState
from abonent.interfaces.office import formats
from abonent.interfaces.office.lists import Row
from abonent.interfaces.office.money_forms import (
    BookedForm,
    PurposeForm,
    RefundForm,
    ReturnForm,
    TransferForm,
    new_key,
)
from abonent.interfaces.office.money_words import debt_words, payment_state, recognised_words
from abonent.interfaces.office.roles import MONEY_KEEPERS, MONEY_TAKERS, STAFF, allow
from abonent.interfaces.office.views.lookups import book_in
from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.usecases import take_payment
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.refusal_words import tell_run
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment

ACT = "office/money/_act.html"
_FIELD_OF = {
    "too_much": "amount",
    "not_positive": "amount",
    "same_account": "account",
    "unknown_account": "account",
    "no_reason": "reason",
    "day_locked": "booked_on",
    "in_future": "paid_on",
}


@allow(*STAFF)
def card(request: HttpRequest, payment_id: int) -> HttpResponse:
    """What the payment is, where it came from, what it covers on a day, and what happened to it."""
    row = payment_of(payment_id)
    on = read_day(request.GET.get("on", ""))
    part = {"row": row, "on": on, **_covered(row, on)}
    if request.htmx:
        return render(request, "office/money/_covered.html", part)
    changes = listing.changes_of(payment_id=payment_id)
    names = user_names([row["created_by_id"], *(change["made_by_id"] for change in changes)])
    context = part | {
        "state": payment_state(row["state"]),
        "recognised": recognised_words(row),
        "account": account_scope(number=row["number"]) if row["number"] else None,
        "author": names.get(row["created_by_id"], ""),
        "came_from": listing.came_from(payment_id=payment_id),
        "named": _named(row),
        "left_minor": row["amount_minor"] - listing.gone_of([payment_id]).get(payment_id, 0),
        "is_unidentified": row["state"] == PaymentState.UNIDENTIFIED,
        "is_posted": row["state"] == PaymentState.POSTED,
        "changes": [
            {
                **change,
                "kind_name": ChangeKind(change["kind"]).label,
                "author": names.get(change["made_by_id"], ""),
            }
            for change in changes
        ],
    }
    return render(request, "office/money/payment.html", context)


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def reverse(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Take what is left of a payment out of the books."""
    row = payment_of(payment_id)
    form = BookedForm(request.POST or None, initial=booked())
    text = _(
        "What is left of the payment is taken back by an entry of its own; both stay in the books. What it covered is "
        "open again."
    )

    def do(values: dict[str, Any], by: dict[str, Any]) -> str:
        take_payment.reverse(
            payment_id=payment_id, reason=values["reason"], document=values["document"], **by
        )
        return card_of(payment_id)

    return dialog(request, form, do, row=row, title=_("Reverse the payment?"), button=_("Reverse"), text=text)


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Note that a payment or a part of it was given back to the payer."""
    row = payment_of(payment_id)
    form = RefundForm(request.POST or None, initial=booked() | _all_of(row) | new_key())

    def do(values: dict[str, Any], by: dict[str, Any]) -> str:
        take_payment.refund(
            payment_id=payment_id,
            amount_minor=values["amount"],
            reason=values["reason"],
            document=values["document"],
            key=values["key"],
            **by,
        )
        return card_of(payment_id)

    return dialog(request, form, do, row=row, title=_("Refund"), button=_("Refund"))


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def transfer(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Move a payment or a part of it to another account."""
    row = payment_of(payment_id)
    form = TransferForm(request.POST or None, initial=booked() | _all_of(row) | new_key())
    text = _("On the other account it counts as paid on the same day.")

    def do(values: dict[str, Any], by: dict[str, Any]) -> str:
        moved = take_payment.transfer(
            payment_id=payment_id,
            to_account_id=values["account"].account_id,
            amount_minor=values["amount"],
            reason=values["reason"],
            document=values["document"],
            key=values["key"],
            **by,
        )
        return card_of(moved.pk)

    return dialog(request, form, do, row=row, title=_("Move to another account"), button=_("Move"), text=text)


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def purpose(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Name what a payment is for; what it covers is decided anew."""
    row = payment_of(payment_id)
    initial = booked() | {
        "period": row["named_period"] and str(Month.of(row["named_period"])),
        "debt": row["named_debt"],
        "service": row["named_service"],
    }
    months = [row["named_period"]] if row["named_period"] else []
    form = PurposeForm(request.POST or None, initial=initial, today=timezone.localdate(), months=months)
    text = _("What the payment covers is taken back and given anew. What it covered before stays told.")

    def do(values: dict[str, Any], by: dict[str, Any]) -> str:
        take_payment.name_purpose(
            payment_id=payment_id,
            named_period=values["period"],
            named_debt=values["debt"],
            named_service=values["service"],
            reason=values["reason"],
            document=values["document"],
            **by,
        )
        return card_of(payment_id)

    return dialog(
        request, form, do, row=row, title=_("What is the payment for?"), button=_("Save"), text=text
    )


@allow(*MONEY_TAKERS)
@require_http_methods(["GET", "POST"])
def to_unidentified(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Take a payment from an account it does not belong to, when its own is not known."""
    row = payment_of(payment_id)
    form = BookedForm(request.POST or None, initial=booked())
    text = _("It is taken from the account and waits among the unidentified as a payment of its own.")

    def do(values: dict[str, Any], by: dict[str, Any]) -> str:
        again = take_payment.unidentify(payment_id=payment_id, reason=values["reason"], **by)
        return card_of(again.pk)

    return dialog(
        request,
        form,
        do,
        row=row,
        title=_("Not of this account?"),
        button=_("To the unidentified"),
        text=text,
    )


@allow(*MONEY_TAKERS)
@require_http_methods(["GET", "POST"])
def give_back(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Note that an unidentified payment went back to its payer."""
    row = payment_of(payment_id)
    form = ReturnForm(request.POST or None, initial=booked())
    text = _("The payment never was in the books of an account; it leaves the list of the unidentified.")

    def do(values: dict[str, Any], by: dict[str, Any]) -> str:
        take_payment.return_unidentified(
            payment_id=payment_id, reason=values["reason"], document=values["document"], **by
        )
        return card_of(payment_id)

    return dialog(request, form, do, row=row, title=_("Return to the payer"), button=_("Returned"), text=text)


def dialog(
    request: HttpRequest,
    form: forms.Form,
    do: Callable[[dict[str, Any], dict[str, Any]], str],
    *,
    title: str,
    button: str,
    text: str = "",
    **context: Any,
) -> HttpResponse:
    """Show a form in the dialog; sent, `do` it and go to the address it returns, or say why not."""
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        by = {
            "booked_on": values.pop("booked_on", None),
            "actor_id": request.user.pk,
            "at": timezone.now(),
        }
        try:
            return went_on(request, do(values, by))
        except (PaymentRefused, RunRefused) as refusal:
            refuse(form, refusal)
    context |= {"form": form, "title": title, "button": button, "text": text, "address": request.path}
    return render(request, ACT, context, status=422 if form.errors else 200)


def went_on(request: HttpRequest, address: str) -> HttpResponse:
    """Go to the payment; in the queue stay, where its row asks for itself anew and the dialog closes, being empty."""
    queue = address_of("office:payments_unidentified")
    if (request.htmx.current_url_abs_path or "").split("?")[0] != queue:
        return HttpResponseClientRedirect(address)
    response = HttpResponse()
    response.headers["HX-Trigger"] = f"payment-{address.rstrip('/').rpartition('/')[2]}"
    return response


def refuse(form: forms.Form, refusal: PaymentRefused | RunRefused) -> None:
    """Show a refusal at the field to mend."""
    if isinstance(refusal, PaymentRefused):
        field = _FIELD_OF.get(refusal.code)
        text = tell_payment(refusal, language=formats.language())
    else:
        field, text = "booked_on", tell_run(refusal)
    form.add_error(field if field in form.fields else None, text)


def booked() -> dict[str, Any]:
    """Return the day to book on: today, or the nearest one that is neither locked nor of a closed month."""
    day = timezone.localdate()
    month = book_in(day)
    if day not in month:
        day = month.first_day if day < month.first_day else month.last_day
    locked = take_payment.locked_through(supplier_id=supplier_id())
    return {"booked_on": day if locked is None else max(day, locked + timedelta(days=1))}


def payment_of(payment_id: int) -> Row:
    """Return the row of a payment. Raises Http404."""
    row = listing.payment_row(payment_id=payment_id)
    if row is None:
        raise Http404
    return row


def card_of(payment_id: int) -> str:
    return address_of("office:payment", args=[payment_id])


def read_day(text: str) -> date | None:
    """Return the day written as 2026-10-31, or None for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _all_of(row: Row) -> dict[str, Any]:
    left = row["amount_minor"] - listing.gone_of([row["id"]]).get(row["id"], 0)
    return {"amount": format_minor(left).replace(".", ",")}


def _covered(row: Row, on: date | None) -> dict[str, Any]:
    """What the payment covers at the end of a day, or now; what is left of it is an advance."""
    covers = [
        {
            "period": one.period,
            "debt": debt_words(debt=one.debt, service=one.service),
            "amount": one.amount_minor,
        }
        for one in queries.covered_by(payment_id=row["id"], on=on)
    ]
    free = {}
    if row["account_id"]:
        free = dict(queries.free_payments(account_id=row["account_id"], on=on))
    return {"covers": covers, "free_minor": free.get(row["id"], 0)}


def _named(row: Row) -> str:
    parts = [
        formats.month(row["named_period"]) if row["named_period"] else "",
        debt_words(debt=row["named_debt"], service=row["named_service"] or 1) if row["named_debt"] else "",
    ]
    if row["named_service"] and not row["named_debt"]:
        parts.append(debt_words(debt=Debt.PRINCIPAL, service=row["named_service"]))
    return ", ".join(part for part in parts if part)
