"""One conversation with the acquirer about an order at a time, and the order held while the books change."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from hashlib import blake2b
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from abonent.contexts.payments.models import OnlineOrder
from abonent.gateways.acquiring import Acquirer, NotSetUp, acquirer_of
from abonent.usecases.online_payments.refusals import OnlineRefused

_TALKING = 0x4F4E4C


@contextmanager
def talking(order_id: UUID) -> Iterator[None]:
    """Let nobody else talk to the acquirer about this order meanwhile; no transaction stays open while it thinks.

    Raises OnlineRefused: busy.
    """
    number = int.from_bytes(blake2b(order_id.bytes, digest_size=4).digest(), "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_TALKING, number])
        if not cursor.fetchone()[0]:
            raise OnlineRefused("busy")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_TALKING, number])


def reach(agent_code: str) -> Acquirer:
    """Return the acquirer of an agent. Raises OnlineRefused: not_set_up."""
    try:
        return acquirer_of(agent_code)
    except NotSetUp as lacking:
        raise OnlineRefused("not_set_up", why=lacking.code) from None


def hold(order_id: UUID) -> OnlineOrder:
    """Return the order, locked until the transaction ends. Orders are locked before accounts, by everybody."""
    return (
        OnlineOrder.objects.select_for_update(of=("self",))
        .select_related("agent__supplier", "payment", "account")
        .get(pk=order_id)
    )


def day_of(order: OnlineOrder, at: datetime) -> date:
    """Return the day a moment is in where the supplier is."""
    return at.astimezone(ZoneInfo(order.agent.supplier.time_zone)).date()


def payment_key(*, agent_id: int, external_id: str) -> UUID:
    """Return the key of the payment an operation is: the one a registry of this agent gives the same operation."""
    told = f"{agent_id}\x1foperation\x1f{external_id}"
    return UUID(bytes=blake2b(told.encode(), digest_size=16).digest())
