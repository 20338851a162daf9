"""The cashier's screen: one field finds the payer, Enter takes the money, the next one comes."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from abonent.contexts.payments.cash import open_shift_of, orders, totals_of
from abonent.contexts.payments.models import CashOrder, CashOrderKind, CashShift, Recognition
from abonent.interfaces.office import formats
from abonent.interfaces.office.cash_forms import PayForm
from abonent.interfaces.office.cash_words import register_state
from abonent.interfaces.office.roles import CASHIERS, allow
from abonent.kernel.money import format_minor
from abonent.usecases import cash_desk
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.cash_desk import CashRefused, payers
from abonent.usecases.cash_desk.papers import order_number
from abonent.usecases.cash_desk.words import tell_cash, tell_register
from abonent.usecases.refusal_words import tell_run
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment

PAYER = "office/cash/_payer.html"
LAST_ORDERS = 8
MONTHS_SHOWN = 12
MOST_TYPED = 2_000  # a code of a bill is some hundred characters


@allow(*CASHIERS)
def till(request: HttpRequest) -> HttpResponse:
    """The screen itself; without a shift of one's own, the desks to open one at."""
    shift = open_shift_of(request.user.pk or 0)
    if shift is None:
        return redirect("office:cash_desks")
    context = _panel(shift) | {"shift": shift, "is_over": shift.day != timezone.localdate()}
    return render(request, "office/cash/till.html", context)


@allow(*CASHIERS)
def panel(request: HttpRequest) -> HttpResponse:
    """The running totals and the last orders, asked for after every payment."""
    shift = open_shift_of(request.user.pk or 0)
    if shift is None:
        return HttpResponse(status=204)
    return render(request, "office/cash/_panel.html", _panel(shift) | {"shift": shift})


@allow(*CASHIERS)
def find(request: HttpRequest) -> HttpResponse:
    """The payer that a text means, with the form to pay; or those to choose from."""
    text = request.GET.get("q", "").strip()[:MOST_TYPED]
    shift = open_shift_of(request.user.pk or 0)
    if shift is None or not text:
        return render(request, PAYER, {})
    found = payers.find(
        text=text, supplier_id=shift.desk.branch.supplier_id, on=timezone.localdate(), limit=8
    )
    if found.payer is None:
        return render(request, PAYER, {"choices": found.choices, "problem": _problem(found.problem)})
    payer = found.payer
    initial = {
        "key": uuid4(),
        "account": payer.account_id,
        "period": payer.named_period and payer.named_period.isoformat(),
        "amount": format_minor(payer.due_minor).replace(".", ",") if payer.due_minor else "",
    }
    return render(request, PAYER, _paying(payer, PayForm(initial=initial)))


@allow(*CASHIERS)
@require_POST
def pay(request: HttpRequest) -> HttpResponse:
    """Take the money: the change in large figures, or the form again with the reason."""
    form = PayForm(request.POST)
    shift = open_shift_of(request.user.pk or 0)
    if not form.is_valid():
        return _again(request, form, shift)
    values = form.cleaned_data
    try:
        if shift is None:
            raise CashRefused("no_shift")
        order = cash_desk.receive(
            shift_id=shift.pk,
            account_id=values["account"],
            tendered=form.tendered_money(),
            key=values["key"],
            contact=values["contact"],
            named_period=values["period"],
            recognition=Recognition.QR if values["period"] else Recognition.CHANNEL,
            actor_id=request.user.pk or 0,
            at=timezone.now(),
        )
    except (CashRefused, PaymentRefused, RunRefused) as refusal:
        form.add_error(None, tell_refusal(refusal))
        return _again(request, form, shift)
    response = render(request, "office/cash/_paid.html", _paid(order))
    response.headers["HX-Trigger"] = "till-changed"
    return response


def tell_refusal(refusal: CashRefused | PaymentRefused | RunRefused) -> str:
    """Say why money was not taken or given back, in the reader's language."""
    if isinstance(refusal, CashRefused):
        return tell_cash(refusal, language=formats.language())
    if isinstance(refusal, PaymentRefused):
        return tell_payment(refusal, language=formats.language())
    return tell_run(refusal)


def _again(request: HttpRequest, form: PayForm, shift: CashShift | None) -> HttpResponse:
    """Show the form as it was sent, with what is wrong."""
    context: dict[str, Any] = {"form": form}
    account = form.data.get("account", "")
    if shift is not None and account.isdigit():
        payer = payers.payer_by_id(account_id=int(account), supplier_id=shift.desk.branch.supplier_id)
        if payer is not None:
            context = _paying(payer, form)
    return render(request, PAYER, context, status=422)


def _paying(payer: payers.Payer, form: PayForm) -> dict[str, Any]:
    return {
        "payer": payer,
        "form": form,
        "dues": payer.dues[-MONTHS_SHOWN:],
        "earlier": len(payer.dues) - len(payer.dues[-MONTHS_SHOWN:]),
        "advance_minor": -payer.balance_minor if payer.balance_minor < 0 else 0,
    }


def _paid(order: CashOrder) -> dict[str, Any]:
    return {
        "order": order,
        "number": order_number(number=order.number, kind=order.kind),
        "amount_minor": order.cash_minor + order.card_minor,
        "change_minor": max(order.tendered_minor - order.cash_minor, 0),
        "trouble": tell_register(order.fiscal_error) if not order.fiscal else "",
    }


def _panel(shift: CashShift) -> dict[str, Any]:
    last = list(orders().filter(shift=shift.pk).order_by("-id")[:LAST_ORDERS])
    for row in last:
        row["number_text"] = order_number(number=row["number"], kind=row["kind"])
        row["sign_minor"] = -row["amount_minor"] if row["kind"] in _OUT else row["amount_minor"]
        row["kind_text"] = CashOrderKind(row["kind"]).label
        row["state_word"] = register_state(row)
    return {"totals": totals_of(shift), "last": last}


_OUT = (CashOrderKind.REFUND, CashOrderKind.COLLECTION)


def _problem(code: str) -> str:
    words = {
        "unknown_account": _("There is no account with this number."),
        "bad_code": _("The code was read in part only, or it is no bill of ours. Scan it again."),
        "wrong_digit": _("A figure of this account number is wrong: its check digit does not fit."),
        "nothing": _("Nobody is found. Write the surname, or street, house and flat."),
    }
    return words.get(code, "")
