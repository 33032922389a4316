"""Precision of assigned labels on a week's stream, estimated from items labelled by hand near the boundaries.

The labelled items are no sample of a week: two in five are in some area, where a week has two to six in a hundred, and
those in none were chosen to be hard. Two weightings bring them nearer; each says what it takes for granted.

By prevalence: labelled items in some area are weighted to be 2, 4 or 6 % of all, the others to be the rest. It takes
for granted that a week's other items are as hard as the labelled ones, which they are not: a floor.

By probability: of the items that the model assigns on an unlabelled stream, as many are right as of the labelled items
that it assigns at like probability (importance weighting within bins of probability, Horvitz and Thompson 1952). It
takes for granted that a probability means the same on both. Intervals hold the sampling of labels and of the stream,
not this assumption.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlp.measures import Booleans, Floats, interval, ratio, resampled

PREVALENCES = (0.02, 0.04, 0.06)
EDGES = np.array([0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0001])
DRAWS = 1000
PRIOR_FROM = 0.1
"""The prior of a posterior is at least so far from none and from all right."""
ANY = "all areas"


@dataclass(frozen=True)
class StreamReport:
    """An area's labels on a stream of unlabelled items."""

    area: str
    assigned: int
    assigned_share: float
    precision: float | None
    """None when nothing was assigned."""
    lo95: float
    hi95: float
    unlike: float
    """Share of the assigned items at whose probability no labelled item was assigned: there the model's own
    probability stands in."""


@dataclass(frozen=True)
class PrevalenceReport:
    """Precision of all assigned labels when `prevalence` of the items are in some area."""

    prevalence: float
    precision: float
    lo95: float
    hi95: float


def by_prevalence(truth: Booleans, decided: Booleans, *, seed: int = 0) -> tuple[PrevalenceReport, ...]:
    """(item, area) arrays of labelled items; none when all or none of them are in some area."""
    inside = truth.any(axis=1)
    if inside.all() or not inside.any():
        return ()
    drawn = np.concatenate([np.ones((1, len(truth))), resampled(len(truth), seed=seed)])
    right, said = (truth & decided).sum(axis=1), decided.sum(axis=1)
    # Weighting in every resample anew: the share of labelled items in some area is an accident of it too.
    shares = drawn @ inside / len(truth)
    found = []
    for prevalence in PREVALENCES:
        up, down = (
            ratio(np.full_like(shares, prevalence), shares),
            ratio(np.full_like(shares, 1 - prevalence), 1 - shares),
        )
        weights = drawn * np.where(inside, up[:, None], down[:, None])
        precision = ratio(weights @ right, weights @ said)
        if not np.isnan(precision[0]):
            found.append(PrevalenceReport(prevalence, float(precision[0]), *interval(precision[1:])))
    return tuple(found)


def by_probability(
    truth: Booleans,
    decided: Booleans,
    probabilities: Floats,
    stream_decided: Booleans,
    stream_probabilities: Floats,
    areas: Sequence[str],
    *,
    seed: int = 0,
) -> tuple[StreamReport, ...]:
    """By area and over all areas together; arrays of (item, area), labelled items' and the stream's."""
    random = np.random.default_rng(seed)
    total = np.zeros((2, DRAWS + 1))
    unlike_total = 0.0
    found = []
    for k, area in enumerate(areas):
        labelled = probabilities[decided[:, k], k], truth[decided[:, k], k]
        right, unlike = _right(*labelled, stream_probabilities[stream_decided[:, k], k], random)
        assigned = int(stream_decided[:, k].sum())
        found.append(_report(area, assigned, len(stream_decided), right, unlike))
        total, unlike_total = total + right, unlike_total + unlike
    return (*found, _report(ANY, int(stream_decided.sum()), len(stream_decided), total, unlike_total))


def _report(area: str, assigned: int, items: int, right: Floats, unlike: float) -> StreamReport:
    share = assigned / max(items, 1)
    if not assigned:
        return StreamReport(area, 0, share, None, 0.0, 1.0, 0.0)
    # Of one item 97 in a hundred times right, "right" holds in 95 of 100 weeks and still says too much: the wider of
    # what is known of the share and what chance makes of it among so few.
    lows, highs = zip(*(interval(each[1:] / assigned) for each in right), strict=True)
    return StreamReport(area, assigned, share, float(right[0, 0] / assigned), min(lows), max(highs), unlike / assigned)


def _right(known: Floats, truth: Booleans, assigned: Floats, random: np.random.Generator) -> tuple[Floats, float]:
    """How many of the assigned stream items are right, (2, DRAWS + 1): the estimate, then draws of what is known of it
    and draws of what comes of it; and how many of them are at a probability where no labelled item was assigned.

    The estimate of a bin is the share of right labelled items, one pseudo-item of the model's own mean probability
    among them; draws are of the beta posterior with that prior, held off certainty, so that five of five right are not
    certain. Both are moved by how much likelier the stream's items are than the labelled ones of the bin. Of a bin
    without labelled items any share is as likely, whatever the model says of it.
    """
    place, wanted = np.digitize(known, EDGES), np.digitize(assigned, EDGES)
    right, unlike = np.zeros((2, DRAWS + 1)), 0.0
    for each in np.unique(wanted):
        here, like = assigned[wanted == each], truth[place == each]
        if not len(like):
            unlike += float(len(here))
            shares = np.concatenate([[here.mean()], random.random(DRAWS)])
        else:
            promised, yes = float(known[place == each].mean()), float(like.sum())
            prior = min(max(promised, PRIOR_FROM), 1.0 - PRIOR_FROM)
            drawn = random.beta(yes + prior, len(like) - yes + 1.0 - prior, DRAWS)
            shares = np.concatenate([[(yes + promised) / (len(like) + 1)], drawn])
            shares = np.clip(shares + here.mean() - promised, 0.0, 1.0)
        right[0] += len(here) * shares
        right[1] += random.binomial(len(here), shares)
    return right, unlike
