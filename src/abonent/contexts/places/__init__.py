"""Districts, streets, buildings, premises."""
