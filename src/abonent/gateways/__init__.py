"""One adapter per outside thing."""
