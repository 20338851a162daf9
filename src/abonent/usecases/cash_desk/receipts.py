"""What the register is asked to print for an order: frozen with the order, in the same transaction."""

from typing import Any

from django.db.models import Sum

from abonent.contexts.parties.models import Supplier
from abonent.contexts.payments.models import Allocation, CashOrder
from abonent.packs.ru.formats import fiscal_receipt
from abonent.packs.ru.formats.fiscal_receipt import Paid, ReceiptFacts
from abonent.usecases import packs


def of_payment(
    order: CashOrder, *, supplier: Supplier, place: str, account: str, cashier: str
) -> dict[str, Any]:
    """Return the receipt of a payment just taken: what it covers, debt by debt, and the rest in advance."""
    assert order.payment, "a receipt has its payment"
    assert order.payment.account_id, "and that its account"
    covered = (
        Allocation.objects.filter(account_id=order.payment.account_id, payment_id=order.payment.pk)
        .values("debt", "period")
        .annotate(total_minor=Sum("amount_minor"))
        .order_by("period", "debt")
    )
    paid = [
        Paid(debt=row["debt"], period=row["period"], amount_minor=row["total_minor"])
        for row in covered
        if row["total_minor"] > 0
    ]
    rest_minor = order.cash_minor + order.card_minor - sum(part.amount_minor for part in paid)
    if rest_minor:
        paid.append(Paid(debt=None, period=None, amount_minor=rest_minor))
    facts = ReceiptFacts(
        kind=fiscal_receipt.INCOME,
        account=account,
        paid=paid,
        paid_on=order.payment.paid_on,
        cash_minor=order.cash_minor,
        card_minor=order.card_minor,
        cashier=cashier,
        supplier=supplier.name,
        supplier_inn=supplier.inn,
        place=place,
        contact=order.contact,
    )
    return fiscal_receipt.receipt(facts, parameters=packs.pack_parameters())


def of_return(order: CashOrder, *, receipt: CashOrder, cashier: str) -> dict[str, Any]:
    """Return the receipt that gives back what an order gives back of an earlier receipt."""
    return fiscal_receipt.returned(
        receipt.receipt, cash_minor=order.cash_minor, card_minor=order.card_minor, cashier=cashier
    )
