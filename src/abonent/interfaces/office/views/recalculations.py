"""Recalculations: what waits, a run over it, what a run changes; on the account card, what waits and posting it."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.access.queries import user_names
from abonent.contexts.charging import recalculations as charging
from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.charging.queries import run_row
from abonent.contexts.contracts.queries import AccountHead, accounts
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.places.queries import address_of
from abonent.gateways import queue
from abonent.interfaces.office import formats
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.previews import shown_lines, shown_preview
from abonent.interfaces.office.recalculation_forms import NewRecalculation, RecalculationFilter, What
from abonent.interfaces.office.recalculation_words import note_words
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import BILLERS, SETTLERS, STAFF, allow
from abonent.interfaces.office.views.lookups import book_in, head_of
from abonent.interfaces.office.words import Word
from abonent.kernel.periods import Month
from abonent.usecases import packs, recalculation
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.refusal_words import tell_run

MONTHS_SHOWN = 36
CHANGES_SHOWN = 50


@allow(*STAFF)
def recalculations(request: HttpRequest) -> HttpResponse:
    """What waits to be rated again, what a run has in hand, and what was settled."""
    params = request.GET.copy()
    params.setdefault("state", "waiting")
    filters = RecalculationFilter(params)
    names: dict[int, str] = {}

    def author(row: Row) -> str:
        if row["noted_by_id"] and row["noted_by_id"] not in names:
            names.update(user_names([row["noted_by_id"]]))
        return names.get(row["noted_by_id"], "")

    columns = [
        Column(name="period", title=_("Month"), kind="month", order=("period",)),
        Column(
            name="address",
            title=_("Address"),
            text=_address,
            link=_place,
            order=("street_name", "building_order", "building_number", "premise_order"),
        ),
        Column(
            name="cause",
            title=_("Cause"),
            text=lambda row: RecalculationCause(row["cause"]).label,
            order=("cause",),
        ),
        Column(name="note", title=_("Note"), text=lambda row: note_words(row["note"]), minor_on_phone=True),
        Column(name="state", title=_("State"), kind="word", text=_state, link=_run_link),
        Column(name="run", title=_("Run"), text=_run_text, link=_run_link, minor_on_phone=True),
        Column(name="noted_at", title=_("Noted"), kind="moment", order=("noted_at",), minor_on_phone=True),
        Column(name="author", title=_("Noted by"), text=author, minor_on_phone=True),
    ]
    listing = Listing(
        filters.narrow(charging.recalculations()),
        columns,
        request.GET,
        default_sort="-period",
        filters=filters,
    )
    context = {
        "causes": [
            {"label": RecalculationCause(one.key).label, "count": one} for one in charging.waiting_by("cause")
        ],
        "months": charging.waiting_by("period"),
    }
    return listed(
        request,
        listing,
        file_name="recalculations",
        page="office/recalculations/list.html",
        context=context,
    )


def _address(row: Row) -> str:
    address = address_of(
        street_kind=row["street_kind"],
        street=row["street_name"],
        building=row["building_number"],
        premise=row["premise_number"] or "",
    )
    return address if row["premise_id"] else f"{address} ({gettext('whole building')})"


def _place(row: Row) -> str:
    if row["premise_id"]:
        return reverse("office:premise", args=[row["premise_id"]])
    return reverse("office:building", args=[row["building_id"]])


def _state(row: Row) -> Word:
    if row["settled_at"]:
        return Word(gettext("settled"), "green")
    return Word(gettext("in a run"), "blue") if row["run_id"] else Word(gettext("waits"), "yellow")


def _run_text(row: Row) -> str:
    return f"№ {row['run_id']}" if row["run_id"] else ""


def _run_link(row: Row) -> str | None:
    return reverse("office:run", args=[row["run_id"]]) if row["run_id"] else None


@allow(*BILLERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a recalculation run; then what it would cover; then the run, put in the queue."""
    form = NewRecalculation(request.POST or None, initial=request.GET.dict())
    page = "office/recalculations/new.html"
    if request.method == "GET" or not form.is_valid():
        return render(request, page, {"form": form}, status=422 if form.errors else 200)
    chosen = form.chosen()
    context = {
        "form": form,
        "chosen": chosen,
        "what": What(form.cleaned_data["what"]).label,
        "cause": RecalculationCause(chosen["causes"][0]).label if chosen["causes"] else "",
        "scope": form.scope_text(),
        "covered": charging.waiting_in(
            branch_id=chosen["scope"].branch_id,
            building_id=chosen["scope"].building_id,
            account_id=chosen["scope"].account_id,
            causes=chosen["causes"],
            first=form.cleaned_data["first"],
            last=form.cleaned_data["last"],
        )
        if form.cleaned_data["what"] == What.WAITING
        else None,
    }
    if "confirmed" not in request.POST:
        return render(request, page, {**context, "is_asking": True})
    try:
        with transaction.atomic():
            run_id = recalculation.start(
                **chosen,
                actor_id=request.user.pk,
                at=timezone.now(),
                parameters=packs.pack_parameters(),
            )
            queue.defer("billing.rate", queue="billing", lock=f"run:{run_id}", run_id=run_id)
    except RunRefused as refusal:
        return render(request, page, {**context, "refusal": tell_run(refusal)}, status=422)
    return HttpResponseClientRedirect(reverse("office:run", args=[run_id]))


