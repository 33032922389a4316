"""What became of earlier flags: the share of each term later, over its share when it was flagged."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trends.signals.index import Flags, Places, TermIndex
from trends.signals.prior import Array
from trends.signals.ranking import INTERIM, OUTCOME, PastFlag
from trends.signals.scan import windows
from trends.terms import Hashes, gram_hash

_FEWEST_LEFT = 3


def later_share(
    index: TermIndex, week: int, terms: Hashes, first: int, last: int, left_out: Flags | None = None
) -> Array:
    """Share of all documents in weeks `first` to `last` after `week`, over the share in the 26 weeks up to it.

    `left_out` masks documents that count neither then nor now: those of categories that the data hold for part of the
    time only. NaN where fewer than 3 documents of the flag remain.
    """
    skip = np.zeros(len(index.week), bool) if left_out is None else left_out
    now, then = windows(index, week).recent, index.documents(week + first, week + last)
    before, after = (_documents_with(index, span, terms, skip) for span in (now, then))
    totals = [max(1, int((~skip[span[0] : span[1]]).sum())) for span in (now, then)]
    ratio = (after / totals[1]) / np.maximum(before / totals[0], 1e-12)
    return np.where(before >= _FEWEST_LEFT, ratio, np.nan)


def settle(index: TermIndex, history: Sequence[PastFlag], left_out: Flags | None = None) -> tuple[PastFlag, ...]:
    """Past flags with every ratio that the index's last week allows and that they had not; in the order given."""
    last = int(index.week[-1]) if len(index.week) else 0
    settled = list(history)
    for field, (first, end) in zip(("ratio", "ratio_78", "ratio_52"), (OUTCOME, *INTERIM), strict=True):
        due: dict[int, list[int]] = {}
        for place, flag in enumerate(settled):
            if getattr(flag, field) is None and flag.week + end <= last:
                due.setdefault(flag.week, []).append(place)
        for week, places in due.items():
            terms = np.array([gram_hash(settled[place].term.split()) for place in places], np.uint64)
            found = later_share(index, week, terms, first, end, left_out)
            for place, ratio in zip(places, found.tolist(), strict=True):
                if not np.isnan(ratio):
                    settled[place] = _with(settled[place], field, ratio)
    return tuple(settled)


def _with(flag: PastFlag, field: str, ratio: float) -> PastFlag:
    if field == "ratio":
        return replace(flag, ratio=ratio)
    return replace(flag, ratio_78=ratio) if field == "ratio_78" else replace(flag, ratio_52=ratio)


def _documents_with(index: TermIndex, span: tuple[int, int], hashes: Hashes, skip: Flags) -> npt.NDArray[np.int64]:
    """Documents of a range that hold each of these terms."""
    term = Places(index.hashes)(hashes)
    unique, back = np.unique(term, return_inverse=True)
    place = np.full(len(index.hashes) + 1, -1, np.int64)  # the last one is for terms that the index has not
    place[unique] = np.arange(len(unique))
    first, last = index.pointers[span[0]], index.pointers[span[1]]
    found = place[index.terms[first:last]]
    held = np.flatnonzero(found >= 0)
    document = np.searchsorted(index.pointers, held + first, side="right") - 1
    return np.bincount(found[held][~skip[document]], minlength=len(unique))[back]
