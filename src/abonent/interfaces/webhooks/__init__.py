"""Addresses other programs call: notices of acquirers."""
