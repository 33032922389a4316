"""Flags of a scan: the terms that pass every gate, with the facts that tell lasting ones from fashions, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trends.signals.gates import Breadth, measure_breadth
from trends.signals.index import TermIndex
from trends.signals.prior import Array
from trends.signals.scan import BASE, RECENT, Candidates, scan
from trends.terms import Ints

HALVES = 1 + BASE // RECENT
OUTCOME_FIRST, OUTCOME_LAST = 53, 104
"""Weeks after a flag in which it must still be as frequent to count as sustained."""
