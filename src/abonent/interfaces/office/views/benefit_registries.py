"""Registries of benefits: previewed, made by the worker, taken out as files, sent."""

import tempfile
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.access.queries import user_names
from abonent.contexts.charging import benefits as queries
from abonent.contexts.charging.models import RegistryState
from abonent.contexts.charging.queries import period_choices
from abonent.contexts.contracts.models import BenefitCategory
from abonent.contexts.parties.queries import supplier_id
from abonent.gateways import queue
from abonent.interfaces.office import formats
from abonent.interfaces.office.benefit_forms import RegistryForm
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import BENEFIT_KEEPERS, STAFF, allow
from abonent.interfaces.office.words import registry_state
from abonent.kernel.periods import Month
from abonent.usecases import packs
from abonent.usecases.benefits import registry, registry_files
from abonent.usecases.benefits.registry import RegistryRefused
from abonent.usecases.benefits.words import tell_registry

TASK = "benefits.make_registry"


@allow(*STAFF)
def registries(request: HttpRequest) -> HttpResponse:
    """The list of registries."""
    columns = [
        Column(
            name="period",
            title=gettext_lazy("Month"),
            kind="month",
            order=("period",),
            link=lambda row: reverse("office:benefit_registry", args=[row["id"]]),
        ),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: registry_state(row["state"]),
            order=("state",),
        ),
        Column(name="rows", title=gettext_lazy("Rows"), kind="count", minor_on_phone=True),
        Column(name="amount_minor", title=gettext_lazy("To be paid"), kind="minor"),
        Column(name="made_at", title=gettext_lazy("Made"), kind="moment", minor_on_phone=True),
        Column(name="sent_at", title=gettext_lazy("Sent"), kind="moment", minor_on_phone=True),
    ]
    listing = Listing(queries.registries(), columns, request.GET, default_sort="-period")
    return listed(request, listing, file_name="benefit-registries", page="office/benefits/registries.html")


