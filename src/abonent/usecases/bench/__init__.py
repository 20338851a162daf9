"""Figures of speed and size, each measured in one run on one machine and printed as data, never asserted in a test."""
