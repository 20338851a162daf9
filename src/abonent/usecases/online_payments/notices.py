"""Notices of the acquirer: believed by their signature, kept without what is secret or personal."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from abonent.contexts.payments.models import Agent, AgentKind, OnlineNotice, OnlineOrder
from abonent.gateways.acquiring import NoticeRefused, NotSetUp, Told, acquirer_of
from abonent.usecases.online_payments.refusals import NotBooked
from abonent.usecases.online_payments.telling import apply

# neither the card nor its holder, the terminal or the token
_KEPT = ("OrderId", "PaymentId", "Status", "Success", "ErrorCode", "Amount")
_LONGEST = 80


class Heard(Enum):
    """What becomes of a notice: TAKEN and IGNORED need not be sent again."""

    TAKEN = "taken"
    IGNORED = "ignored"
    NOT_BELIEVED = "not_believed"
    NO_AGENT = "no_agent"


def hear(*, agent_code: str, body: Mapping[str, Any], at: datetime, keep_unbelieved: bool = True) -> Heard:
    """Store a notice and bring it into the books.

    `keep_unbelieved` False leaves out those with a wrong signature: somebody sends many of them.
    """
    agent = Agent.objects.filter(code=agent_code, kind=AgentKind.ACQUIRING).order_by("id").first()
    if agent is None:
        return Heard.NO_AGENT
    try:
        told = acquirer_of(agent.code).read_notice(body)
    except NotSetUp:
        return Heard.NO_AGENT
    except NoticeRefused as refusal:
        if keep_unbelieved:
            _keep(body, order=_order(agent, body.get("OrderId")), accepted=False, why=refusal.code, at=at)
        return Heard.NOT_BELIEVED
    order = _order(agent, told.order_id)
    _keep(body, order=order, accepted=order is not None, why="" if order else "no_order", at=at)
    if order is None:
        return Heard.IGNORED
    _bring_in(order, told, at)
    return Heard.TAKEN


def _bring_in(order: OnlineOrder, told: Told, at: datetime) -> None:
    try:
        apply(order.pk, told, at=at)
    except NotBooked:
        return  # it stays with the order, and the poll tries again


def _order(agent: Agent, order_id: object) -> OnlineOrder | None:
    try:
        return OnlineOrder.objects.filter(pk=UUID(str(order_id)), agent=agent).first()
    except ValueError:
        return None


def _keep(
    body: Mapping[str, Any], *, order: OnlineOrder | None, accepted: bool, why: str, at: datetime
) -> None:
    kept = {name: _short(body[name]) for name in _KEPT if name in body}
    if why:
        kept["refused"] = why
    OnlineNotice.objects.create(order=order, body=kept, accepted=accepted, received_at=at)


def _short(value: object) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int) and abs(value) < 1 << 53:
        return value
    return str(value)[:_LONGEST].replace("\x00", "").encode("utf-8", "replace").decode()
