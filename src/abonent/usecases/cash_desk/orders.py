"""What comes into the drawer and goes out of it: receipts of payers, change put in, cash collected by the bank.

The order, the payment and its entry in the books are one transaction; the register prints afterwards, from what the
order keeps (see `printing`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from abonent.contexts.access.queries import user_names
from abonent.contexts.contracts.queries import accounts, row_payer
from abonent.contexts.payments.cash import totals_of
from abonent.contexts.payments.models import (
    CashOrder,
    CashOrderKind,
    CashShift,
    Recognition,
)
from abonent.usecases.cash_desk import printing, receipts
from abonent.usecases.cash_desk.refusals import CashRefused
from abonent.usecases.cash_desk.shifts import locked_shift, next_number, require_today
from abonent.usecases.take_payment import require_day, take


@dataclass(frozen=True, kw_only=True)
class Tendered:
    """What a payer hands over: a sum by card, the rest in cash of which there may be change. Kopecks."""

    card_minor: int = 0
    cash_minor: int = 0
    tendered_minor: int = 0

    @property
    def amount_minor(self) -> int:
        return self.card_minor + self.cash_minor

    @property
    def change_minor(self) -> int:
        return self.tendered_minor - self.cash_minor

    def check(self) -> None:
        """Raise CashRefused: not_positive, tendered_short."""
        if min(self.card_minor, self.cash_minor, self.tendered_minor) < 0 or self.amount_minor <= 0:
            raise CashRefused("not_positive")
        if self.change_minor < 0:
            raise CashRefused("tendered_short", short_minor=-self.change_minor)


def receive(
    *,
    shift_id: int,
    account_id: int,
    tendered: Tendered,
    key: UUID,
    actor_id: int,
    at: datetime,
    contact: str = "",
    ground: str = "",
    recognition: int = Recognition.CHANNEL,
    named_period: date | None = None,
    named_debt: int | None = None,
    prints: bool = True,
) -> CashOrder:
    """Take money from a payer: one order, one payment and one fiscal receipt for one `key`, however often it is sent.

    Raises CashRefused (no_shift, shift_closed, shift_over, not_yours, not_positive, tendered_short, unknown_account,
    other_order) and what `take_payment.take` raises (DayLocked, PeriodClosed…).
    """
    tendered.check()
    asked = (CashOrderKind.RECEIPT, tendered.cash_minor, tendered.card_minor, account_id)
    if order := _standing(key, asked):
        return order  # also when its shift is closed by now
    with transaction.atomic():
        shift = locked_shift(shift_id, actor_id=actor_id)
        if order := _standing(key, asked):
            return order
        require_today(shift, at=at)
        branch = shift.desk.branch
        row = accounts().filter(id=account_id, building__branch__supplier=branch.supplier_id).first()
        if row is None:
            raise CashRefused("unknown_account")
        payer = row_payer(row)
        number = next_number(shift, CashOrderKind.RECEIPT)
        payment = take(
            supplier_id=branch.supplier_id,
            agent_id=shift.desk.agent_id,
            account_id=account_id,
            amount_minor=tendered.amount_minor,
            paid_on=shift.day,
            booked_on=shift.day,
            key=key,
            external_id=f"{shift.desk_id}/{shift.day.year}/{number}",
            payer=payer,
            recognition=recognition,
            named_period=named_period,
            named_debt=named_debt,
            actor_id=actor_id,
            at=at,
        )
        order = CashOrder(
            shift=shift,
            desk_id=shift.desk_id,
            kind=CashOrderKind.RECEIPT,
            number=number,
            year=shift.day.year,
            key=key,
            payment=payment,
            cash_minor=tendered.cash_minor,
            card_minor=tendered.card_minor,
            tendered_minor=tendered.tendered_minor,
            payer=payer[:200],
            ground=(ground.strip() or f"Оплата электроэнергии, лицевой счёт {row['number']}")[:200],
            contact=contact.strip()[:64],
            made_at=at,
            made_by_id=actor_id,
        )
        order.receipt = receipts.of_payment(
            order,
            supplier=branch.supplier,
            place=branch.address or branch.supplier.address,
            account=row["number"],
            cashier=cashier_name(actor_id),
        )
        order.save(force_insert=True)
    if prints:
        printing.print_waiting(desk_id=order.desk_id, at=at)
        order.refresh_from_db()
    return order


def collect(
    *, shift_id: int, amount_minor: int, key: UUID, actor_id: int, at: datetime, ground: str, person: str = ""
) -> CashOrder:
    """Hand cash over to the bank's collectors. Raises CashRefused: drawer_short and what a receipt may."""
    return _move(CashOrderKind.COLLECTION, shift_id, amount_minor, key, actor_id, at, ground, person)


def deposit(
    *, shift_id: int, amount_minor: int, key: UUID, actor_id: int, at: datetime, ground: str, person: str = ""
) -> CashOrder:
    """Put change into the drawer. Raises CashRefused as a receipt does."""
    return _move(CashOrderKind.DEPOSIT, shift_id, amount_minor, key, actor_id, at, ground, person)


def require_drawer(shift: CashShift, amount_minor: int) -> None:
    """Raise CashRefused unless so much cash lies in the drawer."""
    drawer_minor = totals_of(shift).expected_minor
    if amount_minor > drawer_minor:
        raise CashRefused("drawer_short", drawer_minor=drawer_minor)


def _move(
    kind: CashOrderKind,
    shift_id: int,
    amount_minor: int,
    key: UUID,
    actor_id: int,
    at: datetime,
    ground: str,
    person: str,
) -> CashOrder:
    if amount_minor <= 0:
        raise CashRefused("not_positive")
    if not ground.strip():
        raise CashRefused("no_reason")
    with transaction.atomic():
        shift = locked_shift(shift_id, actor_id=actor_id)
        if order := _standing(key, (kind, amount_minor, 0, None)):
            return order
        require_today(shift, at=at)
        require_day(shift.desk.branch.supplier_id, shift.day)
        if kind == CashOrderKind.COLLECTION:
            require_drawer(shift, amount_minor)
        return CashOrder.objects.create(
            shift=shift,
            desk_id=shift.desk_id,
            kind=kind,
            number=next_number(shift, kind),
            year=shift.day.year,
            key=key,
            cash_minor=amount_minor,
            payer=person.strip()[:200],
            ground=ground.strip()[:200],
            made_at=at,
            made_by_id=actor_id,
        )


def _standing(key: UUID, asked: tuple[int, int, int, int | None]) -> CashOrder | None:
    """Return the order that stands under a key: its kind, cash, card and account are `asked`, else CashRefused."""
    found = CashOrder.objects.filter(key=key)
    if not found.exists():  # nearly always, and cheaper than to ask for all of it
        return None
    order = found.select_related("payment").get()
    account_id = order.payment.account_id if order.payment else None
    if (order.kind, order.cash_minor, order.card_minor, account_id) != asked:
        raise CashRefused("other_order")
    return order


def cashier_name(user_id: int) -> str:
    return user_names([user_id]).get(user_id, "")
