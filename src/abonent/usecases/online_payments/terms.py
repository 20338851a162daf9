"""How an agent takes payments online: what is kept with it in the database. Its secrets are not: see the gateway."""

from dataclasses import asdict, dataclass
from typing import Any

from abonent.contexts.payments.models import Agent

LONGEST_HOURS = 90 * 24  # the acquirer keeps a link no longer


@dataclass(frozen=True, kw_only=True)
class Terms:
    """`hours` a link can be paid; `receipts`: the acquirer's till prints fiscal receipts (54-ФЗ)."""

    hours: int = 72
    receipts: bool = False


def terms_of(agent: Agent) -> Terms:
    """Return the terms of an agent."""
    kept: dict[str, Any] = agent.layout.get("acquiring", {})
    return Terms(
        hours=min(max(int(kept.get("hours", Terms.hours)), 1), LONGEST_HOURS),
        receipts=bool(kept.get("receipts", False)),
    )


def keep_terms(agent: Agent, terms: Terms) -> None:
    """Write the terms into the agent's settings; it is not saved here."""
    agent.layout = {**agent.layout, "acquiring": asdict(terms)}
