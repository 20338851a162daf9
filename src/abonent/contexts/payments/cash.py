"""What is asked of cash desks: shifts, their orders, what is in the drawer, what waits to be printed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from abonent.contexts.payments.models import CashDesk, CashOrder, CashOrderKind, CashShift

NOT_PRINTED = Q(fiscal={}) & ~Q(receipt={})
_INTO_DRAWER = {
    CashOrderKind.RECEIPT: 1,
    CashOrderKind.REFUND: -1,
    CashOrderKind.COLLECTION: -1,
    CashOrderKind.DEPOSIT: 1,
}


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What a shift took in and gave out, kopecks; `expected_minor` is what lies in the drawer."""

    opening_minor: int
    receipts: int
    cash_minor: int
    card_minor: int
    refunds: int
    refunded_cash_minor: int
    refunded_card_minor: int
    collected_minor: int
    deposited_minor: int
    not_printed: int

    @property
    def expected_minor(self) -> int:
        received = self.cash_minor - self.refunded_cash_minor
        return self.opening_minor + received - self.collected_minor + self.deposited_minor


def totals_of(shift: CashShift, /) -> Totals:
    """Return the totals of a shift, from its orders."""
    by_kind = {
        row["kind"]: row
        for row in CashOrder.objects.filter(shift=shift)
        .order_by()
        .values("kind")
        .annotate(
            orders=Sum(Value(1)),
            cash=Sum("cash_minor"),
            card=Sum("card_minor"),
            waiting=Sum(Case(When(NOT_PRINTED, then=Value(1)), default=Value(0))),
        )
    }
    nothing = {"orders": 0, "cash": 0, "card": 0, "waiting": 0}
    receipts, refunds, collected, deposited = (by_kind.get(int(kind), nothing) for kind in CashOrderKind)
    return Totals(
        opening_minor=shift.opening_minor,
        receipts=receipts["orders"],
        cash_minor=receipts["cash"],
        card_minor=receipts["card"],
        refunds=refunds["orders"],
        refunded_cash_minor=refunds["cash"],
        refunded_card_minor=refunds["card"],
        collected_minor=collected["cash"],
        deposited_minor=deposited["cash"],
        not_printed=sum(row["waiting"] for row in by_kind.values()),
    )


def open_shift_of(cashier_id: int, /) -> CashShift | None:
    """Return the shift this cashier has open, with its desk, or None."""
    shifts_open = CashShift.objects.select_related("desk__branch__supplier", "desk__agent")
    return shifts_open.filter(cashier_id=cashier_id, closed_at=None).first()


def desks() -> QuerySet[CashDesk, dict[str, Any]]:
    """Rows of desks with their branch and who has a shift open there."""
    shift = CashShift.objects.filter(desk=OuterRef("pk"), closed_at=None)
    last = CashShift.objects.filter(desk=OuterRef("pk"), closed_at__isnull=False).order_by("-number")
    return CashDesk.objects.annotate(
        branch_name=F("branch__name"),
        supplier_id=F("branch__supplier_id"),
        shift_id=Subquery(shift.values("id")[:1]),
        shift_day=Subquery(shift.values("day")[:1]),
        cashier_id=Subquery(shift.values("cashier_id")[:1]),
        left_minor=Coalesce(Subquery(last.values("counted_minor")[:1]), 0, output_field=BigIntegerField()),
    ).values(
        "id",
        "name",
        "active",
        "branch_name",
        "supplier_id",
        "register",
        "shift_id",
        "shift_day",
        "cashier_id",
        "left_minor",
    )


