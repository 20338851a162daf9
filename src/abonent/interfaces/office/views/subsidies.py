"""Subsidies the state pays, and the answer about debts it asks for."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.ledger import subsidies as queries
from abonent.contexts.ledger.models import SubsidyRow, SubsidyRowState
from abonent.contexts.parties.queries import supplier_id
from abonent.interfaces.office.benefit_forms import (
    DebtForm,
    DecisionForm,
    ReversalForm,
    SubsidyForm,
    SubsidyRowFilter,
)
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import BENEFIT_KEEPERS, STAFF, allow, may
from abonent.interfaces.office.views.benefit_files import errors_file, keep_upload
from abonent.interfaces.office.words import Word, subsidy_state
from abonent.usecases.benefits import debts, subsidies
from abonent.usecases.benefits.subsidies import SubsidiesRefused
from abonent.usecases.benefits.tables import BadFile
from abonent.usecases.benefits.words import (
    field_name,
    tell_file,
    tell_holder,
    tell_problem,
    tell_subsidies,
)
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.refusal_words import tell_run

SHOWN_ERRORS, SHOWN_DEBTS = 200, 50


@allow(*STAFF)
def files(request: HttpRequest) -> HttpResponse:
    """The list of registries of subsidies."""
    columns = [
        Column(
            name="id",
            title=gettext_lazy("Registry"),
            order=("id",),
            text=lambda row: f"№ {row['id']}",
            link=lambda row: reverse("office:subsidy_file", args=[row["id"]]),
        ),
        Column(name="document", title=gettext_lazy("Letter or payment order"), minor_on_phone=True),
        Column(name="booked_period", title=gettext_lazy("Booked in"), kind="month", order=("booked_period",)),
        Column(name="rows", title=gettext_lazy("Rows"), kind="count", minor_on_phone=True),
        Column(name="amount_minor", title=gettext_lazy("Sum"), kind="minor", order=("amount_minor",)),
        Column(name="posted_minor", title=gettext_lazy("Posted"), kind="minor", minor_on_phone=True),
        Column(name="held_rows", title=gettext_lazy("Rows held"), kind="count", minor_on_phone=True),
        Column(name="state", title=gettext_lazy("State"), kind="word", text=_state),
        Column(
            name="received_at",
            title=gettext_lazy("Received"),
            kind="moment",
            order=("received_at",),
            minor_on_phone=True,
        ),
    ]
    listing = Listing(queries.subsidy_files(), columns, request.GET, default_sort="-id")
    return listed(request, listing, file_name="subsidies", page="office/benefits/subsidies.html")


@allow(*BENEFIT_KEEPERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A registry of subsidies: looked at first, then taken in."""
    form = SubsidyForm(request.POST or None, request.FILES or None, fields=subsidies.FIELDS)
    page = "office/benefits/subsidy_new.html"
    context: dict[str, Any] = {"form": form}
    if request.method == "GET" or not form.is_valid():
        return render(request, page, context, status=422 if form.errors else 200)
    kept, values = keep_upload(form), form.cleaned_data
    context["kept"] = kept
    given = {
        "path": kept.path,
        "name": kept.name,
        "supplier_id": supplier_id(),
        "columns": form.columns(),
    }
    try:
        look = subsidies.look(**given)
        context |= _looked(look)
        if "errors" in request.POST:
            return errors_file(kept.name, look.errors)
        if "confirmed" in request.POST:
            file_id = subsidies.store(
                document=values["document"],
                booked_period=values["book_in"],
                today=timezone.localdate(),
                actor_id=request.user.pk,
                at=timezone.now(),
                expected_rows=values["expected_rows"],
                expected_minor=values["expected_minor"],
                **given,
            )
            messages.success(request, _("The registry is taken in and posted."))
            return redirect("office:subsidy_file", file_id)
    except BadFile as error:
        return render(request, page, context | {"refusal": tell_file(error)}, status=422)
    except SubsidiesRefused as refusal:
        return render(request, page, context | {"refusal": tell_subsidies(refusal)}, status=422)
    except RunRefused as refusal:
        return render(request, page, context | {"refusal": tell_run(refusal)}, status=422)
    return render(request, page, context)


def _looked(look: subsidies.Look) -> dict[str, Any]:
    return {
        "look": look,
        "held": [(tell_problem(code), rows) for code, rows in sorted(look.held.items())],
        "headings": [(field_name(name), heading) for name, heading in look.headings.items()],
        "errors": [
            {
                "row": one.row,
                "field": field_name(one.field),
                "text": one.text,
                "reason": tell_holder(one.code),
            }
            for one in look.errors[:SHOWN_ERRORS]
        ],
    }


