"""What an acquirer must be able to do, whichever bank it is.

Orders are told by our own number (`order_id`), payments by the acquirer's (`external_id`). Amounts are kopecks. Nothing
here is asked again by itself unless asking twice does nothing twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol


class Stage(Enum):
    """Where a payment stands, in words all acquirers share."""

    WAITING = "waiting"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDING = "refunding"
    REFUNDED_PARTLY = "refunded_partly"
    REFUNDED = "refunded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptItem:
    """A row of a fiscal receipt in the codes of ФФД 1.2: tags 1212 (subject), 1214 (method), 1199 (vat)."""

    name: str
    amount_minor: int
    subject: int
    method: int
    vat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the acquirer's till is to print; `contact`: e-mail or telephone of the payer (54-ФЗ, art. 1.2)."""

    contact: str
    items: Sequence[ReceiptItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be paid, and where payer and notices go. `language`: ru or en."""

    order_id: str
    amount_minor: int
    description: str
    language: str
    return_url: str
    notify_url: str
    expires_at: datetime
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    external_id: str
    pay_url: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the acquirer says of a payment. `status` in its own word; `amount_minor` None: not said."""

    order_id: str
    external_id: str
    status: str
    stage: Stage
    amount_minor: int | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """So much is to be given back. `request_id`: asked twice under one, it is given back once."""

    external_id: str
    amount_minor: int
    request_id: str
    receipt: Receipt | None = None


class Acquirer(Protocol):
    """One terminal of an acquirer."""

    def create(self, order: Order, /) -> Created:
        """Begin a payment. Not asked again by itself. Raises AcquirerSilent, AcquirerRefused."""
        ...

    def state(self, external_id: str, /) -> Told:
        """Return how a payment stands. Raises AcquirerSilent, AcquirerRefused."""
        ...

    def payments_of(self, order_id: str, /) -> list[Told]:
        """
        Return every payment begun for an order of ours.

        Raises AcquirerSilent; AcquirerRefused when it knows of none (each bank has a code of its own for that).
        """
        ...

    def refund(self, refund: Refund, /) -> Told:
        """Give back a part or the whole. Not asked again by itself. Raises AcquirerSilent, AcquirerRefused."""
        ...

    def drop(self, external_id: str, /) -> Told:
        """Call off a payment nobody has paid. Raises AcquirerSilent, AcquirerRefused."""
        ...

    def read_notice(self, body: Mapping[str, Any], /) -> Told:
        """Return what a notice says, once its signature is right. Raises NoticeRefused."""
        ...


class AcquirerSilent(Exception):
    """No answer that can be understood came: what was asked may have been done or not."""


class AcquirerRefused(Exception):
    """The acquirer said no and did nothing; `code` and the text are its own."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code} {text}".strip())
        self.code, self.text = code, text


class NoticeRefused(Exception):
    """A notice that is not believed; `code`: bad_signature, other_terminal, malformed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
