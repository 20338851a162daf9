"""The receipt the acquirer's till prints: what the payment will cover, debt by debt, and the rest in advance."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from abonent.contexts.payments.models import OnlineOrder
from abonent.gateways.acquiring import Receipt, ReceiptItem
from abonent.packs.ru.formats import fiscal_receipt
from abonent.packs.ru.formats.fiscal_receipt import Paid, ReceiptFacts
from abonent.usecases import packs, settling


def of_order(order: OnlineOrder, *, day: date) -> dict[str, Any]:
    """Return the receipt of an order as tags of ФФД 1.2."""
    covered = settling.preview(
        account_id=order.account_id, amount_minor=order.amount_minor, paid_on=day, booked_on=day
    )
    paid = [
        Paid(debt=debt, period=period, amount_minor=amount_minor)
        for period, _service, debt, amount_minor in covered
        if amount_minor > 0
    ]
    rest_minor = order.amount_minor - sum(part.amount_minor for part in paid)
    if rest_minor:
        paid.append(Paid(debt=None, period=None, amount_minor=rest_minor))
    supplier = order.agent.supplier
    facts = ReceiptFacts(
        kind=fiscal_receipt.INCOME,
        account=order.account.number,
        paid=paid,
        paid_on=day,
        cash_minor=0,
        card_minor=order.amount_minor,
        cashier="",
        supplier=supplier.name,
        supplier_inn=supplier.inn,
        place=supplier.site or supplier.address,
        contact=order.contact,
    )
    return fiscal_receipt.receipt(facts, parameters=packs.pack_parameters())


def asked(order: OnlineOrder, *, back_minor: int = 0) -> Receipt | None:
    """Return the receipt to be asked for: of the whole order, or of a part of it given back; None: none is printed."""
    if not order.receipt:
        return None
    tags: Mapping[str, Any] = order.receipt
    if back_minor:
        tags = fiscal_receipt.returned(tags, cash_minor=0, card_minor=back_minor, cashier="")
    return Receipt(
        contact=order.contact,
        items=[
            ReceiptItem(
                name=item["1030"],
                amount_minor=item["1043"],
                subject=item["1212"],
                method=item["1214"],
                vat=item["1199"],
            )
            for item in tags["1059"]
        ],
    )
