"""Reports that were asked for as files."""
