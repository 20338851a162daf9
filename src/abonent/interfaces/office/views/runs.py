"""Billing runs: the list, and the screen of one with live progress and exceptions."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.queries import user_names
from abonent.contexts.charging import queries as charging
from abonent.contexts.charging.models import RunKind, RunState
from abonent.contexts.charging.queries import exceptions_by_code, run_row, run_scope
from abonent.contexts.charging.recalculations import months_of_run
from abonent.contexts.metering.queries import serials_of
from abonent.contexts.places.queries import address_of
from abonent.gateways import queue
from abonent.interfaces.office import formats
from abonent.interfaces.office.filters import RunFilter
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import STAFF, allow
from abonent.interfaces.office.words import run_state
from abonent.usecases import exception_reasons

JOBS = ("billing.rate", "billing.approve", "billing.cancel")
_SILENCE = timedelta(minutes=5)  # longer than the indexes of ten million accounts take, when no shard reports


def scope_word(row: Row) -> str:
    return run_scope(row) or str(_("all accounts"))


@allow(*STAFF)
def runs(request: HttpRequest) -> HttpResponse:
    """The list of runs, newest first."""
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
        Column(name="scope", title=_("For"), text=scope_word, minor_on_phone=True),
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
    """The run: where it stands, its totals, what it parked and what can be done with it."""
    return render(request, "office/runs/screen.html", run_context(run_id))


@allow(*STAFF)
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The same without the page around it: asked for every second while the run is busy."""
    return render(request, "office/runs/_run.html", run_context(run_id))


@allow(*STAFF)
def exceptions(request: HttpRequest, run_id: int) -> HttpResponse:
    """What a run parked, of one code or of all; also as a spreadsheet."""
    row = _run(run_id)
    rows = charging.run_exceptions(run_id=run_id)
    code = request.GET.get("code", "")
    if code:
        rows = rows.filter(code=code)
    serials: dict[int, str] = {}

    def told(one: Row) -> str:
        meter = one["facts"].get("installation_id")
        if meter and meter not in serials:
            serials.update(serials_of([meter]))
        return exception_reasons.details(one["code"], {**one["facts"], "serial": serials.get(meter)})

    kind = Column(
        name="code",
        title=_("Reason"),
        order=("code",),
        text=lambda one: exception_reasons.reason(one["code"]).title,
    )
    columns = [
        *([] if code else [kind]),
        Column(
            name="account",
            title=_("Account"),
            order=("account_number",),
            text=lambda one: one["account_number"],
            link=_account_link,
        ),
        Column(
            name="address",
            title=_("Address"),
            text=_exception_address,
            link=lambda one: reverse("office:building", args=[one["building_id"]]),
            order=("street_name", "building_order", "building_number", "premise_order"),
            minor_on_phone=True,
        ),
        Column(name="details", title=_("What is wrong"), text=told),
    ]
    listing = Listing(rows, columns, request.GET, default_sort="address")
    context = {"run": row, "code": code, "reason": exception_reasons.reason(code) if code else None}
    return listed(
        request,
        listing,
        file_name=f"run-{run_id}-exceptions",
        page="office/runs/exceptions.html",
        context=context,
    )


def _account_link(row: Row) -> str | None:
    return reverse("office:account", args=[row["account_number"]]) if row["account_number"] else None


def _exception_address(row: Row) -> str:
    return address_of(
        street_kind=row["street_kind"],
        street=row["street_name"],
        building=row["building_number"],
        premise=row["premise_number"],
    )


def _run(run_id: int) -> Row:
    row = run_row(run_id=run_id)
    if row is None:
        raise Http404
    return row


def run_context(run_id: int) -> dict[str, Any]:
    """Everything the run's screen shows. Raises Http404."""
    row = _run(run_id)
    job = next((found for task in JOBS if (found := queue.unfinished(task, run_id=run_id))), None)
    now = timezone.now()
    state = RunState(row["state"])
    people = user_names([row["created_by_id"], row["approved_by_id"]])
    is_rating = state == RunState.RATING and not _abandoned(row, job, now)
    open_states = (RunState.DRAFT, RunState.RATED, RunState.FAILED)
    can_redo = state in open_states or (state == RunState.RATING and not is_rating)
    return {
        "run": row,
        "kind": RunKind(row["kind"]).label,
        "scope": scope_word(row),
        "state_word": run_state(state),
        "is_busy": job is not None or is_rating,
        "is_rating": is_rating,
        "nobody_works": bool(job and job.started_at is None and not queue.live_workers(at=now)),
        "can_rate": can_redo,
        "can_approve": state == RunState.RATED,
        "can_discard": can_redo,
        "can_cancel": state == RunState.POSTED and row["kind"] != RunKind.REVERSAL,
        "author": people.get(row["created_by_id"], ""),
        "approver": people.get(row["approved_by_id"], ""),
        "reversals": charging.reversals_of(run_id=run_id),
        "months": months_of_run(run_id=run_id),
        "changes": row["kind"] not in (RunKind.REVERSAL, RunKind.MANUAL) and row["rated_at"] is not None,
        "speed": _speed(row, job, now) if is_rating else None,
        "groups": [
            {**group, "reason": exception_reasons.reason(group["code"])}
            for group in exceptions_by_code(run_id=run_id)
        ],
    }


def _abandoned(row: Row, job: queue.Unfinished | None, now: datetime) -> bool:
    """Tell whether whoever was rating has died: no job of the queue, and no sign of life from a terminal."""
    seen = row["heartbeat_at"]
    return job is None and seen is not None and now - seen > _SILENCE


def _speed(row: Row, job: queue.Unfinished | None, now: Any) -> dict[str, Any]:
    """Accounts a second since the work began, and how long the rest takes at that rate."""
    done, total = row["accounts_done"], row["accounts_total"]
    seconds = (now - job.started_at).total_seconds() if job and job.started_at else 0.0
    speed = {"percent": done * 100 // total if total else 0, "elapsed": formats.span(seconds)}
    if done and seconds > 0:
        speed["rate"] = round(done / seconds)
        speed["left"] = formats.span((total - done) * seconds / done)
    return speed
