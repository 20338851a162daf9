"""What is asked about payments online: lists, cards, and a day held against the acquirer and the bank."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    OnlineNotice,
    OnlineOrder,
    OnlineOrderState,
    OnlineRefund,
    OnlineRefundState,
    PaymentFile,
    PaymentFileState,
    Reconciliation,
)

PAID = (OnlineOrderState.PAID, OnlineOrderState.REFUNDED_PARTLY, OnlineOrderState.REFUNDED)
_SHOWN_NOTICES = 50


def agents() -> QuerySet[Agent]:
    """Return the channels for payments online."""
    return Agent.objects.filter(kind=AgentKind.ACQUIRING).order_by("name")


def orders() -> QuerySet[OnlineOrder, dict[str, Any]]:
    """Rows of orders with the account's number and the channel."""
    return OnlineOrder.objects.annotate(number=F("account__number"), agent_name=F("agent__name")).values(
        "id",
        "number",
        "account_id",
        "agent_id",
        "agent_name",
        "amount_minor",
        "refunded_minor",
        "state",
        "external_id",
        "pay_url",
        "payment_id",
        "error",
        "contact",
        "expires_at",
        "paid_at",
        "told_status",
        "told_at",
        "created_at",
        "created_by_id",
    )


@dataclass(frozen=True)
class OrderTotals:
    """What orders add up to, in kopecks: asked for, paid, given back."""

    rows: int
    asked_minor: int
    paid_minor: int
    refunded_minor: int


def totals_of(rows: QuerySet[OnlineOrder, dict[str, Any]]) -> OrderTotals:
    """Add up the rows of a list."""
    found = rows.order_by().aggregate(
        rows=Count("id"),
        asked=Sum("amount_minor"),
        paid=Sum("amount_minor", filter=Q(state__in=PAID)),
        refunded=Sum("refunded_minor"),
    )
    return OrderTotals(found["rows"], found["asked"] or 0, found["paid"] or 0, found["refunded"] or 0)


def notices_of(*, order_id: UUID) -> list[OnlineNotice]:
    """Return the latest notices of an order, the last one first."""
    return list(OnlineNotice.objects.filter(order=order_id).order_by("-id")[:_SHOWN_NOTICES])


def refunds_of(*, order_id: UUID) -> list[OnlineRefund]:
    """Return the refunds of an order in the order they were asked for."""
    return list(OnlineRefund.objects.filter(order=order_id).order_by("id"))


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day of a channel: what our orders say, what its registries say, what arrived at the bank. All in kopecks.

    `net_minor`: paid less given back on the day; `due_minor`: what the registries say is transferred.
    """

    paid: int
    paid_minor: int
    refunded: int
    refunded_minor: int
    files: list[PaymentFile]
    registry_minor: int
    commission_minor: int
    due_minor: int
    arrived: list[Reconciliation]
    arrived_minor: int

    @property
    def net_minor(self) -> int:
        return self.paid_minor - self.refunded_minor

    @property
    def registry_differs_minor(self) -> int:
        return self.registry_minor - self.paid_minor if self.files else 0

    @property
    def bank_differs_minor(self) -> int:
        return self.arrived_minor - self.due_minor if self.files else 0


def day_of(*, agent_id: int, day: date, begins: datetime, ends: datetime) -> Day:
    """Add a day up; it lasts from `begins` to `ends` where the supplier is."""
    paid = OnlineOrder.objects.filter(agent=agent_id, paid_at__gte=begins, paid_at__lt=ends).aggregate(
        count=Count("id"), sum=Sum("amount_minor")
    )
    back = OnlineRefund.objects.filter(
        order__agent=agent_id, state=OnlineRefundState.DONE, change__booked_on=day
    ).aggregate(count=Count("id"), sum=Sum("amount_minor"))
    files = list(
        PaymentFile.objects.filter(agent=agent_id, dated_on=day)
        .exclude(state=PaymentFileState.REVERSED)
        .order_by("id")
    )
    arrived = list(
        Reconciliation.objects.filter(file__in=[file.pk for file in files])
        .select_related("bank_line")
        .order_by("id")
    )
    return Day(
        paid=paid["count"],
        paid_minor=paid["sum"] or 0,
        refunded=back["count"],
        refunded_minor=back["sum"] or 0,
        files=files,
        registry_minor=sum(file.amount_minor for file in files),
        commission_minor=sum(file.commission_minor for file in files),
        due_minor=sum(file.transferred_minor for file in files),
        arrived=arrived,
        arrived_minor=sum(one.amount_minor for one in arrived),
    )
