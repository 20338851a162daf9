"""The monthly run: draft, rate, approve; discard or cancel. A run is a proposal until it is approved."""

from abonent.usecases.billing_run.approval import approve, discard
from abonent.usecases.billing_run.cancelling import cancel
from abonent.usecases.billing_run.plan import Scope, create, create_recalculation
from abonent.usecases.billing_run.rating import Progress, rate
from abonent.usecases.billing_run.refusals import (
    NothingToBill,
    NothingWaits,
    Overlaid,
    PeriodClosed,
    PeriodUnknown,
    ReadingsCameIn,
    RunRefused,
    ScopeBusy,
    WrongState,
)

__all__ = [
    "NothingToBill",
    "NothingWaits",
    "Overlaid",
    "PeriodClosed",
    "PeriodUnknown",
    "Progress",
    "ReadingsCameIn",
    "RunRefused",
    "Scope",
    "ScopeBusy",
    "WrongState",
    "approve",
    "cancel",
    "create",
    "create_recalculation",
    "discard",
    "rate",
]
