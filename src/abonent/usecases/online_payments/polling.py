"""Orders nobody told anything of, asked for again: every two minutes while they are young, later every half hour."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from abonent.contexts.payments.models import (
    Agent,
    OnlineOrder,
    OnlineOrderState,
    OnlineRefund,
    OnlineRefundState,
)
from abonent.gateways.acquiring import Acquirer, AcquirerRefused, AcquirerSilent, Told
from abonent.usecases.online_payments.holding import reach, talking
from abonent.usecases.online_payments.refunds import push
from abonent.usecases.online_payments.refusals import NotBooked, OnlineRefused
from abonent.usecases.online_payments.telling import PAID_STAGES, apply

YOUNG, OFTEN, SELDOM = timedelta(hours=1), timedelta(minutes=2), timedelta(minutes=30)
GRACE = timedelta(hours=1)
MOST_AT_ONCE = 50
_UNPAID = (OnlineOrderState.NEW, OnlineOrderState.OPEN)


def poll_stale(*, at: datetime) -> int:
    """Ask for every order and refund that is due, the longest unheard of first; return for how many."""
    asked = 0
    for order in _due(at)[:MOST_AT_ONCE]:
        try:
            poll(order_id=order.pk, at=at)
            asked += 1
        except (
            OnlineRefused
        ):  # not set up any more, or somebody talks about it just now: others come first next time
            OnlineOrder.objects.filter(pk=order.pk).update(told_at=at)
    lost = OnlineRefund.objects.filter(state=OnlineRefundState.ASKED).filter(
        Q(tried_at__lt=at - OFTEN) | Q(tried_at__isnull=True, made_at__lt=at - OFTEN)
    )
    for refund_id in lost.order_by("tried_at").values_list("id", flat=True)[:MOST_AT_ONCE]:
        with suppress(OnlineRefused):
            push(refund_id=refund_id, at=at)
            asked += 1
    return asked


def poll_day(*, agent_id: int, day: date, at: datetime) -> int:
    """Ask for every order begun or paid on a day; return for how many."""
    asked = 0
    for order in of_day(agent_id=agent_id, day=day).order_by("created_at"):
        with suppress(OnlineRefused):
            poll(order_id=order.pk, at=at)
            asked += 1
    return asked


def of_day(*, agent_id: int, day: date) -> QuerySet[OnlineOrder]:
    """Return the orders begun or paid on a day where the supplier is."""
    agent = Agent.objects.select_related("supplier").get(pk=agent_id)
    begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(agent.supplier.time_zone))
    span = (begins, begins + timedelta(days=1))
    within = Q(created_at__gte=span[0], created_at__lt=span[1]) | Q(paid_at__gte=span[0], paid_at__lt=span[1])
    return OnlineOrder.objects.filter(within, agent=agent)


def poll(*, order_id: UUID, at: datetime) -> OnlineOrder:
    """Ask how an order stands and bring that into the books; one that ran out unpaid expires.

    Raises OnlineRefused: busy, not_set_up.
    """
    with talking(order_id):
        order = OnlineOrder.objects.select_related("agent").get(pk=order_id)
        try:
            told = _stands(order, reach(order.agent.code)) if order.asked_at else None
        except AcquirerSilent:
            # asked again later; what a person must look at is not painted over
            OnlineOrder.objects.filter(pk=order_id).update(told_at=at)
            OnlineOrder.objects.filter(pk=order_id, error="").update(error="bank_silent")
            return OnlineOrder.objects.get(pk=order_id)
        except AcquirerRefused:
            told = None
        if told is not None:
            OnlineOrder.objects.filter(pk=order_id, error="bank_silent").update(error="")
            with suppress(NotBooked):  # kept with the order
                apply(order_id, told, at=at, polled=True)
        else:
            OnlineOrder.objects.filter(pk=order_id).update(told_at=at)
        if told is None or told.stage not in PAID_STAGES:
            OnlineOrder.objects.filter(pk=order_id, state__in=_UNPAID, expires_at__lt=at - GRACE).update(
                state=OnlineOrderState.EXPIRED, error="", changed_at=at
            )
    return OnlineOrder.objects.get(pk=order_id)


def _stands(order: OnlineOrder, acquirer: Acquirer) -> Told | None:
    if order.external_id:
        return acquirer.state(order.external_id)
    known = acquirer.payments_of(str(order.pk))
    return next((told for told in known if told.stage in PAID_STAGES), None)


def _due(at: datetime) -> QuerySet[OnlineOrder]:
    heard = Coalesce("told_at", "asked_at", "created_at")
    waits = Q(state__in=_UNPAID) | Q(error__startswith="not_booked") | Q(error="bank_silent")
    due = Q(heard__lt=at - SELDOM) | Q(created_at__gt=at - YOUNG, heard__lt=at - OFTEN)
    return OnlineOrder.objects.annotate(heard=heard).filter(waits).filter(due).order_by("heard")
