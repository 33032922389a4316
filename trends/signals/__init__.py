"""The term channel: what grows outside the taxonomy, found by an empirical-Bayes scan, gated, ranked and merged."""