@allow(*STAFF)
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """The registry with its rows; held ones are decided here."""
    found = _file(file_id)
    filters = SubsidyRowFilter(request.GET)
    can_decide = may(request, "subsidy_decide") and not found["reversed_at"]
    columns = [
        Column(
            name="row_no", title=gettext_lazy("Row"), kind="count", order=("row_no",), minor_on_phone=True
        ),
        Column(name="account_number", title=gettext_lazy("Account in the file"), order=("account_number",)),
        Column(name="recipient", title=gettext_lazy("Recipient"), order=("recipient",), minor_on_phone=True),
        Column(
            name="period", title=gettext_lazy("Month"), kind="month", order=("period",), minor_on_phone=True
        ),
        Column(name="amount_minor", title=gettext_lazy("Amount"), kind="minor", order=("amount_minor",)),
        Column(name="document", title=gettext_lazy("Document"), minor_on_phone=True),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: subsidy_state(row["state"]),
            order=("state",),
        ),
        Column(
            name="problem",
            title=gettext_lazy("Reason"),
            text=lambda row: row["note"] or tell_problem(row["problem"]),
            minor_on_phone=True,
        ),
        Column(
            name="posted_to",
            title=gettext_lazy("Posted to"),
            link=lambda row: reverse("office:account", args=[row["posted_to"]]) if row["posted_to"] else "",
            minor_on_phone=True,
        ),
        Column(
            name="decide",
            title="",
            dialog=gettext_lazy("Decide"),
            text=lambda row: (
                reverse("office:subsidy_decide", args=[row["id"]])
                if can_decide and row["state"] == SubsidyRowState.HELD
                else ""
            ),
        ),
    ]
    listing = Listing(
        filters.narrow(queries.subsidy_rows(file_id=file_id)),
        columns,
        request.GET,
        default_sort="row_no",
        filters=filters,
    )
    return listed(
        request,
        listing,
        file_name=f"subsidies-{file_id}",
        page="office/benefits/subsidy.html",
        context={"file": found, "state_word": _state(found)},
    )


@allow(*BENEFIT_KEEPERS)
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, row_id: int) -> HttpResponse:
    """Give a held subsidy an account, or return it to the sender."""
    row = SubsidyRow.objects.filter(pk=row_id).first()
    if row is None:
        raise Http404
    form = DecisionForm(request.POST or None)
    context = {"form": form, "row": row, "problem": tell_problem(row.problem)}
    dialog = "office/benefits/_decide.html"
    if request.method == "GET" or not form.is_valid():
        return render(request, dialog, context, status=422 if form.errors else 200)
    values = form.cleaned_data
    decided = {"row_id": row_id, "note": values["note"], "actor_id": request.user.pk, "at": timezone.now()}
    try:
        if values["account"]:
            subsidies.place(
                account_number=values["account"],
                booked_period=values["book_in"],
                today=timezone.localdate(),
                **decided,
            )
        else:
            subsidies.give_back(**decided)
    except SubsidiesRefused as refusal:
        form.add_error("account", tell_subsidies(refusal))
        return render(request, dialog, context, status=422)
    except RunRefused as refusal:
        form.add_error("book_in", tell_run(refusal))
        return render(request, dialog, context, status=422)
    return HttpResponseClientRedirect(reverse("office:subsidy_file", args=[row.file_id]))


@allow(*BENEFIT_KEEPERS)
@require_http_methods(["GET", "POST"])
def reverse_file(request: HttpRequest, file_id: int) -> HttpResponse:
    """Ask why, then take a whole registry back by its negative."""
    found = _file(file_id)
    form = ReversalForm(request.POST or None)
    context = {"form": form, "file": found}
    dialog = "office/benefits/_reverse.html"
    if request.method == "GET" or not form.is_valid():
        return render(request, dialog, context, status=422 if form.errors else 200)
    try:
        subsidies.reverse(
            file_id=file_id,
            reason=form.cleaned_data["reason"],
            booked_period=form.cleaned_data["book_in"],
            today=timezone.localdate(),
            actor_id=request.user.pk,
            at=timezone.now(),
        )
    except SubsidiesRefused as refusal:
        form.add_error(None, tell_subsidies(refusal))
        return render(request, dialog, context, status=422)
    except RunRefused as refusal:
        form.add_error("book_in", tell_run(refusal))
        return render(request, dialog, context, status=422)
    messages.success(request, _("The registry is reversed."))
    return HttpResponseClientRedirect(reverse("office:subsidy_file", args=[file_id]))


@allow(*STAFF)
def debt_answer(request: HttpRequest) -> HttpResponse | FileResponse:
    """What accounts owe and for how many months: looked at, or taken out as a spreadsheet."""
    form = DebtForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "office/benefits/debts.html", context, status=422 if form.errors else 200)
    asked = form.asked()
    answer = debts.debts(supplier_id=supplier_id(), **asked)
    if "xlsx" in request.POST:
        return FileResponse(
            debts.spreadsheet(answer, until=asked["until"]),
            as_attachment=True,
            filename=f"debts-{asked['until']}.xlsx",
        )
    context |= {
        "accounts": len(answer),
        "owing": sum(1 for row in answer if row.debt_minor),
        "total_minor": sum(row.debt_minor for row in answer),
        "rows": [(row, debts.remark(row)) for row in answer[:SHOWN_DEBTS]],
        "is_cut": len(answer) > SHOWN_DEBTS,
    }
    return render(request, "office/benefits/debts.html", context)


def _file(file_id: int) -> Row:
    row = queries.subsidy_files().filter(id=file_id).first()
    if row is None:
        raise Http404
    return row


def _state(row: Row) -> Word:
    if row["reversed_at"]:
        return Word(_("reversed"), "secondary")
    return Word(_("rows held"), "yellow") if row["held_rows"] else Word(_("posted"), "green")
