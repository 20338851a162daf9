"""The channels that are there without anybody setting them up."""

from abonent.contexts.payments.models import Agent, AgentKind

_CODES = {AgentKind.BY_HAND: "hand", AgentKind.SUBSIDY: "subsidy"}


def own_agent(*, supplier_id: int, kind: AgentKind) -> Agent:
    """Return the supplier's channel for what is entered by hand, or for subsidies; made when it is first asked for.

    It is called in the language then spoken.
    """
    agent, _made = Agent.objects.get_or_create(
        supplier_id=supplier_id,
        code=_CODES[kind],
        defaults={"name": str(kind.label).capitalize(), "kind": kind},
    )
    return agent
