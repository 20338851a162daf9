"""The channels that are there without anybody setting them up."""

from django.conf import settings
from django.utils import translation

from abonent.contexts.payments.models import Agent, AgentKind

_CODES = {AgentKind.BY_HAND: "hand", AgentKind.SUBSIDY: "subsidy"}


def own_agent(*, supplier_id: int, kind: AgentKind) -> Agent:
    """Return the supplier's channel for what is entered by hand, or for subsidies; made when it is first asked for."""
    with translation.override(settings.LANGUAGE_CODE):
        name = str(kind.label).capitalize()
    agent, _made = Agent.objects.get_or_create(
        supplier_id=supplier_id, code=_CODES[kind], defaults={"name": name, "kind": kind}
    )
    return agent
