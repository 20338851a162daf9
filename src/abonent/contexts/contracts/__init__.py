"""Accounts, services on them, tariff groups and prices."""
