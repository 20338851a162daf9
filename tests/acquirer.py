"""An acquirer for tests and for trying out: a real HTTP server that speaks T-Bank's protocol, version 2.

It shares nothing with the product, the signature least of all. To try the office with it:
`python -m tests.acquirer --port 8010`, and in the office's environment ABONENT_ACQUIRING_<CODE>_URL=http://127.0.0.1:8010/v2
with …_TERMINAL=TestTerminal and …_PASSWORD=test-password.

Faults are told by method, in the order they happen: `bank.faults["Init"] = ["lost"]`.
    before: the connection breaks and nothing was done     lost: all is done, the answer never comes
    500, 503, 404: answered so, nothing done               slow: done and answered after `bank.slow_seconds`
    garbage: done, answered with what is no JSON           refuse: refused, with an error code
"""

import argparse
import contextlib
import hashlib
import html
import itertools
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TERMINAL, PASSWORD = "TestTerminal", "test-password"
Json = dict[str, Any]


def sign(body: Json, password: str = PASSWORD) -> str:
    """The token of a body, as the bank's documentation tells it step by step."""
    pairs = [("Password", password)]
    for key in body:
        if key == "Token" or type(body[key]) in (dict, list) or body[key] is None:
            continue
        pairs.append((key, json.dumps(body[key]) if body[key] in (True, False) else str(body[key])))
    pairs.sort(key=lambda pair: pair[0])
    return hashlib.sha256("".join(value for _key, value in pairs).encode("utf-8")).hexdigest()


@dataclass
class Paid:
    """A payment at the bank."""

    id: int
    order: str
    amount: int
    notify: str
    success: str
    fail: str
    receipt: Json | None
    status: str = "NEW"
    refunded: int = 0
    requests: dict[str, int] = field(default_factory=dict)


