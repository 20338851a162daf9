"""An act about a meter or a connection as plain data: the contract of whoever prints one.

Energy in Wh on the register's face, power in W. Nothing here is formatted; `act_page` turns it into a page.
"""

from dataclasses import dataclass
from datetime import date

from abonent.packs.ru.documents.bill import Supplier

(
    ADMISSION,
    REPLACEMENT,
    REMOVAL,
    CHECK,
    ACCESS_REFUSED,
    TAMPERING,
    UNAUTHORISED,
    SEALING,
    VERIFICATION,
) = range(1, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActMeter:
    """A meter as it was on the day of the act."""

    serial: str
    model: str
    phases: int = 1
    verified_on: date | None = None
    verification_due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRegister:
    """What one register showed. `zone` is a code of `wording`; the previous reading where there was one."""

    zone: int
    digits: int
    ratio: int
    value_wh: int
    previous_on: date | None = None
    previous_wh: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActSeal:
    """A seal. `what` happened to it: "set", "removed", "broken", "intact", "set_by_mistake" or "ended_by_mistake"."""

    number: str
    place: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActDocument:
    """One act. What its kind does not tell of stays empty; `accounts` are numbers with their payers."""

    supplier: Supplier
    kind: int
    number: str
    drawn_on: date
    address: str
    accounts: tuple[tuple[str, str], ...] = ()
    meter: ActMeter | None = None
    new_meter: ActMeter | None = None
    registers: tuple[ActRegister, ...] = ()
    new_registers: tuple[ActRegister, ...] = ()
    seals: tuple[ActSeal, ...] = ()
    is_sound: bool | None = None
    refusal_no: int = 0
    begins_on: date | None = None
    connected_on: date | None = None
    removed_on: date | None = None
    power_w: int | None = None
    equipment: str = ""
    verified_on: date | None = None
    verification_due_on: date | None = None
    certificate: str = ""
    is_fit: bool = True
    inspector: str = ""
    present: str = ""
    note: str = ""
    annulled_on: date | None = None
    annulled_because: str = ""
