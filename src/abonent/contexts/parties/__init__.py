"""Suppliers, branches, people and organisations."""
