"""Order of payment, locked days, and small remainders written off all at once."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from abonent.contexts.access.queries import user_names
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments.listing import day_locks, policies
from abonent.interfaces.office import formats
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.money_forms import (
    LockForm,
    PolicyForm,
    WriteOffForm,
    new_key,
    order_words,
    services_words,
)
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import MONEY_KEEPERS, STAFF, allow
from abonent.interfaces.office.views.payment_cards import booked, dialog, refuse
from abonent.kernel.money import format_minor
from abonent.usecases import take_payment
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.policy import preview_policy, set_policy
from abonent.usecases.take_payment.words import tell_payment


@allow(*STAFF)
def order_of_payment(request: HttpRequest) -> HttpResponse:
    """The orders of payment there were and will be; where none holds, the law's own."""
    today = timezone.localdate()
    rows = [
        {
            "during": one.during,
            "debts": order_words(one.debt_order),
            "services": services_words(one.service_order),
            "period_first": one.period_before_debt,
            "honours": one.honours_named_period,
            "limit_minor": one.write_off_below_minor,
            "source": one.source,
            "holds": one.during.lower <= today and (one.during.upper is None or today < one.during.upper),
        }
        for one in policies(supplier_id=supplier_id())
    ]
    context = {"rows": rows, "has_own": any(row["holds"] for row in rows)}
    return render(request, "office/money/policies.html", context)


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def new_order(request: HttpRequest) -> HttpResponse:
    """Set an order from a day on: first what it would change, then it is set."""
    form = PolicyForm(request.POST or None, initial=_as_it_is())
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        given = form.policy() | {
            "supplier_id": supplier_id(),
            "actor_id": request.user.pk,
            "at": timezone.now(),
            **booked(),
        }
        try:
            if "confirmed" in request.POST:
                set_policy(**given)
                messages.success(request, _("The order of payment is set."))
                return redirect("office:payment_policies")
            context["anew"] = preview_policy(**given)
        except (PaymentRefused, RunRefused) as refusal:
            refuse(form, refusal)
    return render(request, "office/money/policy.html", context, status=422 if form.errors else 200)


def _as_it_is() -> dict[str, Any]:
    """The order that holds, to begin with."""
    today = timezone.localdate()
    own = next(
        (
            one
            for one in policies(supplier_id=supplier_id())
            if one.during.lower <= today and (one.during.upper is None or today < one.during.upper)
        ),
        None,
    )
    if own is None:
        return {"begins_on": today, "debts": "312", "services": "12", "by": "debt", "honours": True}
    return {
        "begins_on": today,
        "debts": "".join(map(str, own.debt_order)),
        "services": "".join(map(str, own.service_order)),
        "by": "period" if own.period_before_debt else "debt",
        "honours": own.honours_named_period,
        "limit": format_minor(own.write_off_below_minor).replace(".", ","),
        "source": own.source,
    }


@allow(*STAFF)
def locked_days(request: HttpRequest) -> HttpResponse:
    """Up to which day money is closed, and who closed and opened it when."""
    names: dict[int, str] = {}

    def prepare(rows: list[Row]) -> None:
        names.update(user_names(row["made_by_id"] for row in rows))

    columns = [
        Column(
            name="locked_through",
            title=gettext_lazy("Locked through"),
            kind="day",
            order=("locked_through",),
        ),
        Column(name="reason", title=gettext_lazy("Reason")),
        Column(name="made_at", title=gettext_lazy("When"), kind="moment", order=("id",)),
        Column(
            name="author",
            title=gettext_lazy("Who"),
            text=lambda row: names.get(row["made_by_id"], ""),
            minor_on_phone=True,
        ),
    ]
    listing = Listing(
        day_locks(supplier_id=supplier_id()),
        columns,
        request.GET,
        default_sort="-made_at",
        prepare=prepare,
    )
    context = {"locked": take_payment.locked_through(supplier_id=supplier_id())}
    return listed(request, listing, file_name="locked-days", page="office/money/locks.html", context=context)


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def lock(request: HttpRequest) -> HttpResponse:
    """Lock days, or unlock them with a reason."""
    locked = take_payment.locked_through(supplier_id=supplier_id())
    form = LockForm(request.POST or None, initial={"through": locked or timezone.localdate()})
    text = _(
        "Nothing is booked on these days any more, whoever books it. To unlock, name an earlier day and why."
    )

    def do(values: dict[str, Any], by: dict[str, Any]) -> str:
        take_payment.lock_days(
            supplier_id=supplier_id(),
            through=values["through"],
            reason=values["reason"],
            today=timezone.localdate(),
            actor_id=by["actor_id"],
            at=by["at"],
        )
        return reverse("office:payment_locks")

    return dialog(request, form, do, title=_("Lock days"), button=_("Save"), text=text)


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def remainders(request: HttpRequest) -> HttpResponse:
    """Small remainders of all accounts: how many and how much, then written off."""
    today = timezone.localdate()
    form = WriteOffForm(request.POST or None, initial=booked() | new_key())
    context: dict[str, Any] = {"form": form}
    try:
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            done = take_payment.write_off_all(
                supplier_id=supplier_id(),
                reason=values["reason"],
                booked_on=values["booked_on"],
                key=values["key"],
                actor_id=request.user.pk,
                at=timezone.now(),
            )
            messages.success(
                request,
                _("Written off: %(debts)s ₽ of debts, %(advances)s ₽ of advances.")
                % {"debts": formats.minor(done.debts_minor), "advances": formats.minor(done.advances_minor)},
            )
            return redirect("office:payment_remainders")
        context["found"] = take_payment.remainders(supplier_id=supplier_id(), day=today)
    except PaymentRefused as refusal:
        if refusal.code == "no_limit":
            context["refusal"] = tell_payment(refusal, language=formats.language())
        else:
            refuse(form, refusal)
    except RunRefused as refusal:
        refuse(form, refusal)
    return render(request, "office/money/remainders.html", context, status=422 if form.errors else 200)
