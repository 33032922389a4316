"""How early famous terms were flagged, and how many flags dates at random make."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt

from trends.signals.gates import measure_breadth
from trends.signals.index import TermIndex
from trends.signals.scan import scan
from trends.terms import gram_hash, normalise, week_number, week_of

FIRST = week_number(date(2010, 1, 4))
FAMOUS = """deep learning; generative adversarial; generative adversarial network; graph convolutional; graph
neural network; intelligent reflecting surface; reconfigurable intelligent surface; federated
learning; deep reinforcement; blockchain; smart contract; mobile edge computing; non-orthogonal
multiple access; cloud computing; internet of things; topological insulator; metasurface; BERT;
memristor; spiking neural; exceptional point; transformer; CRISPR; optogenetic; quantum supremacy;
knowledge distillation; perovskite; software defined networking; word embedding; convolutional
neural; recurrent neural network; LSTM; attention mechanism; variational autoencoder; adversarial
example; transfer learning; massive MIMO; millimeter wave; visible light communication; full duplex;
energy harvesting; small cell; fog computing; edge computing; unmanned aerial vehicle; autonomous
driving; soft robot; neuromorphic; quantum machine learning; Weyl semimetal; time crystal; machine
unlearning; few-shot; neural architecture search; point cloud"""


def hashes_of(terms: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Of normalised terms."""
    return np.array([gram_hash(term.split()) for term in terms], np.uint64)


def shuffled(index: TermIndex, seed: int) -> TermIndex:
    """Every document at a random place in time; its words, authors and categories stay together."""
    order = np.random.default_rng(seed).permutation(len(index.week))
    sizes = np.diff(index.pointers)[order]
    pointers = np.r_[0, np.cumsum(sizes)]
    entries = np.repeat(index.pointers[:-1][order] - pointers[:-1], sizes) + np.arange(len(index.terms))
    terms, titles = index.terms[entries], index.in_title[entries]
    document = np.repeat(np.arange(len(sizes)), sizes)
    seen = np.lexsort((document[titles], terms[titles]))
    owner, when = terms[titles][seen], document[titles][seen]
    starts = np.r_[0, np.flatnonzero(np.diff(owner)) + 1]
    anchored = np.full(len(index.hashes), np.iinfo(np.int32).max, np.int32)
    anchored[owner[starts]] = when[starts + 1]
    people = {name: getattr(index, name)[order] for name in ("first_author", "last_author", "category")}
    return replace(index, pointers=pointers, terms=terms, in_title=titles, anchored=anchored, **people)


def null_lines(index: TermIndex, grid: Sequence[int]) -> list[str]:
    """Flags of shuffled dates: candidates, and those past the gates before prose and merging take their share."""
    mixed = shuffled(index, 7)
    rows = []
    for chosen in (mixed, index):
        scans = [scan(chosen, week) for week in grid]
        wide = [int((found.eb05 > 2).sum()) for found in scans]
        gated = [int(measure_breadth(chosen, found).passes().sum()) for found in scans]
        rows.append((np.mean([len(found) for found in scans]), np.mean(wide), np.mean(gated)))
    lines = ["| dates | EB05 > 1.5 a scan | EB05 > 2 a scan | past all gates a scan |", "|---|---|---|---|"]
    for name, row in zip(("shuffled", "real"), rows, strict=True):
        lines.append(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row) + " |")
    return lines


def lead_lines(index: TermIndex) -> list[str]:
    """First flag of famous terms (hindsight list), every 4 weeks, by the rule of the baseline and by our gates."""
    names = [" ".join(name.split()) for name in FAMOUS.split(";")]
    hashes = hashes_of([normalise(name) for name in names])
    place = np.searchsorted(index.hashes, hashes).clip(0, len(index.hashes) - 1)
    present = index.hashes[place] == hashes
    plain, gated = ({}, {})  # type: tuple[dict[int, int], dict[int, int]]
    for week in range(FIRST, int(index.week[-1]) + 1, 4):
        found = scan(index, week)
        breadth = measure_breadth(index, found)
        passes = breadth.passes()
        where = {int(term): at for at, term in enumerate(found.term)}
        for number, term in enumerate(place.tolist()):
            at = where.get(term) if present[number] else None
            if at is not None and breadth.groups[at] >= 4:
                plain.setdefault(number, week)
            if at is not None and passes[at]:
                gated.setdefault(number, week)
    return _lead_table(index, names, place, present, plain, gated)


def _lead_table(
    index: TermIndex,
    names: Sequence[str],
    place: npt.NDArray[np.int64],
    present: npt.NDArray[np.bool_],
    plain: dict[int, int],
    gated: dict[int, int],
) -> list[str]:
    lines, leads = [], {"plain": [], "gated": []}  # type: list[str], dict[str, list[int]]
    missed = []
    for number, name in enumerate(names):
        weeks = index.week[_documents_of(index, int(place[number]))] if present[number] else np.zeros(0, np.int32)
        when = _established(weeks)
        if number not in plain:
            reason = "not in the vocabulary" if not present[number] else f"{len(weeks)} papers in all"
            missed.append(f"{name} ({reason}{', 50 a year ' + str(week_of(when)) if when else ''})")
            continue
        for kind, first in (("plain", plain.get(number)), ("gated", gated.get(number))):
            if first is not None and when is not None:
                leads[kind].append(when - first)
        so_far = int((weeks <= plain[number]).sum())
        ahead = "not yet established" if when is None else str(when - plain[number])
        narrow = "-" if number not in gated else str(week_of(gated[number]))
        lines.append(f"| {name} | {week_of(plain[number])} | {so_far} | {narrow} | {ahead} |")
    summary = [
        f"Flagged: {len(plain)} of {len(names)} terms (EB05 > 1.5 and 4 groups), {len(gated)} past every gate. Median "
        f"lead over terms flagged, established: {np.median(leads['plain']):.0f} weeks ({len(leads['plain'])} terms), "
        f"past every gate {np.median(leads['gated']):.0f} weeks ({len(leads['gated'])}).",
        "",
        "| term | first flag | papers so far | past every gate | weeks ahead of 50 papers a year |",
        "|---|---|---|---|---|",
    ]
    return [*summary, *lines, "", f"Missed: {'; '.join(missed)}."]


def _documents_of(index: TermIndex, term: int) -> npt.NDArray[np.int64]:
    return np.searchsorted(index.pointers, np.flatnonzero(index.terms == term), side="right") - 1


def _established(weeks: npt.NDArray[np.int32]) -> int | None:
    """The first week at whose end the last 52 weeks hold 50 papers."""
    full: npt.NDArray[np.int64] = (
        np.flatnonzero(weeks[49:] - weeks[:-49] < 52) if len(weeks) >= 50 else np.zeros(0, np.int64)
    )
    return int(weeks[full[0] + 49]) if len(full) else None