@allow(*STAFF)
def run_changes(request: HttpRequest, run_id: int) -> HttpResponse:
    """What a run takes back and charges instead, account by account."""
    run = run_row(run_id=run_id)
    if run is None:
        raise Http404
    after = request.GET.get("after", "")
    number = request.GET.get("account", "").strip()
    rows = recalculation.run_changes(
        run_id=run_id,
        after_account=int(after) if after.isdigit() else 0,
        account_number=number,
        limit=CHANGES_SHOWN + 1,
    )
    shown = rows[:CHANGES_SHOWN]
    context = {
        "run": run,
        "rows": shown,
        "next": shown[-1].account_id if len(rows) > CHANGES_SHOWN else None,
        "account": number,
    }
    page = "office/recalculations/_change_rows.html" if after else "office/recalculations/changes.html"
    return render(request, page, context)


@allow(*STAFF)
def run_account_changes(request: HttpRequest, run_id: int, account_id: int) -> HttpResponse:
    """The lines of an account that a run takes back, and those it puts in their place, side by side."""
    if run_row(run_id=run_id) is None:
        raise Http404
    months = [
        {
            "month": change.month.first_day,
            "sides": [
                {
                    "title": gettext("As it was"),
                    "lines": shown_lines(change.before, change.after, {}),
                    "total_minor": change.before_minor,
                },
                {
                    "title": gettext("As it becomes"),
                    "lines": shown_lines(change.after, change.before, {}),
                    "total_minor": change.after_minor,
                },
            ],
            "difference_minor": change.after_minor - change.before_minor,
            "parked": [],
        }
        for change in recalculation.account_changes(run_id=run_id, account_id=account_id)
    ]
    return render(request, "office/recalculations/_months.html", {"preview": {"months": months}})


@allow(*STAFF)
def account(request: HttpRequest, number: str) -> HttpResponse:
    """What waits of an account's premise, and what rating it again would change."""
    return render(request, "office/recalculations/_account.html", _account_context(number))


def _account_context(number: str) -> dict[str, Any]:
    head = head_of(number)
    waiting = charging.waiting_of_premise(premise_id=head.premise_id, building_id=head.building_id)
    free = [row for row in waiting if not row["is_building"] and not row["is_held"]]
    months = sorted({Month.of(row["period"]) for row in free}, reverse=True)
    booked = book_in(months[0].first_day if months else timezone.localdate())
    context: dict[str, Any] = {"head": head, "waiting": waiting_words(waiting), "books_in": booked.first_day}
    if months:
        looked = recalculation.preview(
            premise_id=head.premise_id,
            months=months[:MONTHS_SHOWN],
            supplier_id=supplier_id(),
            parameters=packs.pack_parameters(),
            booked_period=booked,
        )
        context["preview"] = shown_preview(
            looked, looked.changed, account_id=head.account_id, after=gettext("Rated again"), booked=booked
        )
    return context


@allow(*SETTLERS)
@require_POST
def settle(request: HttpRequest, number: str) -> HttpResponse:
    """Post what waits of an account's premise."""
    head = head_of(number)
    months = recalculation.waiting_months(premise_id=head.premise_id)
    try:
        settled = recalculation.settle(
            premise_id=head.premise_id,
            booked_period=book_in(months[-1].first_day if months else timezone.localdate()),
            actor_id=request.user.pk,
            at=timezone.now(),
            parameters=packs.pack_parameters(),
            reason=", ".join(_causes_of(head)) or gettext("recalculation"),
        )
    except RunRefused as refusal:
        context = {**_account_context(number), "refusal": tell_run(refusal)}
        return render(request, "office/recalculations/_account.html", context, status=422)
    request.session["settled"] = {
        "run_id": settled.run_id,
        "months": len(settled.months),
        "parked": [formats.month_within(month.first_day) for month in settled.parked],
        "waiting_for": list(settled.waiting_for),
        "difference_minor": settled.difference_minor,
    }
    return HttpResponseClientRedirect(reverse("office:account", args=[number]))


def _causes_of(head: AccountHead) -> list[str]:
    waiting = charging.waiting_of_premise(premise_id=head.premise_id, building_id=head.building_id)
    words = waiting_words([row for row in waiting if not row["is_building"]])
    return words["causes"] if words else []


def waiting_here(*, building_id: int, premise_id: int) -> dict[str, Any]:
    """Return the context of `recalculations/_waiting_here.html`: what waits of a premise, and on whose account."""
    waiting = charging.waiting_of_premise(premise_id=premise_id, building_id=building_id)
    if not waiting:
        return {"waiting": None}
    here = Q(premise_id=premise_id) | Q(premise__parent_id=premise_id)
    found = accounts().filter(here, building_id=building_id, during__contains=timezone.localdate())
    return {"waiting": waiting_words(waiting), "waiting_accounts": found.order_by("number")}


def waiting_words(waiting: list[Row]) -> dict[str, Any] | None:
    """Sum up what waits of an account for its card; None when nothing does."""
    if not waiting:
        return None
    months = sorted({row["period"] for row in waiting if not row["is_building"]})
    ends = dict.fromkeys((*months[:1], *months[-1:]))
    return {
        "months": months,
        "span": " – ".join(formats.month_within(month) for month in ends),
        "building_months": sorted({row["period"] for row in waiting if row["is_building"]}),
        "causes": [
            str(RecalculationCause(cause).label) for cause in dict.fromkeys(row["cause"] for row in waiting)
        ],
        "notes": [note_words(note) for note in dict.fromkeys(row["note"] for row in waiting) if note],
        "runs": sorted({row["run_id"] for row in waiting if row["run_id"]}),
        "is_held": any(row["is_held"] for row in waiting if not row["is_building"]),
        "can_settle": any(not row["is_building"] and not row["is_held"] for row in waiting),
    }
