"""Files and codes other people read and write: bytes or text in, records out, and back."""
