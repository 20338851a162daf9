"""Money that comes in: where from, for which account, and which debts it covers."""
