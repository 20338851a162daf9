"""Rows of penalties that change by themselves: why a step was refused."""

from abonent.contexts.penalties.models import PenaltyRun


def note_refusal(*, run_id: int, reason: str) -> None:
    """Keep with a run why its last step was refused; "" when it is tried again."""
    PenaltyRun.objects.filter(pk=run_id).update(error=reason)
