"""What an explanation reads of a line, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from abonent.kernel.periods import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A charge line as it is stored; Wh, 1e-5 of a rouble per kWh, kopecks; `ends_on` is not in it any more.

    `share`: the part of the premise its account pays for. `banding` and `band`: which of several prices it has
    (contracts.Banding; 0 where there is one price).
    """

    rule: int
    zone: int
    month: Month
    begins_on: date
    ends_on: date
    quantity_wh: int
    price_e5: int
    amount_minor: int
    because: Sequence[int]
    share: tuple[int, int] = (1, 1)
    banding: int = 0
    band: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The register a line was counted by, with the sources of its two readings (codes of ReadingSource, 0 unknown)."""

    serial: str
    digits: int
    from_source: int = 0
    to_source: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """The figures of the building a line shares in (charging.BuildingBalance); `common_wh` is below zero for п. 47."""

    method: int
    supplied_wh: int
    nonliving_wh: int
    norm_wh: int
    metered_wh: int
    heating_wh: int
    common_wh: int
    cap_wh: int
    executor_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of an explanation: its name in the books, its label and text for people; days are ISO texts."""

    name: str
    label: str
    text: str
    value: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line in words: title, sentences in their order, the numbers in them, the act behind the rule."""

    title: str
    sentences: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    act: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """By which run a line was posted, into which month, and why."""

    run_id: int
    booked: Month
    reason: str
