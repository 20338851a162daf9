"""Why something about penalties is refused; `words` says it."""

from typing import Any


class PenaltyRefused(Exception):
    """Nothing was changed. `code` names the reason, `facts` what it speaks of.

    another_open (run_id), in_future (day), no_accounts, moved_on, at_work, no_reason, no_document,
    backwards, overlaps, already_cancelled.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"penalties: {code} {facts}")
        self.code, self.facts = code, facts
