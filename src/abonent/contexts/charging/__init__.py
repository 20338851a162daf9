"""Billing periods, runs, charge lines, bills."""
