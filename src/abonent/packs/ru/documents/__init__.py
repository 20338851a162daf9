"""Printed documents: what stands in them, their words in three languages, and their Typst pages."""
