"""Recalculation: what changed in the past waits as billed months to be rated again, is looked at, and is posted.

A change notes what it touches (`note`). A month's run takes it along; a recalculation run takes it by scope; for one
premise it is posted at once (`settle`). Nothing posted is ever changed: differences are added.
"""

from abonent.usecases.billing_run.at_once import bill
from abonent.usecases.recalculation.changes import AccountChange, MonthLines, account_changes, run_changes
from abonent.usecases.recalculation.manual import ManualRefused, decide, may_decide, propose, reverse
from abonent.usecases.recalculation.mass import ScopeTooWide, start
from abonent.usecases.recalculation.noting import Change, note, note_many, note_tariff_group
from abonent.usecases.recalculation.on_the_spot import (
    LineView,
    MonthChange,
    Preview,
    Settled,
    preview,
    settle,
    waiting_months,
)

__all__ = [
    "AccountChange",
    "Change",
    "LineView",
    "ManualRefused",
    "MonthChange",
    "MonthLines",
    "Preview",
    "ScopeTooWide",
    "Settled",
    "account_changes",
    "bill",
    "decide",
    "may_decide",
    "note",
    "note_many",
    "note_tariff_group",
    "preview",
    "propose",
    "reverse",
    "run_changes",
    "settle",
    "start",
    "waiting_months",
]
