"""Channels for payments online. The terminal's secrets live on the server; here is only whether they are there."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments import online
from abonent.contexts.payments.models import Agent, AgentKind
from abonent.gateways.acquiring import NotSetUp, terminal_of, variable
from abonent.interfaces.office.online_forms import OnlineAgentForm
from abonent.interfaces.office.roles import MONEY_KEEPERS, STAFF, allow
from abonent.interfaces.office.views.payer import public_address
from abonent.interfaces.office.words import Word
from abonent.usecases.online_payments import Terms, keep_terms, terms_of


@allow(*STAFF)
def agents(request: HttpRequest) -> HttpResponse:
    """The channels, with the address the acquirer sends its notices to."""
    rows = [
        {
            "agent": agent,
            "terms": terms_of(agent),
            "secrets": _secrets(agent.code),
            "notices": public_address(request, reverse("webhooks:acquiring", args=[agent.code])),
            "variables": [variable(agent.code, name) for name in ("TERMINAL", "PASSWORD")],
        }
        for agent in online.agents()
    ]
    return render(request, "office/online/settings.html", {"rows": rows})


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new channel."""
    return _form(request, Agent(kind=AgentKind.ACQUIRING), title=_("New channel for payments online"))


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, agent_id: int) -> HttpResponse:
    """A channel's settings."""
    agent = get_object_or_404(Agent, pk=agent_id, kind=AgentKind.ACQUIRING)
    return _form(request, agent, title=agent.name)


def _form(request: HttpRequest, agent: Agent, *, title: str) -> HttpResponse:
    terms = terms_of(agent) if agent.pk else Terms()
    initial: dict[str, Any] = {
        "code": agent.code,
        "name": agent.name,
        "inn": agent.inn,
        "active": agent.active,
        "hours": terms.hours,
        "receipts": terms.receipts,
    }
    in_use = agent.pk is not None and agent.online_orders.exists()
    form = OnlineAgentForm(request.POST or None, initial=initial, code_stays=in_use)
    if request.method == "POST" and form.is_valid():
        for name in ("code", "name", "inn", "active"):
            setattr(agent, name, form.cleaned_data[name])
        keep_terms(agent, form.terms())
        agent.supplier_id = agent.supplier_id or supplier_id()
        try:
            with transaction.atomic():
                agent.save()
        except IntegrityError:
            form.add_error("code", _("Another channel has this code."))
        else:
            messages.success(request, _("Saved."))
            return redirect("office:online_settings")
    return render(
        request,
        "office/online/agent.html",
        {"form": form, "title": title},
        status=422 if form.errors else 200,
    )


def _secrets(code: str) -> Word:
    try:
        terminal_of(code)
    except NotSetUp as lacking:
        words = {
            "absent": _("key and password are missing"),
            "bad_url": _("the acquirer's address must begin with https://"),
            "bad_file": _("acquiring.json cannot be read"),
        }
        return Word(words[lacking.code], "red")
    return Word(_("key and password are set"), "green")
