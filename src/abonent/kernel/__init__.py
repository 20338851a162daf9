"""Periods, rounding, money, quantities and identifiers: the standard library only."""
