"""District heating in Ukraine."""
