"""Orders of a day about which we, the acquirer and the books do not say the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _

from abonent.contexts.payments.models import OnlineOrderState, OnlineRefundState, PaymentState
from abonent.contexts.payments.online import PAID, orders
from abonent.gateways.acquiring import Stage, stage_of
from abonent.usecases.online_payments.words import tell_error

_SAYS = {
    Stage.PAID: (OnlineOrderState.PAID,),
    Stage.REFUNDED_PARTLY: (OnlineOrderState.REFUNDED_PARTLY,),
    Stage.REFUNDED: (OnlineOrderState.REFUNDED,),
    Stage.REFUNDING: PAID,
}
_UNPAID = tuple(state for state in OnlineOrderState if state not in PAID)


@dataclass(frozen=True)
class Difference:
    row: dict[str, Any]
    text: str


def differences(
    *, agent_id: int, begins: datetime, ends: datetime, language: str, most: int
) -> list[Difference]:
    """Return the first `most` orders begun or paid in this time that somebody must look at, with why."""
    within = Q(created_at__gte=begins, created_at__lt=ends) | Q(paid_at__gte=begins, paid_at__lt=ends)
    rows = (
        orders()
        .filter(within, agent=agent_id)
        .annotate(payment_state=F("payment__state"), booked_minor=F("payment__amount_minor"))
        .order_by("created_at", "id")
    )
    found = []
    waiting = _waiting(rows)
    for row in rows.iterator(chunk_size=2_000):
        if text := _why(row, language=language, refund_waits=row["id"] in waiting):
            found.append(Difference(row, text))
            if len(found) == most:
                break
    return found


def _waiting(rows: Any) -> set[Any]:
    asked = rows.filter(refunds__state=OnlineRefundState.ASKED)
    return set(asked.values_list("id", flat=True))


def _why(row: dict[str, Any], *, language: str, refund_waits: bool) -> str:
    if row["error"]:
        return tell_error(row["error"], language=language)
    if refund_waits:
        return _("A refund waits for the acquirer's answer.")
    if row["payment_id"]:
        if row["booked_minor"] != row["amount_minor"]:
            return _("The payment in the books is of another sum.")
        if row["payment_state"] != PaymentState.POSTED:
            return _("The payment was taken out of the books here, and the acquirer still has the money.")
    stage = stage_of(row["told_status"])
    if row["state"] not in _SAYS.get(stage, _UNPAID) and row["told_status"]:
        return _("The acquirer says %(status)s.") % {"status": row["told_status"]}
    if row["state"] in PAID and not row["told_status"]:
        return _("The acquirer has not been asked yet.")
    return ""
