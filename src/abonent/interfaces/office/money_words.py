"""What is said about payments, with the colour it is shown in."""

from abonent.contexts.payments.models import PaymentState
from abonent.interfaces.office.words import Word

_COLOURS = {
    PaymentState.UNIDENTIFIED: "yellow",
    PaymentState.POSTED: "green",
    PaymentState.REVERSED: "secondary",
    PaymentState.RETURNED: "secondary",
}


def payment_state(state: int) -> Word:
    return Word(str(PaymentState(state).label), _COLOURS[PaymentState(state)])
