"""Electricity in Russia."""
