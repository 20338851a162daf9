"""Columnar rating: frames, fixed-point arithmetic, dated parameters, rules; no Django, no clock."""
