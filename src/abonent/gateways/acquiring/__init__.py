"""Acquirers that take payments online: the port, and the one protocol that is implemented."""

from abonent.gateways.acquiring.port import (
    Acquirer,
    AcquirerRefused,
    AcquirerSilent,
    Created,
    NoticeRefused,
    Order,
    Receipt,
    ReceiptItem,
    Refund,
    Stage,
    Told,
)
from abonent.gateways.acquiring.settings import NotSetUp, Terminal, terminal_of, variable
from abonent.gateways.acquiring.tbank import TBank, stage_of

__all__ = [
    "Acquirer",
    "AcquirerRefused",
    "AcquirerSilent",
    "Created",
    "NotSetUp",
    "NoticeRefused",
    "Order",
    "Receipt",
    "ReceiptItem",
    "Refund",
    "Stage",
    "TBank",
    "Terminal",
    "Told",
    "acquirer_of",
    "stage_of",
    "terminal_of",
    "variable",
]


def acquirer_of(agent_code: str) -> Acquirer:
    """Return the acquirer behind an agent. Raises NotSetUp."""
    return TBank(terminal_of(agent_code))
