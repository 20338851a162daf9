"""Why a payment online is not begun or not given back."""

from typing import Any


class OnlineRefused(Exception):
    """Nothing was asked of the acquirer. `code` names the reason (`words.tell_online` says it), `facts` what it is of.

    no_agent, not_set_up, not_positive, unknown_account, other_order (amount_minor), bad_contact, no_contact, not_paid,
    no_reason, too_much (left_minor), busy.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"online payment: {code} {facts}")
        self.code, self.facts = code, facts


class NotBooked(Exception):
    """The acquirer has the money and the books do not let it in yet; `code` says why. It is tried again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
