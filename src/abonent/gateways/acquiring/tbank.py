"""Internet acquiring of T-Bank (Т‑Касса, formerly Tinkoff), version 2 of its protocol. See docs/formats/acquiring.md.

Payments are of one stage (PayType O): what is authorised is confirmed at once.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from abonent.gateways.acquiring.port import (
    AcquirerRefused,
    AcquirerSilent,
    Created,
    NoticeRefused,
    Order,
    Receipt,
    Refund,
    Stage,
    Told,
)
from abonent.gateways.acquiring.settings import LOCAL_HOSTS, Terminal
from abonent.gateways.acquiring.signature import is_signed, token
from abonent.gateways.acquiring.wire import READ_SECONDS, Wire

STAGES = {
    "NEW": Stage.WAITING,
    "FORM_SHOWED": Stage.WAITING,
    "AUTHORIZING": Stage.WAITING,
    "3DS_CHECKING": Stage.WAITING,
    "3DS_CHECKED": Stage.WAITING,
    "PAY_CHECKING": Stage.WAITING,
    "AUTHORIZED": Stage.WAITING,
    "CONFIRMING": Stage.WAITING,
    "CONFIRM_CHECKING": Stage.WAITING,
    "CONFIRMED": Stage.PAID,
    "CANCELED": Stage.FAILED,
    "REJECTED": Stage.FAILED,
    "AUTH_FAIL": Stage.FAILED,
    "DEADLINE_EXPIRED": Stage.EXPIRED,
    "ATTEMPTS_EXPIRED": Stage.EXPIRED,
    "REVERSING": Stage.REFUNDING,
    "REFUNDING": Stage.REFUNDING,
    "ASYNC_REFUNDING": Stage.REFUNDING,
    "PARTIAL_REVERSED": Stage.REFUNDED_PARTLY,
    "PARTIAL_REFUNDED": Stage.REFUNDED_PARTLY,
    "REVERSED": Stage.REFUNDED,
    "REFUNDED": Stage.REFUNDED,
}


def stage_of(status: str) -> Stage:
    """Return where a payment of this status stands."""
    return STAGES.get(status, Stage.UNKNOWN)


_TAX = {1: "vat20", 2: "vat10", 3: "vat120", 4: "vat110", 5: "vat0", 6: "none", 11: "vat22", 12: "vat122"}
_METHODS = {3: "advance", 4: "full_payment"}
_SUBJECTS = {4: "service", 10: "payment", 15: "non_operating_gain"}
_LONGEST_DESCRIPTION, _LONGEST_NAME, _LONGEST_URL = 140, 128, 500
_PHONE = re.compile(r"^\+?\d{11,15}$")


class TBank:
    """See `port.Acquirer`."""

    def __init__(self, terminal: Terminal, *, read_seconds: float = READ_SECONDS) -> None:
        self._terminal = terminal
        self._wire = Wire(terminal.url, ca_file=terminal.ca_file, read_seconds=read_seconds)

    def create(self, order: Order, /) -> Created:
        asked: dict[str, Any] = {
            "Amount": order.amount_minor,
            "OrderId": order.order_id,
            "Description": order.description[:_LONGEST_DESCRIPTION],
            "PayType": "O",
            "Language": "ru" if order.language in ("ru", "uk") else "en",
            "NotificationURL": order.notify_url,
            "SuccessURL": order.return_url,
            "FailURL": order.return_url,
            "RedirectDueDate": _moment(order.expires_at),
        }
        if order.receipt:
            asked["Receipt"] = _receipt(order.receipt)
        answer = self._ask("Init", asked)
        if _amount(answer) not in (None, order.amount_minor):
            raise AcquirerSilent("other_amount")
        return Created(
            external_id=_text(answer, "PaymentId"),
            pay_url=self._pay_url(answer),
            status=_text(answer, "Status"),
        )

    def state(self, external_id: str, /) -> Told:
        return self._told(self._ask("GetState", {"PaymentId": external_id}, again=True))

    def payments_of(self, order_id: str, /) -> list[Told]:
        answer = self._ask("CheckOrder", {"OrderId": order_id}, again=True)
        payments = answer.get("Payments")
        if not isinstance(payments, list) or not all(isinstance(one, dict) for one in payments):
            raise AcquirerSilent("no_payments")
        return [self._told({"OrderId": order_id} | one) for one in payments]

    def refund(self, refund: Refund, /) -> Told:
        asked: dict[str, Any] = {
            "PaymentId": refund.external_id,
            "Amount": refund.amount_minor,
            "ExternalRequestId": refund.request_id,
        }
        if refund.receipt:
            asked["Receipt"] = _receipt(refund.receipt)
        return self._told(self._ask("Cancel", asked))

    def drop(self, external_id: str, /) -> Told:
        return self._told(self._ask("Cancel", {"PaymentId": external_id}))

    def read_notice(self, body: Mapping[str, Any], /) -> Told:
        if not is_signed(body, password=self._terminal.password):
            raise NoticeRefused("bad_signature")
        if body.get("TerminalKey") != self._terminal.key:
            raise NoticeRefused("other_terminal")
        try:
            return self._told(body)
        except AcquirerSilent:
            raise NoticeRefused("malformed") from None

    def _ask(self, method: str, parameters: Mapping[str, Any], *, again: bool = False) -> dict[str, Any]:
        asked = {"TerminalKey": self._terminal.key, **parameters}
        asked["Token"] = token(asked, password=self._terminal.password)
        answer = self._wire.ask(method, asked, again=again)
        if answer.get("Success") not in (True, "true"):
            if "ErrorCode" not in answer:
                raise AcquirerSilent("no_error_code")
            raise AcquirerRefused(str(answer["ErrorCode"])[:20], str(answer.get("Message") or "")[:100])
        return answer

    def _told(self, answer: Mapping[str, Any]) -> Told:
        status = _text(answer, "Status")
        error = str(answer.get("ErrorCode") or "0")
        return Told(
            order_id=_text(answer, "OrderId"),
            external_id=_text(answer, "PaymentId"),
            status=status,
            stage=stage_of(status),
            amount_minor=_amount(answer),
            error="" if error == "0" else error[:20],
        )

    def _pay_url(self, answer: Mapping[str, Any]) -> str:
        url = _text(answer, "PaymentURL", longest=_LONGEST_URL)
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS):
            return url
        raise AcquirerSilent("bad_pay_url")


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _text(answer: Mapping[str, Any], name: str, *, longest: int = 80) -> str:
    value = answer.get(name)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not 0 < len(text) <= longest or not text.isprintable():
        raise AcquirerSilent(f"no_{name}")
    return text


def _amount(answer: Mapping[str, Any]) -> int | None:
    value = answer.get("Amount")
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise AcquirerSilent("bad_amount")
    return value


def _receipt(receipt: Receipt) -> dict[str, Any]:
    contact = {"Phone" if _PHONE.match(receipt.contact) else "Email": receipt.contact}
    return contact | {
        "Taxation": "osn",
        "FfdVersion": "1.2",
        "Items": [
            {
                "Name": item.name[:_LONGEST_NAME],
                "Price": item.amount_minor,
                "Quantity": 1,
                "Amount": item.amount_minor,
                "Tax": _TAX[item.vat],
                "PaymentMethod": _METHODS[item.method],
                "PaymentObject": _SUBJECTS[item.subject],
                "MeasurementUnit": "шт",
            }
            for item in receipt.items
        ],
    }
