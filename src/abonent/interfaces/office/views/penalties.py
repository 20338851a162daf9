"""Penalties of an account on any day, days without penalties, and the terms an account is charged by."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.access.queries import user_names
from abonent.contexts.contracts.queries import row_payer
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments.models import Debt
from abonent.contexts.payments.queries import debts_of
from abonent.contexts.penalties import queries
from abonent.contexts.penalties.models import Debtor, ExclusionCause
from abonent.contexts.places.queries import row_address
from abonent.interfaces.office.forms import ReasonForm
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.penalty_forms import DebtorForm, ExclusionFilter, ExclusionForm, WhatIfForm
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import MONEY_KEEPERS, STAFF, allow
from abonent.interfaces.office.views._acting import pdf
from abonent.interfaces.office.views.accounts import tab_page
from abonent.interfaces.office.views.lookups import head_of
from abonent.interfaces.office.views.penalty_runs import formula_words, last_day
from abonent.interfaces.office.words import Word
from abonent.usecases import packs, penalties
from abonent.usecases.penalties import PenaltyRefused, papers
from abonent.usecases.penalties.words import tell_penalty

get_or_post = require_http_methods(["GET", "POST"])
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@allow(*STAFF)
def account(request: HttpRequest, number: str) -> HttpResponse:
    """The account card with its penalties: posted and paid, and what the law asks up to any day."""
    head = head_of(number)
    form = WhatIfForm(request.GET or None)
    chosen = form.chosen(today=timezone.localdate())
    found = penalties.calculate(account_id=head.account_id, parameters=packs.pack_parameters(), **chosen)
    posted = [one for one in debts_of(account_ids=[head.account_id]) if one.debt == Debt.PENALTY]
    exclusions = queries.exclusions().filter(account_id=head.account_id).order_by("-begins_on")
    context = {
        "form": form,
        "on": chosen["on"],
        "found": found,
        "debts": [{"debt": debt, "rows": _rows(debt)} for debt in found.debts],
        "posted": posted,
        "posted_minor": sum(one.owed_minor for one in posted),
        "covered_minor": sum(one.covered_minor for one in posted),
        "exclusions": [{**row, "cause_word": ExclusionCause(row["cause"]).label} for row in exclusions],
        "terms": [
            {**row, "word": Debtor(row["debtor"]).label}
            for row in queries.debtor_terms(account_ids=[head.account_id])
        ],
        "query": request.GET.urlencode(),
    }
    return tab_page(request, head, tab="penalties", part="office/penalties/_tab.html", context=context)


@allow(*STAFF)
def sheet(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The calculation as PDF or as a spreadsheet, to any day."""
    head, today = head_of(number), timezone.localdate()
    chosen = WhatIfForm(request.GET or None).chosen(today=today)
    found = penalties.calculate(account_id=head.account_id, parameters=packs.pack_parameters(), **chosen)
    name = f"penalties-{number}-{chosen['on']}"
    if kind == "pdf":
        return pdf(papers.pdf(found, head=head, supplier_id=supplier_id(), made_on=today), name=name)
    if kind != "xlsx":
        raise Http404
    response = HttpResponse(papers.xlsx(found, head=head), content_type=_XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


def _rows(debt: penalties.DebtCalculation) -> list[dict[str, Any]]:
    """Stretches and payments of a debt in the order of their days."""
    rows: list[dict[str, Any]] = [{**vars(one), "formula": _formula(one)} for one in debt.stretches]
    rows += [
        {"first_day": day, "last_day": None, "is_payment": True, "amount_minor": -amount}
        for day, amount in debt.payments
    ]
    return sorted(rows, key=lambda row: (row["first_day"], "is_payment" in row))


def _formula(one: penalties.Stretch) -> str:
    ends_on = one.last_day.fromordinal(one.last_day.toordinal() + 1)
    return formula_words({**vars(one), "begins_on": one.first_day, "ends_on": ends_on})


@allow(*STAFF)
def exclusions(request: HttpRequest) -> HttpResponse:
    """Days without penalties, of all accounts."""
    filters = ExclusionFilter(request.GET)
    names: dict[int, str] = {}
    columns = [
        Column(
            name="account_number",
            title=gettext_lazy("Account"),
            order=("account_number",),
            link=lambda row: reverse("office:account_penalties", args=[row["account_number"]]),
        ),
        Column(name="payer", title=gettext_lazy("Payer"), text=row_payer),
        Column(name="address", title=gettext_lazy("Address"), text=row_address, minor_on_phone=True),
        Column(
            name="cause", title=gettext_lazy("Cause"), text=lambda row: ExclusionCause(row["cause"]).label
        ),
        Column(name="begins_on", title=gettext_lazy("First day"), kind="day", order=("begins_on",)),
        Column(
            name="last_day",
            title=gettext_lazy("Last day"),
            kind="day",
            text=lambda row: row["ends_on"] and last_day(row["ends_on"]),
        ),
        Column(name="document", title=gettext_lazy("Document"), minor_on_phone=True),
        Column(name="state", title=gettext_lazy("State"), kind="word", text=_exclusion_state),
        Column(
            name="author",
            title=gettext_lazy("Entered by"),
            text=lambda row: names.get(row["made_by_id"], ""),
            minor_on_phone=True,
        ),
        Column(name="cancel_reason", title=gettext_lazy("Why cancelled"), minor_on_phone=True),
        Column(
            name="cancel",
            title="",
            dialog=gettext_lazy("Cancel"),
            text=lambda row: (
                "" if row["cancelled_at"] else reverse("office:penalty_exclusion_cancel", args=[row["id"]])
            ),
        ),
    ]
    listing = Listing(
        filters.narrow(queries.exclusions()),
        columns,
        request.GET,
        default_sort="-begins_on",
        filters=filters,
        prepare=lambda rows: names.update(user_names(row["made_by_id"] for row in rows)),
    )
    return listed(request, listing, file_name="penalty-exclusions", page="office/penalties/exclusions.html")


def _exclusion_state(row: Row) -> Word:
    today = timezone.localdate()
    if row["cancelled_at"]:
        return Word(_("cancelled"), "secondary")
    if row["ends_on"] and row["ends_on"] <= today:
        return Word(_("ended"), "secondary")
    return Word(_("in force"), "green") if row["begins_on"] <= today else Word(_("to come"), "blue")


@allow(*MONEY_KEEPERS)
@get_or_post
def exclude(request: HttpRequest) -> HttpResponse:
    """Enter days without penalties."""
    form = ExclusionForm(request.POST or None, initial={"account": request.GET.get("account", "")})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            penalties.exclude(
                account_id=values["account"],
                cause=values["cause"],
                begins_on=values["begins_on"],
                last_day=values["last_day"],
                document=values["document"],
                actor_id=request.user.pk,
                at=timezone.now(),
            )
        except PenaltyRefused as refusal:
            form.add_error(None, tell_penalty(refusal))
        else:
            messages.success(request, _("These days are charged no penalties from the next run on."))
            return redirect("office:account_penalties", request.POST["account"].strip())
    context: dict[str, Any] = {
        "form": form,
        "title": _("Days without penalties"),
        "note": _("The next run takes back what was posted of these days."),
        "button": _("Save"),
        "back": reverse("office:penalty_exclusions"),
    }
    return render(request, "office/penalties/form.html", context, status=422 if form.errors else 200)


@allow(*MONEY_KEEPERS)
@get_or_post
def cancel_exclusion(request: HttpRequest, exclusion_id: int) -> HttpResponse:
    """Let excluded days count again; why is kept."""
    row = queries.exclusions().filter(pk=exclusion_id).first()
    if row is None:
        raise Http404
    form = ReasonForm(request.POST or None)
    context = {
        "title": _("Cancel the exclusion?"),
        "text": _("The days count as if they had never been excluded; the next run charges them."),
        "button": _("Cancel the exclusion"),
        "form": form,
        "address": request.path,
        "exclusion": row,
    }
    if request.method == "GET" or not form.is_valid():
        status = 200 if request.method == "GET" else 422
        return render(request, "office/penalties/_dialog.html", context, status=status)
    try:
        penalties.cancel_exclusion(
            exclusion_id=exclusion_id,
            reason=form.cleaned_data["reason"],
            actor_id=request.user.pk,
            at=timezone.now(),
        )
    except PenaltyRefused as refusal:
        context["refusal"] = tell_penalty(refusal)
        return render(request, "office/penalties/_dialog.html", context, status=422)
    return HttpResponseClientRedirect(reverse("office:account_penalties", args=[row["account_number"]]))


@allow(*MONEY_KEEPERS)
@get_or_post
def debtor(request: HttpRequest, number: str) -> HttpResponse:
    """Choose by which terms the account is charged from a day on."""
    head = head_of(number)
    form = DebtorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            penalties.set_debtor(
                account_id=head.account_id, actor_id=request.user.pk, at=timezone.now(), **form.cleaned_data
            )
        except PenaltyRefused as refusal:
            form.add_error(None, tell_penalty(refusal))
        else:
            messages.success(request, _("The terms are kept; the next run counts by them."))
            return redirect("office:account_penalties", number)
    context = {
        "form": form,
        "title": _("How delay is charged"),
        "note": f"№ {head.number}, {head.payer}",
        "button": _("Save"),
        "back": reverse("office:account_penalties", args=[number]),
    }
    return render(request, "office/penalties/form.html", context, status=422 if form.errors else 200)
