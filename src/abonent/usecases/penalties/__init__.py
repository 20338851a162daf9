"""Penalties for late payment: a month's run, calculations on demand, who is excluded and by which terms."""

from abonent.usecases.penalties.calculation import Calculation, DebtCalculation, Stretch, calculate
from abonent.usecases.penalties.exclusions import cancel_exclusion, exclude, set_debtor
from abonent.usecases.penalties.refusals import PenaltyRefused
from abonent.usecases.penalties.runs import Progress, approve, count_run, create, discard, reverse

__all__ = [
    "Calculation",
    "DebtCalculation",
    "PenaltyRefused",
    "Progress",
    "Stretch",
    "approve",
    "calculate",
    "cancel_exclusion",
    "count_run",
    "create",
    "discard",
    "exclude",
    "reverse",
    "set_debtor",
]
