"""What an act says, as its use-cases take it; and how one is refused."""

from dataclasses import dataclass
from datetime import date, datetime

from abonent.contexts.metering.models import Zone

ZONE_SETS: tuple[tuple[Zone, ...], ...] = (
    (Zone.SINGLE,),
    (Zone.DAY, Zone.NIGHT),
    (Zone.PEAK, Zone.SEMI_PEAK, Zone.NIGHT_OF_THREE),
)


class ActRefused(ValueError):
    """An act cannot be drawn up or annulled; `field` is the one to mend, `code` the kind of refusal.

    `facts` are what the words of the refusal need; the text is for the log of who calls, not for a screen.
    """

    def __init__(self, code: str, field: str = "", **facts: object) -> None:
        super().__init__(f"{code}: {facts}" if facts else code)
        self.code, self.field, self.facts = code, field, facts


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What every act says: where, on what day, by whom. `number` is that of a paper form, "" for the next one."""

    building_id: int
    premise_id: int | None
    drawn_on: date
    today: date
    at: datetime
    actor_id: int | None
    number: str = ""
    inspector: str = ""
    present: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Face:
    """What a register shows: watt-hours on its face. `digits` of one that is put in; None: those of its model."""

    zone: int
    value_wh: int
    digits: int | None = None


@dataclass(frozen=True, kw_only=True)
class MeterGiven:
    """A meter to be put in, with the registers it begins with. `is_new_model` lets a model nobody knows yet in."""

    model: str
    serial: str
    registers: tuple[Face, ...]
    ratio: int = 1
    phases: int = 1
    verified_on: date | None = None
    verification_due_on: date | None = None
    is_new_model: bool = False


@dataclass(frozen=True, kw_only=True)
class SealGiven:
    """A seal to be set."""

    number: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """An act that was drawn up or annulled, and how many billed months wait to be rated again because of it."""

    act_id: int
    number: str
    months_waiting: int
