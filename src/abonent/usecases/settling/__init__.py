"""Settling: which payment covers which debt, brought into agreement with the books whenever these change."""

from abonent.usecases.settling.accounts import lock_accounts, preview, settle_accounts, settle_frame

__all__ = ["lock_accounts", "preview", "settle_accounts", "settle_frame"]