def shifts() -> QuerySet[CashShift, dict[str, Any]]:
    """Rows of shifts with what went through them."""
    orders = CashOrder.objects.filter(shift=OuterRef("pk")).order_by().values("shift")
    drawer = Case(
        *(When(kind=kind, then=F("cash_minor") * sign) for kind, sign in _INTO_DRAWER.items()),
        default=Value(0),
        output_field=BigIntegerField(),
    )

    def sum_of(value: Any, *, where: Q | None = None) -> Coalesce:
        rows = orders.filter(where) if where else orders
        return Coalesce(
            Subquery(rows.annotate(total=Sum(value)).values("total")), 0, output_field=BigIntegerField()
        )

    return CashShift.objects.annotate(
        desk_name=F("desk__name"),
        branch_id=F("desk__branch_id"),
        branch_name=F("desk__branch__name"),
        received_cash_minor=sum_of("cash_minor", where=Q(kind=CashOrderKind.RECEIPT)),
        received_card_minor=sum_of("card_minor", where=Q(kind=CashOrderKind.RECEIPT)),
        refunded_minor=sum_of(F("cash_minor") + F("card_minor"), where=Q(kind=CashOrderKind.REFUND)),
        drawer_minor=F("opening_minor") + sum_of(drawer),
        difference_minor=F("counted_minor") - F("expected_minor"),
    ).values(
        "id",
        "number",
        "day",
        "desk_id",
        "desk_name",
        "branch_id",
        "branch_name",
        "cashier_id",
        "opened_at",
        "closed_at",
        "opening_minor",
        "received_cash_minor",
        "received_card_minor",
        "refunded_minor",
        "drawer_minor",
        "counted_minor",
        "difference_minor",
        "note",
    )


def orders() -> QuerySet[CashOrder, dict[str, Any]]:
    """Rows of cash orders with the account, and how much of each was given back."""
    back = CashOrder.objects.filter(refunds=OuterRef("pk")).order_by().values("refunds")
    given = back.annotate(total=Sum(F("cash_minor") + F("card_minor"))).values("total")
    return CashOrder.objects.annotate(
        account_number=Coalesce(
            F("payment__account__number"), F("refunds__payment__account__number"), Value("")
        ),
        amount_minor=F("cash_minor") + F("card_minor"),
        given_back_minor=Coalesce(Subquery(given), 0, output_field=BigIntegerField()),
        shift_number=F("shift__number"),
        shift_day=F("shift__day"),
        shift_closed_at=F("shift__closed_at"),
        cashier_id=F("shift__cashier_id"),
    ).values(
        "id",
        "number",
        "year",
        "kind",
        "desk_id",
        "shift_id",
        "shift_number",
        "shift_day",
        "shift_closed_at",
        "cashier_id",
        "account_number",
        "payer",
        "ground",
        "cash_minor",
        "card_minor",
        "amount_minor",
        "tendered_minor",
        "given_back_minor",
        "payment_id",
        "refunds_id",
        "receipt",
        "fiscal",
        "fiscal_error",
        "made_at",
        "made_by_id",
    )


def given_back(order_id: int, /) -> tuple[int, int]:
    """Return how much of a receipt was given back: cash, card."""
    sums = CashOrder.objects.filter(refunds=order_id).aggregate(
        cash=Sum("cash_minor"), card=Sum("card_minor")
    )
    return sums["cash"] or 0, sums["card"] or 0


def open_debts_by_month(account_id: int, /) -> list[tuple[date, int, int]]:
    """Return what an account owes that no payment covers: month, debt (`Debt`), kopecks; the earliest first."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_DEBTS, {"account": account_id})
        return cursor.fetchall()


_OPEN_DEBTS = """
WITH sides AS (
    SELECT period, service, CASE kind WHEN 7 THEN 2 WHEN 8 THEN 3 ELSE 1 END AS debt, amount_minor
    FROM ledger_entry WHERE account_id = %(account)s AND kind IN (1, 2, 3, 4, 7, 8, 9)
    UNION ALL
    SELECT period, service, debt, -amount_minor FROM payments_allocation WHERE account_id = %(account)s
)
SELECT period, debt, sum(amount_minor)::bigint FROM sides GROUP BY period, debt HAVING sum(amount_minor) <> 0
ORDER BY period, debt
"""
