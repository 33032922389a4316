"""Scores are pure functions of counts: no clock, no I/O."""
