"""Jobs taken from the queue."""
