"""Documents of bank statements, and which registries came by them."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.access.queries import user_names
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments.files import bank_lines, reconciliations, returned_by
from abonent.contexts.payments.models import BankLineState
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.payment_file_forms import BankLineFilter
from abonent.interfaces.office.payment_file_words import bank_line_state
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import MONEY_TAKERS, STAFF, allow
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.import_payments import reconciling
from abonent.usecases.import_payments.reconciling import ReconciliationRefused
from abonent.usecases.import_payments.words import tell_reconciliation
from abonent.usecases.refusal_words import tell_run
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment


@allow(*STAFF)
def lines(request: HttpRequest) -> HttpResponse:
    """The list of documents, newest first."""
    filters = BankLineFilter(request.GET)
    columns = [
        Column(name="booked_on", title=gettext_lazy("Day"), kind="day", order=("booked_on",)),
        Column(
            name="number",
            title=gettext_lazy("Document"),
            text=lambda row: f"№ {row['number']}" if row["number"] else row["document_kind"],
            link=lambda row: reverse("office:bank_line", args=[row["id"]]),
        ),
        Column(
            name="amount_minor",
            title=gettext_lazy("Sum"),
            kind="minor",
            order=("amount_minor",),
            text=lambda row: row["amount_minor"] if row["incoming"] else -row["amount_minor"],
        ),
        Column(name="covered_minor", title=gettext_lazy("Covers"), kind="minor", minor_on_phone=True),
        Column(
            name="counterparty",
            title=gettext_lazy("Counterparty"),
            order=("counterparty",),
            minor_on_phone=True,
        ),
        Column(name="purpose", title=gettext_lazy("Purpose"), minor_on_phone=True),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: bank_line_state(row["state"]),
            order=("state",),
        ),
    ]
    listing = Listing(
        filters.narrow(bank_lines()), columns, request.GET, default_sort="-booked_on", filters=filters
    )
    return listed(request, listing, file_name="bank", page="office/money/bank.html")


@allow(*STAFF)
def line(request: HttpRequest, line_id: int) -> HttpResponse:
    """A document: what it is, what it covers, and what it could cover."""
    return render(request, "office/money/bank_line.html", _context(line_id))


@allow(*MONEY_TAKERS)
@require_POST
def reconcile_all(request: HttpRequest) -> HttpResponse:
    """Match what is plain among the documents that wait."""
    matched = reconciling.reconcile(supplier_id=supplier_id(), at=timezone.now())
    messages.info(request, _("Documents matched: %(count)d.") % {"count": matched})
    return redirect(reverse("office:bank_lines") + f"?state={int(BankLineState.WAITING)}")


@allow(*MONEY_TAKERS)
@require_http_methods(["POST"])
def decide(request: HttpRequest, line_id: int) -> HttpResponse:
    """Say what a document is: the registries chosen, a payment of a subscriber, neither; or let it wait again."""
    _line(line_id)
    by = {"actor_id": request.user.pk, "at": timezone.now()}
    what, today = request.POST.get("what", ""), timezone.localdate()
    try:
        if what == "cover":
            chosen = [int(text) for text in request.POST.getlist("file") if text.isdigit()]
            reconciling.cover(line_id=line_id, file_ids=chosen, **by)
        elif what == "payment":
            reconciling.make_payment(line_id=line_id, booked_on=today, **by)
        elif what == "other":
            reconciling.set_aside(line_id=line_id, note=request.POST.get("note", ""), booked_on=today, **by)
        else:
            reconciling.uncover(line_id=line_id, **by)
    except ReconciliationRefused as refusal:
        messages.error(request, tell_reconciliation(refusal))
    except PaymentRefused as refused:
        messages.error(request, tell_payment(refused))
    except RunRefused as refused:
        messages.error(request, tell_run(refused))
    return redirect("office:bank_line", line_id)


def _line(line_id: int) -> Row:
    row = bank_lines().filter(id=line_id).first()
    if row is None:
        raise Http404
    return row


def _context(line_id: int) -> dict[str, Any]:
    row = _line(line_id)
    waits = row["state"] == BankLineState.WAITING
    return {
        "line": row,
        "state_word": bank_line_state(row["state"]),
        "waits": waits,
        "covers": reconciliations(bank_line_id=line_id),
        "left_minor": row["amount_minor"] - row["covered_minor"],
        "candidates": reconciling.candidates(line_id=line_id) if waits else [],
        "may_wait_again": row["incoming"] and row["state"] in (BankLineState.REGISTRY, BankLineState.OTHER),
        "returns": returned_by(line=row) if row["state"] == BankLineState.OUTGOING else [],
        "is_payment": row["state"] == BankLineState.PAYMENT,
        "decided_by": user_names([row["decided_by_id"]]).get(row["decided_by_id"], ""),
    }
