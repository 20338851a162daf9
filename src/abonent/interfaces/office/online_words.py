"""States of orders and refunds in words, with the colour each is shown in."""

from abonent.contexts.payments.models import OnlineOrderState, OnlineRefundState
from abonent.interfaces.office.words import Word

_ORDERS = {
    OnlineOrderState.NEW: "secondary",
    OnlineOrderState.OPEN: "blue",
    OnlineOrderState.PAID: "green",
    OnlineOrderState.REFUSED: "red",
    OnlineOrderState.EXPIRED: "secondary",
    OnlineOrderState.REFUNDED_PARTLY: "yellow",
    OnlineOrderState.REFUNDED: "secondary",
}
_REFUNDS = {
    OnlineRefundState.ASKED: "yellow",
    OnlineRefundState.DONE: "green",
    OnlineRefundState.REFUSED: "red",
}


def order_state(state: int) -> Word:
    return Word(str(OnlineOrderState(state).label), _ORDERS[OnlineOrderState(state)])


def refund_state(state: int) -> Word:
    return Word(str(OnlineRefundState(state).label), _REFUNDS[OnlineRefundState(state)])
