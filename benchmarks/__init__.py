"""Measurements: each compares in one run against a baseline and writes its table to benchmarks/results/."""
