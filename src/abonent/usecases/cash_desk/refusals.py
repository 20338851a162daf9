"""Why a cash desk does not do something."""

from typing import Any


class CashRefused(Exception):
    """Nothing was changed. `code` names the reason (`words.tell_cash` says it), `facts` what it speaks of.

    no_shift, shift_closed, shift_over (day), not_yours, desk_busy, cashier_busy, desk_closed, opening_differs
    (expected_minor), not_positive, tendered_short (short_minor), unknown_account, other_order, drawer_short
    (drawer_minor), not_a_receipt, other_shift, given_back (left_minor), too_much (left_minor), no_reason,
    not_printed (count), difference (difference_minor), not_a_note, other_desk, bad_register (field), name_taken,
    no_name, has_shift, other_supplier.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"cash desk: {code} {facts}")
        self.code, self.facts = code, facts
