"""Supply and metering points, meters, registers, readings."""
