"""What is printed at a cash desk: orders by the forms КО-1 and КО-2, slips, the report of a day."""

from django.utils import timezone

from abonent.contexts.access.queries import user_names
from abonent.contexts.payments.models import CashOrder, CashOrderKind
from abonent.gateways import typesetting
from abonent.packs.ru.documents.cash_papers import CashOrderPaper, CashOrderSheet, SlipPaper, SlipSheet
from abonent.packs.ru.formats import fiscal_receipt
from abonent.usecases.cash_desk.refusals import CashRefused
from abonent.usecases.letterhead import letterhead

# orders of a kind are numbered on their own: the letter keeps the numbers of one form apart
LETTERS = {
    CashOrderKind.RECEIPT: "",
    CashOrderKind.REFUND: "",
    CashOrderKind.COLLECTION: "-И",
    CashOrderKind.DEPOSIT: "-В",
}
_INCOME = (CashOrderKind.RECEIPT, CashOrderKind.DEPOSIT)


def order_number(*, number: int, kind: int) -> str:
    """Return the number of an order as its paper bears it."""
    return f"{number}{LETTERS[CashOrderKind(kind)]}"


def cash_order(*, order_id: int) -> bytes:
    """Return an order as PDF: КО-1 for money that came, КО-2 for money that went. Raises CashRefused: only_card."""
    order = _order(order_id)
    if not order.cash_minor:
        raise CashRefused("only_card")
    supplier = order.desk.branch.supplier
    share = _cash_share(order)
    document = CashOrderPaper(
        supplier=letterhead(supplier),
        is_income=order.kind in _INCOME,
        number=order_number(number=order.number, kind=order.kind),
        made_on=order.shift.day,
        person=order.payer,
        ground=order.ground,
        amount_minor=order.cash_minor,
        vat_minor=fiscal_receipt.vat_of(share) if share else {},
        attachment=_attachment(order),
        papers=order.desk.papers,
        cashier=_cashier(order),
    )
    return typesetting.render(
        document, sheet=CashOrderSheet(), created_on=order.shift.day, author=supplier.short_name
    )


def slip(*, order_id: int) -> bytes:
    """Return the slip of a receipt as PDF. Raises CashRefused: not_a_receipt."""
    order = _order(order_id)
    if not order.receipt:
        raise CashRefused("not_a_receipt")
    document = SlipPaper(
        tags=order.receipt,
        answer=order.fiscal,
        number=order_number(number=order.number, kind=order.kind),
        moment=_moment(order),
        tendered_minor=order.tendered_minor if order.tendered_minor != order.cash_minor else 0,
        change_minor=max(order.tendered_minor - order.cash_minor, 0),
        payer=order.payer,
    )
    author = order.desk.branch.supplier.short_name
    return typesetting.render(document, sheet=SlipSheet(), created_on=order.shift.day, author=author)


def _order(order_id: int) -> CashOrder:
    rows = CashOrder.objects.select_related("shift", "desk__branch__supplier", "refunds")
    return rows.get(pk=order_id)


def _cash_share(order: CashOrder) -> list[dict[str, object]]:
    """Return what of the receipt's items was paid in cash: the order is about no more than that."""
    if not order.receipt:
        return []
    whole = order.receipt
    if not order.card_minor:
        return list(whole["1059"])
    cash = fiscal_receipt.returned(whole, cash_minor=order.cash_minor, card_minor=0, cashier="")
    return list(cash["1059"])


def _attachment(order: CashOrder) -> str:
    if not order.fiscal:
        return ""
    return f"кассовый чек № {order.fiscal['1042']} смены {order.fiscal['1038']}"


def _cashier(order: CashOrder) -> str:
    return user_names([order.made_by_id]).get(order.made_by_id, "")


def _moment(order: CashOrder) -> str:
    return f"{timezone.localtime(order.made_at):%d.%m.%Y %H:%M}"
