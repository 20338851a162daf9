"""Cash desks for tests: desks with registers kept in files, shifts, receipts."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID, uuid4

from tests.town import Town

from abonent.contexts.access.models import Role, User
from abonent.contexts.payments.models import CashDesk, CashOrder, CashShift
from abonent.gateways.fiscal import FileRegister, register_of
from abonent.gateways.fiscal.faults import Faults
from abonent.usecases import cash_desk
from abonent.usecases.cash_desk import Tendered

# noon in Moscow of a day in the open month of the town
AT = datetime.fromisoformat("2026-10-22T12:00:00+03:00")
DAY = date(2026, 10, 22)


def desk(town: Town, *, name: str = "Касса 1") -> CashDesk:
    """Make a desk whose register's file nobody else has."""
    return cash_desk.save_desk(
        desk_id=None,
        branch_id=town.branch.pk,
        name=name,
        register={
            "kind": "file",
            "file": f"test-{uuid4().hex}.jsonl",
            "registration": "0000000001047959",
            "storage": "9999078900000001",
        },
        papers=cash_desk.USUAL_PAPERS,
    )


def cashier(name: str = "cashier") -> User:
    return User.objects.create_user(name, role=Role.OPERATOR, first_name="Анна", last_name="Кассирова")


def opened(till: CashDesk, who: User, *, opening_minor: int = 100_000, at: datetime = AT) -> CashShift:
    return cash_desk.open_shift(
        desk_id=till.pk, cashier_id=who.pk, opening_minor=opening_minor, day=at.date(), at=at
    )


def received(
    shift: CashShift,
    town: Town,
    *,
    flat: str = "1",
    cash_minor: int = 50_000,
    card_minor: int = 0,
    tendered_minor: int | None = None,
    key: UUID | None = None,
    at: datetime = AT,
    prints: bool = True,
) -> CashOrder:
    return cash_desk.receive(
        shift_id=shift.pk,
        account_id=town.accounts[flat].pk,
        tendered=Tendered(
            cash_minor=cash_minor,
            card_minor=card_minor,
            tendered_minor=cash_minor if tendered_minor is None else tendered_minor,
        ),
        key=key or uuid4(),
        actor_id=shift.cashier_id,
        at=at,
        prints=prints,
    )


def register(till: CashDesk) -> FileRegister:
    found = register_of(till.register)
    assert isinstance(found, FileRegister)
    return found


def faults(till: CashDesk) -> Faults:
    return Faults(register(till).path)


def by_notes(amount_minor: int) -> Mapping[int, int]:
    """Count an amount in as few notes and coins as will do."""
    counted = {}
    for worth in cash_desk.DENOMINATIONS:
        counted[worth], amount_minor = divmod(amount_minor, worth)
    return counted
