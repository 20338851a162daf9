"""Billing for energy suppliers: from the meter reading to the money."""

__version__ = "0.1.0"
