"""Shifts of cash desks: opened, looked at, counted and closed; money given back; what is printed."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.access.queries import user_names
from abonent.contexts.payments import cash
from abonent.contexts.payments.models import CashOrder, CashOrderKind, CashShift
from abonent.interfaces.office.cash_forms import (
    CountForm,
    MoveForm,
    OpenShiftForm,
    OrderFilter,
    ShiftFilter,
    UndoForm,
)
from abonent.interfaces.office.cash_words import register_state, shift_state
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import CASHIERS, MONEY_KEEPERS, STAFF, allow, may
from abonent.interfaces.office.views._acting import pdf
from abonent.interfaces.office.views.cash_till import tell_refusal
from abonent.kernel.money import format_minor
from abonent.usecases import cash_desk
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.cash_desk import CashRefused, day_report, papers
from abonent.usecases.cash_desk.papers import order_number
from abonent.usecases.cash_desk.words import tell_register
from abonent.usecases.take_payment import PaymentRefused

REFUSALS = (CashRefused, PaymentRefused, RunRefused)
_OUT = (CashOrderKind.REFUND, CashOrderKind.COLLECTION)


@allow(*STAFF)
def desks(request: HttpRequest) -> HttpResponse:
    """The desks: where a shift is open, where one may be opened."""
    rows = list(cash.desks().filter(active=True).order_by("branch_name", "name"))
    names = user_names(row["cashier_id"] for row in rows)
    own = cash.open_shift_of(request.user.pk or 0) if may(request, "cash_till") else None
    for row in rows:
        row["cashier"] = names.get(row["cashier_id"], "")
        row["is_over"] = row["shift_day"] is not None and row["shift_day"] != timezone.localdate()
    return render(request, "office/cash/desks.html", {"desks": rows, "own": own})


@allow(*STAFF)
def shifts(request: HttpRequest) -> HttpResponse:
    """The list of shifts with what went through them."""
    filters = ShiftFilter(request.GET)
    columns = [
        Column(name="day", title=gettext_lazy("Day"), kind="day", order=("day",)),
        Column(
            name="number",
            title=gettext_lazy("Shift"),
            text=lambda row: f"№ {row['number']}",
            link=lambda row: reverse("office:cash_shift", args=[row["id"]]),
        ),
        Column(name="desk_name", title=gettext_lazy("Cash desk"), order=("desk_name",)),
        Column(name="cashier", title=gettext_lazy("Cashier"), minor_on_phone=True),
        Column(name="received_cash_minor", title=gettext_lazy("In cash"), kind="minor"),
        Column(name="received_card_minor", title=gettext_lazy("By card"), kind="minor", minor_on_phone=True),
        Column(name="refunded_minor", title=gettext_lazy("Given back"), kind="minor", minor_on_phone=True),
        Column(name="drawer_minor", title=gettext_lazy("In the drawer"), kind="minor", minor_on_phone=True),
        Column(name="counted_minor", title=gettext_lazy("Counted"), kind="minor", minor_on_phone=True),
        Column(name="difference_minor", title=gettext_lazy("Difference"), kind="signed", minor_on_phone=True),
        Column(name="state", title=gettext_lazy("State"), kind="word", text=shift_state),
        Column(name="note", title=gettext_lazy("Explanation"), minor_on_phone=True),
    ]
    listing = Listing(
        filters.narrow(cash.shifts()),
        columns,
        request.GET,
        default_sort="-day",
        filters=filters,
        prepare=_cashiers,
    )
    return listed(request, listing, file_name="cash-shifts", page="office/cash/shifts.html")


@allow(*STAFF)
def shift(request: HttpRequest, shift_id: int) -> HttpResponse:
    """A shift: its totals and its orders."""
    row = get_object_or_404(CashShift.objects.select_related("desk__branch"), pk=shift_id)
    may_act = row.closed_at is None and row.cashier_id == request.user.pk and may(request, "cash_till")
    filters = OrderFilter(request.GET)
    columns = [
        Column(
            name="number",
            title=gettext_lazy("Cash order"),
            text=lambda one: order_number(number=one["number"], kind=one["kind"]),
            link=lambda one: (
                reverse("office:cash_order_form", args=[one["id"]]) if one["cash_minor"] else None
            ),
            order=("number",),
        ),
        Column(name="made_at", title=gettext_lazy("Made at"), kind="moment", order=("id",)),
        Column(
            name="kind",
            title=gettext_lazy("Kind"),
            text=lambda one: CashOrderKind(one["kind"]).label,
            minor_on_phone=True,
        ),
        Column(
            name="account_number",
            title=gettext_lazy("Account"),
            link=lambda one: (
                reverse("office:account", args=[one["account_number"]]) if one["account_number"] else None
            ),
            minor_on_phone=True,
        ),
        Column(name="payer", title=gettext_lazy("Payer"), order=("payer",)),
        Column(
            name="cash_minor",
            title=gettext_lazy("In cash"),
            kind="minor",
            text=lambda one: _signed(one, "cash"),
        ),
        Column(
            name="card_minor",
            title=gettext_lazy("By card"),
            kind="minor",
            text=lambda one: _signed(one, "card"),
            minor_on_phone=True,
        ),
        Column(
            name="receipt",
            title=gettext_lazy("Receipt"),
            kind="word",
            text=lambda one: register_state(one) or "",
        ),
        Column(
            name="slip",
            title=gettext_lazy("Slip"),
            text=lambda one: "PDF" if one["receipt"] else "",
            link=lambda one: reverse("office:cash_slip", args=[one["id"]]) if one["receipt"] else None,
            minor_on_phone=True,
        ),
        Column(name="fiscal_error", title=gettext_lazy("Why not printed"), text=_error, minor_on_phone=True),
        Column(
            name="undo",
            title="",
            dialog=gettext_lazy("Give back"),
            text=lambda one: (
                reverse("office:cash_undo", args=[one["id"]])
                if may_act
                and one["kind"] == CashOrderKind.RECEIPT
                and one["given_back_minor"] < one["amount_minor"]
                else ""
            ),
        ),
    ]
    listing = Listing(
        filters.narrow(cash.orders().filter(shift=shift_id)),
        columns,
        request.GET,
        default_sort="-made_at",
        filters=filters,
    )
    context = {
        "shift": row,
        "totals": cash.totals_of(row),
        "cashier": user_names([row.cashier_id]).get(row.cashier_id, ""),
        "may_act": may_act,
        "may_close": row.closed_at is None and (may_act or request.user.role in MONEY_KEEPERS),
        "difference_minor": (row.counted_minor or 0) - (row.expected_minor or 0),
        "is_over": row.closed_at is None and row.day != timezone.localdate(),
        "drawer": row.opening_minor,
    }
    return listed(
        request, listing, file_name=f"cash-shift-{shift_id}", page="office/cash/shift.html", context=context
    )


@allow(*CASHIERS)
@require_http_methods(["GET", "POST"])
def open_shift(request: HttpRequest, desk_id: int) -> HttpResponse:
    """Ask what is in the drawer, then open the shift and go to the till."""
    row = cash.desks().filter(id=desk_id, active=True).first()
    if row is None:
        raise Http404
    left = format_minor(row["left_minor"]).replace(".", ",")
    form = OpenShiftForm(request.POST or None, initial={"opening": left})
    context = {"desk": row, "form": form}
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            cash_desk.open_shift(
                desk_id=desk_id,
                cashier_id=request.user.pk or 0,
                opening_minor=form.cleaned_data["opening"],
                day=timezone.localdate(now),
                at=now,
                note=form.cleaned_data["note"],
            )
            return HttpResponseClientRedirect(reverse("office:cash_till"))
        except REFUSALS as refusal:
            form.add_error(None, tell_refusal(refusal))
    return render(request, "office/cash/_open.html", context, status=422 if form.errors else 200)


@allow(*CASHIERS)
@require_http_methods(["GET", "POST"])
def close_shift(request: HttpRequest, shift_id: int) -> HttpResponse:
    """Count notes and coins, explain a difference, close."""
    row = get_object_or_404(CashShift.objects.select_related("desk"), pk=shift_id)
    if row.closed_at is not None:
        return redirect("office:cash_shift", shift_id)
    form = CountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cash_desk.close_shift(
                shift_id=shift_id,
                counted=form.counted(),
                actor_id=request.user.pk or 0,
                at=timezone.now(),
                note=form.cleaned_data["note"],
                leave_unprinted=form.cleaned_data["leave_unprinted"],
                may_close_others=request.user.role in MONEY_KEEPERS,
            )
            return redirect("office:cash_shift", shift_id)
        except REFUSALS as refusal:
            form.add_error(None, tell_refusal(refusal))
    context = {"shift": row, "totals": cash.totals_of(row), "form": form}
    return render(request, "office/cash/close.html", context, status=422 if form.errors else 200)


@allow(*CASHIERS)
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, shift_id: int, kind: str) -> HttpResponse:
    """Hand cash over to the bank, or put change in."""
    row = get_object_or_404(CashShift, pk=shift_id)
    act = {"collection": cash_desk.collect, "deposit": cash_desk.deposit}.get(kind)
    if act is None:
        raise Http404
    form = MoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            act(
                shift_id=shift_id,
                amount_minor=values["amount"],
                key=values["key"],
                actor_id=request.user.pk or 0,
                at=timezone.now(),
                ground=values["ground"],
                person=values["person"],
            )
            return HttpResponseClientRedirect(reverse("office:cash_shift", args=[shift_id]))
        except REFUSALS as refusal:
            form.add_error(None, tell_refusal(refusal))
    context = {"shift": row, "kind": kind, "form": form, "totals": cash.totals_of(row)}
    return render(request, "office/cash/_move.html", context, status=422 if form.errors else 200)


@allow(*CASHIERS)
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, order_id: int) -> HttpResponse:
    """Give a receipt back: reversed as a whole in its own shift, else refunded."""
    order = get_object_or_404(
        CashOrder.objects.select_related("shift"), pk=order_id, kind=CashOrderKind.RECEIPT
    )
    shift = cash.open_shift_of(request.user.pk or 0)
    back_cash, back_card = cash.given_back(order_id)
    left = (order.cash_minor - back_cash, order.card_minor - back_card)
    initial = {
        name: format_minor(amount_minor).replace(".", ",") if amount_minor else ""
        for name, amount_minor in zip(("cash", "card"), left, strict=True)
    }
    form = UndoForm(request.POST or None, initial=initial)
    is_own = shift is not None and shift.pk == order.shift_id and left == (order.cash_minor, order.card_minor)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        common = {
            "order_id": order_id,
            "shift_id": shift.pk if shift else 0,
            "reason": values["reason"],
            "key": values["key"],
            "actor_id": request.user.pk or 0,
            "at": timezone.now(),
        }
        try:
            if shift is None:
                raise CashRefused("no_shift")
            if "reverse" in request.POST:
                cash_desk.reverse(**common)
            else:
                cash_desk.refund(cash_minor=values["cash"] or 0, card_minor=values["card"] or 0, **common)
            return HttpResponseClientRedirect(reverse("office:cash_shift", args=[shift.pk]))
        except REFUSALS as refusal:
            form.add_error(None, tell_refusal(refusal))
    context = {
        "order": order,
        "form": form,
        "left_cash_minor": left[0],
        "left_card_minor": left[1],
        "is_own": is_own,
    }
    return render(request, "office/cash/_undo.html", context, status=422 if form.errors else 200)


@allow(*CASHIERS)
@require_POST
def print_waiting(request: HttpRequest, shift_id: int) -> HttpResponse:
    """Ask the register once more for what is not printed."""
    row = get_object_or_404(CashShift, pk=shift_id)
    printed = cash_desk.print_waiting(desk_id=row.desk_id, at=timezone.now())
    context = {"printed": printed, "trouble": tell_register(printed.error)}
    response = render(request, "office/cash/_printed.html", context)
    response.headers["HX-Trigger"] = "till-changed"
    return response


@allow(*STAFF)
def order_form(request: HttpRequest, order_id: int) -> HttpResponse:
    """КО-1 or КО-2 of an order."""
    get_object_or_404(CashOrder, pk=order_id)
    try:
        return pdf(papers.cash_order(order_id=order_id), name=f"cash-order-{order_id}")
    except CashRefused as refusal:
        return HttpResponse(tell_refusal(refusal), status=404)


@allow(*STAFF)
def slip(request: HttpRequest, order_id: int) -> HttpResponse:
    """The slip of a receipt."""
    get_object_or_404(CashOrder, pk=order_id)
    try:
        return pdf(papers.slip(order_id=order_id), name=f"slip-{order_id}")
    except CashRefused as refusal:
        return HttpResponse(tell_refusal(refusal), status=404)


@allow(*STAFF)
def report(request: HttpRequest, shift_id: int, form: str) -> HttpResponse:
    """The report of a shift, as PDF or as a spreadsheet."""
    get_object_or_404(CashShift, pk=shift_id)
    made = day_report.day_report(shift_id=shift_id)
    if form == "pdf":
        return pdf(day_report.as_pdf(made), name=f"cash-shift-{shift_id}")
    if form != "xlsx":
        raise Http404
    content = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = HttpResponse(day_report.as_xlsx(made), content_type=content)
    response["Content-Disposition"] = f'attachment; filename="cash-shift-{shift_id}.xlsx"'
    return response


def _cashiers(rows: list[Row]) -> None:
    names = user_names(row["cashier_id"] for row in rows)
    for row in rows:
        row["cashier"] = names.get(row["cashier_id"], "")


def _signed(row: Row, way: str) -> int:
    amount_minor = row[f"{way}_minor"]
    return -amount_minor if row["kind"] in _OUT else amount_minor


def _error(row: dict[str, Any]) -> str:
    return "" if row["fiscal"] else tell_register(row["fiscal_error"])
