"""What a cash desk asks of a fiscal register, whatever stands behind it.

Documents are tags of the format ФФД 1.2 (приказ ФНС от 14.09.2020 № ЕД-7-20/662@) by their numbers: `{"1054": 1, …}`.
Amounts are kopecks. Every request bears a key: asked again with it, a register answers what it answered first and
prints nothing, so that whoever lost an answer asks again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

Document = dict[str, Any]
LONGEST_SHIFT = timedelta(hours=24)  # 54-ФЗ ст. 4.3 ч. 2


class RegisterUnavailable(Exception):
    """The register did not do it now; the same request may be sent again. `code` is fit for translation."""

    code = "unavailable"


class Offline(RegisterUnavailable):
    """Nobody answers."""

    code = "offline"


class OutOfPaper(RegisterUnavailable):
    """Nothing was printed: there is no paper, or no room to write."""

    code = "out_of_paper"


class AnswerLost(RegisterUnavailable):
    """The register may have printed, and its answer did not arrive: ask again with the same key."""

    code = "answer_lost"


class RegisterDamaged(RegisterUnavailable):
    """The register's own memory contradicts itself: it has to be looked at before anything is printed."""

    code = "damaged"


class RegisterRefused(Exception):
    """The register will not do this however often it is asked: `shift_expired`, `shift_closed`, `wrong_sum`…"""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclass(frozen=True)
class RegisterState:
    """What the register says of itself; `shift_key` is the key its open shift was opened with, or ""."""

    documents: int
    shift: int
    shift_key: str
    shift_opened_at: datetime | None
    receipts: int

    @property
    def is_open(self) -> bool:
        return bool(self.shift_key)

    def is_expired(self, at: datetime) -> bool:
        """Tell whether the shift has lasted longer than receipts may be printed in one."""
        return self.shift_opened_at is not None and at - self.shift_opened_at >= LONGEST_SHIFT


class FiscalRegister(Protocol):
    """An online fiscal register. All but `state` and `answer` may raise RegisterUnavailable and RegisterRefused."""

    def state(self) -> RegisterState:
        """Return how it stands. Raises RegisterUnavailable."""

    def answer(self, key: str, /) -> Document | None:
        """Return what was printed for a key, or None when nothing was. Raises RegisterUnavailable."""

    def open_shift(self, *, key: str, tags: Mapping[str, Any], at: datetime) -> Document:
        """Open a shift: `tags` name the cashier. Refused while another is open."""

    def print_receipt(self, *, key: str, tags: Mapping[str, Any], at: datetime) -> Document:
        """Print a receipt, or one of correction when `tags` say so; refused without a shift of the last 24 hours."""

    def close_shift(self, *, key: str, tags: Mapping[str, Any], at: datetime) -> Document:
        """Close the shift; the answer holds its counters."""
