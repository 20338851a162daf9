"""Who sends files of payments, and how they are read."""

import json
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments.files import FILE_KINDS, agents
from abonent.contexts.payments.models import Agent, AgentKind
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.payment_file_forms import AgentForm
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import MONEY_KEEPERS, STAFF, allow
from abonent.interfaces.office.words import Word
from abonent.usecases.import_payments.notices import DAYS_APART
from abonent.usecases.import_payments.recognition import LEAST_CONFIDENCE


@allow(*STAFF)
def agent_list(request: HttpRequest) -> HttpResponse:
    """The list of those who send files."""
    columns = [
        Column(
            name="name",
            title=gettext_lazy("Name"),
            order=("name",),
            link=lambda row: reverse("office:payment_agent", args=[row["id"]]),
        ),
        Column(name="code", title=gettext_lazy("Code"), order=("code",), minor_on_phone=True),
        Column(
            name="kind",
            title=gettext_lazy("Kind"),
            text=lambda row: str(AgentKind(row["kind"]).label),
            order=("kind",),
        ),
        Column(name="inn", title=gettext_lazy("INN"), minor_on_phone=True),
        Column(name="file_count", title=gettext_lazy("Files"), kind="count", minor_on_phone=True),
        Column(
            name="active",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: (
                Word(_("in use"), "green") if row["active"] else Word(_("not used"), "secondary")
            ),
        ),
    ]
    listing = Listing(agents().filter(kind__in=FILE_KINDS), columns, request.GET, default_sort="name")
    return listed(request, listing, file_name="payment-agents", page="office/money/agents.html")


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def agent(request: HttpRequest, agent_id: int | None = None) -> HttpResponse:
    """An agent and its settings, to be made or changed."""
    known = get_object_or_404(Agent, pk=agent_id, kind__in=FILE_KINDS) if agent_id else None
    form = AgentForm(request.POST or None, initial=_initial(known))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made = known or Agent(supplier_id=supplier_id())
        made.code, made.name, made.kind = values["code"], values["name"], values["kind"]
        made.inn, made.active = values["inn"], values["active"]
        made.layout = form.layout(made.layout)
        try:
            with transaction.atomic():
                made.save()
        except IntegrityError:
            form.add_error("code", _("Another agent has this code."))
        else:
            messages.success(request, _("Saved."))
            return redirect("office:payment_agents")
    context = {"form": form, "agent": known}
    return render(request, "office/money/agent.html", context, status=422 if form.errors else 200)


def _initial(known: Agent | None) -> dict[str, Any]:
    layout = known.layout if known else {}
    notices = layout.get("notices", {})
    settings = {
        "least_confidence": layout.get("least_confidence", LEAST_CONFIDENCE),
        "notices_post": notices.get("post", False),
        "notices_days": notices.get("days", DAYS_APART),
        "table": json.dumps(layout["table"], ensure_ascii=False, indent=2) if layout.get("table") else "",
        "active": True,
    }
    if known is None:
        return settings | {"kind": int(AgentKind.REGISTRY)}
    return settings | {
        "code": known.code,
        "name": known.name,
        "kind": known.kind,
        "inn": known.inn,
        "active": known.active,
    }