class Bank:
    """The acquirer: what it knows, what it was asked, what it tells."""

    def __init__(self, port: int = 0) -> None:
        self.payments: dict[int, Paid] = {}
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.asked: list[tuple[str, Json]] = []
        self.told: list[tuple[Json, int, str]] = []  # notices sent, with what was answered
        self.silent = False  # tells nobody anything
        self.knows_requests = True  # ExternalRequestId; fast transfers do not know it
        self.slow_seconds = 1.0
        self._numbers = itertools.count(700_000_001)
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.address}/v2"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of_order(self, order: object) -> list[Paid]:
        return [payment for payment in self.payments.values() if payment.order == str(order)]

    # what payers and the bank's own clerks do

    def pay(self, payment: Paid) -> None:
        """The payer pays: authorised, then confirmed; two notices."""
        payment.status = "AUTHORIZED"
        self.tell(payment)
        payment.status = "CONFIRMED"
        self.tell(payment)

    def refuse(self, payment: Paid) -> None:
        payment.status = "REJECTED"
        self.tell(payment, Success=False, ErrorCode="1051")

    def give_back(self, payment: Paid, amount: int) -> None:
        """A refund in the bank's own cabinet."""
        self._give_back(payment, amount)
        self.tell(payment)

    def notice(self, payment: Paid, **changed: Any) -> Json:
        """The notice of how a payment stands, signed; what is `changed` is signed along."""
        body: Json = {
            "TerminalKey": TERMINAL,
            "OrderId": payment.order,
            "Success": True,
            "Status": payment.status,
            "PaymentId": payment.id,
            "ErrorCode": "0",
            "Amount": payment.amount - payment.refunded if payment.refunded else payment.amount,
            "CardId": 10452089,
            "Pan": "430000******0777",
            "ExpDate": "1130",
        } | changed
        return body | {"Token": sign(body)}

    def tell(self, payment: Paid, **changed: Any) -> tuple[int, str]:
        """Send the notice once; an answer other than 200 OK is remembered with it."""
        if self.silent:
            return 0, ""
        return self.send(payment.notify, self.notice(payment, **changed))

    def send(self, url: str, body: Json) -> tuple[int, str]:
        request = urllib.request.Request(
            url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode(errors="replace")
        self.told.append((body, status, text))
        return status, text

    # what the merchant asks

    def answer(self, method: str, body: Json) -> Json:
        with self._lock:
            self.asked.append((method, body))
            if body.get("TerminalKey") != TERMINAL or body.get("Token") != sign(body):
                return self._no(body, "204", "Неверный токен")
            return getattr(self, f"_do_{method.lower()}")(body)

    def _do_init(self, body: Json) -> Json:
        if not isinstance(body["Amount"], int) or body["Amount"] <= 0:
            return self._no(body, "251", "Неверная сумма")
        if any(paid.status == "CONFIRMED" for paid in self.of_order(body["OrderId"])):
            return self._no(body, "8", "Заказ уже оплачен")
        receipt = body.get("Receipt")
        if receipt and sum(item["Amount"] for item in receipt["Items"]) != body["Amount"]:
            return self._no(body, "308", "Сумма позиций чека не равна сумме заказа")
        paid = Paid(
            id=next(self._numbers),
            order=body["OrderId"],
            amount=body["Amount"],
            notify=body["NotificationURL"],
            success=body["SuccessURL"],
            fail=body["FailURL"],
            receipt=receipt,
        )
        self.payments[paid.id] = paid
        return self._yes(paid) | {"PaymentURL": f"{self.address}/pay/{paid.id}"}

    def _do_getstate(self, body: Json) -> Json:
        paid = self.payments.get(int(body["PaymentId"]))
        return self._yes(paid) if paid else self._no(body, "255", "Платёж не найден")

    def _do_checkorder(self, body: Json) -> Json:
        found = self.of_order(body["OrderId"])
        if not found:
            return self._no(body, "335", "Заказ не найден")
        return {
            "TerminalKey": TERMINAL,
            "OrderId": body["OrderId"],
            "Success": True,
            "ErrorCode": "0",
            "Payments": [
                {"PaymentId": str(paid.id), "Amount": paid.amount, "Status": paid.status, "Success": "true"}
                for paid in found
            ],
        }

    def _do_cancel(self, body: Json) -> Json:
        paid = self.payments.get(int(body["PaymentId"]))
        if paid is None:
            return self._no(body, "255", "Платёж не найден")
        request = body.get("ExternalRequestId")
        if not (self.knows_requests and request in paid.requests):
            before = paid.amount - paid.refunded
            if paid.status in ("NEW", "FORM_SHOWED"):
                paid.status = "CANCELED"
            elif paid.status in ("CONFIRMED", "PARTIAL_REFUNDED") and body.get("Amount", before) <= before:
                self._give_back(paid, body.get("Amount", before))
            else:
                return self._no(body, "8", "Неверный статус транзакции")
            if request:
                paid.requests[request] = body.get("Amount", before)
            threading.Thread(target=self.tell, args=[paid], daemon=True).start()
        left = paid.amount - paid.refunded
        return self._yes(paid) | {"OriginalAmount": paid.amount, "NewAmount": left}

    def _give_back(self, paid: Paid, amount: int) -> None:
        paid.refunded += amount
        paid.status = "REFUNDED" if paid.refunded == paid.amount else "PARTIAL_REFUNDED"

    def _yes(self, paid: Paid) -> Json:
        return {
            "Success": True,
            "ErrorCode": "0",
            "TerminalKey": TERMINAL,
            "Status": paid.status,
            "PaymentId": str(paid.id),
            "OrderId": paid.order,
            "Amount": paid.amount,
        }

    def _no(self, body: Json, code: str, message: str) -> Json:
        return {"Success": False, "ErrorCode": code, "Message": message, "TerminalKey": TERMINAL}

    def _handler(bank) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the server is inside
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_arguments: object) -> None:
                return

            def do_GET(self) -> None:
                paid = bank.payments.get(int(self.path.rsplit("/", 1)[-1] or 0))
                if paid is None:
                    return self._answer(404, b"")
                if paid.status == "NEW":
                    paid.status = "FORM_SHOWED"
                return self._answer(200, _page(paid).encode(), kind="text/html; charset=utf-8")

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parts = urllib.parse.urlsplit(self.path).path.strip("/").split("/")
                if parts[0] == "pay":
                    return self._payer(bank.payments[int(parts[1])], parts[2])
                method = parts[-1]
                fault = bank.faults[method].pop(0) if bank.faults[method] else ""
                if fault == "before":
                    return self._break()
                if fault.isdigit():
                    return self._answer(int(fault), b"{}")
                if fault == "refuse":
                    return self._answer(200, json.dumps(bank._no({}, "99", "Отказ банка")).encode())
                answer = bank.answer(method, json.loads(data))
                if fault == "lost":
                    return self._break()
                if fault == "slow":
                    time.sleep(bank.slow_seconds)
                return self._answer(200, b"<html>" if fault == "garbage" else json.dumps(answer).encode())

            def _payer(self, paid: Paid, act: str) -> None:
                (bank.pay if act == "pay" else bank.refuse)(paid)
                self.send_response(303)
                self.send_header("Location", paid.success if act == "pay" else paid.fail)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _break(self) -> None:
                self.close_connection = True

            def _answer(self, status: int, data: bytes, kind: str = "application/json") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        return Handler


def _page(paid: Paid) -> str:
    amount = f"{paid.amount // 100},{paid.amount % 100:02d}"
    return (
        "<!doctype html><html lang=ru><meta name=viewport content='width=device-width'><link rel=icon href='data:,'>"
        f"<title>Оплата</title><h1>Оплата {html.escape(amount)} ₽</h1>"
        f"<p>Испытательный банк, заказ {html.escape(paid.order)}</p>"
        f"<form method=post action=/pay/{paid.id}/pay><button>Оплатить</button></form>"
        f"<form method=post action=/pay/{paid.id}/refuse><button>Отказаться</button></form>"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An acquirer to try the office with.")
    parser.add_argument("--port", type=int, default=8010)
    bank = Bank(parser.parse_args().port)
    print(f"The test acquirer is at {bank.url}: terminal {TERMINAL}, password {PASSWORD}. Ctrl-C stops it.")
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
