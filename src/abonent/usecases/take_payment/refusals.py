"""Why money is not booked, moved or taken back."""

from datetime import date
from typing import Any


class PaymentRefused(Exception):
    """Nothing was changed. `code` names the reason (`words.tell_payment` says it), `facts` what it speaks of.

    unknown_agent, unknown_account, other_payment (amount_minor), in_future (day), not_positive, not_posted,
    not_unidentified, too_much (left_minor), nothing_left, same_account, no_reason, nothing_to_write_off,
    too_large (limit_minor), no_limit, moved, busy; of orders of payment: too_early (day), begun (day), bad_order,
    no_source, too_many (accounts).
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"payment: {code} {facts}")
        self.code, self.facts = code, facts


class DayLocked(PaymentRefused):
    """No money may be booked on this day any more."""

    def __init__(self, day: date, *, locked_through: date) -> None:
        super().__init__("day_locked", day=day, locked_through=locked_through)
