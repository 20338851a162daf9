"""Billing runs: the list, a new one, its screen with live progress and exceptions."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from abonent.contexts.charging import queries as charging
from abonent.contexts.charging.models import RunKind
from abonent.contexts.charging.queries import run_scope
from abonent.interfaces.office.filters import RunFilter
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import STAFF, allow
from abonent.interfaces.office.words import run_state


def scope_word(row: dict[str, Any]) -> str:
    return run_scope(row) or str(_("all accounts"))


@allow(*STAFF)
def runs(request: HttpRequest) -> HttpResponse:
    filters = RunFilter(request.GET)
    columns = [
        Column(
            name="id",
            title=_("Run"),
            order=("id",),
            link=lambda row: reverse("office:run", args=[row["id"]]),
            text=lambda row: f"№ {row['id']}",
        ),
        Column(name="period", title=_("Month"), kind="month", order=("period",)),
        Column(
            name="kind", title=_("Kind"), text=lambda row: RunKind(row["kind"]).label, minor_on_phone=True
        ),
        Column(name="scope", title=_("For"), text=scope_word),
        Column(
            name="state",
            title=_("State"),
            kind="word",
            text=lambda row: run_state(row["state"]),
            order=("state",),
        ),
        Column(
            name="accounts_total",
            title=_("Accounts"),
            kind="count",
            order=("accounts_total",),
            minor_on_phone=True,
        ),
        Column(name="lines", title=_("Lines"), kind="count", order=("lines",), minor_on_phone=True),
        Column(name="amount_minor", title=_("Amount"), kind="minor", order=("amount_minor",)),
        Column(
            name="exceptions", title=_("Exceptions"), kind="count", order=("exceptions",), minor_on_phone=True
        ),
        Column(
            name="created_at", title=_("Created"), kind="moment", order=("created_at",), minor_on_phone=True
        ),
    ]
    listing = Listing(
        filters.narrow(charging.runs()), columns, request.GET, default_sort="-id", filters=filters
    )
    return listed(request, listing, file_name="runs", page="office/runs/list.html")


@allow(*STAFF)
def screen(request: HttpRequest, run_id: int) -> HttpResponse:
    raise Http404


@allow(*STAFF)
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    raise Http404


@allow(*STAFF)
def exceptions(request: HttpRequest, run_id: int) -> HttpResponse:
    raise Http404
