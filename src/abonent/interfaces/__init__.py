"""Doors: each parses, makes one use-case call and renders. They never meet each other."""
