"""A day of payments online: our orders, what the acquirer says of each, its registries, and the bank's transfers."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from abonent.contexts.payments import online
from abonent.contexts.payments.models import Agent
from abonent.gateways import queue
from abonent.interfaces.office import formats
from abonent.interfaces.office.online_forms import DayForm
from abonent.interfaces.office.online_words import order_state
from abonent.interfaces.office.roles import MONEY_TAKERS, STAFF, allow
from abonent.usecases.online_payments.differences import differences

SHOWN = 200


@allow(*STAFF)
def day(request: HttpRequest) -> HttpResponse:
    """A channel's day added up, and every order about which two of the three disagree."""
    agent = online.agents().first()
    form = DayForm(
        request.GET if "day" in request.GET else None, initial={"agent": agent, "day": _yesterday()}
    )
    context: dict[str, Any] = {"form": form, "agent": agent}
    chosen = _chosen(form, agent)
    if chosen:
        context |= _context(*chosen)
    return render(request, "office/online/day.html", context, status=422 if form.errors else 200)


@allow(*MONEY_TAKERS)
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask the acquirer for every order of a day, in the background."""
    form = DayForm(request.POST)
    if not form.is_valid():
        return redirect("office:online_days")
    agent, chosen = form.cleaned_data["agent"], form.cleaned_data["day"]
    queue.defer(
        "online.poll_day",
        queue="payments",
        lock=f"online:{agent.pk}",
        agent_id=agent.pk,
        day=chosen.isoformat(),
    )
    messages.info(request, _("The acquirer is being asked; reload the page in a minute."))
    query = QueryDict(mutable=True)
    query.update({"agent": str(agent.pk), "day": chosen.isoformat()})
    return redirect(f"{reverse('office:online_days')}?{query.urlencode()}")


def _chosen(form: DayForm, agent: Agent | None) -> tuple[Agent, date] | None:
    if form.is_bound:
        return (form.cleaned_data["agent"], form.cleaned_data["day"]) if form.is_valid() else None
    return (agent, _yesterday()) if agent else None


def _context(agent: Agent, chosen: date) -> dict[str, Any]:
    zone = ZoneInfo(agent.supplier.time_zone)
    begins = datetime(chosen.year, chosen.month, chosen.day, tzinfo=zone)
    ends = datetime.combine(chosen + timedelta(days=1), begins.timetz())
    found = differences(
        agent_id=agent.pk, begins=begins, ends=ends, language=formats.language(), most=SHOWN + 1
    )
    return {
        "agent": agent,
        "day": chosen,
        "sums": online.day_of(agent_id=agent.pk, day=chosen, begins=begins, ends=ends),
        "differences": [
            {"row": one.row, "state": order_state(one.row["state"]), "text": one.text}
            for one in found[:SHOWN]
        ],
        "are_cut": len(found) > SHOWN,
    }


def _yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)
