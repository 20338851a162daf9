"""Immutable entries, posting batches, derived balances."""
