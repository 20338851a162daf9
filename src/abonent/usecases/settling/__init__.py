"""Settling: which payment covers which debt, brought into agreement with the books whenever these change."""

from abonent.usecases.settling.accounts import lock_accounts, preview, settle_accounts, settle_frame
from abonent.usecases.settling.carrying import carry_forward
from abonent.usecases.settling.jobs import TASK, Busy, Progress, request, settle_supplier, unfinished

__all__ = [
    "TASK",
    "Busy",
    "Progress",
    "carry_forward",
    "lock_accounts",
    "preview",
    "request",
    "settle_accounts",
    "settle_frame",
    "settle_supplier",
    "unfinished",
]
