"""What is said about payments, with the colour it is shown in."""

from typing import Any

from django.utils.translation import gettext_lazy

from abonent.contexts.contracts.models import Service
from abonent.contexts.payments.models import Debt, PaymentState, Recognition
from abonent.interfaces.office.words import Word
from abonent.usecases.take_payment.suggest import Reason

_COLOURS = {
    PaymentState.UNIDENTIFIED: "yellow",
    PaymentState.POSTED: "green",
    PaymentState.REVERSED: "secondary",
    PaymentState.RETURNED: "secondary",
}


def payment_state(state: int) -> Word:
    return Word(str(PaymentState(state).label), _COLOURS[PaymentState(state)])


_SUGGESTED = {
    Reason.NUMBER: gettext_lazy("account number"),
    Reason.MISTYPED: gettext_lazy("number with a slip"),
    Reason.INN: gettext_lazy("INN"),
    Reason.PHONE: gettext_lazy("phone"),
    Reason.NAME_AND_ADDRESS: gettext_lazy("name and address"),
    Reason.ADDRESS: gettext_lazy("address"),
    Reason.NAME: gettext_lazy("name"),
    Reason.EARLIER: gettext_lazy("paid before"),
}


def suggested_by(reason: Reason) -> str:
    """Name what speaks for an account."""
    return str(_SUGGESTED[reason])


def debt_words(*, debt: int, service: int) -> str:
    """Name a debt: what it is for, and of which service where it is not the usual one."""
    name = str(Debt(debt).label)
    return name if service == Service.ELECTRICITY else f"{name}, {Service(service).label}"


def recognised_words(row: dict[str, Any]) -> str:
    """Tell by what the account of a payment was recognised."""
    name = str(Recognition(row["recognition"]).label)
    return f"{name}, {row['confidence']} %" if 0 < row["confidence"] < 100 else name