@allow(*BENEFIT_KEEPERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """What the next registry would hold; made when confirmed."""
    page = "office/benefits/registry_new.html"
    supplier = supplier_id() if period_choices() else 0
    period = registry.next_period(supplier_id=supplier)
    if period is None:
        return render(request, page, {"refusal": _("No month is billed yet.")})
    form = RegistryForm(request.POST or None, months=_reported_before(period))
    since = form.month()
    context: dict[str, Any] = {"form": form, "period": period}
    try:
        if request.method == "POST" and "confirmed" in request.POST:
            with transaction.atomic():
                registry_id = registry.create(
                    supplier_id=supplier,
                    period=period,
                    actor_id=request.user.pk,
                    at=timezone.now(),
                    since=since,
                )
                queue.defer(TASK, queue="billing", registry_id=registry_id)
            return redirect("office:benefit_registry", registry_id)
        look = registry.preview(
            supplier_id=supplier, period=period, parameters=packs.pack_parameters(), since=since
        )
    except RegistryRefused as refusal:
        status = 422 if request.method == "POST" else 200
        return render(request, page, context | {"refusal": tell_registry(refusal)}, status=status)
    except LookupError as missing:  # a figure of the law that nobody set
        return render(request, page, context | {"refusal": str(missing)}, status=422)
    names = dict(BenefitCategory.objects.values_list("id", "name"))
    context |= {
        "look": look,
        "by_category": sorted((names[key], total) for key, total in look.by_category.items()),
    }
    return render(request, page, context)


@allow(*STAFF)
def screen(request: HttpRequest, registry_id: int) -> HttpResponse:
    """The registry: how far it is, its totals, its rows."""
    row = _registry(registry_id)
    is_made = row["state"] in (RegistryState.MADE, RegistryState.SENT)
    columns = [
        Column(
            name="account_number",
            title=gettext_lazy("Account"),
            order=("account_number",),
            link=lambda one: reverse("office:account", args=[one["account_number"]]),
        ),
        Column(name="name", title=gettext_lazy("Holder"), order=("name",), minor_on_phone=True),
        Column(name="category", title=gettext_lazy("Category"), minor_on_phone=True),
        Column(name="period", title=gettext_lazy("Month"), kind="month", order=("period",)),
        Column(name="usage_wh", title=gettext_lazy("Usage, kWh"), kind="kwh", minor_on_phone=True),
        Column(name="residents", title=gettext_lazy("Residents"), kind="count", minor_on_phone=True),
        Column(
            name="within_norm_wh", title=gettext_lazy("Compensated, kWh"), kind="kwh", minor_on_phone=True
        ),
        Column(name="due_minor", title=gettext_lazy("Due"), kind="minor", minor_on_phone=True),
        Column(name="amount_minor", title=gettext_lazy("To be paid"), kind="minor", order=("amount_minor",)),
    ]
    rows = queries.compensations(registry_id=registry_id)
    listing = Listing(rows if is_made else rows.none(), columns, request.GET, default_sort="account_number")
    return listed(
        request,
        listing,
        file_name=f"benefits-{row['period']:%Y-%m}",
        page="office/benefits/registry.html",
        context=_context(row),
    )


@allow(*STAFF)
def progress(request: HttpRequest, registry_id: int) -> HttpResponse:
    """Its head alone: asked for every second while it is made; the whole page once it is."""
    row = _registry(registry_id)
    context = _context(row)
    response = render(request, "office/benefits/_registry.html", context)
    if not context["is_busy"]:
        response.headers["HX-Refresh"] = "true"
    return response


@allow(*STAFF)
def file(request: HttpRequest, registry_id: int, kind: str) -> FileResponse:
    """The registry as a file of one of the formats."""
    row = _registry(registry_id)
    if kind not in registry_files.KINDS or row["state"] not in (RegistryState.MADE, RegistryState.SENT):
        raise Http404
    scratch = tempfile.TemporaryFile()  # noqa: SIM115 – closed by the response
    registry_files.write(registry_id=registry_id, kind=kind, to=scratch)
    scratch.seek(0)
    return FileResponse(scratch, as_attachment=True, filename=f"benefits-{row['period']:%Y-%m}.{kind}")


@allow(*BENEFIT_KEEPERS)
@require_POST
def send(request: HttpRequest, registry_id: int) -> HttpResponse:
    """Mark it as sent."""
    _registry(registry_id)
    try:
        registry.send(registry_id=registry_id, actor_id=request.user.pk, at=timezone.now())
    except RegistryRefused as refusal:
        messages.error(request, tell_registry(refusal))
    else:
        messages.success(
            request, _("The registry is marked as sent: what changes from now on goes into the next one.")
        )
    return redirect("office:benefit_registry", registry_id)


@allow(*BENEFIT_KEEPERS)
@require_POST
def drop(request: HttpRequest, registry_id: int) -> HttpResponse:
    """Drop a registry that was not sent."""
    _registry(registry_id)
    try:
        registry.drop(registry_id=registry_id)
    except RegistryRefused as refusal:
        messages.error(request, tell_registry(refusal))
        return redirect("office:benefit_registry", registry_id)
    messages.success(request, _("The registry is dropped."))
    return redirect("office:benefit_registries")


def _registry(registry_id: int) -> Row:
    row = queries.registries().filter(id=registry_id).first()
    if row is None:
        raise Http404
    return row


def _reported_before(period: Month) -> list[Month]:
    months = queries.registries().filter(period__lt=period.first_day).order_by("-period")
    return [Month.of(row["period"]) for row in months]


def _context(row: Row) -> dict[str, Any]:
    is_busy = row["state"] in (RegistryState.WAITING, RegistryState.MAKING)
    job = queue.unfinished(TASK, registry_id=row["id"]) if is_busy else None
    return {
        "registry": row,
        "state_word": registry_state(row["state"]),
        "made_by": user_names([row["made_by_id"]]).get(row["made_by_id"], ""),
        "is_busy": is_busy,
        "is_made": row["state"] in (RegistryState.MADE, RegistryState.SENT),
        "can_send": row["state"] == RegistryState.MADE,
        "can_drop": row["state"] in (RegistryState.MADE, RegistryState.FAILED),
        "nobody_works": bool(job and job.started_at is None and not queue.live_workers(at=timezone.now())),
        "percent": row["accounts_done"] * 100 // row["accounts_total"] if row["accounts_total"] else 0,
        "kinds": registry_files.KINDS,
        "month_name": formats.month(row["period"]),
    }
