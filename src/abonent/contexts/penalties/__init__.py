"""Penalties for late payment: who is charged by which rule, runs, and the stretches of days they are made of."""
