"""A payment online is begun: written down first, then asked of the acquirer, never twice for one payment."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from abonent.contexts.contracts.models import Account
from abonent.contexts.payments.models import Agent, AgentKind, OnlineOrder, OnlineOrderState
from abonent.gateways.acquiring import (
    Acquirer,
    AcquirerRefused,
    AcquirerSilent,
    Created,
    Order,
    Stage,
)
from abonent.usecases.online_payments import receipts
from abonent.usecases.online_payments.holding import day_of, hold, reach, talking
from abonent.usecases.online_payments.refusals import NotBooked, OnlineRefused
from abonent.usecases.online_payments.telling import PAID_STAGES, apply
from abonent.usecases.online_payments.terms import terms_of

_CONTACT = re.compile(r"^(\+\d{11,15}|[^@\s]+@[^@\s]+\.[^@\s]+)$")


@dataclass(frozen=True, kw_only=True)
class Way:
    """Where the payer comes back to and where notices go, both under the address the office is reached at.

    `{order}` in them stands for the order's number.
    """

    back: str
    notices: str
    language: str = "ru"


def begin(
    *,
    agent_id: int,
    account_id: int,
    amount_minor: int,
    key: UUID,
    way: Way,
    actor_id: int | None,
    at: datetime,
    contact: str = "",
) -> OnlineOrder:
    """Write an order down and open it with the acquirer; the order that stands under this key is returned as it is.

    Without an answer it stays NEW and is asked for again by `open_order`. Raises OnlineRefused: no_agent, not_set_up,
    not_positive, unknown_account, bad_contact, no_contact, other_order.
    """
    order = _written(
        agent_id=agent_id,
        account_id=account_id,
        amount_minor=amount_minor,
        key=key,
        actor_id=actor_id,
        at=at,
        contact=contact.strip(),
    )
    return open_order(order_id=order.pk, way=way, at=at)


def open_order(*, order_id: UUID, way: Way, at: datetime) -> OnlineOrder:
    """Ask the acquirer for the page an order is paid at, unless it has one; what went wrong stays with the order.

    An order whose first answer was lost is looked for by its number before it is asked for again. Raises
    OnlineRefused: not_set_up.
    """
    try:
        with talking(order_id):
            order = OnlineOrder.objects.select_related("agent__supplier", "account").get(pk=order_id)
            if order.state == OnlineOrderState.NEW:
                _open(order, way=way, at=at)
    except OnlineRefused as refusal:
        if refusal.code != "busy":  # whoever talks about it now brings the answer
            raise
    return OnlineOrder.objects.select_related("agent", "account").get(pk=order_id)


def _written(
    *,
    agent_id: int,
    account_id: int,
    amount_minor: int,
    key: UUID,
    actor_id: int | None,
    at: datetime,
    contact: str,
) -> OnlineOrder:
    if amount_minor <= 0:
        raise OnlineRefused("not_positive")
    agent = Agent.objects.filter(pk=agent_id, kind=AgentKind.ACQUIRING, active=True).first()
    if agent is None:
        raise OnlineRefused("no_agent")
    if not Account.objects.filter(pk=account_id, building__branch__supplier=agent.supplier_id).exists():
        raise OnlineRefused("unknown_account")
    if contact and not _CONTACT.match(contact):
        raise OnlineRefused("bad_contact")
    terms = terms_of(agent)
    if terms.receipts and not contact:
        raise OnlineRefused("no_contact")
    reach(agent.code)
    order = OnlineOrder(
        id=uuid4(),
        key=key,
        agent=agent,
        account_id=account_id,
        amount_minor=amount_minor,
        contact=contact,
        expires_at=at + timedelta(hours=terms.hours),
        created_at=at,
        created_by_id=actor_id,
        changed_at=at,
    )
    try:
        with transaction.atomic():
            if terms.receipts:
                order.receipt = receipts.of_order(order, day=day_of(order, at))
            order.save(force_insert=True)
    except IntegrityError:
        standing = OnlineOrder.objects.filter(key=key).first()
        if standing is None:
            raise
        if (standing.account_id, standing.amount_minor) != (account_id, amount_minor):
            raise OnlineRefused("other_order", amount_minor=standing.amount_minor) from None
        return standing
    return order


def _open(order: OnlineOrder, *, way: Way, at: datetime) -> None:
    acquirer = reach(order.agent.code)
    try:
        if order.asked_at is not None and _found(order, acquirer, at):
            return
        OnlineOrder.objects.filter(pk=order.pk).update(asked_at=at, error="", changed_at=at)
        created = acquirer.create(_asked(order, way))
    except AcquirerSilent:
        OnlineOrder.objects.filter(pk=order.pk).update(error="bank_silent", changed_at=at)
        return
    except AcquirerRefused as refusal:
        OnlineOrder.objects.filter(pk=order.pk, state=OnlineOrderState.NEW).update(
            state=OnlineOrderState.REFUSED, error=f"bank_refused:{refusal}"[:200], changed_at=at
        )
        return
    _opened(order, created, at)


def _opened(order: OnlineOrder, created: Created, at: datetime) -> None:
    with transaction.atomic():
        held = hold(order.pk)
        held.pay_url, held.changed_at = created.pay_url, at
        held.external_id = held.external_id or created.external_id
        if held.state == OnlineOrderState.NEW:  # a notice may have been quicker than the answer
            held.state, held.error = OnlineOrderState.OPEN, ""
            held.told_status, held.told_at = created.status, at
        held.save()


def _found(order: OnlineOrder, acquirer: Acquirer, at: datetime) -> bool:
    """Tell whether the lost order is paid already; one that waits is called off: nobody ever saw its page."""
    try:
        known = acquirer.payments_of(str(order.pk))
    except AcquirerRefused:
        return False
    for told in known:
        if told.stage is Stage.WAITING:
            with suppress(AcquirerRefused):
                acquirer.drop(told.external_id)
        elif told.stage in PAID_STAGES:
            with suppress(NotBooked):  # it stays with the order, and the poll tries again
                apply(order.pk, told, at=at)
            return True
    return False


def _asked(order: OnlineOrder, way: Way) -> Order:
    assert order.expires_at, "an order of today has its end"
    with override("en" if way.language == "en" else "ru"):  # the acquirer's page knows no other
        description = _("Electricity, account %(number)s") % {"number": order.account.number}
    return Order(
        order_id=str(order.pk),
        amount_minor=order.amount_minor,
        description=description,
        language=way.language,
        return_url=way.back.replace("{order}", str(order.pk)),
        notify_url=way.notices,
        expires_at=order.expires_at,
        receipt=receipts.asked(order),
    )
