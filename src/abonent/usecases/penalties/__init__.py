"""Penalties for late payment: a month's run, calculations on demand, who is excluded and by which terms."""

from abonent.usecases.penalties.refusals import PenaltyRefused
from abonent.usecases.penalties.runs import Progress, approve, count_run, create, discard, reverse

__all__ = [
    "PenaltyRefused",
    "Progress",
    "approve",
    "count_run",
    "create",
    "discard",
    "reverse",
]
